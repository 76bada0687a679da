/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/hurt.h"

#include <math.h>

/* A read of a solid-state disk, where no disk was read in the time looked at (swap on zram):
 * a lower bound, so that swap is not blamed for what it did not take. */
#define FAULT_USEC_AT_LEAST 100.0

const char *hurt_name(enum hurt_kind kind)
{
	static const char *const names[] = {
		[HURT_NOTHING] = "-", [HURT_CPU] = "cpu", [HURT_QUOTA] = "quota",
		[HURT_MEMORY] = "memory", [HURT_IO] = "io", [HURT_SWAP] = "swap",
		[HURT_PAGING] = "paging",
	};

	return names[kind];
}

/* The worst vCPU; the VM's sum divided among its vCPUs where the threads do not tell. A VM whose
 * vCPUs are not known is taken for one. */
static double worst_vcpu(struct vm_sight vm, enum thread_figure of_thread, enum vm_figure of_vm)
{
	double worst = NAN;
	size_t i;

	for (i = 0; i < vm.now->vcpu_count; i++)
		worst = fmax(worst, thread_percent(vm, &vm.now->threads[i], of_thread));
	if (isnan(worst))
		worst = vm_percent(vm, of_vm) / fmax(1, (double)vm.now->vcpu_count);
	return worst;
}

static double fault_percent(struct vm_sight vm, double read_latency)
{
	double usec = fmax(read_latency, FAULT_USEC_AT_LEAST);

	return vm_rate(vm, VM_MAJOR_FAULTS) * usec / 1e4;
}

static enum hurt_kind fault_kind(const struct vm *vm)
{
	bool swap_empty = vm->state[VM_SWAP] == FIGURE_PRESENT && vm->value[VM_SWAP] == 0;

	return swap_empty ? HURT_PAGING : HURT_SWAP;
}

static void hurt_consider(struct hurt *hurt, enum hurt_kind kind, double percent)
{
	if (isnan(percent))
		return;
	percent = fmin(percent, 100);
	if (isnan(hurt->percent) || percent > hurt->percent) {
		hurt->kind = kind;
		hurt->percent = percent;
	}
}

struct hurt hurt_of_vm(struct vm_sight vm, double read_latency)
{
	struct hurt hurt = { HURT_NOTHING, NAN };

	hurt_consider(&hurt, HURT_CPU, worst_vcpu(vm, THREAD_WAITING, VM_WAITING));
	hurt_consider(&hurt, HURT_QUOTA, worst_vcpu(vm, THREAD_THROTTLED, VM_THROTTLED));
	hurt_consider(&hurt, HURT_MEMORY, vm_percent(vm, VM_PSI_MEMORY_SOME));
	hurt_consider(&hurt, HURT_IO, vm_percent(vm, VM_PSI_IO_SOME));
	hurt_consider(&hurt, fault_kind(vm.now), fault_percent(vm, read_latency));
	if (!(hurt.percent >= HURT_LEAST_PERCENT))
		hurt.kind = HURT_NOTHING;
	return hurt;
}
