/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * act over a host in memory (with process ids beyond those of any machine, so that none is this
 * test's own), with actuators of its own: a file, a VMM that is slow, one that is
 * mute until it is told to go on.
 */
#include "act/act.h"

#include "act/act_hurry.h"
#include "act/act_lease.h"
#include "act/actuator.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "lease/lease.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define STAT(pid, ppid, start) #pid " (qemu) S " #ppid " 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 3 0 " #start \
	" 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"

static const struct root_memory_file host_files[] = {
	{ "/proc/sys/kernel/random/boot_id", "boot\n" },
	{ "/proc/5000100/stat", STAT(5000100, 1, 7) },
	{ "/proc/5000100/task/5000100/stat", STAT(5000100, 1, 7) },
	{ "/proc/5000100/task/5000101/stat", STAT(5000101, 1, 8) },
	{ "/proc/5000101/task/5000101/stat", STAT(5000101, 1, 8) },
	{ "/proc/5000200/stat", STAT(5000200, 1, 9) },
	{ "/proc/5000200/task/5000200/stat", STAT(5000200, 1, 9) },
	{ "/proc/5000300/stat", STAT(5000300, 2, 9) },
	{ "/proc/5000300/task/5000300/stat", STAT(5000300, 2, 9) },
	{ "/knob/5000100", "100\n" },
	{ "/knob/5000200", "100\n" },
	{ "/quota/5000100", "50000\n" },
	{ "/burst/5000100", "0\n" },
	{ "/high/5000100", "max\n" },
	{ "/balloon/5000100", "1000000000\n" },
	{ "/balloon/5000200", "1000000000\n" },
	{ "/tree/cgroup.procs", "5000100\n" },
};

/* -- actuators */

static void knob_path(const struct act_target *target, enum setting setting, char path[64])
{
	const char *directory = setting == SETTING_CPU_QUOTA ? "quota" :
				setting == SETTING_CPU_BURST ? "burst" :
				setting == SETTING_MEMORY_HIGH ? "high" :
				setting == SETTING_MEMORY_BALLOON ? "balloon" : "knob";

	snprintf(path, 64, "/%s/%d", directory, (int)target->vm.pid);
}

static int always(struct act_context *context, const struct act_target *target,
		  enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	return 1;
}

static int plain_read(struct act_context *context, const struct act_target *target,
		      enum setting setting, struct setting_value *ret, char where[static 64],
		      struct error *err)
{
	char path[64], text[64];
	ssize_t got;

	knob_path(target, setting, path);
	got = root_read(context->root, path, text, sizeof text);
	if (got < 0)
		return error_errno(err, (int)got, "%s", path);
	ret->number = strncmp(text, "max", 3) == 0 ? SETTING_UNLIMITED : strtoll(text, NULL, 10);
	strcpy(where, "a file");
	return 0;
}

static char order[256]; /* the names of the settings, as they were turned */

static int plain_set(struct act_context *context, const struct act_target *target,
		     enum setting setting, const struct setting_value *value,
		     char where[static 64], struct error *err)
{
	char path[64], text[32];

	strcat(strcat(order, setting_info[setting].name), " ");
	knob_path(target, setting, path);
	snprintf(text, sizeof text, "%lld", (long long)value->number);
	return act_lease_file(context, target, path, text, err);
}

static int only_of_100(struct act_context *context, const struct act_target *target,
		       enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	snprintf(reason, PLAN_REASON_SIZE, "no idle for process %d", (int)target->vm.pid);
	return target->vm.pid == 5000100;
}

static atomic_int mute_pid; /* the VM whose owner does not answer; -1: all but 200's */
static atomic_int slow_sets;

static int slow_set(struct act_context *context, const struct act_target *target,
		    enum setting setting, const struct setting_value *value,
		    char where[static 64], struct error *err)
{
	atomic_fetch_add(&slow_sets, 1);
	while (atomic_load(&mute_pid) == target->vm.pid ||
	       (atomic_load(&mute_pid) == -1 && target->vm.pid != 5000200)) {
		if (clock_monotonic_usec() > context->deadline_usec)
			return -ETIMEDOUT;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return plain_set(context, target, setting, value, where, err);
}

static int own_cgroup_set(struct act_context *context, const struct act_target *target,
			  enum setting setting, const struct setting_value *value,
			  char where[static 64], struct error *err)
{
	int r = act_lease_cgroup(context, NULL, "/tree/truce", "/tree", err);

	if (r == 0)
		r = act_lease_cgroup(context, target, "/tree/truce/vm", "/tree", err);
	if (r == 0)
		r = act_lease_move(context, target, "/tree/truce/vm", "/tree", err);
	if (r == 0)
		r = act_lease_file_was(context, target, "/tree/truce/vm/cpu.idle", "0",
				       value->number == 1 ? "1" : "0", err);
	return r;
}

static int nice_set(struct act_context *context, const struct act_target *target,
		    enum setting setting, const struct setting_value *value,
		    char where[static 64], struct error *err)
{
	size_t i;
	int r = 0;

	for (i = 0; i < target->tid_count && r == 0; i++)
		r = act_lease_nice(context, target, target->tids[i], (int)value->number, err);
	return r;
}

static const struct actuator plain = {
	.name = "plain",
	.settings = { SETTING_CPU_WEIGHT, SETTING_CPU_QUOTA, SETTING_CPU_BURST, SETTING_MEMORY_HIGH },
	.setting_count = 4, .serves = always, .read = plain_read, .set = plain_set,
};
static const struct actuator own_cgroup = {
	.name = "own-cgroup", .settings = { SETTING_CPU_IDLE }, .setting_count = 1,
	.serves = only_of_100, .set = own_cgroup_set,
};
static const struct actuator nices = {
	.name = "nices", .settings = { SETTING_CPU_NICE }, .setting_count = 1,
	.serves = always, .set = nice_set,
};
static const struct actuator slow = {
	.name = "slow", .settings = { SETTING_MEMORY_BALLOON }, .setting_count = 1, .slow = true,
	.serves = always, .read = plain_read, .set = slow_set,
};

/* The weight of the cgroup that own_cgroup makes. */
static int needs_tree(struct act_context *context, const struct act_target *target,
		      enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	snprintf(reason, PLAN_REASON_SIZE, "no cgroup holds VMs");
	return root_exists(context->root, "/tree/truce");
}

static int tree_set(struct act_context *context, const struct act_target *target,
		    enum setting setting, const struct setting_value *value,
		    char where[static 64], struct error *err)
{
	return act_lease_file_was(context, NULL, "/tree/truce/weight", "100", "800", err);
}

static const struct actuator tree = {
	.name = "tree", .settings = { SETTING_HOST_VM_WEIGHT }, .setting_count = 1,
	.serves = needs_tree, .set = tree_set,
};

const struct actuator *const actuators[] = { &plain, &own_cgroup, &nices, &slow, &tree, NULL };
const struct lease_kind *const act_lease_kinds[] = {
	&act_lease_file_kind, &act_lease_nice_kind, &act_lease_affinity_kind, &act_lease_cgroup_kind,
	&act_lease_moved_kind, &act_lease_hurry_kind, NULL,
};

/* -- a host */

struct bed {
	char directory[64];
	struct root *root;
	struct leases *leases;
	struct act *act;
	struct snapshot snapshot;
	struct plan plan;
	const struct outcome *outcomes;
	size_t count;
	uint64_t owner_usec;
};

static const struct vm_identity vm_100 = { .pid = 5000100, .start_ticks = 7 };
static const struct vm_identity vm_200 = { .pid = 5000200, .start_ticks = 9 };

static void leases_reopen(struct bed *bed)
{
	struct leases_options options = { .directory = bed->directory, .kinds = act_lease_kinds,
					  .context = bed->root };
	struct error err = { 0 };
	char told[256];

	leases_close(bed->leases);
	if (leases_open(bed->root, &options, &bed->leases, told, sizeof told, &err) < 0)
		fail_msg("%s", err.text);
}

static void act_reopen(struct bed *bed, bool dry_run)
{
	struct act_options options = { .owner_usec = bed->owner_usec, .dry_run = dry_run,
				       .high_usec = 30 * USEC_PER_SEC };

	assert_true(act_free(bed->act));
	leases_reopen(bed);
	bed->act = act_new(bed->root, bed->leases, &options, NULL);
	assert_non_null(bed->act);
}

static int bed_make(void **state)
{
	struct bed *bed = calloc(1, sizeof *bed);

	strcpy(bed->directory, "/tmp/truce-act-XXXXXX");
	if (mkdtemp(bed->directory) == NULL)
		return -1;
	bed->root = root_memory_new(host_files, ARRAY_SIZE(host_files));
	root_memory_set_usec(bed->root, 100 * USEC_PER_SEC);
	snapshot_init(&bed->snapshot);
	snapshot_add_vm(&bed->snapshot, &vm_100);
	snapshot_add_vm(&bed->snapshot, &vm_200);
	plan_init(&bed->plan);
	act_reopen(bed, false);
	order[0] = '\0';
	atomic_store(&mute_pid, 0);
	atomic_store(&slow_sets, 0);
	*state = bed;
	return 0;
}

static int bed_clear(void **state)
{
	struct bed *bed = *state;
	char command[128];
	uint64_t end = clock_monotonic_usec() + 10 * USEC_PER_SEC;
	bool ended;

	atomic_store(&mute_pid, 0);
	/* On a busy machine the threads may take longer than act_free waits. */
	while (!(ended = act_free(bed->act)) && clock_monotonic_usec() < end)
		;
	assert_true(ended);
	leases_close(bed->leases);
	root_free(bed->root);
	snapshot_done(&bed->snapshot);
	plan_done(&bed->plan);
	snprintf(command, sizeof command, "rm -rf %s", bed->directory);
	assert_int_equal(system(command), 0);
	free(bed);
	return 0;
}

static struct plan_item *plan(struct bed *bed, const struct vm_identity *vm, enum setting setting,
			      int64_t number)
{
	struct plan_item *item = plan_add(&bed->plan);

	item->vm = *vm;
	item->verdict = PLAN_SET;
	item->setting = item->asked = setting;
	item->to.number = number;
	strcpy(item->cause.policy, "gold-first");
	return item;
}

static void apply(struct bed *bed)
{
	struct error err = { 0 };

	assert_int_equal(act_apply(bed->act, &bed->snapshot, &bed->plan, &err), 0);
	plan_clear(&bed->plan);
	bed->count = act_collect(bed->act, &bed->outcomes);
}

/* Until so many outcomes of the worker are there. */
static void collect(struct bed *bed, size_t count)
{
	uint64_t end = clock_monotonic_usec() + 5 * USEC_PER_SEC;

	bed->count = 0;
	while (bed->count < count && clock_monotonic_usec() < end) {
		struct pollfd worker = { .fd = act_fd(bed->act), .events = POLLIN };

		poll(&worker, 1, 20);
		bed->count = act_collect(bed->act, &bed->outcomes);
	}
	assert_int_equal(bed->count, count);
}

static void set(struct bed *bed, const struct vm_identity *vm, enum setting setting, int64_t number)
{
	plan(bed, vm, setting, number);
	apply(bed);
}

static void expect(struct bed *bed, size_t index, const struct vm_identity *vm,
		   enum outcome_status status)
{
	assert_true(index < bed->count);
	assert_int_equal(vm_identity_compare(&bed->outcomes[index].vm, vm), 0);
	if (bed->outcomes[index].status != status)
		fail_msg("%s: %s", outcome_status_name(bed->outcomes[index].status),
			 bed->outcomes[index].text);
}

static const char *text(struct bed *bed, const char *path)
{
	const char *at = root_memory_text(bed->root, path);

	return at != NULL ? at : "(gone)";
}

/* -- */

static void a_knob_is_leased_turned_and_given_back(void **state)
{
	struct bed *bed = *state;

	set(bed, &vm_100, SETTING_CPU_WEIGHT, 400);
	expect(bed, 0, &vm_100, OUTCOME_APPLIED);
	assert_true(bed->outcomes[0].from_known);
	assert_int_equal(bed->outcomes[0].from.number, 100);
	assert_string_equal(bed->outcomes[0].where, "a file");
	assert_string_equal(text(bed, "/knob/5000100"), "400");
	assert_int_equal(leases_count(bed->leases), 1);
	set(bed, &vm_100, SETTING_CPU_WEIGHT, 300);
	assert_int_equal(bed->outcomes[0].from.number, 400);
	plan(bed, &vm_100, SETTING_CPU_WEIGHT, 0)->verdict = PLAN_RELEASE;
	apply(bed);
	expect(bed, 0, &vm_100, OUTCOME_RESTORED);
	assert_int_equal(bed->outcomes[0].to.number, 100);
	assert_string_equal(text(bed, "/knob/5000100"), "100");
	assert_int_equal(leases_count(bed->leases), 0);
}

static void what_only_pretends_turns_nothing(void **state)
{
	struct bed *bed = *state;

	act_reopen(bed, true);
	set(bed, &vm_100, SETTING_CPU_WEIGHT, 400);
	expect(bed, 0, &vm_100, OUTCOME_APPLIED);
	assert_string_equal(text(bed, "/knob/5000100"), "100\n");
	assert_int_equal(leases_count(bed->leases), 0);
}

static void burst_follows_a_raised_quota_and_precedes_a_lowered_one(void **state)
{
	struct bed *bed = *state;
	struct plan_item *item;

	item = plan(bed, &vm_100, SETTING_CPU_BURST, 20000);
	item->from_known = true;
	item = plan(bed, &vm_100, SETTING_CPU_QUOTA, 60000);
	item->from_known = true;
	item->from.number = 50000;
	apply(bed);
	assert_string_equal(order, "cpu.quota cpu.burst ");
	order[0] = '\0';
	item = plan(bed, &vm_100, SETTING_CPU_QUOTA, 10000);
	item->from_known = true;
	item->from.number = 60000;
	item = plan(bed, &vm_100, SETTING_CPU_BURST, 0);
	item->from_known = true;
	item->from.number = 20000;
	apply(bed);
	assert_string_equal(order, "cpu.burst cpu.quota ");
}

static void a_failed_change_leaves_neither_change_nor_lease(void **state)
{
	struct bed *bed = *state;
	struct error err = { 0 };

	root_memory_remove(bed->root, "/quota/5000100");
	set(bed, &vm_100, SETTING_CPU_QUOTA, 10000);
	expect(bed, 0, &vm_100, OUTCOME_REFUSED);
	assert_non_null(strstr(bed->outcomes[0].text, "/quota/5000100"));
	assert_int_equal(leases_count(bed->leases), 0);
	/* The second write of a knob fails: what stands is the first, and its lease. */
	assert_true(act_free(bed->act));
	leases_close(bed->leases);
	bed->leases = NULL;
	bed->act = NULL;
	bed->root = root_faulty_new(bed->root, "write:/knob/*=EIO@2", &err);
	act_reopen(bed, false);
	set(bed, &vm_200, SETTING_CPU_WEIGHT, 400);
	set(bed, &vm_200, SETTING_CPU_WEIGHT, 500);
	expect(bed, 0, &vm_200, OUTCOME_REFUSED);
	assert_int_equal(leases_count(bed->leases), 1);
	assert_string_equal(leases_at(bed->leases, 0)->now, "400");
	assert_string_equal(leases_at(bed->leases, 0)->was, "100");
}

static void what_is_no_vm_is_never_touched(void **state)
{
	static const struct vm_identity kernel = { .pid = 5000300, .start_ticks = 9 };
	struct vm_identity own = { .pid = getpid(), .start_ticks = 1 };
	struct vm_identity reused = vm_100;
	struct bed *bed = *state;

	reused.start_ticks = 6;
	snapshot_add_vm(&bed->snapshot, &kernel);
	snapshot_add_vm(&bed->snapshot, &own);
	snapshot_add_vm(&bed->snapshot, &reused);
	snapshot_add_vm(&bed->snapshot, &(struct vm_identity){ .pid = 1, .start_ticks = 1 });
	set(bed, &kernel, SETTING_CPU_NICE, 5);
	expect(bed, 0, &kernel, OUTCOME_REFUSED);
	assert_non_null(strstr(bed->outcomes[0].text, "a thread of the kernel"));
	set(bed, &own, SETTING_CPU_NICE, 5);
	expect(bed, 0, &own, OUTCOME_REFUSED);
	set(bed, &(struct vm_identity){ .pid = 1, .start_ticks = 1 }, SETTING_CPU_NICE, 5);
	assert_int_equal(bed->outcomes[0].status, OUTCOME_REFUSED);
	set(bed, &reused, SETTING_CPU_NICE, 5);
	expect(bed, 0, &reused, OUTCOME_GONE);
	/* In /proc, and no VM of the snapshot. */
	snapshot_remove_vm(&bed->snapshot, &vm_200);
	set(bed, &vm_200, SETTING_CPU_NICE, 5);
	expect(bed, 0, &vm_200, OUTCOME_GONE);
	assert_null(root_memory_text(bed->root, "nice:5000200"));
	assert_null(root_memory_text(bed->root, "nice:5000300"));
	assert_int_equal(leases_count(bed->leases), 0);
}

static void every_thread_is_leased_and_a_reused_one_is_left(void **state)
{
	struct bed *bed = *state;

	set(bed, &vm_100, SETTING_CPU_NICE, 5);
	expect(bed, 0, &vm_100, OUTCOME_APPLIED);
	assert_string_equal(text(bed, "nice:5000100"), "5");
	assert_string_equal(text(bed, "nice:5000101"), "5");
	assert_int_equal(leases_count(bed->leases), 2);
	/* Thread 101 ended, and its number is another thread's. */
	root_memory_put(bed->root, "/proc/5000101/task/5000101/stat", STAT(5000101, 1, 99));
	root_memory_put(bed->root, "nice:5000101", "-3");
	assert_int_equal(act_undo(bed->act, &vm_100, SETTING_CPU_NICE, NULL), 0);
	assert_string_equal(text(bed, "nice:5000100"), "0");
	assert_string_equal(text(bed, "nice:5000101"), "-3");
	assert_int_equal(leases_count(bed->leases), 0);
}

/* As STAT, with a nice of 7. */
#define STAT_NICE_7(pid, start) #pid " (qemu) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 7 3 0 " #start \
	" 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"

static void what_somebody_else_turned_since_is_not_given_back(void **state)
{
	struct bed *bed = *state;

	set(bed, &vm_200, SETTING_CPU_NICE, 5);
	root_memory_put(bed->root, "/proc/5000200/task/5000200/stat", STAT_NICE_7(5000200, 9));
	root_memory_put(bed->root, "nice:5000200", "7");
	plan(bed, &vm_200, SETTING_CPU_NICE, 0)->verdict = PLAN_RELEASE;
	apply(bed);
	expect(bed, 0, &vm_200, OUTCOME_RESTORED);
	assert_non_null(strstr(bed->outcomes[0].text, "left at 7, which somebody else set"));
	assert_string_equal(text(bed, "nice:5000200"), "7");
	assert_int_equal(leases_count(bed->leases), 0);
	/* An undo tells it as well, and it is no failure. */
	set(bed, &vm_100, SETTING_CPU_NICE, 5);
	root_memory_put(bed->root, "/proc/5000101/task/5000101/stat", STAT_NICE_7(5000101, 8));
	root_memory_put(bed->root, "nice:5000101", "7");
	assert_int_equal(act_undo(bed->act, NULL, SETTING_COUNT, NULL), 0);
	bed->count = act_collect(bed->act, &bed->outcomes);
	expect(bed, 0, &vm_100, OUTCOME_RESTORED);
	assert_non_null(strstr(bed->outcomes[0].text, "left at 7"));
	assert_string_equal(text(bed, "nice:5000100"), "0");
	assert_string_equal(text(bed, "nice:5000101"), "7");
	assert_int_equal(leases_count(bed->leases), 0);
}

static void a_made_cgroup_goes_with_the_last_setting_in_it(void **state)
{
	struct bed *bed = *state;

	set(bed, &vm_100, SETTING_CPU_IDLE, 1);
	expect(bed, 0, &vm_100, OUTCOME_APPLIED);
	assert_string_equal(text(bed, "/tree/truce/vm/cgroup.procs"), "5000100");
	assert_string_equal(text(bed, "/tree/truce/vm/cpu.idle"), "1");
	root_memory_put(bed->root, "/tree/cgroup.procs", "");
	plan(bed, &vm_100, SETTING_CPU_IDLE, 0)->verdict = PLAN_RELEASE;
	/* Nobody is left in it once the process has moved. */
	root_memory_put(bed->root, "/tree/truce/vm/cgroup.procs", "");
	root_memory_put(bed->root, "/tree/truce/cgroup.procs", "");
	apply(bed);
	expect(bed, 0, &vm_100, OUTCOME_RESTORED);
	assert_string_equal(text(bed, "/tree/cgroup.procs"), "5000100");
	assert_false(root_exists(bed->root, "/tree/truce"));
	assert_int_equal(leases_count(bed->leases), 0);
	/* Only of the other VM, and the reason is told. */
	set(bed, &vm_200, SETTING_CPU_IDLE, 1);
	expect(bed, 0, &vm_200, OUTCOME_REFUSED);
	assert_string_equal(bed->outcomes[0].text, "no idle for process 5000200");
}

static void the_hosts_weight_of_vms_waits_for_the_cgroup_that_a_vms_knob_makes(void **state)
{
	static const struct vm_identity host = { .pid = 0 };
	struct bed *bed = *state;

	plan(bed, &host, SETTING_HOST_VM_WEIGHT, 800);
	set(bed, &vm_100, SETTING_CPU_IDLE, 1);
	assert_int_equal(bed->count, 2);
	expect(bed, 0, &vm_100, OUTCOME_APPLIED);
	expect(bed, 1, &host, OUTCOME_APPLIED);
	assert_string_equal(text(bed, "/tree/truce/weight"), "800");
	assert_int_equal(act_undo(bed->act, NULL, SETTING_COUNT, NULL), 0);
}

static void a_made_cgroup_goes_with_its_vm(void **state)
{
	struct bed *bed = *state;

	set(bed, &vm_100, SETTING_CPU_IDLE, 1);
	root_memory_remove(bed->root, "/proc/5000100");
	root_memory_put(bed->root, "/tree/truce/vm/cgroup.procs", "");
	root_memory_put(bed->root, "/tree/truce/cgroup.procs", "");
	snapshot_remove_vm(&bed->snapshot, &vm_100);
	act_look_for_drift(bed->act, &bed->snapshot);
	assert_false(root_exists(bed->root, "/tree/truce/vm"));
	assert_false(root_exists(bed->root, "/tree/truce"));
	assert_int_equal(leases_count(bed->leases), 0);
}

static void somebody_elses_hand_is_told_as_drift_once(void **state)
{
	struct bed *bed = *state;

	set(bed, &vm_100, SETTING_CPU_WEIGHT, 400);
	root_memory_put(bed->root, "/knob/5000100", "100\n");
	root_memory_set_usec(bed->root, 109 * USEC_PER_SEC);
	act_look_for_drift(bed->act, &bed->snapshot);
	bed->count = act_collect(bed->act, &bed->outcomes);
	expect(bed, 0, &vm_100, OUTCOME_DRIFT);
	assert_int_equal(bed->outcomes[0].from.number, 400);
	assert_int_equal(bed->outcomes[0].to.number, 100);
	assert_int_equal(strncmp(bed->outcomes[0].text, "was 100, set to 400 by us at ", 29), 0);
	assert_non_null(strstr(bed->outcomes[0].text, ", now 100"));
	root_memory_set_usec(bed->root, 118 * USEC_PER_SEC);
	act_look_for_drift(bed->act, &bed->snapshot);
	assert_int_equal(act_collect(bed->act, &bed->outcomes), 0);
	/* Asserted again, and again turned: told at once when an event says so. */
	set(bed, &vm_100, SETTING_CPU_WEIGHT, 400);
	assert_string_equal(text(bed, "/knob/5000100"), "400");
	root_memory_put(bed->root, "/knob/5000100", "50\n");
	snapshot_add_event(&bed->snapshot, EVENT_KNOB)->identity = vm_100;
	act_look_for_drift(bed->act, &bed->snapshot);
	bed->count = act_collect(bed->act, &bed->outcomes);
	expect(bed, 0, &vm_100, OUTCOME_DRIFT);
	assert_int_equal(act_undo(bed->act, NULL, SETTING_COUNT, NULL), 0);
	assert_string_equal(text(bed, "/knob/5000100"), "100");
}

static void a_successor_takes_over_what_the_journal_says(void **state)
{
	struct bed *bed = *state;

	set(bed, &vm_100, SETTING_CPU_WEIGHT, 400);
	set(bed, &vm_200, SETTING_CPU_NICE, 5);
	snapshot_remove_vm(&bed->snapshot, &vm_200);
	root_memory_remove(bed->root, "/proc/5000200");
	act_reopen(bed, false);
	assert_int_equal(act_resume(bed->act, &bed->snapshot), 1);
	bed->count = act_collect(bed->act, &bed->outcomes);
	assert_int_equal(bed->count, 1);
	expect(bed, 0, &vm_100, OUTCOME_APPLIED);
	assert_int_equal(bed->outcomes[0].setting, SETTING_CPU_WEIGHT);
	assert_int_equal(bed->outcomes[0].to.number, 400);
	assert_int_equal(bed->outcomes[0].from.number, 100);
	assert_int_equal(leases_count(bed->leases), 1);
	plan(bed, &vm_100, SETTING_CPU_WEIGHT, 0)->verdict = PLAN_RELEASE;
	apply(bed);
	expect(bed, 0, &vm_100, OUTCOME_RESTORED);
	assert_string_equal(text(bed, "/knob/5000100"), "100");
}

static void a_successor_first_ends_the_hurry_of_one_that_was_killed(void **state)
{
	struct bed *bed = *state;
	struct act_context context = { .root = bed->root, .leases = bed->leases };

	root_memory_put(bed->root, "/sys/kernel/rcu_expedited", "0\n");
	root_memory_put(bed->root, "/sys/kernel/rcu_normal", "0\n");
	(void)act_hurry_begin(&context);
	assert_string_equal(text(bed, "/sys/kernel/rcu_expedited"), "1");
	act_reopen(bed, false);
	assert_int_equal(leases_count(bed->leases), 1);
	assert_int_equal(act_resume(bed->act, &bed->snapshot), 0);
	assert_string_equal(text(bed, "/sys/kernel/rcu_expedited"), "0");
	assert_int_equal(leases_count(bed->leases), 0);
}

static void memory_high_is_released_by_itself(void **state)
{
	struct bed *bed = *state;

	set(bed, &vm_100, SETTING_MEMORY_HIGH, 1 << 30);
	assert_string_equal(text(bed, "/high/5000100"), "1073741824");
	assert_true(act_timer_usec(bed->act) > 129 * USEC_PER_SEC);
	act_run_timers(bed->act, &bed->snapshot);
	assert_int_equal(act_collect(bed->act, &bed->outcomes), 0);
	/* Half of its time passes, a successor starts: the other half is what is left. */
	root_memory_set_usec(bed->root, 115 * USEC_PER_SEC);
	act_reopen(bed, false);
	assert_int_equal(act_resume(bed->act, &bed->snapshot), 1);
	act_collect(bed->act, &bed->outcomes);
	assert_true(act_timer_usec(bed->act) <= 131 * USEC_PER_SEC);
	root_memory_set_usec(bed->root, 131 * USEC_PER_SEC);
	act_run_timers(bed->act, &bed->snapshot);
	bed->count = act_collect(bed->act, &bed->outcomes);
	expect(bed, 0, &vm_100, OUTCOME_RESTORED);
	assert_non_null(strstr(bed->outcomes[0].text, "released by itself after 30 s"));
	assert_string_equal(text(bed, "/high/5000100"), "max");
	assert_int_equal(act_timer_usec(bed->act), 0);
}

static void a_balloon_that_does_not_follow_is_told(void **state)
{
	struct bed *bed = *state;
	struct vm *vm;

	set(bed, &vm_100, SETTING_MEMORY_BALLOON, 500 << 20);
	if (bed->count == 0)
		collect(bed, 1);
	expect(bed, 0, &vm_100, OUTCOME_APPLIED);
	vm = snapshot_find_vm(&bed->snapshot, &vm_100);
	vm->value[VM_BALLOON_ACTUAL] = 900 << 20;
	vm->state[VM_BALLOON_ACTUAL] = FIGURE_PRESENT;
	root_memory_set_usec(bed->root, 161 * USEC_PER_SEC);
	act_run_timers(bed->act, &bed->snapshot);
	bed->count = act_collect(bed->act, &bed->outcomes);
	expect(bed, 0, &vm_100, OUTCOME_LATE);
	assert_int_equal(bed->outcomes[0].to.number, 900 << 20);
}

static void all_that_is_set_can_be_looked_at_at_once(void **state)
{
	struct bed *bed = *state;

	set(bed, &vm_100, SETTING_CPU_WEIGHT, 400);
	act_look_now(bed->act, &bed->snapshot);
	assert_int_equal(act_collect(bed->act, &bed->outcomes), 0);
	root_memory_put(bed->root, "/knob/5000100", "100\n");
	act_look_for_drift(bed->act, &bed->snapshot);
	assert_int_equal(act_collect(bed->act, &bed->outcomes), 0);
	act_look_now(bed->act, &bed->snapshot);
	bed->count = act_collect(bed->act, &bed->outcomes);
	expect(bed, 0, &vm_100, OUTCOME_DRIFT);
	assert_int_equal(act_undo(bed->act, NULL, SETTING_COUNT, NULL), 0);
}

static void a_balloon_on_its_way_has_not_drifted(void **state)
{
	struct bed *bed = *state;

	set(bed, &vm_100, SETTING_MEMORY_BALLOON, 500 << 20);
	if (bed->count == 0)
		collect(bed, 1);
	expect(bed, 0, &vm_100, OUTCOME_APPLIED);
	root_memory_put(bed->root, "/balloon/5000100", "734003200");
	root_memory_set_usec(bed->root, 231 * USEC_PER_SEC);
	act_run_timers(bed->act, &bed->snapshot); /* nobody told the figure: the owner is asked */
	act_look_for_drift(bed->act, &bed->snapshot);
	collect(bed, 1);
	expect(bed, 0, &vm_100, OUTCOME_LATE);
	assert_int_equal(bed->outcomes[0].to.number, 734003200);
	root_memory_put(bed->root, "/balloon/5000100", "524288000");
	root_memory_set_usec(bed->root, 331 * USEC_PER_SEC);
	act_look_for_drift(bed->act, &bed->snapshot);
	assert_int_equal(act_timer_usec(bed->act), 0);
}

static void a_mute_owner_delays_no_other_and_is_not_asked_at_once_again(void **state)
{
	struct bed *bed = *state;
	uint64_t end = clock_monotonic_usec() + 5 * USEC_PER_SEC;
	struct outcome got[2];
	size_t i, count = 0;

	bed->owner_usec = 600 * USEC_PER_MSEC;
	act_reopen(bed, false);
	atomic_store(&mute_pid, 5000100);
	plan(bed, &vm_100, SETTING_MEMORY_BALLOON, 500 << 20);
	plan(bed, &vm_200, SETTING_MEMORY_BALLOON, 500 << 20);
	assert_int_equal(act_apply(bed->act, &bed->snapshot, &bed->plan, NULL), 0);
	plan_clear(&bed->plan);
	while (count < 2 && clock_monotonic_usec() < end) {
		bed->count = act_collect(bed->act, &bed->outcomes);
		for (i = 0; i < bed->count && count < 2; i++)
			got[count++] = bed->outcomes[i];
	}
	assert_int_equal(count, 2);
	assert_int_equal(got[0].vm.pid, 5000200);
	assert_int_equal(got[0].status, OUTCOME_APPLIED);
	assert_int_equal(got[1].vm.pid, 5000100);
	assert_int_equal(got[1].status, OUTCOME_LATE);
	assert_int_equal(leases_count(bed->leases), 1);
	atomic_store(&slow_sets, 0);
	set(bed, &vm_100, SETTING_MEMORY_BALLOON, 600 << 20);
	if (bed->count == 0)
		collect(bed, 1);
	expect(bed, 0, &vm_100, OUTCOME_LATE);
	assert_non_null(strstr(bed->outcomes[0].text, "is asked again in"));
	assert_int_equal(atomic_load(&slow_sets), 0);
	assert_int_equal(act_undo(bed->act, NULL, SETTING_COUNT, NULL), 0);
	assert_string_equal(text(bed, "/balloon/5000200"), "1000000000");
}

static void forty_mute_owners_do_not_delay_one_that_answers(void **state)
{
	struct bed *bed = *state;
	pid_t pid;

	bed->owner_usec = 1000 * USEC_PER_MSEC;
	act_reopen(bed, false);
	set(bed, &vm_200, SETTING_MEMORY_BALLOON, 500 << 20);
	if (bed->count == 0)
		collect(bed, 1);
	for (pid = 5001000; pid < 5001040; pid++) {
		struct vm_identity vm = { .pid = pid, .start_ticks = 9 };
		char path[64];

		snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
		root_memory_put(bed->root, path, STAT(5001000, 1, 9));
		snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)pid, (int)pid);
		root_memory_put(bed->root, path, STAT(5001000, 1, 9));
		snprintf(path, sizeof path, "/balloon/%d", (int)pid);
		root_memory_put(bed->root, path, "1000000000");
		snapshot_add_vm(&bed->snapshot, &vm);
		plan(bed, &vm, SETTING_MEMORY_BALLOON, 500 << 20);
	}
	atomic_store(&mute_pid, -1);
	plan(bed, &vm_200, SETTING_MEMORY_BALLOON, 600 << 20);
	apply(bed);
	if (bed->count == 0)
		collect(bed, 1);
	/* Before any of the others has had its time. */
	if (bed->outcomes[0].vm.pid != 5000200)
		fail_msg("%d first: %s", (int)bed->outcomes[0].vm.pid, bed->outcomes[0].text);
	assert_int_equal(bed->count, 1);
	expect(bed, 0, &vm_200, OUTCOME_APPLIED);
	/* Nor do they delay the end. */
	atomic_store(&mute_pid, 0);
}

