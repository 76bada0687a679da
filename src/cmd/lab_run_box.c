/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/lab_run_box.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "cmd/interrupt.h"
#include "cmd/lab_place.h"
#include "lab/box/box.h"
#include "lab/host/boot_kernel.h"
#include "lab/plan/lab_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IN_BOX "TRUCE_IN_BOX"
/* The box's own kernel, its page cache, and what runs in it beside the VMs. */
#define BOX_OWN_BYTES (1024ull << 20)
#define QEMU_OWN_BYTES (96ull << 20)
enum { ARGUMENTS_MOST = 16, ENVIRONMENT_MOST = 8 };

bool lab_run_is_in_box(void)
{
	return getenv(IN_BOX) != NULL;
}

static uint64_t memory_of(const struct spec *spec)
{
	uint64_t most = 0, bytes;
	size_t i;

	for (i = 0; i < spec->cell_count; i++) {
		const struct spec_machine *made = &spec->cells[i].made;

		bytes = made->no_vm ? 0 : made->count * (made->memory_bytes + QEMU_OWN_BYTES);
		if (made->disk.share != SPEC_DISK_NONE)
			bytes += made->count * made->disk.size_bytes; /* its /tmp is memory */
		most = bytes > most ? bytes : most;
	}
	return most + BOX_OWN_BYTES;
}

/* NAME=VALUE of a variable that the inner one needs as well; false: it is not set. */
static bool hand_on(const char *name, char **ret)
{
	const char *value = getenv(name);

	return value != NULL && asprintf(ret, "%s=%s", name, value) >= 0;
}

static void fill_environment(const struct lab_place *place, char **environment)
{
	static const char *const handed[] = { "TRUCE_LIBEXEC", "TRUCE_CACHE", "XDG_CACHE_HOME" };
	size_t i, count = 0;

	environment[count++] = strdup(IN_BOX "=1");
	environment[count++] = strdup("TRUCE_SCRATCH=/tmp");
	if (asprintf(&environment[count], "TRUCE_LAB_DIR=%s", place->directory) >= 0)
		count++;
	for (i = 0; i < ARRAY_SIZE(handed); i++)
		if (hand_on(handed[i], &environment[count]))
			count++;
	environment[count] = NULL;
}

static void free_environment(char **environment)
{
	for (; *environment != NULL; environment++)
		free(*environment);
}

static int boot(struct box_spec *spec, int *ret_status, struct error *err)
{
	CLEANUP_FREE char *cache = boot_kernel_cache();
	struct boot_kernel kernel = { 0 };
	struct box *box = NULL;
	int r = cache != NULL ? boot_kernel_find(cache, &kernel, err) :
		error_set(err, -ENOMEM, "no memory for a box");

	if (r == -ENOENT)
		error_prefix(err, "truce lab box --fetch brings a kernel for the box");
	spec->kernel = kernel.image;
	spec->modules_dir = kernel.modules_dir;
	if (r == 0)
		r = box_new(&box, spec, err);
	if (r == 0)
		r = box_run(box, ret_status, err);
	box_free(box);
	boot_kernel_done(&kernel);
	return r;
}

int lab_run_in_box(const struct lab_plan *plan, const struct lab_place *place,
		   const char *const *arguments, int *ret_status, struct error *err)
{
	CLEANUP_FREE char *self = realpath("/proc/self/exe", NULL);
	CLEANUP_FREE char *directory = getcwd(NULL, 0);
	const char *command[ARGUMENTS_MOST] = { self, "run" };
	const char *writables[] = { place->directory, NULL };
	char *environment[ENVIRONMENT_MOST] = { NULL };
	struct box_spec spec = {
		.command = command, .directory = directory, .writables = writables,
		.environment = (const char *const *)environment,
		.cpus = plan->cpu_count < BOX_CPUS_MOST ? (unsigned)plan->cpu_count : BOX_CPUS_MOST,
		.memory_bytes = memory_of(plan->spec),
		.accel = BOX_ACCEL_TCG, .nested_kvm = true,
		.stdout_fd = STDOUT_FILENO, .stderr_fd = STDERR_FILENO, .console_fd = -1,
		.cancel_fd = interrupt_fd(),
	};
	size_t i;
	int r;

	for (i = 0; arguments[i] != NULL && i + 3 < ARGUMENTS_MOST; i++)
		command[i + 2] = arguments[i];
	if (self == NULL || directory == NULL)
		return error_errno(err, -errno, "this program's own place");
	fill_environment(place, environment);
	r = box_check(spec.accel, err);
	if (r == 0)
		r = boot(&spec, ret_status, err);
	free_environment(environment);
	return r;
}
