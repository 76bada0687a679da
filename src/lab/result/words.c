/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/words.h"

#include "base/str.h"

#include <math.h>
#include <string.h>

/* Three digits, whatever the size. */
static void append_digits(struct str *out, double value)
{
	double size = fabs(value);
	int decimals = size >= 99.95 || size == 0 ? 0 : size >= 9.995 ? 1 : 2;

	str_appendf(out, "%.*f", decimals, value);
}

struct step {
	double least, unit;
	const char *name;
};

static void append_scaled(struct str *out, double value, const struct step *steps)
{
	while (fabs(value) < steps->least)
		steps++;
	append_digits(out, value / steps->unit);
	str_append(out, steps->name);
}

void words_append_amount(struct str *out, double value, enum result_unit unit)
{
	static const struct step rates[] = { { 1e9, 1e9, " G/s" }, { 1e6, 1e6, " M/s" },
					     { 1e4, 1e3, " k/s" }, { 0, 1, " /s" } };
	static const struct step bytes_rates[] = { { 1e9, 1e9, " GB/s" }, { 1e6, 1e6, " MB/s" },
						   { 1e3, 1e3, " kB/s" }, { 0, 1, " B/s" } };
	static const struct step bytes[] = { { 1e9, 1e9, " GB" }, { 1e6, 1e6, " MB" },
					     { 1e3, 1e3, " kB" }, { 0, 1, " B" } };
	static const struct step seconds[] = { { 1, 1, " s" }, { 1e-3, 1e-3, " ms" },
					       { 1e-6, 1e-6, " us" }, { 0, 1e-9, " ns" } };
	static const struct step plain[] = { { 1e9, 1e9, " G" }, { 1e6, 1e6, " M" },
					     { 1e4, 1e3, " k" }, { 0, 1, "" } };
	static const struct step *const steps[] = {
		[RESULT_PER_SECOND] = rates, [RESULT_BYTES_PER_SECOND] = bytes_rates,
		[RESULT_SECONDS] = seconds, [RESULT_BYTES] = bytes, [RESULT_PLAIN] = plain,
	};

	if (!isfinite(value))
		str_append(out, "-");
	else if (unit == RESULT_SHARE)
		words_append_percent(out, value);
	else
		append_scaled(out, value, steps[unit]);
}

void words_append_percent(struct str *out, double share)
{
	if (!isfinite(share))
		str_append(out, "-");
	else
		str_appendf(out, "%.*f %%", fabs(share) < 0.0995 ? 2 : 1, share * 100);
}

static const char *direction(double ratio)
{
	return ratio < 1 ? "lower" : "higher";
}

void words_append_change(struct str *out, double ratio)
{
	double percent = fabs(ratio - 1) * 100;

	if (!isfinite(ratio))
		str_append(out, "-");
	else if (ratio >= 3)
		str_appendf(out, "%.1f times as high", ratio);
	else if (percent < 0.05)
		str_append(out, "no different");
	else
		str_appendf(out, "%.1f %% %s", percent, direction(ratio));
}

void words_append_interval(struct str *out, const struct measure_comparison *numbers)
{
	double low = numbers->low, high = numbers->high;

	if (!isfinite(low) || !isfinite(high)) {
		str_append(out, "without end");
	} else if (low >= 3) {
		str_appendf(out, "%.1f to %.1f times", low, high);
	} else if (low < 1 && high <= 1) {
		str_appendf(out, "%.1f to %.1f %% lower", (1 - high) * 100, (1 - low) * 100);
	} else if (low >= 1) {
		str_appendf(out, "%.1f to %.1f %% higher", (low - 1) * 100, (high - 1) * 100);
	} else {
		str_appendf(out, "%.1f %% lower to %.1f %% higher", (1 - low) * 100, (high - 1) * 100);
	}
}

void words_append_signed(struct str *out, double ratio)
{
	if (isfinite(ratio))
		str_appendf(out, "%+.1f %%", (ratio - 1) * 100);
	else
		str_append(out, "-");
}

void words_append_signed_interval(struct str *out, const struct measure_comparison *numbers)
{
	/* Without the boots' level, one value a boot has no spread. */
	if (isfinite(numbers->low) && isfinite(numbers->high) &&
	    !(numbers->boots_too_few && !(numbers->half > 0)))
		str_appendf(out, "%+.1f to %+.1f %%", (numbers->low - 1) * 100,
			    (numbers->high - 1) * 100);
	else
		str_append(out, "-");
}

