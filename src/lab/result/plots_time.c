/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pictures of one typical run: panels over one axis of time. */
#include "lab/result/answer.h"
#include "lab/result/plots_add.h"
#include "lab/result/timeline.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	PANELS_MOST = 8, CURVES_MOST = 64, VMS_MOST = 8,
	LEGEND_PIXELS = 34, AXIS_PIXELS = 62, /* above a panel, below the last one */
	GREY = 0, FILLED = 100,		      /* how a curve is drawn: a line of that colour */
};

struct panel {
	const char *label;
	unsigned pixels;
	size_t first, count; /* curves */
	size_t tsv_length;   /* before it */
	double most;	     /* NAN: it has no value */
};

/* What a script is made of; the numbers are in the plot's .tsv already, a block a curve. */
struct chart {
	struct plot *plot;
	struct panel panels[PANELS_MOST];
	size_t panel_count;
	int curves[CURVES_MOST];
	size_t curve_count;
};

static struct panel *last_panel(struct chart *chart)
{
	return &chart->panels[chart->panel_count - 1];
}

static void panel_begin(struct chart *chart, const char *label, unsigned pixels)
{
	chart->panels[chart->panel_count++] = (struct panel){
		.label = label, .pixels = pixels, .first = chart->curve_count,
		.tsv_length = chart->plot->tsv.length, .most = NAN,
	};
}

/* The middle of each step, and what was there in parts of `whole`. */
static void panel_add(struct chart *chart, const char *label, const struct timeline *timeline,
		      double whole, int look)
{
	struct panel *panel = last_panel(chart);
	struct plot *plot = chart->plot;
	size_t i;

	if (chart->curve_count == CURVES_MOST || isnan(timeline_most(timeline)))
		return;
	plot_begin_block(plot, label, "value");
	for (i = 0; i < timeline->count; i++) {
		str_appendf(&plot->tsv, "%.4f\t", ((double)i + 0.5) * timeline->step_sec);
		plot_append_number(&plot->tsv, timeline->rates[i] / whole);
		str_append_char(&plot->tsv, '\n');
	}
	chart->curves[chart->curve_count++] = look;
	panel->count++;
	panel->most = fmax(panel->most, timeline_most(timeline) / whole);
}

static void panel_drop(struct chart *chart)
{
	struct panel *panel = last_panel(chart);

	str_resize(&chart->plot->tsv, panel->tsv_length);
	chart->curve_count -= panel->count;
	chart->panel_count--;
}

/* -- the script ------------------------------------------------------------------------------------- */

/* Three steps or so, of 1, 2 or 5 times a power of ten. */
static double tics_of(double most)
{
	double rough = most / 3, power = pow(10, floor(log10(rough))), digit = rough / power;

	return power * (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10);
}

static void append_curves(struct chart *chart, const struct panel *panel)
{
	struct str *gp = &chart->plot->gp;
	size_t i;

	for (i = 0; i < panel->count; i++) {
		size_t curve = panel->first + i;
		int look = chart->curves[curve];

		str_appendf(gp, "%s'%s.tsv' index %zu using 1:2 with ", i > 0 ? ", \\\n     " : "plot ",
			    chart->plot->name, curve);
		if (look >= FILLED)
			str_appendf(gp, "filledcurves y1=0 lt %d fs transparent solid 0.4", look - FILLED);
		else if (look == GREY)
			str_append(gp, "lines lc rgb '#888888'");
		else
			str_appendf(gp, "lines lt %d", look);
		str_append(gp, " title columnheader(1)");
	}
	str_append(gp, "\n");
}

static void append_panel(struct chart *chart, size_t at, double bottom, double height, double whole)
{
	const struct panel *panel = &chart->panels[at];
	bool last = at + 1 == chart->panel_count;
	double most = panel->most > 0 && isfinite(panel->most) ? panel->most : 1;

	str_appendf(&chart->plot->gp,
		    "set origin 0, %.5f\nset size 1, %.5f\nset bmargin %s\nset ylabel '%s'\n"
		    "set format x '%s'\nset xlabel '%s'\nset yrange [0:%.6g]\nset ytics %.6g\n",
		    bottom / whole, height / whole, last ? "3.6" : "0.5", panel->label, last ? "%g" : "",
		    last ? "seconds since the start of the run" : "", most * 1.1, tics_of(most));
	append_curves(chart, panel);
	if (at == 0)
		str_append(&chart->plot->gp, "unset label 99\n");
}

