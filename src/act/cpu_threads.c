/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/cpu_threads.h"

#include "act/act_lease.h"
#include "act/cpu_place.h"
#include "act/cpu_scale.h"
#include "base/error.h"
#include "base/vec.h"
#include "sys/proc.h"
#include "sys/process.h"
#include "sys/root.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AUTOGROUP_SWITCH "/proc/sys/kernel/sched_autogroup_enabled"

bool cpu_threads_has(enum setting setting)
{
	return setting == SETTING_CPU_WEIGHT || setting == SETTING_CPU_NICE ||
	       setting == SETTING_CPU_IDLE || setting == SETTING_CPU_AFFINITY;
}

/* -- all threads, as they are now */

static int thread_turn(const char *name, void *context)
{
	struct cpu_threads *threads = context;
	pid_t tid = (pid_t)atoi(name);
	int r = tid > 0 ? threads->turn(threads, tid, threads->err) : -ESRCH;

	if (r == 0)
		threads->turned++;
	return r == -ESRCH ? 0 : r;
}

static int threads_turn_known(struct cpu_threads *threads)
{
	char name[16];
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < threads->target->tid_count; i++) {
		snprintf(name, sizeof name, "%d", threads->target->tids[i]);
		r = thread_turn(name, threads);
	}
	return r;
}

/* A thread that starts meanwhile inherits from one that was turned, or is seen the second time. */
int cpu_threads_turn(struct cpu_threads *threads)
{
	char path[64];
	int round;
	int r = 0;

	snprintf(path, sizeof path, "/proc/%d/task", threads->target->vm.pid);
	if (!threads->target->alone)
		r = threads_turn_known(threads);
	for (round = 0; threads->target->alone && r == 0 && round < 2; round++)
		r = root_list(threads->context->root, path, thread_turn, threads);
	if (r == 0 && threads->turned == 0)
		return error_set(threads->err, -ESRCH, "%s has no threads any more",
				 threads->target->name);
	return r;
}

static int turn_nice(struct cpu_threads *threads, pid_t tid, struct error *err)
{
	return act_lease_nice(threads->context, threads->target, tid, (int)threads->number, err);
}

static int turn_policy(struct cpu_threads *threads, pid_t tid, struct error *err)
{
	return act_lease_policy(threads->context, threads->target, tid, (int)threads->number,
				err);
}

static int turn_affinity(struct cpu_threads *threads, pid_t tid, struct error *err)
{
	return act_lease_affinity(threads->context, threads->target, tid, threads->cpus, err);
}

static pid_t telling_thread(const struct act_target *target)
{
	return !target->alone && target->tid_count > 0 ? target->tids[0] : target->vm.pid;
}

static int stat_read(struct act_context *context, pid_t tid, struct proc_stat *ret,
		     struct error *err)
{
	char path[64];
	char bytes[1024];
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/task/%d/stat", tid, tid);
	size = root_read(context->root, path, bytes, sizeof bytes);
	if (size < 0)
		return error_errno(err, (int)size, "cannot read %s", path);
	return proc_stat_parse(bytes, (size_t)size, ret) < 0 ?
	       error_set(err, -EINVAL, "%s is not as the kernel writes it", path) : 0;
}

/* -- nice, and what it arbitrates */

enum arena { ARENA_AUTOGROUP, ARENA_SESSION, ARENA_CGROUP, ARENA_HOST };

static int autogroup_read(struct act_context *context, const char *pid,
			  struct process_autogroup *ret)
{
	char path[300];
	char bytes[128];
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%s/autogroup", pid);
	size = root_read(context->root, path, bytes, sizeof bytes);
	if (size <= 0)
		return size < 0 ? (int)size : -ENOENT;
	return process_autogroup_parse(bytes, (size_t)size, ret);
}

static bool autogroups_are_on(struct act_context *context)
{
	char bytes[8];

	return root_read(context->root, AUTOGROUP_SWITCH, bytes, sizeof bytes) > 0 &&
	       bytes[0] == '1';
}

/* The VM, and those that started it and wait for it: they do not compete with it. */
enum { LINE_MOST = 8 };

struct company {
	struct act_context *context;
	int64_t autogroup;
	pid_t line[LINE_MOST];
	size_t line_count;
};

static pid_t parent_of(struct act_context *context, pid_t pid)
{
	struct proc_stat stat;
	char path[64];
	char bytes[1024];
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	size = root_read(context->root, path, bytes, sizeof bytes);
	return size > 0 && proc_stat_parse(bytes, (size_t)size, &stat) == 0 ? stat.ppid : 0;
}

