/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * adjuster: turns knobs of the processes it is given as fast as it goes, and is killed while it
 * does, for claims and benchmarks.
 *
 *   adjuster vms COUNT             processes to adjust, of three threads each, where no KVM makes
 *                                  VMs; prints their pids, and ends with its standard input
 *   adjuster kills COUNT PID...    that often: an adjuster over them is killed with SIGKILL at a
 *                                  random moment, all is given back by the journal, and every knob
 *                                  compared with what it was; some adjusters are followed by one
 *                                  that takes over, some undoers are killed as well
 *   adjuster full PID...           adjusts until the journal's disk is full, then gives all back
 *   adjuster cost COUNT PID        what a lease and what a knob cost, in microseconds each
 *
 * The journal is in TRUCE_RUN_DIR. Exit status: 0 all is as it was, 1 not, 77 cannot tell here.
 */
#include "act/act.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "lease/lease.h"
#include "model/snapshot.h"
#include "sys/cgroup.h"
#include "sys/proc.h"
#include "sys/root.h"
#include "sys/task.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_SKIP 77
enum { VMS_MOST = 64, THREADS_EACH = 2 };

/* Counted by adjusters that are killed, read by who killed them. */
struct tally {
	atomic_ulong applied, refused, restored, resumed;
};

static struct tally *tally;
static char cgroup_name[64];
static bool has_slices; /* from Linux 6.12 on each thread has its own */

static void die(const char *what)
{
	fprintf(stderr, "adjuster: %s\n", what);
	exit(EXIT_FAILURE);
}

/* -- processes to adjust */

static void *idle_thread(void *context)
{
	pause();
	return context;
}

static void be_adjusted(void)
{
	pthread_t thread;
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < THREADS_EACH; i++)
		pthread_create(&thread, NULL, idle_thread, NULL);
	pause();
	_exit(0);
}

static int verb_vms(int count)
{
	char byte;
	int i;

	for (i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid == 0)
			be_adjusted();
		if (pid < 0)
			die("cannot fork");
		printf("%d\n", (int)pid);
	}
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return EXIT_SUCCESS;
}

/* -- the adjuster */

struct bench {
	struct root *root;
	struct leases *leases;
	struct act *act;
	struct snapshot snapshot;
	struct plan plan;
};

static struct leases *open_leases(struct root *root)
{
	struct leases_options options = { .kinds = act_lease_kinds, .context = root };
	struct leases *leases;
	struct error err = { 0 };
	char told[512];

	if (leases_open(root, &options, &leases, told, sizeof told, &err) < 0)
		die(err.text);
	if (told[0] != '\0')
		die(told);
	return leases;
}

static void describe_vm(struct snapshot *snapshot, struct root *root, pid_t pid)
{
	struct vm_identity identity = { .pid = pid };
	struct proc_stat stat;
	char path[64], bytes[1024];
	struct vm *vm;
	ssize_t got;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	got = root_read(root, path, bytes, sizeof bytes);
	if (got < 0 || proc_stat_parse(bytes, (size_t)got, &stat) < 0)
		die("a process to adjust is gone");
	identity.start_ticks = stat.start_ticks;
	vm = snapshot_add_vm(snapshot, &identity);
	if (vm == NULL || !text_set(&vm->text[VM_TEXT_OWNER], "none", 4) ||
	    !text_set(&vm->text[VM_TEXT_CGROUP_OWN], "no", 2))
		die("no memory");
}

static void bench_init(struct bench *bench, const pid_t *pids, size_t count)
{
	struct act_options options = { .cgroup = cgroup_name };
	struct error err = { 0 };
	size_t i;

	bench->root = root_live_new();
	snapshot_init(&bench->snapshot);
	plan_init(&bench->plan);
	for (i = 0; i < count; i++)
		describe_vm(&bench->snapshot, bench->root, pids[i]);
	bench->leases = open_leases(bench->root);
	bench->act = act_new(bench->root, bench->leases, &options, &err);
	if (bench->act == NULL)
		die(err.text);
}

static void bench_done(struct bench *bench)
{
	if (!act_free(bench->act))
		die("a thread still waits for its owner");
	leases_close(bench->leases);
	snapshot_done(&bench->snapshot);
	plan_done(&bench->plan);
	root_free(bench->root);
}

