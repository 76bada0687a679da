/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into a VMM (LD_PRELOAD), it notes when VMs and vCPUs are made: to the file that
 * KVM_TIMES names are added the lines `vm` and `vcpu` of tiny_vmm's log.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int ioctl(int fd, unsigned long request, ...);

static uint64_t now_nsec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void note(const char *line, int size)
{
	const char *path = getenv("KVM_TIMES");
	int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;

	if (fd < 0 || write(fd, line, (size_t)size) != size)
		perror("kvm_times");
	if (fd >= 0)
		close(fd);
}

int ioctl(int fd, unsigned long request, ...)
{
	char line[128];
	uint64_t before, after;
	void *argument;
	va_list list;
	int result;

	va_start(list, request);
	argument = va_arg(list, void *);
	va_end(list);
	before = now_nsec();
	result = (int)syscall(SYS_ioctl, fd, request, argument);
	if (result < 0 || (request != KVM_CREATE_VM && request != KVM_CREATE_VCPU))
		return result;
	after = now_nsec();
	if (request == KVM_CREATE_VM)
		note(line, snprintf(line, sizeof line, "vm %d %" PRIu64 " %" PRIu64 "\n", getpid(),
				    before, after));
	else
		note(line, snprintf(line, sizeof line, "vcpu %d %d %ld %" PRIu64 " %" PRIu64 "\n",
				    getpid(), (int)(uintptr_t)argument, syscall(SYS_gettid), before,
				    after));
	return result;
}
