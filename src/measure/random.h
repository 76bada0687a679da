/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers that look random and are the same again for the same seed, on every machine:
 * xoshiro256** by Blackman and Vigna, its state filled by splitmix64. Not for secrets.
 */
#ifndef MEASURE_RANDOM_H
#define MEASURE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct measure_random {
	uint64_t state[4];
};

void measure_random_init(struct measure_random *random, uint64_t seed);
/* Another stream of the same seed: what is drawn from one does not depend on the others. */
void measure_random_init_stream(struct measure_random *random, uint64_t seed, uint64_t stream);

uint64_t measure_random_u64(struct measure_random *random);
/* From 0 to below - 1, each as likely as the others; below is not 0. */
uint64_t measure_random_below(struct measure_random *random, uint64_t below);
double measure_random_unit(struct measure_random *random); /* 0 <= x < 1 */
double measure_random_normal(struct measure_random *random);
/* Every order as likely as the others. */
void measure_random_shuffle(struct measure_random *random, size_t *items, size_t count);

#endif
