/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/tables.h"

#include "base/str.h"
#include "lab/result/words.h"

#include <math.h>
#include <string.h>

size_t result_column_count(const struct result_column *columns)
{
	size_t count = 0;

	while (columns[count].heading != NULL)
		count++;
	return count;
}

bool result_column_is_used(const struct result_column *column, const struct result *result)
{
	struct result_row row = { result, &result->measures[0], NULL, 0 };
	bool used = false;
	struct str text;

	str_init(&text);
	for (; row.cell < result->experiment->cell_count && !used; row.cell++) {
		str_clear(&text);
		column->append(&row, &text);
		used = text.length > 0 && strcmp(text.data, "-") != 0;
	}
	str_done(&text);
	return used;
}

static const struct result_cell *cell_of(const struct result_row *row)
{
	return &row->result->cells[row->cell];
}

/* -- of both ---------------------------------------------------------------------------------------- */

static void append_label(const struct result_row *row, struct str *out)
{
	const struct stored_cell *cell = &row->result->experiment->cells[row->cell];

	str_append(out, cell->label);
	if (cell->is_aa && strstr(cell->label, "again") == NULL)
		str_append(out, " (A/A)");
}

static void append_boots(const struct result_row *row, struct str *out)
{
	if (row->comparison != NULL && row->comparison->has_numbers)
		str_appendf(out, "%zu", row->comparison->numbers.boots);
	else
		str_appendf(out, "%zu", cell_of(row)->boots);
}

/* -- of comparisons ------------------------------------------------------------------------------------ */

static const struct measure_comparison *numbers_of(const struct result_row *row)
{
	return row->comparison != NULL && row->comparison->has_numbers ? &row->comparison->numbers : NULL;
}

static void append_base(const struct result_row *row, struct str *out)
{
	str_append(out, row->result->experiment->cells[row->comparison->base].label);
}

static void append_value(const struct result_row *row, struct str *out)
{
	words_append_amount(out, numbers_of(row) != NULL ? numbers_of(row)->value : NAN,
			    row->measure->unit);
}

static void append_base_value(const struct result_row *row, struct str *out)
{
	words_append_amount(out, numbers_of(row) != NULL ? numbers_of(row)->base : NAN,
			    row->measure->unit);
}

static void append_change(const struct result_row *row, struct str *out)
{
	words_append_signed(out, numbers_of(row) != NULL ? numbers_of(row)->ratio : NAN);
}

static void append_interval(const struct result_row *row, struct str *out)
{
	if (numbers_of(row) != NULL)
		words_append_signed_interval(out, numbers_of(row));
	else
		str_append(out, "-");
}

static void append_p(const struct result_row *row, struct str *out)
{
	words_append_p(out, row->comparison->corrected);
}

/* As far down as up: in the scale that is compared in. */
static void append_detectable(const struct result_row *row, struct str *out)
{
	const struct measure_comparison *numbers = numbers_of(row);

	if (numbers == NULL || !isfinite(numbers->detectable)) {
		str_append(out, "-");
		return;
	}
	str_appendf(out, "%.1f/%+.1f %%", 100 * (numbers->in_differences ? 1 - numbers->detectable :
		    1 / numbers->detectable - 1), 100 * (numbers->detectable - 1));
}

static void append_verdict(const struct result_row *row, struct str *out)
{
	if (row->comparison->is_control && row->comparison->verdict == RESULT_ALIKE)
		str_append(out, "alike, as it must be");
	else if (row->comparison->is_control && row->comparison->verdict == RESULT_DIFFERS)
		str_append(out, "differs, though equal");
	else
		str_append(out, words_of_verdict(row->comparison->verdict));
}

const struct result_column result_columns_of_comparisons[] = {
	{ "cell", "what was set", true, append_label },
	{ "against", "the cell that it is compared with", true, append_base },
	{ "boots", "in which both were measured", false, append_boots },
	{ "here", "mean over boots", false, append_value },
	{ "there", "the same of the cell that it is compared with", false, append_base_value },
	{ "change", "how far the ratio of the two is from 1", false, append_change },
	{ "95 % interval", "of the change", false, append_interval },
	{ "p", "that chance alone does this, by Holm's correction over this table", false, append_p },
	{ "detectable", "the smallest changes, down and up, that would have been found four times of five", false,
	  append_detectable },
	{ "finding", "", true, append_verdict },
	{ NULL, NULL, false, NULL },
};

