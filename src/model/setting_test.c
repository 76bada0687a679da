/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/setting.h"

#include "base/error.h"
#include "base/str.h"
#include "model/host.h"
#include "model/vm.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int64_t number(enum setting setting, const char *text)
{
	struct setting_value value;
	struct error err = { 0 };

	if (setting_parse(setting, text, &value, &err) < 0)
		fail_msg("%s", err.text);
	return value.number;
}

static const char *list(const char *text)
{
	static struct setting_value value;
	struct error err = { 0 };

	if (setting_parse(SETTING_CPU_AFFINITY, text, &value, &err) < 0)
		fail_msg("%s", err.text);
	return value.text;
}

/* The sentence of a refusal. */
static const char *refusal(enum setting setting, const char *text, int code)
{
	static struct error err;
	struct setting_value value = { .number = 77 };

	memset(&err, 0, sizeof err);
	assert_int_equal(setting_parse(setting, text, &value, &err), code);
	assert_int_equal(value.number, 77);
	return err.text;
}

static void units_are_read_as_people_write_them(void **state)
{
	assert_int_equal(number(SETTING_CPU_LIMIT, "2cpus"), 20000);
	assert_int_equal(number(SETTING_CPU_LIMIT, "1.5 CPUs"), 15000);
	assert_int_equal(number(SETTING_CPU_LIMIT, "50%"), 5000);
	assert_int_equal(number(SETTING_CPU_LIMIT, " 2 "), 20000);
	assert_int_equal(number(SETTING_CPU_LIMIT, "33.3333%"), 3333);
	assert_int_equal(number(SETTING_CPU_LIMIT, "max"), SETTING_UNLIMITED);
	assert_int_equal(number(SETTING_MEMORY_LIMIT, "512MiB"), 512 << 20);
	assert_int_equal(number(SETTING_MEMORY_LIMIT, "1G"), 1 << 30);
	assert_int_equal(number(SETTING_MEMORY_LIMIT, "2GB"), 2000000000);
	assert_int_equal(number(SETTING_MEMORY_LIMIT, "512mb"), 512000000);
	assert_int_equal(number(SETTING_DISK_LIMIT, "10MB/s"), 10000000);
	assert_int_equal(number(SETTING_DISK_LIMIT, "10 MiB/s"), 10 << 20);
	assert_int_equal(number(SETTING_NET_LIMIT, "80 Mbit/s"), 10000000);
	assert_int_equal(number(SETTING_NET_LIMIT, "100Mbps"), 12500000);
	assert_int_equal(number(SETTING_NET_LIMIT, "1 gbit"), 125000000);
	assert_int_equal(number(SETTING_DISK_LIMIT_OPERATIONS, "100/s"), 100);
	assert_int_equal(number(SETTING_DISK_LIMIT_OPERATIONS, "2k/s"), 2000);
	assert_int_equal(number(SETTING_CPU_BURST, "20ms"), 20000);
	assert_int_equal(number(SETTING_CPU_BURST, "0"), 0);
	assert_int_equal(number(SETTING_CPU_NICE, "-5"), -5);
	assert_int_equal(number(SETTING_CPU_SHARES, "400"), 400);
}

static void a_list_of_cpus_comes_out_as_the_kernel_writes_it(void **state)
{
	assert_string_equal(list("0-3,8"), "0-3,8");
	assert_string_equal(list("8, 0-1 , 2,3"), "0-3,8");
	assert_string_equal(list("5"), "5");
	refusal(SETTING_CPU_AFFINITY, "", -EINVAL);
	refusal(SETTING_CPU_AFFINITY, "3-1", -EINVAL);
	refusal(SETTING_CPU_AFFINITY, "0-3,", -EINVAL);
	refusal(SETTING_CPU_AFFINITY, "0-99999", -EINVAL);
	refusal(SETTING_CPU_AFFINITY, "18446744073709551615", -EINVAL);
	refusal(SETTING_CPU_AFFINITY, "max", -EINVAL);
}

static void a_list_too_long_to_keep_is_refused(void **state)
{
	struct str text;
	unsigned i;

	str_init(&text);
	for (i = 0; i < 100; i++)
		str_appendf(&text, i > 0 ? ",%u" : "%u", i * 2);
	refusal(SETTING_CPU_AFFINITY, text.data, -ERANGE);
	str_done(&text);
}

