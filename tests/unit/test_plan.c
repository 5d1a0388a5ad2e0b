// SPDX-License-Identifier: GPL-2.0-or-later
/* Plans of the installed allocators, of files made to order, and of damaged ones. */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "probe_cookie.h"
#include "probe/image.h"
#include "probe/plan.h"

#define DEBIAN "/usr/lib/x86_64-linux-gnu/"

static int fd_of(const void *bytes, size_t n)
{
	int fd = memfd_create("plan", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	return fd;
}

/* Plans and closes. */
static int plan_fd(int fd, struct probe_plan *plan)
{
	struct image *image;
	int err = image_open(fd, &image);

	*plan = (struct probe_plan){ 0 };
	if (!err) {
		err = probe_plan_image(image, plan);
		image_close(image);
	}
	close(fd);
	return err;
}

/* False, having said so, when there is no such file. */
static bool plan_path(const char *path, struct probe_plan *plan)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		print_message("skipped: no %s\n", path);
		return false;
	}
	assert_int_equal(plan_fd(fd, plan), 0);
	return true;
}

static const struct probe_site *site_of(const struct probe_plan *plan, const char *function)
{
	vec_for_each (plan, s)
		if (!strcmp(s->function, function))
			return s;
	return NULL;
}

/* Each function that throws has its rets for sites. */
static void check_exits(const struct probe_plan *plan)
{
	size_t exits = 0;

	vec_for_each (plan, s) {
		if (s->unseen)
			fail_msg("the rets of %s were not found", s->function);
		exits += s->is_exit;
	}
	assert_true(exits);
}

static void check_names(const struct probe_plan *plan, const char *present, const char *absent)
{
	char words[512], *rest, *word;

	snprintf(words, sizeof(words), "%s", present);
	for (rest = words; (word = strsep(&rest, " "));)
		if (*word && !site_of(plan, word))
			fail_msg("%s has no site", word);
	snprintf(words, sizeof(words), "%s", absent);
	for (rest = words; (word = strsep(&rest, " "));)
		if (*word && site_of(plan, word))
			fail_msg("%s has a site", word);
}

static void test_glibc(void **state)
{
	struct probe_plan plan;
	Dl_info info;

	(void)state;
	assert_true(dladdr(dlsym(RTLD_DEFAULT, "gnu_get_libc_version"), &info));
	assert_true(plan_path(info.dli_fname, &plan));
	check_names(
		&plan,
		"malloc free calloc realloc reallocarray posix_memalign memalign valloc pvalloc",
		"cfree aligned_alloc __libc_malloc __libc_free __libc_memalign");
	assert_int_equal(plan.n, 9);
	vec_for_each (&plan, s) {
		Dl_info at;

		assert_int_equal(s->wants_return, !!strcmp(s->function, "free"));
		assert_true(s == plan.at || s[-1].offset < s->offset);
		/* glibc's text lies at the address that is its offset */
		assert_true(dladdr((char *)info.dli_fbase + s->offset - s->skipped, &at));
		assert_ptr_equal(at.dli_saddr, (char *)info.dli_fbase + s->offset - s->skipped);
	}
	probe_plan_free(&plan);
}

static void test_installed_allocators(void **state)
{
	struct probe_plan plan;

	(void)state;
	if (plan_path(DEBIAN "libjemalloc.so.2", &plan)) {
		check_names(&plan,
			    "malloc free mallocx rallocx xallocx dallocx sdallocx _Znwm _ZdlPvm",
			    "_Znam _ZdlPv _ZdaPv sallocx nallocx");
		check_exits(&plan);
		probe_plan_free(&plan);
	}
	if (plan_path(DEBIAN "libmimalloc.so.2", &plan)) {
		check_names(
			&plan, "malloc free calloc mi_zalloc _Znwm mi_valloc mi_posix_memalign",
			"valloc posix_memalign cfree _ZdlPvm mi_free_size __libc_valloc mi_new");
		assert_true(site_of(&plan, "malloc")->cheap);
		check_exits(&plan);
		probe_plan_free(&plan);
	}
	if (plan_path(DEBIAN "libtcmalloc.so.4", &plan)) {
		check_names(&plan, "malloc free calloc _Znwm _ZdlPvm",
			    "tc_malloc tc_new _Znam cfree");
		check_exits(&plan);
		probe_plan_free(&plan);
	}
	if (plan_path("/usr/lib/x86_64-linux-musl/libc.so", &plan)) {
		check_names(&plan, "malloc free calloc realloc reallocarray valloc", "memalign");
		probe_plan_free(&plan);
	}
	if (plan_path(DEBIAN "libstdc++.so.6", &plan)) {
		/* its operator new calls malloc: only the beginning of handlers matters */
		check_names(&plan, "__cxa_begin_catch", "_Znwm");
		assert_int_equal(plan.n, 1);
		probe_plan_free(&plan);
	}
}

