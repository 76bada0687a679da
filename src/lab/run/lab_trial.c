/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/run/lab_trial.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "lab/net/lab_net.h"
#include "lab/run/lab_hands.h"
#include "lab/spec/spec_work.h"
#include "sys/root.h"
#include "work/workload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A workload may have to write its files, or touch its memory, on a slow device. */
#define PREPARE_NSEC (180 * NSEC_PER_SEC)
/* From the order to the instant: every agent has got it by then. */
#define AHEAD_NSEC (250 * NSEC_PER_MSEC)
#define STARTED_NSEC (10 * NSEC_PER_SEC)
#define STOP_NSEC (15 * NSEC_PER_SEC)

enum { FIRST_PORT = 7500 };
/* One an interval, and what comes late at once. */
enum { REPORTS_AN_INTERVAL = 4, REPORTS_BESIDES = 100 };

void lab_trial_init(struct lab_trial *trial)
{
	memset(trial, 0, sizeof *trial);
}

void lab_trial_done(struct lab_trial *trial)
{
	size_t i;

	json_decref(trial->policies);
	for (i = 0; i < LAB_MEMBERS_MOST; i++)
		free(trial->lines[i]);
	lab_trial_init(trial);
}

/* -- who does what ----------------------------------------------------------------------------------- */

struct part {
	const char *workload; /* NULL: idle */
	int role;
	size_t cell;
};

/* In a duet VM1 and VM2 have the two cells, or each the other's. */
static struct part part_of_vm(const struct lab_trial *trial, const struct lab_plan_run *run,
			      unsigned vm)
{
	const struct spec *spec = trial->boot->ground->plan->spec;
	bool second = trial->beside != NULL && (vm == 1) != run->swapped;
	size_t cell = second ? run->beside : run->cell;
	const struct spec_load *load = &spec->cells[cell].load;

	if (vm >= load->loaded)
		return (struct part){ NULL, STORE_ROLE_IDLE, cell };
	if (vm == 0 || trial->beside != NULL)
		return (struct part){ load->subject, STORE_ROLE_SUBJECT, cell };
	return (struct part){ load->others != NULL ? load->others : load->subject, STORE_ROLE_OTHER, cell };
}

/* The peer works for those VMs whose workload is of the network. */
static struct part part_of(const struct lab_trial *trial, const struct lab_plan_run *run,
			   unsigned number)
{
	unsigned vms = trial->boot->vm_count;
	struct part part = part_of_vm(trial, run, number % vms);

	if (number < vms)
		return part;
	if (!spec_work_is_net(part.workload))
		part.workload = NULL;
	part.role = part.workload != NULL ? STORE_ROLE_PEER : STORE_ROLE_IDLE;
	return part;
}

/* With addresses and ports: a VM's own port, so that its other half is told apart. */
static char *line_of(const struct lab_trial *trial, const struct part *part, unsigned number)
{
	const struct lab_boot *boot = trial->boot;
	const struct spec_load *load = &boot->ground->plan->spec->cells[part->cell].load;
	unsigned vm = number % boot->vm_count, port = FIRST_PORT + vm;
	char address[64];

	if (boot->net == NULL)
		return strdup(part->workload);
	if (number < boot->vm_count)
		return spec_work_of_vm(part->workload, lab_net_peer_address(boot->net), port);
	snprintf(address, sizeof address, "%s", lab_net_port(boot->net, vm)->address);
	address[strcspn(address, "/")] = '\0';
	return spec_work_of_peer(part->workload, address, port, load->peer);
}

static struct store_run *record_of(const struct lab_trial *trial, const struct lab_plan_run *run,
				   unsigned number)
{
	unsigned vm = number % trial->boot->vm_count;

	return trial->beside != NULL && (vm == 1) != run->swapped ? trial->beside : trial->record;
}

/* What a workload's rate is told in: by its name, which is the line's first word. */
static const char *unit_of(const char *workload)
{
	char name[64];
	const struct workload *kind;

	if (workload == NULL)
		return NULL;
	snprintf(name, sizeof name, "%.*s", (int)strcspn(workload, " "), workload);
	kind = workload_find(name);
	return kind == NULL ? NULL : kind->moves_bytes ? "bytes" : "operations";
}

