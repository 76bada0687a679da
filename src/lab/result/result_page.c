/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/result_page.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/version.h"
#include "lab/result/answer.h"
#include "lab/result/contrast.h"
#include "lab/result/tables.h"
#include "lab/result/words.h"
#include "lab/spec/spec.h"
#include "report/json.h"
#include "report/page.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void result_append_command(const struct result *result, struct str *out)
{
	const struct stored_experiment *experiment = result->experiment;

	str_appendf(out, "truce lab run %s.lua --seed %llu%s", experiment->name,
		    (unsigned long long)experiment->seed, experiment->quick ? " --quick" : "");
}

/* -- head ------------------------------------------------------------------------------------------- */

/* The figure of the answer alone, to stand beside what was predicted. */
static void append_found(const struct result *result, struct str *out)
{
	const struct result_comparison *about = answer_about(result);

	if (about == NULL) {
		str_append(out, "nothing was compared");
		return;
	}
	if (about->has_numbers) {
		words_append_signed(out, about->numbers.ratio);
		str_append(out, " (");
		words_append_signed_interval(out, &about->numbers);
		str_append(out, "), ");
	}
	str_append(out, words_of_verdict(about->verdict));
}

static void append_head(const struct result *result, struct str *out)
{
	const struct stored_experiment *experiment = result->experiment;
	struct str text;

	str_init(&text);
	page_heading(out, 1, experiment->asks);
	str_appendf(&text, "Experiment %s", experiment->name);
	str_append(&text, experiment->quick ? ", in its quick form, " : ", ");
	json_append_time(&text, (uint64_t)experiment->started_usec);
	str_resize(&text, text.length > 17 ? text.length - 17 : 0); /* the day is enough */
	str_appendf(&text, ". Platform: %s.%s", words_of_platform(result), experiment->scaled != NULL ?
		    " Scaled." : "");
	page_paragraph(out, "lead", text.data != NULL ? text.data : "");
	str_clear(&text);
	answer_append(result, &text);
	page_paragraph(out, "answer", text.data != NULL ? text.data : "");
	str_clear(&text);
	append_found(result, &text);
	page_facts_begin(out);
	page_fact(out, "predicted", experiment->predicts != NULL ? experiment->predicts : "nothing");
	page_fact(out, "found", text.data != NULL ? text.data : "");
	page_facts_end(out);
	str_clear(&text);
	answer_append_limits(result, &text);
	if (text.length > 0) {
		page_heading(out, 3, "What limits this");
		page_list(out, text.data);
	}
	str_done(&text);
}

/* -- tables ------------------------------------------------------------------------------------------ */

static const char *class_of(const struct result_row *row)
{
	if (row->comparison != NULL && row->comparison->is_control)
		return "control";
	return row->comparison != NULL && row->comparison->verdict == RESULT_DIFFERS ? "found" : NULL;
}

static void append_row(const struct result_row *row, const struct result_column *columns,
		       const bool *used, struct str *raw, struct str *out)
{
	size_t j;

	page_table_row_begin(out, class_of(row));
	for (j = 0; columns[j].heading != NULL; j++) {
		if (!used[j])
			continue;
		str_clear(raw);
		columns[j].append(row, raw);
		page_table_cell(out, raw->data != NULL ? raw->data : "", columns[j].left);
	}
}

static void append_headings(const struct result_column *columns, const bool *used, struct str *out)
{
	size_t j;

	for (j = 0; columns[j].heading != NULL; j++)
		if (used[j])
			page_table_heading(out, columns[j].heading, columns[j].help, columns[j].left);
}

/* What was set, on what it was made: a table out of its page must still say so. */
static void append_caption(const struct result *result, const char *what, struct str *out)
{
	str_appendf(out, "%s. Platform: %s%s%s", what, words_of_platform(result),
		    result->experiment->scaled != NULL ? "; scaled: " : "",
		    result->experiment->scaled != NULL ? result->experiment->scaled : "");
}

