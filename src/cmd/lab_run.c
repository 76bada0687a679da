/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "base/version.h"
#include "cmd/interrupt.h"
#include "cmd/lab.h"
#include "cmd/lab_enough.h"
#include "cmd/lab_place.h"
#include "cmd/lab_run_box.h"
#include "cmd/lab_told.h"
#include "cmd/verb.h"
#include "lab/host/ability.h"
#include "lab/host/facts.h"
#include "lab/run/lab_run.h"
#include "lab/store/store.h"
#include "lab/store/store_read.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

struct lab_run_settings {
	bool quick, dry_run, resume;
	const char *seed;
};

static const struct option_info options[] = {
	OPTION_FLAG(struct lab_run_settings, quick, 0, "quick",
		    "the short form that the experiment has of itself: minutes"),
	OPTION_FLAG(struct lab_run_settings, dry_run, 'n', "dry-run",
		    "say what would be run, and how long; boot nothing"),
	OPTION_FLAG(struct lab_run_settings, resume, 0, "resume",
		    "go on with the one that was stopped, boots that are done stay"),
	OPTION_TEXT(struct lab_run_settings, seed, 0, "seed", "NUMBER",
		    "the order of an earlier run; else it is drawn"),
	OPTIONS_END,
};

static const char notes[] =
	"Boots the experiment's VMs, loads them, measures, and keeps every raw figure in\n"
	"NAME.sqlite below $TRUCE_LAB_DIR (/var/lib/truce/lab for root). Ctrl-C leaves no VM behind\n"
	"and keeps what was measured. Exit code 3: some boots failed three times.";

static int lab_run_run(const struct verb *verb, const void *settings, char **operands);

const struct verb lab_run_verb = {
	.name = "lab run",
	.operands = "EXPERIMENT.lua",
	.least_operands = 1,
	.most_operands = 1,
	.summary = "run an experiment on real VMs",
	.notes = notes,
	.options = options,
	.settings_size = sizeof(struct lab_run_settings),
	.run = lab_run_run,
};

/* What one call of the verb has. */
struct job {
	const struct lab_run_settings *settings;
	struct spec *spec;
	struct lab_plan *plan;
	struct store *store;
	struct host_room room;
	struct lab_place place;
	enum accelerator accelerator;
	int64_t experiment;
	bool resumed;
	bool on_terminal, line_open; /* of stderr: a line of progress is being overwritten */
	size_t told_boot;
};

/* -- progress ------------------------------------------------------------------------------------- */

static void close_line(struct job *job)
{
	if (job->line_open)
		fputs("\r\033[K", stderr);
	job->line_open = false;
}

static void tell_progress(void *user, const struct lab_progress *progress)
{
	struct job *job = user;
	struct str line;

	/* Not on a terminal: a line a boot, so that a log stays short. */
	if (!job->on_terminal && progress->boot == job->told_boot)
		return;
	job->told_boot = progress->boot;
	str_init(&line);
	str_appendf(&line, "boot %zu of %zu", progress->boot, progress->boot_count);
	if (job->on_terminal && progress->cell != NULL) {
		str_appendf(&line, ", run %zu of %zu: ", progress->run, progress->run_count);
		text_append_printable(&line, progress->cell, strnlen(progress->cell, 60));
	}
	str_append(&line, "; ");
	lab_plan_append_time(&line, progress->left_usec);
	str_append(&line, " left");
	close_line(job);
	fprintf(stderr, "%s%s", line.data != NULL ? line.data : "", job->on_terminal ? "" : "\n");
	fflush(stderr);
	job->line_open = job->on_terminal;
	str_done(&line);
}

static void tell_warning(void *user, const char *sentence)
{
	close_line(user);
	verb_warn(&lab_run_verb, "%s", sentence);
}

static bool is_enough(void *user)
{
	const struct job *job = user;

	return lab_is_enough(&job->place, job->experiment, job->spec->precision);
}

/* -- what it is run on -------------------------------------------------------------------------------- */

