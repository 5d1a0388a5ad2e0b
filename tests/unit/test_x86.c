// SPDX-License-Identifier: GPL-2.0-or-later
/* The decoder against objdump's reading of whole libraries, and its effects one by one. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "probe/x86.h"

#define BIT(reg) (1u << (reg))

static struct x86_insn decode(const char *hex)
{
	uint8_t code[X86_MAX_LENGTH];
	struct x86_insn insn;
	unsigned value;
	size_t n = 0;
	int used;

	for (; n < sizeof(code) && sscanf(hex, "%2x%n", &value, &used) == 1; hex += used)
		code[n++] = value;
	assert_true(x86_decode(code, n, &insn));
	assert_int_equal(insn.length, n);
	return insn;
}

static void test_writes(void **state)
{
	static const struct {
		const char *code;
		uint16_t writes;
	} samples[] = {
		{ "48 85 ff", 0 },				   /* test %rdi,%rdi */
		{ "48 81 ff 00 10 00 00", 0 },			   /* cmp $0x1000,%rdi */
		{ "48 89 fe", BIT(X86_RSI) },			   /* mov %rdi,%rsi */
		{ "48 8b fe", BIT(X86_RDI) },			   /* mov %rsi,%rdi */
		{ "4c 89 c0", BIT(X86_RAX) },			   /* mov %r8,%rax */
		{ "49 89 c0", BIT(X86_R8) },			   /* mov %rax,%r8 */
		{ "48 89 3e", 0 },				   /* mov %rdi,(%rsi) */
		{ "48 87 fe", BIT(X86_RSI) | BIT(X86_RDI) },	   /* xchg %rdi,%rsi */
		{ "48 97", BIT(X86_RAX) | BIT(X86_RDI) },	   /* xchg %rax,%rdi */
		{ "48 f7 e6", BIT(X86_RAX) | BIT(X86_RDX) },	   /* mul %rsi */
		{ "48 f7 c6 01 00 00 00", 0 },			   /* test $1,%rsi */
		{ "48 f7 de", BIT(X86_RSI) },			   /* neg %rsi */
		{ "48 99", BIT(X86_RDX) },			   /* cqo */
		{ "bf 01 00 00 00", BIT(X86_RDI) },		   /* mov $1,%edi */
		{ "41 b9 01 00 00 00", BIT(X86_R9) },		   /* mov $1,%r9d */
		{ "48 bf 01 02 03 04 05 06 07 08", BIT(X86_RDI) }, /* movabs */
		{ "b6 01", BIT(X86_RDX) | BIT(X86_RSI) },	   /* mov $1,%dh */
		{ "40 b6 01", BIT(X86_RSI) },			   /* mov $1,%sil */
		{ "48 0f b1 3e", BIT(X86_RAX) },		   /* cmpxchg %rdi,(%rsi) */
		{ "0f 94 c2", BIT(X86_RDX) },			   /* sete %dl */
		{ "48 0f 44 fe", BIT(X86_RDI) },		   /* cmove %rsi,%rdi */
		{ "48 0f af fe", BIT(X86_RDI) },		   /* imul %rsi,%rdi */
		{ "48 0f ba e7 05", 0 },			   /* bt $5,%rdi */
		{ "48 0f ba ef 05", BIT(X86_RDI) },		   /* bts $5,%rdi */
		{ "0f cf", BIT(X86_RDI) },			   /* bswap %edi */
		{ "48 8d 7f ff", BIT(X86_RDI) },		   /* lea -1(%rdi),%rdi */
		{ "48 83 ec 18", BIT(X86_RSP) },		   /* sub $0x18,%rsp */
		{ "64 48 8b 38", BIT(X86_RDI) },		   /* mov %fs:(%rax),%rdi */
		{ "66 0f ef c0", 0 },				   /* pxor %xmm0,%xmm0 */
		{ "f2 48 0f 2c f8", BIT(X86_RDI) },		   /* cvttsd2si %xmm0,%rdi */
		{ "66 48 0f 7e c7", BIT(X86_RDI) },		   /* movq %xmm0,%rdi */
		{ "66 0f d7 f8", BIT(X86_RDI) },		   /* pmovmskb %xmm0,%edi */
		{ "f3 48 0f b8 fe", BIT(X86_RDI) },		   /* popcnt %rsi,%rdi */
		{ "f3 0f 1e fa", 0 },				   /* endbr64 */
		{ "f3 48 0f 1e cf", BIT(X86_RDI) },		   /* rdsspq %rdi */
		{ "55", BIT(X86_RSP) },				   /* push %rbp */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct x86_insn insn = decode(samples[i].code);

		if (insn.writes != samples[i].writes || insn.kind == X86_UNKNOWN)
			fail_msg("%s writes %x, wanted %x", samples[i].code, insn.writes,
				 samples[i].writes);
	}
}

