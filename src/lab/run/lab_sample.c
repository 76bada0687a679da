/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/run/lab_sample.h"

#include "agent_counters.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/map.h"
#include "lab/net/lab_net.h"
#include "model/snapshot.h"
#include "observe/observe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Guests that KVM does not know are found by a scan of all processes: at the start, and not again
 * while something is measured. */
#define SLOW_SCAN_USEC (24 * 3600 * USEC_PER_SEC)

struct lab_sampler {
	struct root *root;
	struct observe *observe;
	const struct lab_member *members;
	size_t member_count;
	struct lab_net *net; /* NULL: none */
	struct store_run *run;
	struct map last;     /* of each figure: its value + 1, as a pointer */
	bool out_of_memory;
};

static const enum host_figure host_figures[] = {
	HOST_PSI_CPU_SOME, HOST_PSI_MEMORY_SOME, HOST_PSI_MEMORY_FULL, HOST_PSI_IO_SOME,
	HOST_PSI_IO_FULL, HOST_RUNNING, HOST_CONTEXT_SWITCHES, HOST_MEMORY_FREE,
	HOST_MEMORY_AVAILABLE, HOST_MEMORY_CACHED, HOST_MEMORY_ANONYMOUS, HOST_MEMORY_DIRTY,
	HOST_SWAP_FREE, HOST_MAJOR_FAULTS, HOST_KSM_RUN, HOST_KSM_PAGES_SHARED,
	HOST_KSM_PAGES_SHARING, HOST_KSM_PAGES_UNSHARED, HOST_KSM_PAGES_VOLATILE,
	HOST_KSM_PAGES_SCANNED, HOST_KSM_FULL_SCANS, HOST_KSM_PROFIT, HOST_KSMD_CPU,
};
static const enum cpu_figure cpu_figures[] = {
	CPU_USER, CPU_SYSTEM, CPU_IDLE, CPU_IOWAIT, CPU_SOFTIRQ, CPU_STEAL, CPU_GUEST,
};
static const enum vm_figure vm_figures[] = {
	VM_USER, VM_SYSTEM, VM_GUEST, VM_RUN, VM_RUN_DELAY, VM_THROTTLED, VM_WAITING,
	VM_MINOR_FAULTS, VM_MAJOR_FAULTS, VM_RSS, VM_DISK_READ, VM_DISK_WRITTEN, VM_NET_RECEIVED,
	VM_NET_SENT, VM_NET_DROPS, VM_NICE, VM_AUTOGROUP_NICE, VM_WEIGHT, VM_QUOTA, VM_SWAP, VM_KSM_MERGED,
	VM_KSM_PROFIT, VM_PSI_CPU_SOME, VM_PSI_MEMORY_SOME, VM_PSI_MEMORY_FULL, VM_PSI_IO_SOME,
	VM_PSI_IO_FULL, VM_KVM_EXITS,
};

bool lab_sampler_has(const char *measure)
{
	bool vm = strncmp(measure, "vm:", 3) == 0, host = strncmp(measure, "host:", 5) == 0;
	size_t i;

	for (i = 0; vm && i < sizeof vm_figures / sizeof vm_figures[0]; i++)
		if (strcmp(vm_info.figures[vm_figures[i]].name, measure + 3) == 0)
			return true;
	for (i = 0; host && i < sizeof host_figures / sizeof host_figures[0]; i++)
		if (strcmp(host_info.figures[host_figures[i]].name, measure + 5) == 0)
			return true;
	return !vm && !host;
}

/* -- writing down ---------------------------------------------------------------------------------- */

/* Which figure of which source it is. */
enum { OF_HOST = 1, OF_CPU, OF_VM, OF_GUEST, OF_LINK };

