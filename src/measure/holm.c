/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/holm.h"

#include "base/cleanup.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct rank {
	double p;
	size_t at;
};

static int by_p(const void *a, const void *b)
{
	const struct rank *left = a, *right = b;

	if (left->p != right->p)
		return left->p < right->p ? -1 : 1;
	return (left->at > right->at) - (left->at < right->at);
}

int measure_holm(double *p, size_t count)
{
	CLEANUP_FREE struct rank *ranks = calloc(count + 1, sizeof *ranks);
	double most = 0;
	size_t i, made = 0;

	if (ranks == NULL)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		if (!isnan(p[i]))
			ranks[made++] = (struct rank){ p[i], i };
	qsort(ranks, made, sizeof *ranks, by_p);
	for (i = 0; i < made; i++) {
		most = fmax(most, fmin(1, ranks[i].p * (double)(made - i)));
		p[ranks[i].at] = most;
	}
	return 0;
}