const struct result_column result_columns_brief[] = {
	{ "cell", "", true, append_label },
	{ "boots", "", false, append_boots },
	{ "here", "", false, append_value },
	{ "change", "", false, append_change },
	{ "95 % interval", "", false, append_interval },
	{ "p", "", false, append_p },
	{ "finding", "", true, append_verdict },
	{ NULL, NULL, false, NULL },
};

/* -- of cells ---------------------------------------------------------------------------------------------- */

static enum result_unit unit_of(const struct result_row *row)
{
	return row->result->measures[0].unit;
}

static void append_runs(const struct result_row *row, struct str *out)
{
	const struct result_cell *cell = cell_of(row);

	str_appendf(out, "%zu", cell->runs);
	if (cell->unproved + cell->failed > 0)
		str_appendf(out, " of %zu", cell->runs + cell->unproved + cell->failed);
}

static void append_mean(const struct result_row *row, struct str *out)
{
	words_append_amount(out, cell_of(row)->has_value ? cell_of(row)->alone.value : NAN, unit_of(row));
}

static void append_mean_interval(const struct result_row *row, struct str *out)
{
	const struct result_cell *cell = cell_of(row);

	words_append_amount(out, cell->has_value ? cell->alone.low : NAN, unit_of(row));
	if (!cell->has_value)
		return;
	str_append(out, " to ");
	words_append_amount(out, cell->alone.high, unit_of(row));
}

static void append_median(const struct result_row *row, struct str *out)
{
	words_append_amount(out, cell_of(row)->median, unit_of(row));
}

static void append_p01(const struct result_row *row, struct str *out)
{
	words_append_amount(out, cell_of(row)->p01, unit_of(row));
}

static void append_p99(const struct result_row *row, struct str *out)
{
	words_append_amount(out, cell_of(row)->p99, unit_of(row));
}

static void append_latency(const struct result_row *row, struct str *out)
{
	words_append_amount(out, cell_of(row)->latency, RESULT_SECONDS);
}

static void append_isolation(const struct result_row *row, struct str *out)
{
	words_append_percent(out, cell_of(row)->isolation);
}

static void append_isolation_p01(const struct result_row *row, struct str *out)
{
	words_append_percent(out, cell_of(row)->isolation_p01);
}

static void append_latency_impact(const struct result_row *row, struct str *out)
{
	words_append_percent(out, cell_of(row)->latency_impact);
}

static void append_work_conservation(const struct result_row *row, struct str *out)
{
	words_append_percent(out, cell_of(row)->work_conservation);
}

static void append_warmup(const struct result_row *row, struct str *out)
{
	words_append_amount(out, cell_of(row)->runs > 0 ? cell_of(row)->warmup_sec : NAN, RESULT_SECONDS);
	if (cell_of(row)->never_steady > 0)
		str_appendf(out, ", %zu never", cell_of(row)->never_steady);
}

const struct result_column result_columns_of_cells[] = {
	{ "cell", "what was set", true, append_label },
	{ "boots", "that were done", false, append_boots },
	{ "runs", "that count", false, append_runs },
	{ "mean", "of the boots' means", false, append_mean },
	{ "95 % interval", "of the mean", false, append_mean_interval },
	{ "median", "of a boot's intervals, the mean of these", false, append_median },
	{ "p01", "a hundredth of the intervals is below", false, append_p01 },
	{ "p99", "a hundredth of the intervals is above", false, append_p99 },
	{ "latency p99", "a hundredth of VM1's operations took longer", false, append_latency },
	{ "warm-up", "cut off by change point, mean of the runs; and how many never became steady", false,
	  append_warmup },
	{ NULL, NULL, false, NULL },
};

const struct result_column result_columns_of_isolation[] = {
	{ "cell", "what was set", true, append_label },
	{ "isolation", "what VM1 did of what it does undisturbed, the mean of the intervals", false,
	  append_isolation },
	{ "isolation p01", "the same, of the worst hundredth of the intervals", false,
	  append_isolation_p01 },
	{ "latency impact", "by what share the p99 latency is later than undisturbed", false,
	  append_latency_impact },
	{ "work conservation", "what all VMs did together, of what they do in the cell it is compared "
	  "with", false, append_work_conservation },
	{ NULL, NULL, false, NULL },
};

/* -- of VMs against one another ------------------------------------------------------------------------------ */

static void append_equals(const struct result_row *row, struct str *out)
{
	str_appendf(out, "%zu", cell_of(row)->equals);
}

