// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/page_svg.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "base/utf8.h"
#include "model/notes.h"

/* The drawing and the part of it that the curves have, in pixels. */
#define WIDTH  800
#define HEIGHT 320
#define LEFT   80
#define RIGHT  20
#define TOP    50
#define BOTTOM 40
#define TICKS  5

struct curve {
	const char *name, *color;
	uint64_t (*value)(const struct page_point *p);
};

static uint64_t value_allocated(const struct page_point *p)
{
	return figures_allocated(&p->now);
}

static uint64_t value_resident(const struct page_point *p)
{
	return p->now.resident;
}

static uint64_t value_phantom(const struct page_point *p)
{
	return figures_phantom(&p->now);
}

static uint64_t value_swapped(const struct page_point *p)
{
	return p->now.swapped;
}

static uint64_t value_rss(const struct page_point *p)
{
	return p->rss;
}

/* Colours that people tell apart who do not see all of them (Okabe and Ito). */
static const struct curve curves[] = {
	{ "allocated", "#0072b2", value_allocated },
	{ "resident", "#009e73", value_resident },
	{ "phantom", "#cc79a7", value_phantom },
	{ "swapped", "#d55e00", value_swapped },
	{ "RSS", "#777777", value_rss },
};
#define N_CURVES (sizeof(curves) / sizeof(curves[0]))

/* Text with nothing in it that XML has a meaning or no place for. */
static void xml_put(FILE *out, const char *text)
{
	uint32_t c;

	while (*text) {
		size_t n = utf8_decode(text, &c);

		if (!n || !utf8_shows(c) || c == 0xfffe || c == 0xffff)
			putc('?', out);
		else if (strchr("<>&\"'", *text))
			fprintf(out, "&#%u;", (unsigned)c);
		else
			fwrite(text, 1, n, out);
		text += n ? n : 1;
	}
}

struct scale {
	uint64_t from, span; /* ns */
	uint64_t top;	     /* bytes */
};

static struct scale scale_of(const struct page *page)
{
	struct scale scale = { .span = 1, .top = 1 };

	if (page->points.n) {
		scale.from = page->points.at[0].time_ns;
		scale.span = page->points.at[page->points.n - 1].time_ns - scale.from;
		scale.span += !scale.span;
	}
	vec_for_each (&page->points, p) {
		for (size_t i = 0; i < N_CURVES; i++) {
			if (curves[i].value(p) > scale.top)
				scale.top = curves[i].value(p);
		}
	}
	return scale;
}

static double x_of(const struct scale *scale, uint64_t time_ns)
{
	double part = ((double)time_ns - (double)scale->from) / (double)scale->span;

	part = part < 0 ? 0 : part > 1 ? 1 : part;
	return LEFT + part * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct scale *scale, uint64_t bytes)
{
	return HEIGHT - BOTTOM - (double)bytes / (double)scale->top * (HEIGHT - TOP - BOTTOM);
}

/* So many decimals tell the ticks of a time so long apart. */
static int decimals_of(uint64_t span)
{
	int n = 0;

	for (uint64_t limit = 10 * NS_PER_S; span < limit && n < 9; limit /= 10)
		n++;
	return n;
}

static void time_put(FILE *out, double part, double seconds, int decimals)
{
	fprintf(out, "<text x='%.1f' y='%d' text-anchor='middle'>%.*f s</text>\n",
		LEFT + part * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM + 18, decimals, seconds);
}

static void axes_put(FILE *out, const struct page *page, const struct scale *scale)
{
	int decimals = decimals_of(scale->span);
	char bytes[24];

	for (int i = 0; i <= TICKS; i++) {
		uint64_t at = scale->top / TICKS * (uint64_t)i;

		fprintf(out, "<path d='M%d %.1fH%d' stroke='#8884'/>\n", LEFT, y_of(scale, at),
			WIDTH - RIGHT);
		fprintf(out, "<text x='%d' y='%.1f' text-anchor='end'>%s</text>\n", LEFT - 6,
			y_of(scale, at) + 4, units_bytes(bytes, sizeof(bytes), at));
		if (page->points.n > 1)
			time_put(out, (double)i / TICKS, (double)scale->span / 1e9 * i / TICKS,
				 decimals);
	}
	/* a single measurement has a time, but no length */
	if (page->points.n == 1)
		time_put(out, 0, 0, 0);
}