static void of_two_values_that_wait_only_the_newer_is_set(void **state)
{
	struct bed *bed = *state;
	uint64_t end = clock_monotonic_usec() + 5 * USEC_PER_SEC;

	/* The first runs; the second waits behind it and is overtaken. */
	atomic_store(&mute_pid, 5000100);
	set(bed, &vm_100, SETTING_MEMORY_BALLOON, 500 << 20);
	while (atomic_load(&slow_sets) == 0 && clock_monotonic_usec() < end)
		;
	set(bed, &vm_100, SETTING_MEMORY_BALLOON, 600 << 20);
	set(bed, &vm_100, SETTING_MEMORY_BALLOON, 700 << 20);
	/* What waits already is asked for again: no other. */
	set(bed, &vm_100, SETTING_MEMORY_BALLOON, 700 << 20);
	atomic_store(&mute_pid, 0);
	while (atomic_load(&slow_sets) < 2 && clock_monotonic_usec() < end)
		;
	while (clock_monotonic_usec() < end) {
		bed->count = act_collect(bed->act, &bed->outcomes);
		if (bed->count > 0 && bed->outcomes[bed->count - 1].to.number == 700 << 20)
			break;
	}
	expect(bed, bed->count - 1, &vm_100, OUTCOME_APPLIED);
	assert_string_equal(text(bed, "/balloon/5000100"), "734003200");
	assert_int_equal(atomic_load(&slow_sets), 2);
}