static void note_member(struct lab_trial *trial, const struct lab_plan_run *run, unsigned vm)
{
	struct part part = part_of(trial, run, vm);
	struct store_member member = { .vm = vm, .role = part.role };

	if (part.workload != NULL) {
		trial->lines[vm] = line_of(trial, &part, vm);
		trial->out_of_memory |= trial->lines[vm] == NULL;
	}
	trial->members[vm].loaded = trial->lines[vm] != NULL;
	member.workload = trial->lines[vm];
	member.unit = unit_of(member.workload);
	/* A peer that has nothing to do is nobody. */
	if (vm >= trial->boot->vm_count && member.workload == NULL)
		return;
	if (!store_run_add_member(record_of(trial, run, vm), &member))
		trial->out_of_memory = true;
}

/* -- what they report ---------------------------------------------------------------------------------- */

static struct store_run *record_with(struct lab_trial *trial, unsigned vm)
{
	size_t i;

	for (i = 0; trial->beside != NULL && i < trial->beside->member_count; i++)
		if (trial->beside->members[i].vm == vm)
			return trial->beside;
	return trial->record;
}

static void take_buckets(struct store_bucket *to, const struct agent_progress *progress)
{
	size_t i;

	for (i = 0; i < progress->bucket_count; i++)
		to[i] = (struct store_bucket){ progress->buckets[i].index, progress->buckets[i].added };
}

/* The longest time in which a member did nothing, within the window. */
static void note_work(struct lab_trial *trial, unsigned vm, uint64_t at_nsec, bool moved)
{
	uint64_t from = trial->members[vm].moved_nsec;

	if (from < trial->from_nsec)
		from = trial->from_nsec;
	if (at_nsec > trial->until_nsec)
		at_nsec = trial->until_nsec;
	if (at_nsec > from && at_nsec - from > trial->members[vm].idle_nsec)
		trial->members[vm].idle_nsec = at_nsec - from;
	if (moved)
		trial->members[vm].moved_nsec = at_nsec;
}

/* One that reports a thousand times as often as it was told to, each a nanosecond after the last, would
 * fill this host's memory. */
static bool is_too_much(struct lab_trial *trial, unsigned vm)
{
	uint64_t interval_nsec = trial->boot->ground->plan->spec->interval_usec * NSEC_PER_USEC;
	uint64_t whole_nsec = trial->until_nsec - (uint64_t)trial->record->started_nsec;

	return ++trial->members[vm].reports >
	       REPORTS_AN_INTERVAL * whole_nsec / interval_nsec + REPORTS_BESIDES;
}

static void take_report(struct lab_trial *trial, unsigned vm, const struct link_event *event)
{
	const struct agent_progress *now = event->progress;
	uint64_t before = trial->members[vm].at_nsec;
	struct store_run *record = record_with(trial, vm);
	struct store_bucket buckets[AGENT_BUCKET_MAX];
	struct store_interval interval = {
		.vm = vm,
		.at_nsec = (int64_t)before - record->started_nsec,
		.length_nsec = event->at_nsec - before,
		.uncertainty_nsec = event->uncertainty_nsec,
		.operations = now->operations - trial->members[vm].operations,
		.bytes = now->bytes - trial->members[vm].bytes,
		.errors = now->errors - trial->members[vm].errors,
		.lost = now->lost - trial->members[vm].lost,
	};

	/* Two instants within the clock's uncertainty: what was done goes to the next interval, but for
	 * how long it took, which was told this once. And what is behind the window is nobody's, while
	 * some are stopped and others not yet. */
	if (event->at_nsec <= before || before >= trial->until_nsec)
		return;
	trial->members[vm].babbles |= is_too_much(trial, vm);
	if (trial->members[vm].babbles)
		return;
	take_buckets(buckets, now);
	if (!store_run_add_interval(record, &interval, buckets, now->bucket_count))
		trial->out_of_memory = true;
	note_work(trial, vm, event->at_nsec, interval.operations > 0);
	trial->members[vm].at_nsec = event->at_nsec;
	trial->members[vm].operations = now->operations;
	trial->members[vm].bytes = now->bytes;
	trial->members[vm].errors = now->errors;
	trial->members[vm].lost = now->lost;
}

