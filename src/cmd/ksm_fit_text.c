/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What fits, as text: the host, a VM of each kind, the curve over the number of VMs, the answer. */
#include "base/cleanup.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/ksm_fit.h"
#include "report/table.h"
#include "report/units.h"

#include <math.h>
#include <string.h>

/* Of a curve longer than this some points are left out. */
#define ROWS_MOST 20

static void append_safe(struct str *text, const char *name)
{
	text_append_safe(text, name, strlen(name));
}

static void append_share(struct str *text, double share)
{
	str_appendf(text, "%g %%", share * 100);
}

static void append_host(const struct ksm_fit *fit, struct str *text)
{
	const struct fit_question *question = &fit->question;

	str_append(text, "host: ");
	units_append_bytes(text, question->host_bytes);
	str_append(text, ", of it ");
	units_append_bytes(text, question->used_bytes);
	str_append(text, " used beside these VMs, ");
	units_append_bytes(text, question->reserve_bytes);
	str_append(text, " to stay free, ");
	units_append_bytes(text, fmax(fit->fit.line_bytes, 0));
	str_append(text, " for VMs\n");
}

static void append_kind(const struct ksm_fit *fit, size_t number, struct str *text)
{
	const struct fit_kind *kind = &fit->fit.kinds[number];

	append_safe(text, fit->kinds[number].label);
	str_appendf(text, ": %zu VM%s seen, each ", kind->observed, kind->observed == 1 ? "" : "s");
	units_append_bytes(text, kind->vm_bytes);
	str_append(text, " (+-");
	units_append_bytes(text, kind->vm_deviation);
	str_append(text, "), of it its own ");
	units_append_bytes(text, kind->own_bytes);
	str_append(text, " (+-");
	units_append_bytes(text, kind->own_deviation);
	str_append(text, ")");
	if (kind->observed == 1)
		str_append(text, "; of one VM it is not known what others share with it");
	if (!fit->live && isnan(fit->overhead_bytes))
		str_append(text, "; without its VMM's own memory, which a file does not tell (--overhead)");
	str_append_char(text, '\n');
}

/* -- the curve ------------------------------------------------------------------------------------ */

static void add_bytes(struct table *table, double bytes)
{
	struct str cell;

	str_init(&cell);
	units_append_bytes(&cell, bytes);
	table_add(table, &cell);
}

static void add_number(struct table *table, size_t number)
{
	struct str cell;

	str_init(&cell);
	str_appendf(&cell, "%zu", number);
	table_add(table, &cell);
}

static void add_fits(const struct ksm_fit *fit, struct table *table, size_t vms)
{
	bool off = vms <= fit->fit.most.off, on = vms <= fit->fit.most.on;
	struct str cell;

	str_init(&cell);
	str_append(&cell, off && on ? "off, on" : off ? "off" : on ? "on" : "no");
	table_add(table, &cell);
}

static void add_row(const struct ksm_fit *fit, struct table *table, const struct fit_point *point)
{
	add_number(table, point->vms);
	add_bytes(table, point->off);
	add_bytes(table, point->off_risk);
	add_bytes(table, point->on);
	add_bytes(table, point->on_risk);
	add_bytes(table, point->rewritten);
	add_bytes(table, point->rewritten_all);
	add_bytes(table, point->full);
	add_fits(fit, table, point->vms);
}

/* Few enough rows, and the last that fits and the first that does not are among them. */
static bool is_shown(const struct fit *fit, size_t vms)
{
	size_t step = 1;

	while (fit->point_count / step > ROWS_MOST)
		step *= step % 3 == 2 ? 5 : 2; /* 1, 2, 10, 20, 100 */
	return vms % step == 0 || vms == 1 || vms == fit->most.off || vms == fit->most.off + 1 ||
	       vms == fit->most.on || vms == fit->most.on + 1 || vms == fit->point_count;
}

static void append_curve(const struct ksm_fit *fit, struct str *text)
{
	static const struct table_column columns[] = {
		{ "VMs", false, false },     { "off", false, false },	{ "at risk", false, false },
		{ "on", false, false },	     { "at risk", false, false }, { "rewritten", false, false },
		{ "all of it", false, false }, { "full", false, false }, { "fits", true, false },
	};
	struct table table;
	size_t i;

	table_init(&table, columns, ARRAY_SIZE(columns));
	for (i = 0; i < fit->fit.point_count; i++)
		if (is_shown(&fit->fit, i + 1))
			add_row(fit, &table, &fit->fit.points[i]);
	text->failed |= !table_append(&table, 0, true, text);
	table_done(&table);
}

/* -- the answer ----------------------------------------------------------------------------------- */

static void append_most(const struct ksm_fit *fit, size_t most, struct str *text)
{
	const struct fit_point *point;
	size_t kind;

	str_appendf(text, "%zu%s", most, most == FIT_VMS_MOST ? " or more" : "");
	if (fit->question.kind_count < 2 || most == 0)
		return;
	point = &fit->fit.points[most - 1];
	for (kind = 0; kind < fit->question.kind_count; kind++) {
		str_append(text, kind == 0 ? " (" : ", ");
		append_safe(text, fit->kinds[kind].label);
		str_appendf(text, " %zu", point->counts[kind]);
	}
	str_append_char(text, ')');
}

static void append_rewriting(uint64_t rewriting, struct str *text)
{
	if (rewriting == UINT64_MAX)
		str_append(text, "all of them");
	else
		str_appendf(text, "%llu of them", (unsigned long long)rewriting);
}

static void append_answer(const struct ksm_fit *fit, struct str *text)
{
	const struct fit_most *most = &fit->fit.most;

	str_append(text, "At a risk of ");
	append_share(text, fit->question.risk);
	str_append(text, " it holds ");
	append_most(fit, most->off, text);
	str_append(text, " with KSM off, ");
	append_most(fit, most->on, text);
	str_append(text, " with KSM on and room for ");
	append_rewriting(fit->question.rewriting, text);
	str_append(text, " to write to all that is shared.\n");
	str_appendf(text, "Were all like the mean of those seen: %zu off, %zu on.", most->off_mean,
		    most->on_mean);
	if (!isnan(fit->fit.points[0].full))
		str_appendf(text, " Did each fill all that it may have, and none share: %zu.", most->full);
	str_append_char(text, '\n');
}

void ksm_fit_append_text(const struct ksm_fit *fit, struct str *text)
{
	size_t i;

	append_host(fit, text);
	for (i = 0; i < fit->question.kind_count; i++)
		append_kind(fit, i, text);
	str_append_char(text, '\n');
	append_curve(fit, text);
	str_append_char(text, '\n');
	append_answer(fit, text);
}
