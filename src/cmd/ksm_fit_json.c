/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What fits, as JSON: doc/format/ksm-fit-json.md. */
#include "base/str.h"
#include "cmd/ksm_fit.h"
#include "report/json.h"

#include <math.h>

static void put_number(struct json *json, const char *key, double number)
{
	json_key(json, key);
	json_double(json, number);
}

/* Whole bytes; NAN is null. */
static void put_bytes(struct json *json, const char *key, double bytes)
{
	put_number(json, key, rint(bytes));
}

static void put_count(struct json *json, const char *key, uint64_t count)
{
	json_key(json, key);
	json_uint(json, count);
}

static void put_host(struct json *json, const struct ksm_fit *fit)
{
	json_key(json, "host");
	json_object_begin(json);
	put_bytes(json, "memory_bytes", fit->question.host_bytes);
	put_bytes(json, "used_bytes", fit->question.used_bytes);
	put_bytes(json, "reserve_bytes", fit->question.reserve_bytes);
	put_bytes(json, "line_bytes", fit->fit.line_bytes);
	json_object_end(json);
}

static void put_question(struct json *json, const struct ksm_fit *fit)
{
	put_number(json, "risk", fit->question.risk);
	put_number(json, "spread", fit->question.spread);
	put_number(json, "horizon_seconds", (double)fit->settings->horizon_usec / 1e6);
	json_key(json, "rewriting");
	if (fit->question.rewriting == UINT64_MAX)
		json_nothing(json);
	else
		json_uint(json, fit->question.rewriting);
	put_count(json, "max_sharing", fit->prints.max_sharing);
	json_key(json, "zero_pages");
	json_bool(json, fit->prints.zero_pages);
}

static void put_vm(struct json *json, const struct ksm_fit *fit, size_t number)
{
	const struct prints_vm *vm = &fit->prints.vms[number];
	const struct fit_vm *one = &fit->vms[number];
	bool other_known = fit->live || !isnan(fit->overhead_bytes);

	json_object_begin(json);
	json_key(json, "id");
	json_text(json, vm->id);
	json_key(json, "name");
	json_text(json, vm->name);
	put_count(json, "pages", vm->pages);
	put_count(json, "zero_pages", vm->zero);
	put_count(json, "changing_pages", vm->changing);
	put_bytes(json, "other_bytes", other_known ? one->other_bytes : NAN);
	put_bytes(json, "growth_bytes", one->growth_bytes);
	put_bytes(json, "most_bytes", one->most_bytes > 0 ? one->most_bytes : NAN);
	json_object_end(json);
}

static void put_kind(struct json *json, const struct ksm_fit *fit, size_t number)
{
	const struct fit_kind *kind = &fit->fit.kinds[number];
	size_t i;

	json_object_begin(json);
	json_key(json, "label");
	json_text(json, fit->kinds[number].label);
	put_number(json, "mix", fit->mix[number]);
	put_bytes(json, "vm_bytes", kind->vm_bytes);
	put_bytes(json, "vm_deviation_bytes", kind->vm_deviation);
	put_bytes(json, "own_bytes", kind->own_bytes);
	put_bytes(json, "own_deviation_bytes", kind->own_deviation);
	json_key(json, "observed");
	json_array_begin(json);
	for (i = 0; i < fit->prints.vm_count; i++)
		if (fit->kind_of[i] == number)
			put_vm(json, fit, i);
	json_array_end(json);
	json_object_end(json);
}

static void put_point(struct json *json, const struct ksm_fit *fit, const struct fit_point *point)
{
	size_t i;

	json_object_begin(json);
	put_count(json, "vms", point->vms);
	json_key(json, "of_kinds");
	json_array_begin(json);
	for (i = 0; i < fit->question.kind_count; i++)
		json_uint(json, point->counts[i]);
	json_array_end(json);
	put_bytes(json, "off_bytes", point->off);
	put_bytes(json, "off_risk_bytes", point->off_risk);
	put_bytes(json, "on_bytes", point->on);
	put_bytes(json, "on_risk_bytes", point->on_risk);
	put_bytes(json, "tracking_bytes", point->items);
	put_bytes(json, "rewritten_bytes", point->rewritten);
	put_bytes(json, "rewritten_all_bytes", point->rewritten_all);
	put_bytes(json, "full_bytes", point->full);
	json_object_end(json);
}

static void put_most(struct json *json, const struct ksm_fit *fit)
{
	const struct fit_most *most = &fit->fit.most;

	json_key(json, "fits");
	json_object_begin(json);
	put_count(json, "off", most->off);
	put_count(json, "on", most->on);
	put_count(json, "off_mean", most->off_mean);
	put_count(json, "on_mean", most->on_mean);
	json_key(json, "full");
	if (isnan(fit->fit.points[0].full))
		json_nothing(json);
	else
		json_uint(json, most->full);
	json_object_end(json);
}

void ksm_fit_append_json(const struct ksm_fit *fit, struct str *text)
{
	struct json json;
	size_t i;

	json_begin(&json, text);
	json_object_begin(&json);
	json_key(&json, "schema");
	json_text(&json, "truce.ksm-fit/1");
	put_host(&json, fit);
	put_question(&json, fit);
	json_key(&json, "kinds");
	json_array_begin(&json);
	for (i = 0; i < fit->question.kind_count; i++)
		put_kind(&json, fit, i);
	json_array_end(&json);
	put_most(&json, fit);
	json_key(&json, "curve");
	json_array_begin(&json);
	for (i = 0; i < fit->fit.point_count; i++)
		put_point(&json, fit, &fit->fit.points[i]);
	json_array_end(&json);
	json_object_end(&json);
	str_append_char(text, '\n');
}
