/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a status is told to people: numbers that may be absent, names that may be hostile. */
#ifndef KSM_STATUS_CELLS_H
#define KSM_STATUS_CELLS_H

#include "ksm/status.h"

struct table;

/* "-" where absent; below 0 with its sign. */
void status_append_bytes(struct str *str, int64_t bytes);
void status_append_count(struct str *str, int64_t number);
void status_append_name(struct str *str, const char *text);
void status_append_running(const struct ksm *ksm, struct str *str);

/* The next cell of a table. Pages are shown as bytes. */
void status_cell_bytes(struct table *table, int64_t bytes);
void status_cell_pages(struct table *table, int64_t pages);
void status_cell_text(struct table *table, const char *text);

/* The name, else its id: two VMs may have one name, and some have none. */
const char *status_vm_name(const struct status_vm *vm);
/* Kernels before 6.1 do not say what is merged of a process; frames do, where they were looked at. */
int64_t status_vm_merged(const struct status_vm *vm);

#endif
