// SPDX-License-Identifier: GPL-2.0-or-later
/* Names: sizes, aliases, versions, stubs, damaged files; with and without position dependence. */
#include "fixture_compile.h"

#include "stack/symbol_file.h"

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
		cmocka_unit_test(test_position_dependence),
		cmocka_unit_test(test_sizes_and_aliases),
		cmocka_unit_test(test_label_ends_with_its_section),
		cmocka_unit_test(test_old_versions),
		cmocka_unit_test(test_plt),
		cmocka_unit_test(test_odd_names),
		cmocka_unit_test(test_cxx),
		cmocka_unit_test(test_damaged_files),
	};

	return cmocka_run_group_tests_name("symbol_file", tests, make_dir, remove_dir);
}
