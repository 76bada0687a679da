/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/snapshot_fill.h"

#include "model/snapshot_objects.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The table whose rows are objects of that kind; NULL where the stream has none. */
static struct table *fill_table(struct tables *tables, enum object_kind kind)
{
	const struct object_shape *shape = object_shape(kind);
	struct table *table = tables_find(tables, shape->info->name);
	struct table *above;

	if (table == NULL || table->key_count != shape->key_count || table->named != shape->named)
		return NULL;
	if (shape->parent < 0)
		return table->parent < 0 ? table : NULL;
	above = fill_table(tables, (enum object_kind)shape->parent);
	return above != NULL && table->parent == above - tables->table ? table : NULL;
}

static bool vm_identity_from_row(const struct row *row, struct vm_identity *ret)
{
	if (row->key[0] < 0 || row->key[0] > INT_MAX || row->key[1] < 0 || row->key[2] < 0 ||
	    row->key[2] > UINT32_MAX)
		return false;
	ret->pid = (pid_t)row->key[0];
	ret->start_ticks = (uint64_t)row->key[1];
	ret->ordinal = (uint32_t)row->key[2];
	return true;
}

/* Both are sorted the same way, so VMs that stay keep their memory. */
static bool fill_vms(struct snapshot *snapshot, const struct table *table)
{
	size_t i;

	for (i = 0; i < table->row_count; i++) {
		struct vm_identity identity;

		if (!vm_identity_from_row(table->rows[i], &identity))
			return false;
		while (i < snapshot->vm_count &&
		       vm_identity_compare(&snapshot->vms[i]->identity, &identity) < 0)
			snapshot_remove_vm(snapshot, &snapshot->vms[i]->identity);
		if (snapshot_add_vm(snapshot, &identity) == NULL)
			return false;
	}
	while (snapshot->vm_count > table->row_count)
		vm_free(snapshot->vms[--snapshot->vm_count]);
	return true;
}

/* Threads of roles that this program does not know are left out: they sort last. */
static bool row_is_known_thread(const struct row *row)
{
	return row->key[0] >= 0 && row->key[0] < ROLE_COUNT && row->key[1] >= INT_MIN &&
	       row->key[1] <= INT_MAX && row->key[2] >= 0 && row->key[2] <= INT_MAX;
}

static bool fill_threads_of(struct vm *vm, const struct table *table, size_t *at, size_t parent)
{
	size_t begin = *at, count = 0, i;

	while (*at < table->row_count && table->rows[*at]->parent == parent) {
		if (row_is_known_thread(table->rows[*at]))
			count++;
		else if (table->rows[*at]->key[0] < ROLE_COUNT)
			return false;
		(*at)++;
	}
	if (!vm_resize_threads(vm, count))
		return false;
	vm->vcpu_count = 0;
	for (i = 0; i < count; i++) {
		const struct row *row = table->rows[begin + i];

		vm->threads[i].role = (enum thread_role)row->key[0];
		vm->threads[i].index = (int)row->key[1];
		vm->threads[i].tid = (pid_t)row->key[2];
		vm->vcpu_count += row->key[0] == ROLE_VCPU;
	}
	return true;
}

static bool fill_threads(struct snapshot *snapshot, const struct table *table)
{
	size_t i, at = 0;

	for (i = 0; i < snapshot->vm_count; i++)
		if (!fill_threads_of(snapshot->vms[i], table, &at, i))
			return false;
	return true;
}

static bool fill_named(struct snapshot *snapshot, const struct table *table,
		       enum object_kind kind)
{
	size_t i;

	for (i = 0; i < table->row_count; i++) {
		const char *name = table->rows[i]->name;

		if (strlen(name) >= sizeof snapshot->disks->name ||
		    (kind == OBJECT_DISK ? (void *)snapshot_disk(snapshot, name) :
					   (void *)snapshot_nic(snapshot, name)) == NULL)
			return false;
	}
	return true;
}

