// SPDX-License-Identifier: GPL-2.0-or-later
/* What ELF files and their debug files say of addresses, beside what elfutils and binutils say. */
#include "fixture_compile.h"

#include "stack/symbol_file.h"

/* Inlined calls in blocks, in loops and in one another; a cold part; recursion. */
static const char inline_c[] =
	"#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
	"volatile int sink;\n"
	"static inline int leaf(int a)\n{\n\tsink = a;\n\treturn a * sink + 3;\n}\n"
	"static inline int middle(int a)\n{\n\tint r = 0;\n"
	"\tfor (int i = 0; i < a; i++) {\n\t\tint twice = leaf(i);\n\t\tr += twice;\n"
	"\t\tif (r > 1000)\n\t\t\tr -= leaf(r);\n\t}\n\treturn r;\n}\n"
	"static inline int outer(int a)\n{\n\tif (a & 1)\n\t\treturn middle(a) + leaf(a);\n"
	"\treturn middle(a + 1) - 1;\n}\n"
	"__attribute__((noinline)) static int hidden(int a)\n{\n\treturn outer(a) ^ outer(a * "
	"7);\n}\n"
	"__attribute__((noinline)) int shown(int a, char **v)\n{\n"
	"\tif (__builtin_expect(a > 100, 0)) {\n\t\tputs(v[0]);\n\t\tabort();\n\t}\n"
	"\treturn hidden(a) + hidden(a + 1) + outer(a);\n}\n"
	"static int compare(const void *x, const void *y)\n{\n"
	"\treturn leaf(*(const int *)x) - leaf(*(const int *)y);\n}\n"
	"__attribute__((noinline)) int sorted(int n)\n{\n\tint a[64];\n"
	"\tfor (int i = 0; i < 64; i++)\n\t\ta[i] = outer(i ^ n);\n"
	"\tqsort(a, 64, sizeof(a[0]), compare);\n\treturn a[3] + (n ? sorted(n - 1) : 0);\n}\n"
	"int main(int argc, char **argv)\n{\n"
	"\tprintf(\"%d\\n\", shown(argc, argv) + sorted(argc) + (int)strlen(argv[0]));\n"
	"\treturn 0;\n}\n";

static void build(const char *output, const char *flags)
{
	write_file("inline.c", inline_c);
	assert_int_equal(run("gcc -O2 %s inline.c -o %s", flags, output), 0);
}

/* Without what compilers append to the names of a function's copies and parts. */
static void drop_clone(char *name)
{
	static const char *const suffixes[] = { ".cold", ".isra.", ".part.", ".constprop." };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char *at = strstr(name, suffixes[i]);

		if (at)
			*at = '\0';
	}
}

/* What is at an address in addr2line's words: "function\nfile:line\n" for each. */
static size_t describe(struct symbol_file *f, uint64_t address, char *buf, size_t size)
{
	struct symbol symbols[SYMBOL_MAX_INLINES];
	size_t n = symbol_file_find(f, address, symbols, SYMBOL_MAX_INLINES), used = 0;
	char name[SYMBOL_NAME_SIZE];

	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s",
			 symbols[i].function ? symbols[i].function : "??");
		drop_clone(name);
		used += (size_t)snprintf(buf + used, size - used, "%s\n%s:%u\n", name,
					 symbols[i].file ? symbols[i].file : "??", symbols[i].line);
	}
	return n;
}

/* The answer of addr2line (either one) for the next address in f, in the same words. */
static void read_answer(FILE *f, char *buf, size_t size)
{
	char line[512];
	size_t used = 0;
	int c;

	assert_non_null(fgets(line, sizeof(line), f)); /* the address */
	buf[0] = '\0';
	while ((c = fgetc(f)) != EOF) {
		ungetc(c, f);
		if (c == '0')
			return;
		assert_non_null(fgets(line, sizeof(line), f));
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '/') { /* file:line:column */
			char *colon = strchr(strchr(line, ':') + 1, ':');

			if (colon)
				*colon = '\0';
			line[strcspn(line, " ")] = '\0';		  /* " (discriminator 2)" */
		} else if (strstr(line, ":?") || !strcmp(line, "??:0")) { /* or "crtstuff.c:?" */
			strcpy(line, "??:0");
		} else {
			line[strcspn(line, " ")] = '\0'; /* " inlined at ..." */
			drop_clone(line);
		}
		used += (size_t)snprintf(buf + used, size - used, "%s\n", line);
	}
}

