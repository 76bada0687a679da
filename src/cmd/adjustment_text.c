/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/adjustment_text.h"

#include "base/str.h"
#include "base/text.h"
#include "cmd/source_line.h"
#include "ledger/ledger.h"
#include "report/units.h"

#include <string.h>

static void put_safe(struct str *str, const char *text)
{
	text_append_safe(str, text, strlen(text));
}

/* What is given back is told by the outcome: only then is it known. */
static void put_change(struct str *str, const struct adjustment *adjustment)
{
	const struct plan_item *item = &adjustment->item;
	bool restored = item->verdict == PLAN_RELEASE && adjustment->has_outcome &&
			adjustment->outcome.status == OUTCOME_RESTORED;

	if (item->from_known) {
		str_append_char(str, ' ');
		setting_append(str, item->setting, &item->from);
	}
	if (item->verdict == PLAN_RELEASE && !restored)
		return;
	str_append(str, item->from_known ? " -> " : " ");
	setting_append(str, item->setting, restored ? &adjustment->outcome.to : &item->to);
}

static void put_outcome(struct str *str, const struct adjustment *adjustment)
{
	const struct outcome *outcome = &adjustment->outcome;

	if (adjustment->dry_run) {
		str_append(str, ", only planned");
		return;
	}
	if (!adjustment->has_outcome)
		return;
	str_appendf(str, ", %s", outcome_status_name(outcome->status));
	if (outcome->status == OUTCOME_DRIFT) {
		str_append(str, ": now ");
		setting_append(str, outcome->setting, &outcome->to);
	}
	if (outcome->text[0] != '\0') {
		str_append(str, ": ");
		put_safe(str, outcome->text);
	}
}

