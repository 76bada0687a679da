/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/plot.h"

#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* A longer label would leave no room for what it labels. */
enum { LABEL_BYTES = 49 };

void plot_init(struct plot *plot, const char *name, const char *title, const char *caption)
{
	*plot = (struct plot){ .name = name, .title = title, .caption = caption };
	str_init(&plot->about);
	str_init(&plot->tsv);
	str_init(&plot->gp);
	str_init(&plot->svg);
}

void plot_done(struct plot *plot)
{
	str_done(&plot->about);
	str_done(&plot->tsv);
	str_done(&plot->gp);
	str_done(&plot->svg);
}

/* -- script and numbers --------------------------------------------------------------------------- */

/* Colours that can be told apart on white and on black, and in grey by their lightness. */
static const char *const colours[] = { "#2b7bba", "#d9730d", "#2f9e68", "#b83280",
				       "#7d5fc4", "#8a7a2b", "#1295a5", "#c0504d" };

void plot_begin_script(struct plot *plot, unsigned width, unsigned height)
{
	size_t i;

	str_appendf(&plot->gp,
		    "# SPDX-License-Identifier: CC0-1.0\n"
		    "# gnuplot -d %s.gp makes %s.svg from %s.tsv.\n"
		    "set encoding utf8\n"
		    "set terminal svg size %u,%u dynamic noenhanced font 'sans-serif,13' name '%s'\n"
		    "set output '%s.svg'\n"
		    "set datafile separator tab\n"
		    "set datafile missing '-'\n"
		    "set border 3\n"
		    "set tics nomirror out scale 0.6\n"
		    "set grid ytics lc rgb '#999999' lw 0.4 dt 3\n"
		    "set key outside top left horizontal samplen 2\n"
		    "set style fill transparent solid 0.25 noborder\n",
		    plot->name, plot->name, plot->name, width, height, plot->name, plot->name);
	for (i = 0; i < sizeof colours / sizeof colours[0]; i++)
		str_appendf(&plot->gp, "set linetype %zu lc rgb '%s' lw 1.6 pt %zu ps 0.6\n", i + 1,
			    colours[i], i % 2 == 0 ? (size_t)7 : (size_t)5);
	str_appendf(&plot->gp, "set linetype cycle %zu\n", sizeof colours / sizeof colours[0]);
}

/* A tab would be another field, a quote would begin one that has blanks. */
void plot_append_label(struct str *out, const char *label)
{
	char shown[LABEL_BYTES];
	struct str safe;
	size_t i;

	str_init(&safe);
	text_append_safe(&safe, label, strlen(label));
	text_copy(shown, sizeof shown, safe.data != NULL ? safe.data : "", safe.length);
	for (i = 0; shown[i] != '\0'; i++)
		str_append_char(out, shown[i] == '"' ? '\'' : shown[i]);
	if (i < safe.length)
		str_append(out, "...");
	/* Not a number, and not missing. */
	if (i == 0 || strcmp(shown, "-") == 0)
		str_append(out, " ");
	str_done(&safe);
}

void plot_append_number(struct str *out, double number)
{
	if (isfinite(number))
		str_appendf(out, "%.9g", number);
	else
		str_append(out, "-");
}

void plot_begin_block(struct plot *plot, const char *label, const char *other_headings)
{
	if (plot->tsv.length > 0)
		str_append(&plot->tsv, "\n\n");
	plot_append_label(&plot->tsv, label);
	str_appendf(&plot->tsv, "\t%s\n", other_headings);
}

/* -- what was drawn ---------------------------------------------------------------------------------- */

static bool is_known_element(const char *name, size_t size)
{
	static const char *const known[] = { "svg", "title", "desc", "g", "defs", "path", "text", "tspan",
		"circle", "rect", "line", "polygon", "polyline", "clipPath", "use", "pattern", "marker",
		"linearGradient", "stop", "mask", "filter", "feFlood", "feComposite" };
	size_t i;

	for (i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strlen(known[i]) == size && memcmp(known[i], name, size) == 0)
			return true;
	return false;
}

/* Inside of a tag: a handler, or a reference that does not stay within the picture. */
static bool tag_is_harmless(const char *tag, size_t size)
{
	size_t i;

	for (i = 0; i + 2 < size; i++) {
		bool begins = isspace((unsigned char)tag[i]) || tag[i] == '/' || tag[i] == '\'' ||
			      tag[i] == '"';

		if (begins && strncasecmp(tag + i + 1, "on", 2) == 0 && i + 3 < size &&
		    isalpha((unsigned char)tag[i + 3]))
			return false;
		if (strncasecmp(tag + i, "href", 4) == 0 &&
		    strncmp(tag + i, "href='#", 7) != 0 && strncmp(tag + i, "href=\"#", 7) != 0)
			return false;
		if (strncasecmp(tag + i, "url(", 4) == 0 && strncmp(tag + i, "url(#", 5) != 0)
			return false;
	}
	return true;
}

/* Only from <svg on: what stands before it never comes into a page. */
bool plot_svg_is_harmless(const char *svg, size_t size)
{
	const char *end = svg + size, *at = memmem(svg, size, "<svg", 4), *close, *name;
	size_t length;

	if (at == NULL)
		return false;
	while ((at = memchr(at, '<', (size_t)(end - at))) != NULL) {
		close = memchr(at, '>', (size_t)(end - at));
		if (close == NULL)
			return false;
		name = at + (at + 1 < end && at[1] == '/' ? 2 : 1);
		for (length = 0; name + length < close && isalpha((unsigned char)name[length]); length++)
			;
		if (!is_known_element(name, length) || !tag_is_harmless(at, (size_t)(close - at)))
			return false;
		at = close + 1;
	}
	return true;
}

/*
 * What of it a page needs otherwise: black is the page's own colour of text, readable on dark, too;
 * and names of parts are unique in a page that has several plots (@: the plot's name).
 */
static const struct {
	const char *drawn, *inlined;
} changes[] = {
	{ "'black'", "'currentColor'" },
	{ "\"black\"", "'currentColor'" },
	{ "'rgb(  0,   0,   0)'", "'currentColor'" },
	{ "id='gp", "id='@-gp" },
	{ "'#gp", "'#@-gp" },
	{ "id=\"gnuplot_canvas\"", "id='@-canvas'" },
	{ "id='textbox'", "id='@-textbox'" },
	{ "id='greybox'", "id='@-greybox'" },
};

static void append_named(struct str *out, const char *text, const char *name)
{
	for (; *text != '\0'; text++) {
		if (*text == '@')
			str_append(out, name);
		else
			str_append_char(out, *text);
	}
}

/* How many bytes were taken. */
static size_t append_changed(const struct plot *plot, const char *at, size_t left, struct str *out)
{
	size_t i, size;

	for (i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		size = strlen(changes[i].drawn);
		if (left < size || memcmp(at, changes[i].drawn, size) != 0)
			continue;
		append_named(out, changes[i].inlined, plot->name);
		return size;
	}
	str_append_char(out, *at);
	return 1;
}

void plot_append_inline_svg(const struct plot *plot, struct str *out)
{
	const char *at = plot->svg.length > 0 ? strstr(plot->svg.data, "<svg") : NULL;
	const char *end = plot->svg.data + plot->svg.length;

	while (at != NULL && at < end)
		at += append_changed(plot, at, (size_t)(end - at), out);
}