static void assert_equals(const char *tool, const char *name, int addresses)
{
	uint64_t low, high;
	char wanted[4096], have[4096], command[512];
	int inlined = 0, unknown = 0;
	struct symbol_file *f;
	uint64_t *address;
	FILE *out;
	int fd;

	section_of(name, ".text", &low, &high);
	address = calloc((size_t)addresses, sizeof(*address));
	out = fopen(path_of("addresses"), "w");
	srand(11);
	for (int i = 0; i < addresses; i++) {
		address[i] = low + (uint64_t)rand() % (high - low);
		fprintf(out, "0x%lx\n", address[i]);
	}
	fclose(out);
	snprintf(command, sizeof(command), "cd %s && %s -a -f -i -e %s <addresses", dir, tool,
		 name);
	out = popen(command, "r");
	fd = open(path_of(name), O_RDONLY);
	assert_int_equal(symbol_file_open(fd, 0, path_of(name), &f), 0);
	close(fd);
	for (int i = 0; i < addresses; i++) {
		read_answer(out, wanted, sizeof(wanted));
		inlined += describe(f, address[i], have, sizeof(have)) > 1;
		/* in the padding after a function both go on with its lines, binutils with its name
		 */
		if (!strncmp(have, "??\n", 3) && (tool[0] == 'a' || !strncmp(wanted, "??\n", 3)))
			unknown++;
		else
			assert_string_equal(have, wanted);
	}
	pclose(out);
	print_message("%s: %d of %s equal, %d with inlined calls, %d in padding\n", tool, addresses,
		      name, inlined, unknown);
	assert_true(inlined > addresses / 4);
	assert_true(unknown < addresses / 20);
	symbol_file_close(f);
	free(address);
}

static void test_lines_equal_addr2line(void **state)
{
	static const char *const flags[] = { "-g", "-g -gdwarf-4", "-g -gz -no-pie",
					     "-gdwarf-4 -O3 -flto" };

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		char name[16];

		snprintf(name, sizeof(name), "inline%zu", i);
		build(name, flags[i]);
		assert_equals("addr2line", name, 2000);
		/* elfutils 0.188 does not find what was inlined across LTO's units */
		if (!strstr(flags[i], "-flto"))
			assert_equals("eu-addr2line", name, 2000);
	}
}

/* clang writes no .debug_aranges; every unit's own ranges must do. */
static void test_without_aranges(void **state)
{
	struct symbol at;

	(void)state;
	build("aranges", "-g");
	assert_int_equal(run("objcopy -R .debug_aranges aranges noaranges"), 0);
	assert_string_equal(name_at("noaranges", address_of("aranges", "shown"), &at), "shown");
	assert_non_null(at.file);
	assert_non_null(strstr(at.file, "/inline.c"));
	assert_in_range(at.line, 31, 32);
	assert_int_equal(at.symbol_offset, 0);
}

static void test_position_dependence(void **state)
{
	static const char *const flags[] = { "-pie",
					     "-no-pie",
					     "-static-pie",
					     "-static",
					     "-no-pie -Wl,-Ttext-segment=0x10000000",
					     "-Wl,-z,noseparate-code" };

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		build("position", flags[i]);
		assert_string_equal(name_at("position", address_of("position", "main"), NULL),
				    "main");
		assert_string_equal(name_at("position", address_of("position", "hidden") + 3, NULL),
				    "hidden");
	}
}

static void assert_has_lines(const char *name, uint64_t address, const char *function)
{
	struct symbol at;

	assert_string_equal(name_at(name, address, &at), function);
	assert_non_null(at.file);
	assert_non_null(strstr(at.file, "inline.c"));
}

