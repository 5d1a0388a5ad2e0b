// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/export.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/output.h"
#include "base/text.h"
#include "export/csv.h"
#include "export/dhat.h"
#include "export/folded.h"
#include "export/json.h"
#include "export/massif.h"
#include "export/page_svg.h"
#include "export/perf_data.h"
#include "export/perf_script.h"
#include "export/pprof.h"
#include "export/speedscope.h"

static const struct export_format *const formats[] = {
	&export_json,  &export_csv,	   &export_folded, &export_perf_script, &export_perf_data,
	&export_pprof, &export_speedscope, &export_dhat,   &export_massif,	&export_svg,
};

const struct export_format *export_format_at(size_t i)
{
	return i < sizeof(formats) / sizeof(formats[0]) ? formats[i] : NULL;
}

const struct export_format *export_find(const char *name)
{
	const struct export_format *f;
	struct text names = { 0 };

	for (size_t i = 0; (f = export_format_at(i)); i++) {
		if (!strcmp(name, f->name)) {
			text_free(&names);
			return f;
		}
		text_addf(&names, "%s%s", i ? ", " : "", f->name);
	}
	error_set(-EINVAL, "no such export format: '%s'; there are %s", name, text_string(&names));
	text_free(&names);
	return NULL;
}

int export_write(const struct export_format *format, FILE *out, const struct snapshot *s,
		 const struct export_options *options)
{
	static const struct export_options defaults = { .value = EXPORT_ALLOCATED };
	int err = format->write(out, s, options ? options : &defaults);

	return err ? err : output_flush(out);
}

static const char *const value_names[] = {
	[EXPORT_ALLOCATED] = "allocated", [EXPORT_RESIDENT] = "resident",
	[EXPORT_PHANTOM] = "phantom",	  [EXPORT_SWAPPED] = "swapped",
	[EXPORT_TOUCHED] = "touched",
};

const char *export_value_name(enum export_value value)
{
	return value_names[value];
}

int export_value_parse(const char *text, enum export_value *value)
{
	for (size_t i = 0; i < sizeof(value_names) / sizeof(value_names[0]); i++) {
		if (!strcmp(text, value_names[i])) {
			*value = (enum export_value)i;
			return 0;
		}
	}
	return error_set(-EINVAL,
			 "no such value: '%s'; choose allocated, resident, phantom, swapped or "
			 "touched",
			 text);
}

uint64_t export_value_of(const struct snapshot_stack *stack, enum export_value value)
{
	switch (value) {
	case EXPORT_ALLOCATED:
		return figures_allocated(&stack->now);
	case EXPORT_RESIDENT:
		return stack->now.resident;
	case EXPORT_PHANTOM:
		return figures_phantom(&stack->now);
	case EXPORT_SWAPPED:
		return stack->now.swapped;
	case EXPORT_TOUCHED:
		return stack->touched;
	}
	return 0;
}
