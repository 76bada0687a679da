/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/cells.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "lab/result/contrast.h"
#include "lab/result/series.h"
#include "lab/result/values.h"
#include "measure/isolation.h"
#include "measure/quantile.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- what counts ---------------------------------------------------------------------------------- */

static double loaded_of(const struct result *result, size_t cell)
{
	const struct stored_experiment *experiment = result->experiment;
	int dose = result_dose_factor(experiment);
	size_t i, j, loaded = 0;

	if (dose >= 0 && experiment->cells[cell].values[dose] != NULL)
		return strtod(experiment->cells[cell].values[dose], NULL);
	for (i = 0; i < experiment->run_count && loaded == 0; i++)
		for (j = 0; experiment->runs[i].run.cell == cell &&
			    j < experiment->runs[i].run.member_count; j++)
			loaded += experiment->runs[i].run.members[j].role <= STORE_ROLE_OTHER;
	return (double)loaded;
}

static const char *accel_of(const struct stored_experiment *experiment, size_t boot)
{
	static const char *const known[] = { "tcg", "kvm", "none" };
	json_t *setup = json_loads(experiment->boots[boot].setup, 0, NULL);
	const char *accel = json_string_value(json_object_get(setup, "accel")), *found = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (accel != NULL && strcmp(accel, known[i]) == 0)
			found = known[i];
	json_decref(setup);
	return found;
}

/* A real machine's speed is told only by KVM, or without any VM, on hardware. */
static bool is_emulated(const struct stored_experiment *experiment, const char *accel)
{
	json_t *host;
	const char *platform;
	bool hardware;

	if (accel == NULL || strcmp(accel, "tcg") == 0)
		return true;
	if (strcmp(accel, "kvm") == 0)
		return strcmp(experiment->platform, "kvm") != 0;
	host = json_loads(experiment->host, 0, NULL);
	platform = json_string_value(json_object_get(host, "platform"));
	hardware = platform != NULL && strcmp(platform, "hardware") == 0;
	json_decref(host);
	return !hardware;
}

static void count_run(struct result *result, size_t at)
{
	const struct stored_experiment *experiment = result->experiment;
	const struct stored_run *stored = &experiment->runs[at];
	struct result_cell *cell = &result->cells[stored->run.cell];

	if (result_run_counts(result, at)) {
		cell->runs++;
		cell->never_steady += result->windows[at].never;
	} else if (strcmp(stored->run.state, "unproved") == 0 ||
		   (strcmp(stored->run.state, "done") == 0 && result->windows[at].unproved)) {
		cell->unproved++;
	} else {
		cell->failed++;
	}
	if (cell->accel == NULL)
		cell->accel = accel_of(experiment, stored->boot);
}

int cells_count(struct result *result, struct error *err)
{
	const struct stored_experiment *experiment = result->experiment;
	size_t i;

	result->cells = calloc(experiment->cell_count + 1, sizeof *result->cells);
	if (result->cells == NULL)
		return error_errno(err, -ENOMEM, "cannot compute the statistics");
	for (i = 0; i < experiment->run_count; i++)
		count_run(result, i);
	for (i = 0; i < experiment->cell_count; i++) {
		struct result_cell *cell = &result->cells[i];

		cell->loaded = loaded_of(result, i);
		cell->ratios_only = is_emulated(experiment, cell->accel);
		result->ratios_only |= cell->ratios_only;
	}
	return 0;
}

/* -- figures that are a number a run ------------------------------------------------------------------- */

typedef double run_figure(const struct store_run *run, const struct result_window *window);

static size_t source_of_figure(const struct result *result, size_t run, const void *context,
			       double *ret)
{
	run_figure *const *find = context;

	*ret = (*find)(&result->experiment->runs[run].run, &result->windows[run]);
	return isfinite(*ret) ? 1 : 0;
}

/* Of every cell, into the double at this offset of its result_cell. */
static int fill_means(struct result *result, run_figure *find, size_t offset, struct error *err)
{
	struct series series;
	size_t i;
	int r = series_make(result, source_of_figure, &find, &series, err);

	if (r < 0)
		return r;
	for (i = 0; i < result->experiment->cell_count; i++)
		*(double *)((char *)&result->cells[i] + offset) = series_mean(&series.cells[i],
									     MEASURE_MEAN);
	series_done(&series);
	return 0;
}

