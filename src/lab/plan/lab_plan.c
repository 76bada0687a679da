/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/plan/lab_plan.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/plan/lab_random.h"
#include "lab/store/store_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What QEMU needs beside the guest's memory: itself, and the code that TCG translates to. */
#define QEMU_OWN_BYTES (96ull << 20)

/* Streams of chance: 0 is the order of boots, the boots' own follow. */
enum { RANDOM_ORDER = 0, RANDOM_BOOT = 1 };

/* -- what the host has ------------------------------------------------------------------------ */

static int missing(struct error *err, int code, const struct spec *spec, const char *sentence)
{
	return error_set(err, code, "%s:%zu: %s", spec->path, spec->line_of_vms, sentence);
}

static int check_memory(const struct spec *spec, const struct spec_machine *made,
			const struct lab_plan_host *host, struct error *err)
{
	uint64_t each = made->memory_bytes + QEMU_OWN_BYTES;
	char text[200];

	if (made->no_vm || made->domain != NULL || each * made->count <= host->memory_bytes)
		return 0;
	snprintf(text, sizeof text, "%u VMs of %llu MiB need %llu MiB of memory with their QEMUs, here "
		 "are %llu MiB", made->count, (unsigned long long)(made->memory_bytes >> 20),
		 (unsigned long long)(each * made->count >> 20),
		 (unsigned long long)(host->memory_bytes >> 20));
	return missing(err, -ENOSPC, spec, text);
}

static int check_disk(const struct spec *spec, const struct spec_machine *made,
		      const struct lab_plan_host *host, struct error *err)
{
	uint64_t bytes = made->disk.size_bytes * made->count;
	char text[200];

	if (made->no_vm || made->disk.share == SPEC_DISK_NONE || bytes <= host->disk_bytes)
		return 0;
	snprintf(text, sizeof text, "%u disks of %llu MiB need %llu MiB, here are %llu MiB free",
		 made->count, (unsigned long long)(made->disk.size_bytes >> 20),
		 (unsigned long long)(bytes >> 20), (unsigned long long)(host->disk_bytes >> 20));
	return missing(err, -ENOSPC, spec, text);
}

static int check_rights(const struct spec *spec, const struct spec_cell *cell,
			const struct lab_plan_host *host, struct error *err)
{
	const char *what = NULL;

	if (cell->made.net.on)
		what = "a network between VMs";
	else if (cell->made.ksm != SPEC_KSM_LEAVE || cell->made.ksm_pages > 0 ||
		 cell->made.ksm_sleep_usec > 0)
		what = "to turn KSM";
	else if (cell->load.policy != NULL)
		what = "a policy";
	else if (cell->load.hold_count > 0)
		what = "hold";
	if (host->root || what == NULL)
		return 0;
	return error_set(err, -EPERM, "%s: %s needs root: run it with sudo", spec->path, what);
}

static int check_accel(const struct spec *spec, const struct spec_machine *made,
		       const struct lab_plan_host *host, struct error *err)
{
	if (made->no_vm || made->accel == NULL || strcmp(made->accel, "kvm") != 0 || host->kvm)
		return 0;
	return missing(err, -ENODEV, spec, "vms.accel is kvm, which cannot run Linux guests here: it "
		       "needs /dev/kvm and a processor that shows vmx or svm");
}

static int check_pin(const struct spec *spec, const struct spec_load *load,
		     const struct lab_plan_host *host, struct error *err)
{
	size_t i, j;

	for (i = 0; i < load->pin_cpu_count; i++) {
		for (j = 0; j < host->cpu_count && host->cpus[j] != load->pin_cpus[i]; j++)
			;
		if (j == host->cpu_count)
			return error_set(err, -ENODEV, "%s:%zu: vms.pin has CPU %u, which may not be "
					 "used here", spec->path, spec->line_of_vms, load->pin_cpus[i]);
	}
	return 0;
}

static int check_host(const struct spec *spec, const struct lab_plan_host *host, struct error *err)
{
	size_t i;
	int r = 0;

	if (host->cpu_count == 0)
		return error_set(err, -ENODEV, "no CPU may be used here");
	for (i = 0; r == 0 && i < spec->cell_count; i++) {
		const struct spec_cell *cell = &spec->cells[i];

		r = check_memory(spec, &cell->made, host, err);
		if (r == 0)
			r = check_disk(spec, &cell->made, host, err);
		if (r == 0)
			r = check_rights(spec, cell, host, err);
		if (r == 0)
			r = check_accel(spec, &cell->made, host, err);
		if (r == 0)
			r = check_pin(spec, &cell->load, host, err);
	}
	return r;
}

