/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "burst.h"
#include "event_log.h"

#define PAGE_BYTES 4096u
#define CODE_ADDRESS 0x1000u
#define VCPU_STACK_BYTES (256u * 1024u)
/* Three pages below 4 GB that Intel's processors without unrestricted guest mode need for
 * real mode; the guest's memory ends before them. */
#define TSS_ADDRESS 0xfffbd000u

struct vcpu {
	struct guest *guest;
	unsigned index;
	int fd;
	pid_t tid;
	uint64_t before_nsec; /* around KVM_CREATE_VCPU */
	uint64_t after_nsec;
	struct kvm_run *run;
	bool entered;
	struct burst burst;
};

struct guest {
	const struct guest_plan *plan;
	bool spinning;
	int kvm_fd;
	int vm_fd;
	uint64_t before_nsec; /* around KVM_CREATE_VM */
	uint64_t after_nsec;
	unsigned char *memory;
	size_t run_bytes;
	int log_fd; /* of bursts */
	sem_t entered;	/* posted once by each vCPU */
	sem_t released; /* posted once for each vCPU */
	struct vcpu vcpus[];
};

static const struct thread_naming namings[] = {
	{ "plain", NULL, NULL },
	{ "firecracker", "fc_vcpu ", "" },
	{ "cloud-hypervisor", "vcpu", "" },
	{ "crosvm", "crosvm_vcpu", "" },
	{ "kvmtool", "kvm-vcpu-", "" },
	{ "qemu", "CPU ", "/KVM" },
};

const struct thread_naming *guest_naming_find(const char *vmm)
{
	for (size_t i = 0; i < ARRAY_SIZE(namings); i++)
		if (strcmp(namings[i].vmm, vmm) == 0)
			return &namings[i];
	return NULL;
}

const char *guest_naming_list(void)
{
	static char list[128];

	list[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(namings); i++) {
		strcat(list, i == 0 ? "" : "|");
		strcat(list, namings[i].vmm);
	}
	return list;
}

static int kvm_open(int *ret_fd, struct error *err)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int version;

	if (fd < 0)
		return error_errno(err, -errno, "cannot open /dev/kvm");
	version = ioctl(fd, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION) {
		close(fd);
		return error_set(err, -ENOTSUP, "/dev/kvm does not speak version %d of KVM's API",
				 KVM_API_VERSION);
	}
	*ret_fd = fd;
	return 0;
}

int guest_check_host(struct error *err)
{
	int fd;
	int result = kvm_open(&fd, err);

	if (result == 0)
		close(fd);
	return result;
}