static void take_results(struct lab_trial *trial, unsigned vm, const struct agent_progress *progress)
{
	struct store_run *record = record_with(trial, vm);
	size_t i;

	for (i = 0; i < record->member_count; i++) {
		if (record->members[i].vm != vm || progress->results.size == 0)
			continue;
		free(record->members[i].results);
		record->members[i].results = text_duplicate(progress->results.bytes, progress->results.size);
	}
}

void lab_trial_heard(void *user, struct lab_member *member, const struct link_event *event)
{
	struct lab_trial *trial = user;
	unsigned vm = member->number;

	if (event->kind == LINK_COUNTERS) {
		if (trial->boot != NULL && trial->boot->sample_nsec > 0)
			lab_sampler_hear(trial->boot->sampler, member, event);
		return;
	}
	if (trial->record == NULL || !trial->members[vm].loaded)
		return;
	if (event->kind == LINK_STARTED) {
		trial->members[vm].started = true;
		trial->members[vm].at_nsec = event->at_nsec;
		trial->members[vm].moved_nsec = event->at_nsec;
		return;
	}
	if (trial->members[vm].started)
		take_report(trial, vm, event);
	if (event->kind == LINK_DONE) {
		take_results(trial, vm, event->progress);
		trial->members[vm].ended = true;
	}
}

/* -- the run ------------------------------------------------------------------------------------------ */

static int pin_all(struct lab_trial *trial, const struct lab_plan_run *run, struct error *err)
{
	const struct lab_plan *plan = trial->boot->ground->plan;
	unsigned *cpus = calloc(plan->cpu_count + 1, sizeof *cpus);
	int r = cpus != NULL ? 0 : error_set(err, -ENOMEM, "no memory to pin VMs");
	unsigned vm;

	for (vm = 0; r == 0 && vm < trial->boot->vm_count; vm++) {
		const struct spec_cell *cell = &plan->spec->cells[part_of(trial, run, vm).cell];
		size_t count = lab_plan_pin(plan, cell, vm, cpus);

		r = member_pin(&trial->boot->members[vm], cpus, count,
			       cell->load.pin != SPEC_PIN_NONE, err);
	}
	free(cpus);
	return r;
}

static int hold_one(struct lab_trial *trial, const struct lab_plan_run *run, unsigned vm,
		    struct error *err)
{
	const struct lab_ground *ground = trial->boot->ground;
	struct part part = part_of(trial, run, vm);
	const struct spec_load *load = &ground->plan->spec->cells[part.cell].load;
	bool subject = part.role == STORE_ROLE_SUBJECT;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < load->hold_count; i++) {
		if (!(subject ? load->holds[i].of_subject : load->holds[i].of_others))
			continue;
		r = lab_hands_set(ground->hands, member_pid(&trial->boot->members[vm]),
				  load->holds[i].setting, load->holds[i].value, err);
		if (r == 0 && lab_force_add_hold(&trial->force, vm, load->holds[i].setting) < 0)
			r = error_set(err, -EINVAL, "%s: it cannot be proved", load->holds[i].setting);
	}
	return r;
}

/* The policy and the settings of this cell, through a truced that knows these VMs alone. */
static int adjust(struct lab_trial *trial, const struct lab_plan_run *run, struct error *err)
{
	const struct lab_boot *boot = trial->boot;
	const struct spec_load *load = &boot->ground->plan->spec->cells[run->cell].load;
	const struct spec_load *beside = &boot->ground->plan->spec->cells[run->beside].load;
	struct lab_force *force = &trial->force;
	struct lab_hands_net net = { 0 };
	unsigned vm;
	int r;

	if (boot->net != NULL)
		net = (struct lab_hands_net){ lab_net_guests_fd(boot->net),
					      boot->plan->made->net.speed_bytes_per_sec };
	trial->adjusted = load->policy != NULL || load->hold_count + beside->hold_count > 0;
	if (!trial->adjusted)
		return 0;
	force->policy = load->policy != NULL;
	force->vm_count = boot->vm_count;
	for (vm = 0; vm < boot->vm_count; vm++)
		force->vms[vm] = member_pid(&boot->members[vm]);
	r = lab_hands_start(boot->ground->hands, load->policy, force->vms, force->vm_count, &net, err);
	for (vm = 0; r == 0 && vm < boot->vm_count; vm++)
		r = hold_one(trial, run, vm, err);
	return r;
}