static bool fill_cpus(struct snapshot *snapshot, const struct table *table)
{
	size_t i;

	for (i = 0; i < table->row_count; i++)
		if (table->rows[i]->key[0] < 0 || table->rows[i]->key[0] > INT_MAX ||
		    snapshot_cpu(snapshot, (int)table->rows[i]->key[0]) == NULL)
			return false;
	return true;
}

/* Makes the snapshot's list of that kind the table's. */
static bool fill_list(struct snapshot *snapshot, const struct table *table, enum object_kind kind)
{
	switch (kind) {
	case OBJECT_VM:
		return fill_vms(snapshot, table);
	case OBJECT_THREAD:
		return fill_threads(snapshot, table);
	case OBJECT_CPU:
		snapshot_clear_cpus(snapshot);
		return fill_cpus(snapshot, table);
	case OBJECT_DISK:
		snapshot_clear_disks(snapshot);
		return fill_named(snapshot, table, kind);
	case OBJECT_NIC:
		snapshot_clear_nics(snapshot);
		return fill_named(snapshot, table, kind);
	default:
		return true;
	}
}

static void fill_figure(struct object_view view, const struct column *column,
			const struct cell *cell)
{
	bool known = cell->state < FIGURE_STATE_COUNT;

	view.state[column->figure] = known ? cell->state : (uint8_t)FIGURE_UNSUPPORTED;
	view.value[column->figure] = cell->state == FIGURE_PRESENT ? cell->value : 0;
}

static bool fill_texts(struct object_view view, const struct table *table, const struct row *row)
{
	size_t i;

	for (i = 0; i < table->text_count; i++) {
		int own = table->text_own[i];

		if (own < 0)
			continue;
		if (row->text[i] == NULL) {
			free(view.text[own]);
			view.text[own] = NULL;
		} else if (!text_set(&view.text[own], row->text[i], strlen(row->text[i]))) {
			return false;
		}
	}
	return true;
}

static void fill_extras(struct snapshot *snapshot, const struct table *table,
			enum object_kind kind, size_t at)
{
	size_t i;

	for (i = 0; i < table->column_count; i++)
		if (table->columns[i].extra >= 0)
			object_set_extra(snapshot, kind, at, (unsigned)table->columns[i].extra,
					 table->rows[at]->cell[i].value);
}

/* One kind of object: all of it after its list changed, else only what the frame changed. */
static bool fill_objects(struct snapshot *snapshot, const struct tables *tables,
			 const struct table *table, enum object_kind kind, bool all)
{
	struct object_walk walk = object_walk_over(snapshot, kind);
	struct object_item item;
	size_t at = 0, i;

	while (object_walk_next(&walk, &item)) {
		const struct row *row;

		while (at < table->row_count && kind == OBJECT_THREAD &&
		       !row_is_known_thread(table->rows[at]))
			at++;
		row = table->rows[at];
		for (i = 0; i < table->column_count; i++)
			if (table->columns[i].figure >= 0 &&
			    (all || table->columns[i].changed_frame == tables->frame))
				fill_figure(item.view, &table->columns[i], &row->cell[i]);
		if ((all || table->texts_changed) && !fill_texts(item.view, table, row))
			return false;
		fill_extras(snapshot, table, kind, at++);
	}
	return true;
}

bool snapshot_fill(struct snapshot *snapshot, struct tables *tables)
{
	bool all = tables->frame == 1;
	unsigned kind;

	for (kind = 0; kind < OBJECT_KIND_COUNT; kind++) {
		const struct table *table = fill_table(tables, (enum object_kind)kind);

		if (table == NULL)
			continue;
		all |= table->list_changed;
		if (all && !fill_list(snapshot, table, (enum object_kind)kind))
			return false;
		if (!fill_objects(snapshot, tables, table, (enum object_kind)kind, all))
			return false;
	}
	return true;
}
