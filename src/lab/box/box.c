/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/box/box.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/box/box_job.h"
#include "lab/box/box_machine.h"
#include "lab/box/box_qemu.h"
#include "lab/box/box_relay.h"
#include "lab/host/ability.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

/* It takes 2 s; a machine that needs a minute for it is too busy to be believed. */
#define BOOT_LIMIT_USEC (120 * USEC_PER_SEC)
/* A kernel changes its own code while it boots, with a breakpoint in its place for a moment. Once a 6.12
 * one died of such a breakpoint (int3 in sched_clock_cpu) under QEMU 7.2's emulation of two processors:
 * supposedly a race of the emulation. Nothing of the job was done then, so it may begin anew. */
#define BOOT_ATTEMPTS 3

struct box {
	struct box_spec spec; /* as given, but for what is resolved in the fields below */
	char *init;
	char *modules_dir;
	char **writables; /* ends in NULL */
	struct str job;
};

/* Needs Linux 5.12 and CAP_SYS_ADMIN, which a container may lack: only trying tells. */
static int view_check(struct error *err)
{
	static const char *const nothing[] = { "true", NULL };
	struct child_plan plan = { .arguments = nothing, .output_fd = -1, .error_fd = -1,
					 .read_only_view = true };
	struct child process;
	int code = child_start(&process, &plan, err);

	child_done(&process);
	return code < 0 ? error_prefix(err, "the root cannot be shared read-only") : 0;
}

int box_check(enum box_accel accel, struct error *err)
{
	struct utsname machine;

	if (uname(&machine) == 0 && strcmp(machine.machine, "x86_64") != 0)
		return error_set(err, -ENOTSUP, "a box needs an x86_64 machine, this is %s",
				 machine.machine);
	if (geteuid() != 0)
		return error_set(err, -EPERM, "a box needs root: virtiofsd reads every file of "
				 "this machine for it");
	if (box_qemu_program() == NULL)
		return error_set(err, -ENOENT, "qemu-system-x86_64 not found: "
				 "apt-get install qemu-system-x86");
	if (box_virtiofsd_program() == NULL)
		return error_set(err, -ENOENT, "/usr/lib/qemu/virtiofsd (QEMU before 8.0) not "
				 "found: apt-get install qemu-system-common");
	if (accel == BOX_ACCEL_KVM && accelerator_check(ACCELERATOR_KVM, err) < 0)
		return err != NULL ? err->code : -ENOTSUP;
	return view_check(err);
}

/* A kernel touches a part of all the memory that it has, long before it uses it. */
static int memory_check(uint64_t bytes, struct error *err)
{
	struct sysinfo machine;
	uint64_t most_bytes = UINT64_MAX;

	if (sysinfo(&machine) == 0)
		most_bytes = (uint64_t)machine.totalram * machine.mem_unit;
	if (bytes < BOX_MEMORY_LEAST_BYTES || bytes > most_bytes)
		return error_set(err, -EINVAL,
				 "a box has from %llu MiB of memory to what this machine has, "
				 "%llu MiB", BOX_MEMORY_LEAST_BYTES >> 20,
				 (unsigned long long)(most_bytes >> 20));
	return 0;
}

/* It runs on this machine's root, so it must be installed here. */
static int systemd_check(struct error *err)
{
	if (access("/lib/systemd/systemd", X_OK) != 0 ||
	    access("/lib/systemd/system/dbus.socket", R_OK) != 0)
		return error_set(err, -ENOENT, "a box with systemd needs it here: "
				 "apt-get install systemd dbus");
	return 0;
}

static int spec_check(const struct box_spec *spec, struct error *err)
{
	if (spec->command == NULL || spec->command[0] == NULL)
		return error_set(err, -EINVAL, "no command");
	if (spec->cpus < 1 || spec->cpus > BOX_CPUS_MOST)
		return error_set(err, -EINVAL, "a box has 1 to %u processors, not %u",
				 BOX_CPUS_MOST, spec->cpus);
	if (spec->disk_count > BOX_DISKS_MOST)
		return error_set(err, -EINVAL, "a box has at most %u disks", BOX_DISKS_MOST);
	if (spec->systemd && systemd_check(err) < 0)
		return err != NULL ? err->code : -ENOENT;
	if (spec->kernel == NULL)
		return error_set(err, -EINVAL, "no kernel");
	if (access(spec->kernel, R_OK) != 0)
		return error_errno(err, -errno, "%s", spec->kernel);
	return memory_check(spec->memory_bytes, err);
}

