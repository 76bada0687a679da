/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An interval that may be looked at after every boot, and the experiment stopped when it is
 * narrow enough: it holds the true mean at *all* of these moments together in `level` of
 * experiments. It is wider than one for a number of boots that was fixed before.
 *
 * Of values that are normal with a spread nobody knows: all means that a t test with a normal
 * mixture over the effect (in spreads) does not reject, by Ville's inequality; H. Wang and
 * A. Ramdas, "Anytime-valid t-tests and confidence sequences for Gaussian means with unknown
 * variance" (2023), after T. L. Lai (1976).
 */
#ifndef MEASURE_SEQUENCE_H
#define MEASURE_SEQUENCE_H

#include <stddef.h>

/* Half of its width around the mean of the values; INFINITY while it says nothing. */
double measure_sequence_half(const double *values, size_t count, double level);

#endif
