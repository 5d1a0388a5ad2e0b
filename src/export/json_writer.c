// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/json_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "base/clock.h"
#include "base/text.h"

struct json_writer {
	yajl_gen gen;
	struct text scratch; /* a string made valid UTF-8 */
	bool failed;
};

static void print(void *ctx, const char *text, size_t n)
{
	fwrite(text, 1, n, ctx);
}

/* The generator's own complaints would be mistakes of this program, so they end the same way. */
static void check(struct json_writer *w, yajl_gen_status status)
{
	if (status != yajl_gen_status_ok && status != yajl_gen_generation_complete)
		w->failed = true;
}

struct json_writer *json_writer_new(FILE *out)
{
	struct json_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->gen = yajl_gen_alloc(NULL);
	if (!w->gen || !yajl_gen_config(w->gen, yajl_gen_print_callback, print, out)) {
		json_writer_free(w);
		return NULL;
	}
	return w;
}

int json_writer_free(struct json_writer *w)
{
	bool failed;

	if (!w)
		return 0;
	failed = w->failed || w->scratch.failed;
	if (w->gen)
		yajl_gen_free(w->gen);
	text_free(&w->scratch);
	free(w);
	return failed ? -ENOMEM : 0;
}

static void string_put(struct json_writer *w, const char *text)
{
	text_clear(&w->scratch);
	text_add_utf8(&w->scratch, text);
	if (w->scratch.failed)
		w->failed = true;
	check(w, yajl_gen_string(w->gen, (const unsigned char *)text_string(&w->scratch),
				 w->scratch.n));
}

static void key_put(struct json_writer *w, const char *key)
{
	if (key)
		check(w, yajl_gen_string(w->gen, (const unsigned char *)key, strlen(key)));
}

void json_text(struct json_writer *w, const char *key, const char *text)
{
	if (!text)
		return;
	key_put(w, key);
	string_put(w, text);
}

void json_number(struct json_writer *w, const char *key, uint64_t number)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%" PRIu64, number);

	key_put(w, key);
	/* as text: yajl_gen_integer() is signed */
	check(w, yajl_gen_number(w->gen, digits, (size_t)n));
}

void json_bool(struct json_writer *w, const char *key, bool value)
{
	key_put(w, key);
	check(w, yajl_gen_bool(w->gen, value));
}

void json_seconds(struct json_writer *w, const char *key, uint64_t ns)
{
	char digits[40];
	int n = snprintf(digits, sizeof(digits), "%" PRIu64 ".%09" PRIu64, ns / NS_PER_S,
			 ns % NS_PER_S);

	key_put(w, key);
	check(w, yajl_gen_number(w->gen, digits, (size_t)n));
}

void json_object_open(struct json_writer *w, const char *key)
{
	key_put(w, key);
	check(w, yajl_gen_map_open(w->gen));
}

void json_object_close(struct json_writer *w)
{
	check(w, yajl_gen_map_close(w->gen));
}

void json_array_open(struct json_writer *w, const char *key)
{
	key_put(w, key);
	check(w, yajl_gen_array_open(w->gen));
}

void json_array_close(struct json_writer *w)
{
	check(w, yajl_gen_array_close(w->gen));
}