static void note(struct lab_sampler *sampler, unsigned kind, unsigned number, unsigned figure,
		 const char *name, uint64_t at_nsec, int64_t value)
{
	static const char *const sources[] = { "", "host", "cpu", "vm", "guest", "link" };
	uint64_t key = (uint64_t)kind << 48 | (uint64_t)number << 16 | figure;
	void *known = (void *)(uintptr_t)((uint64_t)value + 1);
	struct store_sample sample = { .figure = name, .value = value,
		.at_nsec = (int64_t)at_nsec - sampler->run->started_nsec };

	if (known == NULL) /* a value of -1 cannot be told from none: it is written each time */
		map_remove(&sampler->last, key);
	else if (map_get(&sampler->last, key) == known)
		return;
	else if (!map_put(&sampler->last, key, known))
		sampler->out_of_memory = true;
	if (kind == OF_HOST || kind == OF_LINK)
		snprintf(sample.source, sizeof sample.source, "%s", sources[kind]);
	else
		snprintf(sample.source, sizeof sample.source, "%s%u", sources[kind], number);
	if (!store_run_add_sample(sampler->run, &sample))
		sampler->out_of_memory = true;
}

/* An object's figures that are there. */
static void note_object(struct lab_sampler *sampler, unsigned kind, unsigned number, uint64_t at_nsec,
			const struct object_view *view, unsigned figure)
{
	if (view->state[figure] == FIGURE_PRESENT)
		note(sampler, kind, number, figure, view->info->figures[figure].name, at_nsec,
		     view->value[figure]);
}

static void note_host(struct lab_sampler *sampler, const struct snapshot *snapshot, uint64_t at_nsec)
{
	struct object_view view = host_view(&snapshot->host);
	size_t i, j;

	for (i = 0; i < sizeof host_figures / sizeof host_figures[0]; i++)
		note_object(sampler, OF_HOST, 0, at_nsec, &view, host_figures[i]);
	for (j = 0; j < snapshot->cpu_count; j++) {
		view = cpu_view(&snapshot->cpus[j]);
		for (i = 0; i < sizeof cpu_figures / sizeof cpu_figures[0]; i++)
			note_object(sampler, OF_CPU, (unsigned)snapshot->cpus[j].number, at_nsec,
				    &view, cpu_figures[i]);
	}
}

static const struct vm *vm_of(const struct snapshot *snapshot, pid_t pid)
{
	size_t i;

	for (i = 0; i < snapshot->vm_count; i++)
		if (snapshot->vms[i]->identity.pid == pid)
			return snapshot->vms[i];
	return NULL;
}

static void note_vms(struct lab_sampler *sampler, const struct snapshot *snapshot, uint64_t at_nsec)
{
	size_t i, j;

	for (i = 0; i < sampler->member_count; i++) {
		const struct vm *vm = vm_of(snapshot, member_pid(&sampler->members[i]));
		struct object_view view;

		if (vm == NULL)
			continue;
		view = vm_view(vm);
		for (j = 0; j < sizeof vm_figures / sizeof vm_figures[0]; j++)
			note_object(sampler, OF_VM, sampler->members[i].number + 1, at_nsec, &view,
				    vm_figures[j]);
	}
}

/* -- the experiment's network -------------------------------------------------------------------------- */

/* One way of the shared link, in the order of lab_net_counts. */
static const char *const to_peer_names[] = {
	"to_peer_bytes", "to_peer_packets", "to_peer_lost", "to_peer_queued_bytes",
};
static const char *const to_guests_names[] = {
	"to_guests_bytes", "to_guests_packets", "to_guests_lost", "to_guests_queued_bytes",
};

static void note_link(struct lab_sampler *sampler, unsigned first, const char *const *names,
		      const struct lab_net_counts *counts, uint64_t at_nsec)
{
	const uint64_t values[] = { counts->bytes, counts->packets, counts->lost, counts->queued_bytes };
	unsigned i;

	for (i = 0; i < sizeof values / sizeof values[0]; i++)
		note(sampler, OF_LINK, 0, first + i, names[i], at_nsec, (int64_t)values[i]);
}

/* The observer looks at this host's own interfaces, where the experiment's taps are not. */
static void note_port(struct lab_sampler *sampler, unsigned vm, const struct lab_net_counts *sent,
		      const struct lab_net_counts *received, uint64_t at_nsec)
{
	const struct {
		enum vm_figure figure;
		uint64_t value;
	} noted[] = {
		{ VM_NET_SENT, sent->bytes }, { VM_NET_RECEIVED, received->bytes },
		{ VM_NET_SENT_PACKETS, sent->packets }, { VM_NET_RECEIVED_PACKETS, received->packets },
		{ VM_NET_DROPS, sent->lost + received->lost },
	};
	unsigned i;

	for (i = 0; i < sizeof noted / sizeof noted[0]; i++)
		note(sampler, OF_VM, vm + 1, noted[i].figure, vm_info.figures[noted[i].figure].name,
		     at_nsec, (int64_t)noted[i].value);
}

