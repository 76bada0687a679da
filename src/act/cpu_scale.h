/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Weights in the scales of the kernel: 100 of ours is cpu.weight 100 and cpu.shares 1024. */
#ifndef ACT_CPU_SCALE_H
#define ACT_CPU_SCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int64_t cpu_scale_shares(int64_t weight); /* at least 2, the kernel's least */
int64_t cpu_scale_weight(int64_t shares);
/* The nearest nice, and the weight that it is really worth. */
int cpu_scale_nice(int64_t weight);
int64_t cpu_scale_weight_of_nice(int nice);
int cpu_scale_nice_of_shares(int64_t shares);
/* A quota of so many permyriad of a CPU in a period, both in usec; FIELD_UNLIMITED stays. */
int64_t cpu_scale_quota(int64_t permyriad, int64_t period_usec);
int64_t cpu_scale_permyriad(int64_t quota_usec, int64_t period_usec);

#endif
