// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/perf_header.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/*
 * Numbers and layouts of tools/perf/util/header.h and header.c of Linux 6.1, described in
 * tools/perf/Documentation/perf.data-file-format.txt.
 */
#define MAGIC	     0x32454c4946524550ull /* "PERFILE2" */
#define STRING_ALIGN 64

enum feature {
	FEATURE_HOSTNAME = 3,
	FEATURE_OSRELEASE = 4,
	FEATURE_VERSION = 5,
	FEATURE_ARCH = 6,
	FEATURE_NRCPUS = 7,
	FEATURE_CMDLINE = 11,
	FEATURE_EVENT_DESC = 12,
};

static const enum feature features[] = { FEATURE_HOSTNAME,  FEATURE_OSRELEASE, FEATURE_VERSION,
					 FEATURE_ARCH,	    FEATURE_NRCPUS,    FEATURE_CMDLINE,
					 FEATURE_EVENT_DESC };
#define N_FEATURES (sizeof(features) / sizeof(features[0]))

struct section {
	uint64_t offset, size;
};

struct file_header {
	uint64_t magic, size, attr_size;
	struct section attrs, data, event_types;
	uint64_t features[4]; /* bit map */
};

struct file_attr {
	struct perf_event_attr attr;
	struct section ids;
};

const char *const perf_header_events[PERF_HEADER_EVENTS] = { "alloc_bytes", "resident_bytes",
							     "phantom_bytes", "swapped_bytes" };

/*
 * Some software event: what is counted is told by name alone.  Not SW_DUMMY, which is meant for
 * such things: perf script leaves the stacks of dummies out.
 */
static struct perf_event_attr attr_of_events(void)
{
	return (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(struct perf_event_attr),
		.config = PERF_COUNT_SW_PAGE_FAULTS,
		.sample_period = 1,
		.sample_type = PERF_HEADER_SAMPLE_TYPE,
		.read_format = PERF_FORMAT_ID,
		.mmap = 1,
		.comm = 1,
		.task = 1,
		.sample_id_all = 1,
		.ksymbol = 1,
	};
}

static void string_add(struct bytes *b, const char *text)
{
	size_t at = b->n;
	uint32_t n;

	bytes_add_u32(b, 0);
	bytes_add_padded(b, text, STRING_ALIGN);
	n = (uint32_t)(b->n - at - sizeof(n));
	if (!b->failed)
		memcpy(b->at + at, &n, sizeof(n));
}

static void event_desc_add(struct bytes *b)
{
	struct perf_event_attr attr = attr_of_events();

	bytes_add_u32(b, PERF_HEADER_EVENTS);
	bytes_add_u32(b, sizeof(attr));
	for (uint32_t i = 0; i < PERF_HEADER_EVENTS; i++) {
		bytes_add(b, &attr, sizeof(attr));
		bytes_add_u32(b, 1); /* ids */
		string_add(b, perf_header_events[i]);
		bytes_add_u64(b, PERF_HEADER_FIRST_ID + i);
	}
}

static void feature_add(struct bytes *b, enum feature feature)
{
	struct utsname machine;

	uname(&machine);
	switch (feature) {
	case FEATURE_HOSTNAME:
		string_add(b, machine.nodename);
		break;
	case FEATURE_OSRELEASE:
		string_add(b, machine.release);
		break;
	case FEATURE_VERSION:
		string_add(b, "memtop " MEMTOP_VERSION);
		break;
	case FEATURE_ARCH:
		string_add(b, machine.machine);
		break;
	case FEATURE_NRCPUS:
		bytes_add_u32(b, (uint32_t)sysconf(_SC_NPROCESSORS_CONF));
		bytes_add_u32(b, (uint32_t)sysconf(_SC_NPROCESSORS_ONLN));
		break;
	case FEATURE_CMDLINE:
		bytes_add_u32(b, 3);
		string_add(b, "memtop");
		string_add(b, "export");
		string_add(b, "--format=perf-data");
		break;
	case FEATURE_EVENT_DESC:
		event_desc_add(b);
		break;
	}
}

/* A table of sections, then what is in them; `from` is where the table stands in the file. */
static void features_add(struct bytes *b, uint64_t from)
{
	struct section sections[N_FEATURES];
	struct bytes bodies = { 0 };

	for (size_t i = 0; i < N_FEATURES; i++) {
		sections[i].offset = from + sizeof(sections) + bodies.n;
		feature_add(&bodies, features[i]);
		sections[i].size = from + sizeof(sections) + bodies.n - sections[i].offset;
	}
	bytes_add(b, sections, sizeof(sections));
	bytes_add(b, bodies.at, bodies.n);
	b->failed |= bodies.failed;
	bytes_free(&bodies);
}

int perf_header_write(FILE *out, const struct bytes *data)
{
	struct file_header h = { .magic = MAGIC, .size = sizeof(h) };
	struct file_attr attr = { .attr = attr_of_events() };
	struct bytes tail = { 0 };
	int err;

	h.attr_size = sizeof(attr);
	h.attrs.offset = sizeof(h) + PERF_HEADER_EVENTS * sizeof(uint64_t);
	h.attrs.size = PERF_HEADER_EVENTS * sizeof(attr);
	h.data.offset = h.attrs.offset + h.attrs.size;
	h.data.size = data->n;
	for (size_t i = 0; i < N_FEATURES; i++)
		h.features[0] |= 1ull << features[i];
	features_add(&tail, h.data.offset + h.data.size);
	err = tail.failed ? -ENOMEM : 0;
	if (err)
		goto out;
	fwrite(&h, sizeof(h), 1, out);
	for (uint64_t i = 0; i < PERF_HEADER_EVENTS; i++) {
		uint64_t id = PERF_HEADER_FIRST_ID + i;

		fwrite(&id, sizeof(id), 1, out);
	}
	for (uint64_t i = 0; i < PERF_HEADER_EVENTS; i++) {
		attr.ids.offset = sizeof(h) + i * sizeof(uint64_t);
		attr.ids.size = sizeof(uint64_t);
		fwrite(&attr, sizeof(attr), 1, out);
	}
	fwrite(data->at, 1, data->n, out);
	fwrite(tail.at, 1, tail.n, out);
out:
	bytes_free(&tail);
	return err;
}