static void append_script(struct chart *chart, const struct result *result, size_t run)
{
	const struct result_window *window = &result->windows[run];
	double whole = AXIS_PIXELS, bottom;
	size_t i;

	for (i = 0; i < chart->panel_count; i++)
		whole += chart->panels[i].pixels + LEGEND_PIXELS;
	plots_begin_script(result, chart->plot, (unsigned)whole);
	str_appendf(&chart->plot->gp,
		    "set lmargin at screen 0.11\nset rmargin at screen 0.97\nset tmargin 1.7\n"
		    "set key tmargin left horizontal\nset xrange [0:%.6g]\n"
		    "set object 1 rectangle from first 0, graph 0 to first %.6g, graph 1 fc rgb '#999999' "
		    "fs transparent solid 0.25 noborder behind\n"
		    "set multiplot\n", (double)window->until_nsec / 1e9, (double)window->from_nsec / 1e9);
	for (i = 0, bottom = whole; i < chart->panel_count; i++) {
		double height = chart->panels[i].pixels + LEGEND_PIXELS +
				(i + 1 == chart->panel_count ? AXIS_PIXELS : 0);

		bottom -= height;
		append_panel(chart, i, bottom, height, whole);
	}
	str_append(&chart->plot->gp, "unset multiplot\n");
}

/* -- which run --------------------------------------------------------------------------------------- */

static const struct store_run *run_at(const struct result *result, size_t run)
{
	return &result->experiment->runs[run].run;
}

static bool is_usable(const struct result *result, size_t run, size_t cell)
{
	return run_at(result, run)->cell == cell && result_run_counts(result, run) &&
	       result_subject(run_at(result, run)) != NULL;
}

static double mean_of(const struct result *result, size_t run)
{
	return result_mean_rate(run_at(result, run), &result->windows[run],
				result_subject(run_at(result, run)));
}

/* A run of the cell that counts, of the middle one of its boots by VM1's mean. */
static size_t typical_run(const struct result *result, size_t cell)
{
	size_t i, best = result->experiment->run_count;
	double nearest = INFINITY, apart;

	for (i = 0; i < result->experiment->run_count; i++) {
		if (!is_usable(result, i, cell))
			continue;
		apart = fabs(mean_of(result, i) - result->cells[cell].median);
		if (apart < nearest || best == result->experiment->run_count) {
			nearest = apart;
			best = i;
		}
	}
	return best;
}

static size_t run_of_boot(const struct result *result, size_t cell, size_t boot)
{
	size_t i;

	for (i = 0; i < result->experiment->run_count; i++)
		if (result->experiment->runs[i].boot == boot && is_usable(result, i, cell))
			break;
	return i;
}

/* The run that is shown, and one of the cell that it is compared with; run_count: none. */
static size_t run_find(const struct result *result, size_t *ret_base)
{
	const struct result_comparison *about = answer_about(result);
	size_t none = result->experiment->run_count;
	size_t run = typical_run(result, about != NULL ? about->cell : 0);

	*ret_base = none;
	if (about != NULL && run < none)
		*ret_base = run_of_boot(result, about->base, result->experiment->runs[run].boot);
	if (about != NULL && *ret_base == none)
		*ret_base = typical_run(result, about->base);
	return run;
}

static void append_about(const struct result *result, size_t run, struct plot *plot)
{
	const struct stored_experiment *experiment = result->experiment;

	str_appendf(&plot->about, "%s, boot %u", experiment->cells[run_at(result, run)->cell].label,
		    experiment->boots[experiment->runs[run].boot].ordinal + 1);
}

/* -- VM1, the others, the link ------------------------------------------------------------------------ */

static void add_subject(struct chart *chart, const struct result *result, size_t run, size_t base)
{
	const struct stored_experiment *experiment = result->experiment;
	bool has_base = base < experiment->run_count;
	double whole = mean_of(result, has_base ? base : run) / 100;
	struct timeline timeline;

	panel_begin(chart, "VM1, %", 160);
	timeline_find(run_at(result, run), 1u << STORE_ROLE_SUBJECT, &timeline);
	panel_add(chart, experiment->cells[run_at(result, run)->cell].label, &timeline, whole, 1);
	if (!has_base)
		return;
	timeline_find(run_at(result, base), 1u << STORE_ROLE_SUBJECT, &timeline);
	panel_add(chart, experiment->cells[run_at(result, base)->cell].label, &timeline, whole, GREY);
}

