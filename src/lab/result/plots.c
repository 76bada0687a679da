/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/plots.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/result/answer.h"
#include "lab/result/contrast.h"
#include "lab/result/series.h"
#include "lab/result/timeline.h"
#include "lab/result/words.h"
#include "measure/quantile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 760, CURVES_MOST = 8, SHARES = 100 };

static struct plot *add_plot(struct plots *plots, const char *name, const char *title,
			     const char *caption)
{
	struct plot *plot = &plots->items[plots->count++];

	plot_init(plot, name, title, caption);
	return plot;
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

/* What equal cells differ by, as percents below and above nought. */
static void band_of(const struct result_measure *measure, double *ret_low, double *ret_high)
{
	double floor = NAN;
	size_t i;

	for (i = 0; i < measure->comparison_count; i++)
		floor = fmax(floor, measure->comparisons[i].floor);
	*ret_low = isfinite(floor) ? 100 * expm1(-floor) : 0;
	*ret_high = isfinite(floor) ? 100 * expm1(floor) : 0;
}

/* -- changes --------------------------------------------------------------------------------------- */

static size_t append_changes(const struct result *result, bool controls, struct plot *plot)
{
	const struct result_measure *measure = &result->measures[0];
	size_t i, count = 0, row = 0;

	plot_begin_block(plot, controls ? "equal cells (A/A)" : "compared cells",
			 "change_percent\tlow\thigh\trow");
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
		str_appendf(&plot->tsv, "\t%zu\n", row);
		count++;
	}
	return count;
}

static void make_changes(const struct result *result, struct plots *plots)
{
	struct plot *plot = add_plot(plots, "changes", "Each cell against its base",
		"Points are changes, bars their 95 % intervals. In the grey band nothing is concluded: two "
		"equal cells (A/A) may differ by as much.");
	size_t cells = append_changes(result, false, plot), controls;
	double low, high;

	controls = append_changes(result, true, plot);
	band_of(&result->measures[0], &low, &high);
	words_append_measure(&plot->about, result->measures[0].name);
	plot_begin_script(plot, WIDTH, (unsigned)(130 + 26 * (cells + controls)));
	str_appendf(&plot->gp,
		    "set yrange [%zu.6:0.4]\n"
		    "set grid noytics xtics\nset key tmargin left vertical\n"
		    "set xlabel 'change, %%'\n"
		    "set arrow 1 from 0, graph 0 to 0, graph 1 nohead lc rgb '#888888' lw 1 back\n"
		    "set object 1 rectangle from %.6g, graph 0 to %.6g, graph 1 fc rgb '#999999' "
		    "fs transparent solid 0.25 noborder behind\n"
		    "plot ", cells + controls, low, high);
	if (cells > 0)
		str_append(&plot->gp, "'changes.tsv' index 0 using 2:5:3:4:ytic(1) with xerrorbars lt 1 "
				      "title columnheader(1)");
	if (controls > 0)
		str_appendf(&plot->gp, "%s'changes.tsv' index 1 using 2:5:3:4:ytic(1) with xerrorbars "
			    "lc rgb '#888888' pt 6 title columnheader(1)", cells > 0 ? ", \\\n     " : "");
	str_append(&plot->gp, "\n");
	if (cells + controls == 0)
		plot_done(&plots->items[--plots->count]);
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
	plot = add_plot(plots, "dose", "Dose and response",
		"VM1 against the number of loaded VMs, itself among them; bars are 95 % intervals. In the "
		"grey band nothing is concluded: two equal cells (A/A) may differ by as much.");
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
	plot_begin_script(plot, WIDTH, 380);
	str_appendf(&plot->gp,
		    "set xlabel 'loaded VMs'\nset ylabel 'change, %%'\n"
		    "set xrange [0.6:%.6g]\nset xtics 1\nset offsets 0, 0, graph 0.06, graph 0.06\n"
		    "set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lc rgb '#888888' lw 1 back\n"
		    "set object 1 rectangle from graph 0, first %.6g to graph 1, first %.6g "
		    "fc rgb '#999999' fs transparent solid 0.25 noborder behind\n"
		    "plot for [i=0:%zu] 'dose.tsv' index i using 1:2:3:4 with yerrorlines "
		    "title columnheader(1)\n", most + 0.4, low, high, curves > 0 ? curves - 1 : 0);
	if (curves == 0)
		plot_done(&plots->items[--plots->count]);
}

/* -- time -------------------------------------------------------------------------------------------------- */