static double of_subject(const struct store_run *run, const struct result_window *window,
			 const char *kind, const char *figure, double unit)
{
	const struct store_member *subject = result_subject(run);
	char source[24];

	if (subject == NULL)
		return NAN;
	snprintf(source, sizeof source, "%s%u", kind, subject->vm + 1);
	return values_growth(run, window, source, figure) / unit;
}

static double steal_of(const struct store_run *run, const struct result_window *window)
{
	return of_subject(run, window, "guest", "cpu_steal_nsec", 1e9);
}

static double waiting_of(const struct store_run *run, const struct result_window *window)
{
	return of_subject(run, window, "vm", "waiting_usec", 1e6);
}

static double faults_of(const struct store_run *run, const struct result_window *window)
{
	return of_subject(run, window, "vm", "major_faults", 1);
}

static double pressure_cpu_of(const struct store_run *run, const struct result_window *window)
{
	return values_growth(run, window, "host", "psi_cpu_some_usec") / 1e6;
}

static double pressure_memory_of(const struct store_run *run, const struct result_window *window)
{
	return values_growth(run, window, "host", "psi_memory_some_usec") / 1e6;
}

static double pressure_io_of(const struct store_run *run, const struct result_window *window)
{
	return values_growth(run, window, "host", "psi_io_some_usec") / 1e6;
}

/* How much a counter of time grew in a second, summed over the sources whose names are this and a
 * number, in CPUs; the number of sources that had it. */
static size_t grown_of_all(const struct store_run *run, const struct result_window *window,
			   const char *source, const char *figure, double *ret_sum)
{
	double growth;
	char last[24] = "";
	size_t i, count = 0;

	*ret_sum = 0;
	for (i = 0; i < run->sample_count; i++) {
		if (strncmp(run->samples[i].source, source, strlen(source)) != 0 ||
		    strcmp(run->samples[i].source, last) == 0)
			continue;
		strcpy(last, run->samples[i].source);
		growth = values_growth(run, window, last, figure);
		if (!isfinite(growth))
			continue;
		*ret_sum += growth / 1e6;
		count++;
	}
	return count;
}

/* What the host's own hypervisor took from all its CPUs, in CPUs. */
static double host_steal_of(const struct store_run *run, const struct result_window *window)
{
	double sum;

	return grown_of_all(run, window, "cpu", "steal_usec", &sum) > 0 ? sum : NAN;
}

/* CPUs that were busy with anything but these VMs. */
static double strangers_of(const struct store_run *run, const struct result_window *window)
{
	double idle, iowait, steal, user, system, busy;
	size_t cpus = grown_of_all(run, window, "cpu", "idle_usec", &idle);

	if (cpus == 0 || grown_of_all(run, window, "vm", "user_usec", &user) == 0 ||
	    grown_of_all(run, window, "vm", "system_usec", &system) == 0)
		return NAN;
	grown_of_all(run, window, "cpu", "iowait_usec", &iowait);
	grown_of_all(run, window, "cpu", "steal_usec", &steal);
	busy = (double)cpus - idle - iowait - steal;
	return busy > user + system ? busy - user - system : 0;
}

static double others_of(const struct store_run *run, const struct result_window *window)
{
	double sum = NAN, rate;
	size_t i;

	for (i = 0; i < run->member_count; i++) {
		rate = run->members[i].role == STORE_ROLE_OTHER ?
			result_mean_rate(run, window, &run->members[i]) : NAN;
		if (isfinite(rate))
			sum = (isnan(sum) ? 0 : sum) + rate;
	}
	return sum;
}

static double warmup_of(const struct store_run *run, const struct result_window *window)
{
	(void)run;
	return (double)window->from_nsec / 1e9;
}

/* -- VMs against one another ----------------------------------------------------------------------------- */

struct vms {
	double sum[STORED_VMS_MOST]; /* of the runs' mean rates, then their mean */
	unsigned runs[STORED_VMS_MOST];
	bool alike[STORED_VMS_MOST]; /* does what VM1 does */
	unsigned most;		     /* the highest number, and one */
};