static void append_what(struct str *str, const struct adjustment *adjustment)
{
	const struct plan_item *item = &adjustment->item;

	if (adjustment->note[0] != '\0') {
		put_safe(str, adjustment->note);
		return;
	}
	str_appendf(str, "%s %s", plan_verdict_name(item->verdict), setting_info[item->setting].name);
	if (item->verdict == PLAN_SET || item->verdict == PLAN_RELEASE) {
		put_change(str, adjustment);
		put_outcome(str, adjustment);
		return;
	}
	str_append_char(str, ' ');
	setting_append(str, item->setting, &item->to);
	if (item->reason[0] != '\0') {
		str_append(str, ": ");
		put_safe(str, item->reason);
	}
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

void cause_append_who(struct str *str, const struct cause *cause)
{
	if (strcmp(cause->policy, "set") == 0) {
		str_append(str, "a person");
		return;
	}
	put_safe(str, cause->path[0] != '\0' ? last_part(cause->path) : cause->policy);
	if (cause->line > 0)
		str_appendf(str, ":%d", cause->line);
	if (cause->rule[0] != '\0') {
		str_append_char(str, ' ');
		put_safe(str, cause->rule);
	}
}

static void put_inputs(struct str *str, const struct cause *cause)
{
	size_t i;

	for (i = 0; i < cause->input_count && i < CAUSE_INPUTS_MAX; i++) {
		str_append(str, i > 0 ? ", " : "");
		put_safe(str, cause->inputs[i].name);
		str_append_char(str, ' ');
		put_safe(str, cause->inputs[i].value);
	}
}

static void put_name(struct str *str, const struct adjustment *adjustment)
{
	if (adjustment->item.vm_name[0] != '\0')
		put_safe(str, adjustment->item.vm_name);
	else if (adjustment->item.vm.pid != 0)
		str_appendf(str, "pid %d", (int)adjustment->item.vm.pid);
	else
		str_append(str, "host");
}

static void put_cause(struct str *str, const struct cause *cause)
{
	if (cause->policy[0] == '\0')
		return;
	str_append(str, "; ");
	cause_append_who(str, cause);
	if (cause->because[0] != '\0') {
		str_append(str, ": ");
		put_safe(str, cause->because);
	}
	if (cause->input_count > 0) {
		str_append(str, " (");
		put_inputs(str, cause);
		str_append_char(str, ')');
	}
}

static void begin_line(struct str *str, const struct adjustment *adjustment)
{
	units_append_time(str, adjustment->realtime_usec);
	str_append(str, "  ");
	put_name(str, adjustment);
	str_append(str, "  ");
}

void adjustment_append_line(struct str *str, const struct adjustment *adjustment)
{
	begin_line(str, adjustment);
	append_what(str, adjustment);
	if (adjustment->note[0] == '\0')
		put_cause(str, &adjustment->item.cause);
	str_append_char(str, '\n');
}

void adjustment_append_effect_line(struct str *str, const struct adjustment *adjustment)
{
	size_t begin = str->length, head;

	if (!adjustment->has_effect)
		return;
	begin_line(str, adjustment);
	str_appendf(str, "since %s ", setting_info[adjustment->item.setting].name);
	setting_append(str, adjustment->item.setting, &adjustment->item.to);
	str_append(str, ": ");
	head = str->length;
	effect_append(str, &adjustment->effect);
	if (str->length == head)
		str_resize(str, begin);
	else
		str_append_char(str, '\n');
}

static void put_detail(struct str *str, const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	str_appendf(str, "    %-10s ", name);
	put_safe(str, text);
	str_append_char(str, '\n');
}

/* What nobody asks for any more has no asker. */
static void put_asker(struct str *str, const struct plan_item *item)
{
	if (item->cause.policy[0] == '\0')
		return;
	str_appendf(str, "    %-10s ", "asked");
	str_append(str, setting_info[item->asked].name);
	str_append(str, " by ");
	if (strcmp(item->cause.policy, "set") == 0) {
		str_append(str, "a person (truce set)\n");
		return;
	}
	put_safe(str, item->cause.path[0] != '\0' ? item->cause.path : item->cause.policy);
	if (item->cause.line > 0)
		str_appendf(str, ":%d", item->cause.line);
	if (item->cause.rule[0] != '\0') {
		str_append(str, ", rule ");
		put_safe(str, item->cause.rule);
	} else if (item->class_name[0] != '\0') {
		str_append(str, ", intent of class ");
		put_safe(str, item->class_name);
	}
	str_append_char(str, '\n');
}

static void put_effect(struct str *str, const struct effect *effect)
{
	struct str text;

	str_init(&text);
	effect_append(&text, effect);
	if (text.length > 0) {
		str_append(&text, " (");
		units_append_duration(&text, (double)effect->before_usec);
		str_append(&text, " before, ");
		units_append_duration(&text, (double)effect->after_usec);
		str_append(&text, " after)");
	}
	put_detail(str, "since", text.data != NULL ? text.data : "");
	str_done(&text);
}

void adjustment_append_details(struct str *str, const struct adjustment *adjustment,
			       const char *source)
{
	const struct plan_item *item = &adjustment->item;
	struct str inputs;

	units_append_time(str, adjustment->realtime_usec);
	str_append(str, "  ");
	append_what(str, adjustment);
	str_append_char(str, '\n');
	if (adjustment->note[0] != '\0')
		return;
	put_asker(str, item);
	source_line_append(str, source, item->cause.line, "             ");
	put_detail(str, "because", item->cause.because);
	str_init(&inputs);
	put_inputs(&inputs, &item->cause);
	put_detail(str, "inputs", inputs.data != NULL ? inputs.data : "");
	str_done(&inputs);
	put_detail(str, "acts at", adjustment->has_outcome && adjustment->outcome.where[0] != '\0'
		   ? adjustment->outcome.where : item->where);
	if (item->verdict == PLAN_SET)
		put_detail(str, "imprecise", item->reason);
	put_detail(str, "predicted", item->predicted);
	if (adjustment->has_effect)
		put_effect(str, &adjustment->effect);
}
