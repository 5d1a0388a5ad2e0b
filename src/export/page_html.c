// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/page_html.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "export/page_data.h"

/* build/web/page.html, put in by page_asset.S; empty without npm. */
extern const char page_asset[], page_asset_end[];

/* Where the data goes. */
#define MARK "@MEMTOP_DATA@"

bool page_html_built(void)
{
	return &page_asset_end[0] > &page_asset[0];
}

/*
 * The page's data is in a <script>, which ends at the first "</script" and has rules of its own for
 * "<!--": without a '<' it has neither.  In JSON one only stands within strings.
 */
static void data_put(FILE *out, const char *json, size_t n)
{
	for (const char *end = json + n; json < end;) {
		const char *less = memchr(json, '<', (size_t)(end - json));
		size_t part = (size_t)((less ? less : end) - json);

		fwrite(json, 1, part, out);
		if (less)
			fputs("\\u003c", out);
		json += part + (less ? 1 : 0);
	}
}

int page_html_write(const struct page *page, FILE *out)
{
	size_t n = (size_t)(page_asset_end - page_asset);
	const char *mark = memmem(page_asset, n, MARK, strlen(MARK)), *after;
	struct text json = { 0 };
	FILE *data;
	int err;

	if (!mark)
		return error_set(-ENOTSUP,
				 "this memtop was built without npm, so that its HTML page "
				 "was left out; --svg works");
	data = text_open(&json);
	err = data ? page_data_write(page, data) : 0;
	if (text_close(data, &json))
		err = -ENOMEM;
	if (!err) {
		after = mark + strlen(MARK);
		fwrite(page_asset, 1, (size_t)(mark - page_asset), out);
		data_put(out, text_string(&json), json.n);
		fwrite(after, 1, (size_t)(page_asset_end - after), out);
	}
	text_free(&json);
	return err;
}