/* Where it is sent to says nothing of what is done: each VM has its own peer. */
static bool is_address(const char *word, size_t size)
{
	return (size > 5 && strncmp(word, "port=", 5) == 0) || (size > 3 && strncmp(word, "to=", 3) == 0);
}

static bool next_word(struct cursor *line, const char **ret_word, size_t *ret_size)
{
	bool found;

	do
		found = cursor_take_word(line, ret_word, ret_size);
	while (found && is_address(*ret_word, *ret_size));
	return found;
}

static bool same_work(const struct store_member *a, const struct store_member *b)
{
	struct cursor left, right;
	const char *word, *other;
	size_t size, other_size;
	bool more;

	if (a->workload == NULL || b->workload == NULL)
		return false;
	left = cursor_over(a->workload, strlen(a->workload));
	right = cursor_over(b->workload, strlen(b->workload));
	do {
		more = next_word(&left, &word, &size);
		if (next_word(&right, &other, &other_size) != more)
			return false;
		if (more && (size != other_size || memcmp(word, other, size) != 0))
			return false;
	} while (more);
	return true;
}

static void vms_add(struct vms *vms, const struct store_run *run, const struct result_window *window)
{
	const struct store_member *subject = result_subject(run);
	size_t i;

	for (i = 0; i < run->member_count; i++) {
		const struct store_member *member = &run->members[i];
		double rate = member->role <= STORE_ROLE_OTHER ?
			result_mean_rate(run, window, member) : NAN;

		if (!isfinite(rate))
			continue;
		vms->sum[member->vm] += rate;
		vms->runs[member->vm]++;
		vms->alike[member->vm] = member == subject || (subject != NULL && same_work(member, subject));
		if (member->vm >= vms->most)
			vms->most = member->vm + 1;
	}
}

static struct vms *vms_new(const struct result *result, size_t cell)
{
	struct vms *vms = calloc(1, sizeof *vms);
	size_t i;

	for (i = 0; vms != NULL && i < result->experiment->run_count; i++)
		if (result->experiment->runs[i].run.cell == cell && result_run_counts(result, i))
			vms_add(vms, &result->experiment->runs[i].run, &result->windows[i]);
	for (i = 0; vms != NULL && i < vms->most; i++)
		if (vms->runs[i] > 0)
			vms->sum[i] /= vms->runs[i];
	return vms;
}

static void compare_vms(struct result_cell *cell, const struct vms *vms)
{
	CLEANUP_FREE double *rates = calloc(vms->most + 1, sizeof *rates);
	unsigned i;

	cell->worst = cell->jain = cell->most_over_least = NAN;
	for (i = 0; rates != NULL && i < vms->most; i++) {
		if (vms->runs[i] == 0 || !vms->alike[i])
			continue;
		rates[cell->equals++] = vms->sum[i];
		if (isnan(cell->worst) || vms->sum[i] < cell->worst) {
			cell->worst = vms->sum[i];
			cell->worst_vm = i;
		}
	}
	if (cell->equals < 2)
		return;
	cell->jain = measure_jain(rates, cell->equals);
	cell->most_over_least = measure_most_over_least(rates, cell->equals);
}

/*
 * Of all VMs together, against the base. Where the same VMs are loaded this is work conservation:
 * each one's work counts in what it does in the base. Where fewer are, it tells how much of it one
 * more VM adds.
 */
static void compare_work(struct result *result, size_t at, const struct vms *vms,
			 const struct vms *base)
{
	struct result_cell *cell = &result->cells[at];
	double rates[STORED_VMS_MOST], unprotected[STORED_VMS_MOST], sum = 0, base_sum = 0;
	size_t i, count = 0;
	bool same = vms->most == base->most, alike = true;

	for (i = 0; i < vms->most || i < base->most; i++) {
		same = same && (vms->runs[i] > 0) == (base->runs[i] > 0);
		alike = alike && (vms->runs[i] == 0 || vms->alike[i]);
		sum += vms->sum[i];
		base_sum += base->sum[i];
		if (vms->runs[i] == 0)
			continue;
		rates[count] = vms->sum[i];
		unprotected[count++] = base->sum[i];
	}
	cell->together = alike && base_sum > 0 ? sum / base_sum : NAN;
	cell->work_conservation = same && count >= 2 ?
		measure_work_conservation(rates, unprotected, unprotected, count) : NAN;
}

