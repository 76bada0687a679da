/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce list: the VMs, and what happens to them now. Two looks a moment apart. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/suggest.h"
#include "cmd/list_json.h"
#include "cmd/need.h"
#include "cmd/source.h"
#include "cmd/terminal.h"
#include "cmd/told.h"
#include "cmd/verb.h"
#include "cmd/vm_select.h"
#include "cmd/warnings.h"
#include "report/table.h"
#include "report/top_header.h"
#include "report/vm_column.h"

#include <errno.h>
#include <string.h>

#define COLUMNS_MOST 64
#define TOLD_USEC 200000 /* truced has had the time between the looks as well */

struct list_settings {
	bool json, no_header;
	uint64_t over_usec;
	const char *sort, *columns, *with, *root;
};

/* The columns of one run, resolved before anything is read. */
struct list {
	const struct verb *verb;
	const struct list_settings *settings;
	char *const *names;
	const struct vm_column *columns[COLUMNS_MOST];
	size_t column_count;
	const struct vm_column *sort;
	struct rates rates;
	struct vm_row *rows;
	size_t row_count;
	struct source_spec spec;
	struct told *told; /* NULL: a captured host, or no truced */
	bool partly;
};

static int unknown_column(const char *name, struct error *err)
{
	const struct vm_column *column;
	struct suggest suggest;

	suggest_init(&suggest, name);
	for (column = vm_columns; column->name != NULL; column++)
		suggest_offer(&suggest, column->name);
	if (suggest.nearest != NULL)
		return error_set(err, -EINVAL, "there is no column \"%.40s\"; did you mean %s?", name,
				 suggest.nearest);
	return error_set(err, -EINVAL, "there is no column \"%.40s\"; truce list --help names them",
			 name);
}

static int add_column(struct list *list, const char *name, struct error *err)
{
	const struct vm_column *column = vm_column_find(name);

	if (column == NULL)
		return unknown_column(name, err);
	if (list->column_count == COLUMNS_MOST)
		return error_set(err, -E2BIG, "more than %d columns", COLUMNS_MOST);
	list->columns[list->column_count++] = column;
	list->spec.with_maps |= vm_column_group(column) == GROUP_MAPS;
	list->spec.with_owner |= vm_column_group(column) == GROUP_OWNER;
	return 0;
}

/* "name,cpu,wait" */
static int add_columns(struct list *list, const char *names, struct error *err)
{
	CLEANUP_FREE char *copy = strdup(names);
	char *rest = copy, *name;
	int r = copy != NULL ? 0 : -ENOMEM;

	while (r == 0 && (name = strsep(&rest, ",")) != NULL)
		r = add_column(list, name, err);
	return r;
}

/* Without a second look there are no rates, so what has been summed up since birth is shown. */
static int choose_columns(struct list *list, bool rates, struct error *err)
{
	const char *names = rates ? "name,pid,vmm,accel,vcpus,cpu,wait,throttled,rss,hurt"
				  : "name,pid,vmm,accel,vcpus,time,waited,held,rss,swap";

	if (rates && list->told != NULL)
		names = "name,class,pid,vmm,accel,vcpus,cpu,wait,throttled,rss,hurt";
	if (list->settings->columns != NULL)
		names = list->settings->columns;
	list->sort = vm_column_find(list->settings->sort != NULL ? list->settings->sort : "name");
	if (list->sort == NULL)
		return unknown_column(list->settings->sort, err);
	return add_columns(list, names, err);
}

