/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/answer.h"

#include "base/str.h"
#include "base/text.h"
#include "lab/result/contrast.h"
#include "lab/result/words.h"

#include <math.h>
#include <string.h>

/* -- which comparison ------------------------------------------------------------------------------ */

static double size_of(const struct result_comparison *comparison)
{
	return comparison->has_numbers ? fabs(comparison->numbers.effect) : -1;
}

/* Findings before the rest, then the larger. The control counts where nothing else is compared. */
static bool is_more(const struct result_comparison *one, const struct result_comparison *other)
{
	bool finds = one->verdict == RESULT_DIFFERS, other_finds = other->verdict == RESULT_DIFFERS;

	if (one->is_control != other->is_control)
		return !one->is_control;
	return finds != other_finds ? finds : size_of(one) > size_of(other);
}

const struct result_comparison *answer_about(const struct result *result)
{
	const struct result_comparison *best = NULL;
	const struct result_measure *measure = &result->measures[0];
	size_t i;

	for (i = 0; i < measure->comparison_count; i++)
		if (best == NULL || is_more(&measure->comparisons[i], best))
			best = &measure->comparisons[i];
	return best;
}

/* What two equal cells may differ by: "-4.5 to +4.7 %". */
static void append_floor(const struct result_comparison *comparison, struct str *out)
{
	str_appendf(out, "%+.1f to %+.1f %%", 100 * (contrast_floor_low(comparison) - 1),
		    100 * (contrast_floor_high(comparison) - 1));
}

static size_t count_verdict(const struct result *result, enum result_verdict verdict)
{
	size_t i, count = 0;

	for (i = 0; i < result->measures[0].comparison_count; i++)
		count += !result->measures[0].comparisons[i].is_control &&
			 result->measures[0].comparisons[i].verdict == verdict;
	return count;
}

static size_t count_comparisons(const struct result *result)
{
	size_t i, count = 0;

	for (i = 0; i < result->measures[0].comparison_count; i++)
		count += !result->measures[0].comparisons[i].is_control;
	return count;
}

/* -- sentences ------------------------------------------------------------------------------------------ */

static void append_others(const struct result *result, struct str *out)
{
	size_t found = count_verdict(result, RESULT_DIFFERS), all = count_comparisons(result);

	if (all == 2)
		str_append(out, found == 2 ? "; the other comparison differs, too" :
					     "; the other comparison is not concluded to differ");
	else if (all > 2)
		str_appendf(out, "; of all %zu comparisons %zu differ", all, found);
}

static void append_finding(const struct result *result, const struct result_comparison *about,
			   struct str *out)
{
	words_append_measure(out, result->measures[0].name);
	str_append(out, " was ");
	words_append_change(out, about->numbers.ratio);
	str_append(out, " ");
	words_append_contrast(out, result->experiment, about->cell, about->base);
	str_append(out, " (95 % interval: ");
	words_append_interval(out, &about->numbers);
	str_appendf(out, "; %zu boots; p ", about->numbers.boots);
	if (about->corrected >= 0.001)
		str_append(out, "= ");
	words_append_p(out, about->corrected);
	str_append(out, ")");
	append_others(result, out);
	str_append(out, ".");
}

/* The farthest from 1 that any interval of those that found nothing reaches, and no nearer than
 * what two equal cells may differ by. */
static double widest(const struct result *result)
{
	double most = 0;
	size_t i;

	for (i = 0; i < result->measures[0].comparison_count; i++) {
		const struct result_comparison *comparison = &result->measures[0].comparisons[i];

		if (!comparison->is_control && comparison->verdict == RESULT_ALIKE)
			most = fmax(fmax(most, contrast_floor_high(comparison) - 1),
				    fmax(comparison->numbers.high - 1, 1 - comparison->numbers.low));
	}
	return most;
}

static double least_detectable(const struct result *result)
{
	double most = NAN;
	size_t i;

	for (i = 0; i < result->measures[0].comparison_count; i++) {
		const struct result_comparison *comparison = &result->measures[0].comparisons[i];

		if (!comparison->is_control && comparison->verdict == RESULT_ALIKE)
			most = fmax(most, comparison->numbers.detectable);
	}
	return most;
}

/* Not even a doubling would have been found: that none was says nothing. */
static bool is_blind(const struct result *result)
{
	return widest(result) >= 1 || least_detectable(result) >= 2;
}