static void add_others(struct chart *chart, const struct result *result, size_t run)
{
	double others = result->cells[run_at(result, run)->cell].others;
	struct timeline timeline;

	panel_begin(chart, "others, %", 90);
	timeline_find(run_at(result, run), 1u << STORE_ROLE_OTHER, &timeline);
	panel_add(chart, "load of the other VMs, all together", &timeline,
		  (isfinite(others) && others > 0 ? others : 1) / 100, FILLED + 2);
	if (last_panel(chart)->count == 0)
		panel_drop(chart);
}

struct curve {
	const char *label, *source, *figure;
	double whole;
};

/* Of one source; where number is not 0, it stands behind the source's name. */
static void add_growths(struct chart *chart, const struct store_run *run, unsigned number,
			const struct curve *curves, int look)
{
	struct timeline timeline;
	char source[24];

	for (; curves->label != NULL; curves++, look++) {
		if (number > 0)
			snprintf(source, sizeof source, "%s%u", curves->source, number);
		else
			snprintf(source, sizeof source, "%s", curves->source);
		timeline_find_growth(run, source, curves->figure, &timeline);
		panel_add(chart, curves->label, &timeline, curves->whole, look);
	}
}

static void add_waits(struct chart *chart, const struct store_run *run)
{
	static const struct curve curves[] = {
		{ "steal (guest)", "guest", "cpu_steal_nsec", 1e7 },
		{ "waiting (host)", "vm", "waiting_usec", 1e4 },
		{ "I/O PSI (guest)", "guest", "pressure_io_some_usec", 1e4 },
		{ NULL, NULL, NULL, 0 },
	};

	panel_begin(chart, "of time, %", 90);
	add_growths(chart, run, result_subject(run)->vm + 1, curves, 3);
	if (last_panel(chart)->count == 0)
		panel_drop(chart);
}

static void add_link(struct chart *chart, const struct store_run *run)
{
	static const struct curve carried[] = {
		{ "link to the peer", "link", "to_peer_bytes", 1e6 },
		{ "link to the guests", "link", "to_guests_bytes", 1e6 },
		{ NULL, NULL, NULL, 0 },
	};
	static const struct curve lost[] = {
		{ "lost to the peer", "link", "to_peer_lost", 1 },
		{ "lost to the guests", "link", "to_guests_lost", 1 },
		{ NULL, NULL, NULL, 0 },
	};
	struct timeline timeline;

	panel_begin(chart, "MB/s", 80);
	add_growths(chart, run, 0, carried, 1);
	if (last_panel(chart)->count == 0) {
		panel_drop(chart);
		return;
	}
	panel_begin(chart, "queue, kB", 70);
	timeline_find_level(run, "link", "to_peer_queued_bytes", &timeline);
	panel_add(chart, "queue to the peer", &timeline, 1e3, 1);
	timeline_find_level(run, "link", "to_guests_queued_bytes", &timeline);
	panel_add(chart, "queue to the guests", &timeline, 1e3, 2);
	if (!(last_panel(chart)->most > 0))
		panel_drop(chart);
	panel_begin(chart, "frames/s", 70);
	add_growths(chart, run, 0, lost, 1);
	if (!(last_panel(chart)->most > 0))
		panel_drop(chart);
}

void plots_add_time(const struct result *result, struct plots *plots)
{
	size_t base, run = run_find(result, &base);
	struct chart chart = { 0 };

	if (run == result->experiment->run_count)
		return;
	chart.plot = plots_add(plots, "time", "One run over time",
		"A typical run: VM1 in percent of what it does in the cell that it is compared with, the load "
		"of the other VMs in percent of its mean over all runs, what VM1 waited for as its own kernel "
		"and as the host count it, and the shared link where there is one, on one axis of time. The "
		"grey part is not counted: asked-for warm-up, and what lies before the change point.");
	append_about(result, run, chart.plot);
	add_subject(&chart, result, run, base);
	if (last_panel(&chart)->count == 0) {
		plots_drop_last(plots);
		return;
	}
	add_others(&chart, result, run);
	add_waits(&chart, run_at(result, run));
	add_link(&chart, run_at(result, run));
	append_script(&chart, result, run);
}

