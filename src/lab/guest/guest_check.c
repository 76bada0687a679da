/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/guest_start.h"

#include "base/error.h"
#include "lab/guest/guest_kernel.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int name_check(const char *name, struct error *err)
{
	const char *letter;

	if (name == NULL || *name == '\0' || strlen(name) > 64)
		return error_set(err, -EINVAL, "a guest's name has 1 to 64 characters");
	for (letter = name; *letter != '\0'; letter++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.",
			   *letter) == NULL)
			return error_set(err, -EINVAL, "a guest's name has letters, digits, - and ., "
					 "and nothing else");
	return 0;
}

static int memory_check(const struct guest_plan *plan, struct error *err)
{
	struct host_room room;
	int code;

	if (plan->memory_bytes < GUEST_MEMORY_LEAST_BYTES)
		return error_set(err, -EINVAL, "%s: a guest has at least %llu MiB of memory",
				 plan->name, GUEST_MEMORY_LEAST_BYTES >> 20);
	code = host_room_read(&room, err);
	if (code < 0)
		return code;
	if (plan->memory_bytes > room.memory_available_bytes)
		code = error_set(err, -ENOMEM,
				 "%s: a guest of %llu MiB does not fit: this host has %llu MiB left",
				 plan->name, (unsigned long long)(plan->memory_bytes >> 20),
				 (unsigned long long)(room.memory_available_bytes >> 20));
	host_room_done(&room);
	return code;
}

static int disks_check(const struct guest_plan *plan, struct error *err)
{
	size_t i;

	if (plan->disk_count > GUEST_DISKS_MOST)
		return error_set(err, -EINVAL, "%s: a guest has at most %u disks", plan->name,
				 GUEST_DISKS_MOST);
	for (i = 0; i < plan->disk_count; i++)
		if (plan->disks[i].storage == NULL && plan->disks[i].bytes < GUEST_DISK_LEAST_BYTES)
			return error_set(err, -EINVAL, "%s: a disk has at least %llu MiB",
					 plan->name, GUEST_DISK_LEAST_BYTES >> 20);
	if (plan->scratch == NULL)
		return error_set(err, -EINVAL, "%s: no scratch directory", plan->name);
	return 0;
}

static int nics_check(const struct guest_plan *plan, struct error *err)
{
	size_t i;

	if (plan->nic_count > GUEST_NICS_MOST)
		return error_set(err, -EINVAL, "%s: a guest has at most %u network interfaces",
				 plan->name, GUEST_NICS_MOST);
	for (i = 0; i < plan->nic_count; i++)
		if (plan->nics[i].vhost && plan->accelerator != ACCELERATOR_KVM)
			return error_set(err, -EINVAL, "%s: vhost needs KVM", plan->name);
	return 0;
}

static int boot_check(const struct guest_plan *plan, struct error *err)
{
	if (plan->kernel == NULL && plan->image == NULL)
		return error_set(err, -EINVAL, "%s: neither a kernel nor a disk image", plan->name);
	if (plan->kernel != NULL && access(plan->kernel->image, R_OK) != 0)
		return error_errno(err, -errno, "%s", plan->kernel->image);
	if (plan->image != NULL && access(plan->image, R_OK) != 0)
		return error_errno(err, -errno, "%s", plan->image);
	if (plan->initrd != NULL && access(plan->initrd, R_OK) != 0)
		return error_errno(err, -errno, "%s", plan->initrd);
	return 0;
}

int guest_plan_check(const struct guest_plan *plan, struct error *err)
{
	int code = name_check(plan->name, err);

	if (code < 0 || plan->domain != NULL)
		return code;
	if (plan->cpus < 1 || plan->cpus > GUEST_CPUS_MOST)
		return error_set(err, -EINVAL, "%s: a guest has 1 to %u processors, not %u",
				 plan->name, GUEST_CPUS_MOST, plan->cpus);
	code = memory_check(plan, err);
	if (code == 0)
		code = disks_check(plan, err);
	if (code == 0)
		code = nics_check(plan, err);
	if (code == 0)
		code = boot_check(plan, err);
	return code < 0 ? code : accelerator_check(plan->accelerator, err);
}
