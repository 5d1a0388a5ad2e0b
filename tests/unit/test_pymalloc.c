// SPDX-License-Identifier: GPL-2.0-or-later
/* CPython's object allocator in files without its symbols: its functions, and copies of them. */
#include "fixture_compile.h"

#include "probe_cookie.h"
#include "probe/image.h"
#include "probe/pymalloc.h"

/*
 * What a compiler makes of Objects/obmalloc.c when it knows a profile, shortened.  COMPARE is the
 * comparison with a function's address, as programs of fixed address and as others have it.
 */
static const char text[] =
	"	.macro function name\n"
	"	.p2align 4\n"
	"\\name: .cfi_startproc\n"
	"	.endm\n"
	"	.macro end\n"
	"	.cfi_endproc\n"
	"	.endm\n"
	"	.text\n"
	"	.globl PyObject_Malloc, PyObject_Free, _PyRuntime\n"
	"	.type PyObject_Malloc, @function\n"
	"	.type PyObject_Free, @function\n"
	"	function my_malloc\n"
	"	test %rsi, %rsi\n	je 1f\n"
	"	call other\n	call new_pool\n"
	"1:	ret\n	end\n"
	"	function my_calloc\n	push %rbx\n	pop %rbx\n	ret\n	end\n"
	"	function my_realloc\n	push %rbx\n	pop %rbx\n	ret\n	end\n"
	"	function my_free\n	push %rbx\n	pop %rbx\n	ret\n	end\n"
	"	function other\n	ret\n	end\n"
	"	function new_pool\n	push %rbp\n	lea pools(%rip), %rax\n	pop %rbp\n"
	"	ret\n	end\n"
	"	function PyObject_Malloc\n"
	"	push %rbx\n"
	"	mov %rdi, %rbx\n"
	"	mov table+8(%rip), %rax\n"
	"	mov table(%rip), %rdi\n"
	"	COMPARE my_malloc\n	jne 1f\n" /* size in a register */
	"	pop %rbx\n	ret\n"
	"1:	mov %rbx, %rsi\n	pop %rbx\n	jmp *%rax\n	end\n"
	"	function PyObject_Free\n"
	"	mov table+32(%rip), %rax\n"
	"	mov table(%rip), %rdx\n"
	"	COMPARE my_free\n	je 1f\n" /* the copy lies at the branch's target */
	"	mov %rdi, %rsi\n	mov %rdx, %rdi\n	jmp *%rax\n"
	"1:	ret\n	end\n"
	"	function numbers\n"
	"	COMPARE my_calloc\n	mov %r8, %r9\n	jne 1f\n	ret\n"
	"1:	mov $56, %edx\n	mov $1, %esi\n	jmp *%rax\n	end\n"
	"	function stack\n"
	"	COMPARE my_realloc\n	jne 1f\n	ret\n"
	"1:	mov 24(%rsp), %rsi\n	mov %r14, %rdx\n	call *%rax\n	ret\n	end\n"
	"	function unread\n" /* the stack's word is written to before it is read */
	"	COMPARE my_malloc\n	jne 1f\n	ret\n"
	"1:	mov %rax, 8(%rsp)\n	mov 8(%rsp), %rsi\n	call *%rax\n	ret\n	end\n"
	"	function calls\n" /* no copy: calls the function, which is probed */
	"	COMPARE my_malloc\n	jne 1f\n"
	"	mov %rbx, %rsi\n	call my_malloc\n	ret\n"
	"1:	mov %rbx, %rsi\n	call *%rax\n	ret\n	end\n"
	"	function asks\n" /* does not call it at all */
	"	COMPARE my_free\n	jne 1f\n	ret\n"
	"1:	xor %eax, %eax\n	ret\n	end\n"
	"	.data\n"
	"	.p2align 4\n"
	"_PyRuntime: .quad 1\n"
	"raw:	.quad 0, other, other, other, other\n"
	"table:	.quad 0, my_malloc, my_calloc, my_realloc, my_free\n"
	"pools:	.rept 32\n	.quad . - 16, . - 24\n	.endr\n"
	"	.section .note.GNU-stack,\"\",@progbits\n";

static const char fixed[] = "	.macro COMPARE function\n	cmp $\\function, %rax\n	.endm\n";
static const char movable[] = "	.macro COMPARE function\n	lea \\function(%rip), %rcx\n	"
			      "cmp %rcx, %rax\n	.endm\n";

