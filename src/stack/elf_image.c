// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/elf_image.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

/* Notes are few and small; a build-id is in one of the first. */
#define MAX_NOTE_SEGMENTS 16
#define MAX_NOTE_BYTES	  (64u << 10)

static int malformed(const char *what)
{
	return error_set(-EINVAL, "malformed ELF file: %s", what);
}

static int read_all(int fd, uint8_t *to, uint64_t len, uint64_t off)
{
	while (len) {
		ssize_t got = pread(fd, to, len, off);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -EIO;
		to += got;
		off += got;
		len -= got;
	}
	return 0;
}

const uint8_t *elf_image_bytes(const struct elf_image *img, uint64_t off, uint64_t len)
{
	if (off > img->size || len > img->size - off || len > ELF_IMAGE_MAX_BYTES)
		return NULL;
	if (img->fd >= 0 && read_all(img->fd, img->data + off, len, off))
		return NULL;
	return img->data + off;
}

Elf64_Phdr elf_image_phdr(const struct elf_image *img, size_t i)
{
	Elf64_Phdr ph;

	memcpy(&ph, img->phdrs + i * sizeof(ph), sizeof(ph));
	if (img->loaded)
		ph.p_offset = ph.p_vaddr - img->base;
	/* A file cut short still has its beginning. */
	if (ph.p_offset > img->size)
		ph.p_filesz = 0;
	else if (ph.p_filesz > img->size - ph.p_offset)
		ph.p_filesz = img->size - ph.p_offset;
	return ph;
}

static int find_texts(struct elf_image *img)
{
	for (size_t i = 0; i < img->n_phdrs; i++) {
		Elf64_Phdr ph = elf_image_phdr(img, i);

		if (ph.p_type != PT_LOAD || !(ph.p_flags & PF_X) || !ph.p_filesz)
			continue;
		if (img->n_texts == ELF_IMAGE_MAX_TEXTS)
			return malformed("too many executable segments");
		img->texts[img->n_texts++] = (struct cfi_text){
			.vaddr = ph.p_vaddr,
			.size = ph.p_filesz,
			.offset = ph.p_offset,
		};
	}
	return 0;
}

/* The lowest address, rounded down to a page as the loader does. */
static uint64_t lowest_address(const struct elf_image *img)
{
	uint64_t lowest = UINT64_MAX;

	for (size_t i = 0; i < img->n_phdrs; i++) {
		Elf64_Phdr ph = elf_image_phdr(img, i);

		if (ph.p_type == PT_LOAD && ph.p_vaddr < lowest)
			lowest = ph.p_vaddr;
	}
	return lowest == UINT64_MAX ? 0 : lowest & ~4095ull;
}

static int read_headers(struct elf_image *img, bool loaded)
{
	const uint8_t *bytes = elf_image_bytes(img, 0, sizeof(Elf64_Ehdr));
	Elf64_Ehdr eh;

	if (!bytes)
		return malformed("no ELF header");
	memcpy(&eh, bytes, sizeof(eh));
	if (memcmp(eh.e_ident, ELFMAG, SELFMAG) || eh.e_ident[EI_CLASS] != ELFCLASS64 ||
	    eh.e_ident[EI_DATA] != ELFDATA2LSB || eh.e_machine != EM_X86_64 ||
	    (eh.e_type != ET_EXEC && eh.e_type != ET_DYN))
		return malformed("not a 64-bit x86-64 program or library");
	if (eh.e_phnum && eh.e_phentsize != sizeof(Elf64_Phdr))
		return malformed("program headers of a wrong size");
	img->n_phdrs = eh.e_phnum;
	img->phdrs = elf_image_bytes(img, eh.e_phoff, img->n_phdrs * sizeof(Elf64_Phdr));
	if (!img->phdrs)
		return malformed("program headers past the end");
	if (loaded)
		img->base = lowest_address(img);
	img->loaded = loaded;
	return find_texts(img);
}

int elf_image_open(struct elf_image *img, const void *data, size_t size)
{
	/* Only written to when there is a descriptor to read from. */
	*img = (struct elf_image){ .data = (uint8_t *)data, .size = size, .fd = -1 };
	return read_headers(img, false);
}

int elf_image_open_loaded(struct elf_image *img, const void *data, size_t size)
{
	*img = (struct elf_image){ .data = (uint8_t *)data, .size = size, .fd = -1 };
	return read_headers(img, true);
}

