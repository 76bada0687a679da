/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots as JSON, CSV and metrics, against tests/golden. */
#include "base/str.h"
#include "model/synthetic.h"
#include "report/example.h"
#include "report/openmetrics.h"
#include "report/snapshot_csv.h"
#include "report/snapshot_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void json_is_as_it_was(void **state)
{
	struct snapshot *snapshot = *state;
	struct str out;

	str_init(&out);
	snapshot_json_append_line(snapshot, NULL, NULL, &out);
	golden_check("snapshot.json", &out);
	str_done(&out);
}

static void csv_is_as_it_was(void **state)
{
	struct snapshot *snapshot = *state;
	struct str out;

	str_init(&out);
	snapshot_csv_append_header(&out);
	snapshot_csv_append_rows(snapshot, NULL, NULL, &out);
	golden_check("snapshot.csv", &out);
	str_done(&out);
}

static void metrics_are_as_they_were(void **state)
{
	static const struct openmetrics_self self = { 7, 1234567, 8 << 20 };
	struct openmetrics_options options = { .format = OPENMETRICS_1, .per_vcpu = true };
	struct snapshot *snapshot = *state;
	struct str out;

	str_init(&out);
	openmetrics_append(snapshot, &options, &self, &out);
	openmetrics_append_end(&out);
	golden_check("snapshot.openmetrics", &out);
	str_clear(&out);
	options.format = OPENMETRICS_CLASSIC;
	options.per_vcpu = false;
	openmetrics_append(snapshot, &options, NULL, &out);
	golden_check("snapshot.prom", &out);
	str_done(&out);
}

static bool is_second(const struct vm *vm, void *context)
{
	const struct snapshot *snapshot = context;

	return vm == snapshot->vms[1];
}

static unsigned count(const char *text, const char *what)
{
	unsigned times = 0;

	while ((text = strstr(text, what)) != NULL) {
		times++;
		text++;
	}
	return times;
}

static void only_the_wanted_vm_is_written(void **state)
{
	struct snapshot *snapshot = *state;
	struct openmetrics_options options = { .wanted = is_second, .context = snapshot };
	struct str out;

	str_init(&out);
	snapshot_json_append_line(snapshot, is_second, snapshot, &out);
	assert_int_equal(count(out.data, "\"born\""), 1);
	str_clear(&out);
	snapshot_csv_append_rows(snapshot, is_second, snapshot, &out);
	assert_int_equal(count(out.data, "\r\n"), 1);
	str_clear(&out);
	openmetrics_append(snapshot, &options, NULL, &out);
	assert_int_equal(count(out.data, "truce_vm_vcpus{"), 1);
	assert_int_equal(count(out.data, "truce_vms 3\n"), 1);
	str_done(&out);
}

static void an_absent_figure_has_no_sample(void **state)
{
	struct openmetrics_options options = { .format = OPENMETRICS_1 };
	struct snapshot *snapshot = *state;
	struct str out;

	str_init(&out);
	openmetrics_append(snapshot, &options, NULL, &out);
	assert_int_equal(count(out.data, "truce_vm_pss_bytes"), 0);
	assert_int_equal(count(out.data, "truce_vm_nice{"), 2);
	str_done(&out);
}

static void a_limit_that_limits_nothing_is_infinite(void **state)
{
	struct openmetrics_options options = { .format = OPENMETRICS_1 };
	struct rates rates;
	struct str out;

	(void)state;
	example_three(&rates);
	str_init(&out);
	openmetrics_append(&rates.now, &options, NULL, &out);
	assert_non_null(strstr(out.data, "\ntruce_vm_quota_ratio{"));
	assert_non_null(strstr(out.data, "} +Inf\n"));
	assert_null(strstr(out.data, "} 922337203685"));
	str_done(&out);
	rates_done(&rates);
}

static void samples_carry_their_time_when_asked(void **state)
{
	struct openmetrics_options options = { .bare = true, .timed = true };
	struct snapshot *snapshot = *state;
	struct str out;

	str_init(&out);
	openmetrics_append(snapshot, &options, NULL, &out);
	assert_int_equal(count(out.data, "# "), 0);
	assert_int_equal(count(out.data, " 1772366401.000000\n"), count(out.data, "\n"));
	str_done(&out);
}

struct names {
	char name[512][96];
	size_t count;
};

static void collect_name(const char *name, const char *type, const char *unit, const char *help,
			 void *context)
{
	struct names *names = context;
	size_t i, length = strlen(name), size = strlen(unit);

	for (i = 0; i < names->count; i++)
		assert_string_not_equal(names->name[i], name);
	assert_true(names->count < 512 && length < sizeof names->name[0]);
	memcpy(names->name[names->count++], name, length + 1);
	assert_true(size == 0 || strcmp(name + length - size, unit) == 0);
	assert_int_not_equal(strlen(help), 0);
	assert_true(length < 6 || strcmp(name + length - 6, "_total") != 0);
	assert_null(strstr(name, "usec"));
	assert_null(strstr(name, "permyriad"));
	assert_null(strstr(help, "10000"));
}

static void families_are_unique_and_in_base_units(void **state)
{
	struct names *names = calloc(1, sizeof *names);

	assert_non_null(names);
	openmetrics_list(collect_name, names);
	assert_true(names->count > 100);
	free(names);
}

static int set_up(void **state)
{
	static struct snapshot snapshot;

	*state = &snapshot;
	return synthetic_of_everything(&snapshot);
}

static int tear_down(void **state)
{
	snapshot_done(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_is_as_it_was),
		cmocka_unit_test(csv_is_as_it_was),
		cmocka_unit_test(metrics_are_as_they_were),
		cmocka_unit_test(only_the_wanted_vm_is_written),
		cmocka_unit_test(an_absent_figure_has_no_sample),
		cmocka_unit_test(a_limit_that_limits_nothing_is_infinite),
		cmocka_unit_test(samples_carry_their_time_when_asked),
		cmocka_unit_test(families_are_unique_and_in_base_units),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
