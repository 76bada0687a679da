/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/across.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/result/contrast.h"
#include "measure/holm.h"
#include "measure/student.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct result_comparison *find(const struct result *result, const char *label)
{
	const struct result_measure *measure = &result->measures[0];
	size_t i;

	for (i = 0; i < measure->comparison_count; i++)
		if (!measure->comparisons[i].is_control &&
		    strcmp(result->experiment->cells[measure->comparisons[i].cell].label, label) == 0)
			return &measure->comparisons[i];
	return NULL;
}

/* Half of an interval is so many standard errors as its bootstrap said; two of them together are
 * as a sum of squares. */
static void contrast(struct across_cell *cell)
{
	const struct measure_comparison *a = &cell->a, *b = &cell->b;
	struct measure_comparison *numbers = &cell->numbers;
	double freedom = (double)(a->boots < b->boots ? a->boots : b->boots) - 1;

	numbers->effect = b->effect - a->effect;
	numbers->error = hypot(a->error, b->error);
	numbers->half = hypot(a->half, b->half);
	numbers->ratio = exp(numbers->effect);
	numbers->low = exp(numbers->effect - numbers->half);
	numbers->high = exp(numbers->effect + numbers->half);
	numbers->boots = a->boots;
	numbers->base_boots = b->boots;
	numbers->boots_too_few = a->boots_too_few || b->boots_too_few;
	/* Of too few boots p would be of these boots alone, and be taken for more. */
	numbers->p = numbers->boots_too_few ? NAN : numbers->error > 0 ?
		2 * measure_student_below(-fabs(numbers->effect) / numbers->error, freedom) :
		numbers->effect != 0 ? 0 : 1;
	numbers->detectable = NAN;
}

static bool concludes(enum result_verdict verdict)
{
	return verdict == RESULT_DIFFERS || verdict == RESULT_ALIKE || verdict == RESULT_WITHIN_CONTROL;
}

static enum result_verdict verdict_of(const struct across_cell *cell, const struct result_comparison *a,
				      const struct result_comparison *b)
{
	/* What alone concluded nothing does so together neither. */
	if (!concludes(a->verdict))
		return a->verdict;
	if (!concludes(b->verdict))
		return b->verdict;
	if (!measure_differs(&cell->numbers) || !(cell->corrected < 1 - CONTRAST_LEVEL))
		return RESULT_ALIKE;
	if (fabs(cell->numbers.effect) <= fmax(a->floor, b->floor))
		return RESULT_WITHIN_CONTROL;
	return RESULT_DIFFERS;
}

static int correct(struct across *across, struct error *err)
{
	CLEANUP_FREE double *p = calloc(across->count + 1, sizeof *p);
	size_t i;

	if (p == NULL)
		return error_errno(err, -ENOMEM, "cannot compare them");
	for (i = 0; i < across->count; i++)
		p[i] = across->cells[i].numbers.p;
	if (measure_holm(p, across->count) < 0)
		return error_errno(err, -ENOMEM, "cannot compare them");
	for (i = 0; i < across->count; i++)
		across->cells[i].corrected = p[i];
	return 0;
}

static void add(struct across *across, const char *label, const struct result_comparison *a,
		const struct result_comparison *b)
{
	struct across_cell *cell = &across->cells[across->count];

	if (b == NULL) {
		across->only_a++;
		return;
	}
	*cell = (struct across_cell){ .label = label, .a = a->numbers, .b = b->numbers,
				      .corrected = NAN };
	/* Differences over a mean are no logarithms: they have no ratio of ratios. */
	if (!a->has_numbers || !b->has_numbers || a->numbers.in_differences ||
	    b->numbers.in_differences || across->sequence)
		cell->numbers = (struct measure_comparison){ .ratio = NAN, .low = NAN, .high = NAN, .p = NAN };
	else
		contrast(cell);
	across->count++;
}

static void judge(struct across *across, const struct result *a, const struct result *b)
{
	size_t i;

	for (i = 0; i < across->count; i++) {
		struct across_cell *cell = &across->cells[i];

		cell->verdict = isnan(cell->numbers.ratio) ? RESULT_NO_DATA :
			verdict_of(cell, find(a, cell->label), find(b, cell->label));
	}
}

int across_find(const struct result *a, const struct result *b, struct across *ret,
		struct error *err)
{
	const struct result_measure *measure = &a->measures[0];
	struct across across = { .measure = measure->name, .a = a->experiment, .b = b->experiment,
				 .sequence = a->sequence || b->sequence };
	size_t i, others = 0;
	int r;

	if (strcmp(measure->name, b->measures[0].name) != 0)
		return error_set(err, -EINVAL, "A measured %.60s and B measured %.60s: they cannot be compared",
				 measure->name, b->measures[0].name);
	across.cells = calloc(measure->comparison_count + 1, sizeof *across.cells);
	if (across.cells == NULL)
		return error_errno(err, -ENOMEM, "cannot compare them");
	for (i = 0; i < measure->comparison_count; i++) {
		const struct result_comparison *one = &measure->comparisons[i];
		const char *label = a->experiment->cells[one->cell].label;

		if (!one->is_control)
			add(&across, label, one, find(b, label));
	}
	for (i = 0; i < b->measures[0].comparison_count; i++)
		others += !b->measures[0].comparisons[i].is_control;
	across.only_b = others > across.count ? others - across.count : 0;
	r = across.count > 0 ? correct(&across, err) :
		error_set(err, -EINVAL, "A and B have no compared cell in common");
	if (r < 0) {
		across_done(&across);
		return r;
	}
	judge(&across, a, b);
	*ret = across;
	return 0;
}

void across_done(struct across *across)
{
	free(across->cells);
	*across = (struct across){ 0 };
}

/* -- what limits it ------------------------------------------------------------------------------ */

/* What else than the machine's speed may make two hosts differ. */
static const char *const facts[] = {
	"platform", "accelerator", "cpu.model", "cpu.online", "cpu.smt", "cpu.governor", "cpu.boost",
	"cpu.mitigations", "kernel", "kernel.scheduler", "qemu.version", "memory.bytes",
	"memory.huge_pages", "memory.ksm", "kvm.halt_poll_nsec",
};

static void append_hosts(const struct across *across, struct str *out)
{
	json_t *a = json_loads(across->a->host, 0, NULL), *b = json_loads(across->b->host, 0, NULL);
	size_t i, count = 0;

	for (i = 0; i < ARRAY_SIZE(facts); i++) {
		json_t *one = json_object_get(a, facts[i]), *other = json_object_get(b, facts[i]);

		if (one != other && !json_equal(one, other))
			str_appendf(out, "%s%s", count++ > 0 ? ", " : "Their hosts differ in ", facts[i]);
	}
	str_append(out, count > 0 ? ".\n" : "Their hosts say the same of themselves.\n");
	json_decref(a);
	json_decref(b);
}

void across_append_limits(const struct across *across, struct str *out)
{
	str_append(out, "A and B were not measured in the same boots: they are compared unpaired, and the "
			"interval has the errors of both.\n");
	append_hosts(across, out);
	if (across->a->spec_hash != across->b->spec_hash)
		str_append(out, "They are not of the same text: cells of one label may have been set otherwise.\n");
	if (across->sequence)
		str_append(out, "One of them was to end when it knew enough: its intervals hold at all times, and "
				"nothing is concluded from them together with another's.\n");
	if (across->only_a > 0)
		str_appendf(out, "%zu cells are in A alone.\n", across->only_a);
	if (across->only_b > 0)
		str_appendf(out, "%zu cells are in B alone.\n", across->only_b);
}