static int is_company(const char *name, void *context)
{
	const struct company *company = context;
	struct process_autogroup autogroup;
	pid_t pid = (pid_t)atoi(name);
	size_t i;

	for (i = 0; i < company->line_count; i++)
		if (company->line[i] == pid)
			return 0;
	return pid > 0 && autogroup_read(company->context, name, &autogroup) == 0 &&
	       autogroup.number == company->autogroup &&
	       parent_of(company->context, pid) != company->line[0];
}

/* Its nice must be for the VM alone: nobody else is in the session. */
static bool autogroup_is_own(struct act_context *context, const struct act_target *target,
			     int64_t number)
{
	struct company company = { .context = context, .autogroup = number };
	pid_t pid = target->vm.pid;

	for (; pid > 1 && company.line_count < LINE_MOST; pid = parent_of(context, pid))
		company.line[company.line_count++] = pid;
	return target->alone && root_list(context->root, "/proc", is_company, &company) == 0;
}

/* The autogroup that arbitrates unless the VM shares it; false: its nice counts otherwise, as
 * `ret_other` says. */
static bool autogroup_counts(struct act_context *context, const struct act_target *target,
			     struct process_autogroup *ret, enum arena *ret_other)
{
	struct cpu_place place;
	char pid[16];

	snprintf(pid, sizeof pid, "%d", target->vm.pid);
	*ret_other = ARENA_CGROUP;
	if (cpu_place_find(context, target, &place, NULL) == 0 &&
	    !cpu_place_competes_in_root(context, &place))
		return false;
	*ret_other = ARENA_HOST;
	return autogroups_are_on(context) && autogroup_read(context, pid, ret) == 0;
}

static enum arena arena_find(struct act_context *context, const struct act_target *target,
			     int *ret_nice)
{
	struct process_autogroup autogroup;
	enum arena other;

	if (!autogroup_counts(context, target, &autogroup, &other))
		return other;
	*ret_nice = autogroup.nice;
	return autogroup_is_own(context, target, autogroup.number) ? ARENA_AUTOGROUP :
								     ARENA_SESSION;
}

static const char *const arena_words[] = {
	[ARENA_AUTOGROUP] = "autogroup nice", [ARENA_SESSION] = "nice, inside its session",
	[ARENA_CGROUP] = "nice, inside its cgroup", [ARENA_HOST] = "nice",
};

/* Whether the session is the VM's own is a question to every process of the host. It is asked only
 * where the answer matters: a VM that is born waits for it. */
static int nice_read(struct act_context *context, const struct act_target *target, int *ret,
		     char where[static 64], struct error *err)
{
	struct process_autogroup autogroup;
	struct proc_stat stat;
	enum arena arena;
	int r = stat_read(context, telling_thread(target), &stat, err);

	if (r < 0)
		return r;
	*ret = stat.nice;
	if (autogroup_counts(context, target, &autogroup, &arena) && autogroup.nice != stat.nice) {
		arena = autogroup_is_own(context, target, autogroup.number) ? ARENA_AUTOGROUP :
									     ARENA_SESSION;
		*ret = arena == ARENA_AUTOGROUP ? autogroup.nice : stat.nice;
	}
	snprintf(where, 64, "%s", arena_words[arena]);
	return 0;
}

static int nice_set(struct act_context *context, const struct act_target *target, int nice,
		    char where[static 64], struct error *err)
{
	struct cpu_threads threads = { .context = context, .target = target, .number = nice,
				       .turn = turn_nice, .err = err };
	char path[64], was[16], now[16];
	int before = 0;
	enum arena arena = arena_find(context, target, &before);

	snprintf(where, 64, "%s", arena_words[arena]);
	if (arena != ARENA_AUTOGROUP)
		return cpu_threads_turn(&threads);
	snprintf(path, sizeof path, "/proc/%d/autogroup", target->vm.pid);
	snprintf(was, sizeof was, "%d", before);
	snprintf(now, sizeof now, "%d", nice);
	return act_lease_file_was(context, target, path, was, now, err);
}

static int weight_set(struct act_context *context, const struct act_target *target,
		      int64_t weight, char where[static 64], struct error *err)
{
	int nice = cpu_scale_nice(weight);
	char arena[64];
	int r = nice_set(context, target, nice, arena, err);

	if (r == 0)
		snprintf(where, 64, "%.36s: %d, worth %lld", arena, nice,
			 (long long)cpu_scale_weight_of_nice(nice));
	return r;
}

/* -- by setting */

static int policy_read(struct act_context *context, const struct act_target *target,
		       struct setting_value *ret, char where[static 64], struct error *err)
{
	struct proc_stat stat;
	int r = stat_read(context, telling_thread(target), &stat, err);

	if (r == 0) {
		ret->number = stat.policy == SCHED_IDLE;
		snprintf(where, 64, "SCHED_IDLE");
	}
	return r;
}