static void append_blind(const struct result *result, struct str *out)
{
	str_append(out, "Nothing can be concluded: the host is too noisy; what was compared may differ by ");
	if (isfinite(widest(result)))
		str_appendf(out, "%.0f %% without that being seen.", widest(result) * 100);
	else
		str_append(out, "any amount without that being seen.");
}

static void append_alike(const struct result *result, struct str *out)
{
	size_t alike = count_verdict(result, RESULT_ALIKE), all = count_comparisons(result);

	str_append(out, "No difference was found in ");
	words_append_measure(out, result->measures[0].name);
	if (all > 1)
		str_appendf(out, " by %zu of %zu comparisons", alike, all);
	str_appendf(out, ": it is within %.1f %% either way (95 %% intervals, the control's among them)",
		    widest(result) * 100);
	if (isfinite(least_detectable(result)))
		str_appendf(out, ", and a difference of %.1f %% would have been found four times of five",
			    (least_detectable(result) - 1) * 100);
	str_append(out, ".");
}

static void append_control_alone(const struct result *result,
				 const struct result_comparison *about, struct str *out)
{
	str_append(out, about->verdict == RESULT_ALIKE ? "Two equal measurements came out the same: " :
						       "Two equal measurements came out different: ");
	words_append_measure(out, result->measures[0].name);
	str_append(out, " was ");
	words_append_change(out, about->numbers.ratio);
	str_append(out, " in the second (95 % interval: ");
	words_append_interval(out, &about->numbers);
	str_appendf(out, "; %zu boots)", about->numbers.boots);
	str_append(out, about->verdict == RESULT_ALIKE ? "." :
		   ": nothing smaller can be concluded on this host.");
}

static void append_why_not(const struct result_comparison *about, const struct result *result,
			   struct str *out)
{
	switch (about != NULL ? about->verdict : RESULT_NO_DATA) {
	case RESULT_UNPROVED:
		str_append(out, "the VMs beside VM1 did not load, so what VM1 did says nothing about them.");
		break;
	case RESULT_TOO_FEW_BOOTS:
		str_appendf(out, "too few boots, %zu of at least %d: what one boot differs from another is "
			    "not known.", about->numbers.boots < about->numbers.base_boots ?
			    about->numbers.boots : about->numbers.base_boots, MEASURE_BOOTS_LEAST);
		break;
	case RESULT_NO_CONTROL:
		str_append(out, "the control (A/A) is missing, so it is not known what equal cells differ by.");
		break;
	case RESULT_WITHIN_CONTROL:
		str_append(out, "the largest difference (");
		words_append_change(out, about->numbers.ratio);
		str_append(out, ") is no larger than what two equal cells may differ by here, ");
		append_floor(about, out);
		str_append(out, ".");
		break;
	default:
		str_append(out, result->boots_done > 0 ? "none of the runs that count has a value." :
							 "no boot was done.");
	}
}

/* The reason that most comparisons have. */
static const struct result_comparison *most_common_reason(const struct result *result)
{
	const struct result_comparison *best = answer_about(result);
	size_t i, most = 0;

	for (i = 0; i < result->measures[0].comparison_count; i++) {
		const struct result_comparison *comparison = &result->measures[0].comparisons[i];
		size_t count = count_verdict(result, comparison->verdict);

		if (comparison->is_control || comparison->verdict == RESULT_ALIKE || count <= most)
			continue;
		most = count;
		best = comparison;
	}
	return best;
}

void answer_append(const struct result *result, struct str *out)
{
	const struct result_comparison *about = answer_about(result);
	bool concluded = about != NULL &&
		(about->verdict == RESULT_DIFFERS || about->verdict == RESULT_ALIKE);

	if (about != NULL && about->is_control && concluded)
		append_control_alone(result, about, out);
	else if (about != NULL && about->verdict == RESULT_DIFFERS)
		append_finding(result, about, out);
	else if (count_verdict(result, RESULT_ALIKE) > 0 && is_blind(result))
		append_blind(result, out);
	else if (count_verdict(result, RESULT_ALIKE) > 0)
		append_alike(result, out);
	else {
		str_append(out, "Nothing can be concluded: ");
		append_why_not(most_common_reason(result), result, out);
	}
}

/* -- what limits it ---------------------------------------------------------------------------------------- */

/* Runs in which no VM stood still, and something else was not as it was to be (a peer, a knob): how
 * many, and what was said of the first. */