/* -- whether the others loaded ------------------------------------------------------------------------------ */

/* A stretch of a run as a window of its own. */
static double rate_in(const struct store_run *run, const struct store_member *member, int64_t from, int64_t until)
{
	const struct result_window stretch = { .from_nsec = from, .until_nsec = until };
	double rate = result_mean_rate(run, &stretch, member);

	return isnan(rate) ? 0 : rate;
}

/* Of each stretch as long as a proof is; the rest at the end belongs to the last one. */
static double least_of(const struct store_run *run, const struct result_window *window,
		       const struct store_member *member, int64_t proof_nsec)
{
	double mean = result_mean_rate(run, window, member), least = INFINITY;
	int64_t from = window->from_nsec, until;

	for (; from < window->until_nsec; from = until) {
		until = window->until_nsec - from >= 2 * proof_nsec ? from + proof_nsec : window->until_nsec;
		least = fmin(least, rate_in(run, member, from, until));
	}
	return mean > 0 ? least / mean : 0;
}

/* A run of more stretches than this is a stranger's; it is cut into longer ones. One that is hardly
 * longer than a proof would be a single one, and that is always as its mean. */
enum { STRETCHES_LEAST = 4, STRETCHES_MOST = 1000 };

static int64_t stretch_of(const struct result *result, const struct result_window *window)
{
	int64_t proof = result_proof_nsec(result), length = window->until_nsec - window->from_nsec;

	if (proof > length / STRETCHES_LEAST)
		proof = length / STRETCHES_LEAST;
	return proof > length / STRETCHES_MOST ? proof : length / STRETCHES_MOST + 1;
}

static void add_load(struct result *result, size_t at)
{
	const struct store_run *run = &result->experiment->runs[at].run;
	const struct result_window *window = &result->windows[at];
	struct result_cell *cell = &result->cells[run->cell];
	size_t i;

	for (i = 0; i < run->member_count; i++) {
		const struct store_member *member = &run->members[i];

		if (member->role != STORE_ROLE_OTHER)
			continue;
		cell->least_load = fmin(cell->least_load,
					least_of(run, window, member, stretch_of(result, window)));
		cell->others_unit = member->unit != NULL && strcmp(member->unit, "bytes") == 0 ?
			RESULT_BYTES_PER_SECOND : RESULT_PER_SECOND;
	}
}

static void find_load(struct result *result)
{
	size_t i;

	for (i = 0; i < result->experiment->cell_count; i++)
		result->cells[i].least_load = NAN;
	for (i = 0; i < result->experiment->run_count; i++)
		if (result_run_counts(result, i))
			add_load(result, i);
}

/* -- isolation -------------------------------------------------------------------------------------------- */

static const struct measure_boot *boot_of(const struct measure_cell *cell, uint64_t ordinal)
{
	size_t i;

	for (i = 0; i < cell->boot_count; i++)
		if (cell->boots[i].ordinal == ordinal)
			return &cell->boots[i];
	return NULL;
}

/* Of each interval, against the same boot's base where there is one. */
static void find_isolation(struct result_cell *ret, const struct measure_cell *cell,
			   const struct measure_cell *base)
{
	double undisturbed = series_mean(base, MEASURE_MEAN), sum = 0, low = 0;
	double *scratch, *shares = calloc(measure_cell_largest_boot(cell) + 1, sizeof *shares);
	size_t i, j, k, count;

	scratch = calloc(measure_cell_largest_boot(base) + 1, sizeof *scratch);
	if (shares == NULL || scratch == NULL)
		sum = low = NAN;
	for (i = 0; shares != NULL && scratch != NULL && i < cell->boot_count; i++) {
		const struct measure_boot *same = boot_of(base, cell->boots[i].ordinal);
		double of = same != NULL ? measure_boot_value(same, MEASURE_MEAN, scratch) : undisturbed;

		for (j = 0, count = 0; j < cell->boots[i].run_count; j++)
			for (k = 0; k < cell->boots[i].runs[j].count; k++)
				shares[count++] = measure_isolation(cell->boots[i].runs[j].values[k], of);
		sum += measure_mean(shares, count);
		low += measure_quantile(shares, count, 0.01);
	}
	ret->isolation = cell->boot_count > 0 ? sum / (double)cell->boot_count : NAN;
	ret->isolation_p01 = cell->boot_count > 0 ? low / (double)cell->boot_count : NAN;
	free(shares);
	free(scratch);
}