/* What cc makes of an assembly or C text; -1, having said so, without a compiler. */
static int build(const char *language, const char *flags, const char *source)
{
	char out[] = "/tmp/memtop-plan-XXXXXX", command[512];
	int fd = mkstemp(out);
	FILE *cc;

	assert_true(fd >= 0);
	close(fd);
	snprintf(command, sizeof(command), "${CC:-cc} -w -x %s -o %s - %s 2>/dev/null", language,
		 out, flags);
	cc = popen(command, "w");
	assert_non_null(cc);
	fputs(source, cc);
	fd = pclose(cc) ? -1 : open(out, O_RDONLY | O_CLOEXEC);
	unlink(out);
	if (fd < 0)
		print_message("skipped: cc cannot build %s %s\n", language, flags);
	return fd;
}

#define FUNCTION(name)                                                                             \
	".type " name ",@function\n" name ": push %rbx; pop %rbx; ret\n.size " name ",.-" name "\n"
#define GLOBAL(name) ".globl " name "\n" FUNCTION(name)
#define HIDDEN(name) ".hidden " name "\n" GLOBAL(name)

static void check_made(const char *language, const char *flags, const char *source,
		       const char *present, const char *absent)
{
	struct probe_plan plan;
	int fd = build(language, flags, source);

	if (fd < 0)
		return;
	assert_int_equal(plan_fd(fd, &plan), 0);
	check_names(&plan, present, absent);
	if (!*present)
		assert_int_equal(plan.n, 0);
	vec_for_each (&plan, s)
		if (!s->is_exit)
			assert_ptr_equal(site_of(&plan, s->function), s);
	probe_plan_free(&plan);
}

/* operator new of an allocator made of `code`: how many rets were found, -1: it is left out. */
static int exits_of(const char *code)
{
	struct probe_plan plan;
	char source[2048];
	int fd, n = 0;

	snprintf(source, sizeof(source), "%s%s%s",
		 GLOBAL("malloc") ".globl _Znwm\n.type _Znwm,@function\n_Znwm: .cfi_startproc\n",
		 code,
		 "\n.cfi_endproc\n.size _Znwm,.-_Znwm\n"
		 "other: .cfi_startproc\nnop\nret\n.cfi_endproc\n"
		 "away: .cfi_startproc\njmp *%rax\n.cfi_endproc\n");
	fd = build("assembler", "-nostdlib -shared -fPIC -Wl,--eh-frame-hdr", source);
	if (fd < 0)
		skip();
	assert_int_equal(plan_fd(fd, &plan), 0);
	vec_for_each (&plan, s) {
		assert_true(!s->is_exit || (!s->wants_return && !s->cheap));
		if (s->is_exit)
			assert_string_equal(s->instruction, "ret");
		if (!strcmp(s->function, "_Znwm") && !s->is_exit)
			assert_false(s->wants_return);
		if (s->unseen)
			n = -1;
		else if (s->is_exit && n >= 0)
			n++;
	}
	probe_plan_free(&plan);
	return n;
}

static void test_exits(void **state)
{
	(void)state;
	assert_int_equal(exits_of("push %rbx\npop %rbx\nret"), 1);
	assert_int_equal(exits_of("test %edi,%edi\nje 1f\nret\n1: xor %eax,%eax\nrep ret"), 2);
	/* round and round, and out by a tail call */
	assert_int_equal(exits_of("1: dec %edi\njne 1b\nloop 1b\njmp other"), 1);
	assert_int_equal(exits_of("call *%rax\ncall other\nsyscall\nret\n"), 1);
	/* what follows is not reached: the call before it never returns, or the trap */
	assert_int_equal(exits_of("je 1f\nret\n1: call away"), 1);
	assert_int_equal(exits_of("je 1f\nret\n1: ud2\njmp *%rax"), 1);
	/* through a slot to a function of the same file, and of another one */
	assert_int_equal(exits_of("je 1f\nret\n1: jmp malloc@plt"), 2);
	assert_int_equal(exits_of("je 1f\nret\n1: jmp elsewhere@plt"), -1);
	assert_int_equal(exits_of("je 1f\nret\n1: jmp *%rax"), -1);
	assert_int_equal(exits_of("je 1f\nret\n1: jmp away"), -1);
	assert_int_equal(exits_of("je 1f\nret\n1: .byte 0x06"), -1);
	assert_int_equal(exits_of("ud2"), -1);
	/* more than a function is believed to have */
	assert_int_equal(exits_of(".rept 64\nje 1f\nret\n1:\n.endr\nud2"), 64);
	assert_int_equal(exits_of(".rept 65\nje 1f\nret\n1:\n.endr\nud2"), -1);
}

