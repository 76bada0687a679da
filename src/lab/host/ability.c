/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/ability.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/vec.h"
#include "lab/host/host_memory.h"
#include "lab/host/processor.h"
#include "sys/cpu_list.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/statvfs.h>

const char *accelerator_name(enum accelerator accelerator)
{
	return accelerator == ACCELERATOR_KVM ? "kvm" : "tcg";
}

bool accelerator_parse(const char *name, enum accelerator *ret)
{
	bool kvm = strcmp(name, "kvm") == 0;

	if (!kvm && strcmp(name, "tcg") != 0)
		return false;
	*ret = kvm ? ACCELERATOR_KVM : ACCELERATOR_TCG;
	return true;
}

int accelerator_check(enum accelerator accelerator, struct error *err)
{
	CLEANUP_CLOSE int fd = -1;

	if (accelerator == ACCELERATOR_TCG)
		return 0;
	fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, -errno, "/dev/kvm cannot be opened; use tcg");
	if (!processor_virtualises())
		return error_set(err, -ENOTSUP,
				 "the processor shows neither vmx nor svm, so /dev/kvm would "
				 "crawl; use tcg");
	return 0;
}

enum accelerator accelerator_choose(struct error *why)
{
	return accelerator_check(ACCELERATOR_KVM, why) == 0 ? ACCELERATOR_KVM : ACCELERATOR_TCG;
}

enum platform platform_find(void)
{
	const char *hypervisor = processor_hypervisor();

	if (hypervisor == NULL)
		return PLATFORM_HARDWARE;
	return strcmp(hypervisor, "TCG") == 0 ? PLATFORM_EMULATED : PLATFORM_IN_VM;
}

const char *platform_text(void)
{
	static __thread char text[48];

	switch (platform_find()) {
	case PLATFORM_HARDWARE:
		return "hardware";
	case PLATFORM_EMULATED:
		return "emulated (TCG)";
	case PLATFORM_IN_VM:
		break;
	}
	snprintf(text, sizeof text, "in a VM (%s)", processor_hypervisor());
	return text;
}

const char *guest_platform_text(enum accelerator accelerator)
{
	if (accelerator == ACCELERATOR_TCG)
		return "tcg";
	switch (platform_find()) {
	case PLATFORM_IN_VM:
		return "kvm in a VM";
	case PLATFORM_EMULATED:
		return "kvm, emulated";
	case PLATFORM_HARDWARE:
		break;
	}
	return "kvm";
}

/* The kernel refuses a mask that is smaller than its own, and says not how large that is. */
static int allowed_read(cpu_set_t **ret_set, size_t *ret_count)
{
	size_t count;

	for (count = CPU_SETSIZE; count <= CPU_LIST_LIMIT; count *= 2) {
		cpu_set_t *set = CPU_ALLOC(count);

		if (set == NULL)
			return -ENOMEM;
		if (sched_getaffinity(0, CPU_ALLOC_SIZE(count), set) == 0) {
			*ret_set = set;
			*ret_count = count;
			return 0;
		}
		CPU_FREE(set);
		if (errno != EINVAL)
			return -errno;
	}
	return -EINVAL;
}

static int room_read_cpus(struct host_room *room)
{
	cpu_set_t *set = NULL;
	size_t count = 0, capacity = 0, i;
	int code = allowed_read(&set, &count);

	for (i = 0; code == 0 && i < count; i++) {
		if (!CPU_ISSET_S(i, CPU_ALLOC_SIZE(count), set))
			continue;
		if (!VEC_RESERVE(room->cpus, capacity, room->cpu_count + 1))
			code = -ENOMEM;
		else
			room->cpus[room->cpu_count++] = (unsigned)i;
	}
	if (set != NULL)
		CPU_FREE(set);
	return code;
}

int host_room_read(struct host_room *ret, struct error *err)
{
	struct host_room room = { 0 };
	int code = room_read_cpus(&room);

	if (code < 0) {
		host_room_done(&room);
		return error_errno(err, code, "cannot tell which CPUs there are for VMs");
	}
	code = host_memory_read(&room.memory_total_bytes, &room.memory_available_bytes);
	if (code < 0) {
		host_room_done(&room);
		return error_errno(err, code, "/proc/meminfo");
	}
	*ret = room;
	return 0;
}

void host_room_done(struct host_room *room)
{
	free(room->cpus);
	*room = (struct host_room){ 0 };
}

int host_disk_free(const char *path, uint64_t *ret_bytes, struct error *err)
{
	struct statvfs status;

	if (statvfs(path, &status) != 0)
		return error_errno(err, -errno, "%s", path);
	*ret_bytes = (uint64_t)status.f_frsize *
		     (geteuid() == 0 ? status.f_bfree : status.f_bavail);
	return 0;
}