/* Each VM has its own pair of settings, so that several ways are gone at once. */
static enum setting setting_of(size_t vm, unsigned long turn)
{
	static const enum setting settings[][2] = {
		{ SETTING_CPU_SLICE, SETTING_CPU_WEIGHT },
		{ SETTING_CPU_WEIGHT, SETTING_CPU_QUOTA },
		{ SETTING_CPU_NICE, SETTING_CPU_AFFINITY },
		{ SETTING_CPU_WEIGHT, SETTING_CPU_AFFINITY },
		{ SETTING_CPU_NICE, SETTING_CPU_QUOTA },
		{ SETTING_CPU_NICE, SETTING_CPU_SLICE },
	};
	enum setting setting = settings[vm % ARRAY_SIZE(settings)][turn % 2];

	return setting == SETTING_CPU_SLICE && !has_slices ? SETTING_CPU_AFFINITY : setting;
}

static struct setting_value value_of(enum setting setting, unsigned random)
{
	struct setting_value value = { .number = 0 };

	switch (setting) {
	case SETTING_CPU_WEIGHT:
		value.number = 10 + random % 500;
		break;
	case SETTING_CPU_QUOTA:
		value.number = 1000 + random % 20000;
		break;
	case SETTING_CPU_SLICE:
		value.number = 100 + random % 99000;
		break;
	case SETTING_CPU_NICE:
		value.number = 1 + random % 18;
		break;
	default:
		strcpy(value.text, "0");
		break;
	}
	return value;
}

static void plan_turn(struct bench *bench, unsigned long turn)
{
	size_t vm = (size_t)random() % bench->snapshot.vm_count;
	struct plan_item *item = plan_add(&bench->plan);

	if (item == NULL)
		die("no memory");
	item->vm = bench->snapshot.vms[vm]->identity;
	item->setting = item->asked = setting_of(vm, (unsigned long)random());
	item->verdict = random() % 5 == 0 ? PLAN_RELEASE : PLAN_SET;
	item->to = value_of(item->setting, (unsigned)random());
	snprintf(item->cause.policy, sizeof item->cause.policy, "adjuster");
	item->cause.line = (int)turn;
}

static size_t count_outcomes(struct bench *bench, char *ret_last, size_t size)
{
	const struct outcome *outcomes;
	size_t count = act_collect(bench->act, &outcomes), i;

	for (i = 0; i < count; i++) {
		if (outcomes[i].status == OUTCOME_APPLIED)
			atomic_fetch_add(&tally->applied, 1);
		else if (outcomes[i].status == OUTCOME_RESTORED)
			atomic_fetch_add(&tally->restored, 1);
		else
			atomic_fetch_add(&tally->refused, 1);
		if (outcomes[i].status == OUTCOME_REFUSED)
			snprintf(ret_last, size, "%s: %s", setting_info[outcomes[i].setting].name,
				 outcomes[i].text);
	}
	return count;
}

/* Until it is killed. */
static void adjust(const pid_t *pids, size_t count, unsigned seed)
{
	struct error err = { 0 };
	struct bench bench;
	unsigned long turn;
	char last[300] = "";

	srandom(seed);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	bench_init(&bench, pids, count);
	atomic_fetch_add(&tally->resumed, act_resume(bench.act, &bench.snapshot));
	act_look_for_drift(bench.act, &bench.snapshot);
	for (turn = 0;; turn++) {
		plan_clear(&bench.plan);
		plan_turn(&bench, turn);
		if (act_apply(bench.act, &bench.snapshot, &bench.plan, &err) < 0)
			die(err.text);
		count_outcomes(&bench, last, sizeof last);
	}
}

/* -- what the knobs are */

static void append_file(struct str *str, struct root *root, const char *path)
{
	char bytes[8192];
	ssize_t got = root_read(root, path, bytes, sizeof bytes);

	str_appendf(str, "%s: %s\n", path, got >= 0 ? bytes : strerror((int)-got));
}

struct task_walk {
	struct str *str;
	struct root *root;
	pid_t pid;
};