static int path_resolve(const char *path, char **ret, struct error *err)
{
	char *resolved = realpath(path, NULL);

	if (resolved == NULL)
		return error_errno(err, -errno, "%s", path);
	*ret = resolved;
	return 0;
}

/* Installed, box-init is beside this program; in a build tree it is where it was built. */
static int init_find(struct box *box, struct error *err)
{
	static const char *const places[] = { "box-init", "../lab/box/box-init" };
	CLEANUP_FREE char *program = NULL;
	char *slash;
	size_t i;

	if (box->spec.init != NULL)
		return path_resolve(box->spec.init, &box->init, err);
	program = realpath("/proc/self/exe", NULL);
	slash = program != NULL ? strrchr(program, '/') : NULL;
	for (i = 0; slash != NULL && i < ARRAY_SIZE(places); i++) {
		CLEANUP_FREE char *path = NULL;

		if (asprintf(&path, "%.*s/%s", (int)(slash - program), program, places[i]) >= 0 &&
		    path_resolve(path, &box->init, NULL) == 0)
			return 0;
	}
	return error_set(err, -ENOENT, "there is no box-init beside %s: is it installed?",
			 program != NULL ? program : "this program");
}

/* modprobe takes its options from an environment variable, parted by blanks, and from a line
 * of a script. */
static int modules_find(struct box *box, struct error *err)
{
	int code;

	if (box->spec.modules_dir == NULL)
		return 0;
	code = path_resolve(box->spec.modules_dir, &box->modules_dir, err);
	if (code == 0 && strpbrk(box->modules_dir, " \t\n'\"\\") != NULL)
		code = error_set(err, -EINVAL, "%s: modprobe cannot take this path",
				 box->modules_dir);
	return code;
}

static int writable_find(const char *path, char **ret, struct error *err)
{
	struct stat status;
	int code = path_resolve(path, ret, err);

	if (code < 0)
		return code;
	if (stat(*ret, &status) != 0 || !S_ISDIR(status.st_mode))
		return error_errno(err, -ENOTDIR, "%s", path);
	if (strcmp(*ret, "/") == 0)
		return error_set(err, -EINVAL, "the root of this machine is never writable");
	return 0;
}

static int writables_find(struct box *box, struct error *err)
{
	size_t count = 0, i;
	int code = 0;

	while (box->spec.writables != NULL && box->spec.writables[count] != NULL)
		count++;
	box->writables = calloc(count + 1, sizeof *box->writables);
	if (box->writables == NULL)
		return error_errno(err, -ENOMEM, "no room for %zu directories", count);
	for (i = 0; code == 0 && i < count; i++)
		code = writable_find(box->spec.writables[i], &box->writables[i], err);
	return code;
}

static void job_add_list(struct str *job, const char *key, const char *const *list)
{
	for (; list != NULL && *list != NULL; list++)
		box_job_add(job, key, *list);
}

/* "/tmp/x" of "/tmp/x/y/z": what a fresh /tmp would hide as a whole. */
static char *hidden_part(const char *path)
{
	CLEANUP_FREE char *resolved = realpath(path, NULL);
	struct stat status;
	const char *name;
	char *part;

	if (resolved == NULL)
		return NULL;
	if (strncmp(resolved, "/tmp/", 5) == 0 || strncmp(resolved, "/run/", 5) == 0)
		name = resolved + 5;
	else
		return NULL;
	part = strndup(resolved, 5 + strcspn(name, "/"));
	if (part != NULL && stat(part, &status) == 0 && S_ISDIR(status.st_mode))
		return part;
	free(part);
	return NULL;
}

