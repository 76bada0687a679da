/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUs that a VM has for itself: its cgroup becomes the root of a partition (cgroup v2), from
 * which the kernel keeps everything else. Below another cgroup that needs cpuset.cpus.exclusive
 * on the way (kernel 6.7). v1's cpu_exclusive keeps out other cpusets, but not the processes of
 * the root one, and those are not ours to move: it cannot.
 */
#include "act/act_lease.h"
#include "act/cpu_members.h"
#include "act/cpu_place.h"
#include "act/owner_systemd.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "sys/cpu_list.h"
#include "sys/root.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PARTITION "cpuset.cpus.partition"
#define EXCLUSIVE "cpuset.cpus.exclusive"
/* The kernel reads a write of no bytes as none. */
#define NOTHING " "

static int serves(struct act_context *context, const struct act_target *target,
		  enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	struct error err = { 0 };
	struct cpu_place place;

	if (cpu_place_find_in(context, target, CGROUP_CPUSET, &place, &err) < 0) {
		text_copy(reason, PLAN_REASON_SIZE, err.text, strlen(err.text));
		return 0;
	}
	if (!place.v2) {
		snprintf(reason, PLAN_REASON_SIZE, "cgroup v1's cpu_exclusive does not keep out the "
			 "processes of the root cpuset, and Truce does not move those");
		return 0;
	}
	if (place.own)
		return 1;
	if (owner_systemd_runs(context->root)) {
		snprintf(reason, PLAN_REASON_SIZE, "it has no unit of its own in systemd yet: a "
			 "cpu.weight gives it one");
		return 0;
	}
	return cpu_place_can_be_made(target, &place, reason);
}

static ssize_t read_line(struct act_context *context, const char *path, char *ret, size_t ret_size)
{
	ssize_t size = root_read(context->root, path, ret, ret_size);

	if (size >= 0)
		ret[strcspn(ret, "\n")] = '\0';
	return size;
}

/* A cpuset.cpus with processes is never emptied again: it comes back as what was in force. */
static void read_effective(struct act_context *context, const char *path, char *ret,
			   size_t ret_size)
{
	char effective[1024];

	if (snprintf(effective, sizeof effective, "%s.effective", path) >= (int)sizeof effective ||
	    read_line(context, effective, ret, ret_size) < 0)
		ret[0] = '\0';
}

static int write_list(struct act_context *context, const struct act_target *target,
		      const char *path, const char *list, struct error *err)
{
	char was[1024];
	ssize_t size = read_line(context, path, was, sizeof was);

	if (size < 0)
		return error_errno(err, (int)size, "cannot read %s", path);
	if (was[0] == '\0' && strstr(path, EXCLUSIVE) == NULL)
		read_effective(context, path, was, sizeof was);
	return act_lease_file_was(context, target, path, was[0] != '\0' ? was : NOTHING, list, err);
}

/* Reserves the CPUs in a cgroup above, beside what is reserved there. The host's lease. */
static int reserve_above(struct act_context *context, const char *directory, const char *list,
			 struct error *err)
{
	char path[1024], text[1024], kept[sizeof context->note];
	size_t length;
	int r;

	snprintf(path, sizeof path, "%s/" EXCLUSIVE, directory);
	if (read_line(context, path, text, sizeof text) < 0)
		return 0; /* before 6.7: the partition's own words will tell */
	length = strlen(text);
	if (length + strlen(list) + 2 > sizeof text)
		return error_set(err, -ENAMETOOLONG, "%s names too many CPUs", path);
	snprintf(text + length, sizeof text - length, "%s%s", length > 0 ? "," : "", list);
	memcpy(kept, context->note, sizeof kept);
	snprintf(context->note, sizeof context->note, "a place for VMs");
	r = write_list(context, NULL, path, text, err);
	memcpy(context->note, kept, sizeof kept);
	return r;
}