static void append_comparisons(const struct result *result, const struct result_measure *measure,
			       struct str *out)
{
	const struct result_column *columns = result_columns_of_comparisons;
	struct result_row row = { result, measure, NULL, 0 };
	bool used[32];
	struct str raw;
	size_t i;

	memset(used, true, sizeof used);
	str_init(&raw);
	words_append_measure(&raw, measure->name);
	if (raw.length > 0 && raw.data[0] == 'v')
		raw.data[0] = 'V';
	page_heading(out, 3, raw.data != NULL ? raw.data : "");
	str_clear(&raw);
	append_caption(result, "Each cell against its base; 95 % intervals by hierarchical bootstrap; p by "
		       "Holm's correction over this table", &raw);
	page_table_begin(out, raw.data);
	append_headings(columns, used, out);
	for (i = 0; i < measure->comparison_count; i++) {
		row.comparison = &measure->comparisons[i];
		row.cell = row.comparison->cell;
		append_row(&row, columns, used, &raw, out);
	}
	page_table_end(out);
	str_done(&raw);
}

static void append_cells(const struct result *result, const struct result_column *columns,
			 const char *title, const char *what, struct str *out)
{
	struct result_row row = { result, &result->measures[0], NULL, 0 };
	bool used[32];
	struct str raw;
	size_t j;

	for (j = 0; columns[j].heading != NULL; j++)
		used[j] = result_column_is_used(&columns[j], result);
	str_init(&raw);
	append_caption(result, what, &raw);
	page_heading(out, 3, title);
	page_table_begin(out, raw.data);
	append_headings(columns, used, out);
	for (; row.cell < result->experiment->cell_count; row.cell++)
		append_row(&row, columns, used, &raw, out);
	page_table_end(out);
	str_done(&raw);
}

static void append_slopes(const struct result *result, struct str *out)
{
	const struct result_measure *measure = &result->measures[0];
	struct str text;
	size_t i;

	str_init(&text);
	for (i = 0; i < measure->slope_count; i++) {
		const struct result_slope *slope = &measure->slopes[i];

		str_appendf(&text, "Each further loaded VM, from %s on: ",
			    result->experiment->cells[slope->base].label);
		words_append_signed(&text, slope->numbers.ratio);
		str_append(&text, " (95 % interval ");
		words_append_signed_interval(&text, &slope->numbers);
		str_appendf(&text, "; a line through the logarithms of %zu doses in each of %zu boots).\n",
			    slope->doses, slope->numbers.boots);
	}
	if (text.length > 0)
		page_list(out, text.data);
	str_done(&text);
}

static void append_tables(const struct result *result, struct str *out)
{
	size_t i;

	page_heading(out, 2, "Tables");
	for (i = 0; i < result->measure_count; i++)
		append_comparisons(result, &result->measures[i], out);
	append_slopes(result, out);
	append_cells(result, result_columns_of_cells, "Each cell",
		     "VM1 in each cell, after its warm-up", out);
	append_cells(result, result_columns_of_isolation, "Isolation",
		     "As resctl-bench defines it: each cell against the one that it is compared with", out);
	append_cells(result, result_columns_of_vms, "VM against VM",
		     "The VMs of each cell that do the same, and what was done beside VM1", out);
	append_cells(result, result_columns_of_hosts, "What VM1 and the host saw",
		     "Shares of the time, by the same samples on the same axis of time", out);
}

/* -- how -------------------------------------------------------------------------------------------------- */

