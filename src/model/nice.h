/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's scale of nice. Nice 0 is a relative weight of 10000. */
#ifndef MODEL_NICE_H
#define MODEL_NICE_H

#include <stdint.h>

enum { NICE_LOWEST = -20, NICE_HIGHEST = 19 };

/* The weight of a nice value in the kernel's units, 1024 at 0; nice is held in its range. */
int64_t nice_weight(int nice);
int64_t weight_relative_of_nice(int nice); /* permyriad */
/* The nearest weight of the scale, as the kernel reads cpu.weight.nice. */
int nice_of_weight_relative(int64_t relative_permyriad);

#endif
