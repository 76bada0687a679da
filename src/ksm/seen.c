/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/seen.h"

#include "base/clock.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/vec.h"
#include "model/snapshot.h"
#include "sys/guest_memory.h"
#include "sys/pressure.h"
#include "sys/proc.h"
#include "sys/root.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A VMM tells KSM of its memory soon after it has made its VM: it is looked for again and again. */
#define AREAS_AGAIN_USEC USEC_PER_SEC
/* Once found, areas are read again when that has cost less than a thousandth of the time since. */
#define AREAS_COST_FACTOR 1000
#define AREAS_LATE_USEC (30 * USEC_PER_SEC)

/* The process of one VM, or of several. */
struct watched_memory {
	struct vm_identity vm;
	uint64_t mergeable_bytes, resident_bytes; /* of areas that KSM looks at */
	uint64_t private_pages;                   /* of the process, when the areas were read */
	uint64_t again_usec;                      /* monotonic */
	bool is_here;
};

struct seen {
	struct root *root;
	struct ksm_reader ksm;
	int ksmd_run, ksmd_stat, pressure; /* descriptors; below 0: not there */
	struct watched_memory *memory;
	size_t count, capacity;
};

/* -- ksmd ---------------------------------------------------------------------------------------------- */

struct search {
	struct root *root;
	pid_t found;
};

/* A kernel thread from the boot on: its pid is low. */
static int is_ksmd(const char *name, void *context)
{
	struct search *search = context;
	char path[48], comm[32];

	if (!isdigit((unsigned char)name[0]))
		return 0;
	snprintf(path, sizeof path, "/proc/%.16s/comm", name);
	if (root_read(search->root, path, comm, sizeof comm) <= 0 || strcmp(comm, "ksmd\n") != 0)
		return 0;
	search->found = atoi(name);
	return 1;
}

/* schedstat counts nanoseconds, stat hundredths of a second: a crawl takes a hundredth in ten. */
static void open_ksmd(struct seen *seen)
{
	struct search search = { .root = seen->root };
	char path[48];

	root_list(seen->root, "/proc", is_ksmd, &search);
	if (search.found == 0)
		return;
	snprintf(path, sizeof path, "/proc/%d/schedstat", (int)search.found);
	seen->ksmd_run = root_open(seen->root, path);
	snprintf(path, sizeof path, "/proc/%d/stat", (int)search.found);
	seen->ksmd_stat = root_open(seen->root, path);
}

static uint64_t ksmd_usec(const struct seen *seen)
{
	char bytes[1024];
	struct proc_schedstat run;
	struct proc_stat stat;
	ssize_t size = seen->ksmd_run >= 0 ?
		root_pread(seen->root, seen->ksmd_run, bytes, sizeof bytes) : -ENOENT;

	if (size > 0 && proc_schedstat_parse(bytes, (size_t)size, &run) == 0 && run.run_nsec > 0)
		return run.run_nsec / NSEC_PER_USEC;
	size = seen->ksmd_stat >= 0 ? root_pread(seen->root, seen->ksmd_stat, bytes, sizeof bytes) : -ENOENT;
	if (size <= 0 || proc_stat_parse(bytes, (size_t)size, &stat) < 0)
		return 0;
	return (stat.user_ticks + stat.system_ticks) * USEC_PER_SEC / (uint64_t)seen->root->ticks_per_second;
}

static uint64_t waiting_usec(const struct seen *seen)
{
	struct pressure pressure;
	char bytes[512];
	ssize_t size = seen->pressure >= 0 ?
		root_pread(seen->root, seen->pressure, bytes, sizeof bytes) : -ENOENT;

	if (size <= 0 || pressure_parse(bytes, (size_t)size, &pressure) < 0 ||
	    !field_present(pressure.some.total_usec))
		return 0;
	return (uint64_t)pressure.some.total_usec;
}

/* -- memory that may be merged -------------------------------------------------------------------------- */

/* Pages of the process that no file backs. */
static uint64_t private_pages(const struct seen *seen, pid_t pid)
{
	uint64_t resident, shared;
	char path[48], bytes[128];
	struct cursor c;
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	size = root_read(seen->root, path, bytes, sizeof bytes);
	if (size <= 0)
		return 0;
	c = cursor_over(bytes, (size_t)size);
	cursor_skip_words(&c, 1);
	if (!cursor_take_u64(&c, &resident) || !cursor_take_u64(&c, &shared) || resident < shared)
		return 0;
	return resident - shared;
}

static void read_areas(const struct seen *seen, struct watched_memory *memory, uint64_t now_usec)
{
	uint64_t begin_usec = root_monotonic_usec(seen->root), cost_usec;
	struct memory_areas areas = { 0 };
	size_t i;

	memory->private_pages = private_pages(seen, memory->vm.pid);
	if (memory_areas_read(seen->root, memory->vm.pid, &areas, NULL) == 0) {
		memory->mergeable_bytes = memory->resident_bytes = 0;
		for (i = 0; i < areas.count; i++)
			if (areas.areas[i].mergeable && !areas.areas[i].huge) {
				memory->mergeable_bytes += areas.areas[i].end - areas.areas[i].start;
				memory->resident_bytes += areas.areas[i].resident_bytes;
			}
	}
	memory_areas_done(&areas);
	cost_usec = (root_monotonic_usec(seen->root) - begin_usec) * AREAS_COST_FACTOR;
	if (memory->mergeable_bytes > 0 && cost_usec < AREAS_LATE_USEC)
		cost_usec = AREAS_LATE_USEC;
	memory->again_usec = now_usec + (cost_usec > AREAS_AGAIN_USEC ? cost_usec : AREAS_AGAIN_USEC);
}

