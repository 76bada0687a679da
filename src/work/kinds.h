/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The workloads, each in the file of its name. */
#ifndef WORK_KINDS_H
#define WORK_KINDS_H

#include "work/workload.h"

extern const struct workload cpu_integer_workload, cpu_float_workload, cpu_prime_workload;
extern const struct workload memory_write_workload, memory_read_workload, memory_hold_workload;

#endif