int elf_image_open_fd(struct elf_image *img, int fd)
{
	struct stat st;
	void *data;
	int err;

	*img = (struct elf_image){ .fd = -1 };
	if (fstat(fd, &st))
		return error_set(-errno, "cannot look at an ELF file: %s", strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size <= 0)
		return malformed("not a file, or empty");
	/* Address space only; pages come into being where something is read. */
	data = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (data == MAP_FAILED)
		return -ENOMEM;
	*img = (struct elf_image){ .data = data, .size = st.st_size, .fd = fd };
	err = read_headers(img, false);
	if (err)
		elf_image_close(img);
	return err;
}

void elf_image_close(struct elf_image *img)
{
	if (img->data && img->fd >= 0)
		munmap(img->data, img->size);
	*img = (struct elf_image){ .fd = -1 };
}

bool elf_image_address(const struct elf_image *img, uint64_t vaddr, uint64_t *off, uint64_t *left)
{
	for (size_t i = 0; i < img->n_phdrs; i++) {
		Elf64_Phdr ph = elf_image_phdr(img, i);
		uint64_t into = vaddr - ph.p_vaddr;

		if (ph.p_type != PT_LOAD || vaddr < ph.p_vaddr || into >= ph.p_filesz)
			continue;
		*off = ph.p_offset + into;
		*left = ph.p_filesz - into;
		return true;
	}
	return false;
}

/* Section header i, or false past the last. */
static bool section_at(const uint8_t *headers, size_t n, size_t i, Elf64_Shdr *sh)
{
	if (i >= n)
		return false;
	memcpy(sh, headers + i * sizeof(*sh), sizeof(*sh));
	return true;
}

bool elf_image_section(const struct elf_image *img, const char *name, Elf64_Shdr *found)
{
	const uint8_t *bytes = elf_image_bytes(img, 0, sizeof(Elf64_Ehdr)), *headers, *names;
	size_t len = strlen(name) + 1;
	Elf64_Shdr strings;
	Elf64_Ehdr eh;

	if (!bytes || img->loaded)
		return false;
	memcpy(&eh, bytes, sizeof(eh));
	if (eh.e_shentsize != sizeof(Elf64_Shdr))
		return false;
	headers = elf_image_bytes(img, eh.e_shoff, eh.e_shnum * sizeof(Elf64_Shdr));
	if (!headers || !section_at(headers, eh.e_shnum, eh.e_shstrndx, &strings))
		return false;
	names = elf_image_bytes(img, strings.sh_offset, strings.sh_size);
	for (size_t i = 0; names && section_at(headers, eh.e_shnum, i, found); i++) {
		if (found->sh_type != SHT_NOBITS && found->sh_name < strings.sh_size &&
		    len <= strings.sh_size - found->sh_name &&
		    !memcmp(names + found->sh_name, name, len))
			return true;
	}
	return false;
}

/* NT_GNU_BUILD_ID among the notes at `notes`, whose parts are aligned to `align` bytes. */
static bool note_build_id(struct reader notes, uint64_t align, uint8_t *id, size_t *n)
{
	while (reader_left(&notes)) {
		uint32_t name_size = reader_uint(&notes, 4);
		uint32_t desc_size = reader_uint(&notes, 4);
		uint32_t type = reader_uint(&notes, 4);
		const uint8_t *name = reader_bytes(&notes, name_size), *desc;

		reader_bytes(&notes, -(notes.at - notes.start) & (align - 1));
		desc = reader_bytes(&notes, desc_size);
		if (!name || !desc)
			return false;
		if (type == NT_GNU_BUILD_ID && name_size == sizeof(ELF_NOTE_GNU) &&
		    !memcmp(name, ELF_NOTE_GNU, name_size) && desc_size) {
			*n = desc_size < ELF_IMAGE_BUILD_ID_SIZE ? desc_size
								 : ELF_IMAGE_BUILD_ID_SIZE;
			memcpy(id, desc, *n);
			return true;
		}
		reader_bytes(&notes, -(notes.at - notes.start) & (align - 1));
	}
	return false;
}

int elf_image_build_id(const struct elf_image *img, uint8_t id[ELF_IMAGE_BUILD_ID_SIZE], size_t *n)
{
	unsigned int segments = 0;

	for (size_t i = 0; i < img->n_phdrs && segments < MAX_NOTE_SEGMENTS; i++) {
		Elf64_Phdr ph = elf_image_phdr(img, i);
		const uint8_t *bytes;

		if (ph.p_type != PT_NOTE)
			continue;
		segments++;
		bytes = ph.p_filesz > MAX_NOTE_BYTES
				? NULL
				: elf_image_bytes(img, ph.p_offset, ph.p_filesz);
		if (bytes &&
		    note_build_id(reader_of(bytes, ph.p_filesz, 0), ph.p_align == 8 ? 8 : 4, id, n))
			return 0;
	}
	return -ENODATA;
}
