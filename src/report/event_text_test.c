/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/event_text.h"

#include "base/str.h"
#include "report/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct event born = {
	.kind = EVENT_CREATED,
	.realtime_usec = 1772373930123456ull,
	.identity = { .pid = 1200, .ordinal = 1, .start_ticks = 12000 },
	.name = "web1",
};

static void expect_line(const struct event *event, const char *wanted)
{
	struct str text;

	str_init(&text);
	event_append_line(event, &text);
	assert_string_equal(text.data, wanted);
	str_done(&text);
}

static void expect_json(const struct event *event, const char *wanted)
{
	struct str text;
	struct json json;

	str_init(&text);
	json_begin(&json, &text);
	event_append_json(event, &json);
	assert_string_equal(text.data, wanted);
	str_done(&text);
}

static void an_event_is_one_line(void **state)
{
	struct event changed = born;

	expect_line(&born, "2026-03-01 14:05:30.123  created       web1              1200-12000-1\n");
	changed.kind = EVENT_KNOB;
	strcpy(changed.detail, "weight 100 -> 50");
	expect_line(&changed, "2026-03-01 14:05:30.123  knob          web1              "
			      "1200-12000-1        weight 100 -> 50\n");
}

static void an_event_of_the_host_has_no_vm(void **state)
{
	struct event changed = { .kind = EVENT_KNOB, .realtime_usec = born.realtime_usec,
				 .detail = "ksm_run 0 -> 1" };

	expect_line(&changed, "2026-03-01 14:05:30.123  knob          host              "
			      "-                   ksm_run 0 -> 1\n");
	expect_json(&changed, "{\"schema\":\"truce.events/1\",\"time\":\"2026-03-01T14:05:30.123456Z\","
			      "\"event\":\"knob\",\"id\":null,\"pid\":null,\"name\":null,"
			      "\"detail\":\"ksm_run 0 -> 1\"}");
}

static void a_vm_gone_too_soon_is_not_the_host(void **state)
{
	struct event gone = { .kind = EVENT_CREATED, .realtime_usec = born.realtime_usec,
			      .detail = "thread 77, gone before it could be looked at" };

	expect_line(&gone, "2026-03-01 14:05:30.123  created       -                 -                   "
			   "thread 77, gone before it could be looked at\n");
}

static void a_name_cannot_make_a_second_line(void **state)
{
	struct event hostile = born;

	strcpy(hostile.name, "a\n\033[2Jb");
	expect_line(&hostile, "2026-03-01 14:05:30.123  created       a\\x0a\\x1b[2Jb     1200-12000-1\n");
	expect_json(&hostile, "{\"schema\":\"truce.events/1\",\"time\":\"2026-03-01T14:05:30.123456Z\","
			      "\"event\":\"created\",\"id\":\"1200-12000-1\",\"pid\":1200,"
			      "\"name\":\"a\\n\\u001b[2Jb\",\"detail\":\"\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_one_line),
		cmocka_unit_test(an_event_of_the_host_has_no_vm),
		cmocka_unit_test(a_vm_gone_too_soon_is_not_the_host),
		cmocka_unit_test(a_name_cannot_make_a_second_line),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
