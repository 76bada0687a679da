/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/duet.h"

size_t measure_duet_ratios(const double *values, const double *base, size_t count, double *ret)
{
	size_t i, filled = 0;

	for (i = 0; i < count; i++)
		if (values[i] > 0 && base[i] > 0)
			ret[filled++] = values[i] / base[i];
	return filled;
}
