/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/made.h"

#include "base/error.h"
#include "lab/spec/spec.h"
#include "lab/store/store.h"
#include "lab/store/store_sql.h"
#include "measure/random.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define HEAD "return experiment { name = 'made', asks = 'Do others change what VM1 does?', " \
	"predicts = 'no change', subject = { work = 'cpu-integer' }, others = { work = 'cpu-integer' }, " \
	"warmup = 1*s, duration = 4*s, "

const char made_isolation_spec[] = HEAD
	"vms = { count = 3 }, vary = { { 'loaded', 1, 2, 3 } }, baseline = { loaded = 1 }, "
	"measures = { 'rate', 'latency-p99' }, boots = 12 }";
const char made_aa_spec[] = HEAD "vms = { count = 2 }, boots = 20 }";
const char made_duet_spec[] = HEAD
	"vms = { count = 2 }, duet = true, boots = 12, vary = { { 'vms.pin', 'own', 'none' } } }";
const char made_sequence_spec[] = HEAD
	"vms = { count = 3 }, vary = { { 'loaded', 1, 3 } }, stop = 'sequence', boots = 20 }";

#define SHORT "return experiment { name = 'made', asks = 'Short?', subject = { work = 'cpu-integer' }, " \
	"others = { work = 'cpu-integer' }, warmup = 100*ms, duration = 600*ms, boots = 12, "

const char made_short_spec[] = SHORT
	"vms = { count = 2 }, vary = { { 'loaded', 1, 2 } }, baseline = { loaded = 1 }, "
	"measures = { 'rate', 'latency-p99', 'vm:waiting_usec' } }";
const char made_short_duet_spec[] = SHORT
	"vms = { count = 2 }, duet = true, vary = { { 'vms.pin', 'own', 'none' } } }";

enum { RATE = 2000, INTERVAL_MSEC = 100, STALL_AT = 20 };
#define BOOT_NOISE 0.05
#define RUN_NOISE 0.005
#define INTERVAL_NOISE 0.03

struct make {
	const struct made *made;
	const struct spec *spec;
	struct store *store;
	struct measure_random random;
	int64_t experiment, now_nsec;
	double boot_level;
	bool stalls; /* the cell at hand */
};

static double noisy(struct make *make, double level, double noise)
{
	return level * exp(noise * measure_random_normal(&make->random));
}

/* In a duet what disturbs one disturbs both: the noise is the moment's. */
static void make_intervals(struct make *make, struct store_run *run, unsigned vm, double level,
			   const double *moments)
{
	size_t count = (size_t)((run->warmup_nsec + run->duration_nsec) / (INTERVAL_MSEC * 1000000)) + 1, i;
	size_t length, stalled = vm == 0 && run->member_count == 1 && make->stalls ?
		make->made->stalled_intervals : 0;
	double rate, tick = INTERVAL_MSEC / 1000.0;
	struct store_bucket buckets[2];

	for (i = 0; i < count; i += length) {
		length = i == STALL_AT && stalled > 0 ? stalled : 1;
		rate = level * moments[i % 64] * (i < make->made->cold_intervals ? 0.5 : 1);
		rate = noisy(make, rate, INTERVAL_NOISE);
		buckets[0] = (struct store_bucket){ 200, (uint32_t)(rate * tick * 0.98) + 1 };
		/* The slower it is, the longer its longest operations take. */
		buckets[1] = (struct store_bucket){ (uint16_t)(260 + 16 * log2(RATE / level)), 5 };
		store_run_add_interval(run, &(struct store_interval){
			.vm = vm, .at_nsec = (int64_t)i * INTERVAL_MSEC * 1000000,
			.length_nsec = length * INTERVAL_MSEC * 1000000, .uncertainty_nsec = 200000,
			.operations = (uint64_t)fmax(0, rate * tick), }, buckets, 2);
	}
}