/* -- every VM -------------------------------------------------------------------------------------------- */

static const struct every {
	const char *label, *name, *source, *figure;
	double whole;
} every[] = {
	{ "steal, %", "steal", "guest", "cpu_steal_nsec", 1e7 },
	{ "waiting, %", "waiting", "vm", "waiting_usec", 1e4 },
	{ "CPU PSI, %", "CPU pressure", "guest", "pressure_cpu_some_usec", 1e4 },
	{ "mem. PSI, %", "memory pressure", "guest", "pressure_memory_some_usec", 1e4 },
	{ "I/O PSI, %", "I/O pressure", "guest", "pressure_io_some_usec", 1e4 },
	{ "minor, /s", "minor faults", "vm", "minor_faults", 1 },
	{ "major, /s", "major faults", "vm", "major_faults", 1 },
};

/* Of what is drawn a line each: VM1 to VM8. */
static unsigned vms_of(const struct store_run *run)
{
	unsigned most = 0;
	size_t i;

	for (i = 0; i < run->member_count; i++)
		if (run->members[i].role != STORE_ROLE_PEER && run->members[i].vm >= most)
			most = run->members[i].vm + 1;
	return most < VMS_MOST ? most : VMS_MOST;
}

static void add_work(struct chart *chart, const struct result *result, size_t run)
{
	const struct store_run *stored = run_at(result, run);
	struct timeline timeline;
	char name[16];
	size_t i;

	panel_begin(chart, "work, %", 90);
	for (i = 0; i < stored->member_count; i++) {
		const struct store_member *member = &stored->members[i];
		double mean = result_mean_rate(stored, &result->windows[run], member);

		if (member->role > STORE_ROLE_OTHER || member->vm >= VMS_MOST || !(mean > 0))
			continue;
		timeline_find_of(stored, 1u << member->role, member->vm, &timeline);
		snprintf(name, sizeof name, "VM%u", member->vm + 1);
		panel_add(chart, name, &timeline, mean / 100, (int)member->vm + 1);
	}
	if (last_panel(chart)->count == 0)
		panel_drop(chart);
}

static void add_every(struct chart *chart, const struct store_run *run, const struct every *what,
		      struct str *nought, struct str *unknown)
{
	unsigned vm, vms = vms_of(run);
	struct timeline timeline;
	char name[16], source[24];

	panel_begin(chart, what->label, 70);
	for (vm = 0; vm < vms; vm++) {
		snprintf(name, sizeof name, "VM%u", vm + 1);
		snprintf(source, sizeof source, "%s%u", what->source, vm + 1);
		timeline_find_growth(run, source, what->figure, &timeline);
		panel_add(chart, name, &timeline, what->whole, (int)vm + 1);
	}
	if (last_panel(chart)->most > 0)
		return;
	str_appendf(last_panel(chart)->count > 0 ? nought : unknown, ", %s", what->name);
	panel_drop(chart);
}

void plots_add_vms(const struct result *result, struct plots *plots)
{
	size_t base, i, run = run_find(result, &base);
	struct str nought, unknown;
	struct chart chart = { 0 };

	if (run == result->experiment->run_count)
		return;
	chart.plot = plots_add(plots, "vms", "Every VM in this run",
		"The same run, a line a VM: its work in percent of its own mean, its steal and pressure (PSI) as "
		"its kernel counts them, and how long its threads waited and how often they faulted as the host "
		"does.");
	append_about(result, run, chart.plot);
	str_init(&nought);
	str_init(&unknown);
	add_work(&chart, result, run);
	for (i = 0; i < ARRAY_SIZE(every); i++)
		add_every(&chart, run_at(result, run), &every[i], &nought, &unknown);
	if (nought.length > 0)
		str_appendf(&chart.plot->about, "; nought in all of them: %s", nought.data + 2);
	if (unknown.length > 0)
		str_appendf(&chart.plot->about, "; not sampled: %s", unknown.data + 2);
	str_done(&nought);
	str_done(&unknown);
	if (chart.panel_count == 0)
		plots_drop_last(plots);
	else
		append_script(&chart, result, run);
}