static int release(struct lab_trial *trial, int r, struct error *err)
{
	struct lab_hands *hands = trial->boot->ground->hands;
	int released = hands != NULL ? lab_hands_stop(hands, r == 0 ? err : NULL) : 0;

	return r == 0 ? released : r;
}

static bool all_prepared(const struct lab_boot *boot)
{
	return lab_boot_all_in(boot, MEMBER_PREPARED);
}

static bool all_idle(const struct lab_boot *boot)
{
	return lab_boot_all_in(boot, MEMBER_IDLE);
}

static int late(const struct lab_boot *boot, enum member_state wanted, const char *what,
		struct error *err)
{
	unsigned i;

	for (i = 0; i + 1 < boot->member_count; i++)
		if (boot->members[i].state != wanted && boot->members[i].state != MEMBER_IDLE)
			break;
	return error_set(err, -ETIMEDOUT, "%s: its workload %s", boot->members[i].name, what);
}

static int prepare_all(struct lab_trial *trial, const struct lab_plan_run *run, struct error *err)
{
	const struct spec *spec = trial->boot->ground->plan->spec;
	unsigned vm;
	int r = 0;

	for (vm = 0; r == 0 && vm < trial->boot->member_count; vm++) {
		note_member(trial, run, vm);
		if (trial->lines[vm] != NULL)
			r = member_prepare(&trial->boot->members[vm], trial->lines[vm],
					   (uint32_t)(spec->interval_usec / USEC_PER_MSEC), err);
	}
	if (r == 0)
		r = lab_boot_live(trial->boot, all_prepared, clock_monotonic_nsec() + PREPARE_NSEC, err);
	return r == 0 ? late(trial->boot, MEMBER_PREPARED, "is not prepared after three minutes", err) :
	       r < 0 ? r : 0;
}

static void begin_record(struct lab_trial *trial, struct store_run *record, uint64_t at_nsec)
{
	const struct spec *spec = trial->boot->ground->plan->spec;
	uint64_t ahead = at_nsec - clock_monotonic_nsec();

	record->started_nsec = (int64_t)at_nsec;
	record->started_usec = (int64_t)(clock_realtime_usec() + ahead / NSEC_PER_USEC);
	record->warmup_nsec = spec->warmup_usec * NSEC_PER_USEC;
	record->duration_nsec = spec->duration_usec * NSEC_PER_USEC;
}

/* All at one instant of the host's clock, which each agent knows in its own. */
static int start_all(struct lab_trial *trial, struct error *err)
{
	const struct spec *spec = trial->boot->ground->plan->spec;
	int r = lab_sampler_begin(trial->boot->sampler, trial->record, err);
	uint64_t at = clock_monotonic_nsec() + AHEAD_NSEC;
	unsigned vm;

	begin_record(trial, trial->record, at);
	if (trial->beside != NULL)
		begin_record(trial, trial->beside, at);
	trial->from_nsec = at + spec->warmup_usec * NSEC_PER_USEC;
	trial->until_nsec = trial->from_nsec + spec->duration_usec * NSEC_PER_USEC;
	for (vm = 0; r == 0 && vm < trial->boot->member_count; vm++)
		if (trial->members[vm].loaded)
			r = member_begin(&trial->boot->members[vm], at, err);
	trial->boot->sample_nsec = at;
	return r;
}

static int check_reports(struct lab_trial *trial, struct error *err)
{
	unsigned vm;

	for (vm = 0; vm < trial->boot->member_count; vm++) {
		if (trial->members[vm].loaded && !trial->members[vm].started)
			return error_set(err, -ETIMEDOUT, "%s: its workload has not started",
					 trial->boot->members[vm].name);
		if (trial->members[vm].babbles)
			return error_set(err, -EIO, "%s: it reports far more often than it was told to",
					 trial->boot->members[vm].name);
	}
	return 0;
}