static const struct probe_site *site_of(const struct probe_plan *plan, uint64_t cookie)
{
	vec_for_each (plan, s)
		if (s->cookie == cookie)
			return s;
	return NULL;
}

static void expect_sites(const struct probe_plan *plan, const struct pymalloc *found)
{
	static const uint64_t wanted[] = {
		HEAP_COPY_COOKIE(HEAP_COPY_MALLOC, HEAP_COPY_OPERAND(HEAP_PLACE_REGISTER, 3), 0ull),
		HEAP_COPY_COOKIE(HEAP_COPY_FREE, HEAP_COPY_OPERAND(HEAP_PLACE_REGISTER, 7), 0ull),
		HEAP_COPY_COOKIE(HEAP_COPY_CALLOC, HEAP_COPY_OPERAND(HEAP_PLACE_NUMBER, 1),
				 HEAP_COPY_OPERAND(HEAP_PLACE_NUMBER, 56)),
		HEAP_COPY_COOKIE(HEAP_COPY_REALLOC, HEAP_COPY_OPERAND(HEAP_PLACE_STACK, 24),
				 HEAP_COPY_OPERAND(HEAP_PLACE_REGISTER, 14)),
	};
	size_t copies = 0;

	for (size_t i = 0; i < 4; i++) {
		const struct probe_site *s = site_of(plan, wanted[i]);

		assert_non_null(s);
		assert_true(s->is_copy && s->cheap && !s->wants_return);
	}
	vec_for_each (plan, s)
		copies += s->is_copy;
	assert_int_equal(copies, 4);
	assert_int_equal(found->copies, 5);
	assert_int_equal(found->unread, 1);
	assert_int_equal(plan->n, 4 + 4 + 1);
	assert_non_null(site_of(
		plan, HEAP_COOKIE(HEAP_REALLOC, 2, HEAP_ARG_NONE, 1, HEAP_ARG_NONE) | HEAP_PYTHON));
}

static void plan_built(const char *compare, const char *flags)
{
	struct probe_plan plan = { 0 };
	struct pymalloc found;
	struct image *image;
	char source[sizeof(text) + 256];
	int fd;

	snprintf(source, sizeof(source), "%s%s", compare, text);
	write_file("a.s", source);
	assert_int_equal(run("cc -nostdlib %s -o a a.s && strip a", flags), 0);
	fd = open(path_of("a"), O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(image_open(fd, &image), 0);
	assert_int_equal(pymalloc_plan(image, &plan, &found), 0);
	expect_sites(&plan, &found);
	assert_true(found.pools && !(found.pools & 7));
	probe_plan_free(&plan);
	image_close(image);
	close(fd);
}

static void at_a_fixed_address(void **state)
{
	(void)state;
	plan_built(fixed,
		   "-no-pie -Wl,-e,PyObject_Malloc -Wl,--export-dynamic -Wl,--no-as-needed -lc");
}

static void at_any_address(void **state)
{
	(void)state;
	plan_built(movable, "-shared -Wl,-Bsymbolic");
}

/* Every copy in the interpreter that is installed is understood. */
static void installed(void **state)
{
	struct probe_plan plan = { 0 };
	struct pymalloc found;
	struct image *image;
	int fd = open("/usr/bin/python3", O_RDONLY | O_CLOEXEC);

	(void)state;
	if (fd < 0)
		skip();
	assert_int_equal(image_open(fd, &image), 0);
	assert_int_equal(pymalloc_plan(image, &plan, &found), 0);
	print_message("%zu sites, %zu copies, %zu not understood\n", plan.n, found.copies,
		      found.unread);
	assert_true(plan.n >= 4);
	assert_int_equal(found.unread, 0);
	probe_plan_free(&plan);
	image_close(image);
	close(fd);
}

static void no_interpreter(void **state)
{
	struct probe_plan plan = { 0 };
	struct pymalloc found;
	struct image *image;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(image_open(fd, &image), 0);
	assert_int_equal(pymalloc_plan(image, &plan, &found), 0);
	assert_int_equal(plan.n + found.copies, 0);
	image_close(image);
	close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(at_a_fixed_address, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(at_any_address, make_dir, remove_dir),
		cmocka_unit_test(installed),
		cmocka_unit_test(no_interpreter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
