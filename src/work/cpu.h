/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arithmetic that has known answers, in units that take a few microseconds of a real
 * machine. The compiler does not see which unit it is, so it computes each.
 */
#ifndef WORK_CPU_H
#define WORK_CPU_H

#include <stdbool.h>
#include <stdint.h>

struct lane;

#define CPU_UNITS 16u

/* Once, before the others. */
void cpu_integer_prepare(void);
uint64_t cpu_integer_unit(uint64_t unit);
bool cpu_integer_is_right(uint64_t unit);

bool cpu_float_is_right(uint64_t unit);

/* How many of the numbers from 2 to `limit` are prime, by a sieve: other than the workload does
 * it. 0 where memory is out. */
uint64_t cpu_primes_sieved(uint64_t limit);
bool cpu_is_prime(uint64_t number);

/* One unit after the other; a wrong answer is an error, not an operation. */
void cpu_units_run(struct lane *lane, bool (*is_right)(uint64_t unit));

#endif
