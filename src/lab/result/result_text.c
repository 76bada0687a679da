/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/result_text.h"

#include "base/str.h"
#include "base/text.h"
#include "lab/result/answer.h"
#include "lab/result/tables.h"
#include "lab/result/words.h"
#include "report/table.h"
#include "report/units.h"

#include <string.h>

enum { COLUMNS_MOST = 16, WIDTH_LEAST = 40 };

/* Sentences are broken at blanks; what is not safe to print is not printed. */
static void append_wrapped(struct str *out, const char *head, const char *sentence, size_t width)
{
	size_t column = strlen(head), indent = column, length;
	struct str safe;
	const char *at;

	str_init(&safe);
	text_append_printable(&safe, sentence, strlen(sentence));
	str_append(out, head);
	for (at = safe.data != NULL ? safe.data : ""; *at != '\0'; at += length) {
		length = strcspn(at, " ");
		if (width >= WIDTH_LEAST && column + length > width && column > indent) {
			str_appendf(out, "\n%*s", (int)indent, "");
			column = indent;
		}
		str_append_bytes(out, at, length);
		column += length;
		if (at[length] == ' ') {
			if (width < WIDTH_LEAST || column + 1 < width)
				str_append_char(out, ' ');
			column++;
			length++;
		}
	}
	str_append_char(out, '\n');
	str_done(&safe);
}

static void append_line(struct str *out, const char *head, const struct str *text, size_t width)
{
	append_wrapped(out, head, text->data != NULL ? text->data : "", width);
}

static void add_cell(struct table *table, const struct result_column *column,
		     const struct result_row *row, struct str *raw)
{
	struct str safe;

	str_init(&safe);
	str_clear(raw);
	column->append(row, raw);
	text_append_safe(&safe, raw->data != NULL ? raw->data : "", raw->length);
	table_add(table, &safe);
}

static bool append_table(const struct result *result, const struct result_measure *measure,
			 size_t width, struct str *out)
{
	const struct result_column *columns = result_columns_brief;
	size_t i, j, count = result_column_count(columns);
	struct table_column heads[COLUMNS_MOST] = { { 0 } };
	struct result_row row = { result, measure, NULL, 0 };
	struct table table;
	struct str raw;
	bool fine;

	for (j = 0; j < count; j++)
		heads[j] = (struct table_column){ columns[j].heading, columns[j].left, columns[j].left };
	str_init(&raw);
	table_init(&table, heads, count);
	for (i = 0; i < measure->comparison_count; i++) {
		row.comparison = &measure->comparisons[i];
		row.cell = row.comparison->cell;
		for (j = 0; j < count; j++)
			add_cell(&table, &columns[j], &row, &raw);
	}
	fine = table_append(&table, width, true, out);
	table_done(&table);
	str_done(&raw);
	return fine;
}

static void append_slopes(const struct result *result, const struct result_measure *measure,
			  size_t width, struct str *out)
{
	struct str text;
	size_t i;

	str_init(&text);
	for (i = 0; i < measure->slope_count; i++) {
		str_clear(&text);
		str_append(&text, "each further loaded VM: ");
		words_append_signed(&text, measure->slopes[i].numbers.ratio);
		str_append(&text, " (");
		words_append_signed_interval(&text, &measure->slopes[i].numbers);
		str_appendf(&text, "), from %s", result->experiment->cells[measure->slopes[i].base].label);
		append_line(out, "", &text, width);
	}
	str_done(&text);
}

static void append_limits(const struct result *result, size_t width, struct str *out)
{
	struct str limits;
	char *line, *rest = NULL;

	str_init(&limits);
	answer_append_limits(result, &limits);
	for (line = limits.data != NULL ? strtok_r(limits.data, "\n", &rest) : NULL; line != NULL; line = strtok_r(NULL, "\n", &rest))
		append_wrapped(out, "- ", line, width);
	str_done(&limits);
}

static void append_head(const struct result *result, size_t width, struct str *out)
{
	const struct stored_experiment *experiment = result->experiment;
	struct str text;

	str_init(&text);
	str_appendf(&text, "%s, experiment %lld of ", experiment->name, (long long)experiment->id);
	units_append_time(&text, (uint64_t)experiment->started_usec);
	str_appendf(&text, ", %s, %zu boots, seed %llu, truce %s", words_of_platform(result),
		    result->boots_done, (unsigned long long)experiment->seed, experiment->version);
	append_line(out, "", &text, width);
	append_wrapped(out, "asked:      ", experiment->asks, width);
	str_clear(&text);
	answer_append(result, &text);
	append_line(out, "found:      ", &text, width);
	if (experiment->predicts != NULL)
		append_wrapped(out, "predicted:  ", experiment->predicts, width);
	str_done(&text);
}

bool result_append_text(const struct result *result, size_t width, struct str *out)
{
	bool fine = true;
	struct str title;
	size_t i;

	append_head(result, width, out);
	str_init(&title);
	for (i = 0; i < result->measure_count; i++) {
		str_clear(&title);
		words_append_measure(&title, result->measures[i].name);
		str_append_char(out, '\n');
		append_line(out, "", &title, width);
		fine = append_table(result, &result->measures[i], width, out) && fine;
		append_slopes(result, &result->measures[i], width, out);
	}
	str_done(&title);
	str_append_char(out, '\n');
	append_limits(result, width, out);
	return fine && !out->failed;
}
