/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/act_theirs.h"

#include "act/act_lease.h"
#include "base/text.h"
#include "sys/cpu_list.h"
#include "sys/proc.h"
#include "sys/root.h"
#include "sys/task.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of CPUs in a list that is compared; no machine that runs VMs has more. */
#define CPUS_MOST 4096
/* The kernel counts memory in pages; the largest (arm64, powerpc) are 64 KiB. */
#define PAGE_MOST 65536
/* What the scheduler takes as a slice (kernel/sched/syscalls.c): 0.1 ms to 100 ms. */
#define SLICE_LEAST_NSEC 100000
#define SLICE_MOST_NSEC 100000000

/* Whether two texts of one knob mean the same. */
typedef bool (*same_fn)(const char *a, const char *b);

/* What we wrote, what we had written before that (a crash may have kept the last one from being
 * written), what was before us. */
static bool is_known(const struct lease *lease, const char *found, same_fn same)
{
	return same(lease->now, found) || same(lease->was, found) ||
	       (lease->earlier != NULL && same(lease->earlier, found));
}

static int tell(const struct lease *lease, const char *found, same_fn same, char *ret_found,
		size_t size)
{
	if (is_known(lease, found, same))
		return 0;
	text_copy(ret_found, size, found, strlen(found));
	return 1;
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

int act_text_is_theirs(const struct lease *lease, const char *found, char *ret_found, size_t size)
{
	return tell(lease, found, same_text, ret_found, size);
}

/* -- files */

/* Word for word as far as both go: "max" is "max 100000". */
static bool same_words(const char *a, const char *b)
{
	size_t size = strlen(a) < strlen(b) ? strlen(a) : strlen(b);

	return strncmp(a, b, size) == 0 && strchr(" ", a[size]) != NULL && strchr(" ", b[size]) != NULL;
}

static bool same_bytes(const char *a, const char *b)
{
	long long first = strtoll(a, NULL, 10), second = strtoll(b, NULL, 10);

	if (strcmp(a, b) == 0)
		return true;
	/* No limit is written as "max", -1, or as a number that the kernel makes its largest. */
	if (a[0] == 'm' || b[0] == 'm')
		return false;
	return llabs(first - second) < PAGE_MOST;
}

static bool same_number(const char *a, const char *b)
{
	return strtoll(a, NULL, 10) == strtoll(b, NULL, 10);
}

/* A burst is lowered with the quota, by us as well. */
static bool same_burst(const char *ours, const char *found)
{
	return strtoll(found, NULL, 10) <= strtoll(ours, NULL, 10);
}

/* "/autogroup-12 nice 5" */
static bool same_autogroup(const char *a, const char *b)
{
	const char *last = strrchr(b, ' ');

	return same_number(a, last != NULL ? last + 1 : b);
}

struct knob_file {
	const char *end; /* of the path */
	same_fn same;
	const char *usual; /* the kernel sets it to that where cpu.idle ends; NULL: it does not */
};

/* Files whose texts can be compared. Of all others nothing is said. */
static const struct knob_file knob_files[] = {
	{ "/cpu.weight", same_number, "100" },	   { "/cpu.shares", same_number, "1024" },
	{ "/cpu.max", same_words, NULL },	   { "/cpu.cfs_quota_us", same_number, NULL },
	{ "/cpu.max.burst", same_burst, NULL },    { "/cpu.cfs_burst_us", same_burst, NULL },
	{ "/cpu.idle", same_number, NULL },	   { "/memory.high", same_bytes, NULL },
	{ "/memory.min", same_bytes, NULL },
	{ "/memory.low", same_bytes, NULL },	   { "/io.weight", same_number, NULL },
	{ "/io.bfq.weight", same_number, NULL },   { "/blkio.bfq.weight", same_number, NULL },
	{ "/autogroup", same_autogroup, NULL },
	{ "/mm/ksm/run", same_number, NULL },	   { "/mm/ksm/pages_to_scan", same_number, NULL },
	{ "/mm/ksm/sleep_millisecs", same_number, NULL },
};

static const struct knob_file *knob_file(const char *path)
{
	size_t i;

	for (i = 0; i < sizeof knob_files / sizeof knob_files[0]; i++)
		if (text_ends_with(path, knob_files[i].end))
			return &knob_files[i];
	return NULL;
}

/* An idle cgroup has no weight of its own, whatever the file says. */
static bool is_idle(struct root *root, const char *weight_path)
{
	char path[1024], text[16];
	int length = (int)(strrchr(weight_path, '/') - weight_path);

	if (snprintf(path, sizeof path, "%.*s/cpu.idle", length, weight_path) >= (int)sizeof path)
		return false;
	return root_read(root, path, text, sizeof text) > 0 && text[0] == '1';
}

int act_file_is_theirs(void *context, const struct lease *lease, char *ret_found, size_t size)
{
	const struct knob_file *file = knob_file(lease->target);
	char bytes[512], *found = bytes;
	ssize_t got;

	if (file == NULL)
		return 0;
	got = root_read(context, lease->target, bytes, sizeof bytes);
	if (got <= 0)
		return (int)got;
	bytes[strcspn(bytes, "\n")] = '\0';
	if (strncmp(bytes, "default ", 8) == 0) /* io.weight */
		found += 8;
	if (file->usual != NULL && (strcmp(found, file->usual) == 0 || is_idle(context, lease->target)))
		return 0;
	return tell(lease, found, file->same, ret_found, size);
}

/* -- threads */

static pid_t thread_of(const struct lease *lease)
{
	return (pid_t)strtol(lease->target, NULL, 10);
}

/* A thread that is another by now is undo's to see. */
static int thread_looked_at(struct root *root, const struct lease *lease, struct proc_stat *ret)
{
	const char *slash = strchr(lease->target, '/');
	int r = act_thread_stat(root, thread_of(lease), ret);

	if (r < 0)
		return r;
	return slash != NULL && strtoull(slash + 1, NULL, 10) == ret->start_ticks;
}

int act_nice_is_theirs(void *context, const struct lease *lease, char *ret_found, size_t size)
{
	struct proc_stat stat;
	char found[24];
	int r = thread_looked_at(context, lease, &stat);

	if (r <= 0)
		return r;
	snprintf(found, sizeof found, "%lld", (long long)stat.nice);
	return tell(lease, found, same_number, ret_found, size);
}

int act_policy_is_theirs(void *context, const struct lease *lease, char *ret_found, size_t size)
{
	struct proc_stat stat;
	char found[24];
	int r = thread_looked_at(context, lease, &stat);

	if (r <= 0)
		return r;
	snprintf(found, sizeof found, "%lld", (long long)stat.policy);
	return tell(lease, found, same_number, ret_found, size);
}

static uint64_t slice_taken(const char *text)
{
	uint64_t nsec = strtoull(text, NULL, 10);

	return nsec < SLICE_LEAST_NSEC ? SLICE_LEAST_NSEC :
	       nsec > SLICE_MOST_NSEC ? SLICE_MOST_NSEC : nsec;
}

static bool same_slice(const char *a, const char *b)
{
	return slice_taken(a) == slice_taken(b);
}

int act_slice_is_theirs(void *context, const struct lease *lease, char *ret_found, size_t size)
{
	struct proc_stat stat;
	uint64_t nsec;
	char found[24];
	int r = thread_looked_at(context, lease, &stat);

	if (r <= 0)
		return r;
	r = task_slice(context, thread_of(lease), &nsec);
	if (r < 0)
		return r;
	snprintf(found, sizeof found, "%" PRIu64, nsec);
	return tell(lease, found, same_slice, ret_found, size);
}

/* A cpuset narrows a thread's CPUs, and widens them again to all of its own: only a list that
 * overlaps without being inside, or lies elsewhere, was surely somebody's. */
static bool same_cpus(const char *a, const char *b)
{
	bool first[CPUS_MOST] = { false }, second[CPUS_MOST] = { false };
	bool only_first = false, only_second = false;
	size_t i;

	if (cpu_list_mark(a, strlen(a), first, CPUS_MOST) < 0 ||
	    cpu_list_mark(b, strlen(b), second, CPUS_MOST) < 0)
		return true;
	for (i = 0; i < CPUS_MOST; i++) {
		only_first = only_first || (first[i] && !second[i]);
		only_second = only_second || (second[i] && !first[i]);
	}
	return !only_first || !only_second;
}

int act_affinity_is_theirs(void *context, const struct lease *lease, char *ret_found, size_t size)
{
	struct proc_stat stat;
	char found[1024];
	int r = thread_looked_at(context, lease, &stat);

	if (r > 0 && act_thread_affinity(context, thread_of(lease), found, sizeof found) < 0)
		r = 0;
	/* `was` is mostly all CPUs, of which every list is a part: that is compared as it is. */
	if (r <= 0 || strcmp(lease->was, found) == 0 || same_cpus(lease->now, found) ||
	    (lease->earlier != NULL && same_cpus(lease->earlier, found)))
		return r < 0 ? r : 0;
	text_copy(ret_found, size, found, strlen(found));
	return 1;
}