static int append_task(const char *name, void *context)
{
	struct task_walk *walk = context;
	char path[64], bytes[8192];
	struct proc_status status;
	struct proc_stat stat;
	uint64_t slice_nsec;
	ssize_t got;

	snprintf(path, sizeof path, "/proc/%d/task/%.16s/stat", (int)walk->pid, name);
	got = root_read(walk->root, path, bytes, sizeof bytes);
	if (got < 0 || proc_stat_parse(bytes, (size_t)got, &stat) < 0)
		die("a thread is gone");
	str_appendf(walk->str, "%s nice %d", name, stat.nice);
	snprintf(path, sizeof path, "/proc/%d/task/%.16s/status", (int)walk->pid, name);
	got = root_read(walk->root, path, bytes, sizeof bytes);
	if (got < 0 || proc_status_parse(bytes, (size_t)got, &status) < 0)
		die("a thread is gone");
	if (has_slices && task_slice(walk->root, atoi(name), &slice_nsec) == 0)
		str_appendf(walk->str, " slice %llu", (unsigned long long)slice_nsec);
	str_appendf(walk->str, " cpus %.*s\n", (int)status.cpus_list.size, status.cpus_list.at);
	snprintf(path, sizeof path, "/proc/%d/task/%.16s/cgroup", (int)walk->pid, name);
	append_file(walk->str, walk->root, path);
	return 0;
}

/* The knobs of the cgroup that the process is in, of the ways that exist here. */
static void append_cgroup(struct str *str, struct root *root, pid_t pid)
{
	static const char *const files[] = { "cpu.shares", "cpu.cfs_quota_us", "cpu.cfs_burst_us",
					     "cpu.weight", "cpu.max", "cpu.max.burst", "cpu.idle" };
	struct cgroup_layout layout;
	char path[64], bytes[4096], directory[512], file[600];
	const struct cgroup_tree *tree;
	struct span at;
	size_t i;

	snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
	if (cgroup_layout_read(root, &layout, NULL) < 0 ||
	    root_read(root, path, bytes, sizeof bytes) < 0)
		return;
	tree = &layout.controller[CGROUP_CPU];
	at = (struct span){ "/", 1 };
	for (char *rest = bytes, *line; (line = strsep(&rest, "\n")) != NULL;) {
		const char *controllers = strchr(line, ':');
		const char *colon = controllers != NULL ? strchr(controllers + 1, ':') : NULL;

		if (colon != NULL && (strstr(line, ":cpu,") != NULL || strstr(line, ":cpu:") != NULL ||
				      strstr(line, "::") != NULL))
			at = (struct span){ colon + 1, strlen(colon + 1) };
	}
	if (cgroup_compose(tree, at, NULL, directory, sizeof directory) < 0)
		return;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(file, sizeof file, "%s/%s", directory, files[i]);
		if (root_exists(root, file))
			append_file(str, root, file);
	}
}

static char *knobs(struct root *root, const pid_t *pids, size_t count)
{
	struct cgroup_layout layout;
	char path[64], made[400];
	struct str str;
	size_t i;

	str_init(&str);
	for (i = 0; i < count; i++) {
		struct task_walk walk = { .str = &str, .root = root, .pid = pids[i] };

		snprintf(path, sizeof path, "/proc/%d/autogroup", (int)pids[i]);
		append_file(&str, root, path);
		snprintf(path, sizeof path, "/proc/%d/task", (int)pids[i]);
		if (root_list(root, path, append_task, &walk) < 0)
			die("a process to adjust is gone");
		append_cgroup(&str, root, pids[i]);
	}
	if (cgroup_layout_read(root, &layout, NULL) == 0) {
		snprintf(made, sizeof made, "%s/%s", layout.controller[CGROUP_CPU].mount, cgroup_name);
		str_appendf(&str, "%s is %s\n", made, root_exists(root, made) ? "there" : "not there");
	}
	return str_take(&str);
}

static bool same_knobs(const char *before, const char *now)
{
	while (*before != '\0' || *now != '\0') {
		size_t a = strcspn(before, "\n"), b = strcspn(now, "\n");

		if (a != b || memcmp(before, now, a) != 0) {
			fprintf(stderr, "was: %.*s\nnow: %.*s\n", (int)a, before, (int)b, now);
			return false;
		}
		before += a + (before[a] != '\0');
		now += b + (now[b] != '\0');
	}
	return true;
}

/* -- killing */

static size_t undo_all(struct root *root)
{
	struct leases *leases = open_leases(root);
	struct error err = { 0 };
	size_t failed = leases_undo_all(leases, &err);

	if (failed > 0)
		fprintf(stderr, "%zu not given back: %s\n", failed, err.text);
	leases_close(leases);
	return failed;
}

static void wait_a_random_while(long most_usec)
{
	long usec = random() % most_usec;

	nanosleep(&(struct timespec){ .tv_nsec = usec * 1000 }, NULL);
}

static unsigned long changes(void)
{
	return atomic_load(&tally->applied) + atomic_load(&tally->restored);
}

