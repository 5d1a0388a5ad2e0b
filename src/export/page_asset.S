/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page of page_html.c, as web/build.mjs left it. */
	.section .rodata
	.global page_asset
	.global page_asset_end
page_asset:
	.incbin "web/page.html"
page_asset_end:
	.byte 0
	.section .note.GNU-stack, "", %progbits
