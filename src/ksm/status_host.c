/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's part of a status. */
#include "ksm/status_take.h"

#include "base/str.h"
#include "ksm/merging.h"
#include "report/units.h"
#include "sys/host.h"
#include "sys/proc.h"
#include "sys/root.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ksmd {
	struct root *root;
	pid_t pid;
};

static int is_ksmd(const char *name, void *context)
{
	struct ksmd *ksmd = context;
	char path[64], comm[32];

	if (!isdigit((unsigned char)name[0]) || strlen(name) > 10)
		return 0;
	snprintf(path, sizeof path, "/proc/%s/comm", name);
	if (root_read(ksmd->root, path, comm, sizeof comm) < 0 || strcmp(comm, "ksmd\n") != 0)
		return 0;
	ksmd->pid = atoi(name);
	return 1;
}

/* A kernel thread that is there from boot on: its pid is low, and comes early in the listing. */
static int64_t read_ksmd_usec(struct root *root)
{
	struct ksmd ksmd = { .root = root };
	struct proc_stat stat;
	char path[64], bytes[1024];
	ssize_t size;

	root_list(root, "/proc", is_ksmd, &ksmd);
	if (ksmd.pid == 0)
		return FIELD_ABSENT;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)ksmd.pid);
	size = root_read(root, path, bytes, sizeof bytes);
	if (size < 0 || proc_stat_parse(bytes, (size_t)size, &stat) < 0)
		return FIELD_ABSENT;
	return (int64_t)(stat.user_ticks + stat.system_ticks) * 1000000 / root->ticks_per_second;
}

static void read_memory(struct root *root, struct status_host *host)
{
	struct host_memory memory;
	struct host_vmstat vmstat;
	char bytes[16384];
	ssize_t size = root_read(root, "/proc/meminfo", bytes, sizeof bytes);

	if (size >= 0 && host_memory_parse(bytes, (size_t)size, &memory) == 0) {
		host->memory_available_bytes = memory.available;
		host->memory_free_bytes = memory.free;
		host->swap_free_bytes = memory.swap_free;
	}
	size = root_read(root, "/proc/vmstat", bytes, sizeof bytes);
	if (size >= 0 && host_vmstat_parse(bytes, (size_t)size, &vmstat) == 0) {
		host->cow_pages = vmstat.cow_ksm;
		host->swapin_copied_pages = vmstat.ksm_swapin_copy;
	}
}

/* Pages that KSM keeps book of are shared, sharing, unshared or volatile ones: so the kernel computes
 * the last number of the four. */
static int64_t tracked_pages(const struct ksm *ksm)
{
	if (!field_present(ksm->pages_shared) || !field_present(ksm->pages_sharing) ||
	    !field_present(ksm->pages_unshared) || !field_present(ksm->pages_volatile))
		return FIELD_ABSENT;
	return ksm->pages_shared + ksm->pages_sharing + ksm->pages_unshared + ksm->pages_volatile;
}

void status_host_derive(struct status_host *host, long page_size)
{
	const struct ksm *ksm = &host->ksm;
	int64_t tracked = tracked_pages(ksm);
	int64_t zero = field_present(ksm->ksm_zero_pages) ? ksm->ksm_zero_pages : 0;

	if (field_present(ksm->pages_sharing))
		host->saved_bytes = host->reserve_bytes =
			field_times(ksm->pages_sharing + zero, page_size);
	if (field_present(tracked))
		host->tracking_bytes = field_times(tracked, MERGING_ITEM_BYTES);
	host->profit_bytes = ksm->general_profit;
	if (!field_present(host->profit_bytes) && field_present(tracked))
		host->profit_bytes = host->saved_bytes - host->tracking_bytes;
	if (field_present(host->saved_bytes) && field_present(host->ksmd_usec) && host->ksmd_usec > 0)
		host->saved_kb_per_cpu_second = (int64_t)((double)host->saved_bytes / 1024 * 1e6 /
							  (double)host->ksmd_usec);
	if (field_present(host->reserve_bytes) && field_present(host->memory_available_bytes))
		host->left_bytes = host->memory_available_bytes - host->reserve_bytes;
}

void status_host_take(struct root *root, struct status_host *host)
{
	struct ksm_reader reader;

	ksm_reader_init(&reader, root);
	/* A failure leaves all of them absent. */
	ksm_read(&reader, &host->ksm);
	ksm_reader_done(&reader);
	host->ksmd_usec = read_ksmd_usec(root);
	read_memory(root, host);
	status_host_derive(host, root->page_size);
}

static void append_bytes(struct str *str, int64_t bytes)
{
	units_append_bytes(str, (double)(bytes < 0 ? -bytes : bytes));
}

void status_append_verdict(const struct status_host *host, struct str *str)
{
	int64_t swap = field_present(host->swap_free_bytes) ? host->swap_free_bytes : 0;

	if (!field_present(host->reserve_bytes)) {
		str_append(str, "this kernel does not say what is merged, so nobody can say what unmerging needs");
		return;
	}
	if (host->reserve_bytes == 0) {
		str_append(str, "nothing is merged, so no guest can take memory back by writing");
		return;
	}
	str_append(str, "if every guest rewrote all that is merged, ");
	append_bytes(str, host->reserve_bytes);
	str_append(str, " would be needed");
	if (!field_present(host->left_bytes)) {
		str_append(str, "; how much is available this kernel does not say");
		return;
	}
	str_append(str, " and ");
	append_bytes(str, host->memory_available_bytes);
	str_append(str, " are available: ");
	if (host->left_bytes >= 0) {
		str_append(str, "it fits, and ");
		append_bytes(str, host->left_bytes);
		str_append(str, " would be left");
	} else if (host->left_bytes + swap >= 0) {
		str_append(str, "it does not fit without swapping ");
		append_bytes(str, host->left_bytes);
		str_append(str, " out, for which there is room in swap");
	} else {
		str_append(str, "it does not fit, ");
		append_bytes(str, host->left_bytes + swap);
		str_append(str, " are missing even with all free swap, and the kernel would kill processes");
	}
}
