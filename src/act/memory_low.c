/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ancestors of memory.low, which are the host's: one lease each, whatever VMs ask for. */
#include "act/memory_place.h"

#include "act/act_lease.h"
#include "act/owner_systemd.h"
#include "base/error.h"
#include "sys/root.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sum {
	struct root *root;
	const char *directory;
	int64_t bytes;
};

static int64_t low_of(struct root *root, const char *directory)
{
	char path[1100], text[64];
	int64_t low;
	ssize_t size;

	snprintf(path, sizeof path, "%s/memory.low", directory);
	size = root_read(root, path, text, sizeof text);
	return size > 0 && field_parse_number(text, (size_t)size, &low) == 0 ? low : 0;
}

/* A controller's file is no directory, and so has no file below it. */
static int add_child(const char *name, void *context)
{
	struct sum *sum = context;
	char path[1024];
	int64_t low;

	if (snprintf(path, sizeof path, "%s/%s", sum->directory, name) >= (int)sizeof path)
		return 0;
	low = low_of(sum->root, path);
	if (low == FIELD_UNLIMITED || __builtin_add_overflow(sum->bytes, low, &sum->bytes))
		sum->bytes = FIELD_UNLIMITED;
	return sum->bytes == FIELD_UNLIMITED ? 1 : 0;
}

static int64_t children_low(struct root *root, const char *directory)
{
	struct sum sum = { .root = root, .directory = directory };

	root_list(root, directory, add_child, &sum);
	return sum.bytes;
}

static bool is_slice(const char *directory, const char **ret_unit)
{
	size_t size = strlen(directory);

	*ret_unit = strrchr(directory, '/') + 1;
	return size > 6 && strcmp(directory + size - 6, ".slice") == 0;
}

static const struct lease *lease_of(struct leases *leases, const char *directory, bool by_systemd)
{
	const struct vm_identity host = { .pid = 0 };
	const char *unit;
	char what[1100];

	is_slice(directory, &unit);
	if (by_systemd)
		snprintf(what, sizeof what, "%.255s MemoryLow", unit);
	else
		snprintf(what, sizeof what, "%s/memory.low", directory);
	return leases_find(leases, by_systemd ? &owner_systemd_kind : &act_lease_file_kind, &host,
			   what);
}

static int64_t was_of(const struct lease *lease)
{
	if (strcmp(lease->was, "max") == 0 || strcmp(lease->was, "not set") == 0)
		return strcmp(lease->was, "max") == 0 ? FIELD_UNLIMITED : 0;
	return strtoll(lease->was, NULL, 10);
}

static int write_low(struct act_context *context, const char *directory, bool by_systemd,
		     int64_t bytes, struct error *err)
{
	char path[1100], text[24], kept[sizeof context->note];
	const char *unit;
	int r;

	is_slice(directory, &unit);
	/* The host's: no VM's setting may give it back. */
	memcpy(kept, context->note, sizeof kept);
	snprintf(context->note, sizeof context->note, "room for memory.low of VMs");
	if (by_systemd) {
		r = owner_systemd_set(context, NULL, unit, "MemoryLow", bytes == FIELD_UNLIMITED ?
				      UINT64_MAX - 1 : (uint64_t)bytes, err);
	} else {
		snprintf(path, sizeof path, "%s/memory.low", directory);
		if (bytes == FIELD_UNLIMITED)
			strcpy(text, "max");
		else
			snprintf(text, sizeof text, "%" PRId64, bytes);
		r = act_lease_file(context, NULL, path, text, err);
	}
	memcpy(context->note, kept, sizeof kept);
	return r;
}

static int cover_one(struct act_context *context, const char *directory, struct error *err)
{
	const char *unit;
	bool by_systemd = is_slice(directory, &unit) && owner_systemd_runs(context->root);
	int64_t now = low_of(context->root, directory);
	int64_t needed = children_low(context->root, directory);
	const struct lease *lease = lease_of(context->leases, directory, by_systemd);

	if (lease != NULL && needed <= was_of(lease))
		return leases_undo(context->leases, lease->id, err);
	if (needed == now || (lease == NULL && needed < now))
		return 0;
	return write_low(context, directory, by_systemd, needed, err);
}

/* The next one up of `directory`, in place; false at the mount. */
static bool go_up(char *directory, const char *mount)
{
	char *slash = strrchr(directory, '/');

	if (slash == NULL || (size_t)(slash - directory) <= strlen(mount))
		return false;
	*slash = '\0';
	return true;
}

int memory_low_cover(struct act_context *context, const struct cpu_place *place,
		     struct error *err)
{
	const char *mount = place->layout.controller[CGROUP_MEMORY].mount;
	char directory[sizeof place->directory];
	int r = 0;

	memcpy(directory, place->directory, sizeof directory);
	while (r >= 0 && go_up(directory, mount))
		r = cover_one(context, directory, err);
	return r < 0 ? r : 0;
}

int64_t memory_low_effective(struct act_context *context, const struct cpu_place *place,
			     int64_t low)
{
	const char *mount = place->layout.controller[CGROUP_MEMORY].mount;
	char directory[sizeof place->directory];

	memcpy(directory, place->directory, sizeof directory);
	while (go_up(directory, mount)) {
		int64_t above = low_of(context->root, directory);

		low = above < low ? above : low;
	}
	return low;
}

/* Reclaim by generations passes over a protected cgroup once and takes from it at the next turn:
 * on 6.12, of two VMs with 200 MiB under the same pressure, the one with a memory.low of 180 was
 * left 116 and the other 128; without generations 182 and 94. */
void memory_low_tell(struct act_context *context, const char *name, char where[static 64])
{
	char text[16];
	ssize_t size = root_read(context->root, "/sys/kernel/mm/lru_gen/enabled", text, sizeof text);
	bool generations = size > 0 && strtol(text, NULL, 0) != 0;

	snprintf(where, 64, "%.24s%s", name, generations ? ", weak: lru_gen is on" : "");
}
