/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce lab compare: two experiments, cell by cell of the same label. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/lab.h"
#include "cmd/lab_source.h"
#include "cmd/verb.h"
#include "lab/result/across.h"
#include "lab/result/result_json.h"
#include "lab/result/words.h"
#include "report/json.h"
#include "report/table.h"

#include <string.h>

struct lab_compare_settings {
	bool json;
};

static const struct option_info options[] = {
	OPTION_JSON(struct lab_compare_settings, json),
	OPTIONS_END,
};

static const struct table_column columns[] = {
	{ "cell", true, true },		 { "change in A", false, false },
	{ "change in B", false, false }, { "B's against A's", false, false },
	{ "95 % interval", false, false }, { "p", false, false }, { "finding", true, true },
};

/* -- as a table ------------------------------------------------------------------------------------- */

static void take(struct table *table, struct str *cell)
{
	struct str safe;

	str_init(&safe);
	text_append_safe(&safe, cell->data != NULL ? cell->data : "", cell->length);
	table_add(table, &safe);
	str_clear(cell);
}

static void add_row(struct table *table, const struct across *across, size_t at)
{
	const struct across_cell *one = &across->cells[at];
	struct str cell;

	str_init(&cell);
	str_append(&cell, one->label);
	take(table, &cell);
	words_append_signed(&cell, one->a.ratio);
	take(table, &cell);
	words_append_signed(&cell, one->b.ratio);
	take(table, &cell);
	words_append_signed(&cell, one->numbers.ratio);
	take(table, &cell);
	words_append_signed_interval(&cell, &one->numbers);
	take(table, &cell);
	words_append_p(&cell, one->corrected);
	take(table, &cell);
	str_append(&cell, words_of_verdict(one->verdict));
	take(table, &cell);
	str_done(&cell);
}

static void append_experiment(struct str *out, const char *head, const struct result *result)
{
	struct str text;

	str_init(&text);
	str_appendf(&text, "%s  %s:%lld, %s, %zu boots%s", head, result->experiment->name,
		    (long long)result->experiment->id, words_of_platform(result), result->boots_done,
		    result->experiment->quick ? ", quick" : "");
	text_append_printable(out, text.data != NULL ? text.data : "", text.length);
	str_append_char(out, '\n');
	str_done(&text);
}

static void append_table(const struct across *across, const struct result *a,
			 const struct result *b, struct str *out)
{
	struct table table;
	struct str line;
	size_t i;

	append_experiment(out, "A", a);
	append_experiment(out, "B", b);
	str_init(&line);
	words_append_measure(&line, across->measure);
	str_append(out, "\n");
	text_append_printable(out, line.data != NULL ? line.data : "", line.length);
	str_append(out, ", each cell against its own base; then B's change against A's\n");
	table_init(&table, columns, ARRAY_SIZE(columns));
	for (i = 0; i < across->count; i++)
		add_row(&table, across, i);
	table_append(&table, 0, true, out);
	table_done(&table);
	str_append_char(out, '\n');
	across_append_limits(across, out);
	str_done(&line);
}

/* -- as JSON ------------------------------------------------------------------------------------------- */

static void append_side(struct json *json, const char *key, const struct result *result)
{
	json_key(json, key);
	json_object_begin(json);
	json_key(json, "name");
	json_text(json, result->experiment->name);
	json_key(json, "id");
	json_int(json, result->experiment->id);
	json_key(json, "platform");
	json_text(json, result->experiment->platform);
	json_key(json, "boots_done");
	json_uint(json, result->boots_done);
	json_object_end(json);
}

static void append_cell(struct json *json, const struct across_cell *cell)
{
	json_object_begin(json);
	json_key(json, "label");
	json_text(json, cell->label);
	json_key(json, "a");
	result_json_numbers(json, &cell->a);
	json_key(json, "b");
	result_json_numbers(json, &cell->b);
	json_key(json, "ratio");
	json_double(json, cell->numbers.ratio);
	json_key(json, "low");
	json_double(json, cell->numbers.low);
	json_key(json, "high");
	json_double(json, cell->numbers.high);
	json_key(json, "p_corrected");
	json_double(json, cell->corrected);
	json_key(json, "verdict");
	json_text(json, result_verdict_name(cell->verdict));
	json_object_end(json);
}

static void append_json(const struct across *across, const struct result *a, const struct result *b,
			struct str *out)
{
	struct str limits;
	struct json json;
	size_t i;

	json_begin(&json, out);
	json_object_begin(&json);
	json_key(&json, "schema");
	json_text(&json, "truce.lab-compare/1");
	append_side(&json, "a", a);
	append_side(&json, "b", b);
	json_key(&json, "measure");
	json_text(&json, across->measure);
	json_key(&json, "cells");
	json_array_begin(&json);
	for (i = 0; i < across->count; i++)
		append_cell(&json, &across->cells[i]);
	json_array_end(&json);
	json_key(&json, "limits");
	str_init(&limits);
	across_append_limits(across, &limits);
	json_text_bytes(&json, limits.data != NULL ? limits.data : "", limits.length);
	str_done(&limits);
	json_object_end(&json);
	str_append_char(out, '\n');
}

static int lab_compare_run(const struct verb *verb, const void *pointer, char **operands)
{
	const struct lab_compare_settings *settings = pointer;
	struct lab_source a = { 0 }, b = { 0 };
	struct across across = { 0 };
	struct error err = { 0 };
	struct str text;
	int code, r = lab_source_read(operands[0], &a, &err);

	if (r == 0)
		r = lab_source_read(operands[1], &b, &err);
	if (r == 0)
		r = across_find(a.result, b.result, &across, &err);
	str_init(&text);
	if (r == 0 && settings->json)
		append_json(&across, a.result, b.result, &text);
	else if (r == 0)
		append_table(&across, a.result, b.result, &text);
	code = r == 0 ? verb_print(verb, &text) : verb_fail(verb, &err);
	str_done(&text);
	across_done(&across);
	lab_source_done(&a);
	lab_source_done(&b);
	return code;
}

const struct verb lab_compare_verb = {
	.name = "lab compare",
	.operands = "A B",
	.least_operands = 2,
	.most_operands = 2,
	.summary = "two experiments, cell by cell",
	.notes = "A and B are named as for truce lab show. Cells of the same label are compared by their changes,\n"
		 "each against its own base, so that machines of different speed can be: a change in B that is\n"
		 "no other than in A is no finding.",
	.options = options,
	.settings_size = sizeof(struct lab_compare_settings),
	.run = lab_compare_run,
};