/* -- what the peacemaker did ------------------------------------------------------------------------- */

/* One answer; what it says, or that there is none, into the force. */
static json_t *ask(struct lab_trial *trial, const char *what)
{
	struct error err = { 0 };
	json_t *answer = NULL;

	if (lab_hands_ask(trial->boot->ground->hands, what, &answer, &err) < 0 &&
	    trial->force.why[0] == '\0')
		snprintf(trial->force.why, sizeof trial->force.why, "%.250s", err.text);
	return answer;
}

static void judge_ledger(struct lab_trial *trial)
{
	struct error err = { 0 };
	struct str lines;

	str_init(&lines);
	if (lab_hands_read_ledger(trial->boot->ground->hands, &lines, &err) == 0)
		lab_force_judge_ledger(&trial->force, lines.data != NULL ? lines.data : "", lines.length);
	else if (trial->force.why[0] == '\0')
		snprintf(trial->force.why, sizeof trial->force.why, "%.250s", err.text);
	str_done(&lines);
}

/* A knob of KSM is as this machine wants it; `wanted` below 0: it wants nothing of it. */
static void judge_ksm_knob(struct lab_trial *trial, const char *name, int64_t wanted)
{
	char path[64], text[32];
	ssize_t size;
	int64_t is;

	if (wanted < 0 || trial->force.why[0] != '\0')
		return;
	snprintf(path, sizeof path, "/sys/kernel/mm/ksm/%s", name);
	size = root_read(trial->boot->ground->root, path, text, sizeof text - 1);
	text[size > 0 ? size : 0] = '\0';
	is = strtoll(text, NULL, 10);
	if (size <= 0 || is != wanted)
		snprintf(trial->force.why, sizeof trial->force.why, "KSM's %s was %lld, not %lld, which "
			 "somebody else has turned", name, (long long)is, (long long)wanted);
}

static void judge_ksm(struct lab_trial *trial)
{
	const struct spec_machine *made = trial->boot->plan->made;

	judge_ksm_knob(trial, "run", made->ksm == SPEC_KSM_LEAVE ? -1 : made->ksm == SPEC_KSM_ON);
	judge_ksm_knob(trial, "pages_to_scan", made->ksm_pages > 0 ? (int64_t)made->ksm_pages : -1);
	judge_ksm_knob(trial, "sleep_millisecs", made->ksm_sleep_usec > 0 ?
		       (int64_t)(made->ksm_sleep_usec / USEC_PER_MSEC) : -1);
}

/* The ledger first: it knows the cause of what the others only show. */
static void judge_force(struct lab_trial *trial)
{
	json_t *looked = ask(trial, "look"), *status, *policies, *vms;
	struct lab_force *force = &trial->force;

	force->from_usec = (uint64_t)trial->record->started_usec +
			   trial->record->warmup_nsec / NSEC_PER_USEC;
	force->until_usec = clock_realtime_usec();
	judge_ledger(trial);
	status = ask(trial, "status");
	policies = ask(trial, "policy.list");
	vms = ask(trial, "vms");
	if (force->why[0] == '\0' && lab_force_judge_policies(force, trial->policies, policies) &&
	    lab_force_judge_status(force, status))
		lab_force_judge_vms(force, vms);
	json_decref(looked);
	json_decref(status);
	json_decref(policies);
	json_decref(vms);
}

/* -- the window -------------------------------------------------------------------------------------- */

/* The window, and one interval more: the last report belongs to it. */
static int measure(struct lab_trial *trial, struct error *err)
{
	const struct spec *spec = trial->boot->ground->plan->spec;
	uint64_t end = trial->until_nsec + spec->interval_usec * NSEC_PER_USEC;
	int r = lab_boot_live(trial->boot, NULL, trial->from_nsec, err);

	if (r == 0 && trial->adjusted)
		trial->policies = ask(trial, "policy.list");
	judge_ksm(trial);
	if (r == 0)
		r = lab_boot_live(trial->boot, NULL, end, err);
	judge_ksm(trial);
	if (r == 0 && trial->adjusted)
		judge_force(trial);
	return r == 0 ? check_reports(trial, err) : r;
}

