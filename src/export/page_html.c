// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/page_html.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
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
	size_t n = (size_t)(page_asset_end - page_asset), size = 0;
	const char *mark = memmem(page_asset, n, MARK, strlen(MARK)), *after;
	char *json = NULL;
	FILE *data;
	int err;

	if (!mark)
		return error_set(-ENOTSUP,
				 "this memtop was built without npm, so that its HTML page "
				 "was left out; --svg works");
	data = open_memstream(&json, &size);
	if (!data)
		return -ENOMEM;
	err = page_data_write(page, data);
	if (fclose(data))
		err = -ENOMEM;
	if (!err) {
		after = mark + strlen(MARK);
		fwrite(page_asset, 1, (size_t)(mark - page_asset), out);
		data_put(out, json, size);
		fwrite(after, 1, (size_t)(page_asset_end - after), out);
	}
	free(json);
	return err;
}