static size_t count_otherwise_unproved(const struct result *result, const char **ret_why)
{
	size_t i, count = 0;

	for (i = 0; i < result->experiment->run_count; i++) {
		const struct store_run *run = &result->experiment->runs[i].run;

		if (strcmp(run->state, "unproved") != 0 || result->windows[i].unproved)
			continue;
		if (count++ == 0)
			*ret_why = run->why;
	}
	return count;
}

static void append_otherwise_unproved(size_t count, const char *why, struct str *out)
{
	char first[256];

	text_copy(first, sizeof first, why != NULL ? why : "", why != NULL ? strlen(why) : 0);
	str_appendf(out, "%zu runs do not count, since they prove nothing%s%s.\n", count,
		    *first != '\0' ? "; of the first: " : "", first);
}

static void append_run_limits(const struct result *result, struct str *out)
{
	const char *why = NULL;
	size_t i, unproved = 0, failed = 0, never = 0, runs = 0;
	size_t otherwise = count_otherwise_unproved(result, &why);

	for (i = 0; i < result->experiment->cell_count; i++) {
		unproved += result->cells[i].unproved;
		failed += result->cells[i].failed;
		never += result->cells[i].never_steady;
		runs += result->cells[i].runs;
	}
	if (unproved > otherwise)
		str_appendf(out, "%zu runs do not count: a VM beside VM1 that was to be loaded stood still.\n",
			    unproved - otherwise);
	if (otherwise > 0)
		append_otherwise_unproved(otherwise, why, out);
	if (failed > 0)
		str_appendf(out, "%zu runs do not count: they failed, or their boot is not done.\n", failed);
	if (never > 0)
		str_appendf(out, "%zu of %zu runs never became steady; they count from the end of the warm-up "
			    "that was asked for.\n", never, runs);
}

static void append_control_limits(const struct result *result, struct str *out)
{
	const struct result_measure *measure = &result->measures[0];
	size_t i;

	for (i = 0; i < measure->comparison_count; i++) {
		const struct result_comparison *control = &measure->comparisons[i];

		if (!control->is_control || !control->has_numbers)
			continue;
		str_appendf(out, "A/A: two equal cells%s%s%s differ by ", result->experiment->factor_count > 0 ?
			    " (" : "", result->experiment->factor_count > 0 ?
			    result->experiment->cells[control->base].label : "",
			    result->experiment->factor_count > 0 ? ")" : "");
		words_append_signed(out, control->numbers.ratio);
		str_append(out, " (");
		words_append_signed_interval(out, &control->numbers);
		str_append(out, "); nothing from ");
		append_floor(control, out);
		str_append(out, " is concluded.\n");
	}
}

/* Beside the laboratory itself, which takes some hundredths. */
#define STRANGERS_LEAST 0.2

static void append_strangers(const struct result *result, struct str *out)
{
	double least = INFINITY, most = 0;
	size_t i;

	for (i = 0; i < result->experiment->cell_count; i++) {
		double strangers = result->cells[i].strangers;

		if (!isfinite(strangers))
			continue;
		least = fmin(least, strangers);
		most = fmax(most, strangers);
	}
	if (most >= STRANGERS_LEAST)
		str_appendf(out, "The host was not quiet: in the busiest cell %.1f CPUs were busy with none of "
			    "these VMs, in the quietest %.1f.\n", most, least);
}

void answer_append_limits(const struct result *result, struct str *out)
{
	const struct stored_experiment *experiment = result->experiment;

	if (strcmp(experiment->state, "finished") != 0)
		str_appendf(out, "The experiment is %s%s%s: what is told is of the boots that were done.\n",
			    experiment->state, experiment->why != NULL ? ", " : "",
			    experiment->why != NULL ? experiment->why : "");
	if (experiment->scaled != NULL)
		str_appendf(out, "Scaled: %s.\n", experiment->scaled);
	if (result->ratios_only)
		str_appendf(out, "Platform: %s.\n", words_of_platform(result));
	if (experiment->quick)
		str_append(out, "This is the experiment's quick form.\n");
	append_strangers(result, out);
	append_control_limits(result, out);
	if (result->boots_failed > 0)
		str_appendf(out, "%zu boots failed and were repeated or given up.\n", result->boots_failed);
	append_run_limits(result, out);
	if (result->spec == NULL)
		str_append(out, "The experiment's text is of another version: only rates are told.\n");
}
