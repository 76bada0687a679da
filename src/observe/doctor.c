/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/doctor.h"

#include "base/cursor.h"
#include "base/error.h"
#include "observe/doctor_check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOUNTS_MOST (1u << 20)

static const struct {
	const char *name;
	doctor_check *check;
} checks[] = {
	{ "rights", check_rights },
	{ "kernel", check_kernel },
	{ "processes", check_processes },
	{ "kvm", check_kvm },
	{ "kvm events", check_kvm_events },
	{ "debugfs", check_debugfs },
	{ "tracefs", check_tracefs },
	{ "bpf", check_bpf },
	{ "run delay", check_run_delay },
	{ "pressure", check_pressure },
	{ "cgroups", check_cgroups },
	{ "scheduler", check_scheduler },
	{ "autogroup", check_autogroup },
	{ "io weight", check_io_weight },
	{ "ksm", check_ksm },
	{ "huge pages", check_huge_pages },
	{ "descriptors", check_descriptors },
	{ "systemd", check_systemd },
	{ "libvirt", check_libvirt },
};

#define CHECK_COUNT (sizeof checks / sizeof checks[0])

static const char *const state_names[DOCTOR_STATE_COUNT] = {
	"ok", "limited", "missing", "off", "unknown",
};

const char *doctor_state_name(enum doctor_state state)
{
	return state_names[state];
}

void doctor_say(struct doctor_row *row, enum doctor_state state, const char *format, ...)
{
	va_list args;

	row->state = state;
	va_start(args, format);
	vsnprintf(row->says, sizeof row->says, format, args);
	va_end(args);
}

void doctor_fix(struct doctor_row *row, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(row->fix, sizeof row->fix, format, args);
	va_end(args);
}

bool doctor_capable(const struct doctor_context *context, int capability)
{
	return (context->capabilities >> capability & 1) != 0;
}

const struct doctor_manager *doctor_manager(const struct doctor_context *context,
					    const char *name)
{
	size_t i;

	for (i = 0; i < context->manager_count; i++)
		if (strcmp(context->managers[i].name, name) == 0)
			return &context->managers[i];
	return NULL;
}

static void copy_word(char *to, size_t to_size, const char *word, size_t size)
{
	if (to == NULL)
		return;
	if (size > to_size - 1)
		size = to_size - 1;
	memcpy(to, word, size);
	to[size] = '\0';
}

/* A line of mountinfo: ID PARENT DEVICE ROOT WHERE OPTIONS [FIELDS...] - TYPE SOURCE OPTIONS */
static bool mount_line(struct cursor line, const char *type, char *ret_where, size_t where_size,
		       char *ret_options, size_t options_size)
{
	const char *dash = memmem(line.at, cursor_left(&line), " - ", 3);
	struct cursor behind = { dash + 3, line.end };
	const char *word, *options;
	size_t size, options_length;

	if (dash == NULL || !cursor_take_word(&behind, &word, &size) || strlen(type) != size ||
	    memcmp(word, type, size) != 0)
		return false;
	cursor_skip_words(&line, 4);
	if (!cursor_take_word(&line, &word, &size))
		return false;
	copy_word(ret_where, where_size, word, size);
	cursor_skip_words(&behind, 1);
	if (cursor_take_word(&behind, &options, &options_length))
		copy_word(ret_options, options_size, options, options_length);
	return true;
}

bool doctor_mounted(const struct doctor_context *context, const char *type, char *ret_where,
		    size_t where_size, char *ret_options, size_t options_size)
{
	struct cursor all = cursor_over(context->mounts, strlen(context->mounts)), line;

	while (cursor_take_line(&all, &line))
		if (mount_line(line, type, ret_where, where_size, ret_options, options_size))
			return true;
	return false;
}

static void read_capabilities(struct doctor_context *context)
{
	char status[4096];
	const char *line;

	if (root_read(context->root, "/proc/self/status", status, sizeof status) < 0)
		return;
	line = strstr(status, "\nCapEff:");
	context->capabilities_known = line != NULL;
	if (line != NULL)
		context->capabilities = strtoull(line + strlen("\nCapEff:"), NULL, 16);
}

static int list_anything(const char *name, void *context)
{
	return 1;
}

static int context_read(struct doctor_context *context, struct doctor *doctor, struct error *err)
{
	int r;

	if (root_read_all(context->root, "/proc/self/mountinfo", MOUNTS_MOST, &context->mounts) < 0)
		context->mounts = strdup("");
	if (context->mounts == NULL)
		return error_errno(err, -ENOMEM, "the checks");
	read_capabilities(context);
	/* Where even the mounts are hidden, the check says that there are no cgroups. */
	if (cgroup_layout_read(context->root, &context->cgroups, NULL) < 0)
		context->cgroups = (struct cgroup_layout){ .mode = CGROUP_NONE };
	context->kvm = root_exists(context->root, "/dev/kvm");
	context->debugfs_kvm =
		root_list(context->root, "/sys/kernel/debug/kvm", list_anything, NULL) >= 0;
	r = doctor_find_managers(context, doctor);
	return r < 0 ? error_errno(err, r, "the checks") : 0;
}

static int doctor_check_all(const struct doctor_context *context, struct doctor *doctor)
{
	size_t i;

	doctor->rows = calloc(CHECK_COUNT, sizeof *doctor->rows);
	if (doctor->rows == NULL)
		return -ENOMEM;
	for (i = 0; i < CHECK_COUNT; i++) {
		doctor->rows[i].name = checks[i].name;
		checks[i].check(context, &doctor->rows[i]);
	}
	doctor->row_count = CHECK_COUNT;
	return 0;
}

int doctor_run(struct root *root, const struct snapshot *snapshot, bool services,
	       struct doctor *ret, struct error *err)
{
	struct doctor doctor = { .rows = NULL };
	struct doctor_context context = {
		.root = root,
		.snapshot = snapshot,
		.services = services && !root_is_captured(root),
	};
	int r = context_read(&context, &doctor, err);

	if (r == 0 && doctor_check_all(&context, &doctor) < 0)
		r = error_errno(err, -ENOMEM, "the checks");
	free(context.mounts);
	if (r < 0) {
		doctor_done(&doctor);
		return r;
	}
	*ret = doctor;
	return 0;
}

void doctor_done(struct doctor *doctor)
{
	free(doctor->rows);
	free(doctor->managers);
	*doctor = (struct doctor){ .rows = NULL };
}

bool doctor_complains(const struct doctor *doctor)
{
	size_t i;

	for (i = 0; i < doctor->row_count; i++)
		if (doctor->rows[i].state == DOCTOR_LIMITED || doctor->rows[i].state == DOCTOR_MISSING)
			return true;
	return false;
}