static int stop_all(struct lab_trial *trial, struct error *err)
{
	unsigned vm;
	int r = lab_sampler_tick(trial->boot->sampler, err);

	trial->boot->sample_nsec = 0;
	for (vm = 0; r == 0 && vm < trial->boot->member_count; vm++)
		if (trial->boot->members[vm].state == MEMBER_RUNNING)
			r = member_stop(&trial->boot->members[vm], err);
	if (r == 0)
		r = lab_boot_live(trial->boot, all_idle, clock_monotonic_nsec() + STOP_NSEC, err);
	return r == 0 ? late(trial->boot, MEMBER_IDLE, "does not stop", err) : r < 0 ? r : 0;
}

/* -- what came of it ------------------------------------------------------------------------------------ */

static bool is_antagonist(struct lab_trial *trial, unsigned vm)
{
	const struct store_run *record = record_with(trial, vm);
	size_t i;

	for (i = 0; i < record->member_count; i++)
		if (record->members[i].vm == vm)
			return record->members[i].role == STORE_ROLE_OTHER;
	return false;
}

/* That VM1 stands still for a while, and its peer with it, is what the others may do to it, and is
 * measured; not that it never moved. */
static uint64_t proof_of(struct lab_trial *trial, unsigned vm)
{
	return is_antagonist(trial, vm) ?
		trial->boot->ground->plan->spec->proof_usec * NSEC_PER_USEC :
		trial->until_nsec - trial->from_nsec;
}

/* Every loaded VM did something again and again in the window, and what was to be adjusted was: else
 * the run says what it is. */
static void prove(struct lab_trial *trial, struct store_run *record)
{
	unsigned vm;

	record->state = "done";
	if (trial->force.why[0] != '\0') {
		memcpy(trial->why, trial->force.why, sizeof trial->why);
		record->state = "unproved";
		record->why = trial->why;
	}
	for (vm = 0; vm < trial->boot->member_count; vm++) {
		if (!trial->members[vm].loaded)
			continue;
		note_work(trial, vm, trial->until_nsec, false);
		if (trial->members[vm].idle_nsec < proof_of(trial, vm))
			continue;
		snprintf(trial->why, sizeof trial->why, "%s%u was to be loaded and did nothing for %.1f s",
			 vm < trial->boot->vm_count ? "VM" : "the peer of VM",
			 vm % trial->boot->vm_count + 1, (double)trial->members[vm].idle_nsec / 1e9);
		record->state = "unproved";
		record->why = trial->why;
	}
}

static void end_record(struct lab_trial *trial, struct store_run *record, int r,
		       const struct error *err)
{
	if (record == NULL)
		return;
	if (r == 0) {
		prove(trial, record);
		return;
	}
	record->state = r == -ECANCELED ? "cut" : "failed";
	snprintf(trial->why, sizeof trial->why, "%.250s", err->text);
	record->why = trial->why;
}

int lab_trial_run(struct lab_trial *trial, struct lab_boot *boot, const struct lab_plan_run *run,
		  struct store_run *record, struct store_run *beside, struct error *err)
{
	bool duet = run->beside != run->cell;
	int r;

	lab_trial_done(trial);
	trial->boot = boot;
	trial->record = record;
	trial->beside = duet ? beside : NULL;
	store_run_clear(record);
	record->cell = run->cell;
	if (duet) {
		store_run_clear(beside);
		beside->cell = run->beside;
	}
	r = pin_all(trial, run, err);
	if (r == 0)
		r = adjust(trial, run, err);
	if (r == 0)
		r = prepare_all(trial, run, err);
	if (r == 0)
		r = start_all(trial, err);
	if (r == 0)
		r = measure(trial, err);
	if (r == 0)
		r = stop_all(trial, err);
	boot->sample_nsec = 0;
	r = release(trial, r, err);
	if (r == 0 && trial->out_of_memory)
		r = error_set(err, -ENOMEM, "no memory for what is measured");
	end_record(trial, record, r, err);
	end_record(trial, trial->beside, r, err);
	trial->record = NULL;
	return r;
}
