/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/random.h"

#include <math.h>

static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint64_t rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

void measure_random_init_stream(struct measure_random *random, uint64_t seed, uint64_t stream)
{
	uint64_t state = seed;
	size_t i;

	state = splitmix(&state) ^ stream;
	for (i = 0; i < 4; i++)
		random->state[i] = splitmix(&state);
}

void measure_random_init(struct measure_random *random, uint64_t seed)
{
	uint64_t state = seed;
	size_t i;

	for (i = 0; i < 4; i++)
		random->state[i] = splitmix(&state);
}

uint64_t measure_random_u64(struct measure_random *random)
{
	uint64_t *s = random->state;
	uint64_t result = rotate(s[1] * 5, 7) * 9, kept = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= kept;
	s[3] = rotate(s[3], 45);
	return result;
}

/* Lemire's multiplication, with the few products thrown away that would favour somebody. */
uint64_t measure_random_below(struct measure_random *random, uint64_t below)
{
	unsigned __int128 product = (unsigned __int128)measure_random_u64(random) * below;

	if ((uint64_t)product < below)
		while ((uint64_t)product < -below % below)
			product = (unsigned __int128)measure_random_u64(random) * below;
	return (uint64_t)(product >> 64);
}

double measure_random_unit(struct measure_random *random)
{
	return (double)(measure_random_u64(random) >> 11) * 0x1p-53;
}

/* Marsaglia's polar method; the second number is not kept, so that a stream has no hidden part. */
double measure_random_normal(struct measure_random *random)
{
	double x, y, square;

	do {
		x = 2 * measure_random_unit(random) - 1;
		y = 2 * measure_random_unit(random) - 1;
		square = x * x + y * y;
	} while (square >= 1 || square == 0);
	return x * sqrt(-2 * log(square) / square);
}

void measure_random_shuffle(struct measure_random *random, size_t *items, size_t count)
{
	size_t i, other, kept;

	for (i = count; i > 1; i--) {
		other = (size_t)measure_random_below(random, i);
		kept = items[i - 1];
		items[i - 1] = items[other];
		items[other] = kept;
	}
}
