/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/rates.h"

#include <errno.h>
#include <math.h>
#include <string.h>

void rates_init(struct rates *rates)
{
	snapshot_init(&rates->before);
	snapshot_init(&rates->now);
}

void rates_done(struct rates *rates)
{
	snapshot_done(&rates->before);
	snapshot_done(&rates->now);
}

void rates_reset(struct rates *rates)
{
	rates_done(rates);
}

/* The figures of the groups in the mask. */
static void keep_groups(struct object_view to, struct object_view from, unsigned mask)
{
	size_t i;

	for (i = 0; i < from.info->figure_count; i++) {
		if ((mask & 1u << from.info->figures[i].group) == 0)
			continue;
		to.value[i] = from.value[i];
		to.state[i] = from.state[i];
	}
}

/* Which groups have a newer sample; their old times go to `before`. */
static unsigned keep_times(uint64_t *before, const uint64_t *old, const uint64_t *now)
{
	unsigned group, mask = 0;

	for (group = 0; group < GROUP_COUNT; group++) {
		if (old[group] == now[group])
			continue;
		before[group] = old[group];
		mask |= 1u << group;
	}
	return mask;
}

static void drop_threads(struct vm *before, const struct vm *now)
{
	size_t i;

	for (i = before->thread_count; i > 0; i--) {
		const struct thread *thread = &before->threads[i - 1];

		if (vm_find_thread(now, thread->role, thread->index, thread->tid) == NULL)
			vm_remove_thread(before, i - 1);
	}
}

static int keep_vm(struct vm *before, const struct vm *old, const struct vm *now)
{
	unsigned mask = keep_times(before->sampled_usec, old->sampled_usec, now->sampled_usec);
	size_t i;

	keep_groups(vm_view(before), vm_view(old), mask);
	for (i = 0; i < old->thread_count; i++) {
		const struct thread *thread = &old->threads[i];
		struct thread *kept = vm_thread(before, thread->role, thread->index, thread->tid);

		if (kept == NULL)
			return -ENOMEM;
		keep_groups(thread_view(kept), thread_view(thread), mask);
	}
	drop_threads(before, now);
	return 0;
}