/* -- scaling ------------------------------------------------------------------------------------ */

static bool wants_own_cores(const struct spec *spec, unsigned machine)
{
	size_t i;

	for (i = 0; i < spec->cell_count; i++)
		if (spec->cells[i].machine == machine && spec->cells[i].load.pin == SPEC_PIN_OWN)
			return true;
	return false;
}

static const struct spec_machine *machine_of(const struct spec *spec, unsigned machine)
{
	size_t i;

	for (i = 0; spec->cells[i].machine != machine; i++)
		;
	return &spec->cells[i].made;
}

/* Cores of their own for all VMs: with fewer vCPUs where the host has not as many, and where it
 * has not even one for each, VM1 keeps its own and the others share the rest. */
static void scale_machine(struct lab_plan *plan, unsigned machine)
{
	const struct spec_machine *made = machine_of(plan->spec, machine);
	size_t needed = (size_t)made->count * made->vcpus;

	plan->vcpus[machine] = made->vcpus;
	if (!wants_own_cores(plan->spec, machine) || needed <= plan->cpu_count)
		return;
	plan->scaled = true;
	plan->vcpus[machine] = made->count <= plan->cpu_count ?
				       (unsigned)(plan->cpu_count / made->count) : 1;
	snprintf(plan->scaled_why, sizeof plan->scaled_why, "%u VMs of %u vCPU%s on cores of their own "
		 "need %zu, here are %zu: %u vCPU%s each%s", made->count, made->vcpus,
		 made->vcpus == 1 ? "" : "s", needed, plan->cpu_count, plan->vcpus[machine],
		 plan->vcpus[machine] == 1 ? "" : "s",
		 made->count > plan->cpu_count ? ", and only VM1 has a core of its own" : "");
}

size_t lab_plan_pin(const struct lab_plan *plan, const struct spec_cell *cell, unsigned vm,
		    unsigned *ret_cpus)
{
	unsigned vcpus = plan->vcpus[cell->machine], count = cell->made.count;
	size_t i, all = plan->cpu_count;

	if (cell->load.pin == SPEC_PIN_CPUS) {
		*ret_cpus = cell->load.pin_cpus[vm % cell->load.pin_cpu_count];
		return 1;
	}
	if (cell->load.pin == SPEC_PIN_SHARED && vcpus < all)
		all = vcpus;
	if (cell->load.pin == SPEC_PIN_OWN && (size_t)count * vcpus <= all) {
		memcpy(ret_cpus, plan->cpus + (size_t)vm * vcpus, vcpus * sizeof *ret_cpus);
		return vcpus;
	}
	if (cell->load.pin == SPEC_PIN_OWN) {
		*ret_cpus = plan->cpus[vm == 0 || all == 1 ? 0 : 1 + (vm - 1) % (all - 1)];
		return 1;
	}
	for (i = 0; i < all; i++)
		ret_cpus[i] = plan->cpus[i];
	return all;
}

/* -- what guests are run by ----------------------------------------------------------------------- */

const char *lab_plan_accel(const struct lab_plan *plan, const struct spec_machine *made)
{
	if (made->no_vm)
		return "none";
	return made->accel != NULL ? made->accel : plan->kvm ? "kvm" : "tcg";
}

static bool any_runs_by(const struct lab_plan *plan, const char *accel)
{
	size_t i;

	for (i = 0; i < plan->spec->cell_count; i++)
		if (strcmp(lab_plan_accel(plan, &plan->spec->cells[i].made), accel) == 0)
			return true;
	return false;
}

const char *lab_plan_accel_best(const struct lab_plan *plan)
{
	return any_runs_by(plan, "kvm") ? "kvm" : any_runs_by(plan, "tcg") ? "tcg" : "none";
}

/* -- order ---------------------------------------------------------------------------------------- */

static size_t cells_of(const struct spec *spec, unsigned machine)
{
	size_t i, count = 0;

	for (i = 0; i < spec->cell_count; i++)
		count += spec->cells[i].machine == machine &&
			 !(spec->duet && spec->cells[i].is_baseline);
	return count;
}

