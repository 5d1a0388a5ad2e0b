// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/held.h"

#include <errno.h>

#include "base/text.h"
#include "record/schema.h"
#include "record/sql.h"

int held_write(sqlite3 *db, const char *what, const struct states *states)
{
	sqlite3_stmt *insert = NULL;
	struct text sql = { 0 };
	int err;

	schema_insert_held(&sql);
	err = sql.failed ? -ENOMEM : sql_prepare(db, text_string(&sql), &insert);
	text_free(&sql);
	for (size_t i = 0; i < states->n && !err; i++) {
		int column = 2;

		if (!states->at[i].of[STATE_PRESENT])
			continue;
		sql_bind(insert, "ti", what, (int64_t)i + 1);
		for (int field = 0; field < STATE_FIELDS; field++) {
			if (state_field_name(field))
				sqlite3_bind_int64(insert, ++column,
						   (int64_t)states->at[i].of[field]);
		}
		err = sql_done(insert);
	}
	sqlite3_finalize(insert);
	return err;
}
