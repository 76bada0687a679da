/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/nice.h"

/* What the kernel's scheduler gives for nice -20 to 19 since 2.6.23; each step is a quarter. */
static const int weights[] = {
	88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
	9548,  7620,  6100,  4904,  3906,  3121,  2501,  1991,  1586,  1277,
	1024,  820,   655,   526,   423,   335,   272,   215,   172,   137,
	110,   87,    70,    56,    45,    36,    29,    23,    18,    15,
};

static int hold(int nice)
{
	return nice < NICE_LOWEST ? NICE_LOWEST : nice > NICE_HIGHEST ? NICE_HIGHEST : nice;
}

int64_t nice_weight(int nice)
{
	return weights[hold(nice) - NICE_LOWEST];
}

int64_t weight_relative_of_nice(int nice)
{
	return (nice_weight(nice) * 10000 + 512) / 1024;
}

/* Tenthousandths of the kernel's units, so that nothing is rounded before it is compared. */
static int64_t distance(int64_t relative, int nice)
{
	int64_t d = relative * 1024 - nice_weight(nice) * 10000;

	return d < 0 ? -d : d;
}

int nice_of_weight_relative(int64_t relative)
{
	int nice, best = NICE_LOWEST;

	if (relative > INT64_MAX / 2048)
		return NICE_LOWEST;
	for (nice = NICE_LOWEST + 1; nice <= NICE_HIGHEST; nice++)
		if (distance(relative, nice) < distance(relative, best))
			best = nice;
	return best;
}
