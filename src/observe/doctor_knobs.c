/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What acts when it is turned. */
#include "observe/doctor_check.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/str.h"
#include "model/snapshot.h"
#include "sys/device.h"
#include "sys/host.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>

/* -- cgroups */

static bool text_has_word(const char *text, const char *word)
{
	struct cursor at = cursor_over(text, strlen(text));
	const char *found;
	size_t size;

	while (cursor_take_word(&at, &found, &size))
		if (strlen(word) == size && memcmp(found, word, size) == 0)
			return true;
	return false;
}

/* The first of these that the file of the tree's top does not name, or NULL. */
static const char *tree_lacks(const struct doctor_context *context, const char *file)
{
	static const char *const wanted[] = { "cpu", "cpuset", "io", "memory" };
	char path[300], text[256];

	snprintf(path, sizeof path, "%s/%s", context->cgroups.unified.mount, file);
	if (host_text_read(context->root, path, text, sizeof text) < 0)
		text[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!text_has_word(text, wanted[i]))
			return wanted[i];
	return NULL;
}

static void check_cgroups_v2(const struct doctor_context *context, struct doctor_row *row)
{
	const char *mount = context->cgroups.unified.mount;
	const char *lacking = tree_lacks(context, "cgroup.controllers");

	if (lacking != NULL) {
		doctor_say(row, DOCTOR_LIMITED, "v2 without the controller %s", lacking);
		return doctor_fix(row, "cgroup_disable= or a v1 mount holds it: look at /proc/cmdline "
				  "and /proc/mounts");
	}
	/* systemd switches a controller on where a unit wants it, and off again. */
	lacking = root_exists(context->root, "/run/systemd/system")
			  ? NULL : tree_lacks(context, "cgroup.subtree_control");
	if (lacking != NULL) {
		doctor_say(row, DOCTOR_LIMITED, "v2, but %s is not on below the root: VMs have no knobs "
			   "for it", lacking);
		return doctor_fix(row, "echo +%s > %s/cgroup.subtree_control", lacking, mount);
	}
	doctor_say(row, DOCTOR_OK, "v2 at %s", mount);
}

void check_cgroups(const struct doctor_context *context, struct doctor_row *row)
{
	static const char *const names[] = { "cpu", "cpuacct", "cpuset", "memory", "blkio" };
	const struct cgroup_layout *layout = &context->cgroups;

	if (layout->mode == CGROUP_V2)
		return check_cgroups_v2(context, row);
	if (layout->mode == CGROUP_NONE) {
		doctor_say(row, DOCTOR_MISSING, "none: VMs have neither weights nor quotas");
		return doctor_fix(row, "mount -t cgroup2 cgroup2 /sys/fs/cgroup");
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (layout->controller[i].mount[0] == '\0') {
			doctor_say(row, DOCTOR_LIMITED, "%s without the controller %s",
				   cgroup_mode_name(layout->mode), names[i]);
			return doctor_fix(row, "mkdir /sys/fs/cgroup/%s; mount -t cgroup -o %s cgroup "
					  "/sys/fs/cgroup/%s", names[i], names[i], names[i]);
		}
	doctor_say(row, DOCTOR_OK, "%s: knobs are v1's%s", cgroup_mode_name(layout->mode),
		   layout->mode == CGROUP_HYBRID ? ", pressure is v2's" : "");
}

/* -- CPU */

void check_scheduler(const struct doctor_context *context, struct doctor_row *row)
{
	char name[128];

	if (host_scheduler_read(context->root, name, sizeof name) < 0)
		return doctor_say(row, DOCTOR_UNKNOWN, "which scheduler rules cannot be read");
	if (strncmp(name, "sched_ext", 9) != 0)
		return doctor_say(row, DOCTOR_OK, "%s", name);
	doctor_say(row, DOCTOR_LIMITED, "%s rules: weights and nice may do nothing", name);
	doctor_fix(row, "stop that scheduler where weights are to count");
}

static size_t count_vms_ruled_by(const struct snapshot *snapshot, const char *where)
{
	size_t i, count = 0;

	for (i = 0; snapshot != NULL && i < snapshot->vm_count; i++) {
		const char *rules = snapshot->vms[i]->text[VM_TEXT_WEIGHT_WHERE];

		count += rules != NULL && strcmp(rules, where) == 0;
	}
	return count;
}

void check_autogroup(const struct doctor_context *context, struct doctor_row *row)
{
	char text[16];
	size_t ruled = count_vms_ruled_by(context->snapshot, "autogroup");

	if (host_text_read(context->root, "/proc/sys/kernel/sched_autogroup_enabled", text,
			   sizeof text) < 0)
		return doctor_say(row, DOCTOR_OK, "not in this kernel");
	if (text[0] == '0')
		return doctor_say(row, DOCTOR_OK, "off");
	if (ruled == 0)
		return doctor_say(row, DOCTOR_OK, "on, and rules no VM");
	doctor_say(row, DOCTOR_LIMITED, "on, and rules %zu VM%s: nice does nothing between them and "
		   "others", ruled, ruled == 1 ? "" : "s");
	doctor_fix(row, "start VMs in cgroups of their own, or write /proc/PID/autogroup");
}

/* -- I/O */

static size_t count_lines_with(const char *text, const char *word)
{
	struct cursor all = cursor_over(text, strlen(text)), line;
	size_t count = 0;

	while (cursor_take_line(&all, &line))
		count += memmem(line.at, cursor_left(&line), word, strlen(word)) != NULL;
	return count;
}

static size_t count_iocost_disks(const struct doctor_context *context)
{
	char path[300], text[4096];

	snprintf(path, sizeof path, "%s/io.cost.qos", context->cgroups.unified.mount);
	return root_read(context->root, path, text, sizeof text) < 0
		       ? 0 : count_lines_with(text, " enable=1");
}

/* What is driven by hardware, or by what a hypervisor shows for it: not loop, ram, dm or md. */
static bool disk_is_a_device(struct root *root, const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "/sys/block/%s/device", name);
	return root_exists(root, path);
}