static void test_debug_link(void **state)
{
	static const char strip[] = "objcopy --only-keep-debug linked linked.debug && "
				    "objcopy -S --add-gnu-debuglink=linked.debug linked stripped";
	uint64_t hidden;

	(void)state;
	/* without a build-id the checksum must do */
	build("linked", "-g -Wl,--build-id=none");
	hidden = address_of("linked", "hidden");
	assert_int_equal(run("%s", strip), 0);
	assert_has_lines("stripped", hidden, "hidden");
	assert_int_equal(run("mkdir -p .debug && mv linked.debug .debug/"), 0);
	assert_has_lines("stripped", hidden, "hidden");
	assert_int_equal(run("echo >> .debug/linked.debug"), 0);
	assert_string_equal(name_at("stripped", hidden, NULL), "");
	/* with one, the file of another build is not taken */
	build("linked", "-g -Wl,--build-id");
	assert_int_equal(run("%s && rm -rf .debug", strip), 0);
	assert_has_lines("stripped", hidden, "hidden");
	build("other", "-g -DOTHER -Wl,--build-id -O1");
	assert_int_equal(run("objcopy --only-keep-debug other linked.debug"), 0);
	assert_string_equal(name_at("stripped", hidden, NULL), "");
}

static void test_link_that_leads_away(void **state)
{
	uint64_t hidden;

	(void)state;
	build("away", "-g -Wl,--build-id=none");
	hidden = address_of("away", "hidden");
	/* a name with a slash, as only a forger writes it: the section is name, padding, checksum
	 */
	assert_int_equal(run("mkdir -p sub && objcopy --only-keep-debug away sub/x.debug && "
			     "objcopy -S --add-gnu-debuglink=sub/x.debug away stripped && "
			     "objcopy -O binary --only-section=.gnu_debuglink "
			     "--set-section-flags .gnu_debuglink=alloc stripped link && "
			     "printf 'sub/x.debug\\0' > forged && tail -c 4 link >> forged && "
			     "objcopy --update-section .gnu_debuglink=forged stripped"),
			 0);
	assert_string_equal(name_at("stripped", hidden, NULL), "");
}

static void test_mini_debug_info(void **state)
{
	uint64_t hidden;

	(void)state;
	if (run("command -v xz >/dev/null")) {
		print_message("skipped: no xz\n");
		skip();
	}
	build("mini", "-g");
	hidden = address_of("mini", "hidden");
	assert_int_equal(run("objcopy -S mini stripped"), 0);
	assert_string_equal(name_at("stripped", hidden, NULL), "");
	assert_int_equal(run("objcopy --only-keep-debug mini d && strip -g d && xz -k d && "
			     "objcopy --add-section .gnu_debugdata=d.xz stripped packed"),
			 0);
	assert_string_equal(name_at("packed", hidden, NULL), "hidden");
	/* damaged, and one that unpacks to more than there may be */
	assert_int_equal(run("head -c 300 d.xz > cut.xz && "
			     "objcopy --add-section .gnu_debugdata=cut.xz stripped packed"),
			 0);
	assert_string_equal(name_at("packed", hidden, NULL), "");
	assert_int_equal(run("(cat d; head -c 80M /dev/zero) | xz -1 > big.xz && "
			     "objcopy --add-section .gnu_debugdata=big.xz stripped packed"),
			 0);
	assert_string_equal(name_at("packed", hidden, NULL), "");
}

static void test_debuginfod(void **state)
{
	uint64_t hidden;
	char url[64];

	(void)state;
	if (run("ls /usr/lib/*/libdebuginfod.so.1 /usr/lib*/libdebuginfod.so.1 >/dev/null 2>&1; "
		"[ $? -ne 2 ] || ls /usr/lib/*/libdebuginfod.so.1 >/dev/null 2>&1")) {
		print_message("skipped: no libdebuginfod\n");
		skip();
	}
	build("served", "-g -Wl,--build-id=0x00112233445566778899aabbccddeeff00112233");
	hidden = address_of("served", "hidden");
	assert_int_equal(
		run("d=www/buildid/00112233445566778899aabbccddeeff00112233; "
		    "mkdir -p $d cache && objcopy --only-keep-debug served $d/debuginfo && "
		    "objcopy -S served stripped"),
		0);
	setenv("DEBUGINFOD_CACHE_PATH", path_of("cache"), 1);
	unsetenv("DEBUGINFOD_URLS");
	assert_string_equal(name_at("stripped", hidden, NULL), "");
	snprintf(url, sizeof(url), "file://%s/www", dir);
	setenv("DEBUGINFOD_URLS", url, 1);
	assert_has_lines("stripped", hidden, "hidden");
	unsetenv("DEBUGINFOD_URLS");
}

