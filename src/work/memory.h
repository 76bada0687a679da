/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of a lane's own, and whether there is enough of it. */
#ifndef WORK_MEMORY_H
#define WORK_MEMORY_H

#include <stdint.h>

struct error;

#define LINE_BYTES 64u /* what processors move between caches */

/* -ENOMEM with both numbers when the kernel says that less is free. */
int memory_check_room(uint64_t bytes, struct error *err);
/* Not touched yet. */
int memory_map(uint64_t bytes, void **ret_memory, struct error *err);

#endif