/* However slow this machine is. */
static void wait_for_changes(pid_t pid, unsigned long wanted)
{
	uint64_t end = clock_monotonic_usec() + 10 * USEC_PER_SEC;

	while (changes() < wanted && clock_monotonic_usec() < end && waitpid(pid, NULL, WNOHANG) == 0)
		nanosleep(&(struct timespec){ .tv_nsec = 50000 }, NULL);
}

static void kill_and_reap(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		die("an adjuster ended before it was killed");
}

static void adjust_and_kill(const pid_t *pids, size_t count)
{
	unsigned seed = (unsigned)random();
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		adjust(pids, count, seed);
		_exit(1);
	}
	/* Some are killed while they open the journal or take over; the others after some changes,
	 * somewhere within the next. */
	if (random() % 8 != 0)
		wait_for_changes(pid, changes() + (unsigned long)random() % 20);
	wait_a_random_while(3000);
	kill_and_reap(pid);
}

static void undo_and_kill(struct root *root)
{
	pid_t pid = fork();

	if (pid == 0) {
		undo_all(root);
		pause();
	}
	wait_a_random_while(8000);
	kill_and_reap(pid);
}

static void tell(unsigned kills, uint64_t began)
{
	printf("%u kills in %.1f s: %lu changes applied, %lu released, %lu refused, %lu taken over; "
	       "not one knob is left wrong\n", kills,
	       (double)(clock_monotonic_usec() - began) / 1e6, atomic_load(&tally->applied),
	       atomic_load(&tally->restored), atomic_load(&tally->refused),
	       atomic_load(&tally->resumed));
}

static int verb_kills(unsigned kills, const pid_t *pids, size_t count)
{
	struct root *root = root_live_new();
	CLEANUP_FREE char *before = knobs(root, pids, count);
	uint64_t began = clock_monotonic_usec();
	unsigned i;

	srandom((unsigned)began);
	for (i = 0; i < kills; i++) {
		CLEANUP_FREE char *now = NULL;

		adjust_and_kill(pids, count);
		/* Each fourth one's successor takes over and is killed as well. */
		if (i % 4 == 3 && i + 1 < kills)
			continue;
		if (i % 4 == 1)
			undo_and_kill(root);
		if (undo_all(root) > 0)
			return EXIT_FAILURE;
		now = knobs(root, pids, count);
		if (!same_knobs(before, now)) {
			fprintf(stderr, "after kill %u\n", i + 1);
			return EXIT_FAILURE;
		}
	}
	root_free(root);
	if (atomic_load(&tally->applied) < kills)
		die("fewer changes than kills: nothing was proved");
	tell(kills, began);
	return EXIT_SUCCESS;
}

/* -- a full disk */

static int verb_full(const pid_t *pids, size_t count)
{
	struct root *root = root_live_new();
	CLEANUP_FREE char *before = knobs(root, pids, count);
	CLEANUP_FREE char *full = NULL, *now = NULL, *after = NULL;
	struct error err = { 0 };
	struct bench bench;
	char last[300] = "";
	unsigned long turn;
	unsigned refused = 0;
	size_t failed;

	bench_init(&bench, pids, count);
	/* Lines differ in length: it is full when not even a short one finds room. */
	for (turn = 0; turn < 200000 && refused < 100; turn++) {
		last[0] = '\0';
		plan_clear(&bench.plan);
		plan_turn(&bench, turn);
		bench.plan.items[0].verdict = PLAN_SET;
		if (act_apply(bench.act, &bench.snapshot, &bench.plan, &err) < 0)
			die(err.text);
		count_outcomes(&bench, last, sizeof last);
		refused = strstr(last, "no room") != NULL ? refused + 1 : 0;
	}
	if (refused == 0)
		die("the disk did not become full");
	if (leases_probe(bench.leases, &err) != -ENOSPC)
		die("the journal does not say that it is full");
	full = knobs(root, pids, count);
	plan_clear(&bench.plan);
	plan_turn(&bench, turn);
	bench.plan.items[0].verdict = PLAN_SET;
	/* A value that was never asked for. */
	bench.plan.items[0].to.number = 17;
	(void)act_apply(bench.act, &bench.snapshot, &bench.plan, &err);
	after = knobs(root, pids, count);
	if (!same_knobs(full, after))
		die("a knob was turned without a lease");
	failed = act_undo(bench.act, NULL, SETTING_COUNT, &err);
	if (failed > 0)
		die(err.text);
	bench_done(&bench);
	now = knobs(root, pids, count);
	printf("full after %lu changes: %s\n", turn, last);
	if (!same_knobs(before, now) || undo_all(root) > 0)
		return EXIT_FAILURE;
	root_free(root);
	return EXIT_SUCCESS;
}

