/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.low and memory.min protect a cgroup only as far as its ancestors let them, which are the
 * host's: one lease each, whatever VMs ask for.
 */
#include "act/memory_place.h"

#include "act/act_lease.h"
#include "act/owner_systemd.h"
#include "base/error.h"
#include "sys/host.h"
#include "sys/root.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sum {
	struct root *root;
	const char *directory, *file;
	int64_t bytes;
};

const char *memory_protection_file(enum setting setting)
{
	return setting == SETTING_MEMORY_MIN ? "memory.min" : "memory.low";
}

const char *memory_protection_property(enum setting setting)
{
	return setting == SETTING_MEMORY_MIN ? "MemoryMin" : "MemoryLow";
}

bool memory_protects(enum setting setting)
{
	return setting == SETTING_MEMORY_MIN || setting == SETTING_MEMORY_LOW;
}

static int64_t bytes_of(struct root *root, const char *directory, const char *file)
{
	char path[1100], text[64];
	int64_t bytes;
	ssize_t size;

	snprintf(path, sizeof path, "%s/%s", directory, file);
	size = root_read(root, path, text, sizeof text);
	return size > 0 && field_parse_number(text, (size_t)size, &bytes) == 0 ? bytes : 0;
}

/* A controller's file is no directory, and so has no file below it. */
static int add_child(const char *name, void *context)
{
	struct sum *sum = context;
	char path[1024];
	int64_t bytes;

	if (snprintf(path, sizeof path, "%s/%s", sum->directory, name) >= (int)sizeof path)
		return 0;
	bytes = bytes_of(sum->root, path, sum->file);
	if (bytes == FIELD_UNLIMITED || __builtin_add_overflow(sum->bytes, bytes, &sum->bytes))
		sum->bytes = FIELD_UNLIMITED;
	return sum->bytes == FIELD_UNLIMITED ? 1 : 0;
}

static int64_t sum_of_children(struct root *root, const char *directory, const char *file)
{
	struct sum sum = { .root = root, .directory = directory, .file = file };

	root_list(root, directory, add_child, &sum);
	return sum.bytes;
}

static bool is_slice(const char *directory, const char **ret_unit)
{
	size_t size = strlen(directory);

	*ret_unit = strrchr(directory, '/') + 1;
	return size > 6 && strcmp(directory + size - 6, ".slice") == 0;
}

static const struct lease *lease_of(struct leases *leases, const char *directory,
				    enum setting setting, bool by_systemd)
{
	const struct vm_identity host = { .pid = 0 };
	const char *unit;
	char what[1100];

	is_slice(directory, &unit);
	if (by_systemd)
		snprintf(what, sizeof what, "%.255s %s", unit, memory_protection_property(setting));
	else
		snprintf(what, sizeof what, "%s/%s", directory, memory_protection_file(setting));
	return leases_find(leases, by_systemd ? &owner_systemd_kind : &act_lease_file_kind, &host,
			   what);
}

static int64_t was_of(const struct lease *lease)
{
	if (strcmp(lease->was, "max") == 0 || strcmp(lease->was, "not set") == 0)
		return strcmp(lease->was, "max") == 0 ? FIELD_UNLIMITED : 0;
	return strtoll(lease->was, NULL, 10);
}

static int write_one(struct act_context *context, const char *directory, enum setting setting,
		     bool by_systemd, int64_t bytes, struct error *err)
{
	char path[1100], text[24], kept[sizeof context->note];
	const char *unit;
	int r;

	is_slice(directory, &unit);
	/* The host's: no VM's setting may give it back. */
	memcpy(kept, context->note, sizeof kept);
	snprintf(context->note, sizeof context->note, "room for %s of VMs",
		 memory_protection_file(setting));
	if (by_systemd) {
		r = owner_systemd_set(context, NULL, unit, memory_protection_property(setting),
				      bytes == FIELD_UNLIMITED ? UINT64_MAX - 1 : (uint64_t)bytes,
				      err);
	} else {
		snprintf(path, sizeof path, "%s/%s", directory, memory_protection_file(setting));
		if (bytes == FIELD_UNLIMITED)
			strcpy(text, "max");
		else
			snprintf(text, sizeof text, "%" PRId64, bytes);
		r = act_lease_file(context, NULL, path, text, err);
	}
	memcpy(context->note, kept, sizeof kept);
	return r;
}

static int cover_one(struct act_context *context, const char *directory, enum setting setting,
		     struct error *err)
{
	const char *unit, *file = memory_protection_file(setting);
	bool by_systemd = is_slice(directory, &unit) && owner_systemd_runs(context->root);
	int64_t now = bytes_of(context->root, directory, file);
	int64_t needed = sum_of_children(context->root, directory, file);
	const struct lease *lease = lease_of(context->leases, directory, setting, by_systemd);

	if (lease != NULL && needed <= was_of(lease))
		return leases_undo(context->leases, lease->id, err);
	if (needed == now || (lease == NULL && needed < now))
		return 0;
	return write_one(context, directory, setting, by_systemd, needed, err);
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

int memory_protection_cover(struct act_context *context, const struct cpu_place *place,
			    enum setting setting, struct error *err)
{
	const char *mount = place->layout.controller[CGROUP_MEMORY].mount;
	char directory[sizeof place->directory];
	int r = 0;

	memcpy(directory, place->directory, sizeof directory);
	while (r >= 0 && go_up(directory, mount))
		r = cover_one(context, directory, setting, err);
	return r < 0 ? r : 0;
}

int64_t memory_protection_effective(struct act_context *context, const struct cpu_place *place,
				    enum setting setting, int64_t bytes)
{
	const char *mount = place->layout.controller[CGROUP_MEMORY].mount;
	char directory[sizeof place->directory];

	memcpy(directory, place->directory, sizeof directory);
	while (go_up(directory, mount)) {
		int64_t above = bytes_of(context->root, directory,
					 memory_protection_file(setting));

		bytes = above < bytes ? above : bytes;
	}
	return bytes;
}

/*
 * Reclaim by generations passes over a cgroup below its memory.low once and takes from it at the
 * next turn, where memory.min is gone round each time: on 6.12, of two VMs with 200 MiB under the
 * same pressure, one with 180 protected, memory.low left 86 and 146, memory.min 178 and 80; without
 * generations memory.low left 200 and 68.
 */
void memory_protection_tell(struct act_context *context, enum setting setting, const char *name,
			    char where[static 64])
{
	bool weak = setting == SETTING_MEMORY_LOW && host_lru_gen_read(context->root) == 1;

	snprintf(where, 64, "%.24s%s", name, weak ? ", weak: lru_gen is on" : "");
}
