/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/fit.h"

#include "base/vec.h"
#include "ksm/merging.h"
#include "measure/student.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* A figure of a kind's VMs. */
struct spread {
	double mean;
	double variance;        /* of one VM */
	double mean_variance;   /* of the mean, common to all VMs of the kind */
};

struct kind {
	size_t observed;
	struct spread off, own; /* bytes of a VM: all of it; what it shares with nobody */
	double rest;            /* of `own`, what is no frame that KSM sees: process and growth */
	double grown_items;     /* pages that growth adds to KSM's book */
	double full;            /* NAN: not known */
	double rewriting;       /* bytes that one VM adds which writes to all it shares */
};

struct fitting {
	const struct fit_question *question;
	struct population population;
	struct kind kinds[POPULATION_KINDS_MOST];
	double mix_sum;
	struct fit *fit;
};

/* -- kinds ---------------------------------------------------------------------------------------- */

static double grown_bytes(const struct fitting *fitting, size_t vm)
{
	const struct fit_vm *one = &fitting->question->vms[vm];
	double pages = (double)fitting->question->prints->vms[vm].pages * PRINTS_PAGE_SIZE;

	if (one->most_bytes > 0 && pages + one->growth_bytes > one->most_bytes)
		return fmax(one->most_bytes - pages, 0);
	return fmax(one->growth_bytes, -pages);
}

static double rest_bytes(const struct fitting *fitting, size_t vm)
{
	return fitting->question->vms[vm].other_bytes + grown_bytes(fitting, vm);
}

static double off_bytes(const struct fitting *fitting, size_t vm)
{
	return (double)fitting->question->prints->vms[vm].pages * PRINTS_PAGE_SIZE +
	       rest_bytes(fitting, vm);
}

static double own_bytes(const struct fitting *fitting, size_t vm)
{
	return fitting->population.own[vm] * PRINTS_PAGE_SIZE + rest_bytes(fitting, vm);
}

static double full_bytes(const struct fitting *fitting, size_t vm)
{
	const struct fit_vm *one = &fitting->question->vms[vm];

	return one->most_bytes > 0 ? one->most_bytes + one->other_bytes : NAN;
}

typedef double figure_function(const struct fitting *fitting, size_t vm);

static double mean_of(const struct fitting *fitting, size_t kind, figure_function *figure)
{
	const struct fit_question *question = fitting->question;
	double sum = 0;
	size_t i;

	for (i = 0; i < question->prints->vm_count; i++)
		if (question->kind_of[i] == kind)
			sum += figure(fitting, i);
	return sum / (double)fitting->kinds[kind].observed;
}

/* What was seen to differ, mixed with what VMs of a kind are known to differ by anyhow. */
static struct spread spread_of(const struct fitting *fitting, size_t kind, figure_function *figure)
{
	const struct fit_question *question = fitting->question;
	double observed = (double)fitting->kinds[kind].observed;
	struct spread spread = { .mean = mean_of(fitting, kind, figure) };
	double before = question->spread * spread.mean;
	double squares = FIT_SPREAD_OBSERVATIONS * before * before;
	size_t i;

	for (i = 0; i < question->prints->vm_count; i++)
		if (question->kind_of[i] == kind)
			squares += pow(figure(fitting, i) - spread.mean, 2);
	spread.variance = squares / (FIT_SPREAD_OBSERVATIONS + observed - 1);
	spread.mean_variance = spread.variance / observed;
	return spread;
}

static void learn_kind(struct fitting *fitting, size_t number)
{
	struct kind *kind = &fitting->kinds[number];
	const struct population_kind *one = &fitting->population.kinds[number];

	kind->observed = one->observed;
	kind->off = spread_of(fitting, number, off_bytes);
	kind->own = spread_of(fitting, number, own_bytes);
	kind->own.mean_variance += one->own_variance * PRINTS_PAGE_SIZE * PRINTS_PAGE_SIZE;
	kind->rest = mean_of(fitting, number, rest_bytes);
	kind->grown_items = mean_of(fitting, number, grown_bytes) / PRINTS_PAGE_SIZE;
	kind->full = mean_of(fitting, number, full_bytes);
	kind->rewriting = fmax(kind->off.mean - kind->own.mean, 0);
	fitting->fit->kinds[number] = (struct fit_kind){
		.observed = kind->observed,
		.vm_bytes = kind->off.mean,
		.vm_deviation = sqrt(kind->off.variance),
		.own_bytes = kind->own.mean,
		.own_deviation = sqrt(kind->own.variance),
	};
}

static int learn(struct fitting *fitting)
{
	const struct fit_question *question = fitting->question;
	double freedom = FIT_SPREAD_OBSERVATIONS;
	size_t i;

	for (i = 0; i < question->kind_count; i++) {
		if (fitting->population.kinds[i].observed == 0)
			return -EINVAL;
		learn_kind(fitting, i);
		freedom += (double)fitting->kinds[i].observed - 1;
		fitting->mix_sum += question->mix[i];
	}
	fitting->fit->quantile = measure_student_quantile(1 - question->risk, freedom);
	return 0;
}

/* -- n VMs ---------------------------------------------------------------------------------------- */