static int look(struct list *list, struct source *source, struct error *err)
{
	const struct snapshot *snapshot;
	int r = source_next(source, &snapshot, err);

	if (r == 0)
		return error_set(err, -EINTR, "interrupted");
	if (r < 0)
		return r;
	if (rates_advance(&list->rates, snapshot) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	return 0;
}

static int choose_rows(struct list *list, struct error *err)
{
	size_t i;

	list->rows = calloc(list->rates.now.vm_count + 1, sizeof *list->rows);
	if (list->rows == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	vm_rows_fill(&list->rates, list->rows);
	for (i = 0; list->told != NULL && i < list->rates.now.vm_count; i++)
		list->rows[i].told = vms_told_find(told_vms(list->told),
						   &list->rows[i].sight.now->identity);
	for (i = 0; i < list->rates.now.vm_count; i++)
		if (vm_is_selected(list->rows[i].sight.now, list->names))
			list->rows[list->row_count++] = list->rows[i];
	vm_rows_sort(list->rows, list->row_count, list->sort, false);
	return 0;
}

static void fill_table(struct list *list, struct table *table)
{
	struct str cell;
	size_t row, i;

	for (row = 0; row < list->row_count; row++) {
		for (i = 0; i < list->column_count; i++) {
			str_init(&cell);
			vm_column_append(list->columns[i], &list->rows[row], &cell);
			table_add(table, &cell);
		}
	}
}

static void append_table(struct list *list, struct str *text)
{
	struct table_column columns[COLUMNS_MOST];
	size_t width = terminal_is_output() ? terminal_width() : 0, i;
	struct table table;

	for (i = 0; i < list->column_count; i++)
		columns[i] = (struct table_column){
			.heading = list->columns[i]->heading,
			.left = vm_column_is_text(list->columns[i]) ||
				list->columns[i]->kind == COLUMN_HURT,
			.bends = vm_column_is_text(list->columns[i]) &&
				 list->columns[i]->kind != COLUMN_ID,
		};
	table_init(&table, columns, list->column_count);
	fill_table(list, &table);
	text->failed |= !table_append(&table, width, !list->settings->no_header, text);
	table_done(&table);
	if (terminal_is_output() && !list->settings->no_header) {
		str_append_char(text, '\n');
		host_summary_append(&list->rates, text);
	}
}

/* One sentence for all that was refused in what is shown. */
static void tell_refused(struct list *list)
{
	size_t row, i, vms = 0;

	for (row = 0; row < list->row_count; row++) {
		for (i = 0; i < list->column_count; i++)
			if (vm_column_is_refused(list->columns[i], list->rows[row].sight.now))
				break;
		vms += i < list->column_count;
	}
	if (vms == 0 || list->partly)
		return;
	verb_warn(list->verb, "some figures of %zu VM%s may not be read by this user; root may", vms,
		  vms == 1 ? "" : "s");
	list->partly = true;
}

static int print(struct list *list)
{
	struct str text;
	int r;

	str_init(&text);
	if (list->settings->json)
		list_json_append(&list->rates, list->rows, list->row_count, &text);
	else
		append_table(list, &text);
	r = verb_print(list->verb, &text);
	str_done(&text);
	return r;
}

static int observe(struct list *list, struct error *err)
{
	struct source *source;
	int r = source_open(&list->spec, &source, err);

	if (r < 0)
		return r;
	r = look(list, source, err);
	if (r == 0 && source_is_live(source) && list->settings->over_usec > 0)
		r = look(list, source, err);
	list->partly |= warnings_tell(list->verb, source);
	source_close(source);
	if (list->told != NULL) {
		told_take(list->told, TOLD_USEC);
		told_fill(list->told, &list->rates.now);
	}
	return r;
}

/* What truced knows is asked before the looks, so that it is there behind them. */
static void ask_truced(struct list *list)
{
	if (list->settings->root != NULL)
		return;
	list->told = told_new();
	if (list->told == NULL || told_ask(list->told))
		return;
	told_free(list->told);
	list->told = NULL;
}

static int list_all(struct list *list)
{
	struct error err = { 0 };
	int r;

	if (observe(list, &err) < 0 || choose_rows(list, &err) < 0)
		return verb_fail(list->verb, &err);
	r = print(list);
	tell_refused(list);
	if (r == VERB_FINE && vm_select_check(&list->rates.now, list->names, &err) < 0)
		return verb_fail(list->verb, &err);
	return r == VERB_FINE && list->partly ? VERB_PARTLY : r;
}

static int list_run(const struct verb *verb, const void *settings, char **operands)
{
	struct list list = { .verb = verb, .settings = settings, .names = operands };
	bool rates = list.settings->over_usec > 0 && list.settings->root == NULL;
	struct error err = { 0 };
	int r;

	list.spec.root = list.settings->root;
	list.spec.interval_usec = list.settings->over_usec;
	list.spec.once = true;
	ask_truced(&list);
	rates_init(&list.rates);
	if (need_parse(list.settings->with, &list.spec, &err) < 0 ||
	    choose_columns(&list, rates, &err) < 0)
		r = verb_misuse(verb, "%s", err.text);
	else
		r = list_all(&list);
	rates_done(&list.rates);
	told_free(list.told);
	free(list.rows);
	return r;
}

static void append_columns(struct str *text)
{
	const struct vm_column *column;

	str_append(text, "\nThe columns, each known by its name and by its heading:\n\n");
	for (column = vm_columns; column->name != NULL; column++)
		str_appendf(text, "  %-10s %-9s %s\n", column->name, column->heading, column->help);
}

static const struct list_settings list_defaults = { .over_usec = 200000 };

static const struct option_info list_options[] = {
	OPTION_JSON(struct list_settings, json),
	OPTION_DURATION(struct list_settings, over_usec, 0, "over", "TIME",
			"between the two looks (200ms); 0: one look, no rates"),
	OPTION_TEXT(struct list_settings, sort, 's', "sort", "COLUMN", "sort by this column of those below (name)"),
	OPTION_TEXT(struct list_settings, columns, 'o', "columns", "A,B,C",
		    "show these columns of those below"),
	OPTION_WITH(struct list_settings, with),
	OPTION_FLAG(struct list_settings, no_header, 0, "no-header", "no headings, no summary"),
	OPTION_ROOT(struct list_settings, root),
	OPTIONS_END,
};

const struct verb list_verb = {
	.name = "list",
	.operands = "[NAME...]",
	.most_operands = OPERANDS_ANY,
	.summary = "the VMs of this host, and what hurts each of them now",
	.notes = "NAME is a VM's name, uuid, pid or id.\n"
		 "\n"
		 "CPU% is the CPU used (100: one CPU); WAIT% the time that its vCPUs wanted a CPU which\n"
		 "others had; THR% the time that its own quota held it back; HURT the worst of waiting,\n"
		 "quota, memory and io pressure, swap, as percent of the time. A - is a figure that the\n"
		 "kernel does not tell. On a captured host nothing happens now, so TIME, WAITED and HELD\n"
		 "are shown: the sums since the VM's birth. Where truced runs, it tells the class.",
	.append_notes = append_columns,
	.options = list_options,
	.settings_size = sizeof(struct list_settings),
	.defaults = &list_defaults,
	.run = list_run,
};