void words_append_p(struct str *out, double p)
{
	if (!isfinite(p))
		str_append(out, "-");
	else if (p < 0.001)
		str_append(out, "< 0.001");
	else
		str_appendf(out, "%.3f", p);
}

void words_append_measure(struct str *out, const char *measure)
{
	static const struct {
		const char *measure, *words;
	} known[] = {
		{ "rate", "VM1's rate" },
		{ "bytes", "VM1's bytes a second" },
		{ "lost", "what VM1 lost" },
		{ "errors", "VM1's errors" },
		{ "latency-p50", "VM1's median latency" },
		{ "latency-p99", "VM1's p99 latency" },
		{ "latency-p999", "VM1's p99.9 latency" },
	};
	const char *colon = strchr(measure, ':');
	size_t i;

	for (i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(known[i].measure, measure) == 0) {
			str_append(out, known[i].words);
			return;
		}
	if (colon == NULL)
		str_append(out, measure);
	else if (strncmp(measure, "host:", 5) == 0)
		str_appendf(out, "the host's %s", colon + 1);
	else
		str_appendf(out, "VM1's %s", colon + 1);
}

static const char *value_of(const struct stored_experiment *experiment, size_t cell, size_t factor)
{
	const char *value = experiment->cells[cell].values[factor];

	return value != NULL ? value : "?";
}

static void append_factor(struct str *out, const struct stored_experiment *experiment, size_t cell,
			  size_t factor)
{
	const char *value = value_of(experiment, cell, factor);

	if (strcmp(experiment->factors[factor], "loaded") == 0)
		str_appendf(out, "%s loaded VM%s", value, strcmp(value, "1") == 0 ? "" : "s");
	else
		str_appendf(out, "%s=%s", experiment->factors[factor], value);
}

static void append_those(struct str *out, const struct stored_experiment *experiment, size_t cell,
			 size_t base, bool alike)
{
	size_t i, count = 0;

	for (i = 0; i < experiment->factor_count; i++) {
		bool same = strcmp(value_of(experiment, cell, i), value_of(experiment, base, i)) == 0;

		if (same != alike)
			continue;
		str_append(out, count++ > 0 ? ", " : "");
		append_factor(out, experiment, cell, i);
	}
}

void words_append_contrast(struct str *out, const struct stored_experiment *experiment, size_t cell,
			   size_t base)
{
	size_t before;

	if (experiment->cells[cell].is_aa) {
		str_append(out, "the second of two equal cells than in the first");
		return;
	}
	str_append(out, "with ");
	append_those(out, experiment, cell, base, false);
	str_append(out, " than with ");
	append_those(out, experiment, base, cell, false);
	before = out->length;
	str_append(out, " (");
	append_those(out, experiment, cell, base, true);
	if (out->length == before + 2)
		str_resize(out, before);
	else
		str_append(out, ")");
}

const char *words_of_verdict(enum result_verdict verdict)
{
	static const char *const words[RESULT_VERDICTS] = {
		[RESULT_DIFFERS] = "differs",
		[RESULT_ALIKE] = "no difference found",
		[RESULT_WITHIN_CONTROL] = "within A/A: not concluded",
		[RESULT_NO_CONTROL] = "no A/A: not concluded",
		[RESULT_TOO_FEW_BOOTS] = "too few boots: not concluded",
		[RESULT_UNPROVED] = "load not proved: not concluded",
		[RESULT_NO_DATA] = "not measured",
	};

	return words[verdict];
}

static bool has_accel(const struct result *result, const char *accel)
{
	size_t i;

	for (i = 0; i < result->experiment->cell_count; i++)
		if (result->cells[i].accel != NULL && strcmp(result->cells[i].accel, accel) == 0)
			return true;
	return false;
}

const char *words_of_platform(const struct result *result)
{
	const char *platform = result->experiment->platform;

	if (has_accel(result, "none") && !has_accel(result, "tcg") && !has_accel(result, "kvm"))
		return result->ratios_only ?
			"no VMs, on a host that is a VM itself or emulated: ratios and counts only" :
			"no VMs, on hardware";
	if (!result->ratios_only)
		return "KVM on hardware";
	if (has_accel(result, "tcg") || strcmp(platform, "tcg") == 0)
		return "emulated (TCG): ratios and counts only";
	if (strcmp(platform, "kvm, emulated") == 0)
		return "KVM under emulation: ratios and counts only";
	return "KVM inside a VM: ratios and counts only";
}
