/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/student.h"

#include <math.h>
#include <stdbool.h>

#define FRACTION_STEPS 500
#define FRACTION_ENOUGH 1e-15
#define FRACTION_LEAST 1e-300
#define BISECTIONS 200

/* Lentz's way through the continued fraction of the incomplete beta function. */
static double beta_fraction(double a, double b, double x)
{
	double c = 1, d = 1 - (a + b) * x / (a + 1), factor, value;
	int m, odd;

	d = 1 / (fabs(d) < FRACTION_LEAST ? FRACTION_LEAST : d);
	value = d;
	for (m = 1; m <= FRACTION_STEPS; m++) {
		for (odd = 0; odd < 2; odd++) {
			factor = odd ? -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)) :
				       m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
			d = 1 + factor * d;
			d = 1 / (fabs(d) < FRACTION_LEAST ? FRACTION_LEAST : d);
			c = 1 + factor / c;
			if (fabs(c) < FRACTION_LEAST)
				c = FRACTION_LEAST;
			value *= c * d;
		}
		if (fabs(c * d - 1) < FRACTION_ENOUGH)
			break;
	}
	return value;
}

/* The regularised incomplete beta function. */
static double beta_share(double a, double b, double x)
{
	double front;
	int sign;

	if (x <= 0 || x >= 1)
		return x <= 0 ? 0 : 1;
	front = exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) + a * log(x) +
		    b * log1p(-x));
	/* The fraction converges fast on the side of the mean. */
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double measure_student_below(double t, double freedom)
{
	double tail = beta_share(freedom / 2, 0.5, freedom / (freedom + t * t)) / 2;

	return t > 0 ? 1 - tail : tail;
}

double measure_student_quantile(double share, double freedom)
{
	double low = 0, high = 1, middle = 0;
	bool upper = share > 0.5;
	double wanted = upper ? share : 1 - share;
	int i;

	while (measure_student_below(high, freedom) < wanted && high < 1e300)
		high *= 2;
	for (i = 0; i < BISECTIONS && high - low > 1e-13 * high; i++) {
		middle = (low + high) / 2;
		if (measure_student_below(middle, freedom) < wanted)
			low = middle;
		else
			high = middle;
	}
	return upper ? middle : -middle;
}

double measure_detectable(double standard_error, double freedom, double level, double power)
{
	return standard_error * (measure_student_quantile(1 - (1 - level) / 2, freedom) +
				 measure_student_quantile(power, freedom));
}
