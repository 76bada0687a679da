/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/status_cells.h"

#include "base/str.h"
#include "base/text.h"
#include "report/table.h"
#include "report/units.h"

#include <math.h>
#include <string.h>

enum { PAGE_SIZE = 4096 };

static double or_nan(int64_t number)
{
	return field_present(number) ? (double)number : NAN;
}

void status_append_bytes(struct str *str, int64_t bytes)
{
	if (field_present(bytes) && bytes < 0) {
		str_append_char(str, '-');
		bytes = -bytes;
	}
	units_append_bytes(str, or_nan(bytes));
}

void status_append_count(struct str *str, int64_t number)
{
	units_append_count(str, or_nan(number));
}

void status_append_name(struct str *str, const char *text)
{
	if (text != NULL)
		text_append_safe(str, text, strlen(text));
	else
		str_append_char(str, '-');
}

static void append_settings(const struct ksm *ksm, struct str *str)
{
	if (field_present(ksm->smart_scan))
		str_appendf(str, "; smart scan %s", ksm->smart_scan != 0 ? "on" : "off");
	if (ksm->advisor[0] != '\0') {
		str_append(str, "; advisor ");
		status_append_name(str, ksm->advisor);
	}
	if (field_present(ksm->use_zero_pages))
		str_appendf(str, "; zero pages %s", ksm->use_zero_pages != 0 ?
			    "go to the kernel's own" : "merge like others");
	if (field_present(ksm->max_page_sharing))
		str_appendf(str, "; at most %lld pages a frame", (long long)ksm->max_page_sharing);
}

void status_append_running(const struct ksm *ksm, struct str *str)
{
	if (!field_present(ksm->run)) {
		str_append(str, "this kernel has no KSM, or does not tell of it\n");
		return;
	}
	str_append(str, ksm->run == 0 ? "KSM stands still, and what is merged stays merged" :
		   ksm->run == 1 ? "KSM merges" : "KSM has unmerged everything, and stands still");
	if (ksm->run == 1 && field_present(ksm->pages_to_scan) && field_present(ksm->sleep_millisecs))
		str_appendf(str, ": %lld pages every %lld ms", (long long)ksm->pages_to_scan,
			    (long long)ksm->sleep_millisecs);
	append_settings(ksm, str);
	str_append_char(str, '\n');
}

void status_cell_bytes(struct table *table, int64_t bytes)
{
	struct str cell;

	str_init(&cell);
	status_append_bytes(&cell, bytes);
	table_add(table, &cell);
}

void status_cell_pages(struct table *table, int64_t pages)
{
	status_cell_bytes(table, field_present(pages) ? field_times(pages, PAGE_SIZE) : pages);
}

void status_cell_text(struct table *table, const char *text)
{
	struct str cell;

	str_init(&cell);
	status_append_name(&cell, text);
	table_add(table, &cell);
}

const char *status_vm_name(const struct status_vm *vm)
{
	return vm->name != NULL ? vm->name : vm->id;
}

int64_t status_vm_merged(const struct status_vm *vm)
{
	return field_present(vm->merged_pages) ? vm->merged_pages : vm->looked_merged_pages;
}