static int never_undone(void *context, const struct vm_identity *vm, const char *target,
			const char *was, const char *now, struct error *err)
{
	return error_set(err, -EIO, "no");
}

static void what_cannot_be_given_back_is_counted_and_kept(void **state)
{
	static const struct lease_kind stubborn = { .name = "stubborn", .undo = never_undone };
	struct bed *bed = *state;
	struct error err = { 0 };
	uint64_t id;

	assert_int_equal(leases_take(bed->leases, &stubborn, &vm_100, "x", "1", "2",
				     "cpu.weight=2 from=1", &id, &err), 0);
	assert_int_equal(act_undo(bed->act, &vm_100, SETTING_CPU_WEIGHT, &err), 1);
	assert_string_equal(err.text, "no");
	assert_int_equal(act_undo(bed->act, &vm_100, SETTING_CPU_QUOTA, &err), 0);
	assert_int_equal(leases_count(bed->leases), 1);
}

static void memory_high_that_could_not_be_released_is_released_later(void **state)
{
	static const struct lease_kind stubborn = { .name = "stubborn", .undo = never_undone };
	struct bed *bed = *state;
	struct error err = { 0 };
	uint64_t id;

	set(bed, &vm_100, SETTING_MEMORY_HIGH, 1 << 30);
	act_collect(bed->act, &bed->outcomes);
	assert_int_equal(leases_take(bed->leases, &stubborn, &vm_100, "x", "1", "2",
				     "memory.high=2 from=1", &id, &err), 0);
	root_memory_set_usec(bed->root, 131 * USEC_PER_SEC);
	act_run_timers(bed->act, &bed->snapshot);
	bed->count = act_collect(bed->act, &bed->outcomes);
	expect(bed, 0, &vm_100, OUTCOME_REFUSED);
	assert_int_equal(act_timer_usec(bed->act), 141 * USEC_PER_SEC);
	assert_int_equal(leases_drop(bed->leases, id, &err), 0);
	root_memory_set_usec(bed->root, 141 * USEC_PER_SEC);
	act_run_timers(bed->act, &bed->snapshot);
	bed->count = act_collect(bed->act, &bed->outcomes);
	expect(bed, 0, &vm_100, OUTCOME_RESTORED);
	assert_int_equal(act_timer_usec(bed->act), 0);
}

