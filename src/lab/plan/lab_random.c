/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/plan/lab_random.h"

#include <string.h>

static uint64_t next(struct lab_random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void lab_random_init(struct lab_random *random, uint64_t seed, uint64_t of)
{
	random->state = seed;
	random->state = next(random) ^ (of * 0xd1342543de82ef95u);
	next(random);
}

uint64_t lab_random_below(struct lab_random *random, uint64_t below)
{
	/* What is left over of 2^64 would make the low numbers likelier. */
	uint64_t least = -below % below, drawn;

	do
		drawn = next(random);
	while (drawn < least);
	return drawn % below;
}

void lab_random_shuffle(struct lab_random *random, void *items, size_t count, size_t item_size)
{
	unsigned char *bytes = items;
	size_t i, k;

	for (i = count; i > 1; i--) {
		size_t j = lab_random_below(random, i);

		for (k = 0; k < item_size; k++) {
			unsigned char kept = bytes[(i - 1) * item_size + k];

			bytes[(i - 1) * item_size + k] = bytes[j * item_size + k];
			bytes[j * item_size + k] = kept;
		}
	}
}