static void make_samples(struct make *make, struct store_run *run, double waiting)
{
	static const char *const counters[] = { "waiting_usec", "major_faults" };
	int64_t second;

	for (second = 0; second <= (int64_t)((run->warmup_nsec + run->duration_nsec) / 1000000000);
	     second++) {
		int64_t at = second * 1000000000;

		store_run_add_sample(run, &(struct store_sample){ "guest1", "cpu_steal_nsec", at,
			(int64_t)((double)at * waiting) });
		store_run_add_sample(run, &(struct store_sample){ "host", "psi_cpu_some_usec", at,
			(int64_t)((double)at / 1000 * waiting) });
		store_run_add_sample(run, &(struct store_sample){ "vm1", counters[0], at,
			(int64_t)((double)at / 1000 * waiting) });
		if (second == 0)
			store_run_add_sample(run, &(struct store_sample){ "vm1", counters[1], at, 7 });
		/* Of two CPUs 0.7 are idle and VM1 has 0.8 of the others: half a one is a stranger's. */
		store_run_add_sample(run, &(struct store_sample){ "cpu0", "idle_usec", at, at / 1000 * 7 / 10 });
		store_run_add_sample(run, &(struct store_sample){ "cpu1", "idle_usec", at, 0 });
		store_run_add_sample(run, &(struct store_sample){ "vm1", "user_usec", at, at / 1000 * 7 / 10 });
		store_run_add_sample(run, &(struct store_sample){ "vm1", "system_usec", at, at / 1000 / 10 });
	}
}

static void add_member(struct store_run *run, unsigned vm, int role, const char *workload)
{
	store_run_add_member(run, &(struct store_member){ .vm = vm, .role = role, .workload = workload,
		.unit = workload != NULL ? "operations" : NULL });
}

static void begin_run(struct make *make, struct store_run *run, size_t cell, unsigned ordinal)
{
	store_run_clear(run);
	run->cell = cell;
	run->ordinal = ordinal;
	run->state = "done";
	run->started_nsec = make->now_nsec;
	run->started_usec = 1772373900000000 + make->now_nsec / 1000;
	run->warmup_nsec = make->spec->warmup_usec * 1000;
	run->duration_nsec = make->spec->duration_usec * 1000;
}

static double level_of(const struct make *make, const struct spec_cell *cell)
{
	double level = make->boot_level;

	if (make->spec->duet)
		return level * (cell->is_aa && make->made->aa > 0 ? make->made->aa :
				cell->is_baseline || cell->is_aa ? 1 : make->made->per_vm);
	level *= pow(make->made->per_vm, cell->load.loaded - 1);
	return cell->is_aa && make->made->aa > 0 ? level * make->made->aa : level;
}

static void moments_make(struct make *make, double *ret, double noise)
{
	size_t i;

	for (i = 0; i < 64; i++)
		ret[i] = noisy(make, 1, noise);
}

static int make_run(struct make *make, int64_t boot, size_t at, unsigned ordinal, struct error *err)
{
	const struct spec_cell *cell = &make->spec->cells[at];
	double moments[64], level = noisy(make, level_of(make, cell), RUN_NOISE);
	struct store_run run;
	unsigned vm;
	int r;

	store_run_init(&run);
	begin_run(make, &run, at, ordinal);
	make->stalls = cell->load.loaded > 1 && cell->load.loaded == cell->made.count;
	moments_make(make, moments, 0);
	for (vm = 0; vm < cell->made.count; vm++) {
		bool loaded = vm < cell->load.loaded;
		double own = vm > 0 && vm + 1 == cell->load.loaded && make->made->unfair > 0 ?
			make->made->unfair : 1;

		add_member(&run, vm, vm == 0 ? STORE_ROLE_SUBJECT : loaded ? STORE_ROLE_OTHER :
			   STORE_ROLE_IDLE, !loaded ? NULL : vm == 0 ? cell->load.subject :
			   cell->load.others != NULL ? cell->load.others : cell->load.subject);
		if (loaded && (vm == 0 || !make->made->others_idle))
			make_intervals(make, &run, vm, level * own, moments);
	}
	make_samples(make, &run, 1 - level / noisy(make, make->boot_level * 1.01, 0.001) > 0 ?
		     fmin(1, fabs(1 - level / (make->boot_level * 1.05))) : 0);
	r = store_add_run(make->store, make->experiment, boot, &run, err);
	store_run_done(&run);
	make->now_nsec += (int64_t)(run.warmup_nsec + run.duration_nsec) + 6000000000;
	return r;
}

