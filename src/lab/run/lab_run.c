/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/run/lab_run.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/guest/guest_kernel.h"
#include "lab/host/scratch.h"
#include "lab/run/lab_hands.h"
#include "lab/run/lab_kernels.h"
#include "lab/run/lab_trial.h"
#include "lab/store/store.h"
#include "sys/root.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lab {
	const struct lab_run_options *options;
	const struct lab_plan *plan;
	struct lab_run_result *result;
	struct lab_ground ground;
	struct lab_kernels kernels;
	struct scratch *scratch;
	struct lab_hands *hands;
	struct lab_boot boot;
	struct lab_trial trial;
	struct store_run record, beside;
	uint64_t planned_usec, taken_usec; /* of what has been done: guessed, and as it was */
	uint64_t left_usec;                /* guessed, of what is still to do */
};

/* -- telling ------------------------------------------------------------------------------------------ */

static void warn(struct lab *lab, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void warn(struct lab *lab, const char *format, ...)
{
	const struct lab_listener *listener = &lab->options->listener;
	char sentence[700];
	va_list arguments;

	if (listener->warn == NULL)
		return;
	va_start(arguments, format);
	vsnprintf(sentence, sizeof sentence, format, arguments);
	va_end(arguments);
	listener->warn(listener->user, sentence);
}

/* The guess, corrected by how wrong it has been so far. */
static uint64_t time_left(const struct lab *lab)
{
	if (lab->planned_usec == 0)
		return lab->left_usec;
	return (uint64_t)((double)lab->left_usec * (double)lab->taken_usec /
			  (double)lab->planned_usec);
}

static void tell(struct lab *lab, size_t boot, size_t run, const char *cell)
{
	const struct lab_listener *listener = &lab->options->listener;
	size_t runs = lab->plan->boots[boot].run_count;
	struct lab_progress progress = {
		.boot = boot + 1, .boot_count = lab->plan->boot_count,
		.run = run, .run_count = runs > run ? runs : run, /* more, where some are made again */
		.cell = cell, .left_usec = time_left(lab),
	};

	if (listener->progress != NULL)
		listener->progress(listener->user, &progress);
}

/* -- the ground ----------------------------------------------------------------------------------------- */

static bool turns_anything(const struct spec *spec)
{
	size_t i;

	for (i = 0; i < spec->cell_count; i++)
		if (spec->cells[i].load.policy != NULL || spec->cells[i].load.hold_count > 0 ||
		    spec->cells[i].made.ksm != SPEC_KSM_LEAVE || spec->cells[i].made.ksm_pages > 0 ||
		    spec->cells[i].made.ksm_sleep_usec > 0)
			return true;
	return false;
}

/* Before anything boots. */
static int check_images(const struct spec *spec, struct error *err)
{
	struct lab_image image;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < spec->cell_count; i++) {
		const char *name = spec->cells[i].made.image;

		r = name != NULL ? lab_image_find(name, &image, err) : 0;
		if (r == 0 && name != NULL)
			lab_image_done(&image);
	}
	return r;
}

/* Before anything boots, too. */
static int check_policies(struct lab_hands *hands, const struct spec *spec, struct error *err)
{
	const char *last = NULL;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < spec->cell_count; i++) {
		const char *policy = spec->cells[i].load.policy;

		if (policy == NULL || (last != NULL && strcmp(last, policy) == 0))
			continue;
		r = lab_hands_check(hands, policy, err);
		last = policy;
	}
	return r;
}

/* One that turns nothing would else be measured under what a killed one has left turned. */
static int prepare_hands(struct lab *lab, struct error *err)
{
	const struct lab_run_options *options = lab->options;
	const struct spec *spec = lab->plan->spec;
	int r;

	if (!turns_anything(spec))
		return options->hands != NULL ? lab_hands_recover(options->hands, err) : 0;
	r = lab_hands_new(options->hands, options->cancel_fd, &lab->hands, err);
	return r == 0 ? check_policies(lab->hands, spec, err) : r;
}

static int prepare_ground(struct lab *lab, struct error *err)
{
	const struct lab_run_options *options = lab->options;
	int r = check_images(lab->plan->spec, err);

	if (r == 0)
		r = scratch_new(options->scratch, &lab->scratch, err);
	if (r == 0)
		r = lab_kernels_find(&lab->kernels, lab->plan->spec, options->cancel_fd, err);
	if (r == 0)
		r = prepare_hands(lab, err);
	if (r < 0)
		return r;
	lab->ground = (struct lab_ground){
		.hands = lab->hands,
		.plan = lab->plan, .kernels = lab->kernels.of, .scratch = lab->scratch,
		.root = root_live_new(), .agent = options->agent,
		.accelerator = options->accelerator, .silence_usec = options->silence_usec,
		.cancel_fd = options->cancel_fd,
	};
	return lab->ground.root != NULL ? 0 : error_set(err, -ENOMEM, "no memory");
}

/* -- a boot --------------------------------------------------------------------------------------------- */