static const char sizes_s[] =
	".text\n.globl _start\n.type _start,@function\n_start: nop\nnop\nnop\nnop\n.size _start,4\n"
	"gap: .skip 8\n" /* a local label without a type is a name all the same */
	".type sized,@function\nsized: .skip 16\ninside: .skip 16\n.size sized,32\n"
	".skip 16\n"
	".globl __alias\n.globl alias\n.weak weaker\n.type alias,@function\n.type "
	"__alias,@function\n"
	".type weaker,@function\nalias: __alias: weaker: _local_alias: .skip 8\n"
	".size alias,8\n.size __alias,8\n.size weaker,8\n"
	".type weakname,@function\n.type __strong,@function\n.weak weakname\n.globl __strong\n"
	"weakname: __strong: .skip 8\n.size weakname,8\n.size __strong,8\n"
	".type __exported,@function\n.type own,@function\n.globl __exported\n"
	"own: __exported: .skip 8\n.size own,8\n.size __exported,8\n"
	".type huge,@function\nhuge: .skip 8\n.size huge,0x7fffffffffffffff\n"
	".type after,@function\nafter: .skip 8\n.size after,8\n"
	"last: .skip 8\n"
	".section .other,\"ax\",@progbits\n.skip 64\n";

static void test_sizes_and_aliases(void **state)
{
	uint64_t start, sized, alias, after;

	(void)state;
	write_file("sizes.s", sizes_s);
	assert_int_equal(run("gcc -nostdlib -static -Wl,--build-id=none sizes.s -o sizes"), 0);
	start = address_of("sizes", "_start");
	sized = address_of("sizes", "sized");
	alias = address_of("sizes", "alias");
	after = address_of("sizes", "after");
	assert_string_equal(name_at("sizes", start + 3, NULL), "_start");
	assert_string_equal(name_at("sizes", start + 4, NULL), "gap");
	assert_string_equal(name_at("sizes", start + 11, NULL), "gap");
	assert_string_equal(name_at("sizes", sized, NULL), "sized");
	assert_string_equal(name_at("sizes", sized + 20, NULL), "sized");
	assert_string_equal(name_at("sizes", sized + 32, NULL), "");
	assert_string_equal(name_at("sizes", sized + 47, NULL), "");
	assert_string_equal(name_at("sizes", alias, NULL), "alias");
	assert_string_equal(name_at("sizes", alias + 8, NULL), "weakname");
	assert_string_equal(name_at("sizes", alias + 16, NULL), "__exported");
	assert_string_equal(name_at("sizes", after - 1, NULL), "huge");
	assert_string_equal(name_at("sizes", after, NULL), "after");
	/* what a symbol claims to have beyond its segment is not its own, what is inside is */
	assert_string_equal(name_at("sizes", after + 8, NULL), "huge");
}

static void test_label_ends_with_its_section(void **state)
{
	uint64_t first;

	(void)state;
	write_file("labels.s", ".text\n.globl _start\n_start: .skip 16\n"
			       ".section .second,\"ax\",@progbits\n.skip 16\n");
	assert_int_equal(run("gcc -nostdlib -static labels.s -o labels"), 0);
	first = address_of("labels", "_start");
	assert_string_equal(name_at("labels", first + 15, NULL), "_start");
	assert_string_equal(name_at("labels", first + 16, NULL), "");
}

/* A name that only old programs link to does not stand for the function, though it is shorter. */
static void test_old_versions(void **state)
{
	uint64_t address;

	(void)state;
	write_file("old.c", "__asm__(\".symver old_form, form@OLD\");\n"
			    "int transform(void) { return 3; }\n"
			    "int old_form(void) __attribute__((alias(\"transform\")));\n");
	write_file("old.map",
		   "OLD { global: form; local: *; };\nNEW { global: transform; } OLD;\n");
	assert_int_equal(run("gcc -shared -fPIC -Wl,--version-script=old.map old.c -o old.so"), 0);
	address = address_of("old.so", "transform");
	assert_string_equal(name_at("old.so", address, NULL), "transform");
	assert_int_equal(run("strip old.so"), 0);
	assert_string_equal(name_at("old.so", address, NULL), "transform");
}