/* The cell and its baseline at once, which share every disturbance. */
static int make_duet(struct make *make, int64_t boot, size_t at, unsigned ordinal, struct error *err)
{
	size_t cells[2] = { at, make->spec->cells[at].compared_with };
	bool swapped = measure_random_below(&make->random, 2) == 1;
	double moments[64];
	struct store_run run;
	unsigned i, vm;
	int r = 0;

	moments_make(make, moments, 0.2);
	for (i = 0; r == 0 && i < 2; i++) {
		const struct spec_cell *cell = &make->spec->cells[cells[i]];

		vm = i ^ swapped;
		store_run_init(&run);
		begin_run(make, &run, cells[i], ordinal);
		add_member(&run, vm, STORE_ROLE_SUBJECT, cell->load.subject);
		make_intervals(make, &run, vm, noisy(make, level_of(make, cell), RUN_NOISE), moments);
		r = store_add_run(make->store, make->experiment, boot, &run, err);
		store_run_done(&run);
	}
	make->now_nsec += 20000000000;
	return r;
}

static int make_boot(struct make *make, unsigned machine, unsigned ordinal, struct error *err)
{
	const struct spec *spec = make->spec;
	unsigned attempt = 0, at = 0;
	char setup[100];
	size_t i;
	int64_t id;
	int r = 0;

	snprintf(setup, sizeof setup, "{\"machine\":%u,\"accel\":\"%s\"}", machine, make->made->accel);
	for (; r == 0 && ordinal == 0 && attempt < make->made->failed_boots; attempt++) {
		r = store_add_boot(make->store, make->experiment, ordinal, attempt, setup, &id, err);
		if (r == 0)
			r = store_end_boot(make->store, id, "failed", "VM1: its agent ended", err);
	}
	make->boot_level = noisy(make, RATE, BOOT_NOISE);
	if (r == 0)
		r = store_add_boot(make->store, make->experiment, ordinal, attempt, setup, &id, err);
	for (i = 0; r == 0 && i < spec->cell_count; i++) {
		if (spec->cells[i].machine != machine || (spec->duet && spec->cells[i].is_baseline))
			continue;
		r = spec->duet ? make_duet(make, id, i, at++, err) : make_run(make, id, i, at++, err);
	}
	return r == 0 ? store_end_boot(make->store, id, "done", NULL, err) : r;
}

static int make_all(struct make *make, struct error *err)
{
	unsigned boots = make->made->boots > 0 ? make->made->boots : make->spec->boots, i;
	int r = 0;

	for (i = 0; r == 0 && i < boots * make->spec->machine_count; i++)
		r = make_boot(make, i % make->spec->machine_count, i, err);
	return r == 0 ? store_end_experiment(make->store, make->experiment, "finished", NULL, err) : r;
}

int made_store(const struct made *made, const char *path, struct error *err)
{
	struct make make = { .made = made };
	struct spec *spec = NULL;
	struct store_experiment experiment = {
		.seed = made->seed, .version = made->version != NULL ? made->version : "0.1.0",
		.platform = made->platform, .scaled = made->scaled,
		.host = made->host != NULL ? made->host : "{\"platform\":\"in a VM (KVM)\",\"cpu.smt\":null}",
	};
	int r = spec_new(made->spec, strlen(made->spec), "made.lua", false, &spec, NULL, err);

	if (r < 0)
		return r;
	make.spec = experiment.spec = spec;
	measure_random_init(&make.random, made->seed);
	r = store_open(path, &make.store, err);
	/* Nobody needs it after a power cut. */
	if (r == 0)
		r = store_execute(make.store, "pragma synchronous = off", err);
	if (r == 0)
		r = store_add_experiment(make.store, &experiment, &make.experiment, err);
	if (r == 0)
		r = make_all(&make, err);
	store_close(make.store);
	spec_free(spec);
	return r;
}