/* How the machine was made, for whoever reads the store. */
static void append_setup(const struct lab *lab, const struct lab_plan_boot *boot, struct str *out)
{
	const struct guest_kernel *kernel = lab->kernels.of[boot->machine];
	const struct spec_machine *made = boot->made;

	str_appendf(out, "{\"machine\":%u,\"vms\":%u,\"vcpus\":%u,\"memory_bytes\":%llu,\"accel\":\"%s\"",
		    boot->machine, made->count, boot->vcpus, (unsigned long long)made->memory_bytes,
		    lab_plan_accel(lab->plan, made));
	if (kernel != NULL)
		str_appendf(out, ",\"kernel\":\"%s\"", kernel->release);
	str_append(out, "}");
}

static int add_boot(struct lab *lab, size_t at, unsigned attempt, int64_t *ret_id, struct error *err)
{
	struct str setup;
	int r;

	str_init(&setup);
	append_setup(lab, &lab->plan->boots[at], &setup);
	r = setup.failed ? error_set(err, -ENOMEM, "no memory") :
			   store_add_boot(lab->options->store, lab->options->experiment, (unsigned)at,
					  attempt, setup.data, ret_id, err);
	str_done(&setup);
	return r;
}

static int keep(struct lab *lab, int64_t boot, size_t ordinal, const struct lab_plan_run *run,
		struct error *err)
{
	int r;

	lab->record.ordinal = lab->beside.ordinal = (unsigned)ordinal;
	r = store_add_run(lab->options->store, lab->options->experiment, boot, &lab->record, err);
	if (r == 0 && run->beside != run->cell)
		r = store_add_run(lab->options->store, lab->options->experiment, boot, &lab->beside, err);
	return r;
}

/* Whether it counts. */
static bool count_run(struct lab *lab, const struct lab_plan_run *run, bool again)
{
	lab->result->runs++;
	if (strcmp(lab->record.state, "unproved") != 0)
		return true;
	lab->result->runs_unproved++;
	warn(lab, "%s: %s; this run does not count%s", lab->plan->spec->cells[run->cell].label,
	     lab->record.why, again ? "" : " and is made again");
	return false;
}

/* *ret_fatal: what failed is this machine's, not the guests': another boot would not help. */
static int do_run(struct lab *lab, size_t at, int64_t id, const struct lab_plan_run *run,
		  size_t ordinal, bool *ret_fatal, struct error *err)
{
	struct error lost = { 0 };
	int r;

	tell(lab, at, ordinal + 1, lab->plan->spec->cells[run->cell].label);
	r = lab_trial_run(&lab->trial, &lab->boot, run, &lab->record, &lab->beside, err);
	if (lab->record.started_nsec != 0 && keep(lab, id, ordinal, run, &lost) < 0) {
		*ret_fatal = true;
		r = error_set(err, lost.code, "%s", lost.text);
	}
	return r;
}

/* Those that do not count once more, behind the others: a boot in which a cell is missing would
 * be lost for every comparison with that cell. */
static int run_all(struct lab *lab, size_t at, int64_t id, bool *ret_fatal, struct error *err)
{
	const struct lab_plan_boot *boot = &lab->plan->boots[at];
	CLEANUP_FREE bool *counts = calloc(boot->run_count + 1, sizeof *counts);
	size_t i, ordinal = 0;
	unsigned round;
	int r = 0;

	if (counts == NULL)
		return error_set(err, -ENOMEM, "no memory");
	for (round = 0; round < LAB_RUN_ATTEMPTS; round++)
		for (i = 0; r == 0 && i < boot->run_count; i++) {
			if (counts[i])
				continue;
			r = do_run(lab, at, id, &boot->runs[i], ordinal++, ret_fatal, err);
			if (r == 0)
				counts[i] = count_run(lab, &boot->runs[i], round > 0);
		}
	return r;
}

/* What a guest does wrong is told as these two; anything else (a kernel without a module, a
 * program that is not installed, no room) would be the same again. */
static bool may_be_chance(int r)
{
	return r == -EIO || r == -ETIMEDOUT;
}

static int do_boot(struct lab *lab, size_t at, unsigned attempt, bool *ret_fatal, struct error *err)
{
	struct error lost = { 0 };
	int64_t id;
	int r = add_boot(lab, at, attempt, &id, err);

	if (r < 0) {
		*ret_fatal = true;
		return r;
	}
	tell(lab, at, 0, NULL);
	r = lab_boot_start(&lab->boot, &lab->ground, &lab->plan->boots[at], lab_trial_heard,
			   &lab->trial, err);
	if (r == 0 && lab->boot.ready_usec > lab->result->slowest_boot_usec)
		lab->result->slowest_boot_usec = lab->boot.ready_usec;
	if (r == 0)
		r = run_all(lab, at, id, ret_fatal, err);
	lab_boot_end(&lab->boot);
	if (store_end_boot(lab->options->store, id, r == 0 ? "done" : r == -ECANCELED ? "stopped" :
			   "failed", r < 0 ? err->text : NULL, &lost) < 0 && r == 0) {
		*ret_fatal = true;
		r = error_set(err, lost.code, "%s", lost.text);
	}
	return r;
}

