/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ledger/effect.h"

#include "base/str.h"

#include <inttypes.h>

#define EFFECT_NAME(symbol, name, help) [EFFECT_##symbol] = name,
static const char *const names[EFFECT_COUNT] = { EFFECT_FIGURES(EFFECT_NAME) };

const char *effect_figure_name(enum effect_figure figure)
{
	return names[figure];
}

static const struct {
	enum effect_figure figure;
	const char *word;
} told[] = {
	{ EFFECT_CPU, "CPU" },	 { EFFECT_WAITING, "waiting" }, { EFFECT_RSS, "RSS" },
	{ EFFECT_DISK, "disk" }, { EFFECT_NET, "net" },		{ EFFECT_HOST, "host busy" },
};

static void append_bytes(struct str *str, int64_t bytes, const char *behind)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double number = (double)bytes;
	unsigned unit = 0;

	while (number >= 1024 && unit < 4) {
		number /= 1024;
		unit++;
	}
	str_appendf(str, unit == 0 || number >= 100 ? "%.0f %s%s" : "%.1f %s%s", number, units[unit],
		    behind);
}

static void append_value(struct str *str, enum effect_figure figure, int64_t value)
{
	if (figure == EFFECT_RSS)
		append_bytes(str, value, "");
	else if (figure == EFFECT_DISK || figure == EFFECT_NET)
		append_bytes(str, value, "/s");
	else
		str_appendf(str, "%" PRId64 " %%", (value + 50) / 100);
}

void effect_append(struct str *str, const struct effect *effect)
{
	const char *comma = "";
	size_t i;

	for (i = 0; i < sizeof told / sizeof *told; i++) {
		enum effect_figure figure = told[i].figure;

		if (!effect->before_known[figure] || !effect->after_known[figure])
			continue;
		/* Neither disk nor network, before and after, is no news. */
		if ((figure == EFFECT_DISK || figure == EFFECT_NET) && effect->before[figure] == 0 &&
		    effect->after[figure] == 0)
			continue;
		str_appendf(str, "%s%s ", comma, told[i].word);
		append_value(str, figure, effect->before[figure]);
		str_append(str, " -> ");
		append_value(str, figure, effect->after[figure]);
		comma = ", ";
	}
}