/* A run of the cell that counts, of the middle one of its boots by VM1's mean. */
static size_t typical_run(const struct result *result, size_t cell)
{
	const struct stored_experiment *experiment = result->experiment;
	size_t i, best = experiment->run_count;
	double nearest = INFINITY, rate;

	for (i = 0; i < experiment->run_count; i++) {
		const struct store_run *run = &experiment->runs[i].run;

		if (run->cell != cell || !result_run_counts(result, i) || result_subject(run) == NULL)
			continue;
		rate = result_mean_rate(run, &result->windows[i], result_subject(run));
		if (fabs(rate - result->cells[cell].median) < nearest || best == experiment->run_count) {
			nearest = fabs(rate - result->cells[cell].median);
			best = i;
		}
	}
	return best;
}

static size_t run_of_boot(const struct result *result, size_t cell, size_t boot)
{
	const struct stored_experiment *experiment = result->experiment;
	size_t i;

	for (i = 0; i < experiment->run_count; i++)
		if (experiment->runs[i].run.cell == cell && experiment->runs[i].boot == boot &&
		    result_run_counts(result, i))
			break;
	return i;
}

/* The middle of each step, and what was done in percent of `whole`. */
static bool append_timeline(struct plot *plot, const char *label, const struct timeline *timeline,
			    double whole)
{
	size_t i, some = 0;

	plot_begin_block(plot, label, "percent");
	for (i = 0; i < timeline->count; i++) {
		some += isfinite(timeline->rates[i]);
		str_appendf(&plot->tsv, "%.4f\t", ((double)i + 0.5) * timeline->step_sec);
		plot_append_number(&plot->tsv, timeline->rates[i] / whole * 100);
		str_append_char(&plot->tsv, '\n');
	}
	/* A block without a line is none for gnuplot. */
	if (timeline->count == 0)
		str_append(&plot->tsv, "0\t-\n");
	return some > 0;
}

static bool append_growth(struct plot *plot, const struct store_run *run, const char *label,
			  const char *kind, const char *figure, double whole)
{
	struct timeline timeline;
	char source[24];

	snprintf(source, sizeof source, "%s%u", kind, result_subject(run)->vm + 1);
	timeline_find_growth(run, source, figure, &timeline);
	return append_timeline(plot, label, &timeline, whole);
}

struct panel {
	double from, to; /* of the picture's height */
	const char *label;
};

static void append_panel(struct plot *plot, const struct panel *panel, bool last)
{
	str_appendf(&plot->gp, "set tmargin at screen %.3f\nset bmargin at screen %.3f\n"
		    "set ylabel '%s'\nset format x '%s'\nset xlabel '%s'\n",
		    panel->to, panel->from, panel->label, last ? "%g" : "",
		    last ? "seconds since the start of the run" : "");
}

static void append_time_script(struct plot *plot, double from, double until, bool base, bool others,
			       const bool *figures)
{
	static const struct panel panels[] = {
		{ 0.57, 0.87, "VM1, %" }, { 0.35, 0.51, "others, %" }, { 0.12, 0.29, "of time, %" },
	};
	size_t i, count = 0;

	plot_begin_script(plot, WIDTH, 540);
	str_appendf(&plot->gp,
		    "set lmargin at screen 0.10\nset rmargin at screen 0.97\n"
		    "set yrange [0:*]\nset xrange [0:%.6g]\n"
		    "set object 1 rectangle from first 0, graph 0 to first %.6g, graph 1 fc rgb '#999999' "
		    "fs transparent solid 0.25 noborder behind\n"
		    "set multiplot\n", until, from);
	append_panel(plot, &panels[0], false);
	str_append(&plot->gp, "plot 'time.tsv' index 0 using 1:2 with lines lt 1 title columnheader(1)");
	if (base)
		str_append(&plot->gp, ", \\\n     'time.tsv' index 1 using 1:2 with lines lc rgb '#888888' "
				      "title columnheader(1)");
	str_append(&plot->gp, "\nset key at graph 0, graph 1.22 left top\n");
	append_panel(plot, &panels[1], false);
	str_append(&plot->gp, others ? "plot 'time.tsv' index 2 using 1:2 with filledcurves y1=0 lt 2 "
				       "fs transparent solid 0.4 title columnheader(1)\n" :
				       "plot [][0:1] 0 with lines lt 2 title 'no other VM is loaded'\n");
	append_panel(plot, &panels[2], true);
	for (i = 0; i < 3; i++)
		if (figures[i])
			str_appendf(&plot->gp, "%s'time.tsv' index %zu using 1:2 with lines lt %zu "
				    "title columnheader(1)", count++ > 0 ? ", \\\n     " : "plot ",
				    i + 3, i + 3);
	str_append(&plot->gp, count > 0 ? "\nunset multiplot\n" :
		   "plot [][0:1] 0 with lines lt 4 title 'steal and waiting were not sampled'\n"
		   "unset multiplot\n");
}