/* How mi_new of a library is probed that also has this: 'r' by a return probe, 'x' by its rets. */
static int mimalloc_with(const char *more)
{
	const struct probe_site *site;
	struct probe_plan plan;
	char source[1024];
	int fd, how;

	snprintf(source, sizeof(source), "%s%s%s",
		 ".globl mi_new\n.type mi_new,@function\nmi_new: .cfi_startproc\n"
		 "push %rbx\npop %rbx\nret\n.cfi_endproc\n.size mi_new,.-mi_new\n",
		 GLOBAL("mi_free"), more);
	fd = build("assembler", "-nostdlib -shared -fPIC -Wl,--eh-frame-hdr", source);
	if (fd < 0)
		skip();
	assert_int_equal(plan_fd(fd, &plan), 0);
	site = site_of(&plan, "mi_new");
	assert_non_null(site);
	how = site->unseen ? 'u' : site->wants_return ? 'r' : 'x';
	probe_plan_free(&plan);
	return how;
}

/* mimalloc throws only where there is C++ to throw; CPython has one of its own inside. */
static void test_mimalloc(void **state)
{
	(void)state;
	assert_int_equal(mimalloc_with(""), 'r');
	assert_int_equal(mimalloc_with(GLOBAL("_Py__ZSt15get_new_handlerv")), 'r');
	assert_int_equal(mimalloc_with(".weak _ZSt15get_new_handlerv\n"
				       "other: call _ZSt15get_new_handlerv@plt\n"),
			 'x');
	assert_int_equal(mimalloc_with("other: call __cxa_throw@plt\n"), 'x');
}

static void test_which_symbols_count(void **state)
{
	static const char lib[] = "-nostdlib -shared -fPIC",
			  prog[] = "-nostdlib -static -Wl,-e0x401000";

	(void)state;
	check_made("assembler", lib, GLOBAL("free"), "free", "");
	check_made("assembler", lib, HIDDEN("malloc") HIDDEN("free"), "", "malloc free");
	check_made("assembler", lib, FUNCTION("malloc") FUNCTION("free") GLOBAL("foo"), "", "");
	check_made("assembler", lib, HIDDEN("mi_malloc") HIDDEN("mi_free"), "mi_malloc mi_free",
		   "");
	check_made("assembler", lib, FUNCTION("je_malloc") FUNCTION("je_free"), "je_malloc je_free",
		   "");
	check_made("assembler", lib, FUNCTION("je_malloc") FUNCTION("mi_free"), "", "");
	check_made("assembler", prog, GLOBAL("malloc") GLOBAL("free"), "malloc free", "");
	check_made("assembler", prog, FUNCTION("malloc") FUNCTION("free"), "malloc free", "");
	check_made("assembler", prog, GLOBAL("free"), "", "");
	check_made("assembler", prog, GLOBAL("__libc_malloc") GLOBAL("__libc_free"),
		   "__libc_malloc __libc_free", "");
	check_made("assembler", prog,
		   GLOBAL("__libc_malloc") GLOBAL("__libc_free") GLOBAL("malloc") GLOBAL("free"),
		   "malloc free", "__libc_malloc __libc_free");
	check_made("assembler", lib, GLOBAL("_Znwm") GLOBAL("_ZdlPv"), "", "_Znwm _ZdlPv");
	check_made("assembler", lib, GLOBAL("malloc") GLOBAL("_Znwm") GLOBAL("_ZdlPv"),
		   "malloc _Znwm _ZdlPv", "");
	check_made("assembler", prog,
		   GLOBAL("malloc") GLOBAL("free") GLOBAL("_Znwm") GLOBAL("_ZdlPv"), "malloc free",
		   "_Znwm _ZdlPv");
	check_made("assembler", prog,
		   GLOBAL("malloc") GLOBAL("free") GLOBAL("_Znwm") GLOBAL("_ZdlPv") GLOBAL("tc_new")
			   GLOBAL("tc_delete"),
		   "malloc free _Znwm tc_new", "");
	/* a jump to what does the same is another name for it, to what does not it is none */
	check_made("assembler", lib,
		   GLOBAL("free") ".globl cfree\n.type cfree,@function\ncfree: jmp free@plt\n",
		   "free", "cfree");
	check_made("assembler", lib,
		   GLOBAL("free") ".globl malloc\n.type malloc,@function\nmalloc: jmp free@plt\n",
		   "free malloc", "");
	check_made("assembler", lib, ".globl malloc\nmalloc=0x1234\n.type malloc,@function\n", "",
		   "malloc");
}

