// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/strpool.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"

struct string {
	struct string *next; /* of those whose 64-bit hash is the same: in practice none */
	size_t n;
	char text[];
};

struct strpool {
	struct table by_hash; /* hash of the text -> struct string * */
};

struct strpool *strpool_new(void)
{
	return calloc(1, sizeof(struct strpool));
}

void strpool_free(struct strpool *p)
{
	uint64_t key, value;
	size_t pos = 0;

	if (!p)
		return;
	while (table_next(&p->by_hash, &pos, &key, &value)) {
		struct string *s = (struct string *)(uintptr_t)value;

		while (s) {
			struct string *next = s->next;

			free(s);
			s = next;
		}
	}
	table_free(&p->by_hash);
	free(p);
}

const char *strpool_add_n(struct strpool *p, const char *text, size_t n)
{
	uint64_t hash = hash_bytes(text, n), found = 0;
	struct string *s, *first;

	table_get(&p->by_hash, hash, &found);
	first = (struct string *)(uintptr_t)found;
	for (s = first; s; s = s->next) {
		if (s->n == n && !memcmp(s->text, text, n))
			return s->text;
	}
	s = malloc(sizeof(*s) + n + 1);
	if (!s)
		return NULL;
	s->next = first;
	s->n = n;
	memcpy(s->text, text, n);
	s->text[n] = '\0';
	if (table_put(&p->by_hash, hash, (uintptr_t)s)) {
		free(s);
		return NULL;
	}
	return s->text;
}

const char *strpool_add(struct strpool *p, const char *text)
{
	return strpool_add_n(p, text, strlen(text));
}
