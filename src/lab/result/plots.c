/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/plots.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/result/answer.h"
#include "lab/result/contrast.h"
#include "lab/result/plots_add.h"
#include "lab/result/series.h"
#include "lab/result/words.h"
#include "measure/quantile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CURVES_MOST = 8, SHARES = 100 };

struct plot *plots_add(struct plots *plots, const char *name, const char *title, const char *caption)
{
	struct plot *plot = &plots->items[plots->count++];

	plot_init(plot, name, title, caption);
	return plot;
}

void plots_drop_last(struct plots *plots)
{
	plot_done(&plots->items[--plots->count]);
}

/* A picture out of its page still says on what it was measured. The words are ours: nothing of a
 * stranger comes into a script. */
void plots_begin_script(const struct result *result, struct plot *plot, unsigned height)
{
	plot_begin_script(plot, PLOTS_WIDTH, height);
	str_appendf(&plot->gp, "set label 99 '%s%s' at screen 0.01, character 0.6 left font ',9' "
		    "tc rgb '#777777'\n", words_of_platform(result),
		    result->experiment->scaled != NULL ? "; scaled" : "");
}

static void append_interval(struct str *tsv, const struct measure_comparison *numbers)
{
	str_append_char(tsv, '\t');
	plot_append_number(tsv, (numbers->ratio - 1) * 100);
	str_append_char(tsv, '\t');
	plot_append_number(tsv, (numbers->low - 1) * 100);
	str_append_char(tsv, '\t');
	plot_append_number(tsv, (numbers->high - 1) * 100);
}

/* In which nothing is concluded of any comparison: the narrowest of what equal cells differ by. */
static void band_of(const struct result_measure *measure, double *ret_low, double *ret_high)
{
	double low = -INFINITY, high = INFINITY;
	size_t i;

	for (i = 0; i < measure->comparison_count; i++)
		if (isfinite(measure->comparisons[i].floor)) {
			low = fmax(low, contrast_floor_low(&measure->comparisons[i]));
			high = fmin(high, contrast_floor_high(&measure->comparisons[i]));
		}
	*ret_low = isfinite(low) ? 100 * (low - 1) : 0;
	*ret_high = isfinite(high) ? 100 * (high - 1) : 0;
}

/* -- changes --------------------------------------------------------------------------------------- */

static size_t append_changes(const struct result *result, bool controls, struct plot *plot)
{
	const struct result_measure *measure = &result->measures[0];
	size_t i, count = 0, row = 0;

	plot_begin_block(plot, controls ? "equal cells (A/A)" : "compared cells",
			 "change_percent\tlow\thigh\trow\tfloor_low\tfloor_high");
	for (i = 0; i < measure->comparison_count; i++) {
		const struct result_comparison *comparison = &measure->comparisons[i];
		const struct stored_cell *cell = &result->experiment->cells[comparison->cell];

		if (!comparison->has_numbers)
			continue;
		row++;
		if (comparison->is_control != controls)
			continue;
		plot_append_label(&plot->tsv, cell->label);
		append_interval(&plot->tsv, &comparison->numbers);
		str_appendf(&plot->tsv, "\t%zu\t", row);
		plot_append_number(&plot->tsv, (contrast_floor_low(comparison) - 1) * 100);
		str_append_char(&plot->tsv, '\t');
		plot_append_number(&plot->tsv, (contrast_floor_high(comparison) - 1) * 100);
		str_append_char(&plot->tsv, '\n');
		count++;
	}
	return count;
}

static void make_changes(const struct result *result, struct plots *plots)
{
	struct plot *plot = plots_add(plots, "changes", "Each cell against its base",
		"Points are changes, bars their 95 % intervals. Of a point in the grey of its row nothing is "
		"concluded: two equal cells (A/A) may differ by as much.");
	size_t cells = append_changes(result, false, plot), controls;

	controls = append_changes(result, true, plot);
	words_append_measure(&plot->about, result->measures[0].name);
	plots_begin_script(result, plot, (unsigned)(130 + 26 * (cells + controls)));
	str_appendf(&plot->gp,
		    "set yrange [%zu.6:0.4]\n"
		    "set grid noytics xtics\nset key tmargin left horizontal\n"
		    "set xlabel 'change, %%'\n"
		    "set arrow 1 from 0, graph 0 to 0, graph 1 nohead lc rgb '#888888' lw 1 back\n"
		    "plot ", cells + controls);
	if (cells > 0)
		str_append(&plot->gp, "'changes.tsv' index 0 using 2:5:6:7:($5-0.5):($5+0.5) with boxxyerror "
				      "lc rgb '#999999' notitle, \\\n     "
				      "'' index 0 using 2:5:3:4:ytic(1) with xerrorbars lt 1 title columnheader(1)");
	if (controls > 0)
		str_appendf(&plot->gp, "%s'changes.tsv' index 1 using 2:5:3:4:ytic(1) with xerrorbars "
			    "lc rgb '#888888' pt 6 title columnheader(1)", cells > 0 ? ", \\\n     " : "");
	str_append(&plot->gp, "\n");
	if (cells + controls == 0)
		plots_drop_last(plots);
}