static void a_refusal_names_setting_value_and_what_would_do(void **state)
{
	assert_string_equal(refusal(SETTING_CPU_LIMIT, "2 dogs", -EINVAL),
			    "cpu.limit: \"2 dogs\" is not an amount of CPUs: write 1.5 CPUs or 50%, "
			    "or max");
	assert_string_equal(refusal(SETTING_CPU_BURST, "20", -EINVAL),
			    "cpu.burst: \"20\" is not a time (it has no unit): write 300us or 20ms");
	assert_string_equal(refusal(SETTING_NET_LIMIT, "10 Mb/s", -EINVAL),
			    "net.limit: \"10 Mb/s\" is not a rate of bytes (b may be bits or bytes: "
			    "say bit or B): write 10MB/s or 80 Mbit/s, or max");
	assert_string_equal(refusal(SETTING_CPU_SHARES, "-1", -ERANGE),
			    "cpu.shares: -1 is below the least, 1");
	assert_string_equal(refusal(SETTING_CPU_SHARES, "20000", -ERANGE),
			    "cpu.shares: 20000 is above the most, 10000");
	assert_string_equal(refusal(SETTING_MEMORY_RESERVE, "max", -ERANGE),
			    "memory.reserve: max says nothing here: give a number");
	assert_string_equal(refusal(SETTING_CPU_LIMIT, "0", -ERANGE),
			    "cpu.limit: 0 CPUs is below the least, 0.01 CPUs");
}

static void nonsense_is_no_value(void **state)
{
	refusal(SETTING_CPU_SHARES, "", -EINVAL);
	refusal(SETTING_CPU_SHARES, "nan", -EINVAL);
	refusal(SETTING_CPU_SHARES, "inf", -EINVAL);
	refusal(SETTING_CPU_SHARES, "1e3", -EINVAL);
	refusal(SETTING_CPU_SHARES, "100.5", -EINVAL);
	refusal(SETTING_CPU_SHARES, "0x10", -EINVAL);
	refusal(SETTING_CPU_SHARES, "1,5", -EINVAL);
	refusal(SETTING_CPU_SHARES, ".5", -EINVAL);
	refusal(SETTING_CPU_SHARES, "5.", -EINVAL);
	refusal(SETTING_MEMORY_LIMIT, "99999999999999999999G", -ERANGE);
	refusal(SETTING_MEMORY_LIMIT, "9223372036854775807", -ERANGE);
	refusal(SETTING_MEMORY_LIMIT, "-1G", -ERANGE);
	assert_null(strchr(refusal(SETTING_CPU_SHARES, "\x1b[31m", -EINVAL), '\x1b'));
}

static uint64_t draw(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random;
}

static void check_round_trip(enum setting setting, const struct setting_value *value)
{
	struct setting_value again;
	struct error err = { 0 };
	struct str text;

	str_init(&text);
	setting_append(&text, setting, value);
	assert_non_null(text.data);
	if (setting_parse(setting, text.data, &again, &err) < 0)
		fail_msg("%s: %s", text.data, err.text);
	if (!setting_value_equal(setting, value, &again))
		fail_msg("%s %lld: \"%s\" was read as %lld", setting_info[setting].name,
			 (long long)value->number, text.data, (long long)again.number);
	str_done(&text);
}

static int64_t draw_number(const struct setting_info *info, uint64_t *random)
{
	static const int64_t grains[] = { 1, 10, 100, 1000, 1000000, 1024, 1 << 20, 1 << 30 };
	int64_t grain = grains[draw(random) % (sizeof grains / sizeof *grains)];
	int64_t number = (int64_t)(draw(random) >> (1 + draw(random) % 62));

	number = number / grain * grain;
	if (info->least < 0 && draw(random) % 2 == 0)
		number = -number;
	return number;
}

