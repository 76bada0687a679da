/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/ksm_estimate.h"
#include "cmd/terminal.h"
#include "report/table.h"
#include "report/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- cells ------------------------------------------------------------------------------------------ */

static void add_name(struct table *table, const char *name)
{
	struct str cell;

	str_init(&cell);
	text_append_safe(&cell, name[0] != '\0' ? name : "-", name[0] != '\0' ? strlen(name) : 1);
	table_add(table, &cell);
}

static void add_bytes(struct table *table, double bytes)
{
	struct str cell;

	str_init(&cell);
	units_append_bytes(&cell, bytes);
	table_add(table, &cell);
}

static void add_count(struct table *table, size_t count)
{
	struct str cell;

	str_init(&cell);
	str_appendf(&cell, "%zu", count);
	table_add(table, &cell);
}

static void append_table(struct table *table, struct str *text)
{
	text->failed |= !table_append(table, terminal_is_output() ? terminal_width() : 0, true, text);
	table_done(table);
}

/* -- VMs -------------------------------------------------------------------------------------------- */

static void append_vms(const struct estimate *estimate, struct str *text)
{
	static const struct table_column columns[] = {
		{ "VM", true, true },	    { "MEMORY", false, false }, { "ZERO", false, false },
		{ "CHANGING", false, false }, { "SHARED", false, false }, { "ALONE", false, false },
		{ "FREES", false, false },    { "GROUP", true, true },
	};
	bool by_content = estimate->positions_ppm == 0;
	struct table table;
	size_t i;

	table_init(&table, columns, ARRAY_SIZE(columns) - (estimate->group_count == 0));
	for (i = 0; i < estimate->vm_count; i++) {
		const struct estimate_figures *alone = &estimate->alone[i];
		const struct merging_vm *vm = by_content ? &estimate->merging.vms[i] : NULL;

		add_name(&table, estimate->prints.vms[i].name);
		add_bytes(&table, alone->memory);
		add_bytes(&table, alone->zero);
		add_bytes(&table, alone->changing);
		add_bytes(&table, vm != NULL ? vm->merged * PRINTS_PAGE_SIZE : NAN);
		add_bytes(&table, vm != NULL ? alone->saved : NAN);
		add_bytes(&table, vm != NULL ? vm->freed * PRINTS_PAGE_SIZE : NAN);
		if (estimate->group_count > 0)
			add_name(&table, estimate->prints.vms[i].group);
	}
	append_table(&table, text);
}

/* -- the whole -------------------------------------------------------------------------------------- */

static void append_saving(const struct estimate_figures *figures, struct str *text)
{
	units_append_bytes(text, figures->saved);
	str_append(text, " of ");
	units_append_bytes(text, figures->memory);
	if (figures->memory > 0)
		str_appendf(text, " (%.1f %%)", figures->saved * 100 / figures->memory);
}

static void append_between(const struct estimate_figures *figures, struct str *text)
{
	str_append(text, "between ");
	units_append_bytes(text, figures->saved_least);
	str_append(text, " and ");
	units_append_bytes(text, figures->saved_most);
}

/* Of positions the bounds are what is known; a number between them would promise too much. */
static void append_would_save(const struct estimate *estimate, const struct estimate_figures *figures,
			      struct str *text)
{
	if (estimate->positions_ppm != 0) {
		append_between(figures, text);
		str_append(text, " of ");
		units_append_bytes(text, figures->memory);
		return;
	}
	append_saving(figures, text);
	if (estimate->modulo > 1) {
		str_append(text, ", ");
		append_between(figures, text);
	}
}

static void append_sample(const struct estimate *estimate, struct str *text)
{
	if (estimate->positions_ppm != 0)
		str_appendf(text, ": %g %% of the positions were read", estimate->positions_ppm / 1e4);
	else if (estimate->modulo > 1)
		str_appendf(text, ": every %lluth content was counted",
			    (unsigned long long)estimate->modulo);
}

static void append_costs(const struct estimate_figures *figures, struct str *text)
{
	str_append(text, "Its book-keeping takes ");
	units_append_bytes(text, figures->items);
	str_append(text, figures->profit < 0 ? ", more than that: a loss of " : ", which leaves ");
	units_append_bytes(text, fabs(figures->profit));
	str_append(text, ". Were every merged page written to, ");
	units_append_bytes(text, figures->unmerge);
	str_append(text, " would have to be found.\n");
}