static void append_vm_lines(const struct result *result, size_t run, size_t base, size_t about,
			    struct plot *plot, bool *ret_others)
{
	const struct stored_experiment *experiment = result->experiment;
	const struct store_run *one = &experiment->runs[run].run;
	struct timeline timeline;
	double whole, others;

	whole = base < experiment->run_count ?
		result_mean_rate(&experiment->runs[base].run, &result->windows[base],
				 result_subject(&experiment->runs[base].run)) :
		result_mean_rate(one, &result->windows[run], result_subject(one));
	timeline_find(one, 1u << STORE_ROLE_SUBJECT, &timeline);
	append_timeline(plot, experiment->cells[about].label, &timeline, whole);
	timeline.count = 0;
	if (base < experiment->run_count)
		timeline_find(&experiment->runs[base].run, 1u << STORE_ROLE_SUBJECT, &timeline);
	append_timeline(plot, base < experiment->run_count ?
			experiment->cells[experiment->runs[base].run.cell].label : "", &timeline, whole);
	timeline_find(one, 1u << STORE_ROLE_OTHER, &timeline);
	others = result->cells[about].others;
	*ret_others = append_timeline(plot, "load of the other VMs, all together", &timeline,
				      isfinite(others) && others > 0 ? others : 1);
}

static void make_time(const struct result *result, struct plots *plots)
{
	const struct stored_experiment *experiment = result->experiment;
	const struct result_comparison *about = answer_about(result);
	size_t cell = about != NULL ? about->cell : 0, run = typical_run(result, cell), base;
	bool figures[3], others;
	struct plot *plot;

	if (run == experiment->run_count)
		return;
	base = about != NULL ? run_of_boot(result, about->base, experiment->runs[run].boot) :
			       experiment->run_count;
	if (about != NULL && base == experiment->run_count)
		base = typical_run(result, about->base);
	plot = add_plot(plots, "time", "One run over time",
		"A typical run: VM1 in percent of what it does in the cell that it is compared with, the load "
		"of the other VMs in percent of its mean over all runs, and what VM1 waited for, on one axis of time. "
		"The grey part is not counted: asked-for warm-up, and what lies before the change point.");
	str_appendf(&plot->about, "%s, boot %u", experiment->cells[cell].label,
		    experiment->boots[experiment->runs[run].boot].ordinal + 1);
	append_vm_lines(result, run, base, cell, plot, &others);
	figures[0] = append_growth(plot, &experiment->runs[run].run, "steal, as the guest counts it",
				   "guest", "cpu_steal_nsec", 1e9);
	figures[1] = append_growth(plot, &experiment->runs[run].run, "waiting, as the host counts it",
				   "vm", "waiting_usec", 1e6);
	figures[2] = append_growth(plot, &experiment->runs[run].run, "I/O pressure in the guest",
				   "guest", "pressure_io_some_usec", 1e6);
	append_time_script(plot, (double)result->windows[run].from_nsec / 1e9,
			   (double)result->windows[run].until_nsec / 1e9, base < experiment->run_count,
			   others, figures);
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
	struct plot *plot = add_plot(plots, "distribution", "Distributions",
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
	plot_begin_script(plot, WIDTH, 380);
	str_appendf(&plot->gp, "set xlabel '%% of the mean undisturbed'\nset ylabel 'intervals below, %%'\n"
		    "set yrange [0:100]\nset key outside top left vertical\n"
		    "plot for [i=0:%zu] 'distribution.tsv' index i using 1:2 with lines "
		    "title columnheader(1)\n", curves > 0 ? curves - 1 : 0);
	if (curves == 0)
		plot_done(&plots->items[--plots->count]);
}

/* -- all of them ------------------------------------------------------------------------------------------------- */

int plots_make(const struct result *result, struct plots *ret, struct error *err)
{
	size_t i;

	memset(ret, 0, sizeof *ret);
	make_dose(result, ret);
	make_changes(result, ret);
	make_time(result, ret);
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
