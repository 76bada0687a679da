/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A status for people: sentences, then tables. */
#include "ksm/status_cells.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "base/text.h"
#include "report/table.h"
#include "report/units.h"

#include <math.h>
#include <string.h>

static double or_nan(int64_t number)
{
	return field_present(number) ? (double)number : NAN;
}

/* -- sentences ------------------------------------------------------------------------------------ */

static void append_saving(const struct status_host *host, struct str *str)
{
	str_append(str, "saved ");
	status_append_bytes(str, host->saved_bytes);
	str_append(str, ", book-keeping ");
	status_append_bytes(str, host->tracking_bytes);
	str_append(str, ", net profit ");
	status_append_bytes(str, host->profit_bytes);
	str_append(str, "; frames ");
	status_append_count(str, host->ksm.pages_shared);
	str_append(str, ", pages saved ");
	status_append_count(str, host->ksm.pages_sharing);
	str_append(str, ", zero pages apart ");
	status_append_count(str, host->ksm.ksm_zero_pages);
	str_append(str, ", in vain ");
	status_append_count(str, host->ksm.pages_unshared);
	str_append(str, ", changing ");
	status_append_count(str, host->ksm.pages_volatile);
	str_append_char(str, '\n');
}

static void append_cost(const struct status_host *host, struct str *str)
{
	str_append(str, "ksmd has had ");
	units_append_duration(str, or_nan(host->ksmd_usec));
	str_append(str, " of CPU time");
	if (field_present(host->saved_kb_per_cpu_second))
		str_appendf(str, ": %.1f MB saved now for each second of it",
			    (double)host->saved_kb_per_cpu_second / 1024);
	str_append(str, "; ");
	status_append_count(str, host->ksm.full_scans);
	str_append(str, " full scans; merged pages copied again by writing ");
	status_append_count(str, host->cow_pages);
	str_append(str, ", on the way from swap ");
	status_append_count(str, host->swapin_copied_pages);
	str_append_char(str, '\n');
}

static void append_host(const struct status_host *host, struct str *str)
{
	status_append_running(&host->ksm, str);
	append_saving(host, str);
	append_cost(host, str);
	str_append(str, "reserve: ");
	status_append_verdict(host, str);
	str_append_char(str, '\n');
}

static void append_frames(const struct status *status, struct str *str)
{
	size_t i, left_out = 0;

	if (status->frames_absent != NULL) {
		str_append(str, "who shares with whom is not told: ");
		text_append_printable(str, status->frames_absent, strlen(status->frames_absent));
		str_append_char(str, '\n');
		return;
	}
	for (i = 0; i < status->vm_count; i++)
		left_out += strcmp(status->vms[i].takes_part, "yes") == 0 &&
			    !field_present(status->vms[i].looked_pages);
	str_append(str, "frames of ");
	status_append_count(str, status->host.frames_pages);
	str_append(str, " pages were looked at in ");
	units_append_duration(str, or_nan(status->host.frames_usec));
	if (left_out > 0)
		str_appendf(str, ", those of %zu VM%s were not: there was no more time, or they may "
			    "not be seen", left_out, left_out == 1 ? "" : "s");
	if (field_present(status->host.elsewhere_pages) && status->host.elsewhere_pages > 0) {
		str_append(str, "; ");
		status_append_count(str, status->host.elsewhere_pages);
		str_append(str, " merged pages belong to none of these VMs");
	}
	str_append_char(str, '\n');
}

/* -- tables --------------------------------------------------------------------------------------- */

static const struct table_column vm_columns_status[] = {
	{ "NAME", true, true },       { "GROUP", true, true },   { "TAKES PART", true, false },
	{ "MERGEABLE", false, false }, { "MERGED", false, false }, { "ZERO", false, false },
	{ "TRACKING", false, false }, { "PROFIT", false, false }, { "INSIDE", false, false },
	{ "SAVED", false, false },    { "LEAVES", false, false }, { "REWRITE", false, false },
};

static void add_vm(struct table *table, const struct status_vm *vm)
{
	status_cell_text(table, status_vm_name(vm));
	status_cell_text(table, vm->group != NULL ? vm->group : vm->manager);
	status_cell_text(table, vm->takes_part);
	status_cell_bytes(table, vm->mergeable_bytes);
	status_cell_pages(table, status_vm_merged(vm));
	status_cell_pages(table, vm->zero_pages);
	status_cell_bytes(table, vm->tracking_bytes);
	status_cell_bytes(table, vm->profit_bytes);
	status_cell_pages(table, vm->inside_pages);
	status_cell_bytes(table, vm->saved_bytes);
	status_cell_bytes(table, vm->leave_bytes);
	status_cell_bytes(table, vm->rewrite_bytes);
}

static void append_vms(const struct status *status, const bool *wanted, size_t width, struct str *str)
{
	struct table table;
	size_t i;

	table_init(&table, vm_columns_status, ARRAY_SIZE(vm_columns_status));
	for (i = 0; i < status->vm_count; i++)
		if (wanted == NULL || wanted[i])
			add_vm(&table, &status->vms[i]);
	str_append_char(str, '\n');
	if (table.cell_count == 0)
		str_append(str, "no VM runs here\n");
	else
		str->failed |= !table_append(&table, width, true, str);
	table_done(&table);
}

/* What may be said of a pair by their groups. */
static const char *relation(const struct status_vm *a, const struct status_vm *b)
{
	if (a->group == NULL || b->group == NULL)
		return "-";
	return strcmp(a->group, b->group) == 0 ? "same" : "ACROSS";
}

static void append_pairs(const struct status *status, const bool *wanted, size_t most, size_t width,
			 struct str *str)
{
	static const struct table_column columns[] = {
		{ "SHARES", true, true }, { "WITH", true, true }, { "COMMON", false, false },
		{ "GROUPS", true, false },
	};
	struct table table;
	size_t i, shown = 0, all = 0;

	table_init(&table, columns, ARRAY_SIZE(columns));
	for (i = 0; i < status->pairs.count; i++) {
		const struct status_pair *pair = &status->pairs.pairs[i];
		const struct status_vm *a = &status->vms[pair->a], *b = &status->vms[pair->b];

		if (wanted != NULL && !wanted[pair->a] && !wanted[pair->b])
			continue;
		if (all++ >= most)
			continue;
		shown++;
		status_cell_text(&table, status_vm_name(a));
		status_cell_text(&table, status_vm_name(b));
		status_cell_bytes(&table, pair->common_bytes);
		status_cell_text(&table, relation(a, b));
	}
	if (shown > 0) {
		str_append_char(str, '\n');
		str->failed |= !table_append(&table, width, true, str);
	}
	if (shown < all)
		str_appendf(str, "(the largest of %zu pairs; --json has all, --pairs N more)\n", all);
	table_done(&table);
}

static void append_groups(const struct status *status, struct str *str)
{
	size_t i;

	for (i = 0; i < status->group_pairs.count; i++) {
		const struct status_pair *pair = &status->group_pairs.pairs[i];

		if (pair->a == pair->b)
			continue;
		str_append(str, "across groups: ");
		status_append_name(str, status->groups[pair->a]);
		str_append(str, " and ");
		status_append_name(str, status->groups[pair->b]);
		str_append(str, " have ");
		status_append_bytes(str, pair->common_bytes);
		str_append(str, " in common\n");
	}
}

void status_append_text(const struct status *status, const bool *wanted, size_t pairs_most,
			size_t width, struct str *str)
{
	append_host(&status->host, str);
	append_frames(status, str);
	append_vms(status, wanted, width, str);
	append_pairs(status, wanted, pairs_most, width, str);
	append_groups(status, str);
}