/* -- dose and response --------------------------------------------------------------------------------- */

static const struct result_comparison *comparison_of(const struct result *result, size_t cell)
{
	size_t i;

	for (i = 0; i < result->measures[0].comparison_count; i++)
		if (result->measures[0].comparisons[i].cell == cell)
			return &result->measures[0].comparisons[i];
	return NULL;
}

/* The other factors' values: what a curve is of. */
static void append_kind(struct str *out, const struct stored_experiment *experiment, int dose,
			size_t cell)
{
	size_t i, count = 0;

	for (i = 0; i < experiment->factor_count; i++)
		if ((int)i != dose)
			str_appendf(out, "%s%s=%s", count++ > 0 ? ", " : "", experiment->factors[i],
				    experiment->cells[cell].values[i] != NULL ?
				    experiment->cells[cell].values[i] : "?");
	if (count == 0)
		str_append(out, "VM1, against itself alone");
}

static bool same_kind(const struct stored_experiment *experiment, int dose, size_t a, size_t b)
{
	size_t i;

	for (i = 0; i < experiment->factor_count; i++) {
		const char *left = experiment->cells[a].values[i], *right = experiment->cells[b].values[i];

		if ((int)i != dose && strcmp(left != NULL ? left : "", right != NULL ? right : "") != 0)
			return false;
	}
	return true;
}

/* Only doses that are compared within the curve: against the same base. */
static void append_curve(const struct result *result, int dose, size_t base, struct plot *plot)
{
	const struct stored_experiment *experiment = result->experiment;
	const struct measure_comparison even = { .ratio = 1, .low = 1, .high = 1 };
	struct str label;
	size_t i;

	str_init(&label);
	append_kind(&label, experiment, dose, base);
	plot_begin_block(plot, label.data != NULL ? label.data : "", "change_percent\tlow\thigh");
	str_done(&label);
	str_appendf(&plot->tsv, "%.9g", result->cells[base].loaded);
	append_interval(&plot->tsv, &even);
	str_append_char(&plot->tsv, '\n');
	for (i = 0; i < experiment->cell_count; i++) {
		const struct result_comparison *comparison = comparison_of(result, i);

		if (comparison == NULL || comparison->is_control || comparison->base != base ||
		    !comparison->has_numbers || !same_kind(experiment, dose, i, base))
			continue;
		str_appendf(&plot->tsv, "%.9g", result->cells[i].loaded);
		append_interval(&plot->tsv, &comparison->numbers);
		str_append_char(&plot->tsv, '\n');
	}
}

static bool is_base_of_a_dose(const struct result *result, int dose, size_t base)
{
	const struct result_measure *measure = &result->measures[0];
	size_t i;

	for (i = 0; i < measure->comparison_count; i++)
		if (measure->comparisons[i].base == base && !measure->comparisons[i].is_control &&
		    measure->comparisons[i].has_numbers &&
		    result->cells[measure->comparisons[i].cell].loaded != result->cells[base].loaded &&
		    same_kind(result->experiment, dose, measure->comparisons[i].cell, base))
			return true;
	return false;
}

static void make_dose(const struct result *result, struct plots *plots)
{
	int dose = result_dose_factor(result->experiment);
	double low, high, most = 1;
	struct plot *plot;
	size_t i, curves = 0;

	if (dose < 0)
		return;
	plot = plots_add(plots, "dose", "Dose and response",
		"VM1 against the number of loaded VMs, itself among them; bars are 95 % intervals. In the "
		"grey band nothing is concluded of any curve: two equal cells (A/A) may differ by as much.");
	words_append_measure(&plot->about, result->measures[0].name);
	for (i = 0; i < result->experiment->cell_count && curves < CURVES_MOST; i++) {
		most = fmax(most, result->cells[i].loaded);
		if (!is_base_of_a_dose(result, dose, i))
			continue;
		append_curve(result, dose, i, plot);
		curves++;
	}
	for (; i < result->experiment->cell_count; i++)
		most = fmax(most, result->cells[i].loaded);
	band_of(&result->measures[0], &low, &high);
	plots_begin_script(result, plot, 380);
	str_appendf(&plot->gp,
		    "set xlabel 'loaded VMs'\nset ylabel 'change, %%'\n"
		    "set xrange [0.6:%.6g]\nset xtics 1\nset offsets 0, 0, graph 0.06, graph 0.06\n"
		    "set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lc rgb '#888888' lw 1 back\n"
		    "set object 1 rectangle from graph 0, first %.6g to graph 1, first %.6g "
		    "fc rgb '#999999' fs transparent solid 0.25 noborder behind\n"
		    "plot for [i=0:%zu] 'dose.tsv' index i using 1:2:3:4 with yerrorlines "
		    "title columnheader(1)\n", most + 0.4, low, high, curves > 0 ? curves - 1 : 0);
	if (curves == 0)
		plots_drop_last(plots);
}

