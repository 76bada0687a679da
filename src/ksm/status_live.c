/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A status as it changes: a few lines, and one a VM. */
#include "ksm/status_cells.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/str.h"
#include "report/table.h"
#include "report/units.h"

#include <math.h>
#include <string.h>

/* The interval between two, in seconds; 0: there is none. */
static double seconds_between(const struct status *before, const struct status *now)
{
	if (before == NULL || now->monotonic_usec <= before->monotonic_usec)
		return 0;
	return (double)(now->monotonic_usec - before->monotonic_usec) / USEC_PER_SEC;
}

static double growth(int64_t before, int64_t now)
{
	return field_present(before) && field_present(now) ? (double)(now - before) : NAN;
}

static void append_rate(struct str *str, double per_second)
{
	if (!isnan(per_second))
		str_append_char(str, per_second < 0 ? '-' : '+');
	units_append_bytes(str, fabs(per_second));
}

/* What ksmd's time was worth since the look before. */
static void append_worth(const struct status *before, const struct status *now, double seconds,
			 struct str *str)
{
	double saved = growth(before->host.saved_bytes, now->host.saved_bytes);
	double cpu = growth(before->host.ksmd_usec, now->host.ksmd_usec) / USEC_PER_SEC;
	double copied = growth(before->host.cow_pages, now->host.cow_pages);

	str_append(str, ", ");
	append_rate(str, saved / seconds);
	str_append(str, " a second");
	if (cpu > 0)
		str_appendf(str, " by %.1f%% of a CPU (%.1f MB a CPU-second)", 100 * cpu / seconds,
			    saved / 1048576 / cpu);
	else if (cpu == 0)
		str_append(str, " by 0.0% of a CPU");
	str_append(str, ", copied again ");
	units_append_count(str, copied / seconds);
	str_append(str, " pages a second");
}

static void append_head(const struct status *before, const struct status *now, double seconds,
			struct str *str)
{
	units_append_clock(str, now->realtime_usec);
	str_append(str, "  ");
	status_append_running(&now->host.ksm, str);
	str_append(str, "saved ");
	status_append_bytes(str, now->host.saved_bytes);
	str_append(str, ", net profit ");
	status_append_bytes(str, now->host.profit_bytes);
	if (seconds > 0)
		append_worth(before, now, seconds, str);
	str_append(str, "\nreserve: ");
	status_append_verdict(&now->host, str);
	str_append(str, "\n\n");
}

static const struct status_vm *find_vm(const struct status *status, const char *id)
{
	size_t i;

	for (i = 0; status != NULL && i < status->vm_count; i++)
		if (strcmp(status->vms[i].id, id) == 0)
			return &status->vms[i];
	return NULL;
}

static void add_vm(struct table *table, const struct status_vm *before, const struct status_vm *vm,
		   double seconds, bool with_frames)
{
	struct str cell;

	status_cell_text(table, status_vm_name(vm));
	status_cell_text(table, vm->group != NULL ? vm->group : vm->manager);
	status_cell_text(table, vm->takes_part);
	status_cell_pages(table, status_vm_merged(vm));
	str_init(&cell);
	append_rate(&cell, before != NULL && seconds > 0 ?
		    growth(status_vm_merged(before), status_vm_merged(vm)) * 4096 / seconds : NAN);
	table_add(table, &cell);
	status_cell_pages(table, vm->zero_pages);
	status_cell_bytes(table, vm->tracking_bytes);
	status_cell_bytes(table, vm->profit_bytes);
	if (with_frames) {
		status_cell_pages(table, vm->inside_pages);
		status_cell_bytes(table, vm->saved_bytes);
		status_cell_bytes(table, vm->leave_bytes);
	}
}

static const struct table_column columns[] = {
	{ "NAME", true, true },    { "GROUP", true, true },     { "TAKES PART", true, false },
	{ "MERGED", false, false }, { "A SECOND", false, false }, { "ZERO", false, false },
	{ "TRACKING", false, false }, { "PROFIT", false, false }, { "INSIDE", false, false },
	{ "SAVED", false, false }, { "LEAVES", false, false },
};

void status_append_live(const struct status *before, const struct status *now, const bool *wanted,
			size_t first, size_t width, struct str *str)
{
	bool with_frames = now->frames_absent == NULL;
	double seconds = seconds_between(before, now);
	struct table table;
	size_t i, row = 0;

	append_head(before, now, seconds, str);
	table_init(&table, columns, ARRAY_SIZE(columns) - (with_frames ? 0 : 3));
	for (i = 0; i < now->vm_count; i++)
		if ((wanted == NULL || wanted[i]) && row++ >= first)
			add_vm(&table, find_vm(before, now->vms[i].id), &now->vms[i], seconds,
			       with_frames);
	if (row == 0)
		str_append(str, "no VM runs here\n");
	else
		str->failed |= !table_append(&table, width, true, str);
	table_done(&table);
}