static int guest_create_vm(struct guest *guest, struct error *err)
{
	int result = kvm_open(&guest->kvm_fd, err);

	if (result < 0)
		return result;
	guest->before_nsec = monotonic_nsec();
	guest->vm_fd = ioctl(guest->kvm_fd, KVM_CREATE_VM, 0);
	if (guest->vm_fd < 0)
		return error_errno(err, -errno, "KVM_CREATE_VM");
	guest->after_nsec = monotonic_nsec();
	result = ioctl(guest->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (result < 0)
		return error_errno(err, -errno, "KVM_GET_VCPU_MMAP_SIZE");
	guest->run_bytes = (size_t)result;
	return 0;
}

/* With a local APIC in the kernel, `hlt` blocks in KVM_RUN. The split interrupt chip has only
 * that; the full one costs another 7 ms a VM (Linux 6.18). Where a kernel gives neither, `hlt`
 * comes out of KVM_RUN and the thread waits in vcpu_wait_for_ever(): not a failure. */
static void guest_add_interrupt_chip(struct guest *guest)
{
	struct kvm_enable_cap split = { .cap = KVM_CAP_SPLIT_IRQCHIP, .args = { 24 } };

	if (ioctl(guest->vm_fd, KVM_ENABLE_CAP, &split) < 0)
		ioctl(guest->vm_fd, KVM_CREATE_IRQCHIP, 0);
}

static void guest_write_code(struct guest *guest)
{
	static const unsigned char idle[] = { 0xe6, 0x10,   /* out al, 0x10 */
					      0xf4,         /* hlt */
					      0xeb, 0xfd }; /* jmp to the hlt */
	static const unsigned char spin[] = { 0xe6, 0x10,   /* out al, 0x10 */
					      0xeb, 0xfe }; /* jmp to itself */

	if (guest->plan->burst_busy_nsec > 0)
		burst_code(guest->memory + CODE_ADDRESS);
	else if (guest->spinning)
		memcpy(guest->memory + CODE_ADDRESS, spin, sizeof(spin));
	else
		memcpy(guest->memory + CODE_ADDRESS, idle, sizeof(idle));
}

/* Page N is the same in all guests, and unlike all other pages of its own guest. */
static int guest_fill_memory(struct guest *guest, struct error *err)
{
	size_t page_count = guest->plan->memory_bytes / PAGE_BYTES;

	for (size_t page = 0; page < page_count; page++) {
		uint64_t *words = (uint64_t *)(guest->memory + page * PAGE_BYTES);

		for (size_t word = 0; word < PAGE_BYTES / sizeof(*words); word++)
			words[word] = (page + 1) << 16 | word;
	}
	if (madvise(guest->memory, guest->plan->memory_bytes, MADV_MERGEABLE) < 0)
		return error_errno(err, -errno, "cannot offer the memory to KSM");
	return 0;
}

static int guest_add_memory(struct guest *guest, struct error *err)
{
	struct kvm_userspace_memory_region region = { .memory_size = guest->plan->memory_bytes };
	int result;

	guest->memory = mmap(NULL, guest->plan->memory_bytes, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (guest->memory == MAP_FAILED)
		return error_errno(err, -errno, "cannot map %zu bytes of guest memory",
				   guest->plan->memory_bytes);
	if (guest->plan->mergeable) {
		result = guest_fill_memory(guest, err);
		if (result < 0)
			return result;
	}
	guest_write_code(guest);
	region.userspace_addr = (uintptr_t)guest->memory;
	if (ioctl(guest->vm_fd, KVM_SET_TSS_ADDR, TSS_ADDRESS) < 0)
		return error_errno(err, -errno, "KVM_SET_TSS_ADDR");
	if (ioctl(guest->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0)
		return error_errno(err, -errno, "KVM_SET_USER_MEMORY_REGION");
	return 0;
}

static void vcpu_name_thread(const struct vcpu *vcpu)
{
	const struct thread_naming *naming = vcpu->guest->plan->naming;
	char name[16];

	if (naming->before == NULL)
		return;
	snprintf(name, sizeof(name), "%s%u%s", naming->before, vcpu->index, naming->after);
	pthread_setname_np(pthread_self(), name);
}

static int vcpu_create(struct vcpu *vcpu, struct error *err)
{
	struct guest *guest = vcpu->guest;

	vcpu->tid = gettid();
	vcpu->before_nsec = monotonic_nsec();
	vcpu->fd = ioctl(guest->vm_fd, KVM_CREATE_VCPU, vcpu->index);
	if (vcpu->fd < 0)
		return error_errno(err, -errno, "KVM_CREATE_VCPU %u", vcpu->index);
	vcpu->after_nsec = monotonic_nsec();
	vcpu->run = mmap(NULL, guest->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		return error_errno(err, -errno, "cannot map vCPU %u", vcpu->index);
	return 0;
}

static int vcpu_set_registers(const struct vcpu *vcpu, struct error *err)
{
	struct kvm_regs registers = { .rip = CODE_ADDRESS, .rflags = 2 };
	struct kvm_mp_state runnable = { .mp_state = KVM_MP_STATE_RUNNABLE };
	struct kvm_sregs segments;

	if (ioctl(vcpu->fd, KVM_GET_SREGS, &segments) < 0)
		return error_errno(err, -errno, "KVM_GET_SREGS");
	segments.cs.base = 0;
	segments.cs.selector = 0;
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &segments) < 0)
		return error_errno(err, -errno, "KVM_SET_SREGS");
	if (ioctl(vcpu->fd, KVM_SET_REGS, &registers) < 0)
		return error_errno(err, -errno, "KVM_SET_REGS");
	/* With an interrupt chip, all vCPUs but the first wait for a start-up message. Without
	 * one there is no such state to leave, and the call may be refused. */
	ioctl(vcpu->fd, KVM_SET_MP_STATE, &runnable);
	return 0;
}

_Noreturn static void vcpu_wait_for_ever(void)
{
	for (;;)
		pause();
}

/* A spinning guest that ran already would take the processor, and the process's locks with
 * it, from the births of the others. `tiny_vmm run --vms 500 --spin 0.5 --one-process` was
 * ready after 0.9 s with this wait, after 3.9 s without it (two cores). */
static void vcpu_note_entered(struct vcpu *vcpu)
{
	struct guest *guest = vcpu->guest;

	vcpu->entered = true;
	sem_post(&guest->entered);
	if (guest->spinning || guest->plan->burst_busy_nsec > 0)
		sem_wait(&guest->released);
	setpriority(PRIO_PROCESS, 0, guest->plan->nice); /* this thread alone */
}

static bool vcpu_is_at_burst(const struct vcpu *vcpu)
{
	return vcpu->entered && vcpu->guest->plan->burst_busy_nsec > 0 &&
	       vcpu->run->exit_reason == KVM_EXIT_IO && vcpu->run->io.port == BURST_PORT;
}

/* Returns only with a failure. */
static int vcpu_run(struct vcpu *vcpu, struct error *err)
{
	for (;;) {
		if (ioctl(vcpu->fd, KVM_RUN, 0) < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			return error_errno(err, -errno, "KVM_RUN of vCPU %u", vcpu->index);
		}
		if (vcpu->run->exit_reason == KVM_EXIT_HLT)
			vcpu_wait_for_ever();
		if (vcpu_is_at_burst(vcpu)) {
			burst_next(&vcpu->burst, vcpu->guest->memory, vcpu->guest->log_fd);
			continue;
		}
		if (vcpu->run->exit_reason != KVM_EXIT_IO || vcpu->entered)
			return error_set(err, -EIO, "vCPU %u left the guest, KVM exit reason %u",
					 vcpu->index, vcpu->run->exit_reason);
		vcpu_note_entered(vcpu);
	}
}

static void *vcpu_main(void *argument)
{
	struct vcpu *vcpu = argument;
	struct error err = { 0 };
	int result;

	vcpu_name_thread(vcpu);
	result = vcpu_create(vcpu, &err);
	if (result == 0)
		result = vcpu_set_registers(vcpu, &err);
	if (result == 0)
		result = vcpu_run(vcpu, &err);
	fprintf(stderr, "tiny_vmm: %s\n", err.text);
	_exit(EXIT_FAILURE);
}

static int guest_start_vcpus(struct guest *guest, struct error *err)
{
	pthread_attr_t attributes;
	int result = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, VCPU_STACK_BYTES);
	for (unsigned i = 0; result == 0 && i < guest->plan->vcpu_count; i++) {
		pthread_t thread;

		guest->vcpus[i] = (struct vcpu){ .guest = guest, .index = i };
		burst_init(&guest->vcpus[i].burst, guest->plan->burst_busy_nsec,
			   guest->plan->burst_period_nsec, guest->memory);
		result = -pthread_create(&thread, &attributes, vcpu_main, &guest->vcpus[i]);
		if (result < 0)
			error_errno(err, result, "cannot start the thread of vCPU %u", i);
	}
	pthread_attr_destroy(&attributes);
	for (unsigned i = 0; result == 0 && i < guest->plan->vcpu_count; i++)
		sem_wait(&guest->entered);
	return result;
}

/* After a failure the process ends, and takes the half-built guest with it. */
int guest_start(const struct guest_plan *plan, bool spinning, struct guest **ret,
		struct error *err)
{
	struct guest *guest = calloc(1, sizeof(*guest) + plan->vcpu_count * sizeof(struct vcpu));
	int result;

	if (guest == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	guest->plan = plan;
	guest->spinning = spinning;
	sem_init(&guest->entered, 0, 0);
	sem_init(&guest->released, 0, 0);
	result = guest_create_vm(guest, err);
	if (result < 0)
		return result;
	guest_add_interrupt_chip(guest);
	result = guest_add_memory(guest, err);
	if (result == 0)
		result = guest_start_vcpus(guest, err);
	if (result == 0)
		*ret = guest;
	return result;
}

void guest_release(struct guest *guest, int log_fd)
{
	guest->log_fd = log_fd;
	for (unsigned i = 0; i < guest->plan->vcpu_count; i++)
		sem_post(&guest->released);
}

void guest_log(const struct guest *guest, int log_fd)
{
	event_log_line(log_fd, "vm %d %" PRIu64 " %" PRIu64, getpid(), guest->before_nsec,
		       guest->after_nsec);
	for (unsigned i = 0; i < guest->plan->vcpu_count; i++) {
		const struct vcpu *vcpu = &guest->vcpus[i];

		event_log_line(log_fd, "vcpu %d %u %d %" PRIu64 " %" PRIu64, getpid(), vcpu->index,
			       vcpu->tid, vcpu->before_nsec, vcpu->after_nsec);
	}
}
