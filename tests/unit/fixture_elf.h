/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF files of two kilobytes put together by hand, with everything that unwind tables come from.
 *
 *	0x000 ELF header   0x040 program headers   0x1c0 notes   0x200 .eh_frame_hdr
 *	0x240 .eh_frame (CFI_VADDR)   0x600 code (TEXT_VADDR)   0x780 section names, .debug_frame,
 *	section headers
 */
#ifndef MEMTOP_TEST_FIXTURE_ELF_H
#define MEMTOP_TEST_FIXTURE_ELF_H

#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "fixture_cfi.h"

#define ELF_PHDRS    0x40
#define ELF_NOTES    0x1c0
#define ELF_HDR	     0x200
#define ELF_FRAME    0x240
#define ELF_TEXT     0x600
#define ELF_TEXT_END 0x780
#define ELF_N_PHDRS  5

/* Functions: 0x20 bytes with CFA rsp+8, then, after a gap, 0x140 with a row every 2 bytes. */
#define ELF_SECOND 0x40
#define ELF_LENGTH 0x140

struct elf_shape {
	bool by_section; /* section headers but no PT_GNU_EH_FRAME */
	bool no_table;	 /* .eh_frame_hdr without its search table */
	bool terminated; /* .eh_frame has a terminator even with the search table */
	bool no_eh_frame;
	bool debug_frame;   /* for the first function, or for both if there is no .eh_frame */
	bool compressed;    /* ... as SHF_COMPRESSED */
	uint8_t build_id;   /* bytes of it; 0 for none */
	uint8_t note_align; /* 0 for 4 */
};

/* Returns the offset of the last FDE. */
static inline size_t put_functions(struct bytes *b, const struct shape *shape, bool first,
				   bool second)
{
	size_t cie = put_cie(b, shape), last = b->n;
	uint8_t code[ELF_LENGTH / 2 * 3];

	for (size_t i = 0; i < ELF_LENGTH / 2; i++) {
		code[3 * i] = DW_CFA_def_cfa_offset;
		code[3 * i + 1] = 8 + i % 8 * 8;
		code[3 * i + 2] = DW_CFA_advance_loc | 2;
	}
	if (second)
		put_fde(b, shape, cie, TEXT_VADDR + ELF_SECOND, ELF_LENGTH, code, sizeof(code));
	if (first) {
		last = b->n;
		put_fde(b, shape, cie, TEXT_VADDR, 0x20, "", 1);
	}
	return last;
}

static inline void elf_at(struct bytes *b, size_t off)
{
	static const uint8_t zeros[0x800];

	put(b, zeros, off - b->n);
}

static inline void put_padding(struct bytes *b)
{
	put_uint(b, 0, -b->n & 7);
}

static inline void put_phdr(struct bytes *b, uint32_t type, uint32_t flags, uint64_t off,
			    uint64_t size, uint64_t align)
{
	Elf64_Phdr ph = {
		.p_type = type,
		.p_flags = flags,
		.p_offset = off,
		.p_vaddr = flags & PF_X ? TEXT_VADDR : CFI_VADDR - ELF_FRAME + off,
		.p_filesz = size,
		.p_memsz = size,
		.p_align = align,
	};

	put(b, &ph, sizeof(ph));
}

static inline void put_note(struct bytes *b, uint32_t type, const void *desc, size_t n,
			    size_t align)
{
	put_uint(b, 4, 4);
	put_uint(b, n, 4);
	put_uint(b, type, 4);
	put(b, "GNU", 4);
	put(b, desc, n);
	while (b->n % align)
		put_uint(b, 0, 1);
}

/* .debug_frame's bytes, compressed or not. */
static inline struct bytes debug_section(const struct elf_shape *s)
{
	struct bytes plain = { 0 }, packed = { 0 };
	Elf64_Chdr ch = { .ch_type = ELFCOMPRESS_ZLIB, .ch_addralign = 8 };
	uint8_t stream[4096];
	uLongf n = sizeof(stream);

	put_functions(&plain, &(struct shape){ .debug = true }, true, s->no_eh_frame);
	if (!s->compressed)
		return plain;
	ch.ch_size = plain.n;
	put(&packed, &ch, sizeof(ch));
	compress(stream, &n, plain.at, plain.n);
	put(&packed, stream, n);
	bytes_free(&plain);
	return packed;
}

static inline void put_section(struct bytes *b, uint32_t name, uint64_t off, uint64_t size,
			       uint64_t vaddr, uint64_t flags)
{
	Elf64_Shdr sh = { .sh_name = name,
			  .sh_type = name ? SHT_PROGBITS : SHT_NULL,
			  .sh_offset = off,
			  .sh_size = size,
			  .sh_addr = vaddr,
			  .sh_flags = flags };

	put(b, &sh, sizeof(sh));
}