static uint64_t mergeable_now(const struct seen *seen, const struct watched_memory *memory)
{
	uint64_t page = (uint64_t)seen->root->page_size;
	uint64_t pages = private_pages(seen, memory->vm.pid), bytes = memory->resident_bytes;

	if (pages > memory->private_pages)
		bytes += (pages - memory->private_pages) * page;
	return (bytes > memory->mergeable_bytes ? memory->mergeable_bytes : bytes) / page;
}

static struct watched_memory *find_memory(struct seen *seen, const struct vm_identity *vm)
{
	size_t i;

	for (i = 0; i < seen->count; i++)
		if (seen->memory[i].vm.pid == vm->pid && seen->memory[i].vm.start_ticks == vm->start_ticks)
			return &seen->memory[i];
	if (!VEC_RESERVE(seen->memory, seen->capacity, seen->count + 1))
		return NULL;
	seen->memory[seen->count] = (struct watched_memory){ .vm = *vm };
	return &seen->memory[seen->count++];
}

static void forget_gone(struct seen *seen)
{
	size_t i, kept = 0;

	for (i = 0; i < seen->count; i++)
		if (seen->memory[i].is_here)
			seen->memory[kept++] = seen->memory[i];
	seen->count = kept;
}

static uint64_t mergeable_of_vms(struct seen *seen, const struct snapshot *vms, uint64_t now_usec)
{
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < seen->count; i++)
		seen->memory[i].is_here = false;
	for (i = 0; i < vms->vm_count; i++) {
		struct watched_memory *memory = find_memory(seen, &vms->vms[i]->identity);

		if (memory == NULL || memory->is_here)
			continue;
		memory->is_here = true;
		if (now_usec >= memory->again_usec)
			read_areas(seen, memory, now_usec);
		pages += mergeable_now(seen, memory);
	}
	forget_gone(seen);
	return pages;
}

/* What ksmd keeps book of already, of whatever process: VMs need not be all there is. */
static uint64_t tracked_pages(const struct ksm *ksm)
{
	const int64_t numbers[] = { ksm->pages_shared, ksm->pages_sharing, ksm->pages_unshared,
				    ksm->pages_volatile };
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (numbers[i] > 0)
			pages += (uint64_t)numbers[i];
	return pages;
}

/* -- all of it -------------------------------------------------------------------------------------------- */

static uint64_t or_none(int64_t number)
{
	return number > 0 ? (uint64_t)number : 0;
}

int seen_new(struct root *root, struct seen **ret, struct error *err)
{
	struct seen *seen = calloc(1, sizeof *seen);
	struct ksm ksm;
	int r;

	if (seen == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	seen->root = root;
	seen->ksmd_run = seen->ksmd_stat = -1;
	seen->pressure = root_open(root, "/proc/pressure/cpu");
	ksm_reader_init(&seen->ksm, root);
	r = ksm_read(&seen->ksm, &ksm);
	if (r < 0) {
		seen_free(seen);
		return r == -ENOENT ? error_set(err, r, "this kernel has no KSM") :
				      error_errno(err, r, "cannot read /sys/kernel/mm/ksm");
	}
	open_ksmd(seen);
	*ret = seen;
	return 0;
}

void seen_free(struct seen *seen)
{
	const int *fds[] = { &seen->ksmd_run, &seen->ksmd_stat, &seen->pressure };
	size_t i;

	if (seen == NULL)
		return;
	for (i = 0; i < sizeof fds / sizeof *fds; i++)
		if (*fds[i] >= 0)
			root_close(seen->root, *fds[i]);
	ksm_reader_done(&seen->ksm);
	free(seen->memory);
	free(seen);
}

int seen_look(struct seen *seen, const struct snapshot *vms, struct tune_seen *ret,
	      struct ksm *ret_ksm, struct error *err)
{
	uint64_t vm_pages, tracked;
	int r = ksm_read(&seen->ksm, ret_ksm);

	if (r < 0)
		return error_errno(err, r, "cannot read /sys/kernel/mm/ksm");
	*ret = (struct tune_seen){
		.monotonic_usec = root_monotonic_usec(seen->root),
		.pages_scanned = or_none(ret_ksm->pages_scanned),
		.full_scans = or_none(ret_ksm->full_scans),
		.saved_pages = or_none(ret_ksm->pages_sharing) + or_none(ret_ksm->ksm_zero_pages),
		.ksmd_usec = ksmd_usec(seen),
		.waiting_usec = waiting_usec(seen),
	};
	vm_pages = mergeable_of_vms(seen, vms, ret->monotonic_usec);
	tracked = tracked_pages(ret_ksm);
	ret->mergeable_pages = vm_pages > tracked ? vm_pages : tracked;
	return 0;
}
