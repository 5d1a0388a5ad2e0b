// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The line at the bottom that a text is typed into.  A filter and a search act with every
 * character, a time and a file's name on Enter; Esc takes back what was typed.
 */
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/units.h"
#include "screen/state.h"

void prompt_open(struct screen *s, enum prompt_for prompt, const char *text)
{
	s->prompt = prompt;
	snprintf(s->prompt_text, sizeof(s->prompt_text), "%s", text);
	snprintf(s->filter_before, sizeof(s->filter_before), "%s", s->filter);
	s->search_home = s->at;
	s->search_failed = false;
}

/* --- what acts while it is typed -------------------------------------------------------------- */

static bool pattern_is_one(const char *text)
{
	regex_t re;

	if (!text[0])
		return true;
	if (regcomp(&re, text, REG_EXTENDED | REG_NOSUB))
		return false;
	regfree(&re);
	return true;
}

static void filter_set(struct screen *s, const char *text)
{
	snprintf(s->filter, sizeof(s->filter), "%s", text);
	s->group.focus = s->filter[0] ? s->filter : s->options->view.focus;
	screen_regroup(s);
}

/* What is no pattern yet, such as "(", may become one: the last that was is shown meanwhile. */
static void filter_typed(struct screen *s)
{
	if (pattern_is_one(s->prompt_text))
		filter_set(s, s->prompt_text);
}

static void search_typed(struct screen *s)
{
	snprintf(s->search, sizeof(s->search), "%.*s", (int)sizeof(s->search) - 1, s->prompt_text);
	if (s->search[0])
		selection_search(s, s->search_home);
	else
		selection_set(s, s->search_home);
}

static void prompt_typed(struct screen *s)
{
	if (s->prompt == PROMPT_FILTER)
		filter_typed(s);
	else if (s->prompt == PROMPT_SEARCH)
		search_typed(s);
}

bool prompt_fails(const struct screen *s)
{
	if (s->prompt == PROMPT_FILTER)
		return strcmp(s->prompt_text, s->filter) != 0;
	return s->prompt == PROMPT_SEARCH && s->search_failed;
}

/* --- what acts on Enter ----------------------------------------------------------------------- */

static void leaks_set(struct screen *s, const char *text)
{
	uint64_t ns;

	if (units_parse_duration(text, &ns) || !ns) {
		screen_say(s, "a time such as 500ms, 30s or 5m is needed, not \"%s\"", text);
		return;
	}
	s->older_ns = s->group.older_ns = ns;
	s->group.leaks = true;
	screen_regroup(s);
}

static void write_file(struct screen *s, size_t format, const char *path)
{
	int err = path[0] ? s->options->write(s->now, format, path) : 0;

	if (err)
		screen_say(s, "%s", error_text(err));
	else if (path[0])
		screen_say(s, "written to %s", path);
}

static void prompt_done(struct screen *s)
{
	enum prompt_for prompt = s->prompt;

	s->prompt = PROMPT_NONE;
	switch (prompt) {
	case PROMPT_FILTER:
		if (strcmp(s->prompt_text, s->filter) != 0)
			screen_say(s, "\"%s\" is not a regular expression", s->prompt_text);
		break;
	case PROMPT_LEAKS:
		leaks_set(s, s->prompt_text);
		break;
	case PROMPT_WRITE:
		write_file(s, 0, s->prompt_text);
		break;
	case PROMPT_EXPORT:
		write_file(s, s->format, s->prompt_text);
		break;
	case PROMPT_SEARCH:
	case PROMPT_NONE:
		break;
	}
}

/* As if it had not been opened. */
static void prompt_leave(struct screen *s)
{
	if (s->prompt == PROMPT_FILTER && strcmp(s->filter, s->filter_before) != 0)
		filter_set(s, s->filter_before);
	if (s->prompt == PROMPT_SEARCH) {
		s->seeking = false;
		selection_set(s, s->search_home);
	}
	s->prompt = PROMPT_NONE;
}

/* --- keys ------------------------------------------------------------------------------------- */

static void last_delete(char *text)
{
	size_t n = strlen(text);

	/* a whole character of UTF-8 */
	while (n && (text[n - 1] & 0xc0) == 0x80)
		n--;
	text[n ? n - 1 : 0] = '\0';
}

/* What is kept of a text, with its NUL: no more can be typed. */
static size_t prompt_room(const struct screen *s)
{
	return s->prompt == PROMPT_FILTER   ? sizeof(s->filter)
	       : s->prompt == PROMPT_SEARCH ? sizeof(s->search)
					    : sizeof(s->prompt_text);
}

void prompt_key(struct screen *s, int key)
{
	size_t n = strlen(s->prompt_text);

	if (key == KEY_ESC) {
		prompt_leave(s);
		return;
	}
	if (key == '\r' || key == '\n' || key == KEY_ENTER) {
		prompt_done(s);
		return;
	}
	if (key == KEY_F(3) && s->prompt == PROMPT_SEARCH) {
		s->search_home = s->at + 1;
		selection_search(s, s->search_home);
		return;
	}
	if (key == KEY_BACKSPACE || key == 127 || key == '\b') {
		last_delete(s->prompt_text);
	} else if (key == 'U' - '@') {
		s->prompt_text[0] = '\0';
	} else if (key >= ' ' && key < 256 && n + 1 < prompt_room(s)) {
		s->prompt_text[n] = (char)key;
		s->prompt_text[n + 1] = '\0';
	} else {
		return;
	}
	prompt_typed(s);
}

void prompt_file(struct screen *s, enum prompt_for prompt, const char *ending)
{
	const struct snapshot_process *p = screen_process(s);
	char name[128], stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	if (!localtime_r(&now, &tm) || !strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm))
		stamp[0] = '\0';
	if (p)
		snprintf(name, sizeof(name), "memtop-%u-%s.%s", p->pid, stamp, ending);
	else
		snprintf(name, sizeof(name), "memtop-%s.%s", stamp, ending);
	prompt_open(s, prompt, name);
}