static int seed_of(const struct job *job, uint64_t *ret_seed, struct error *err)
{
	const char *text = job->settings->seed;
	char *end;

	if (text == NULL) {
		/* A seed is typed again by people: it is short. */
		if (getrandom(ret_seed, sizeof *ret_seed, 0) != sizeof *ret_seed)
			*ret_seed = clock_realtime_usec();
		*ret_seed %= 1000000000;
		return 0;
	}
	errno = 0;
	*ret_seed = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || *ret_seed > INT64_MAX)
		return error_set(err, -EINVAL, "--seed takes a number, not \"%.40s\"", text);
	return 0;
}

static int make_plan(struct job *job, uint64_t seed, struct error *err)
{
	struct lab_plan_host host = { 0 };
	int r = host_room_read(&job->room, err);

	if (r == 0)
		r = host_disk_free(job->place.scratch, &host.disk_bytes, err);
	if (r < 0)
		return r;
	host.cpus = job->room.cpus;
	host.cpu_count = job->room.cpu_count;
	host.memory_bytes = job->room.memory_available_bytes;
	host.kvm = accelerator_check(ACCELERATOR_KVM, NULL) == 0;
	host.root = geteuid() == 0;
	job->accelerator = host.kvm ? ACCELERATOR_KVM : ACCELERATOR_TCG;
	return lab_plan_new(job->spec, &host, seed, &job->plan, err);
}

/* {"cpu.governor":"performance","smt":null,...} */
static char *host_json(struct error *err)
{
	struct host_facts facts;
	json_t *object;
	char *text;
	size_t i;

	if (host_facts_read(&facts, err) < 0)
		return NULL;
	object = json_object();
	for (i = 0; i < facts.count; i++)
		json_object_set_new(object, facts.items[i].name,
				    facts.items[i].value != NULL ? json_string(facts.items[i].value) :
								   json_null());
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	host_facts_done(&facts);
	if (text == NULL)
		error_set(err, -ENOMEM, "no memory for the host's facts");
	return text;
}

/* -- the experiment in the store ------------------------------------------------------------------------ */

/* Where its figures are made: in guests, by what these are run by, whatever else this machine
 * could; or where there is none on this machine itself. */
static const char *platform_of(const struct job *job)
{
	enum accelerator accelerator;

	if (accelerator_parse(lab_plan_accel_best(job->plan), &accelerator))
		return guest_platform_text(accelerator);
	return platform_text();
}

static int add_experiment(struct job *job, struct error *err)
{
	CLEANUP_FREE char *host = host_json(err);
	struct store_experiment experiment = {
		.spec = job->spec, .quick = job->settings->quick, .seed = job->plan->seed,
		.version = version_text, .platform = platform_of(job),
		.scaled = job->plan->scaled ? job->plan->scaled_why : NULL, .host = host,
	};

	if (host == NULL)
		return err->code < 0 ? err->code : -ENOMEM;
	return store_add_experiment(job->store, &experiment, &job->experiment, err);
}

static bool goes_to_box(const struct job *job)
{
	return job->spec->where == SPEC_BOX && !lab_run_is_in_box();
}

/* Not before it is known that it can be run: what cannot leaves no file. */
static int take_place(struct job *job, struct error *err)
{
	int r = lab_run_is_in_box() ? 0 : lab_place_take(&job->place, err);

	/* The box's own opens it: two programs at one file through two kernels' caches is one too
	 * many. */
	if (goes_to_box(job))
		return r;
	return r == 0 ? store_open(job->place.store, &job->store, err) : r;
}

/* The same spec, seed and plan as when it was stopped. */
static int find_stopped(struct job *job, uint64_t *ret_seed, struct error *err)
{
	int r = access(job->place.store, F_OK) < 0 ? -ENOENT : take_place(job, err);

	if (r == 0)
		r = store_find_unfinished(job->store, store_spec_hash(job->spec, job->settings->quick),
					  &job->experiment, ret_seed, err);
	if (r == -ENOENT)
		return error_set(err, r, "%s: there is none that was stopped with just this file%s: begin "
				 "one without --resume", job->spec->name,
				 job->settings->quick ? " and --quick" : "");
	job->resumed = r == 0;
	return r;
}