/* Every stub that objdump knows. */
static void assert_stubs(const char *flags)
{
	char line[512], name[256], stub[300], command[512];
	uint64_t address;
	int found = 0;
	FILE *f;

	build("stubs", flags);
	snprintf(command, sizeof(command),
		 "cd %s && objdump -d -j .plt -j .plt.sec -j .plt.got stubs 2>/dev/null | grep "
		 "'@plt>:'",
		 dir);
	f = popen(command, "r");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx <%255[^@>]", &address, name) != 2 || strchr(name, '*'))
			continue;
		snprintf(stub, sizeof(stub), "%s@plt", name);
		assert_string_equal(name_at("stubs", address, NULL), stub);
		assert_string_equal(name_at("stubs", address + 5, NULL), stub);
		found++;
	}
	pclose(f);
	assert_true(found >= 4);
	/* the stripped file has the same stubs */
	assert_int_equal(run("strip stubs"), 0);
	assert_string_equal(name_at("stubs", address, NULL), stub);
}

static void test_plt(void **state)
{
	uint64_t low, high;

	(void)state;
	assert_stubs("-Wl,-z,lazy");
	assert_stubs("-Wl,-z,now");
	assert_stubs("-Wl,-z,lazy -fcf-protection=full -Wl,-z,ibtplt");
	/* .plt holds what binds them then, after an entry that all of those share */
	section_of("stubs", ".plt", &low, &high);
	assert_string_equal(name_at("stubs", low, NULL), "");
	for (uint64_t at = low + 16; at < high; at += 16)
		assert_non_null(strstr(name_at("stubs", at, NULL), "@plt"));
	assert_stubs("-no-pie -Wl,-z,lazy");
}

static void test_odd_names(void **state)
{
	char source[8192], wanted[SYMBOL_NAME_SIZE];
	size_t n;

	(void)state;
	n = (size_t)snprintf(source, sizeof(source),
			     ".text\n.globl _start\n_start:\n.type \"e\033[2J\377\",@function\n"
			     "\"e\033[2J\377\": .skip 8\n.size \"e\033[2J\377\",8\n"
			     ".globl l");
	memset(source + n, 'o', 2000);
	n += 2000;
	n += (size_t)snprintf(source + n, sizeof(source) - n, "\nl");
	memset(source + n, 'o', 2000);
	n += 2000;
	snprintf(source + n, sizeof(source) - n, ": .skip 8\nmark: .skip 8\n");
	write_file("odd.s", source);
	assert_int_equal(run("gcc -nostdlib -static odd.s -o odd"), 0);
	n = address_of("odd", "mark");
	assert_string_equal(name_at("odd", n - 16, NULL), "e\033[2J\377");
	memset(wanted, 'o', sizeof(wanted));
	wanted[0] = 'l';
	wanted[sizeof(wanted) - 1] = '\0';
	assert_string_equal(name_at("odd", n - 8, NULL), wanted);
}

static void test_cxx(void **state)
{
	(void)state;
	write_file("t.cc",
		   "namespace space { template <class T> struct box { T t; "
		   "__attribute__((noinline)) T get(int n) { return n ? t : T(); } }; }\n"
		   "int main(int c, char **) { space::box<long> b{c}; return b.get(c); }\n");
	assert_int_equal(run("g++ -O1 -g t.cc -o cxx"), 0);
	assert_string_equal(name_at("cxx", address_of("cxx", "_ZN5space3boxIlE3getEi"), NULL),
			    "space::box<long>::get(int)");
}

