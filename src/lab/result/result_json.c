/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/result_json.h"

#include "base/str.h"
#include "lab/result/answer.h"
#include "report/json.h"

#include <math.h>

void result_json_numbers(struct json *json, const struct measure_comparison *numbers)
{
	json_object_begin(json);
	json_key(json, "boots");
	json_uint(json, numbers->boots);
	json_key(json, "base_boots");
	json_uint(json, numbers->base_boots);
	json_key(json, "paired");
	json_bool(json, numbers->paired);
	json_key(json, "value");
	json_double(json, numbers->value);
	json_key(json, "base_value");
	json_double(json, numbers->base);
	json_key(json, "ratio");
	json_double(json, numbers->ratio);
	json_key(json, "low");
	json_double(json, numbers->low);
	json_key(json, "high");
	json_double(json, numbers->high);
	json_key(json, "p");
	json_double(json, numbers->p);
	json_key(json, "detectable_ratio");
	json_double(json, numbers->detectable);
	json_object_end(json);
}

static void append_comparison(struct json *json, const struct result_comparison *comparison)
{
	json_object_begin(json);
	json_key(json, "cell");
	json_uint(json, comparison->cell);
	json_key(json, "base");
	json_uint(json, comparison->base);
	json_key(json, "control");
	json_bool(json, comparison->is_control);
	json_key(json, "verdict");
	json_text(json, result_verdict_name(comparison->verdict));
	json_key(json, "p_corrected");
	json_double(json, comparison->corrected);
	json_key(json, "control_half");
	json_double(json, comparison->floor);
	json_key(json, "numbers");
	if (comparison->has_numbers)
		result_json_numbers(json, &comparison->numbers);
	else
		json_nothing(json);
	json_object_end(json);
}

static const char *unit_name(enum result_unit unit)
{
	static const char *const names[] = {
		[RESULT_PER_SECOND] = "per-second", [RESULT_BYTES_PER_SECOND] = "bytes-per-second",
		[RESULT_SECONDS] = "seconds", [RESULT_SHARE] = "share", [RESULT_BYTES] = "bytes",
		[RESULT_PLAIN] = "number",
	};

	return names[unit];
}

