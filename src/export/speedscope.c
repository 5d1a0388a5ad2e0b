// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/speedscope.h"

#include <errno.h>
#include <stdlib.h>

#include "export/frame_set.h"
#include "export/json_writer.h"

static const enum export_value values[] = { EXPORT_ALLOCATED, EXPORT_RESIDENT, EXPORT_PHANTOM,
					    EXPORT_SWAPPED, EXPORT_TOUCHED };

static int samples_put(struct json_writer *w, struct frame_set *frames, const struct snapshot *s,
		       enum export_value value)
{
	struct frame_path path = { 0 };
	int err = 0;

	json_array_open(w, "samples");
	vec_for_each (&s->stacks, stack) {
		if (err || !export_value_of(stack, value))
			continue;
		err = frame_set_path(frames, s, stack, true, &path);
		json_array_open(w, NULL);
		for (size_t i = path.n; i; i--)
			json_number(w, NULL, path.at[i - 1]);
		json_array_close(w);
	}
	json_array_close(w);
	vec_free(&path);
	return err;
}

/* Writes the weights as well; returns their sum, which the format wants before them or after. */
static uint64_t weights_put(struct json_writer *w, const struct snapshot *s,
			    enum export_value value)
{
	uint64_t sum = 0;

	json_array_open(w, "weights");
	vec_for_each (&s->stacks, stack) {
		uint64_t bytes = export_value_of(stack, value);

		if (bytes)
			json_number(w, NULL, bytes);
		sum += bytes;
	}
	json_array_close(w);
	return sum;
}

static int profile_put(struct json_writer *w, struct frame_set *frames, const struct snapshot *s,
		       enum export_value value)
{
	int err;

	json_object_open(w, NULL);
	json_text(w, "type", "sampled");
	json_text(w, "name", export_value_name(value));
	json_text(w, "unit", "bytes");
	json_number(w, "startValue", 0);
	err = samples_put(w, frames, s, value);
	json_number(w, "endValue", weights_put(w, s, value));
	json_object_close(w);
	return err;
}

static void frames_put(struct json_writer *w, const struct frame_set *frames)
{
	json_array_open(w, "frames");
	for (uint32_t i = 0; i < frame_set_count(frames); i++) {
		const struct frame *f = frame_set_at(frames, i);

		json_object_open(w, NULL);
		json_text(w, "name", f->function);
		json_text(w, "file", f->file ? f->file : f->module);
		if (f->file && f->line)
			json_number(w, "line", f->line);
		json_object_close(w);
	}
	json_array_close(w);
}

static int speedscope_write(FILE *out, const struct snapshot *s,
			    const struct export_options *options)
{
	struct frame_set *frames = frame_set_new(FRAME_LINE);
	struct json_writer *w = json_writer_new(out);
	size_t first = 0;
	int err = frames && w ? 0 : -ENOMEM, end;

	if (err)
		goto out;
	json_object_open(w, NULL);
	json_text(w, "$schema", "https://www.speedscope.app/file-format-schema.json");
	json_text(w, "exporter", "memtop " MEMTOP_VERSION);
	json_text(w, "name", "memory by stack");
	json_array_open(w, "profiles");
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]) && !err; i++) {
		if (values[i] == options->value)
			first = i;
		err = profile_put(w, frames, s, values[i]);
	}
	json_array_close(w);
	json_number(w, "activeProfileIndex", first);
	/* last, as only now all frames are known */
	json_object_open(w, "shared");
	frames_put(w, frames);
	json_object_close(w);
	json_object_close(w);
	putc('\n', out);
out:
	end = json_writer_free(w);
	frame_set_free(frames);
	return err ? err : end;
}

const struct export_format export_speedscope = {
	.name = "speedscope",
	.description = "speedscope's own JSON, a profile per figure, in bytes",
	.write = speedscope_write,
};