static void append_worst(const struct result_row *row, struct str *out)
{
	words_append_amount(out, cell_of(row)->worst, row->result->measures[0].unit ==
			    RESULT_BYTES_PER_SECOND ? RESULT_BYTES_PER_SECOND : RESULT_PER_SECOND);
	if (isfinite(cell_of(row)->worst))
		str_appendf(out, " (VM%u)", cell_of(row)->worst_vm + 1);
}

static void append_most_over_least(const struct result_row *row, struct str *out)
{
	if (isnan(cell_of(row)->most_over_least))
		str_append(out, "-");
	else
		str_appendf(out, "%.2f", cell_of(row)->most_over_least);
}

static void append_jain(const struct result_row *row, struct str *out)
{
	if (isnan(cell_of(row)->jain))
		str_append(out, "-");
	else
		str_appendf(out, "%.3f", cell_of(row)->jain);
}

static void append_together(const struct result_row *row, struct str *out)
{
	if (isnan(cell_of(row)->together))
		str_append(out, "-");
	else
		str_appendf(out, "%.2f times", cell_of(row)->together);
}

static void append_beside(const struct result_row *row, struct str *out)
{
	words_append_amount(out, cell_of(row)->others, cell_of(row)->others_unit);
}

static void append_least_load(const struct result_row *row, struct str *out)
{
	words_append_percent(out, cell_of(row)->least_load);
}

const struct result_column result_columns_of_vms[] = {
	{ "cell", "what was set", true, append_label },
	{ "alike", "VMs that do what VM1 does", false, append_equals },
	{ "worst VM", "the slowest of them", false, append_worst },
	{ "max/min", "the fastest of them over the slowest", false, append_most_over_least },
	{ "Jain", "1: all the same; 1/n: one has everything", false, append_jain },
	{ "together", "what all VMs do, against the cell that it is compared with", false,
	  append_together },
	{ "beside VM1", "what the VMs beside it did, all together", false, append_beside },
	{ "least load", "the proof that they loaded: the least that any of them did in any second (or quarter "
	  "of a run, where that is shorter) of any run that counts, of its own mean", false,
	  append_least_load },
	{ NULL, NULL, false, NULL },
};

/* -- of VM1 and its host --------------------------------------------------------------------------------------- */

#define SHARE_COLUMN(function, member)                                         \
	static void function(const struct result_row *row, struct str *out)    \
	{                                                                      \
		words_append_percent(out, cell_of(row)->member);               \
	}

SHARE_COLUMN(append_steal, steal)
SHARE_COLUMN(append_waiting, waiting)
SHARE_COLUMN(append_pressure_cpu, pressure_cpu)
SHARE_COLUMN(append_pressure_memory, pressure_memory)
SHARE_COLUMN(append_pressure_io, pressure_io)
SHARE_COLUMN(append_host_steal, host_steal)

static void append_strangers(const struct result_row *row, struct str *out)
{
	words_append_amount(out, cell_of(row)->strangers, RESULT_PLAIN);
}

static void append_faults(const struct result_row *row, struct str *out)
{
	words_append_amount(out, cell_of(row)->faults, RESULT_PER_SECOND);
}

static void append_accel(const struct result_row *row, struct str *out)
{
	const char *accel = cell_of(row)->accel;

	str_append(out, accel == NULL ? "-" : strcmp(accel, "tcg") == 0 ? "emulated (TCG)" :
		   strcmp(accel, "none") == 0 ? "no VM" : row->result->experiment->platform);
}

const struct result_column result_columns_of_hosts[] = {
	{ "cell", "what was set", true, append_label },
	{ "platform", "what it ran on", true, append_accel },
	{ "steal", "as VM1's kernel counts it: it was to run and the host did not let it", false,
	  append_steal },
	{ "waiting", "as the host counts it: VM1's threads could run and did not", false, append_waiting },
	{ "faults", "major faults of VM1", false, append_faults },
	{ "CPU pressure", "share of the time in which somebody on the host waited for a CPU", false,
	  append_pressure_cpu },
	{ "memory pressure", "the same, for memory", false, append_pressure_memory },
	{ "I/O pressure", "the same, for I/O", false, append_pressure_io },
	{ "host's steal", "what the host's own hypervisor took from it, in CPUs", false, append_host_steal },
	{ "others' CPUs", "CPUs that were busy with none of these VMs: strangers, and the laboratory itself", false,
	  append_strangers },
	{ NULL, NULL, false, NULL },
};