/* Boots of one machine and boots of another are not one experiment. */
static int check_same_machine(struct job *job, struct error *err)
{
	const char *scaled = job->plan->scaled ? job->plan->scaled_why : "";
	struct stored_experiment *stored = NULL;
	int r = store_read(job->store, job->experiment, &stored, err);

	if (r == 0 && (strcmp(stored->scaled != NULL ? stored->scaled : "", scaled) != 0 ||
		       strcmp(stored->platform, platform_of(job)) != 0))
		r = error_set(err, -EXDEV, "%s: it was begun elsewhere (%s%s%s), here it would be another experiment (%s%s%s): begin one "
			      "without --resume", job->spec->name, stored->platform,
			      stored->scaled != NULL ? ", scaled: " : "",
			      stored->scaled != NULL ? stored->scaled : "", platform_of(job),
			      *scaled != '\0' ? ", scaled: " : "", scaled);
	stored_experiment_free(stored);
	return r;
}

static int prepare(struct job *job, const char *path, struct error *err)
{
	struct str problems;
	uint64_t seed;
	int r;

	str_init(&problems);
	r = spec_read(path, job->settings->quick, &job->spec, &problems, err);
	/* All that is wrong with the file: the last line is the error itself. */
	if (r == -EINVAL && problems.data != NULL && strchr(problems.data, '\n') !=
	    problems.data + problems.length - 1)
		fprintf(stderr, "%s", problems.data);
	str_done(&problems);
	if (r == 0)
		r = lab_run_check(job->spec, err);
	if (r == 0)
		r = seed_of(job, &seed, err);
	if (r == 0)
		r = lab_place_find(job->spec->name, &job->place, err);
	if (r == 0 && job->settings->resume && !goes_to_box(job))
		r = find_stopped(job, &seed, err);
	if (r == 0)
		r = make_plan(job, seed, err);
	if (r == 0 && job->resumed)
		r = check_same_machine(job, err);
	if (r == 0 && !job->settings->dry_run && job->store == NULL)
		r = take_place(job, err);
	return r;
}

/* -- running it ------------------------------------------------------------------------------------------- */

static void print_begin(const struct job *job)
{
	struct str text;

	str_init(&text);
	str_appendf(&text, "%s: ", job->spec->name);
	text_append_printable(&text, job->spec->asks, strlen(job->spec->asks));
	str_appendf(&text, "\n%s%zu boots, %s", job->resumed ? "resumed; the whole has " : "",
		    job->plan->boot_count,
		    job->spec->stop == SPEC_STOP_SEQUENCE ? "at most " : "about ");
	lab_plan_append_time(&text, job->plan->estimate_usec);
	str_appendf(&text, "; seed %llu\n", (unsigned long long)job->plan->seed);
	if (job->plan->scaled)
		str_appendf(&text, "scaled: %s\n", job->plan->scaled_why);
	if (text.data != NULL)
		fputs(text.data, stdout);
	fflush(stdout);
	str_done(&text);
}

static void print_end(const struct job *job, const struct lab_run_result *result, uint64_t usec)
{
	struct str text;

	str_init(&text);
	str_appendf(&text, "%u boots with %u runs in ", result->boots, result->runs);
	lab_plan_append_time(&text, usec);
	if (result->boots_before > 0)
		str_appendf(&text, ", %u boots were there before", result->boots_before);
	if (result->ended_early)
		str_append(&text, ", which was enough");
	if (result->boots_repeated > 0)
		str_appendf(&text, ", %u repeated", result->boots_repeated);
	if (result->boots_given_up > 0)
		str_appendf(&text, ", %u given up", result->boots_given_up);
	if (result->runs_unproved > 0)
		str_appendf(&text, ", %u runs without proof", result->runs_unproved);
	str_appendf(&text, "\nkept in %s as experiment %lld\n", job->place.store,
		    (long long)job->experiment);
	if (text.data != NULL)
		fputs(text.data, stdout);
	str_done(&text);
}

