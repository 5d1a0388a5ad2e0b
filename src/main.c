// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main: the verbs, and nothing else: finds the one that is meant and hands it its options.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cmd/cmd.h"
#include "cmd/help.h"
#include "cmd/message.h"
#include "cmd/signals.h"
#include "cmd/sink.h"
#include "cmd/suggest.h"

static const struct verb verbs[] = {
	{ VERB_TOP, "top", "what each call stack holds, on a live screen (the default)",
	  "[top] [TARGET] [OPTIONS]",
	  "  sudo memtop -p 1234              a live screen; ? tells its keys\n"
	  "  sudo memtop -p 1234 -b           a table each second, until Ctrl-C\n"
	  "  sudo memtop -p 1234 -b -d 10 -i 1\n"
	  "                                   one table, of what was asked for in 10 seconds\n"
	  "  sudo memtop -a -g process        the whole machine, a row per process\n"
	  "  sudo memtop -n redis-server -s phantom\n"
	  "                                   who asked for memory and never touched it\n"
	  "  sudo memtop -p 1234 --types      a Python program: which kinds of objects it has\n"
	  "  sudo memtop -p 1234 --json -o memory.jsonl\n",
	  cmd_top },
	{ VERB_RECORD, "record", "measure into a file", "record [TARGET] [OPTIONS] [-- CMD...]",
	  "  sudo memtop record -p 1234            into memtop.db, until Ctrl-C\n"
	  "  sudo memtop record -o job.db -- ./job --all\n"
	  "                                        run a command as yourself and record it\n"
	  "  sudo memtop record -a -D 1h -o %h-%t.db --max-size 200M\n",
	  cmd_record },
	{ VERB_REPORT, "report", "tables from a recording", "report [FILE] [OPTIONS]",
	  "  memtop report                         who held memory at the peak, from memtop.db\n"
	  "  memtop report job.db --at end --leaks\n"
	  "  memtop report job.db --at 90s -g line -s resident\n"
	  "  memtop report job.db --source job.py  the file, with what each of its lines holds\n",
	  cmd_report },
	{ VERB_DIFF, "diff", "what grew and what shrank between two recordings",
	  "diff FILE1 FILE2 [OPTIONS]",
	  "  memtop diff old.db new.db             at the peak of each\n"
	  "  memtop diff old.db new.db --at end -g function -s resident\n"
	  "  memtop diff job.db job.db --at loaded,saved\n"
	  "                                        between two marks of one recording\n",
	  cmd_diff },
	{ VERB_EXPORT, "export", "write for other tools, from a recording or a measurement",
	  "export -f FORMAT [FILE | TARGET [-D TIME]] [OPTIONS]",
	  "  sudo memtop export -p 1234 -D 30 -f folded | flamegraph.pl > memory.svg\n"
	  "  sudo memtop export -p 1234 -D 30 -f folded --value resident -o resident.txt\n"
	  "  sudo memtop export -p 1234 -D 30 -f pprof -o heap.pb.gz\n"
	  "  sudo memtop export -p 1234 -D 30 -f perf-data -o perf.data && perf report\n"
	  "  sudo memtop export -a -f csv -o stacks.csv      until Ctrl-C\n"
	  "  memtop export job.db -f folded --at end         from a recording\n",
	  cmd_export },
	{ VERB_HTML, "html",
	  "one page of a recording or a measurement: timeline, flame graph, tables",
	  "html [FILE | TARGET [-D TIME]] [-o OUT.html] [OPTIONS]",
	  "  memtop html job.db               from a recording, as memtop.html\n"
	  "  sudo memtop html -p 1234 -D 60 -o minute.html\n"
	  "  sudo memtop html -p 1234 -o server.html\n"
	  "                                   until Ctrl-C\n"
	  "  memtop html job.db --svg         the timeline alone, as memtop.svg\n",
	  cmd_html },
	{ VERB_MARK, "mark", "name this moment on the timeline of the memtop that measures",
	  "mark [-p PID] LABEL",
	  "  memtop mark loaded               returns when the moment has been measured\n"
	  "  memtop mark -p $$ \"step 2\"       says which process it belongs to\n",
	  cmd_mark },
	{ VERB_CHECK, "check", "what this machine, kernel and user can do", "check [-v] [-p PID]",
	  "  sudo memtop check\n"
	  "  sudo memtop check -v             where the probes on the C library sit\n"
	  "  sudo memtop check -v -p 1234     and those on this program's allocators\n",
	  cmd_check },
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

/*
 * A closed standard descriptor would be taken by the next file opened, and written to.  Opened the
 * wrong way round it still fails when used, as a closed one does.
 */
static void occupy_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* the lowest free number is fd itself */
		if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return;
	}
}

static const struct verb *find_verb(const char *name)
{
	const char *names[N_VERBS], *near;

	for (size_t i = 0; i < N_VERBS; i++) {
		names[i] = verbs[i].name;
		if (!strcmp(name, names[i]))
			return &verbs[i];
	}
	near = suggest_word(name, names, N_VERBS);
	if (*name && strspn(name, "0123456789,") == strlen(name))
		message_error("unknown command %s; did you mean -p %s?", name, name);
	else if (near)
		message_error("unknown command %s; did you mean %s?", name, near);
	else
		message_error("unknown command %s; memtop --help lists them", name);
	return NULL;
}

static int print_text(const struct verb *verb, const struct options *o, bool overview)
{
	struct sink *sink;
	FILE *out;
	int err = sink_open(NULL, SINK_GROWING, &sink);

	if (err)
		return err;
	out = sink_begin(sink);
	if (!out) {
		err = -ENOMEM;
		goto out;
	}
	if (o->help)
		help_print(out, verb, verbs, N_VERBS, overview);
	else
		fprintf(out, "memtop %s\n", MEMTOP_VERSION);
	err = sink_end(sink, 0);
out:
	sink_close(sink);
	return err;
}

static enum exit_status run(const struct verb *verb, int argc, char **argv, bool overview)
{
	enum exit_status status;
	struct options options;
	int err = options_parse(verb->id, argc, argv, &options);

	if (err) {
		status = err == -EINVAL ? EXIT_USAGE : exit_status_of(err);
	} else if (options.help || options.version) {
		err = print_text(verb, &options, overview);
		status = exit_status_of(err);
	} else {
		message_log_to_stderr(options.quiet, options.verbose);
		status = verb->run(&options);
	}
	if (err && err != -EPIPE)
		message_error("%s", error_text(err));
	options_free(&options);
	return status;
}

int main(int argc, char **argv)
{
	const struct verb *verb = &verbs[0];

	occupy_standard_descriptors();
	signals_install();
	if (argc < 2 || argv[1][0] == '-')
		return run(verb, argc - 1, argv + 1, true);
	verb = find_verb(argv[1]);
	return verb ? run(verb, argc - 2, argv + 2, false) : EXIT_USAGE;
}
