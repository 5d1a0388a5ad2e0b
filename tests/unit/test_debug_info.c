// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines and inlined calls, beside what binutils and elfutils say; separate debug files. */
#include "fixture_compile.h"

#include "stack/symbol_file.h"

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
		/*
		 * in the padding after a function both go on with its lines, binutils with its name
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
	/*
	 * a name with a slash, as only a forger writes it: the section is name, padding, checksum
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_equal_addr2line),
		cmocka_unit_test(test_without_aranges),
		cmocka_unit_test(test_rust),
		cmocka_unit_test(test_debug_link),
		cmocka_unit_test(test_link_that_leads_away),
		cmocka_unit_test(test_mini_debug_info),
		cmocka_unit_test(test_debuginfod),
	};

	return cmocka_run_group_tests_name("debug_info", tests, make_dir, remove_dir);
}