static void curve_put(FILE *out, const struct page *page, const struct scale *scale, size_t number)
{
	const struct curve *curve = &curves[number];
	double x = LEFT + 100.0 * (double)number;
	char pen = 'M';

	fprintf(out, "<path fill='none' stroke='%s' stroke-width='1.5' d='", curve->color);
	vec_for_each (&page->points, p) {
		fprintf(out, "%c%.1f %.1f", pen, x_of(scale, p->time_ns),
			y_of(scale, curve->value(p)));
		pen = 'L';
	}
	fputs("'/>\n", out);
	if (page->points.n == 1)
		fprintf(out, "<circle cx='%d' cy='%.1f' r='3' fill='%s'/>\n", LEFT,
			y_of(scale, curve->value(page->points.at)), curve->color);
	fprintf(out, "<path stroke='%s' stroke-width='3' d='M%.0f 36h16'/>", curve->color, x);
	fprintf(out, "<text x='%.0f' y='40'>%s</text>\n", x + 21, curve->name);
}

static void marks_put(FILE *out, const struct page *page, const struct scale *scale)
{
	vec_for_each (&page->events, event) {
		const struct snapshot_event *e = &event->is;
		char label[sizeof(e->label) + 1] = "";
		double x = x_of(scale, e->time_ns);
		bool left = x > WIDTH / 2.0; /* where there is room for the words */

		if (e->kind != SNAPSHOT_MARK)
			continue;
		memcpy(label, e->label, sizeof(e->label));
		fprintf(out,
			"<path stroke='#888' stroke-dasharray='3 3' d='M%.1f %dV%d'/>"
			"<text x='%.1f' y='%d' text-anchor='%s'>",
			x, TOP, HEIGHT - BOTTOM, left ? x - 3 : x + 3, TOP + 10,
			left ? "end" : "start");
		xml_put(out, label);
		fputs("</text>\n", out);
	}
}

/* What readers must know, below the axis; of more than one the first, and how many more. */
static void notes_put(FILE *out, const struct page *page)
{
	struct note losses[NOTES_LOSSES];
	size_t n = notes_losses(&page->lost, page->walked, losses);
	size_t more = n + page->notes.n;

	if (!more)
		return;
	fprintf(out, "<text x='8' y='%d' fill='#b00'>", HEIGHT - 6);
	xml_put(out, n ? losses[0].text : page->notes.at[0]);
	if (more > 1)
		fprintf(out, " (+%zu: memtop report)", more - 1);
	fputs("</text>\n", out);
}

int page_svg_write(const struct page *page, FILE *out)
{
	struct scale scale = scale_of(page);

	fprintf(out,
		"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' width='%d' "
		"height='%d' font-family='sans-serif' font-size='11'>\n<title>",
		WIDTH, HEIGHT, WIDTH, HEIGHT);
	xml_put(out, text_string(&page->title));
	/* a colour of its own for text and ground: seen on white pages and on black ones */
	fprintf(out,
		"</title>\n<rect width='%d' height='%d' fill='#fff'/>\n<g fill='#222'>\n"
		"<text x='%d' y='20' font-size='14'>",
		WIDTH, HEIGHT, LEFT);
	xml_put(out, text_string(&page->title));
	fputs("</text>\n", out);
	axes_put(out, page, &scale);
	for (size_t i = 0; i < N_CURVES; i++)
		curve_put(out, page, &scale, i);
	marks_put(out, page, &scale);
	notes_put(out, page);
	fputs("</g>\n</svg>\n", out);
	return 0;
}

static int svg_write(FILE *out, const struct snapshot *s, const struct export_options *options)
{
	struct page *page = page_new();
	struct page_point point;
	int err = page ? page_add_totals(page, s) : -ENOMEM;

	(void)options; /* all figures are in it */
	if (!err) {
		/* a line from when measuring began */
		point = page->points.at[0];
		page->points.at[0].time_ns -= s->elapsed_ns;
		err = page_add_point(page, &point);
	}
	if (!err) {
		page_name(page, s);
		err = page_svg_write(page, out);
	}
	page_free(page);
	return err;
}

const struct export_format export_svg = {
	.name = "svg",
	.description = "the timeline as a drawing",
	.write = svg_write,
	.write_page = page_svg_write,
};
