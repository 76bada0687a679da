/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/cpu_scale.h"

#include "model/nice.h"
#include "sys/field.h"

#define SHARES_USUAL 1024
#define SHARES_LEAST 2
#define WEIGHT_USUAL 100

int64_t cpu_scale_shares(int64_t weight)
{
	int64_t shares = (weight * SHARES_USUAL + WEIGHT_USUAL / 2) / WEIGHT_USUAL;

	return shares > SHARES_LEAST ? shares : SHARES_LEAST;
}

int64_t cpu_scale_weight(int64_t shares)
{
	return (shares * WEIGHT_USUAL + SHARES_USUAL / 2) / SHARES_USUAL;
}

int cpu_scale_nice(int64_t weight)
{
	return nice_of_weight_relative(weight * 100);
}

int64_t cpu_scale_weight_of_nice(int nice)
{
	return cpu_scale_weight(nice_weight(nice));
}

int cpu_scale_nice_of_shares(int64_t shares)
{
	return nice_of_weight_relative(field_times(shares, 10000) / SHARES_USUAL);
}

int64_t cpu_scale_quota(int64_t permyriad, int64_t period_usec)
{
	if (permyriad == FIELD_UNLIMITED)
		return FIELD_UNLIMITED;
	return field_times(permyriad, period_usec) / 10000;
}

int64_t cpu_scale_permyriad(int64_t quota_usec, int64_t period_usec)
{
	if (quota_usec == FIELD_UNLIMITED || quota_usec < 0)
		return FIELD_UNLIMITED;
	return (field_times(quota_usec, 10000) + period_usec / 2) / period_usec;
}