/* *ret_first is the first device without BFQ. */
static size_t count_bfq_disks(struct root *root, char *ret_first, size_t size)
{
	struct disk_set disks = { .count = 0 };
	char scheduler[32];
	size_t i, count = 0;

	if (disk_set_read(root, &disks) < 0)
		return 0;
	for (i = 0; i < disks.count; i++) {
		if (!disk_is_a_device(root, disks.entries[i].name) ||
		    disk_scheduler_read(root, disks.entries[i].name, scheduler, sizeof scheduler) < 0)
			continue;
		if (strcmp(scheduler, "bfq") == 0)
			count++;
		else if (ret_first[0] == '\0')
			snprintf(ret_first, size, "%s", disks.entries[i].name);
	}
	disk_set_done(&disks);
	return count;
}

void check_io_weight(const struct doctor_context *context, struct doctor_row *row)
{
	char plain[32] = "";
	size_t bfq = count_bfq_disks(context->root, plain, sizeof plain);
	size_t iocost = context->cgroups.mode == CGROUP_V2 ? count_iocost_disks(context) : 0;

	if (bfq + iocost > 0)
		return doctor_say(row, DOCTOR_OK, "acts on %zu disk%s (BFQ %zu, iocost %zu)",
				  bfq + iocost, bfq + iocost == 1 ? "" : "s", bfq, iocost);
	doctor_say(row, DOCTOR_OFF, "does nothing: no disk runs BFQ%s",
		   context->cgroups.mode == CGROUP_V2 ? " or iocost" : "");
	if (plain[0] != '\0')
		doctor_fix(row, "echo bfq > /sys/block/%s/queue/scheduler", plain);
}

/* -- memory */

void check_ksm(const struct doctor_context *context, struct doctor_row *row)
{
	char text[16];
	int r = (int)host_text_read(context->root, "/sys/kernel/mm/ksm/run", text, sizeof text);

	if (r < 0)
		return doctor_say(row, DOCTOR_OFF, "not in this kernel");
	if (text[0] == '1')
		return doctor_say(row, DOCTOR_OK, "merges equal pages");
	doctor_say(row, DOCTOR_OFF, text[0] == '2' ? "unmerges all pages" : "stopped");
	doctor_fix(row, "echo 1 > /sys/kernel/mm/ksm/run, where VMs may know of each other's pages");
}

/* The word in brackets. */
static void chosen_word(char *text, const char **ret)
{
	char *start = strchr(text, '['), *end = start != NULL ? strchr(start, ']') : NULL;

	if (end == NULL)
		return;
	*end = '\0';
	*ret = start + 1;
}

void check_huge_pages(const struct doctor_context *context, struct doctor_row *row)
{
	char meminfo[8192], text[64];
	const char *transparent = "not in this kernel";
	struct host_memory memory;
	ssize_t size = root_read(context->root, "/proc/meminfo", meminfo, sizeof meminfo);

	if (host_text_read(context->root, "/sys/kernel/mm/transparent_hugepage/enabled", text,
			   sizeof text) >= 0)
		chosen_word(text, &transparent);
	if (size < 0 || host_memory_parse(meminfo, (size_t)size, &memory) < 0)
		return doctor_say(row, DOCTOR_UNKNOWN, "/proc/meminfo cannot be read");
	if (!field_present(memory.huge_pages_total))
		return doctor_say(row, DOCTOR_OK, "transparent: %s; none can be reserved", transparent);
	doctor_say(row, DOCTOR_OK, "transparent: %s; reserved: %lld", transparent,
		   (long long)memory.huge_pages_total);
}

/* -- Truce's own needs */

/* A descriptor for each file that is read on every tick. */
static size_t descriptors_needed(const struct snapshot *snapshot)
{
	size_t i, needed = 64;

	for (i = 0; snapshot != NULL && i < snapshot->vm_count; i++)
		needed += 4 + snapshot->vms[i]->thread_count;
	return needed;
}

static bool descriptors_allowed(const struct doctor_context *context, uint64_t *ret)
{
	char text[4096];
	struct cursor at;
	const char *line;

	if (doctor_capable(context, CAP_SYS_RESOURCE) &&
	    host_text_read(context->root, "/proc/sys/fs/nr_open", text, sizeof text) >= 0) {
		at = cursor_over(text, strlen(text));
		return cursor_take_u64(&at, ret);
	}
	if (root_read(context->root, "/proc/self/limits", text, sizeof text) < 0)
		return false;
	line = strstr(text, "\nMax open files");
	if (line == NULL)
		return false;
	at = cursor_over(line, strlen(line));
	at.at += strlen("\nMax open files");
	return cursor_take_u64(&at, ret) && cursor_take_u64(&at, ret);
}

void check_descriptors(const struct doctor_context *context, struct doctor_row *row)
{
	size_t needed = descriptors_needed(context->snapshot);
	uint64_t allowed;

	if (!descriptors_allowed(context, &allowed))
		return doctor_say(row, DOCTOR_UNKNOWN, "how many files may be open is not told");
	if (needed <= allowed)
		return doctor_say(row, DOCTOR_OK, "%zu are needed for the VMs here, %llu may be open",
				  needed, (unsigned long long)allowed);
	doctor_say(row, DOCTOR_LIMITED, "%zu are needed for the VMs here, %llu may be open: each tick "
		   "costs more", needed, (unsigned long long)allowed);
	doctor_fix(row, "ulimit -n %zu, or LimitNOFILE= in the service", needed);
}
