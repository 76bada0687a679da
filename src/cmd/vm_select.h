/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMs as a user names them: by name, uuid, pid, or id (PID-STARTTICKS-ORDINAL). */
#ifndef CMD_VM_SELECT_H
#define CMD_VM_SELECT_H

#include <stdbool.h>

struct error;
struct snapshot;
struct vm;

/* Whether one of the words means this VM; every VM where there are no words. */
bool vm_is_selected(const struct vm *vm, char *const *words);
/* -ENOENT and a sentence with the first word that means no VM of the snapshot. */
int vm_select_check(const struct snapshot *snapshot, char *const *words, struct error *err);

#endif
