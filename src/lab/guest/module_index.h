/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index of a kernel's modules: modules.dep ("PATH: PATH PATH ...", each with all that it
 * stands on) and modules.builtin ("PATH" a line). Pure; spans point into the bytes that were
 * given. In a module's name - and _ are the same.
 */
#ifndef LAB_GUEST_MODULE_INDEX_H
#define LAB_GUEST_MODULE_INDEX_H

#include "base/cursor.h"

#include <stdbool.h>

struct module_index {
	struct cursor dependencies; /* modules.dep */
	struct cursor builtin;	    /* modules.builtin */
};

bool module_is_builtin(const struct module_index *index, const char *name);

/* Called with each path once it is its turn to be loaded: what it stands on was there before.
 * What it returns, where not 0, ends the walk. */
typedef int module_function(struct cursor path, void *context);

/* The module and what it stands on, in loading order. -ENOENT: the index does not have it. */
int module_walk(const struct module_index *index, const char *name, module_function *function,
		void *context);

#endif