static bool job_has(const struct str *job, const char *key, const char *value)
{
	const char *there;
	size_t at = 0;

	while ((there = box_job_next(job->data, job->length, &at, key)) != NULL)
		if (strcmp(there, value) == 0)
			return true;
	return false;
}

static void job_add_visible(struct str *job, const char *path)
{
	CLEANUP_FREE char *part = path != NULL ? hidden_part(path) : NULL;

	if (part != NULL && !job_has(job, BOX_JOB_VISIBLE, part))
		box_job_add(job, BOX_JOB_VISIBLE, part);
}

static void job_add_machine(struct str *job, const struct box_spec *spec)
{
	char disks[16];

	if (spec->modules_dir != NULL)
		box_job_add(job, BOX_JOB_MODULES, spec->modules_dir);
	job_add_list(job, BOX_JOB_MODULE, spec->modules);
	if (spec->nested_kvm)
		box_job_add(job, BOX_JOB_NESTED, "yes");
	if (spec->systemd)
		box_job_add(job, BOX_JOB_SYSTEMD, "yes");
	snprintf(disks, sizeof disks, "%zu", spec->disk_count);
	if (spec->disk_count > 0)
		box_job_add(job, BOX_JOB_DISKS, disks);
}

static int job_build(struct box *box, struct error *err)
{
	const struct box_spec *spec = &box->spec;
	struct str *job = &box->job;

	job_add_list(job, BOX_JOB_ARGUMENT, spec->command);
	job_add_list(job, BOX_JOB_ENVIRONMENT, spec->environment);
	if (spec->directory != NULL)
		box_job_add(job, BOX_JOB_DIRECTORY, spec->directory);
	job_add_list(job, BOX_JOB_WRITABLE, spec->writables);
	job_add_machine(job, spec);
	job_add_visible(job, spec->directory);
	job_add_visible(job, spec->init);
	job_add_visible(job, spec->modules_dir);
	if (strchr(spec->command[0], '/') != NULL)
		job_add_visible(job, spec->command[0]);
	return job->failed ? error_errno(err, -ENOMEM, "no room for the job") : 0;
}

static int box_resolve(struct box *box, struct error *err)
{
	int code = init_find(box, err);

	if (code == 0)
		code = modules_find(box, err);
	if (code == 0)
		code = writables_find(box, err);
	box->spec.init = box->init;
	box->spec.modules_dir = box->modules_dir;
	box->spec.writables = (const char *const *)box->writables;
	return code;
}

int box_new(struct box **ret_box, const struct box_spec *spec, struct error *err)
{
	struct box *box;
	int code = spec_check(spec, err);

	if (code < 0)
		return code;
	box = calloc(1, sizeof *box);
	if (box == NULL)
		return error_errno(err, -ENOMEM, "no room for a box");
	box->spec = *spec;
	str_init(&box->job);
	code = box_resolve(box, err);
	if (code == 0)
		code = job_build(box, err);
	if (code < 0) {
		box_free(box);
		return code;
	}
	*ret_box = box;
	return 0;
}

int box_run(struct box *box, int *ret_status, struct error *err)
{
	struct box_relay_limits limits = { BOOT_LIMIT_USEC, box->spec.timeout_usec };
	struct box_machine machine;
	unsigned attempt;
	int code = box_check(box->spec.accel, err);

	if (code < 0)
		return code;
	code = -EAGAIN;
	for (attempt = 0; code == -EAGAIN && attempt < BOOT_ATTEMPTS; attempt++) {
		code = box_machine_start(&machine, &box->spec, box->job.data, box->job.length, err);
		if (code == 0)
			code = box_relay_run(&machine, &box->spec, &limits, ret_status, err);
		box_machine_done(&machine);
	}
	if (code == -EAGAIN && err != NULL)
		err->code = -EIO;
	return code == -EAGAIN ? -EIO : code;
}

void box_free(struct box *box)
{
	size_t i;

	if (box == NULL)
		return;
	for (i = 0; box->writables != NULL && box->writables[i] != NULL; i++)
		free(box->writables[i]);
	free(box->writables);
	free(box->init);
	free(box->modules_dir);
	str_done(&box->job);
	free(box);
}
