/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be shown of a VM in a column, for `list` and `top` alike: one table. A cell is safe
 * to print; what is absent is "-" and sorts last, whichever way the order is.
 */
#ifndef REPORT_VM_COLUMN_H
#define REPORT_VM_COLUMN_H

#include "report/hurt.h"
#include "report/rates.h"
#include "report/vm_told.h"

#include <stdbool.h>
#include <stddef.h>

struct str;

enum column_kind {
	COLUMN_NAME,
	COLUMN_ID,
	COLUMN_PID,
	COLUMN_VCPUS,
	COLUMN_CPU,          /* user + system of the whole process */
	COLUMN_CPU_TIME,
	COLUMN_HURT,
	COLUMN_LAST,         /* what truced adjusted last, */
	COLUMN_REASON,       /* and why */
	COLUMN_TEXT,         /* the rest shows `figure`: a text of the VM, */
	COLUMN_NUMBER,       /* a gauge as it is, */
	COLUMN_BYTES,
	COLUMN_TIME,         /* a counter of usec since birth, */
	COLUMN_SHARE,        /* permyriad as percent, */
	COLUMN_PERCENT,      /* growth of a counter in usec, as percent of the time, */
	COLUMN_BYTE_RATE,    /* growth a second */
	COLUMN_COUNT_RATE,
};

struct vm_column {
	const char *name;    /* as in --sort and --columns */
	const char *heading;
	unsigned width;      /* enough for what is usual */
	enum column_kind kind;
	unsigned figure;
	const char *help;
};

/* A VM ready to be put into columns. */
struct vm_row {
	struct vm_sight sight;
	struct hurt hurt;
	const struct vm_told *told; /* NULL: no truced tells */
};

/* Ended by one without a name. */
extern const struct vm_column vm_columns[];

/* By name or by heading, in any case: "wait" or "WAIT%". */
const struct vm_column *vm_column_find(const char *name);
/* Texts stand left and sort from A; numbers stand right and sort from the largest. */
bool vm_column_is_text(const struct vm_column *column);
void vm_column_append(const struct vm_column *column, const struct vm_row *row, struct str *str);
/* Which group its figure is of: some are read only on a declared need. */
enum figure_group vm_column_group(const struct vm_column *column);
/* The figure that the column shows was there and may not be read. */
bool vm_column_is_refused(const struct vm_column *column, const struct vm *vm);

/* "PID-STARTTICKS-ORDINAL" */
void vm_append_id(const struct vm_identity *identity, struct str *str);
/* The name, else "pid N"; safe. */
void vm_append_name(const struct vm *vm, struct str *str);

/* One row a VM of rates->now, in its order; `ret` has room for all. */
void vm_rows_fill(const struct rates *rates, struct vm_row *ret);
/* Rows in the column's order, `reversed` on request; equal ones by identity. */
void vm_rows_sort(struct vm_row *rows, size_t count, const struct vm_column *column,
		  bool reversed);
/* By name ("a2" before "a10", letters before case). */
int vm_name_compare(const char *a, const char *b);

#endif