static void append_measure(struct json *json, const struct result_measure *measure)
{
	size_t i;

	json_object_begin(json);
	json_key(json, "measure");
	json_text(json, measure->name);
	json_key(json, "unit");
	json_text(json, unit_name(measure->unit));
	json_key(json, "comparisons");
	json_array_begin(json);
	for (i = 0; i < measure->comparison_count; i++)
		append_comparison(json, &measure->comparisons[i]);
	json_array_end(json);
	json_key(json, "slopes");
	json_array_begin(json);
	for (i = 0; i < measure->slope_count; i++) {
		json_object_begin(json);
		json_key(json, "base");
		json_uint(json, measure->slopes[i].base);
		json_key(json, "doses");
		json_uint(json, measure->slopes[i].doses);
		json_key(json, "numbers");
		result_json_numbers(json, &measure->slopes[i].numbers);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static void append_cell_figures(struct json *json, const struct result_cell *cell)
{
	const struct {
		const char *name;
		double value;
	} figures[] = {
		{ "mean", cell->has_value ? cell->alone.value : NAN },
		{ "mean_low", cell->has_value ? cell->alone.low : NAN },
		{ "mean_high", cell->has_value ? cell->alone.high : NAN },
		{ "median", cell->median }, { "p01", cell->p01 }, { "p99", cell->p99 },
		{ "worst_vm_rate", cell->worst }, { "jain", cell->jain },
		{ "max_over_min", cell->most_over_least }, { "isolation", cell->isolation },
		{ "isolation_p01", cell->isolation_p01 }, { "latency_p99_seconds", cell->latency },
		{ "latency_impact", cell->latency_impact },
		{ "work_conservation", cell->work_conservation }, { "together", cell->together },
		{ "others_rate", cell->others }, { "others_least_share", cell->least_load }, { "steal", cell->steal }, { "waiting", cell->waiting },
		{ "major_faults_per_second", cell->faults }, { "host_pressure_cpu", cell->pressure_cpu },
		{ "host_pressure_memory", cell->pressure_memory },
		{ "host_pressure_io", cell->pressure_io }, { "host_steal_cpus", cell->host_steal },
		{ "host_other_cpus", cell->strangers },
		{ "warmup_seconds", cell->warmup_sec },
	};
	size_t i;

	for (i = 0; i < sizeof figures / sizeof figures[0]; i++) {
		json_key(json, figures[i].name);
		json_double(json, figures[i].value);
	}
}

static void append_factors(struct json *json, const struct stored_experiment *experiment, size_t at)
{
	size_t i;

	json_array_begin(json);
	for (i = 0; i < experiment->factor_count; i++) {
		json_object_begin(json);
		json_key(json, "path");
		json_text(json, experiment->factors[i]);
		json_key(json, "value");
		json_text(json, experiment->cells[at].values[i]);
		json_object_end(json);
	}
	json_array_end(json);
}

static void append_cell(struct json *json, const struct result *result, size_t at)
{
	const struct stored_cell *stored = &result->experiment->cells[at];
	const struct result_cell *cell = &result->cells[at];

	json_object_begin(json);
	json_key(json, "label");
	json_text(json, stored->label);
	json_key(json, "factors");
	append_factors(json, result->experiment, at);
	json_key(json, "baseline");
	json_bool(json, stored->is_baseline);
	json_key(json, "control");
	json_bool(json, stored->is_aa);
	json_key(json, "compared_with");
	json_uint(json, stored->compared_with);
	json_key(json, "accel");
	json_text(json, cell->accel);
	json_key(json, "ratios_only");
	json_bool(json, cell->ratios_only);
	json_key(json, "loaded_vms");
	json_double(json, cell->loaded);
	json_key(json, "boots");
	json_uint(json, cell->boots);
	json_key(json, "runs");
	json_uint(json, cell->runs);
	json_key(json, "runs_unproved");
	json_uint(json, cell->unproved);
	json_key(json, "runs_failed");
	json_uint(json, cell->failed);
	json_key(json, "runs_never_steady");
	json_uint(json, cell->never_steady);
	append_cell_figures(json, cell);
	json_object_end(json);
}

static void append_text(struct json *json, const char *key, const struct str *text)
{
	json_key(json, key);
	json_text_bytes(json, text->data != NULL ? text->data : "", text->length);
}

static void append_head(struct json *json, const struct result *result)
{
	const struct stored_experiment *experiment = result->experiment;
	struct str text;

	json_key(json, "id");
	json_int(json, experiment->id);
	json_key(json, "name");
	json_text(json, experiment->name);
	json_key(json, "started");
	json_time(json, (uint64_t)experiment->started_usec);
	json_key(json, "state");
	json_text(json, experiment->state);
	json_key(json, "quick");
	json_bool(json, experiment->quick);
	json_key(json, "seed");
	json_uint(json, experiment->seed);
	json_key(json, "version");
	json_text(json, experiment->version);
	json_key(json, "platform");
	json_text(json, experiment->platform);
	json_key(json, "ratios_only");
	json_bool(json, result->ratios_only);
	json_key(json, "scaled");
	json_text(json, experiment->scaled);
	json_key(json, "asks");
	json_text(json, experiment->asks);
	json_key(json, "predicts");
	json_text(json, experiment->predicts);
	str_init(&text);
	answer_append(result, &text);
	append_text(json, "answer", &text);
	str_clear(&text);
	answer_append_limits(result, &text);
	append_text(json, "limits", &text);
	str_done(&text);
	json_key(json, "boots_done");
	json_uint(json, result->boots_done);
	json_key(json, "boots_failed");
	json_uint(json, result->boots_failed);
}

void result_append_json(const struct result *result, struct str *out)
{
	struct json json;
	size_t i;

	json_begin(&json, out);
	json_object_begin(&json);
	json_key(&json, "schema");
	json_text(&json, "truce.lab-show/1");
	append_head(&json, result);
	json_key(&json, "cells");
	json_array_begin(&json);
	for (i = 0; i < result->experiment->cell_count; i++)
		append_cell(&json, result, i);
	json_array_end(&json);
	json_key(&json, "measures");
	json_array_begin(&json);
	for (i = 0; i < result->measure_count; i++)
		append_measure(&json, &result->measures[i]);
	json_array_end(&json);
	json_object_end(&json);
	str_append_char(out, '\n');
}
