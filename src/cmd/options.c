// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "cmd/flags.h"
#include "model/object_types.h"
#include "cmd/suggest.h"

#define DEFAULT_LIMIT	 20
#define DEFAULT_OLDER_NS (NS_PER_S / 2)

struct parser {
	struct options *options;
	int argc;
	char *const *argv;
	int at; /* the word in hand */
};

/* --- finding a flag --------------------------------------------------------------------------- */

static const char *verb_name(enum verb_id verb)
{
	switch (verb) {
	case VERB_TOP:
		return "top";
	case VERB_EXPORT:
		return "export";
	case VERB_CHECK:
		return "check";
	case VERB_RECORD:
		return "record";
	case VERB_REPORT:
		return "report";
	case VERB_DIFF:
		return "diff";
	case VERB_MARK:
		return "mark";
	case VERB_HTML:
		return "html";
	}
	return "top";
}

/* How many words a verb takes that are no options. */
static size_t verb_words(enum verb_id verb)
{
	if (verb == VERB_DIFF)
		return 2;
	return verb == VERB_EXPORT || verb == VERB_HTML || verb == VERB_REPORT || verb == VERB_MARK;
}

static const struct flag *find_letter(char letter)
{
	for (size_t i = 0; i < n_flags; i++) {
		if (flags[i].letter == letter)
			return &flags[i];
	}
	return NULL;
}

static const struct flag *find_exact(const char *name, size_t n)
{
	for (size_t i = 0; i < n_flags; i++) {
		if (!strncmp(flags[i].name, name, n) && !flags[i].name[n])
			return &flags[i];
	}
	return NULL;
}

static void unknown_option(enum verb_id verb, const char *name, size_t n)
{
	const char *words[64], *near;
	char text[32] = "";
	size_t n_words = 0;

	for (size_t i = 0; i < n_flags && n_words < 64; i++) {
		if (flags[i].verbs & verb)
			words[n_words++] = flags[i].name;
	}
	if (n < sizeof(text))
		memcpy(text, name, n);
	near = suggest_word(text, words, n_words);
	if (near)
		error_set(-EINVAL, "unknown option --%.*s; did you mean --%s?", (int)n, name, near);
	else
		error_set(-EINVAL, "unknown option --%.*s; memtop %s --help lists them", (int)n,
			  name, verb_name(verb));
}

/* The verb's one flag that begins with name; NULL with error_text() (of -EINVAL) when it is not
 * one. */
static const struct flag *find_shortened(enum verb_id verb, const char *name, size_t n)
{
	const struct flag *found = NULL;

	for (size_t i = 0; n && i < n_flags; i++) {
		if (!(flags[i].verbs & verb) || strncmp(flags[i].name, name, n))
			continue;
		if (found) {
			error_set(-EINVAL, "--%.*s can mean --%s or --%s: write it out", (int)n,
				  name, found->name, flags[i].name);
			return NULL;
		}
		found = &flags[i];
	}
	if (!found)
		unknown_option(verb, name, n);
	return found;
}

static int check_verb(enum verb_id verb, const struct flag *flag)
{
	if (flag->verbs & verb)
		return 0;
	return error_set(-EINVAL, "--%s is an option of memtop %s, not of memtop %s", flag->name,
			 verb_name(flag->verbs & -flag->verbs), verb_name(verb));
}

/* --- reading words ---------------------------------------------------------------------------- */

static int apply(struct parser *p, const struct flag *flag, const char *value)
{
	int err = check_verb(p->options->verb, flag);

	if (err)
		return err;
	if (flag->argument && !value) {
		if (p->at + 1 >= p->argc)
			return error_set(-EINVAL, "--%s needs a value: --%s %s", flag->name,
					 flag->name, flag->argument);
		value = p->argv[++p->at];
	}
	return flag->set(p->options, flag, value);
}

/* --name, --name=VALUE; name is without the dashes. */
static int parse_long(struct parser *p, const char *name)
{
	size_t n = strcspn(name, "=");
	const struct flag *flag = find_exact(name, n);

	if (!flag)
		flag = find_shortened(p->options->verb, name, n);
	if (!flag)
		return -EINVAL;
	if (name[n] && !flag->argument)
		return error_set(-EINVAL, "--%s takes no value", flag->name);
	return apply(p, flag, name[n] ? name + n + 1 : NULL);
}

/* -x, -xVALUE, -xyz; letters is without the dash. */
static int parse_letters(struct parser *p, const char *letters)
{
	int err = 0;

	if (letters[1] && find_exact(letters, strlen(letters)))
		return error_set(-EINVAL, "unknown option -%s; did you mean --%s?", letters,
				 letters);
	for (; *letters && !err; letters++) {
		const struct flag *flag = find_letter(*letters);

		if (!flag)
			return error_set(-EINVAL, "unknown option -%c; memtop %s --help lists them",
					 *letters, verb_name(p->options->verb));
		if (flag->argument)
			return apply(p, flag, letters[1] ? letters + 1 : NULL);
		err = apply(p, flag, NULL);
	}
	return err;
}

static int refuse_word(struct parser *p, const char *word)
{
	if (*word && strspn(word, "0123456789,") == strlen(word))
		return error_set(-EINVAL, "unexpected '%s'; did you mean -p %s?", word, word);
	return error_set(-EINVAL, "unexpected '%s'; memtop %s takes options only%s", word,
			 verb_name(p->options->verb),
			 p->options->verb == VERB_RECORD ? ", and a command after --" : "");
}

