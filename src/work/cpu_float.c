/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point: an area under a curve (divisions), a sum of roots, and products of matrices
 * (multiply and add). The answers were computed with fractions and forty digits; the last bits
 * depend on the order of additions and on fused instructions, so they are not compared.
 */
#include "work/kinds.h"
#include "work/cpu.h"
#include "work/lane.h"
#include "work/setting.h"

#define SIDE 16u
#define STRIPS 256u
#define ROOTS 128u
#define AREA 3.1415939251555485
#define ROOT_SUM 970.88910944955683
#define MATRIX_SUM 5048.0
#define TOLERANCE 1e-12

static bool is_near(double value, double wanted)
{
	double off = (value - wanted) / wanted;

	return off < TOLERANCE && off > -TOLERANCE;
}

/* Of 4 / (1 + x * x) from 0 to 1: pi, and a little for being a sum of strips. */
static double area(double unit)
{
	double sum = 0;
	unsigned i;

	for (i = 0; i < STRIPS; i++) {
		double x = (i + 0.5) * unit / STRIPS;

		sum += 4 * unit / (unit + x * x);
	}
	return sum / STRIPS;
}

static double root_sum(double unit)
{
	double sum = 0;
	unsigned i;

	for (i = 1; i <= ROOTS; i++)
		sum += __builtin_sqrt(i * unit);
	return sum;
}

static double matrix_sum(double unit)
{
	double a[SIDE][SIDE], b[SIDE][SIDE], sum = 0;
	unsigned i, j, k;

	for (i = 0; i < SIDE; i++) {
		for (j = 0; j < SIDE; j++) {
			a[i][j] = unit * (int)((i * 7 + j * 3) % 11) - 5;
			b[i][j] = unit * (int)((i * 5 + j * 2) % 13) - 6;
		}
	}
	for (i = 0; i < SIDE; i++) {
		for (j = 0; j < SIDE; j++) {
			double cell = 0;

			for (k = 0; k < SIDE; k++)
				cell += a[i][k] * b[k][j];
			sum += cell * (i + 1) * (2.0 * j - 5);
		}
	}
	return sum;
}

bool cpu_float_is_right(uint64_t number)
{
	/* Always 1, which the compiler does not know. */
	double unit = number < CPU_UNITS ? 1 : 2;

	return is_near(area(unit), AREA) && is_near(root_sum(unit), ROOT_SUM) &&
	       is_near(matrix_sum(unit), MATRIX_SUM);
}

static int float_run(struct lane *lane, struct error *err)
{
	cpu_units_run(lane, cpu_float_is_right);
	return 0;
}

static const struct workload_actions actions = { .run = float_run };

static const struct parameter parameters[] = { PARAMETERS_END };

const struct workload cpu_float_workload = {
	.name = "cpu-float",
	.summary = "computes in floating point: divisions, roots, matrices",
	.operation = "one unit: an area of 256 strips, 128 roots, a product of 16 x 16 matrices",
	.notes = "Each unit's answer is compared with the known one; a wrong one is an error.",
	.parameters = parameters,
	.settings_size = sizeof(struct common_settings),
	.actions = &actions,
};