/* Whoever edits a journal does not make root write where it likes. */
static void what_is_no_knob_is_not_written_whatever_the_journal_says(void **state)
{
	static const struct vm_identity no_vm = { .pid = 0 };
	static const char *const paths[] = {
		"/proc/sys/kernel/core_pattern", "/sys/power/state", "/sys/fs/cgroup/../../power/state",
		"etc/passwd",
	};
	struct bed *bed = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		struct error err = { 0 };
		uint64_t id;

		root_memory_put(bed->root, paths[i], "as it was");
		assert_int_equal(leases_take(bed->leases, &act_lease_file_kind, &no_vm, paths[i], "evil",
					     "x", "ksm.run=1", &id, &err), 0);
		assert_int_equal(act_undo(bed->act, NULL, SETTING_COUNT, &err), i + 1);
		assert_non_null(strstr(err.text, "is no knob"));
		assert_string_equal(text(bed, paths[i]), "as it was");
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, bed_make, bed_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_knob_is_leased_turned_and_given_back),
		CASE(what_only_pretends_turns_nothing),
		CASE(burst_follows_a_raised_quota_and_precedes_a_lowered_one),
		CASE(a_failed_change_leaves_neither_change_nor_lease),
		CASE(what_is_no_vm_is_never_touched),
		CASE(every_thread_is_leased_and_a_reused_one_is_left),
		CASE(what_somebody_else_turned_since_is_not_given_back),
		CASE(a_made_cgroup_goes_with_the_last_setting_in_it),
		CASE(the_hosts_weight_of_vms_waits_for_the_cgroup_that_a_vms_knob_makes),
		CASE(a_made_cgroup_goes_with_its_vm),
		CASE(somebody_elses_hand_is_told_as_drift_once),
		CASE(a_successor_takes_over_what_the_journal_says),
		CASE(a_successor_first_ends_the_hurry_of_one_that_was_killed),
		CASE(memory_high_is_released_by_itself),
		CASE(a_balloon_that_does_not_follow_is_told),
		CASE(all_that_is_set_can_be_looked_at_at_once),
		CASE(a_balloon_on_its_way_has_not_drifted),
		CASE(a_mute_owner_delays_no_other_and_is_not_asked_at_once_again),
		CASE(forty_mute_owners_do_not_delay_one_that_answers),
		CASE(of_two_values_that_wait_only_the_newer_is_set),
		CASE(what_cannot_be_given_back_is_counted_and_kept),
		CASE(memory_high_that_could_not_be_released_is_released_later),
		CASE(what_is_no_knob_is_not_written_whatever_the_journal_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