static int keep_vms(struct rates *rates, const struct snapshot *snapshot)
{
	size_t i;

	for (i = rates->before.vm_count; i > 0; i--)
		if (snapshot_find_vm(snapshot, &rates->before.vms[i - 1]->identity) == NULL)
			snapshot_remove_vm(&rates->before, &rates->before.vms[i - 1]->identity);
	for (i = 0; i < snapshot->vm_count; i++) {
		const struct vm *now = snapshot->vms[i];
		const struct vm *old = snapshot_find_vm(&rates->now, &now->identity);
		struct vm *before;

		if (old == NULL)
			continue;
		before = snapshot_add_vm(&rates->before, &now->identity);
		if (before == NULL || keep_vm(before, old, now) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int keep_host(struct rates *rates, const struct snapshot *snapshot)
{
	struct snapshot *before = &rates->before;
	const struct snapshot *old = &rates->now;
	unsigned mask = keep_times(before->host.sampled_usec, old->host.sampled_usec,
				   snapshot->host.sampled_usec);
	size_t i;

	keep_groups(host_view(&before->host), host_view(&old->host), mask);
	for (i = 0; i < old->cpu_count; i++) {
		struct cpu *cpu = snapshot_cpu(before, old->cpus[i].number);

		if (cpu == NULL)
			return -ENOMEM;
		keep_groups(cpu_view(cpu), cpu_view(&old->cpus[i]), mask);
	}
	for (i = 0; i < old->disk_count; i++) {
		struct disk *disk = snapshot_disk(before, old->disks[i].name);

		if (disk == NULL)
			return -ENOMEM;
		keep_groups(disk_view(disk), disk_view(&old->disks[i]), mask);
	}
	return 0;
}

static bool follows(const struct snapshot *now, const struct snapshot *snapshot)
{
	const char *boot = now->host.text[HOST_TEXT_BOOT_ID];
	const char *later = snapshot->host.text[HOST_TEXT_BOOT_ID];

	if (now->monotonic_usec == 0 || snapshot->monotonic_usec <= now->monotonic_usec)
		return false;
	return boot == NULL || later == NULL || strcmp(boot, later) == 0;
}

int rates_advance(struct rates *rates, const struct snapshot *snapshot)
{
	int r = 0;

	if (!follows(&rates->now, snapshot))
		rates_reset(rates);
	else
		r = keep_host(rates, snapshot);
	if (r == 0 && rates->now.monotonic_usec != 0) {
		rates->before.monotonic_usec = rates->now.monotonic_usec;
		rates->before.realtime_usec = rates->now.realtime_usec;
		r = keep_vms(rates, snapshot);
	}
	return r == 0 ? snapshot_copy(&rates->now, snapshot) : r;
}

struct vm_sight rates_vm(const struct rates *rates, const struct vm *now)
{
	return (struct vm_sight){ now, snapshot_find_vm(&rates->before, &now->identity) };
}

static double rate(struct object_view now, struct object_view before, unsigned index,
		   const uint64_t *now_usec, const uint64_t *before_usec)
{
	enum figure_group group = now.info->figures[index].group;
	int64_t growth;

	if (before_usec[group] == 0 || now_usec[group] <= before_usec[group] ||
	    !figure_growth(now, before, index, &growth))
		return NAN;
	return (double)growth * 1e6 / (double)(now_usec[group] - before_usec[group]);
}

/* Microseconds a second, as a share. */
static double percent(double usec_per_second)
{
	return usec_per_second / 1e4;
}

double vm_rate(struct vm_sight vm, enum vm_figure figure)
{
	if (vm.before == NULL)
		return NAN;
	return rate(vm_view(vm.now), vm_view(vm.before), figure, vm.now->sampled_usec,
		    vm.before->sampled_usec);
}

double vm_percent(struct vm_sight vm, enum vm_figure figure)
{
	return percent(vm_rate(vm, figure));
}

/* User and system time each may be short by a step at either end. */
#define STEPS_USEC 20000.0

double vm_cpu_percent(struct vm_sight vm)
{
	double steps = vm_percent(vm, VM_USER) + vm_percent(vm, VM_SYSTEM);
	double exact = vm_percent(vm, VM_RUN);
	double slack;

	if (isnan(exact) || isnan(steps))
		return isnan(exact) ? steps : exact;
	slack = 100 * STEPS_USEC / (double)(vm.now->sampled_usec[GROUP_HOT] -
					    vm.before->sampled_usec[GROUP_HOT]);
	return steps > exact + slack ? steps : exact;
}

double thread_rate(struct vm_sight vm, const struct thread *thread, enum thread_figure figure)
{
	const struct thread *before;

	if (vm.before == NULL)
		return NAN;
	before = vm_find_thread(vm.before, thread->role, thread->index, thread->tid);
	if (before == NULL)
		return NAN;
	return rate(thread_view(thread), thread_view(before), figure, vm.now->sampled_usec,
		    vm.before->sampled_usec);
}

double thread_percent(struct vm_sight vm, const struct thread *thread, enum thread_figure figure)
{
	return percent(thread_rate(vm, thread, figure));
}

double host_rate(const struct rates *rates, enum host_figure figure)
{
	return rate(host_view(&rates->now.host), host_view(&rates->before.host), figure,
		    rates->now.host.sampled_usec, rates->before.host.sampled_usec);
}

double host_percent(const struct rates *rates, enum host_figure figure)
{
	return percent(host_rate(rates, figure));
}

double disk_rate(const struct rates *rates, const struct disk *disk, enum disk_figure figure)
{
	size_t i;

	for (i = 0; i < rates->before.disk_count; i++)
		if (strcmp(rates->before.disks[i].name, disk->name) == 0)
			return rate(disk_view(disk), disk_view(&rates->before.disks[i]), figure,
				    rates->now.host.sampled_usec, rates->before.host.sampled_usec);
	return NAN;
}

/* Growth of one kind of time on all CPUs that are in both; NAN where no CPU tells it. */
static double cpus_growth(const struct rates *rates, enum cpu_figure figure)
{
	double sum = NAN;
	size_t i, j = 0;

	for (i = 0; i < rates->now.cpu_count; i++) {
		const struct cpu *cpu = &rates->now.cpus[i];
		int64_t growth;

		while (j < rates->before.cpu_count && rates->before.cpus[j].number < cpu->number)
			j++;
		if (j == rates->before.cpu_count || rates->before.cpus[j].number != cpu->number ||
		    !figure_growth(cpu_view(cpu), cpu_view(&rates->before.cpus[j]), figure, &growth))
			continue;
		sum = (isnan(sum) ? 0 : sum) + (double)growth;
	}
	return sum;
}

static double cpus_total(const struct rates *rates)
{
	double sum = 0;
	unsigned figure;

	for (figure = CPU_USER; figure <= CPU_GUEST; figure++) {
		double growth = cpus_growth(rates, figure);

		sum += isnan(growth) ? 0 : growth;
	}
	return sum > 0 ? sum : NAN;
}

double cpus_percent(const struct rates *rates, enum cpu_figure figure)
{
	return 100 * cpus_growth(rates, figure) / cpus_total(rates);
}

double cpus_busy_percent(const struct rates *rates)
{
	double iowait = cpus_percent(rates, CPU_IOWAIT);

	return 100 - cpus_percent(rates, CPU_IDLE) - (isnan(iowait) ? 0 : iowait);
}

double disks_read_latency(const struct rates *rates)
{
	double reads = 0, time = 0;
	size_t i;

	for (i = 0; i < rates->now.disk_count; i++) {
		double count = disk_rate(rates, &rates->now.disks[i], DISK_READS);
		double usec = disk_rate(rates, &rates->now.disks[i], DISK_READ_TIME);

		if (isnan(count) || isnan(usec))
			continue;
		reads += count;
		time += usec;
	}
	return reads > 0 ? time / reads : NAN;
}