static void test_programs(void **state)
{
	static const char source[] = "int main(void) { return !__builtin_malloc(1); }";
	static const char address[] = "void *malloc(unsigned long);\n"
				      "int main(void) { return (int)(long)&malloc; }";
	static const char own[] = "#define OWN static __attribute__((noinline, used))\n"
				  "OWN void *malloc(long n) { return (void *)n; }\n"
				  "OWN void free(void *p) {}\n"
				  "int main(void) { free(malloc(1)); return 0; }";
	static const char new[] = "int main() { return !new int; }";

	(void)state;
	/* the address of a function elsewhere gives its undefined symbol a value */
	check_made("c", "-no-pie -fno-pic", address, "", "malloc");
	check_made("c", "-fno-builtin", own, "", "malloc free");
	/* libc's, not the program's own */
	check_made("c", "-fno-builtin -static", own, "malloc free calloc", "");
	check_made("c", "-static", source, "malloc free calloc realloc", "__libc_malloc cfree");
	check_made("c", "-static-pie", source, "malloc free", "__libc_malloc");
	check_made("c", "-static -s", source, "", "malloc");
	check_made("c", "", source, "", "malloc");
	check_made("c++", "-static -lstdc++", new, "malloc free", "_Znwm _ZdlPv");
}

static void check_refused(int fd, int err, const char *word)
{
	struct image *image;
	int got = image_open(fd, &image);

	close(fd);
	assert_int_equal(got, err);
	assert_non_null(strstr(error_text(got), word));
}

static void test_refused(void **state)
{
	Elf64_Ehdr head = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					 ELFDATA2LSB, EV_CURRENT },
			    .e_type = ET_REL,
			    .e_machine = EM_X86_64,
			    .e_version = EV_CURRENT,
			    .e_ehsize = sizeof(head) };

	(void)state;
	check_refused(fd_of("", 0), -ENOEXEC, "ELF");
	check_refused(fd_of("#!/bin/sh\n", 10), -ENOEXEC, "not an ELF file");
	check_refused(fd_of(&head, sizeof(head)), -ENOEXEC, "neither");
	head.e_type = ET_DYN;
	head.e_machine = EM_AARCH64;
	check_refused(fd_of(&head, sizeof(head)), -ENOEXEC, "processor");
	head.e_ident[EI_CLASS] = ELFCLASS32;
	check_refused(fd_of(&head, sizeof(head)), -ENOEXEC, "32-bit");
}

/* Cut off and altered everywhere: it may find fewer sites or none, never fail otherwise. */
static void test_damaged(void **state)
{
	int fd = build("assembler", "-nostdlib -shared -fPIC", GLOBAL("malloc") GLOBAL("free"));
	struct probe_plan plan;
	uint8_t *whole, *copy;
	size_t n, i;

	(void)state;
	if (fd < 0)
		return;
	n = lseek(fd, 0, SEEK_END);
	whole = malloc(n);
	copy = malloc(n);
	assert_true(whole && copy);
	assert_int_equal(pread(fd, whole, n, 0), n);
	close(fd);
	for (i = 0; i < n; i += 61) {
		int err = plan_fd(fd_of(whole, i), &plan);

		assert_true(!err || err == -ENOEXEC);
		probe_plan_free(&plan);
	}
	srand(1);
	for (i = 0; i < 3000; i++) {
		int err, k;

		memcpy(copy, whole, n);
		for (k = 0; k < 1 + rand() % 8; k++) {
			/* half of them in the header and the program headers */
			size_t at = rand() % (rand() & 1 ? n : 512);

			copy[at] = rand();
		}
		err = plan_fd(fd_of(copy, n), &plan);
		assert_true(!err || err == -ENOEXEC);
		probe_plan_free(&plan);
	}
	free(whole);
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_glibc),
		cmocka_unit_test(test_installed_allocators),
		cmocka_unit_test(test_which_symbols_count),
		cmocka_unit_test(test_exits),
		cmocka_unit_test(test_mimalloc),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
