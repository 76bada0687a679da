/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every shipped experiment, planned for the smallest host that it must run on: two cores, no KVM. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/plan/lab_plan.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE_USEC 60000000ull

/* Those that the papers and the issues ask for: more may be added, none may vanish. */
static const char *const wanted[] = {
	"aa", "file-server", "isolation-cpu", "isolation-disk-held", "isolation-disk-read",
	"isolation-disk-write", "isolation-memory", "isolation-net-held", "isolation-tcp",
	"isolation-udp", "ksm-idle", "ksm-memory", "ksm-prime", "mint-cpu", "mint-disk",
	"mint-memory", "peacemaker", "peacemaker-several",
};

static glob_t files;

static int find_files(void **state)
{
	char pattern[4200];

	snprintf(pattern, sizeof pattern, "%s/experiments/*.lua", getenv("SOURCE_ROOT"));
	return glob(pattern, 0, NULL, &files);
}

static int forget_files(void **state)
{
	globfree(&files);
	return 0;
}

static struct spec *read_spec(const char *path, bool quick)
{
	struct error err = { 0 };
	struct spec *spec = NULL;

	if (spec_read(path, quick, &spec, NULL, &err) < 0)
		fail_msg("%s%s: %s", path, quick ? " --quick" : "", err.text);
	return spec;
}

static struct lab_plan *plan_for_two_cores(const struct spec *spec)
{
	static const unsigned cpus[] = { 0, 1 };
	struct lab_plan_host host = { cpus, 2, 4ull << 30, 8ull << 30, false, true };
	struct error err = { 0 };
	struct lab_plan *plan = NULL;

	if (lab_plan_new(spec, &host, 1, &plan, &err) < 0)
		fail_msg("%s", err.text);
	return plan;
}

static void each_is_read_and_says_its_time(void **state)
{
	size_t i;

	for (i = 0; i < files.gl_pathc * 2; i++) {
		struct spec *spec = read_spec(files.gl_pathv[i / 2], i % 2 == 1);
		struct lab_plan *plan = plan_for_two_cores(spec);
		struct str text;

		str_init(&text);
		lab_plan_append_text(plan, &text);
		assert_non_null(strstr(text.data, "time       about "));
		str_done(&text);
		lab_plan_free(plan);
		spec_free(spec);
	}
}

static void each_takes_five_minutes_at_most_when_quick(void **state)
{
	size_t i;

	for (i = 0; i < files.gl_pathc; i++) {
		struct spec *spec = read_spec(files.gl_pathv[i], true);
		struct lab_plan *plan = plan_for_two_cores(spec);

		if (plan->estimate_usec > 5 * MINUTE_USEC)
			fail_msg("%s --quick takes %llu s", files.gl_pathv[i],
				 (unsigned long long)plan->estimate_usec / 1000000);
		lab_plan_free(plan);
		spec_free(spec);
	}
}

/* Fewer than ten and nothing is said about other boots; without a control nothing at all. */
static void each_has_boots_enough_and_a_control(void **state)
{
	size_t i, j;

	for (i = 0; i < files.gl_pathc * 2; i++) {
		struct spec *spec = read_spec(files.gl_pathv[i / 2], i % 2 == 1);
		bool control = false;

		for (j = 0; j < spec->cell_count; j++)
			control |= spec->cells[j].is_aa;
		assert_true(control);
		assert_true(spec->boots >= 10);
		spec_free(spec);
	}
}

/* A prediction made after measuring is none: it is in the file. */
static void each_tells_its_question_and_predicts(void **state)
{
	static const char *const told[] = { "-- Question: ", "-- The paper: ", "-- Here: ",
					    "-- Predicted: " };
	size_t i, j;

	for (i = 0; i < files.gl_pathc; i++) {
		struct spec *spec = read_spec(files.gl_pathv[i], false);
		const char *slash = strrchr(spec->path, '/');

		assert_non_null(spec->predicts);
		assert_memory_equal(slash + 1, spec->name, strlen(spec->name));
		assert_string_equal(slash + 1 + strlen(spec->name), ".lua");
		for (j = 0; j < sizeof told / sizeof told[0]; j++)
			if (strstr(spec->bytes, told[j]) == NULL)
				fail_msg("%s has no \"%s\"", spec->path, told[j]);
		spec_free(spec);
	}
}

static void none_that_the_papers_need_is_missing(void **state)
{
	size_t i, j;

	for (i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		char name[64];

		snprintf(name, sizeof name, "/%s.lua", wanted[i]);
		for (j = 0; j < files.gl_pathc; j++)
			if (strstr(files.gl_pathv[j], name) != NULL)
				break;
		if (j == files.gl_pathc)
			fail_msg("experiments%s is missing", name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_read_and_says_its_time),
		cmocka_unit_test(each_takes_five_minutes_at_most_when_quick),
		cmocka_unit_test(each_has_boots_enough_and_a_control),
		cmocka_unit_test(each_tells_its_question_and_predicts),
		cmocka_unit_test(none_that_the_papers_need_is_missing),
	};

	return cmocka_run_group_tests(tests, find_files, forget_files);
}
