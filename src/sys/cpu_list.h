/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of CPUs as the kernel writes them: "0-3,8,10-11". Pure, nothing allocates. */
#ifndef SYS_CPU_LIST_H
#define SYS_CPU_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* No machine has CPUs beyond this; a list that names them is refused. */
#define CPU_LIST_LIMIT 65536

/* How many CPUs a list has; -EINVAL when it is no list. An empty list has none. */
int cpu_list_count(const char *bytes, size_t size);
/* Marks its CPUs in an array of `count` flags; -EINVAL when it is no list, -ERANGE when it names
 * one beyond the array. */
int cpu_list_mark(const char *bytes, size_t size, bool *ret_cpus, size_t count);

#endif