static void append_all(const struct estimate *estimate, struct str *text)
{
	str_append(text, "\nKSM would save ");
	append_would_save(estimate, &estimate->all, text);
	append_sample(estimate, text);
	str_append(text, ".\n");
	if (estimate->positions_ppm == 0)
		append_costs(&estimate->all, text);
}

/* -- pairs ------------------------------------------------------------------------------------------ */

struct pair {
	size_t a, b;
	double saved;
};

static int by_saved(const void *a, const void *b)
{
	double one = ((const struct pair *)a)->saved, other = ((const struct pair *)b)->saved;

	return (one < other) - (one > other);
}

static size_t find_pairs(const struct estimate *estimate, struct pair *ret)
{
	const struct merging *merging = &estimate->merging;
	size_t a, b, count = 0;

	for (a = 0; a < estimate->vm_count; a++)
		for (b = a + 1; b < estimate->vm_count; b++) {
			double saved = merging->pairs[a * merging->vm_count + b];

			if (saved >= 1)
				ret[count++] = (struct pair){ a, b, saved };
		}
	if (count > 1)
		qsort(ret, count, sizeof *ret, by_saved);
	return count;
}

static void append_pairs(const struct estimate *estimate, struct str *text)
{
	static const struct table_column columns[] = {
		{ "PAIR", true, true }, { "WITH", true, true }, { "SAVES", false, false },
	};
	size_t count, shown, i, vms = estimate->vm_count;
	struct pair *pairs;
	struct table table;

	if (estimate->positions_ppm != 0 || vms < 2 || estimate->settings->pairs == 0)
		return;
	pairs = calloc(vms * (vms - 1) / 2, sizeof *pairs);
	if (pairs == NULL) {
		text->failed = true;
		return;
	}
	count = find_pairs(estimate, pairs);
	shown = count < estimate->settings->pairs ? count : (size_t)estimate->settings->pairs;
	table_init(&table, columns, ARRAY_SIZE(columns));
	for (i = 0; i < shown; i++) {
		add_name(&table, estimate->prints.vms[pairs[i].a].name);
		add_name(&table, estimate->prints.vms[pairs[i].b].name);
		add_bytes(&table, pairs[i].saved * PRINTS_PAGE_SIZE);
	}
	free(pairs);
	if (count > 0)
		str_append_char(text, '\n');
	if (count > 0)
		append_table(&table, text);
	else
		table_done(&table);
	if (count > shown)
		str_appendf(text, "and %zu pairs more; --json has all\n", count - shown);
}

/* -- groups, and what if ---------------------------------------------------------------------------- */

static void append_groups(const struct estimate *estimate, struct str *text)
{
	static const struct table_column columns[] = {
		{ "GROUP", true, true }, { "VMS", false, false }, { "MEMORY", false, false },
		{ "SAVES", false, false },
	};
	bool by_content = estimate->positions_ppm == 0;
	struct table table;
	double within = 0;
	size_t i;

	if (estimate->group_count == 0)
		return;
	table_init(&table, columns, ARRAY_SIZE(columns));
	for (i = 0; i < estimate->group_count; i++) {
		const struct estimate_group *group = &estimate->groups[i];

		add_name(&table, group->name);
		add_count(&table, group->vm_count);
		add_bytes(&table, group->figures.memory);
		add_bytes(&table, by_content ? group->figures.saved : NAN);
		within += group->figures.saved;
	}
	str_append_char(text, '\n');
	append_table(&table, text);
	if (!by_content)
		return;
	str_append(text, "Within the groups ");
	units_append_bytes(text, within);
	str_append(text, " would be saved; KSM, which knows no groups, saves ");
	units_append_bytes(text, estimate->all.saved);
	str_append(text, ".\n");
}

static void append_what_if(const struct estimate *estimate, struct str *text)
{
	const struct option_list *words = &estimate->settings->what_if;
	double more = estimate->what_if.saved - estimate->all.saved;
	size_t i;

	if (words->count == 0)
		return;
	str_append(text, "\nWith");
	for (i = 0; i < words->count; i++) {
		str_append_char(text, ' ');
		text_append_safe(text, words->values[i], strlen(words->values[i]));
	}
	str_append(text, " it would save ");
	append_would_save(estimate, &estimate->what_if, text);
	if (estimate->positions_ppm == 0) {
		str_append(text, more < 0 ? ": less by " : ": more by ");
		units_append_bytes(text, fabs(more));
	}
	str_append(text, ".\n");
}

void estimate_append_text(const struct estimate *estimate, struct str *text)
{
	append_vms(estimate, text);
	append_all(estimate, text);
	append_pairs(estimate, text);
	append_groups(estimate, text);
	append_what_if(estimate, text);
}
