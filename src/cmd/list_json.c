/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/list_json.h"

#include "base/str.h"
#include "report/json.h"
#include "report/snapshot_json.h"

#include <math.h>

/* Growth of every counter a second, in the unit that its name ends in. */
static void put_growth(struct json *json, struct vm_sight sight)
{
	size_t i;

	json_key(json, "per_second");
	json_object_begin(json);
	for (i = 0; i < vm_info.figure_count; i++) {
		double rate;

		if (vm_info.figures[i].kind != KIND_COUNTER)
			continue;
		rate = vm_rate(sight, i);
		json_key(json, vm_info.figures[i].name);
		if (isnan(rate))
			json_nothing(json);
		else
			json_int(json, llround(rate));
	}
	json_object_end(json);
}

static void put_percent(struct json *json, const char *key, double percent)
{
	json_key(json, key);
	json_tenths(json, percent);
}

/* What happened between the two looks: the table's columns of rates. */
static void put_now(struct json *json, const struct vm_row *row)
{
	bool hurts = row->hurt.kind != HURT_NOTHING;

	json_key(json, "now");
	json_object_begin(json);
	put_percent(json, "cpu_percent",
		    vm_cpu_percent(row->sight));
	put_percent(json, "wait_percent", vm_percent(row->sight, VM_WAITING));
	put_percent(json, "throttled_percent", vm_percent(row->sight, VM_THROTTLED));
	json_key(json, "hurt");
	json_text(json, hurts ? hurt_name(row->hurt.kind) : NULL);
	put_percent(json, "hurt_percent", hurts ? row->hurt.percent : NAN);
	put_growth(json, row->sight);
	json_object_end(json);
}

static void put_over(struct json *json, const struct rates *rates)
{
	json_key(json, "over_usec");
	if (rates->before.monotonic_usec != 0)
		json_uint(json, rates->now.monotonic_usec - rates->before.monotonic_usec);
	else
		json_nothing(json);
}

void list_json_append(const struct rates *rates, const struct vm_row *rows, size_t count,
		      struct str *str)
{
	struct json json;
	size_t i;

	json_begin(&json, str);
	json_object_begin(&json);
	json_key(&json, "schema");
	json_text(&json, "truce.list/1");
	snapshot_json_times(&json, &rates->now);
	put_over(&json, rates);
	json_key(&json, "host");
	snapshot_json_host(&json, &rates->now);
	json_key(&json, "vms");
	json_array_begin(&json);
	for (i = 0; i < count; i++) {
		json_object_begin(&json);
		snapshot_json_vm(&json, &rates->now, rows[i].sight.now);
		put_now(&json, &rows[i]);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	str_append_char(str, '\n');
}