/* -- the cost */

static double usec_each(uint64_t began_nsec, unsigned count)
{
	return (double)(clock_thread_cpu_nsec() - began_nsec) / 1e3 / count;
}

static void cost_of_leases(struct bench *bench, unsigned count)
{
	static const struct vm_identity host = { .pid = 0 };
	const struct lease_kind *kind = act_lease_kinds[0];
	uint64_t began = clock_thread_cpu_nsec(), id;
	struct error err = { 0 };
	char target[64];
	unsigned i;

	for (i = 0; i < count; i++) {
		snprintf(target, sizeof target, "/nowhere/%u", i % 2000);
		if (leases_take(bench->leases, kind, &host, target, "100", "400",
				"cpu.weight=400 from=100 by gold-first:12", &id, &err) < 0 ||
		    leases_drop(bench->leases, id, &err) < 0)
			die(err.text);
		leases_sweep(bench->leases);
	}
	printf("lease taken and dropped: %.1f us of CPU\n", usec_each(began, count));
}

static void cost_of_setting(struct bench *bench, enum setting setting, unsigned count)
{
	struct error err = { 0 };
	char last[300] = "";
	uint64_t began;
	unsigned i;

	began = clock_thread_cpu_nsec();
	for (i = 0; i < count; i++) {
		struct plan_item *item;

		plan_clear(&bench->plan);
		item = plan_add(&bench->plan);
		item->vm = bench->snapshot.vms[0]->identity;
		item->setting = item->asked = setting;
		item->to = value_of(setting, i);
		if (act_apply(bench->act, &bench->snapshot, &bench->plan, &err) < 0)
			die(err.text);
		count_outcomes(bench, last, sizeof last);
	}
	printf("%s set: %.1f us of CPU%s%s\n", setting_info[setting].name, usec_each(began, count),
	       last[0] != '\0' ? "; refused: " : "", last);
}

static int verb_cost(unsigned count, const pid_t *pids)
{
	static const enum setting settings[] = { SETTING_CPU_WEIGHT, SETTING_CPU_QUOTA,
						 SETTING_CPU_NICE, SETTING_CPU_AFFINITY };
	struct error err = { 0 };
	struct bench bench;
	size_t i;

	bench_init(&bench, pids, 1);
	cost_of_leases(&bench, count);
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		cost_of_setting(&bench, settings[i], count);
	if (act_undo(bench.act, NULL, SETTING_COUNT, &err) > 0)
		die(err.text);
	bench_done(&bench);
	return EXIT_SUCCESS;
}

static size_t take_pids(char **words, int count, pid_t ret[static VMS_MOST])
{
	int i;

	if (count < 1 || count > VMS_MOST)
		die("wants 1 to 64 processes");
	for (i = 0; i < count; i++) {
		ret[i] = (pid_t)atoi(words[i]);
		if (ret[i] <= 1)
			die("wants process ids");
	}
	return (size_t)count;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "";
	pid_t pids[VMS_MOST];
	uint64_t slice_nsec;

	has_slices = task_slice_here(getpid(), &slice_nsec) == 0;
	tally = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		die("no memory");
	snprintf(cgroup_name, sizeof cgroup_name, "truce-adjuster-%d", (int)getpid());
	if (geteuid() != 0) {
		puts("needs root");
		return EXIT_SKIP;
	}
	if (strcmp(verb, "vms") == 0)
		return verb_vms(atoi(argv[2]));
	if (strcmp(verb, "full") == 0)
		return verb_full(pids, take_pids(argv + 2, argc - 2, pids));
	if (argc < 4 || atoi(argv[2]) <= 0)
		die("vms COUNT, kills COUNT PID..., full PID..., cost COUNT PID");
	if (strcmp(verb, "kills") == 0)
		return verb_kills((unsigned)atoi(argv[2]), pids, take_pids(argv + 3, argc - 3, pids));
	if (strcmp(verb, "cost") == 0 && take_pids(argv + 3, argc - 3, pids) > 0)
		return verb_cost((unsigned)atoi(argv[2]), pids);
	die("vms COUNT, kills COUNT PID..., full PID..., cost COUNT PID");
}