/* What cannot be counted is absent: it is no reason to end an experiment. */
static void note_net(struct lab_sampler *sampler)
{
	struct lab_net_counts sent, received;
	uint64_t at_nsec = clock_monotonic_nsec();
	size_t i;

	if (lab_net_count_link(sampler->net, &sent, &received, NULL) == 0) {
		note_link(sampler, 0, to_peer_names, &sent, at_nsec);
		note_link(sampler, 4, to_guests_names, &received, at_nsec);
	}
	for (i = 0; i < sampler->member_count; i++) {
		unsigned vm = sampler->members[i].number;

		if (lab_net_count_port(sampler->net, vm, &sent, &received, NULL) == 0)
			note_port(sampler, vm, &sent, &received, at_nsec);
	}
}

/* -- the verbs --------------------------------------------------------------------------------------- */

int lab_sampler_new(struct root *root, const struct lab_member *members, size_t count,
		    struct lab_net *net, struct lab_sampler **ret, struct error *err)
{
	struct lab_sampler *sampler = calloc(1, sizeof *sampler);

	if (sampler == NULL)
		return error_set(err, -ENOMEM, "no memory to observe the VMs");
	map_init(&sampler->last);
	sampler->root = root;
	sampler->members = members;
	sampler->member_count = count;
	sampler->net = net;
	*ret = sampler;
	return 0;
}

void lab_sampler_free(struct lab_sampler *sampler)
{
	if (sampler == NULL)
		return;
	observe_free(sampler->observe);
	map_done(&sampler->last);
	free(sampler);
}

/* A new observer samples everything at its first tick. */
static int observe_anew(struct lab_sampler *sampler, struct error *err)
{
	struct observe_options options = { .watch = true, .slow_scan_usec = SLOW_SCAN_USEC };

	observe_free(sampler->observe);
	sampler->observe = observe_new(sampler->root, &options, err);
	if (sampler->observe == NULL)
		return err != NULL && err->code < 0 ? err->code : -EIO;
	return 0;
}

int lab_sampler_begin(struct lab_sampler *sampler, struct store_run *run, struct error *err)
{
	map_done(&sampler->last);
	map_init(&sampler->last);
	sampler->run = run;
	return observe_anew(sampler, err);
}

/* The observer spreads slow figures (KSM, weights, faults of the host) over this many ticks. They
 * belong to an experiment's second as the others do, and a tick over a few VMs costs little. */
enum { TICKS_OF_ALL = 10 };

int lab_sampler_tick(struct lab_sampler *sampler, struct error *err)
{
	const struct snapshot *snapshot;
	uint64_t at_nsec;
	int i, r = 0;

	observe_wait(sampler->observe, 0);
	for (i = 0; r == 0 && i < TICKS_OF_ALL; i++)
		r = observe_tick(sampler->observe, err);
	if (r < 0)
		return r;
	snapshot = observe_snapshot(sampler->observe);
	at_nsec = snapshot->monotonic_usec * NSEC_PER_USEC;
	note_host(sampler, snapshot, at_nsec);
	note_vms(sampler, snapshot, at_nsec);
	if (sampler->net != NULL)
		note_net(sampler);
	return sampler->out_of_memory ? error_set(err, -ENOMEM, "no memory for the samples") : 0;
}

void lab_sampler_hear(struct lab_sampler *sampler, const struct lab_member *member,
		      const struct link_event *event)
{
	unsigned i;

	for (i = 0; i < AGENT_COUNTER_COUNT; i++)
		if ((event->present & (1ull << i)) != 0)
			note(sampler, OF_GUEST, member->number + 1, i,
			     agent_counter_name((enum agent_counter)i), event->at_nsec,
			     (int64_t)event->values[i]);
}
