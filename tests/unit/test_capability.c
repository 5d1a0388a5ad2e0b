// SPDX-License-Identifier: GPL-2.0-or-later
/* Capabilities: what counts as permitted, and facts that can be told from another source. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/error.h"
#include "live/capability.h"

#define BIT(n) (1ull << (n))

static const struct capability_need *need_of(const char *name)
{
	const struct capability_need *need = capability_needs;

	while (need->name && strcmp(need->name, name))
		need++;
	assert_non_null(need->name);
	return need;
}

/* Numbers of include/uapi/linux/capability.h. */
static void test_has(void **state)
{
	(void)state;
	assert_true(capability_has(BIT(39), need_of("CAP_BPF")));
	assert_true(capability_has(BIT(38), need_of("CAP_PERFMON")));
	assert_true(capability_has(BIT(19), need_of("CAP_SYS_PTRACE")));
	assert_true(capability_has(BIT(2), need_of("CAP_DAC_READ_SEARCH")));
	/* CAP_SYS_ADMIN and CAP_DAC_OVERRIDE are stronger ones */
	assert_true(capability_has(BIT(21), need_of("CAP_BPF")));
	assert_true(capability_has(BIT(21), need_of("CAP_PERFMON")));
	assert_true(capability_has(BIT(1), need_of("CAP_DAC_READ_SEARCH")));
	assert_false(capability_has(BIT(21), need_of("CAP_SYS_PTRACE")));
	assert_false(capability_has(0, need_of("CAP_BPF")));
}

static void test_effective(void **state)
{
	unsigned long long expected = 0;
	char line[256];
	FILE *file = fopen("/proc/self/status", "r");

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "CapEff: %llx", &expected) == 1)
			break;
	}
	fclose(file);
	assert_true(capability_effective() == expected);
}

/* A child that gives up being root; what it may is told by its exit status. */
static void test_not_permitted(void **state)
{
	static const char text[] = "measuring processes needs root or the capabilities CAP_BPF, "
				   "CAP_PERFMON, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH: try sudo "
				   "memtop";
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
		if (setresuid(65534, 65534, 65534))
			_exit(2);
		_exit(capability_permitted() != -EPERM || strcmp(error_text(-EPERM), text));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_facts(void **state)
{
	struct capability_facts facts;
	struct utsname name;

	(void)state;
	capability_probe(&facts);
	assert_int_equal(uname(&name), 0);
	assert_string_equal(facts.release, name.release);
	assert_true(facts.major >= 5);
	assert_int_equal(facts.x86_64, !strcmp(name.machine, "x86_64"));
	assert_int_equal(facts.tried_btf == 0, !access("/sys/kernel/btf/vmlinux", R_OK));
	assert_int_equal(facts.tried_pagemap, 0);
	/* include/uapi/linux/fs.h has it from 6.7 on */
	if (facts.major > 6 || (facts.major == 6 && facts.minor >= 7))
		assert_int_equal(facts.tried_pagemap_scan, 0);
	else
		assert_int_equal(facts.tried_pagemap_scan, -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_effective),
		cmocka_unit_test(test_not_permitted),
		cmocka_unit_test(test_facts),
	};

	return cmocka_run_group_tests_name("capability", tests, NULL, NULL);
}