static void test_kinds(void **state)
{
	static const struct {
		const char *code;
		enum x86_kind kind;
		bool emulated;
		int64_t target;
	} samples[] = {
		{ "55", X86_PUSH, true, 0 },
		{ "41 54", X86_PUSH, true, 0 },
		{ "48 55", X86_PUSH, false, 0 },
		{ "66 55", X86_PUSH, false, 0 },
		{ "90", X86_NOP, true, 0 },
		{ "f3 90", X86_NOP, false, 0 },
		{ "66 90", X86_NOP, false, 0 },
		{ "eb fe", X86_JMP, true, 0 },
		{ "e9 fb ff ff ff", X86_JMP, true, 0 },
		{ "f2 e9 00 00 00 00", X86_JMP, false, 6 },
		{ "74 10", X86_JCC, true, 18 },
		{ "0f 8f 00 01 00 00", X86_JCC, true, 0x106 },
		{ "3e 74 10", X86_JCC, false, 19 },
		{ "e8 00 00 00 80", X86_CALL, true, 5 - 0x80000000ll },
		{ "e3 80", X86_LOOP, false, 2 - 128 },
		{ "ff 25 10 00 00 00", X86_JMP_SLOT, false, 0x16 },
		{ "ff 15 10 00 00 00", X86_CALL_ELSEWHERE, false, 0 },
		{ "ff d0", X86_CALL_ELSEWHERE, false, 0 },
		{ "c3", X86_RET, false, 0 },
		{ "cc", X86_TRAP, false, 0 },
		{ "f3 c3", X86_RET, false, 0 },
		{ "ff e0", X86_JMP_ELSEWHERE, false, 0 },
		{ "f4", X86_TRAP, false, 0 },
		{ "0f 05", X86_SYSCALL, false, 0 },
		{ "0f 0b", X86_TRAP, false, 0 },
		{ "5d", X86_UNKNOWN, false, 0 },
		{ "c9", X86_UNKNOWN, false, 0 },
		{ "0f a2", X86_UNKNOWN, false, 0 },
		{ "f3 48 a5", X86_UNKNOWN, false, 0 },
		{ "66 0f 3a 63 c1 0c", X86_UNKNOWN, false, 0 },
		{ "c5 f8 77", X86_UNKNOWN, false, 0 },
		{ "62 f1 fe 48 6f 07", X86_UNKNOWN, false, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct x86_insn insn = decode(samples[i].code);

		if (insn.kind != samples[i].kind || insn.emulated != samples[i].emulated ||
		    insn.target != samples[i].target)
			fail_msg("%s: kind %d emulated %d target %lld", samples[i].code, insn.kind,
				 insn.emulated, (long long)insn.target);
	}
}

static void test_refused(void **state)
{
	static const char *const samples[] = { "06",
					       "f0",
					       "66",
					       "48",
					       "0f",
					       "e8 00 00 00",
					       "66 e8 00 00",
					       "c5 f8",
					       "62 f1 fe 48 6f",
					       "8f e8 78 c2 ec 0e",
					       "48 8b 05 00 00 00",
					       "d5 00 50" };
	uint8_t code[X86_MAX_LENGTH], prefixes[32];
	struct x86_insn insn;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		const char *hex = samples[i];
		unsigned value;
		int used;

		for (n = 0; sscanf(hex, "%2x%n", &value, &used) == 1; hex += used)
			code[n++] = value;
		if (x86_decode(code, n, &insn))
			fail_msg("%s was decoded", samples[i]);
	}
	memset(prefixes, 0x66, sizeof(prefixes));
	assert_false(x86_decode(prefixes, sizeof(prefixes), &insn));
	assert_false(x86_decode(prefixes, 0, &insn));
}

/* "  98930:\t41 54 \tpush %r12": the bytes; 0 for lines that are no instruction. */
static size_t objdump_bytes(const char *line, uint8_t code[X86_MAX_LENGTH])
{
	const char *at = strchr(line, '\t');
	unsigned value;
	size_t n = 0;
	int used;

	/* data among the code, which objdump cannot read either */
	if (!at || at == line || at[-1] != ':' || strstr(line, "(bad)") || strstr(line, "rex."))
		return 0;
	/* fwait and the instruction behind it are two; objdump shows them as one */
	if (!strncmp(at + 1, "9b ", 3))
		return 0;
	for (at++; n < X86_MAX_LENGTH && isxdigit(at[0]) && sscanf(at, "%2x%n", &value, &used) == 1;
	     at += used + 1)
		code[n++] = value;
	return n;
}

static void compare_with_objdump(const char *path)
{
	unsigned long compared = 0;
	char command[256], line[512];
	FILE *objdump;

	snprintf(command, sizeof(command), "objdump -d -w %s 2>/dev/null", path);
	objdump = popen(command, "r");
	assert_non_null(objdump);
	while (fgets(line, sizeof(line), objdump)) {
		uint8_t code[X86_MAX_LENGTH];
		size_t n = objdump_bytes(line, code);
		struct x86_insn insn;

		if (!n)
			continue;
		compared++;
		if (!x86_decode(code, n, &insn) || insn.length != n)
			fail_msg("%s: %s", path, line);
	}
	if (pclose(objdump) || !compared)
		print_message("skipped: no objdump, or no %s\n", path);
	else
		print_message("%s: %lu instructions\n", path, compared);
}

static void test_objdump(void **state)
{
	(void)state;
	compare_with_objdump("/lib/x86_64-linux-gnu/libc.so.6");
	compare_with_objdump("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2");
	compare_with_objdump("/usr/lib/x86_64-linux-gnu/libmimalloc.so.2.0");
	compare_with_objdump("/usr/lib/x86_64-linux-gnu/libtcmalloc.so.4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writes),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_objdump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