static double latency_of(const struct store_run *run, const struct result_window *window)
{
	const struct store_member *subject = result_subject(run);

	return subject != NULL ? values_latency_sec(run, window, subject->vm, 9900) : NAN;
}

/* -- all of it ---------------------------------------------------------------------------------------------- */

static void fill_own(struct result *result, size_t at)
{
	const struct measure_cell *values = &result->measures[0].cells[at];
	struct measure_plan plan = contrast_plan(result, 200000 + at);
	struct result_cell *cell = &result->cells[at];

	cell->boots = values->boot_count;
	cell->has_value = measure_estimate(values, &plan, &cell->alone, NULL) == 0;
	/* Nothing is done less often than never. */
	if (result->measures[0].unit <= RESULT_SHARE && cell->alone.value >= 0)
		cell->alone.low = fmax(0, cell->alone.low);
	cell->median = series_mean(values, MEASURE_MEDIAN);
	cell->p01 = series_mean(values, MEASURE_P01);
	cell->p99 = series_mean(values, MEASURE_P99);
}

/* Isolation is of what VM1 does, whatever was measured first. */
static bool is_a_rate(const struct result_measure *measure)
{
	return strcmp(measure->name, "rate") == 0 || strcmp(measure->name, "bytes") == 0;
}

static int fill_against_base(struct result *result, size_t at, struct error *err)
{
	size_t base = result->experiment->cells[at].compared_with;
	struct result_cell *cell = &result->cells[at];
	struct vms *vms = vms_new(result, at), *base_vms = vms_new(result, base);
	bool failed = vms == NULL || base_vms == NULL;

	cell->isolation = cell->isolation_p01 = NAN;
	cell->latency_impact = cell->work_conservation = cell->together = NAN;
	if (!failed) {
		compare_vms(cell, vms);
		if (base != at)
			compare_work(result, at, vms, base_vms);
	}
	free(vms);
	free(base_vms);
	if (base != at && is_a_rate(&result->measures[0]))
		find_isolation(cell, &result->measures[0].cells[at], &result->measures[0].cells[base]);
	if (base != at)
		cell->latency_impact = measure_latency_impact(cell->latency, result->cells[base].latency);
	return failed ? error_errno(err, -ENOMEM, "cannot compute the statistics") : 0;
}

#define MEAN_OF(member, find) { find, offsetof(struct result_cell, member) }

static const struct {
	run_figure *find;
	size_t offset;
} means[] = {
	MEAN_OF(warmup_sec, warmup_of),
	MEAN_OF(latency, latency_of),
	MEAN_OF(others, others_of),
	MEAN_OF(steal, steal_of),
	MEAN_OF(waiting, waiting_of),
	MEAN_OF(faults, faults_of),
	MEAN_OF(pressure_cpu, pressure_cpu_of),
	MEAN_OF(pressure_memory, pressure_memory_of),
	MEAN_OF(pressure_io, pressure_io_of),
	MEAN_OF(host_steal, host_steal_of),
	MEAN_OF(strangers, strangers_of),
};

int cells_fill(struct result *result, struct error *err)
{
	size_t i;
	int r = 0;

	find_load(result);
	for (i = 0; r == 0 && i < ARRAY_SIZE(means); i++)
		r = fill_means(result, means[i].find, means[i].offset, err);
	for (i = 0; r == 0 && i < result->experiment->cell_count; i++) {
		fill_own(result, i);
		r = fill_against_base(result, i, err);
	}
	return r;
}