static int measure(struct job *job, struct lab_run_result *result, struct error *err)
{
	struct lab_run_options how = {
		.plan = job->plan, .store = job->store, .experiment = job->experiment,
		.accelerator = job->accelerator, .scratch = job->place.scratch,
		.hands = job->place.hands,
		.cancel_fd = interrupt_fd(),
		.listener = { job, tell_progress, tell_warning, is_enough },
	};
	struct error lost = { 0 };
	const char *state;
	int r = lab_run(&how, result, err);

	state = r == 0 ? "finished" : r == -ECANCELED ? "stopped" : "failed";
	if (store_end_experiment(job->store, job->experiment, state, r < 0 ? err->text : NULL, &lost) < 0 &&
	    r == 0)
		r = error_set(err, lost.code, "%s", lost.text);
	close_line(job);
	return r;
}

static int run(struct job *job, struct error *err)
{
	uint64_t began = clock_monotonic_usec();
	struct lab_run_result result;
	int r = job->resumed ? 0 : add_experiment(job, err);

	if (r < 0)
		return r;
	print_begin(job);
	r = measure(job, &result, err);
	print_end(job, &result, clock_monotonic_usec() - began);
	if (result.boots + result.boots_before > 0)
		lab_tell_result(&lab_run_verb, &job->place, job->spec->name, job->experiment);
	if (r == -ECANCELED)
		error_set(err, r, "stopped; what was measured is kept, and --resume goes on");
	if (r == 0 && result.boots_given_up > 0)
		return VERB_PARTLY;
	return r;
}

/* The whole of it again, in the box. */
static int run_in_box(struct job *job, const char *path, struct error *err)
{
	CLEANUP_FREE char *whole = realpath(path, NULL);
	const char *arguments[8] = { whole };
	char seed[32];
	size_t count = 1;
	int status = 0, r;

	if (whole == NULL)
		return error_errno(err, -errno, "%s", path);
	if (job->settings->quick)
		arguments[count++] = "--quick";
	if (job->settings->resume) {
		arguments[count++] = "--resume";
	} else {
		snprintf(seed, sizeof seed, "%llu", (unsigned long long)job->plan->seed);
		arguments[count++] = "--seed";
		arguments[count++] = seed;
	}
	r = lab_run_in_box(job->plan, &job->place, arguments, &status, err);
	return r < 0 ? r : status;
}

static int print_plan(const struct verb *verb, const struct job *job)
{
	struct str text;
	int code;

	str_init(&text);
	lab_plan_append_text(job->plan, &text);
	code = verb_print(verb, &text);
	str_done(&text);
	return code;
}

static void job_done(struct job *job)
{
	store_close(job->store);
	lab_plan_free(job->plan);
	spec_free(job->spec);
	host_room_done(&job->room);
	lab_place_done(&job->place);
}

static int lab_run_run(const struct verb *verb, const void *settings, char **operands)
{
	struct job job = { .settings = settings, .on_terminal = isatty(STDERR_FILENO) == 1,
			   .place.lock_fd = -1 };
	struct error err = { 0 };
	int r, code = VERB_FINE;

	interrupt_catch();
	r = prepare(&job, operands[0], &err);
	if (r == 0 && job.settings->dry_run)
		code = print_plan(verb, &job);
	else if (r == 0)
		r = goes_to_box(&job) ? run_in_box(&job, operands[0], &err) : run(&job, &err);
	job_done(&job);
	if (r == -ECANCELED && interrupt_signal() != 0) {
		verb_fail(verb, &err);
		/* As if the signal had not been caught: a shell then stops its loop, too. */
		raise(interrupt_signal());
	}
	return r < 0 ? (r == -ECANCELED ? VERB_FAILED : verb_fail(verb, &err)) : r > 0 ? r : code;
}

int lab_run_call(char **arguments)
{
	return verb_call(&lab_run_verb, arguments);
}
