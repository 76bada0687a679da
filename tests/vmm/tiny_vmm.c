/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tiny_vmm: real KVM virtual machines without anything in them, for tests and benchmarks that
 * need 1 to 500 of them within seconds. Whatever looks for VMs on a host finds these as it
 * finds any other: /dev/kvm, a VM and vCPU descriptors, threads in KVM_RUN, uevents.
 *
 *   tiny_vmm run     VMs that stay; prints `ready N VMs` when all vCPUs have run
 *   tiny_vmm churn   births and deaths as fast as they go, about N VMs alive; prints
 *                    `births X deaths Y seconds Z rate R/s` and, with --keep, `settled M VMs`
 *   tiny_vmm births  one birth after the other; prints `births X deaths Y`
 *
 * Each VM has a process of its own named after it (comm PREFIX-N, command line
 * `tiny_vmm-PREFIX-N`), unless --one-process is given (comm PREFIX). This process holds no KVM
 * descriptor. It ends, and kills all of them first, on SIGTERM, SIGINT, at the end of --for,
 * when the thread that started it ends, and at the end of its stdin where that is a pipe or a
 * socket. Nobody outlives it, not even when it is killed by SIGKILL.
 *
 * The log (--log FILE; times are CLOCK_MONOTONIC in nanoseconds; lines of one VM are written
 * when all of its vCPUs have run; a line is one write, added to the end):
 *   vm PID BEFORE AFTER               around the ioctl KVM_CREATE_VM
 *   vcpu PID INDEX TID BEFORE AFTER   around the ioctl KVM_CREATE_VCPU, which thread TID made
 *                                     and in which it runs; behind the line of its VM
 *   gone PID KILLED REAPED            the process and its VMs do not exist any more since some
 *                                     time between the two; KILLED is `-` if it ended by itself
 *   burst PID DUE TAKEN CPU           of --burst-ms: due then, done so long after, for so much
 *                                     CPU time of its thread
 *   settled PID                       of churn --keep: alive now, and until the end
 * A long churn uses up the ids of processes: the same PID may come again, after its `gone`.
 *
 * Exit status: 0 done (also when told to end), 1 failed, 2 wrong usage, 77 no usable /dev/kvm.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "fleet.h"
#include "guest.h"
#include "settings.h"
#include "verbs.h"

#define EXIT_USAGE 2
#define EXIT_SKIP 77
/* 500 VMs of 64 vCPUs in one process, with room. */
#define DESCRIPTORS_WANTED 65536u

struct verb {
	const char *name;
	enum verb_bit bit;
	int (*perform)(const struct settings *settings, struct fleet *fleet, struct error *err);
	const char *help;
};

static const struct verb verbs[] = {
	{ "run", VERB_RUN, verb_run, "make VMs that stay until told" },
	{ "churn", VERB_CHURN, verb_churn, "births and deaths as fast as they go" },
	{ "births", VERB_BIRTHS, verb_births, "one birth after the other" },
};

static const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static void usage_print(FILE *stream)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		fprintf(stream, "tiny_vmm %s [OPTION...]: %s\n", verbs[i].name, verbs[i].help);
		settings_print_options(stream, verbs[i].bit);
	}
	fprintf(stream, "VMM: %s\n", guest_naming_list());
}

static void limit_raise(int resource, rlim_t wanted)
{
	struct rlimit limit;

	getrlimit(resource, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(resource, &limit);
	if (limit.rlim_max < wanted) {
		limit.rlim_cur = limit.rlim_max = wanted;
		setrlimit(resource, &limit); /* for root only; else the failing call tells */
	}
}

static void limits_raise(void)
{
	limit_raise(RLIMIT_NOFILE, DESCRIPTORS_WANTED);
	limit_raise(RLIMIT_NPROC, RLIM_INFINITY);
	limit_raise(RLIMIT_AS, RLIM_INFINITY);
	limit_raise(RLIMIT_MEMLOCK, RLIM_INFINITY);
}

static unsigned seats_needed(const struct settings *settings, enum verb_bit bit)
{
	switch (bit) {
	case VERB_CHURN: /* the dying have seats, too */
		return settings->vms + settings->jobs;
	case VERB_BIRTHS:
		return VMS_MAX;
	default:
		return settings->vms;
	}
}

static int verb_perform(const struct verb *verb, const struct settings *settings)
{
	struct fleet fleet;
	struct error err = { 0 };
	int result = fleet_init(&fleet, settings, seats_needed(settings, verb->bit), &err);

	if (result == 0)
		result = verb->perform(settings, &fleet, &err);
	fleet_done(&fleet);
	if (result < 0)
		fprintf(stderr, "tiny_vmm: %s\n", err.text);
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int arguments_refuse(const char *text)
{
	fprintf(stderr, "tiny_vmm: %s (see tiny_vmm --help)\n", text);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const struct verb *verb = argc > 1 ? verb_find(argv[1]) : NULL;
	struct settings settings;
	struct error err = { 0 };

	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		usage_print(stdout);
		return EXIT_SUCCESS;
	}
	if (verb == NULL)
		return arguments_refuse("the first argument is run, churn or births");
	if (settings_parse(verb->bit, argc - 2, argv + 2, &settings, &err) < 0)
		return arguments_refuse(err.text);
	if (guest_check_host(&err) < 0) {
		fprintf(stderr, "tiny_vmm: skipped: %s\n", err.text);
		return EXIT_SKIP;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* What the starter left open is none of the VMs' business. */
	close_range(STDERR_FILENO + 1, ~0u, 0);
	vm_process_remember_title(argc, argv, environ);
	limits_raise();
	settings.guest.nice = getpriority(PRIO_PROCESS, 0);
	return verb_perform(verb, &settings);
}
