/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One VM of this host by the word that a user has for it: name, uuid, pid or id; "host" is the
 * machine. A look at the host: for when no truced runs that could tell. */
#ifndef CMD_VM_WORD_H
#define CMD_VM_WORD_H

#include "model/vm.h"

struct error;
struct snapshot;

struct vm_word {
	struct vm_identity identity; /* pid 0: the host */
	char id[VM_ID_SIZE];         /* "host" for the host */
	char name[64];
};

/* -ENOENT with a suggestion; -EBUSY where several VMs are called that. */
int vm_word_find_in(const struct snapshot *snapshot, const char *word, struct vm_word *ret,
		    struct error *err);
int vm_word_find(const char *word, struct vm_word *ret, struct error *err);

#endif