/* Each cell once in random order, then each again. */
static int fill_boot(const struct lab_plan *plan, struct lab_plan_boot *boot, size_t ordinal)
{
	const struct spec *spec = plan->spec;
	size_t each = cells_of(spec, boot->machine), i;
	struct lab_random random;
	unsigned turn;

	lab_random_init(&random, plan->seed, RANDOM_BOOT + ordinal);
	boot->runs = calloc(each * spec->runs + 1, sizeof *boot->runs);
	if (boot->runs == NULL)
		return -ENOMEM;
	for (turn = 0; turn < spec->runs; turn++) {
		struct lab_plan_run *runs = boot->runs + turn * each;
		size_t at = 0;

		for (i = 0; i < spec->cell_count; i++) {
			if (spec->cells[i].machine != boot->machine ||
			    (spec->duet && spec->cells[i].is_baseline))
				continue;
			runs[at].cell = i;
			runs[at].beside = spec->duet ? spec->cells[i].compared_with : i;
			runs[at].swapped = spec->duet && lab_random_below(&random, 2) == 1;
			at++;
		}
		lab_random_shuffle(&random, runs, each, sizeof *runs);
	}
	boot->run_count = each * spec->runs;
	return 0;
}

static int fill_boots(struct lab_plan *plan)
{
	const struct spec *spec = plan->spec;
	unsigned block, machine;
	struct lab_random random;
	size_t i;
	int r = 0;

	plan->boot_count = (size_t)spec->boots * spec->machine_count;
	plan->boots = calloc(plan->boot_count, sizeof *plan->boots);
	if (plan->boots == NULL)
		return -ENOMEM;
	lab_random_init(&random, plan->seed, RANDOM_ORDER);
	for (block = 0; block < spec->boots; block++) {
		struct lab_plan_boot *boots = plan->boots + (size_t)block * spec->machine_count;

		for (machine = 0; machine < spec->machine_count; machine++)
			boots[machine] = (struct lab_plan_boot){
				.machine = machine, .block = block,
				.made = machine_of(spec, machine), .vcpus = plan->vcpus[machine],
			};
		lab_random_shuffle(&random, boots, spec->machine_count, sizeof *boots);
	}
	for (i = 0; r == 0 && i < plan->boot_count; i++)
		r = fill_boot(plan, &plan->boots[i], i);
	return r;
}

/* -- time ------------------------------------------------------------------------------------------ */

/* Measured under TCG on two cores: 2.2 s to the agent, a little less where several boot at once. */
enum { BOOT_TCG_USEC = 2200000, BOOT_KVM_USEC = 900000, BOOT_END_USEC = 300000 };
enum { RUN_OVERHEAD_USEC = 400000, RUN_POLICY_USEC = 2500000, RUN_PROCESS_USEC = 200000 };

uint64_t lab_plan_boot_usec(const struct lab_plan *plan, const struct lab_plan_boot *boot)
{
	uint64_t one = plan->tcg ? BOOT_TCG_USEC : BOOT_KVM_USEC;
	uint64_t at_once = plan->cpu_count < boot->made->count ? plan->cpu_count : boot->made->count;

	if (boot->made->no_vm)
		return RUN_PROCESS_USEC;
	return one * boot->made->count / at_once + BOOT_END_USEC;
}

uint64_t lab_plan_run_usec(const struct lab_plan *plan, const struct lab_plan_run *run)
{
	const struct spec *spec = plan->spec;
	const struct spec_load *load = &spec->cells[run->cell].load;

	return spec->warmup_usec + spec->duration_usec + RUN_OVERHEAD_USEC +
	       (load->policy != NULL || load->hold_count > 0 ? RUN_POLICY_USEC : 0);
}

static void estimate(struct lab_plan *plan)
{
	size_t i, j;

	for (i = 0; i < plan->boot_count; i++) {
		plan->estimate_usec += lab_plan_boot_usec(plan, &plan->boots[i]);
		for (j = 0; j < plan->boots[i].run_count; j++)
			plan->estimate_usec += lab_plan_run_usec(plan, &plan->boots[i].runs[j]);
	}
}

/* -- the whole ------------------------------------------------------------------------------------- */

