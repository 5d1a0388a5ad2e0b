// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/interpreter.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "python/layout.h"
#include "stack/elf_image.h"

/* So much of PyGILState_GetThisThreadState is looked through for the thread states' key. */
#define KEY_CODE_BYTES 64

enum wanted { RUNTIME, EVAL, VERSION, THIS_THREAD, TYPE_TYPE, WANTED };

struct found {
	uint64_t at, bytes; /* at is 0 until found */
};

/* The strings that a symbol table's names are in, NUL-terminated at their end. */
static const char *strings_of(const struct elf_image *img, const char *name, uint64_t *n)
{
	Elf64_Shdr section;
	const char *strings;

	if (!elf_image_section(img, name, &section))
		return NULL;
	strings = (const char *)elf_image_bytes(img, section.sh_offset, section.sh_size);
	if (!strings || !section.sh_size || strings[section.sh_size - 1])
		return NULL;
	*n = section.sh_size;
	return strings;
}

static void symbols_find(const struct elf_image *img, const char *symbols, const char *names,
			 struct found found[WANTED])
{
	static const char *const wanted[WANTED] = {
		[RUNTIME] = "_PyRuntime",    [EVAL] = "_PyEval_EvalFrameDefault",
		[VERSION] = "Py_Version",    [THIS_THREAD] = "PyGILState_GetThisThreadState",
		[TYPE_TYPE] = "PyType_Type",
	};
	uint64_t n_strings;
	const char *strings = strings_of(img, names, &n_strings);
	const uint8_t *table;
	Elf64_Shdr section;

	/* most files are no interpreter: their symbols are not looked through */
	if (!strings || !memmem(strings, n_strings, "_PyRuntime", sizeof("_PyRuntime")) ||
	    !elf_image_section(img, symbols, &section))
		return;
	table = elf_image_bytes(img, section.sh_offset, section.sh_size);
	for (uint64_t i = 0; table && i < section.sh_size / sizeof(Elf64_Sym); i++) {
		Elf64_Sym s;

		memcpy(&s, table + i * sizeof(s), sizeof(s));
		if (s.st_shndx == SHN_UNDEF || s.st_name >= n_strings || !s.st_value)
			continue;
		for (int w = 0; w < WANTED; w++) {
			if (!strcmp(strings + s.st_name, wanted[w]))
				found[w] = (struct found){ s.st_value, s.st_size };
		}
	}
}

/* n bytes at an address in the file's own terms, or NULL. */
static const uint8_t *bytes_at(const struct elf_image *img, uint64_t vaddr, uint64_t n)
{
	uint64_t off, left;

	if (!elf_image_address(img, vaddr, &off, &left) || left < n)
		return NULL;
	return elf_image_bytes(img, off, n);
}

/* ".../python3.8", ".../libpython3.10.so.1.0" */
static uint32_t version_of_path(const char *path)
{
	const char *name = strrchr(path, '/');
	unsigned long minor;
	char *end;

	name = strstr(name ? name : path, "python3.");
	if (!name)
		return 0;
	minor = strtoul(name + strlen("python3."), &end, 10);
	return end == name + strlen("python3.") || minor > 255 ? 0 : PYTHON_VERSION(3, minor);
}

static uint32_t version_find(const struct elf_image *img, const struct found *symbol,
			     const char *path)
{
	const uint8_t *bytes = symbol->at ? bytes_at(img, symbol->at, 4) : NULL;
	uint32_t hex; /* PY_VERSION_HEX */

	if (!bytes)
		return version_of_path(path);
	memcpy(&hex, bytes, sizeof(hex));
	return hex >> 16;
}

/*
 * Which patch release it is may move the key, so the code that reads it is asked first:
 *	8b 3d disp32	mov disp(%rip),%edi	the key itself, for pthread_getspecific
 *	48 8d 3d disp32	lea disp(%rip),%rdi	its Py_tss_t, for PyThread_tss_get
 *	bf imm32	mov $imm,%edi		likewise
 */
static void key_find(const struct elf_image *img, const struct found found[WANTED],
		     struct python_layout *layout)
{
	uint64_t at = found[THIS_THREAD].at, n = found[THIS_THREAD].bytes, tss;
	const uint8_t *code;

	n = n && n < KEY_CODE_BYTES ? n : KEY_CODE_BYTES;
	code = at ? bytes_at(img, at, n) : NULL;
	for (uint64_t i = 0; code && i + 7 <= n; i++) {
		int32_t disp[2];

		memcpy(&disp[0], code + i + 2, 4);
		memcpy(&disp[1], code + i + 3, 4);
		if (code[i] == 0x8b && code[i + 1] == 0x3d) {
			tss = at + i + 6 + disp[0] - 4;
		} else if (code[i] == 0x48 && code[i + 1] == 0x8d && code[i + 2] == 0x3d) {
			tss = at + i + 7 + disp[1];
		} else if (code[i] == 0xbf) {
			memcpy(&disp[0], code + i + 1, 4);
			tss = (uint32_t)disp[0];
		} else {
			continue;
		}
		if (tss - found[RUNTIME].at < found[RUNTIME].bytes && !(tss & 3)) {
			layout->tss_key = tss - found[RUNTIME].at;
			return;
		}
	}
}

static void layout_find(const struct elf_image *img, const struct found found[WANTED],
			struct python_interpreter *out)
{
	const uint8_t *debug;
	int err;

	if (python_layout_of(out->version, &out->layout))
		return;
	key_find(img, found, &out->layout);
	out->supported = true;
	if (out->version < PYTHON_VERSION(3, 13))
		return;
	debug = bytes_at(img, out->runtime, PYTHON_DEBUG_BYTES);
	err = debug ? python_layout_correct(&out->layout, debug, PYTHON_DEBUG_BYTES) : -EINVAL;
	out->free_threaded = err == -ENOTSUP;
	out->supported = !err;
}

int python_interpreter_find(int fd, const char *path, struct python_interpreter *out)
{
	struct found found[WANTED] = { 0 };
	struct elf_image img;
	int err = elf_image_open_fd(&img, fd);

	*out = (struct python_interpreter){ 0 };
	if (err)
		goto out;
	symbols_find(&img, ".dynsym", ".dynstr", found);
	if (!found[RUNTIME].at)
		symbols_find(&img, ".symtab", ".strtab", found);
	if (!found[RUNTIME].at || !found[EVAL].at)
		goto out;
	out->version = version_find(&img, &found[VERSION], path);
	if (!out->version)
		goto out;
	out->runtime = found[RUNTIME].at;
	out->type_type = found[TYPE_TYPE].at;
	out->eval = found[EVAL].at;
	out->eval_bytes = found[EVAL].bytes;
	for (size_t i = 0; i < img.n_texts; i++) {
		if (out->eval - img.texts[i].vaddr >= img.texts[i].size)
			continue;
		out->text_offset = img.texts[i].offset;
		out->text_vaddr = img.texts[i].vaddr;
		out->text_bytes = img.texts[i].size;
	}
	layout_find(&img, found, out);
out:
	elf_image_close(&img);
	return err;
}

bool python_interpreter_bias(const struct python_interpreter *p, uint64_t start, uint64_t size,
			     uint64_t offset, uint64_t *bias)
{
	if (!p->text_bytes || p->text_offset + p->text_bytes <= offset ||
	    offset + size <= p->text_offset)
		return false;
	*bias = start - offset + p->text_offset - p->text_vaddr;
	return true;
}
