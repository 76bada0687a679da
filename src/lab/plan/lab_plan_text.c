/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What would be run, in which order, and how long that takes. */
#include "base/str.h"
#include "base/text.h"
#include "lab/plan/lab_plan.h"

#include <string.h>

/* A stranger's experiment is looked at before it is run. */
static void append_safe(struct str *out, const char *text)
{
	text_append_printable(out, text, strlen(text));
}

static void append_line(struct str *out, const char *what, const char *text)
{
	if (text == NULL)
		return;
	str_appendf(out, "  %-10s ", what);
	append_safe(out, text);
	str_append_char(out, '\n');
}

void lab_plan_append_time(struct str *out, uint64_t usec)
{
	unsigned long long seconds = (usec + 500000) / 1000000;

	if (seconds >= 3600)
		str_appendf(out, "%llu h %llu min", seconds / 3600, seconds / 60 % 60);
	else if (seconds >= 60)
		str_appendf(out, "%llu min %llu s", seconds / 60, seconds % 60);
	else
		str_appendf(out, "%llu s", seconds);
}

static void append_disk(struct str *out, const struct spec_disk *disk)
{
	if (disk->share == SPEC_DISK_NONE)
		return;
	str_appendf(out, ", %s %s disk%s of %llu MiB%s",
		    disk->share == SPEC_DISK_SHARED ? "one device for all with a" : "each a",
		    disk->format == SPEC_DISK_RAW ? "raw" : "qcow2",
		    disk->direct ? " (O_DIRECT)" : " (cached)",
		    (unsigned long long)(disk->size_bytes >> 20),
		    disk->speed_bytes_per_sec > 0 || disk->speed_operations_per_sec > 0 ?
			    " of a known speed" : "");
}

static void append_machine(struct str *out, const struct lab_plan *plan, unsigned machine)
{
	const struct spec_machine *made = NULL;
	size_t i;

	for (i = 0; made == NULL; i++)
		if (plan->spec->cells[i].machine == machine)
			made = &plan->spec->cells[i].made;
	str_appendf(out, "  %-10s ", machine == 0 ? "machines" : "");
	if (made->no_vm) {
		str_appendf(out, "%u process%s on the host\n", made->count,
			    made->count == 1 ? "" : "es");
		return;
	}
	if (made->domain != NULL) {
		str_appendf(out, "%u libvirt domain%s (", made->count, made->count == 1 ? "" : "s");
		append_safe(out, made->domain);
		str_append(out, ")\n");
		return;
	}
	str_appendf(out, "%u VM%s with %u vCPU%s and %llu MiB", made->count,
		    made->count == 1 ? "" : "s", plan->vcpus[machine],
		    plan->vcpus[machine] == 1 ? "" : "s",
		    (unsigned long long)(made->memory_bytes >> 20));
	append_disk(out, &made->disk);
	if (made->net.on)
		str_append(out, ", a network");
	if (made->ksm != SPEC_KSM_LEAVE)
		str_append(out, made->ksm == SPEC_KSM_ON ? ", KSM on" : ", KSM off");
	str_append(out, "\n");
}

static void append_cells(struct str *out, const struct spec *spec)
{
	size_t i;

	for (i = 0; i < spec->cell_count; i++) {
		const struct spec_cell *cell = &spec->cells[i];

		str_appendf(out, "  %-10s ", i == 0 ? "cells" : "");
		append_safe(out, cell->label);
		str_append(out, cell->is_baseline ? ": a baseline" :
				cell->is_aa ? ": the control" : ": compared with ");
		if (!cell->is_baseline && !cell->is_aa)
			append_safe(out, spec->cells[cell->compared_with].label);
		str_append(out, "\n");
	}
}

static void append_loads(struct str *out, const struct spec *spec)
{
	const struct spec_load *load = &spec->cells[0].load;

	append_line(out, "VM1", load->subject);
	append_line(out, "the others", load->others != NULL ? load->others : "as VM1");
}

static void append_order(struct str *out, const struct lab_plan *plan)
{
	const struct lab_plan_boot *boot;
	size_t i, j;

	for (i = 0; i < plan->boot_count && i < 3; i++) {
		boot = &plan->boots[i];
		str_appendf(out, "  %-10s boot %zu:", i == 0 ? "order" : "", i + 1);
		for (j = 0; j < boot->run_count && j < 8; j++) {
			str_append(out, j > 0 ? "; " : " ");
			append_safe(out, plan->spec->cells[boot->runs[j].cell].label);
		}
		str_append(out, boot->run_count > 8 ? "; ...\n" : "\n");
	}
	if (plan->boot_count > 3)
		str_appendf(out, "  %-10s ... (seed %llu)\n", "", (unsigned long long)plan->seed);
}

static void append_time(struct str *out, const struct lab_plan *plan)
{
	const struct spec *spec = plan->spec;
	size_t runs = 0, i;

	for (i = 0; i < plan->boot_count; i++)
		runs += plan->boots[i].run_count;
	str_appendf(out, "  %-10s %zu boots with %zu runs in all, each %.3g s after %.3g s of warm-up\n",
		    "runs", plan->boot_count, runs, (double)spec->duration_usec / 1e6,
		    (double)spec->warmup_usec / 1e6);
	str_appendf(out, "  %-10s %s", "time", spec->stop == SPEC_STOP_SEQUENCE ? "at most " : "about ");
	lab_plan_append_time(out, plan->estimate_usec);
	str_append(out, "\n");
}

void lab_plan_append_text(const struct lab_plan *plan, struct str *out)
{
	const struct spec *spec = plan->spec;
	unsigned machine;

	str_appendf(out, "%s: ", spec->name);
	append_safe(out, spec->asks);
	str_append_char(out, '\n');
	append_line(out, "predicted", spec->predicts);
	for (machine = 0; machine < spec->machine_count; machine++)
		append_machine(out, plan, machine);
	append_line(out, "scaled", plan->scaled ? plan->scaled_why : NULL);
	append_line(out, "guests", plan->tcg ? "emulated (TCG): only ratios and counts are concluded" :
					       "by KVM");
	append_loads(out, spec);
	append_cells(out, spec);
	append_order(out, plan);
	append_time(out, plan);
}