static int make(struct lab_plan *plan, const struct lab_plan_host *host)
{
	const struct spec *spec = plan->spec;
	unsigned machine;
	int r;

	plan->cpus = calloc(host->cpu_count, sizeof *plan->cpus);
	plan->vcpus = calloc(spec->machine_count, sizeof *plan->vcpus);
	if (plan->cpus == NULL || plan->vcpus == NULL)
		return -ENOMEM;
	memcpy(plan->cpus, host->cpus, host->cpu_count * sizeof *plan->cpus);
	plan->cpu_count = host->cpu_count;
	plan->kvm = host->kvm;
	plan->tcg = any_runs_by(plan, "tcg");
	for (machine = 0; machine < spec->machine_count; machine++)
		scale_machine(plan, machine);
	r = fill_boots(plan);
	if (r == 0)
		estimate(plan);
	return r;
}

/* -- what will be kept ------------------------------------------------------------------------------ */

/* Samples a second, as counted in experiments of one to three VMs: a figure is kept when it changes. */
enum { SAMPLES_OF_HOST = 12, SAMPLES_OF_CPU = 4, SAMPLES_OF_MEMBER = 22 };

struct size {
	double runs, reports, samples;
};

static void add_run(const struct lab_plan *plan, const struct lab_plan_run *run, struct size *size)
{
	const struct spec *spec = plan->spec;
	const struct spec_cell *cell = &spec->cells[run->cell];
	double sides = cell->made.net.on ? 2 : 1, usec = (double)(spec->warmup_usec + spec->duration_usec);

	size->runs += spec->duet ? 2 : 1;
	size->reports += cell->load.loaded * sides * usec / (double)spec->interval_usec;
	size->samples += usec / 1e6 * (SAMPLES_OF_HOST + SAMPLES_OF_CPU * (double)plan->cpu_count +
				       SAMPLES_OF_MEMBER * sides * cell->made.count);
}

static int too_many(const struct spec *spec, double count, const char *what, double most,
		    struct error *err)
{
	return error_set(err, -E2BIG, "%s: this would be %.0f %s, and what has more than %.0f cannot be read "
			 "again: take fewer boots, fewer or shorter runs, or a longer interval", spec->path,
			 count, what, most);
}

/* Half of what a reader takes: what fails is kept as well, and made again. */
static int check_size(const struct lab_plan *plan, struct error *err)
{
	const struct spec *spec = plan->spec;
	struct size size = { 0 };
	size_t i, j;

	for (i = 0; i < plan->boot_count; i++)
		for (j = 0; j < plan->boots[i].run_count; j++)
			add_run(plan, &plan->boots[i].runs[j], &size);
	if (plan->boot_count > STORED_BOOTS_MOST / 2)
		return too_many(spec, (double)plan->boot_count, "boots", STORED_BOOTS_MOST / 2, err);
	if (size.runs > STORED_RUNS_MOST / 2)
		return too_many(spec, size.runs, "runs", STORED_RUNS_MOST / 2, err);
	if (size.reports > STORED_ROWS_MOST / 2)
		return too_many(spec, size.reports, "reports", STORED_ROWS_MOST / 2, err);
	if (size.samples > STORED_ROWS_MOST / 2)
		return too_many(spec, size.samples, "samples", STORED_ROWS_MOST / 2, err);
	return 0;
}

int lab_plan_new(const struct spec *spec, const struct lab_plan_host *host, uint64_t seed,
		 struct lab_plan **ret, struct error *err)
{
	struct lab_plan *plan;
	int r = check_host(spec, host, err);

	if (r < 0)
		return r;
	plan = calloc(1, sizeof *plan);
	if (plan == NULL)
		return error_set(err, -ENOMEM, "%s: no memory to plan it", spec->path);
	plan->spec = spec;
	plan->seed = seed;
	r = make(plan, host);
	if (r < 0) {
		lab_plan_free(plan);
		return error_set(err, r, "%s: no memory to plan it", spec->path);
	}
	r = check_size(plan, err);
	if (r < 0) {
		lab_plan_free(plan);
		return r;
	}
	*ret = plan;
	return 0;
}

void lab_plan_free(struct lab_plan *plan)
{
	size_t i;

	if (plan == NULL)
		return;
	for (i = 0; plan->boots != NULL && i < plan->boot_count; i++)
		free(plan->boots[i].runs);
	free(plan->boots);
	free(plan->cpus);
	free(plan->vcpus);
	free(plan);
}