/* rustc puts functions into namespaces, where gcc has them at the top of the unit. */
static void test_rust(void **state)
{
	struct symbol symbols[SYMBOL_MAX_INLINES];
	struct symbol_file *f;
	int fd, inlined = 0;
	uint64_t address;

	(void)state;
	if (run("rustc --version >/dev/null 2>&1")) {
		print_message("skipped: no rustc\n");
		skip();
	}
	write_file("krate.rs",
		   "mod inner { pub struct Thing<T>(pub T);\n"
		   "#[inline(always)] fn hide(v: i32) -> i32 { std::hint::black_box(v) }\n"
		   "impl Thing<i32> { #[inline(never)] pub fn fetch(&self) -> i32 "
		   "{ hide(self.0) } }\n"
		   "#[inline(never)] pub fn free(t: &Thing<i32>) -> i32 "
		   "{ t.fetch() + hide(3) } }\n"
		   "fn main() { std::process::exit(inner::free(&inner::Thing(0))) }\n");
	assert_int_equal(run("rustc -g -O -C symbol-mangling-version=v0 krate.rs -o krate"), 0);
	address = address_of("krate", "_RNv.*5fetch.*");
	assert_string_equal(name_at("krate", address, NULL), "<krate::inner::Thing<i32>>::fetch");
	address = address_of("krate", "_RNv.*4free.*");
	assert_string_equal(name_at("krate", address, NULL), "krate::inner::free");
	fd = open(path_of("krate"), O_RDONLY);
	assert_int_equal(symbol_file_open(fd, 0, path_of("krate"), &f), 0);
	close(fd);
	for (uint64_t at = address; at < address + 24; at++) {
		size_t n = symbol_file_find(f, at, symbols, SYMBOL_MAX_INLINES);

		for (size_t i = 0; i + 1 < n; i++)
			inlined += symbols[i].function && strstr(symbols[i].function, "4hide");
	}
	assert_true(inlined > 0);
	symbol_file_close(f);
}

/* Files with bytes changed at random, in headers, tables and DWARF: any answer, but an answer. */
static void test_damaged_files(void **state)
{
	struct symbol symbols[SYMBOL_MAX_INLINES];
	struct symbol_file *f;
	uint64_t low;
	uint8_t *file, *copy;
	struct stat st;
	int fd, opened = 0;

	(void)state;
	build("whole", "-g");
	low = address_of("whole", "_init");
	fd = open(path_of("whole"), O_RDONLY);
	fstat(fd, &st);
	file = malloc((size_t)st.st_size);
	copy = malloc((size_t)st.st_size);
	assert_int_equal(read(fd, file, (size_t)st.st_size), st.st_size);
	close(fd);
	srand(5);
	for (int round = 0; round < 300; round++) {
		size_t n = round % 10 ? (size_t)st.st_size : (size_t)rand() % (size_t)st.st_size;

		memcpy(copy, file, (size_t)st.st_size);
		for (int i = 0; i < 1 << (round % 9); i++)
			copy[round % 3 ? (size_t)rand() % (size_t)st.st_size
				       : (size_t)rand() % 64] = (uint8_t)rand();
		fd = open(path_of("damaged"), O_RDWR | O_CREAT | O_TRUNC, 0600);
		assert_int_equal(write(fd, copy, n), n);
		if (!symbol_file_open(fd, 0, path_of("damaged"), &f)) {
			for (uint64_t at = low; at < low + 0x400; at += 7)
				assert_in_range(
					symbol_file_find(f, at, symbols, SYMBOL_MAX_INLINES), 1,
					SYMBOL_MAX_INLINES);
			symbol_file_close(f);
			opened++;
		}
		close(fd);
	}
	assert_true(opened > 100);
	free(file);
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_equal_addr2line),
		cmocka_unit_test(test_without_aranges),
		cmocka_unit_test(test_position_dependence),
		cmocka_unit_test(test_debug_link),
		cmocka_unit_test(test_link_that_leads_away),
		cmocka_unit_test(test_mini_debug_info),
		cmocka_unit_test(test_debuginfod),
		cmocka_unit_test(test_sizes_and_aliases),
		cmocka_unit_test(test_label_ends_with_its_section),
		cmocka_unit_test(test_old_versions),
		cmocka_unit_test(test_plt),
		cmocka_unit_test(test_odd_names),
		cmocka_unit_test(test_cxx),
		cmocka_unit_test(test_rust),
		cmocka_unit_test(test_damaged_files),
	};

	return cmocka_run_group_tests_name("symbol_file", tests, make_dir, remove_dir);
}
