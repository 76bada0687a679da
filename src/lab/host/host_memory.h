/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory that there is for VMs, for ability.h. */
#ifndef LAB_HOST_HOST_MEMORY_H
#define LAB_HOST_HOST_MEMORY_H

#include <stdint.h>

int host_memory_read(uint64_t *ret_total_bytes, uint64_t *ret_available_bytes);

#endif
