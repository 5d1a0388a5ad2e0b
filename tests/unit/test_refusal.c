// SPDX-License-Identifier: GPL-2.0-or-later
/* Why a kernel does not take BPF programs: libbpf's messages, and what of them is told. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/log.h"
#include "live/refusal.h"

/* What Linux 6.18 and libbpf 1.1 said of a program that wrote where it may not; and statistics. */
static const char *const messages[] = {
	"libbpf: prog 'heap_enter': BPF program load failed: Permission denied\n",
	"libbpf: prog 'heap_enter': -- BEGIN PROG LOAD LOG --\n"
	"82: (b4) w1 = 1                       ; R1=1\n"
	"83: (79) r3 = *(u64 *)(r10 -64)       ; R3=scalar(id=1) R10=fp0 fp-64=scalar(id=1)\n"
	"; *(volatile int *)cookie = 1; @ heap.bpf.c:136\n"
	"84: (63) *(u32 *)(r3 +0) = r1\n"
	"R3 invalid mem access 'scalar'\n"
	"verification time 1234 usec\n"
	"stack depth 96+320+128\n"
	"processed 83 insns (limit 1000000) max_states_per_insn 0 total_states 6 peak_states 6 "
	"mark_read 0\n"
	"-- END PROG LOAD LOG --\n",
	"libbpf: prog 'heap_enter': failed to load: -13\n",
	"libbpf: failed to load object 'memtop_bpf'\n",
};

static char heard[8192];

static void hear(enum log_level level, const char *text, void *ctx)
{
	(void)ctx;
	assert_int_equal(level, LOG_DEBUG);
	assert_null(strchr(text, '\n'));
	assert_true(strlen(heard) + strlen(text) + 2 < sizeof(heard));
	strcat(strcat(heard, text), "\n");
}

static struct refusal note_all(void)
{
	struct refusal r = { 0 };

	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++)
		refusal_note(&r, messages[i]);
	return r;
}

/* EACCES of the verifier is no lack of permission. */
static void test_verifier(void **state)
{
	struct refusal r = note_all();
	const char *text;

	(void)state;
	assert_int_equal(refusal_error(&r, -EACCES), -ENOTSUP);
	text = error_text(-ENOTSUP);
	assert_non_null(strstr(text, "program heap_enter (R3 invalid mem access 'scalar'): "));
	assert_non_null(strstr(text, "report"));
	assert_null(strstr(text, "root"));
	assert_null(strstr(text, "permit"));
}

/* A log of many lines is told by its last ones; what is short, wholly. */
static void test_log(void **state)
{
	char *many = malloc(1 << 20), *at = many;
	struct refusal r = { 0 };

	(void)state;
	assert_non_null(many);
	at += sprintf(at, "libbpf: prog 'heap_leave': -- BEGIN PROG LOAD LOG --\n");
	for (int i = 0; i < 20000; i++)
		at += sprintf(at, "%d: (bf) r6 = r1\n", i);
	sprintf(at, "R1 invalid mem access 'scalar'\nprocessed 1 insns\n"
		    "-- END PROG LOAD LOG --\n");
	*heard = '\0';
	log_set_sink(hear, NULL, LOG_DEBUG);
	refusal_note(&r, many);
	assert_true(!strncmp(heard, "libbpf: prog 'heap_leave': -- BEGIN", 35));
	assert_non_null(strstr(heard, "\n19999: (bf) r6 = r1\nR1 invalid mem access"));
	assert_null(strstr(heard, "\n19000:"));
	assert_string_equal(r.program, "heap_leave");
	assert_string_equal(r.why, "R1 invalid mem access 'scalar'");
	*heard = '\0';
	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++)
		refusal_note(&r, messages[i]);
	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++)
		assert_non_null(strstr(heard, messages[i]));
	log_set_sink(NULL, NULL, LOG_WARN);
	free(many);
}

/* Cut off anywhere, and with a line that is longer than any room for it. */
static void test_odd(void **state)
{
	static char text[4096];
	struct refusal r = { 0 };

	(void)state;
	for (size_t n = 0; n <= strlen(messages[1]); n++) {
		r = (struct refusal){ 0 };
		snprintf(text, n + 1, "%s", messages[1]);
		refusal_note(&r, text);
		assert_true(refusal_error(&r, -EACCES) < 0);
	}
	strcpy(text, "prog '-- BEGIN PROG LOAD LOG --\n");
	memset(text + strlen(text), 'x', sizeof(text) - strlen(text) - 1);
	refusal_note(&r, text);
	assert_int_equal(strlen(r.why), sizeof(r.why) - 1);
	assert_int_equal(refusal_error(&r, -EACCES), -ENOTSUP);
}

static void test_other(void **state)
{
	struct refusal r = { 0 };

	(void)state;
	refusal_note(&r, messages[3]);
	assert_int_equal(refusal_error(&r, -EINVAL), -ENOTSUP);
	assert_non_null(strstr(error_text(-ENOTSUP), "Invalid argument"));
	assert_int_equal(refusal_error(&r, -ENOMEM), -ENOMEM);
}

static bool says(int err, const char *words)
{
	struct refusal r = { 0 };

	return refusal_error(&r, err) == -EPERM && strstr(error_text(-EPERM), words);
}

/* Without words of the verifier: root is not told to be root, anybody else is. */
static void test_permission(void **state)
{
	int status;
	pid_t child;

	(void)state;
	if (geteuid()) {
		print_message("skipped: only root can give up being root\n");
		skip();
	}
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		if (!says(-EPERM, "container's filter") || !says(-EACCES, "container's filter"))
			_exit(1);
		if (setresuid(65534, 65534, 65534))
			_exit(2);
		_exit(says(-EPERM, "try sudo memtop") ? 0 : 3);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verifier),   cmocka_unit_test(test_log),
		cmocka_unit_test(test_odd),	   cmocka_unit_test(test_other),
		cmocka_unit_test(test_permission),
	};

	return cmocka_run_group_tests_name("refusal", tests, NULL, NULL);
}