static uint64_t planned_time(const struct lab_plan *plan, const struct lab_plan_boot *boot)
{
	uint64_t usec = lab_plan_boot_usec(plan, boot);
	size_t i;

	for (i = 0; i < boot->run_count; i++)
		usec += lab_plan_run_usec(plan, &boot->runs[i]);
	return usec;
}

/* 1: done; 0: given up; else what ends the experiment. */
static int do_boot_at_last(struct lab *lab, size_t at, unsigned attempts, struct error *err)
{
	uint64_t began = clock_monotonic_usec();
	unsigned i;
	int r;

	for (i = 0; i < LAB_BOOT_ATTEMPTS; i++) {
		bool fatal = false;

		r = do_boot(lab, at, attempts + i, &fatal, err);
		if (r == 0) {
			lab->planned_usec += planned_time(lab->plan, &lab->plan->boots[at]);
			lab->taken_usec += clock_monotonic_usec() - began;
			return 1;
		}
		if (fatal || !may_be_chance(r))
			return r;
		warn(lab, "boot %zu: %s; %s", at + 1, err->text,
		     i + 1 < LAB_BOOT_ATTEMPTS ? "it is repeated" : "it is given up");
		lab->result->boots_repeated += i + 1 < LAB_BOOT_ATTEMPTS;
	}
	lab->result->boots_given_up++;
	return 0;
}

/* -- all of them ------------------------------------------------------------------------------------------ */

/* A block has each machine once: only then every cell has been seen as often. */
static bool is_enough(struct lab *lab, size_t done)
{
	const struct spec *spec = lab->plan->spec;
	const struct lab_listener *listener = &lab->options->listener;

	if (spec->stop != SPEC_STOP_SEQUENCE || listener->enough == NULL || lab->result->boots == 0 ||
	    done % spec->machine_count != 0 || done == lab->plan->boot_count)
		return false;
	lab->result->ended_early = listener->enough(listener->user);
	return lab->result->ended_early;
}

static int do_all(struct lab *lab, struct error *err)
{
	unsigned given_up = 0;
	size_t i;
	int r = 0;

	lab->left_usec = lab->plan->estimate_usec;
	for (i = 0; i < lab->plan->boot_count; i++) {
		unsigned attempts = 0;
		bool done = false;

		r = store_boot_state(lab->options->store, lab->options->experiment, (unsigned)i, &done,
				     &attempts, err);
		if (r < 0)
			return r;
		if (!done)
			r = do_boot_at_last(lab, i, attempts, err);
		lab->left_usec -= planned_time(lab->plan, &lab->plan->boots[i]);
		if (r < 0)
			return r;
		lab->result->boots_before += done;
		lab->result->boots += r == 1;
		given_up = done || r == 1 ? 0 : given_up + 1;
		if (given_up == LAB_GIVEN_UP_MOST)
			return error_prefix(err, "%u boots one after another were given up, the last "
					    "because of", given_up);
		if (is_enough(lab, i + 1))
			break;
	}
	return 0;
}

/* What is turned is given back before anything else is freed; that it could not be is told. */
static int give_back(struct lab *lab, int r, struct error *err)
{
	struct error lost = { 0 };

	if (lab->hands != NULL && lab_hands_give_back(lab->hands, &lost) < 0) {
		warn(lab, "%s", lost.text);
		if (r == 0)
			r = error_set(err, lost.code, "%s", lost.text);
	}
	lab_hands_free(lab->hands);
	return r;
}

int lab_run_check(const struct spec *spec, struct error *err)
{
	size_t i;

	for (i = 0; i < spec->measure_count; i++)
		if (!lab_sampler_has(spec->measures[i]))
			return error_set(err, -EINVAL, "%s: measures has %.60s, which is not sampled while "
					 "an experiment is measured", spec->path, spec->measures[i]);
	return 0;
}

int lab_run(const struct lab_run_options *options, struct lab_run_result *ret_result,
	    struct error *err)
{
	struct lab *lab = calloc(1, sizeof *lab);
	int r;

	*ret_result = (struct lab_run_result){ 0 };
	if (lab == NULL)
		return error_set(err, -ENOMEM, "no memory");
	lab->options = options;
	lab->plan = options->plan;
	lab->result = ret_result;
	store_run_init(&lab->record);
	store_run_init(&lab->beside);
	r = prepare_ground(lab, err);
	if (r == 0)
		r = do_all(lab, err);
	r = give_back(lab, r, err);
	root_free(lab->ground.root);
	lab_kernels_done(&lab->kernels);
	scratch_free(lab->scratch);
	lab_trial_done(&lab->trial);
	store_run_done(&lab->record);
	store_run_done(&lab->beside);
	free(lab);
	return r;
}
