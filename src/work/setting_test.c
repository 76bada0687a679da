/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/setting.h"

#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct error err;

static void expect_refused(const char *line, const char *part)
{
	const struct workload *workload;
	void *settings;

	err = (struct error){ 0 };
	assert_true(setting_parse_line(line, &workload, &settings, &err) < 0);
	if (strstr(err.text, part) == NULL)
		fail_msg("\"%s\" is refused with: %s", line, err.text);
}

static uint64_t number_of(const void *settings, const struct parameter *parameters, const char *name)
{
	uint64_t value;

	while (strcmp(parameters->name, name) != 0)
		parameters++;
	memcpy(&value, (const char *)settings + parameters->offset, sizeof value);
	return value;
}

static void a_line_sets_what_it_names_and_presets_the_rest(void **state)
{
	const struct workload *workload;
	void *settings;

	assert_int_equal(setting_parse_line("  memory-hold size=8M  content=identical duration=1.5s ",
					    &workload, &settings, &err), 0);
	assert_string_equal(workload->name, "memory-hold");
	assert_int_equal(number_of(settings, workload->parameters, "size"), 8 << 20);
	assert_int_equal(number_of(settings, workload->parameters, "content"), 1);
	assert_int_equal(number_of(settings, workload->parameters, "visits"), 1000);
	assert_int_equal(number_of(settings, workload_common, "duration"), 1500000000);
	assert_int_equal(((struct common_settings *)settings)->threads, 1);
	free(settings);
}

static uint64_t value_of(enum parameter_type type, const char *text)
{
	struct parameter parameter = { .name = "it", .type = type };
	uint64_t value = 0;

	return setting_parse_number(&parameter, text, &value, &err) < 0 ? UINT64_MAX : value;
}

static void sizes_and_times_have_their_units(void **state)
{
	assert_int_equal(value_of(PARAMETER_SIZE, "4K"), 4096);
	assert_int_equal(value_of(PARAMETER_SIZE, "1.5G"), 3ull << 29);
	assert_int_equal(value_of(PARAMETER_SIZE, "512"), 512);
	assert_int_equal(value_of(PARAMETER_TIME, "10us"), 10000);
	assert_int_equal(value_of(PARAMETER_TIME, "0.25"), 250000000);
	assert_int_equal(value_of(PARAMETER_TIME, "2m"), 120000000000);
	assert_int_equal(value_of(PARAMETER_COUNT, "12"), 12);
}

static void what_is_no_number_is_no_number(void **state)
{
	static const char *const wrong[] = { "", "K", "4k", "4KK", "-1", "1e9", "0.3", "1.", ".5",
					     " 4", "4 ", "99999999999999999999999T" };
	size_t i;

	for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(value_of(PARAMETER_SIZE, wrong[i]), UINT64_MAX);
	assert_int_equal(value_of(PARAMETER_COUNT, "1.5"), UINT64_MAX);
}

static void a_mistyped_word_is_answered_with_the_nearest(void **state)
{
	expect_refused("memory-wirte", "did you mean memory-write?");
	expect_refused("memory-write sise=4K", "did you mean size?");
	expect_refused("memory-write thread=4", "did you mean threads?");
	expect_refused("", "no workload \"\"");
	expect_refused("memory-hold content=same", "one of random identical zero");
}

static void what_cannot_be_is_refused_with_its_limit(void **state)
{
	expect_refused("memory-write size=64", "at least 1024");
	expect_refused("memory-write threads=0", "at least 1");
	expect_refused("memory-write threads=65", "at most 64");
	expect_refused("memory-write size=4K size=8K", "given twice");
	expect_refused("memory-write size", "needs a value");
	expect_refused("memory-write size=\"4K", "quotes of size");
	expect_refused("memory-write size=4K x", "no parameter \"x\"");
}

static void a_line_longer_than_any_is_refused(void **state)
{
	char line[LINE_MOST + 8];

	memset(line, ' ', sizeof line);
	memcpy(line, "cpu-prime", 9);
	line[sizeof line - 1] = '\0';
	expect_refused(line, "at most 4096 bytes");
}

/* A table with a mistake in it would be found by its user only. */
static void every_preset_is_within_its_limits(void **state)
{
	size_t i;

	for (i = 0; workloads[i] != NULL; i++) {
		const struct parameter *parameter = workloads[i]->parameters;

		assert_ptr_equal(workload_find(workloads[i]->name), workloads[i]);
		for (; parameter->name != NULL; parameter++) {
			uint64_t value;

			assert_non_null(parameter->summary);
			assert_true(parameter->offset + sizeof value <= workloads[i]->settings_size);
			assert_true(parameter->offset >= sizeof(struct common_settings));
			if (parameter->preset == NULL || parameter->type == PARAMETER_TEXT)
				continue;
			assert_int_equal(setting_parse_number(parameter, parameter->preset, &value,
							      &err), 0);
			if (parameter->words == NULL && parameter->type != PARAMETER_SWITCH)
				assert_in_range(value, parameter->least, parameter->most);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_sets_what_it_names_and_presets_the_rest),
		cmocka_unit_test(sizes_and_times_have_their_units),
		cmocka_unit_test(what_is_no_number_is_no_number),
		cmocka_unit_test(a_mistyped_word_is_answered_with_the_nearest),
		cmocka_unit_test(what_cannot_be_is_refused_with_its_limit),
		cmocka_unit_test(a_line_longer_than_any_is_refused),
		cmocka_unit_test(every_preset_is_within_its_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