static int take_word(struct parser *p, const char *word)
{
	size_t most = verb_words(p->options->verb);

	if (!most)
		return refuse_word(p, word);
	if (p->options->words.n == most)
		return error_set(-EINVAL, "unexpected '%s'; memtop %s takes %s", word,
				 verb_name(p->options->verb),
				 p->options->verb == VERB_MARK ? "one label"
				 : most == 1		       ? "one recording"
							       : "two recordings");
	return vec_push(&p->options->words, word) ? error_set(-ENOMEM, "out of memory") : 0;
}

/* What follows "--": words, or the command to record. */
static int take_rest(struct parser *p)
{
	int err = 0;

	if (p->options->verb == VERB_RECORD) {
		if (p->at >= p->argc)
			return error_set(-EINVAL, "a command must follow --");
		p->options->command = p->argv + p->at;
		return 0;
	}
	for (; p->at < p->argc && !err; p->at++)
		err = take_word(p, p->argv[p->at]);
	return err;
}

static int parse_words(struct parser *p)
{
	int err = 0;

	for (; p->at < p->argc && !err; p->at++) {
		const char *word = p->argv[p->at];

		if (!strcmp(word, "--")) {
			p->at++;
			return take_rest(p);
		}
		if (word[0] == '-' && word[1] == '-')
			err = parse_long(p, word + 2);
		else if (word[0] == '-' && word[1])
			err = parse_letters(p, word + 1);
		else
			err = take_word(p, word);
		if (p->options->help || p->options->version)
			return err;
	}
	return err;
}

/* --- what flags mean together ----------------------------------------------------------------- */

static int settle_target(struct options *o)
{
	if (!!o->pids.n + o->all + o->has_comm + o->has_user > 1)
		return error_set(-EINVAL,
				 "give only one of --pid, --all, --comm and --user as the target");
	if (o->command && (o->pids.n || o->all || o->has_comm || o->has_user))
		return error_set(-EINVAL, "give a command or a target, not both");
	if (o->live.follow && !o->pids.n)
		return error_set(-EINVAL, "--follow goes with --pid only");
	if (o->live.pymalloc && o->live.mode == MODE_PAGES)
		return error_set(-EINVAL, "--pymalloc needs probes in the program, which --mode "
					  "pages does without: leave out one of them");
	o->live.target = o->pids.n     ? LIVE_PIDS
			 : o->has_comm ? LIVE_COMM
			 : o->has_user ? LIVE_UID
				       : LIVE_ALL;
	o->live.pids = o->pids.at;
	o->live.n_pids = o->pids.n;
	o->live.comm = o->comm;
	return 0;
}

static int settle_view(struct options *o)
{
	if (!o->sorted && o->peak)
		o->view.sort = ORDER_PEAK;
	else if (!o->sorted && o->view.temporary)
		o->view.sort = ORDER_TEMPORARY;
	if (o->older)
		o->view.leaks = true;
	if (o->verb == VERB_EXPORT && !o->format)
		return error_set(-EINVAL, "export needs --format FORMAT; memtop export --help "
					  "lists the formats");
	return 0;
}

static int settle_source(struct options *o)
{
	if (!o->source)
		return 0;
	if (o->types)
		return error_set(-EINVAL, "give --source or --types, not both");
	if (o->json)
		return error_set(-EINVAL, "--source prints a table; in --json every stack has its "
					  "file and line");
	if (o->grouped && o->view.by != GROUP_LINE)
		return error_set(-EINVAL, "--source is by line; --group goes without it");
	return 0;
}

static int settle_types(struct options *o)
{
	if (!o->types)
		return o->verb == VERB_REPORT && o->pids.n
			       ? error_set(-EINVAL, "report --pid goes with --types only; "
						    "memtop -p measures a process")
			       : 0;
	if (o->words.n)
		return error_set(-EINVAL, "a recording has no kinds of objects: --types looks at a "
					  "running process, by --pid");
	if (!o->pids.n)
		return error_set(-EINVAL, "--types needs a process: --pid PID");
	if (!object_types_has_order(o->view.sort))
		return error_set(-EINVAL,
				 "--types is sorted by allocated, resident, phantom, swapped "
				 "or count, not by %s",
				 order_name(o->view.sort));
	return 0;
}

/* What a verb cannot do without. */
static int settle_words(struct options *o)
{
	if (o->verb == VERB_DIFF && o->words.n < 2)
		return error_set(-EINVAL, "diff needs two recordings");
	if (o->verb == VERB_MARK && (o->words.n < 1 || !o->words.at[0][0]))
		return error_set(-EINVAL, "mark needs a label");
	if (o->verb == VERB_MARK && o->pids.n > 1)
		return error_set(-EINVAL, "a mark belongs to one process at most");
	if (o->verb != VERB_EXPORT && o->verb != VERB_HTML)
		return 0;
	if (o->words.n && (o->pids.n || o->all || o->has_comm || o->has_user))
		return error_set(-EINVAL, "give a recording or a target, not both");
	if (o->at && !o->words.n)
		return error_set(-EINVAL, "--at goes with a recording only");
	return 0;
}

int options_parse(enum verb_id verb, int argc, char *const argv[], struct options *options)
{
	struct parser p = { .options = options, .argc = argc, .argv = argv };
	int err;

	*options = (struct options){
		.verb = verb,
		.live.mode = MODE_FULL,
		.delay_ns = NS_PER_S,
		.view = { .limit = DEFAULT_LIMIT, .older_ns = DEFAULT_OLDER_NS },
	};
	err = parse_words(&p);
	if (err || options->help || options->version)
		return err;
	err = settle_target(options);
	if (!err)
		err = settle_view(options);
	if (!err)
		err = settle_source(options);
	if (!err)
		err = settle_types(options);
	return err ? err : settle_words(options);
}

void options_free(struct options *options)
{
	vec_free(&options->pids);
	vec_free(&options->words);
}
