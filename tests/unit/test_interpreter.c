// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which CPython a file is and how it lays out its frames, by files made for it and those installed.
 */
#include "fixture_compile.h"

#include "python/interpreter.h"
#include "python/layout.h"

/* Where 3.13 and 3.14 have what is taken from _Py_DebugOffsets. */
struct words {
	uint16_t tstate_frame, previous, code, instr, owner, file, name, lines, first, bytes;
};

static const struct words of_3_13 = { 184, 232, 240, 248, 264, 280, 296, 304, 312, 344 };
static const struct words of_3_14 = { 208, 256, 264, 272, 288, 320, 336, 344, 352, 384 };

static void put(uint8_t *bytes, size_t at, uint64_t word)
{
	memcpy(bytes + at, &word, sizeof(word));
}

/* What an interpreter says of itself whose fields are a little elsewhere than in the release. */
static void describe(uint8_t bytes[PYTHON_DEBUG_BYTES], uint64_t hex, const struct words *w)
{
	memset(bytes, 0xff, PYTHON_DEBUG_BYTES);
	memcpy(bytes, "xdebugpy", 8);
	put(bytes, 8, hex);
	put(bytes, 16, 0);
	put(bytes, w->tstate_frame, 88);
	put(bytes, w->previous, 16);
	put(bytes, w->code, 24);
	put(bytes, w->instr, 64);
	put(bytes, w->owner, 90);
	put(bytes, w->file, 104);
	put(bytes, w->name, 112);
	put(bytes, w->lines, 120);
	put(bytes, w->first, 76);
	put(bytes, w->bytes, 216);
}

static void check_described(uint32_t version, const struct words *w)
{
	uint8_t bytes[PYTHON_DEBUG_BYTES];
	struct python_layout l, before;

	assert_int_equal(python_layout_of(version, &l), 0);
	before = l;
	describe(bytes, (uint64_t)version << 16 | 0x10f0, w);
	assert_int_equal(python_layout_correct(&l, bytes, sizeof(bytes)), 0);
	assert_int_equal(l.tstate_frame, 88);
	assert_int_equal(l.frame_previous, 16);
	assert_int_equal(l.frame_code, 24);
	assert_int_equal(l.frame_instr, 64);
	assert_int_equal(l.frame_entry, 90);
	assert_int_equal(l.frame_bytes, 96);
	assert_int_equal(l.code_file, 104);
	assert_int_equal(l.code_name, 112);
	assert_int_equal(l.code_lines, 120);
	assert_int_equal(l.code_first_line, 76);
	assert_int_equal(l.code_bytes, 216);
	/* what a walk could not read, another version, and no description at all: as it was */
	l = before;
	put(bytes, w->owner, 128);
	assert_int_equal(python_layout_correct(&l, bytes, sizeof(bytes)), -EINVAL);
	put(bytes, w->owner, ~0ull);
	assert_int_equal(python_layout_correct(&l, bytes, sizeof(bytes)), -EINVAL);
	describe(bytes, (uint64_t)(version + 1) << 16, w);
	assert_int_equal(python_layout_correct(&l, bytes, sizeof(bytes)), -EINVAL);
	describe(bytes, (uint64_t)version << 16, w);
	bytes[0] = 'y';
	assert_int_equal(python_layout_correct(&l, bytes, sizeof(bytes)), -EINVAL);
	bytes[0] = 'x';
	assert_int_equal(python_layout_correct(&l, bytes, sizeof(bytes) - 1), -EINVAL);
	put(bytes, 16, 1);
	assert_int_equal(python_layout_correct(&l, bytes, sizeof(bytes)), -ENOTSUP);
	assert_memory_equal(&l, &before, sizeof(l));
}

static void test_described(void **state)
{
	(void)state;
	check_described(PYTHON_VERSION(3, 13), &of_3_13);
	check_described(PYTHON_VERSION(3, 14), &of_3_14);
}

static void test_versions(void **state)
{
	struct python_layout l;

	(void)state;
	for (unsigned int minor = 8; minor <= 14; minor++)
		assert_int_equal(python_layout_of(PYTHON_VERSION(3, minor), &l), 0);
	assert_int_equal(python_layout_of(PYTHON_VERSION(3, 7), &l), -ENOTSUP);
	assert_int_equal(python_layout_of(PYTHON_VERSION(3, 15), &l), -ENOTSUP);
}

/* A library with the symbols of an interpreter, which describes itself. */
static struct python_interpreter library(unsigned int minor, bool free_threaded,
					 const struct words *w)
{
	struct python_interpreter p;
	uint8_t bytes[PYTHON_DEBUG_BYTES];
	char text[8192] = "";
	size_t n;
	int fd;

	describe(bytes, 0x3000000 | minor << 16 | 0xf0, w);
	put(bytes, 16, free_threaded);
	n = (size_t)snprintf(text, sizeof(text),
			     "const unsigned Py_Version = %#x;\nint PyType_Type[104] = { 1 };\n"
			     "int _PyEval_EvalFrameDefault(int x) { return x * 3; }\n"
			     "unsigned char _PyRuntime[4096] = {",
			     0x3000000 | minor << 16 | 0xf0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%u,", bytes[i]);
	snprintf(text + n, sizeof(text) - n, "};\n");
	write_file("p.c", text);
	assert_int_equal(run("cc -shared -fPIC -s -o libp.so p.c"), 0);
	fd = open(path_of("libp.so"), O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(python_interpreter_find(fd, "/usr/lib/libp.so", &p), 0);
	close(fd);
	return p;
}

static void test_free_threaded(void **state)
{
	struct python_interpreter p;

	(void)state;
	p = library(14, false, &of_3_14);
	assert_int_equal(p.version, PYTHON_VERSION(3, 14));
	assert_true(p.supported && !p.free_threaded && p.type_type && p.runtime && p.eval);
	assert_int_equal(p.layout.frame_entry, 90);
	p = library(14, true, &of_3_14);
	assert_true(!p.supported && p.free_threaded);
	p = library(13, true, &of_3_13);
	assert_true(!p.supported && p.free_threaded);
	/* the words of one version are not those of the other */
	p = library(14, false, &of_3_13);
	assert_false(p.supported);
	p = library(15, false, &of_3_14);
	assert_int_equal(p.version, PYTHON_VERSION(3, 15));
	assert_false(p.supported);
}

static void test_no_interpreter(void **state)
{
	struct python_interpreter p;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(python_interpreter_find(fd, "/usr/bin/python3.11", &p), 0);
	assert_int_equal(p.version, 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_described),
		cmocka_unit_test(test_versions),
		cmocka_unit_test_setup_teardown(test_free_threaded, make_dir, remove_dir),
		cmocka_unit_test(test_no_interpreter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