static void what_is_written_is_read_back_exactly(void **state)
{
	uint64_t random = 88172645463325252u;
	unsigned i;
	int setting;

	for (setting = 0; setting < SETTING_COUNT; setting++) {
		const struct setting_info *info = &setting_info[setting];
		struct setting_value value = { .number = info->least };
		unsigned checked = 0;

		if (info->unit == SETTING_UNIT_TEXT) {
			strcpy(value.text, "0-3,8,17-4095");
			check_round_trip((enum setting)setting, &value);
			continue;
		}
		check_round_trip((enum setting)setting, &value);
		value.number = setting_takes_unlimited((enum setting)setting) ? SETTING_UNLIMITED :
			       info->most == SETTING_UNLIMITED ? INT64_MAX - 1 : info->most;
		/* 18 digits are read; what is larger nobody has. */
		if (value.number == INT64_MAX - 1)
			value.number = 999999999999999999;
		check_round_trip((enum setting)setting, &value);
		for (i = 0; i < 20000; i++) {
			value.number = draw_number(info, &random) % 999999999999999999;
			if (setting_check((enum setting)setting, value.number, NULL) < 0)
				continue;
			check_round_trip((enum setting)setting, &value);
			checked++;
		}
		assert_true(checked > 0);
	}
}

static void every_setting_is_found_by_its_name(void **state)
{
	int i;

	for (i = 0; i < SETTING_COUNT; i++) {
		const struct setting_info *info = &setting_info[i];

		assert_int_equal(setting_find(info->name), i);
		assert_true(strncmp(info->name, setting_resource_name(info->resource),
				    strlen(setting_resource_name(info->resource))) == 0 ||
			    info->scope == SETTING_SCOPE_HOST);
	}
	assert_int_equal(setting_find("cpu"), -1);
}

static void a_mistyped_name_gets_the_nearest(void **state)
{
	struct error err = { 0 };

	assert_int_equal(setting_find_or_suggest("cpu.share", &err), -ENOENT);
	assert_string_equal(err.text,
			    "there is no setting \"cpu.share\"; did you mean cpu.shares? "
			    "(truce set --list shows all)");
	assert_int_equal(setting_find_or_suggest("cpu.shares", &err), SETTING_CPU_SHARES);
	assert_int_equal(setting_find_or_suggest("frobnicate", &err), -ENOENT);
	assert_string_equal(err.text, "there is no setting \"frobnicate\" "
					  "(truce set --list shows all)");
	assert_int_equal(setting_find_or_suggest("quota", &err), -ENOENT);
	assert_non_null(strstr(err.text, "did you mean cpu.quota?"));
	assert_int_equal(setting_find_or_suggest("sheres", &err), -ENOENT);
	assert_non_null(strstr(err.text, "did you mean cpu.shares?"));
}

static void what_takes_from_a_vm_is_tighter(void **state)
{
	assert_true(setting_is_tightened(SETTING_CPU_WEIGHT, 400, 100));
	assert_false(setting_is_tightened(SETTING_CPU_WEIGHT, 100, 400));
	assert_true(setting_is_tightened(SETTING_CPU_NICE, 0, 5));
	assert_true(setting_is_tightened(SETTING_CPU_QUOTA, SETTING_UNLIMITED, 20000));
	assert_false(setting_is_tightened(SETTING_CPU_AFFINITY, 0, 1));
}

/* A figure that reads a setting back has its unit, so that what is set and what is seen compare. */
static void figures_that_read_back_are_of_the_same_kind(void **state)
{
	int i;

	for (i = 0; i < SETTING_COUNT; i++) {
		const struct setting_info *info = &setting_info[i];
		const struct object_info *object =
			info->scope == SETTING_SCOPE_VM ? &vm_info : &host_info;

		if (info->figure < 0)
			continue;
		assert_true((size_t)info->figure < object->figure_count);
		assert_int_equal(object->figures[info->figure].kind, KIND_KNOB);
		if (info->unit == SETTING_UNIT_BYTES)
			assert_int_equal(object->figures[info->figure].unit, UNIT_BYTES);
		if (info->unit == SETTING_UNIT_CPUS)
			assert_int_equal(object->figures[info->figure].unit, UNIT_PERMYRIAD);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_are_read_as_people_write_them),
		cmocka_unit_test(a_list_of_cpus_comes_out_as_the_kernel_writes_it),
		cmocka_unit_test(a_list_too_long_to_keep_is_refused),
		cmocka_unit_test(a_refusal_names_setting_value_and_what_would_do),
		cmocka_unit_test(nonsense_is_no_value),
		cmocka_unit_test(what_is_written_is_read_back_exactly),
		cmocka_unit_test(every_setting_is_found_by_its_name),
		cmocka_unit_test(a_mistyped_name_gets_the_nearest),
		cmocka_unit_test(what_takes_from_a_vm_is_tighter),
		cmocka_unit_test(figures_that_read_back_are_of_the_same_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
