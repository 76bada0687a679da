/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A self-contained HTML page: nothing is loaded from elsewhere, nothing runs in it, it is readable
 * light, dark and printed. Every text is a stranger's: what it has of markup is shown as text, what
 * is invisible or changes direction as \xHH. The same calls give the same bytes.
 */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include <stdbool.h>
#include <stddef.h>

struct plot;
struct str;

void page_begin(struct str *out, const char *title);
void page_end(struct str *out);

void page_heading(struct str *out, unsigned level, const char *text);
/* class: "answer", "note", "lead"; NULL: none. */
void page_paragraph(struct str *out, const char *class, const char *text);
/* A list of lines. */
void page_list(struct str *out, const char *lines);
/* Text as it is, of a fixed width. */
void page_code(struct str *out, const char *text);
/* May be folded; begins unfolded, as it is printed. */
void page_details_begin(struct str *out, const char *summary);
void page_details_end(struct str *out);

/* Name and value, side by side. */
void page_facts_begin(struct str *out);
void page_fact(struct str *out, const char *name, const char *value);
void page_facts_end(struct str *out);

void page_table_begin(struct str *out, const char *caption);
/* The headings come first; help is told by pointing at one. */
void page_table_heading(struct str *out, const char *text, const char *help, bool left);
/* class: "found", "control"; NULL: none. */
void page_table_row_begin(struct str *out, const char *class);
void page_table_cell(struct str *out, const char *text, bool left);
void page_table_end(struct str *out);

/* The picture, its caption, and where it may be had; without a picture, the sentence why. */
void page_figure(struct str *out, const struct plot *plot, const char *undrawn);

/* Escaped for HTML, made visible. */
void page_append_text(struct str *out, const char *text);

#endif