static void append_method(const struct result *result, struct str *out)
{
	const struct spec *spec = result->spec;
	struct str text;

	str_init(&text);
	str_appendf(&text, "%zu boots count, of %zu attempts; in each, cells that need no boot of their own "
		    "were measured in an order drawn from the seed.\n", result->boots_done,
		    result->experiment->boot_count);
	if (spec != NULL)
		str_appendf(&text, "Each run: %.3g s of warm-up, then %.3g s that count, an interval each "
			    "%.3g s, all started at one instant of the host's clock, which stamps them.\n",
			    (double)spec->warmup_usec / 1e6, (double)spec->duration_usec / 1e6,
			    (double)spec->interval_usec / 1e6);
	str_append(&text, "Of each run the beginning was cut off, until VM1's rate first had the level that it "
		   "ended with (change points); outages later on stay. Where that level holds for less than a "
		   "third of the run, it counts from the end of the warm-up on and is told as never steady.\n");
	str_appendf(&text, "A run counts only where no VM beside VM1 that was to be loaded did nothing for "
		    "%.3g s, by its own counters.\n", spec != NULL ? (double)spec->proof_usec / 1e6 : 1);
	str_append(&text, "A second copy of each baseline (A/A) ran as any other cell; nothing smaller than "
		   "what the two looked to differ by, and may differ by at 95 %, is concluded.\n");
	str_appendf(&text, "Intervals: bootstrap over boots, runs in them, and stretches of intervals in "
		    "these, %u drawings; cells of the same boots are compared boot by boot. Fewer than %d boots "
		    "conclude nothing.\n", contrast_plan(result, 0).draws, MEASURE_BOOTS_LEAST);
	if (result->sequence)
		str_append(&text, "The experiment was to end when it knew enough: intervals hold at all times "
			   "(confidence sequence), and are wider than those of a fixed number of boots.\n");
	if (result->duet)
		str_append(&text, "Duet: a cell and its base ran at once in two VMs that changed places; each "
			   "interval gives a ratio.\n");
	str_append(&text, "Isolation is what VM1 did of its base's mean in the same boot, at most 100 %, of "
		   "each interval. Work conservation is what all VMs did together, each in what it does in "
		   "the base, where the same VMs are loaded there.\n");
	page_list(out, text.data != NULL ? text.data : "");
	str_done(&text);
}

static void append_host(const struct stored_experiment *experiment, struct str *out)
{
	json_t *host = json_loads(experiment->host, 0, NULL), *value;
	const char *name;

	page_facts_begin(out);
	page_fact(out, "platform of the guests", experiment->platform);
	/* In the order in which they were stored. */
	json_object_foreach(host, name, value)
		page_fact(out, name, !json_is_string(value) ? "not known" :
			  json_string_length(value) > 0 ? json_string_value(value) : "none");
	page_facts_end(out);
	json_decref(host);
}

static void append_repeat(const struct result *result, struct str *out)
{
	const struct stored_experiment *experiment = result->experiment;
	struct str text;

	str_init(&text);
	result_append_command(result, &text);
	page_code(out, text.data != NULL ? text.data : "");
	page_facts_begin(out);
	str_clear(&text);
	str_appendf(&text, "%llu", (unsigned long long)experiment->seed);
	page_fact(out, "seed", text.data);
	page_fact(out, "measured with", experiment->version);
	page_fact(out, "reported with", version_text);
	str_clear(&text);
	str_appendf(&text, "%016llx", (unsigned long long)experiment->spec_hash);
	page_fact(out, "experiment's hash", text.data);
	page_facts_end(out);
	page_details_begin(out, "The experiment, as it was run");
	page_code(out, experiment->spec);
	page_details_end(out);
	page_paragraph(out, "note", "truce lab export gives the raw figures of every run, this page, and "
		       "the scripts that draw its pictures again, byte for byte.");
	str_done(&text);
}

void result_append_page(const struct result *result, const struct plots *plots, struct str *out)
{
	struct str title;
	size_t i;

	str_init(&title);
	str_appendf(&title, "%s: %s", result->experiment->name, result->experiment->asks);
	page_begin(out, title.data != NULL ? title.data : "");
	append_head(result, out);
	page_heading(out, 2, "Pictures");
	if (plots->count == 0)
		page_paragraph(out, "note", "There are none: no run that counts has measured anything.");
	for (i = 0; i < plots->count; i++)
		page_figure(out, &plots->items[i], plots->undrawn);
	append_tables(result, out);
	page_heading(out, 2, "How it was measured");
	append_method(result, out);
	append_host(result->experiment, out);
	page_heading(out, 2, "How to repeat it");
	append_repeat(result, out);
	page_end(out);
	out->failed = out->failed || title.failed;
	str_done(&title);
}