static inline void put_sections(struct bytes *b, const struct elf_shape *s, size_t frame_size)
{
	static const char names[] = "\0.shstrtab\0.eh_frame\0.debug_frame";
	struct bytes debug = { 0 };
	size_t names_at = b->n, debug_at;
	Elf64_Ehdr *eh;

	put(b, names, sizeof(names));
	put_padding(b);
	debug_at = b->n;
	if (s->debug_frame) {
		debug = debug_section(s);
		put(b, debug.at, debug.n);
	}
	put_padding(b);
	eh = (Elf64_Ehdr *)b->at;
	eh->e_shoff = b->n;
	eh->e_shentsize = sizeof(Elf64_Shdr);
	eh->e_shnum = s->debug_frame ? 4 : 3;
	eh->e_shstrndx = 1;
	put_section(b, 0, 0, 0, 0, 0);
	put_section(b, 1, names_at, sizeof(names), 0, 0);
	put_section(b, s->no_eh_frame ? 1 : 11, ELF_FRAME, frame_size, CFI_VADDR, SHF_ALLOC);
	if (s->debug_frame)
		put_section(b, 21, debug_at, debug.n, 0, s->compressed ? SHF_COMPRESSED : 0);
	bytes_free(&debug);
}

static inline void put_hdr(struct bytes *b, const struct elf_shape *s, size_t last_fde)
{
	put_uint(b, 1, 1);
	put_uint(b, DEFAULT_ENC, 1);
	put_uint(b, s->no_table ? DW_EH_PE_omit : DW_EH_PE_udata4, 1);
	put_uint(b, s->no_table ? DW_EH_PE_omit : DW_EH_PE_datarel | DW_EH_PE_sdata4, 1);
	put_uint(b, ELF_FRAME - (ELF_HDR + 4), 4);
	if (s->no_table)
		return;
	put_uint(b, 1, 4);
	put_uint(b, TEXT_VADDR - (CFI_VADDR - ELF_FRAME + ELF_HDR), 4);
	put_uint(b, ELF_FRAME - ELF_HDR + last_fde, 4);
}

/* The caller frees it with bytes_free(). */
static inline struct bytes make_elf(const struct elf_shape *s)
{
	static const uint8_t id[32] = "0123456789abcdefghijklmnopqrstu";
	size_t align = s->note_align ?: 4, last_fde;
	struct bytes b = { 0 }, frame = { 0 };
	Elf64_Ehdr eh = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = ELF_PHDRS,
		.e_ehsize = sizeof(eh),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = ELF_N_PHDRS,
	};

	last_fde = put_functions(&frame, &(struct shape){ 0 }, !s->debug_frame, true);
	put(&b, &eh, sizeof(eh));
	put_phdr(&b, PT_LOAD, PF_R, 0, ELF_TEXT, 4096);
	put_phdr(&b, PT_LOAD, PF_R | PF_X, ELF_TEXT, ELF_TEXT_END - ELF_TEXT, 4096);
	put_phdr(&b, s->by_section || s->no_eh_frame ? PT_NULL : PT_GNU_EH_FRAME, PF_R, ELF_HDR,
		 ELF_FRAME - ELF_HDR, 4);
	put_phdr(&b, PT_NOTE, PF_R, ELF_NOTES, ELF_HDR - ELF_NOTES, align);
	put_phdr(&b, PT_GNU_STACK, PF_R, 0, 0, 16);
	elf_at(&b, ELF_NOTES);
	if (s->build_id) {
		put_note(&b, NT_GNU_ABI_TAG, "", 1, align);
		put_note(&b, NT_GNU_BUILD_ID, id, s->build_id, align);
	}
	elf_at(&b, ELF_HDR);
	put_hdr(&b, s, last_fde);
	elf_at(&b, ELF_FRAME);
	put(&b, frame.at, frame.n);
	/* what is no call frame information, after a terminator where there is need of one */
	if (s->no_table || s->terminated)
		put_uint(&b, 0, 4);
	put(&b, "\x7f\x7f\x7f\x7f\x7f\x7f\x7f", 8);
	elf_at(&b, ELF_TEXT_END);
	if (s->by_section || s->debug_frame)
		put_sections(&b, s, frame.n);
	bytes_free(&frame);
	return b;
}

/* A file that holds them; the caller closes it. */
static inline int file_of(const struct bytes *b)
{
	int fd = memfd_create("memtop-test", MFD_CLOEXEC);

	if (fd < 0 || write(fd, b->at, b->n) != (ssize_t)b->n)
		abort();
	return fd;
}

#endif
