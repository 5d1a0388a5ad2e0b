// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/reader.h"

#include <dwarf.h>

#define POINTER_FORMAT 0x0f
#define POINTER_BASE   0x70

uint64_t reader_uleb(struct reader *r)
{
	uint64_t value = 0;
	uint8_t byte = 0x80;

	for (unsigned int shift = 0; byte & 0x80 && !r->bad; shift += 7) {
		byte = reader_uint(r, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
	}
	return r->bad ? 0 : value;
}

int64_t reader_sleb(struct reader *r)
{
	uint64_t value = 0;
	uint8_t byte = 0x80;
	unsigned int shift = 0;

	for (; byte & 0x80 && !r->bad; shift += 7) {
		byte = reader_uint(r, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
	}
	if (shift < 64 && byte & 0x40)
		value |= ~0ull << shift;
	return r->bad ? 0 : (int64_t)value;
}

uint64_t reader_pointer_value(struct reader *r, uint8_t enc)
{
	if (enc == DW_EH_PE_aligned) {
		reader_bytes(r, -reader_vaddr(r) & 7);
		return reader_uint(r, 8);
	}
	switch (enc & POINTER_FORMAT) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return reader_uint(r, 8);
	case DW_EH_PE_udata2:
		return reader_uint(r, 2);
	case DW_EH_PE_udata4:
		return reader_uint(r, 4);
	case DW_EH_PE_sdata2:
		return reader_int(r, 2);
	case DW_EH_PE_sdata4:
		return reader_int(r, 4);
	case DW_EH_PE_uleb128:
		return reader_uleb(r);
	case DW_EH_PE_sleb128:
		return reader_sleb(r);
	default:
		r->bad = true;
		return 0;
	}
}

uint64_t reader_pointer(struct reader *r, uint8_t enc, uint64_t datarel)
{
	uint64_t here = reader_vaddr(r);
	uint64_t value = reader_pointer_value(r, enc);

	if (enc == DW_EH_PE_aligned)
		return value;
	switch (enc & (POINTER_BASE | DW_EH_PE_indirect)) {
	case DW_EH_PE_absptr:
		return value;
	case DW_EH_PE_pcrel:
		return here + value;
	case DW_EH_PE_datarel:
		return datarel + value;
	default:
		r->bad = true;
		return 0;
	}
}