static int reserve_on_the_way(struct act_context *context, const struct cpu_place *place,
			      const char *list, struct error *err)
{
	char directory[sizeof place->directory];
	size_t at = strlen(place->layout.controller[place->controller].mount);
	int r = 0;

	/* Not the hierarchy's root, which has all, and not the place itself. */
	at += place->directory[at] == '/';
	at += strcspn(place->directory + at, "/");
	for (; r == 0 && place->directory[at] == '/';
	     at += 1 + strcspn(place->directory + at + 1, "/")) {
		memcpy(directory, place->directory, at);
		directory[at] = '\0';
		r = reserve_above(context, directory, list, err);
	}
	return r;
}

static int part(struct act_context *context, const struct act_target *target,
		const struct cpu_place *place, const char *list, struct error *err)
{
	char path[1024];
	const char *file = cpu_place_has(context, place, EXCLUSIVE) ? EXCLUSIVE : "cpuset.cpus";
	int r = reserve_on_the_way(context, place, list, err);

	if (r < 0)
		return r;
	if (!cpu_place_file(place, file, path, sizeof path))
		return error_set(err, -ENAMETOOLONG, "%s has too long a name", place->directory);
	r = write_list(context, target, path, list, err);
	return r < 0 ? r : cpu_place_write(context, target, place, PARTITION, "root", err);
}

/* The kernel takes the word and then says in the same file whether it holds, and why not. */
static int check(struct act_context *context, const struct cpu_place *place, const char *list,
		 struct error *err)
{
	char path[1024], text[256];
	ssize_t size;

	cpu_place_file(place, PARTITION, path, sizeof path);
	size = read_line(context, path, text, sizeof text);
	if (size < 0)
		return error_errno(err, (int)size, "cannot read %s", path);
	if (strcmp(text, "root") == 0)
		return 0;
	return error_set(err, -EBUSY, "the CPUs %s cannot be for the cgroup %s alone: the kernel says "
			 "\"%s\"", list, place->path, text);
}

static int set_knob(struct act_context *context, const struct act_target *target,
		    enum setting setting, const struct setting_value *value,
		    char where[static 64], struct error *err)
{
	struct cpu_place place;
	int r = cpu_place_find_in(context, target, CGROUP_CPUSET, &place, err);

	if (r == 0 && !place.own)
		r = cpu_place_make(context, target, &place, err);
	if (r < 0)
		return r;
	r = cpu_place_enable(context, &place, "cpuset", err);
	if (r == 0)
		r = part(context, target, &place, value->text, err);
	if (r == 0)
		r = check(context, &place, value->text, err);
	if (r == 0)
		snprintf(where, 64, PARTITION);
	else
		cpu_place_release(context, target, setting, NULL);
	return r;
}

static int read_knob(struct act_context *context, const struct act_target *target,
		     enum setting setting, struct setting_value *ret, char where[static 64],
		     struct error *err)
{
	struct cpu_place place;
	char path[1024], text[256];
	int r = cpu_place_find_in(context, target, CGROUP_CPUSET, &place, err);

	if (r < 0)
		return r;
	*ret = (struct setting_value){ 0 };
	snprintf(where, 64, PARTITION);
	if (!place.own || !cpu_place_file(&place, PARTITION, path, sizeof path) ||
	    read_line(context, path, text, sizeof text) < 0 ||
	    (strcmp(text, "root") != 0 && strcmp(text, "isolated") != 0))
		return 0;
	cpu_place_file(&place, "cpuset.cpus.effective", path, sizeof path);
	read_line(context, path, ret->text, sizeof ret->text);
	return 0;
}

const struct actuator cpu_exclusive_actuator = {
	.name = "cpu-exclusive",
	.settings = { SETTING_CPU_EXCLUSIVE },
	.setting_count = 1,
	.serves = serves,
	.read = read_knob,
	.set = set_knob,
	.release = cpu_place_release,
};
