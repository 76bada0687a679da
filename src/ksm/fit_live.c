/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/fit_live.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "ksm/prints.h"
#include "sys/field.h"
#include "sys/guest_memory.h"
#include "sys/host.h"
#include "sys/ksm.h"
#include "sys/root.h"

#include <errno.h>
#include <stdio.h>

#define STATUS_MOST (64u << 10)
#define MEMINFO_SIZE 8192

struct status {
	int64_t anonymous, shared, huge, page_tables;
};

static const struct field status_fields[] = {
	FIELD(struct status, anonymous, "RssAnon", 1024),
	FIELD(struct status, shared, "RssShmem", 1024),
	FIELD(struct status, huge, "HugetlbPages", 1024),
	FIELD(struct status, page_tables, "VmPTE", 1024),
};

/* What a kernel does not tell adds nothing. */
static uint64_t present(int64_t bytes)
{
	return bytes > 0 ? (uint64_t)bytes : 0;
}

static int parse_status(const char *text, size_t size, bool with_kvm, uint64_t *ret_bytes)
{
	struct status status;

	field_parse_lines(text, size, status_fields, ARRAY_SIZE(status_fields), &status);
	if (!field_present(status.anonymous))
		return -ESRCH; /* a process without memory has ended */
	*ret_bytes = present(status.anonymous) + present(status.shared) + present(status.huge) +
		     present(status.page_tables) * (with_kvm ? 2 : 1);
	return 0;
}

static uint64_t mergeable_bytes(const struct memory_areas *areas)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < areas->count; i++)
		if (areas->areas[i].mergeable)
			sum += areas->areas[i].end - areas->areas[i].start;
	return sum;
}

int fit_process_read(struct root *root, pid_t pid, bool with_kvm, struct fit_process *ret,
		     struct error *err)
{
	struct memory_areas areas = { 0 };
	CLEANUP_FREE char *text = NULL;
	char path[64];
	ssize_t size;
	int r;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	size = root_read_all(root, path, STATUS_MOST, &text);
	if (size < 0)
		return error_errno(err, size == -ENOENT ? -ESRCH : (int)size, "%s", path);
	ret->monotonic_usec = root_monotonic_usec(root);
	if (parse_status(text, (size_t)size, with_kvm, &ret->bytes) < 0)
		return error_set(err, -ESRCH, "%s: it has ended", path);
	r = memory_areas_read(root, pid, &areas, err);
	if (r < 0)
		return r;
	ret->most_bytes = mergeable_bytes(&areas);
	memory_areas_done(&areas);
	return 0;
}

static void add_ksm(struct root *root, struct fit_host *host)
{
	struct ksm_reader reader;
	struct ksm ksm;

	ksm_reader_init(&reader, root);
	if (ksm_read(&reader, &ksm) == 0 && ksm.pages_sharing > 0) {
		host->saved_bytes = (uint64_t)ksm.pages_sharing * PRINTS_PAGE_SIZE;
		host->merged_pages = (uint64_t)(ksm.pages_sharing + (ksm.pages_shared > 0 ? ksm.pages_shared : 0));
	}
	ksm_reader_done(&reader);
}

int fit_host_read(struct root *root, struct fit_host *ret, struct error *err)
{
	struct host_memory memory;
	char text[MEMINFO_SIZE];
	ssize_t size = root_read(root, "/proc/meminfo", text, sizeof text);

	if (size < 0)
		return error_errno(err, (int)size, "/proc/meminfo");
	if (host_memory_parse(text, (size_t)size, &memory) < 0 || memory.total <= 0 || memory.available < 0)
		return error_set(err, -EINVAL, "/proc/meminfo does not tell what memory is available");
	*ret = (struct fit_host){
		.total_bytes = (uint64_t)memory.total,
		.available_bytes = (uint64_t)memory.available,
	};
	add_ksm(root, ret);
	return 0;
}
