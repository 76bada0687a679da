/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Student's t distribution, to about ten digits; degrees of freedom need not be whole. */
#ifndef MEASURE_STUDENT_H
#define MEASURE_STUDENT_H

/* The share of the distribution below t. */
double measure_student_below(double t, double freedom);
/* The t with that share below it: 0 < share < 1. */
double measure_student_quantile(double share, double freedom);

/*
 * The smallest effect that a comparison of this standard error finds with this power, tested on
 * both sides at this level: what one could have seen. In the scale of the standard error.
 */
double measure_detectable(double standard_error, double freedom, double level, double power);

#endif