/* One VM more, of the kind that lacks most of what the mix wants of it. */
static void add_to_mix(const struct fitting *fitting, struct fit_point *point)
{
	double lacks, most = -INFINITY;
	size_t i, chosen = 0;

	point->vms++;
	for (i = 0; i < fitting->question->kind_count; i++) {
		lacks = fitting->question->mix[i] / fitting->mix_sum * (double)point->vms -
			(double)point->counts[i];
		if (lacks > most + 1e-9) {
			most = lacks;
			chosen = i;
		}
	}
	point->counts[chosen]++;
}

/* Each VM's own variance adds; the mean's error is the same in each. */
static double deviation(double count, const struct spread *spread)
{
	return count * spread->variance + count * count * spread->mean_variance;
}

static double frames_bytes(const struct fitting *fitting, const struct fit_point *point)
{
	return population_frames(&fitting->population, point->counts) * PRINTS_PAGE_SIZE;
}

static void sum_kinds(const struct fitting *fitting, struct fit_point *point)
{
	double off_variance = 0, on_variance = 0;
	size_t i;

	point->off = point->full = 0;
	point->on = frames_bytes(fitting, point);
	point->items = population_items(&fitting->population, point->counts) * MERGING_ITEM_BYTES;
	for (i = 0; i < fitting->question->kind_count; i++) {
		const struct kind *kind = &fitting->kinds[i];
		double count = (double)point->counts[i];

		point->off += count * kind->off.mean;
		point->on += count * kind->rest;
		point->items += count * kind->grown_items * MERGING_ITEM_BYTES;
		point->full += count * kind->full;
		off_variance += deviation(count, &kind->off);
		on_variance += deviation(count, &kind->own);
	}
	point->on += point->items;
	point->off_risk = point->off + fitting->fit->quantile * sqrt(off_variance);
	point->on_risk = point->on + fitting->fit->quantile * sqrt(on_variance);
}

/* The dearest first. */
static double rewritten_by(const struct fitting *fitting, const struct fit_point *point)
{
	uint64_t left = fitting->question->rewriting;
	bool taken[POPULATION_KINDS_MOST] = { false };
	double sum = 0;
	size_t turn, i;

	for (turn = 0; turn < fitting->question->kind_count && left > 0; turn++) {
		size_t dearest = SIZE_MAX;
		uint64_t count;

		for (i = 0; i < fitting->question->kind_count; i++)
			if (!taken[i] && (dearest == SIZE_MAX || fitting->kinds[i].rewriting >
								 fitting->kinds[dearest].rewriting))
				dearest = i;
		taken[dearest] = true;
		count = point->counts[dearest] < left ? point->counts[dearest] : left;
		left -= count;
		sum += (double)count * fitting->kinds[dearest].rewriting;
	}
	return fmin(sum, point->rewritten_all);
}

/* Nobody takes more than all that guests may come to have, nor more than all of it unmerged. */
static void bound(struct fit_point *point)
{
	if (!isnan(point->full)) {
		point->off_risk = fmax(fmin(point->off_risk, point->full), point->off);
		point->on_risk = fmin(point->on_risk, point->full + point->items);
	}
	point->on_risk = fmax(fmin(point->on_risk, point->off_risk + point->items), point->on);
}

static void compute_point(const struct fitting *fitting, struct fit_point *point)
{
	sum_kinds(fitting, point);
	bound(point);
	point->rewritten_all = fmax(point->off + point->items - point->on, 0);
	point->rewritten = rewritten_by(fitting, point);
}

/* -- what fits ------------------------------------------------------------------------------------ */

/* Extends one count by this point; false when it has ended. */
static bool extend(size_t *most, const struct fit_point *point, double bytes, double line)
{
	if (*most + 1 != point->vms || !(bytes <= line))
		return false;
	*most = point->vms;
	return true;
}

static bool judge(struct fit *fit, const struct fit_point *point)
{
	double line = fit->line_bytes;
	bool goes_on = extend(&fit->most.off, point, point->off_risk, line);

	goes_on |= extend(&fit->most.off_mean, point, point->off, line);
	goes_on |= extend(&fit->most.on, point, point->on_risk + point->rewritten, line);
	goes_on |= extend(&fit->most.on_mean, point, point->on + point->rewritten, line);
	goes_on |= extend(&fit->most.full, point, point->full, line);
	return goes_on;
}

static int draw_curve(struct fitting *fitting)
{
	struct fit_point point = { 0 };
	struct fit *fit = fitting->fit;
	bool goes_on = true;

	while (goes_on && point.vms < FIT_VMS_MOST) {
		add_to_mix(fitting, &point);
		compute_point(fitting, &point);
		goes_on = judge(fit, &point);
		if (!VEC_RESERVE(fit->points, fit->point_capacity, fit->point_count + 1))
			return -ENOMEM;
		fit->points[fit->point_count++] = point;
	}
	return 0;
}

int fit_compute(const struct fit_question *question, struct fit *ret)
{
	struct fitting fitting = { .question = question, .fit = ret };
	int r = population_init(&fitting.population, question->prints, question->kind_of,
				question->kind_count);

	*ret = (struct fit){
		.line_bytes = question->host_bytes - question->used_bytes - question->reserve_bytes,
	};
	if (r == 0)
		r = learn(&fitting);
	if (r == 0)
		r = draw_curve(&fitting);
	population_done(&fitting.population);
	if (r < 0)
		fit_done(ret);
	return r;
}

void fit_done(struct fit *fit)
{
	free(fit->points);
	*fit = (struct fit){ 0 };
}