/* -- distributions --------------------------------------------------------------------------------------------- */

/* All intervals of the cell, each in percent of the mean of the base in its boot. */
static double *shares_of(const struct result *result, size_t cell, size_t *ret_count)
{
	const struct measure_cell *values = &result->measures[0].cells[cell],
		*base = &result->measures[0].cells[result->experiment->cells[cell].compared_with];
	double whole = series_mean(base, MEASURE_MEAN), *shares;
	size_t i, j, k, count = 0;

	for (i = 0; i < values->boot_count; i++)
		count += measure_boot_values(&values->boots[i]);
	shares = calloc(count + 1, sizeof *shares);
	for (i = 0, count = 0; shares != NULL && i < values->boot_count; i++)
		for (j = 0; j < values->boots[i].run_count; j++)
			for (k = 0; k < values->boots[i].runs[j].count; k++)
				shares[count++] = values->boots[i].runs[j].values[k] / whole * 100;
	*ret_count = shares != NULL ? count : 0;
	return shares;
}

static bool append_distribution(const struct result *result, size_t cell, struct plot *plot)
{
	size_t count, i;
	CLEANUP_FREE double *shares = shares_of(result, cell, &count);

	if (count < 2)
		return false;
	measure_sort(shares, count);
	plot_begin_block(plot, result->experiment->cells[cell].label, "share_percent");
	for (i = 0; i <= SHARES; i++) {
		plot_append_number(&plot->tsv, measure_sorted_quantile(shares, count, (double)i / SHARES));
		str_appendf(&plot->tsv, "\t%zu\n", i * 100 / SHARES);
	}
	return true;
}

static void make_distribution(const struct result *result, struct plots *plots)
{
	struct plot *plot = plots_add(plots, "distribution", "Distributions",
		"All intervals of each cell, in percent of the mean of the cell that it is compared with: "
		"how many of them are below. Where a curve begins far to the left there were outages, which "
		"a mean hides.");
	size_t i, curves = 0, left_out = 0;

	words_append_measure(&plot->about, result->measures[0].name);
	for (i = 0; i < result->experiment->cell_count; i++) {
		if (result->experiment->cells[i].is_aa)
			continue;
		if (curves < CURVES_MOST)
			curves += append_distribution(result, i, plot);
		else
			left_out++;
	}
	if (left_out > 0)
		str_appendf(&plot->about, "; the first %d cells", CURVES_MOST);
	plots_begin_script(result, plot, (unsigned)(370 + 18 * ((curves + 1) / 2)));
	str_appendf(&plot->gp, "set xlabel '%% of the mean undisturbed'\nset ylabel 'intervals below, %%'\n"
		    "set yrange [0:100]\nset key tmargin left vertical Left reverse maxcols 2\n"
		    "plot for [i=0:%zu] 'distribution.tsv' index i using 1:2 with lines "
		    "title columnheader(1)\n", curves > 0 ? curves - 1 : 0);
	if (curves == 0)
		plots_drop_last(plots);
}

/* -- all of them ------------------------------------------------------------------------------------------------- */

int plots_make(const struct result *result, struct plots *ret, struct error *err)
{
	size_t i;

	memset(ret, 0, sizeof *ret);
	make_dose(result, ret);
	make_changes(result, ret);
	plots_add_time(result, ret);
	plots_add_vms(result, ret);
	make_distribution(result, ret);
	for (i = 0; i < ret->count; i++)
		if (ret->items[i].tsv.failed || ret->items[i].gp.failed) {
			plots_done(ret);
			return error_errno(err, -ENOMEM, "cannot make the plots");
		}
	return 0;
}

void plots_done(struct plots *plots)
{
	size_t i;

	for (i = 0; i < plots->count; i++)
		plot_done(&plots->items[i]);
	plots->count = 0;
}