/* Giving idleness up is giving back what the policy was, which a release does. */
static int policy_set(struct act_context *context, const struct act_target *target, int64_t idle,
		      char where[static 64], struct error *err)
{
	struct cpu_threads threads = { .context = context, .target = target, .turn = turn_policy,
				       .number = idle != 0 ? SCHED_IDLE : SCHED_OTHER, .err = err };

	snprintf(where, 64, "SCHED_IDLE");
	return cpu_threads_turn(&threads);
}

static int affinity_read(struct act_context *context, const struct act_target *target,
			 struct setting_value *ret, char where[static 64], struct error *err)
{
	struct proc_status status;
	char path[64], bytes[8192];
	pid_t tid = telling_thread(target);
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/task/%d/status", tid, tid);
	size = root_read(context->root, path, bytes, sizeof bytes);
	if (size < 0)
		return error_errno(err, (int)size, "cannot read %s", path);
	if (proc_status_parse(bytes, (size_t)size, &status) < 0 || status.cpus_list.size == 0 ||
	    status.cpus_list.size >= sizeof ret->text)
		return error_set(err, -EINVAL, "%s tells no list of CPUs", path);
	memcpy(ret->text, status.cpus_list.at, status.cpus_list.size);
	ret->text[status.cpus_list.size] = '\0';
	snprintf(where, 64, "affinity");
	return 0;
}

/* The kernel leaves out without a word what the VM's cpuset does not have. */
static int affinity_set(struct act_context *context, const struct act_target *target,
			const char *cpus, char where[static 64], struct error *err)
{
	struct cpu_threads threads = { .context = context, .target = target, .turn = turn_affinity,
				       .cpus = cpus, .err = err };
	struct setting_value now;
	int r = cpu_threads_turn(&threads);

	if (r == -EINVAL)
		return error_set(err, r, "none of the CPUs \"%s\" is there for %s: see the host's "
				 "online CPUs and the cpuset of its cgroup", cpus, target->name);
	if (r == 0)
		r = affinity_read(context, target, &now, where, err);
	if (r == 0 && strcmp(now.text, cpus) != 0)
		snprintf(where, 64, "affinity, as its cpuset lets it: %.28s", now.text);
	return r;
}

int cpu_threads_read(struct act_context *context, const struct act_target *target,
		     enum setting setting, struct setting_value *ret, char where[static 64],
		     struct error *err)
{
	int nice, r;

	*ret = (struct setting_value){ 0 };
	if (setting == SETTING_CPU_IDLE)
		return policy_read(context, target, ret, where, err);
	if (setting == SETTING_CPU_AFFINITY)
		return affinity_read(context, target, ret, where, err);
	r = nice_read(context, target, &nice, where, err);
	if (r == 0)
		ret->number = setting == SETTING_CPU_NICE ? nice : cpu_scale_weight_of_nice(nice);
	return r;
}

int cpu_threads_set(struct act_context *context, const struct act_target *target,
		    enum setting setting, const struct setting_value *value,
		    char where[static 64], struct error *err)
{
	int r;

	switch (setting) {
	case SETTING_CPU_WEIGHT:
		r = weight_set(context, target, value->number, where, err);
		break;
	case SETTING_CPU_NICE:
		r = nice_set(context, target, (int)value->number, where, err);
		break;
	case SETTING_CPU_IDLE:
		r = policy_set(context, target, value->number, where, err);
		break;
	case SETTING_CPU_AFFINITY:
		r = affinity_set(context, target, value->text, where, err);
		break;
	default:
		return error_set(err, -EINVAL, "%s is no knob of threads", setting_info[setting].name);
	}
	if (r < 0)
		act_release_setting(context, target, setting, NULL);
	return r;
}

/* -- the actuator: what cgroups do not do, or not here */

static int serves(struct act_context *context, const struct act_target *target,
		  enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	char path[64];

	if (strcmp(target->weight_where, "realtime") == 0 && setting != SETTING_CPU_AFFINITY) {
		snprintf(reason, PLAN_REASON_SIZE, "its threads are real-time, which go before all "
			 "nice values");
		return 0;
	}
	snprintf(path, sizeof path, "/proc/%d/stat", target->vm.pid);
	if (root_exists(context->root, path))
		return 1;
	snprintf(reason, PLAN_REASON_SIZE, "its process has ended");
	return 0;
}

const struct actuator cpu_threads_actuator = {
	.name = "cpu-threads",
	.settings = { SETTING_CPU_WEIGHT, SETTING_CPU_NICE, SETTING_CPU_IDLE,
		      SETTING_CPU_AFFINITY },
	.setting_count = 4,
	.serves = serves,
	.read = cpu_threads_read,
	.set = cpu_threads_set,
};
