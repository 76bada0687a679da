/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/str.h"
#include "ledger/ledger.h"
#include "ledger/past.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	char directory[64], state[80];
	struct ledger *ledger;
	struct str told;
};

static void hear(const char *line, size_t size, void *context)
{
	struct place *place = context;

	str_append_bytes(&place->told, line, size);
	str_append_char(&place->told, '\n');
}

static void begin(struct place *place, uint64_t bytes_most)
{
	struct ledger_options options = { .directory = place->state, .boot = "boot-1",
					  .bytes_most = bytes_most, .told = hear, .context = place };
	struct error err = { 0 };

	if (ledger_open(&options, &place->ledger, &err) < 0)
		fail_msg("%s", err.text);
}

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	strcpy(place->directory, "/tmp/truce-ledger.XXXXXX");
	assert_non_null(mkdtemp(place->directory));
	snprintf(place->state, sizeof place->state, "%s/lib/truce", place->directory);
	str_init(&place->told);
	begin(place, 0);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	char command[100];

	ledger_close(place->ledger);
	str_done(&place->told);
	snprintf(command, sizeof command, "rm -r %s", place->directory);
	assert_int_equal(system(command), 0);
	free(place);
	return 0;
}

static struct plan_item an_item(const char *name)
{
	struct plan_item item = { .vm = { .pid = 4711, .start_ticks = 88, .ordinal = 1 },
				  .verdict = PLAN_SET, .asked = SETTING_CPU_SHARES,
				  .setting = SETTING_CPU_WEIGHT, .from_known = true,
				  .from = { .number = 100 }, .to = { .number = 400 },
				  .where = "cpu.weight", .predicted = "four times",
				  .cause = { .policy = "gold", .path = "/etc/gold.lua", .line = 12,
					     .rule = "calm", .because = "it waits", .input_count = 1,
					     .inputs = { { "waiting", "31 %" } } } };

	snprintf(item.vm_name, sizeof item.vm_name, "%s", name);
	strcpy(item.class_name, "gold");
	return item;
}

static void append_bytes(const struct place *place, const char *bytes, size_t size)
{
	char path[120];
	FILE *file;

	snprintf(path, sizeof path, "%s/" LEDGER_FILE, place->state);
	file = fopen(path, "a");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

static void append_raw(const struct place *place, const char *text)
{
	append_bytes(place, text, strlen(text));
}

static struct adjustments read_all(const struct place *place, const struct ledger_query *query)
{
	struct adjustments all;
	struct error err = { 0 };

	if (ledger_read(place->state, query, &all, &err) < 0)
		fail_msg("%s", err.text);
	return all;
}

static const struct ledger_query everything;

static void an_adjustment_is_joined_from_its_lines(void **state)
{
	struct place *place = *state;
	struct plan_item item = an_item("db \"1\"\n\xff");
	struct outcome outcome = { .vm = item.vm, .setting = item.setting, .status = OUTCOME_APPLIED,
				   .realtime_usec = 2000, .from_known = true, .from.number = 100,
				   .to.number = 400, .where = "cpu.shares" };
	struct effect effect = { .before_usec = 30000000, .after_usec = 30000000,
				 .before_known[EFFECT_CPU] = true, .before[EFFECT_CPU] = 9800,
				 .after_known[EFFECT_CPU] = true, .after[EFFECT_CPU] = 4300 };
	struct adjustments all;
	uint64_t id;

	assert_int_equal(ledger_write_item(place->ledger, 1000, &item, true, &id, NULL), 0);
	assert_int_equal(ledger_write_outcome(place->ledger, id, &outcome, NULL), 0);
	assert_int_equal(ledger_write_effect(place->ledger, id, &effect, NULL), 0);
	all = read_all(place, &everything);
	assert_int_equal(all.count, 1);
	assert_int_equal(all.torn, 0);
	assert_int_equal(all.items[0].id, id);
	assert_int_equal(all.items[0].realtime_usec, 1000);
	assert_string_equal(all.items[0].boot, "boot-1");
	assert_string_equal(all.items[0].item.vm_name, "db \"1\"\n\xef\xbf\xbd");
	assert_true(all.items[0].dry_run);
	assert_int_equal(vm_identity_compare(&all.items[0].item.vm, &item.vm), 0);
	assert_int_equal(all.items[0].item.asked, SETTING_CPU_SHARES);
	assert_int_equal(all.items[0].item.to.number, 400);
	assert_true(all.items[0].item.from_known);
	assert_string_equal(all.items[0].item.cause.path, "/etc/gold.lua");
	assert_int_equal(all.items[0].item.cause.line, 12);
	assert_int_equal(all.items[0].item.cause.input_count, 1);
	assert_string_equal(all.items[0].item.cause.inputs[0].value, "31 %");
	assert_true(all.items[0].has_outcome);
	assert_int_equal(all.items[0].outcome.status, OUTCOME_APPLIED);
	assert_string_equal(all.items[0].outcome.where, "cpu.shares");
	assert_true(all.items[0].has_effect);
	assert_true(all.items[0].effect.after_known[EFFECT_CPU]);
	assert_int_equal(all.items[0].effect.after[EFFECT_CPU], 4300);
	assert_false(all.items[0].effect.after_known[EFFECT_RSS]);
	adjustments_done(&all);
}

static void an_effect_reads_as_a_sentence_without_what_is_unknown(void **state)
{
	struct effect effect = { 0 };
	struct str text;

	str_init(&text);
	effect_append(&text, &effect);
	assert_int_equal(text.length, 0);
	effect.before_known[EFFECT_CPU] = effect.after_known[EFFECT_CPU] = true;
	effect.before[EFFECT_CPU] = 9800;
	effect.after[EFFECT_CPU] = 4300;
	effect.before_known[EFFECT_RSS] = true; /* and not after */
	effect.before_known[EFFECT_DISK] = effect.after_known[EFFECT_DISK] = true;
	effect.after[EFFECT_DISK] = 3 << 20;
	effect_append(&text, &effect);
	assert_string_equal(text.data, "CPU 98 % -> 43 %, disk 0 B/s -> 3.0 MiB/s");
	str_done(&text);
}

static void a_value_that_could_not_be_set_today_is_read_as_it_was(void **state)
{
	struct place *place = *state;
	struct plan_item item = an_item("a");
	struct adjustments all;
	uint64_t id;

	item.setting = SETTING_CPU_QUOTA;
	item.from.number = 1; /* below the least */
	item.to.number = SETTING_UNLIMITED;
	assert_int_equal(ledger_write_item(place->ledger, 1, &item, false, &id, NULL), 0);
	all = read_all(place, &everything);
	assert_int_equal(all.items[0].item.from.number, 1);
	assert_true(all.items[0].item.to.number == SETTING_UNLIMITED);
	adjustments_done(&all);
}

static void a_torn_line_costs_itself_alone(void **state)
{
	struct place *place = *state;
	struct plan_item item = an_item("a");
	struct adjustments all;
	uint64_t id;

	assert_int_equal(ledger_write_item(place->ledger, 1, &item, false, &id, NULL), 0);
	ledger_close(place->ledger);
	append_raw(place, "{\"kind\":\"adjustment\",\"id\":77,\"ver");
	begin(place, 0);
	assert_int_equal(ledger_write_item(place->ledger, 2, &item, false, &id, NULL), 0);
	append_raw(place, "\n[]\n{\"kind\":\"of another version\",\"id\":3}\n");
	all = read_all(place, &everything);
	assert_int_equal(all.count, 2);
	assert_int_equal(all.torn, 2);
	adjustments_done(&all);
}

/* After a power cut a file may be as long as it was, and its end have no bytes yet. */
static void a_line_whose_bytes_were_lost_costs_itself_alone(void **state)
{
	static const char lost[300];
	struct place *place = *state;
	struct plan_item item = an_item("a");
	struct adjustments all;
	uint64_t first, id, i;

	assert_int_equal(ledger_write_item(place->ledger, 1, &item, false, &first, NULL), 0);
	ledger_close(place->ledger);
	append_bytes(place, lost, sizeof lost);
	begin(place, 0);
	for (i = 2; i < 5; i++)
		assert_int_equal(ledger_write_item(place->ledger, i, &item, false, &id, NULL), 0);
	all = read_all(place, &everything);
	assert_int_equal(all.count, 4);
	assert_int_equal(all.torn, 1);
	assert_int_equal(all.items[3].id, id);
	adjustments_done(&all);
}

/* Of a record that finds no room nothing is left, and the next one begins a line all the same. */
static void a_torn_line_stays_alone_though_the_disk_was_full_meanwhile(void **state)
{
	struct place *place = *state;
	struct plan_item item = an_item("a");
	struct adjustments all;
	struct rlimit before, limit;
	char path[120];
	struct stat st;
	uint64_t id;

	ledger_close(place->ledger);
	append_raw(place, "{\"kind\":\"adjustment\",\"id\":77,\"ver");
	begin(place, 0);
	snprintf(path, sizeof path, "%s/" LEDGER_FILE, place->state);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = (struct rlimit){ (rlim_t)st.st_size + 1, before.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_true(ledger_write_item(place->ledger, 2, &item, false, &id, NULL) < 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(ledger_write_item(place->ledger, 3, &item, false, &id, NULL), 0);
	all = read_all(place, &everything);
	assert_int_equal(all.count, 1);
	assert_int_equal(all.items[0].id, id);
	assert_int_equal(all.torn, 1);
	adjustments_done(&all);
}

static void ids_grow_though_the_clock_goes_back(void **state)
{
	struct place *place = *state;
	struct plan_item item = an_item("a");
	uint64_t first, second, third;

	ledger_write_item(place->ledger, 5000, &item, false, &first, NULL);
	ledger_write_item(place->ledger, 4000, &item, false, &second, NULL);
	ledger_close(place->ledger);
	begin(place, 0);
	ledger_write_item(place->ledger, 3000, &item, false, &third, NULL);
	assert_true(first < second && second < third);
}

static void a_full_file_is_rotated_and_both_are_read(void **state)
{
	struct place *place = *state;
	struct plan_item item = an_item("a");
	struct adjustments all;
	struct stat st;
	char path[120];
	uint64_t id;
	unsigned i;

	ledger_close(place->ledger);
	begin(place, 8000);
	for (i = 1; i <= 100; i++)
		assert_int_equal(ledger_write_item(place->ledger, i, &item, false, &id, NULL), 0);
	snprintf(path, sizeof path, "%s/" LEDGER_FILE ".1", place->state);
	assert_int_equal(stat(path, &st), 0);
	assert_in_range(st.st_size, 8000, 9000);
	all = read_all(place, &everything);
	assert_in_range(all.count, 9, 40);
	assert_int_equal(all.items[all.count - 1].id, 100);
	adjustments_done(&all);
}

static void a_query_takes_what_it_names(void **state)
{
	struct place *place = *state;
	struct plan_item one = an_item("one"), two = an_item("two");
	struct ledger_query query = { .vm = "two" };
	struct adjustments all;
	uint64_t id;

	two.vm.pid = 4712;
	two.verdict = PLAN_HELD;
	ledger_write_item(place->ledger, 10, &one, false, &id, NULL);
	ledger_write_item(place->ledger, 20, &two, false, &id, NULL);
	ledger_write_note(place->ledger, 30, NULL, NULL, "gold", "policy gold loaded", NULL);
	all = read_all(place, &query);
	assert_int_equal(all.count, 1);
	adjustments_done(&all);
	query = (struct ledger_query){ .vm = "4711-88-1" };
	all = read_all(place, &query);
	assert_int_equal(all.count, 1);
	assert_string_equal(all.items[0].item.vm_name, "one");
	adjustments_done(&all);
	query = (struct ledger_query){ .changes_only = true };
	all = read_all(place, &query);
	assert_int_equal(all.count, 1);
	adjustments_done(&all);
	query = (struct ledger_query){ .since_usec = 15, .most = 1 };
	all = read_all(place, &query);
	assert_int_equal(all.count, 1);
	assert_string_equal(all.items[0].note, "policy gold loaded");
	adjustments_done(&all);
	query = (struct ledger_query){ .boot = "boot-2" };
	all = read_all(place, &query);
	assert_int_equal(all.count, 0);
	adjustments_done(&all);
}

static void what_is_told_is_what_is_written(void **state)
{
	struct place *place = *state;
	struct plan_item item = an_item("a");
	struct adjustments all = { 0 };
	char path[120], got[8192];
	size_t size, at;
	uint64_t id;
	FILE *file;

	ledger_write_item(place->ledger, 10, &item, false, &id, NULL);
	ledger_write_note(place->ledger, 11, &item.vm, "a", "", "paused", NULL);
	snprintf(path, sizeof path, "%s/" LEDGER_FILE, place->state);
	file = fopen(path, "r");
	size = fread(got, 1, sizeof got - 1, file);
	fclose(file);
	got[size] = '\0';
	assert_string_equal(got, place->told.data);
	assert_int_equal(adjustments_take(&all, &everything, got, strcspn(got, "\n"), &at), 1);
	assert_int_equal(at, 0);
	adjustments_done(&all);
}

static void a_full_disk_loses_that_line_and_no_more(void **state)
{
	struct place *place = *state;
	struct plan_item item = an_item("a");
	struct adjustments all;
	char path[120];
	uint64_t id;

	/* A directory in its place: every write fails, as on a full disk. */
	snprintf(path, sizeof path, "%s/" LEDGER_FILE, place->state);
	unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_true(ledger_write_item(place->ledger, 1, &item, false, &id, NULL) < 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(ledger_write_item(place->ledger, 2, &item, false, &id, NULL), 0);
	all = read_all(place, &everything);
	assert_int_equal(all.count, 1);
	adjustments_done(&all);
}

static void what_is_no_file_is_refused_at_once(void **state)
{
	struct place *place = *state;
	struct adjustments all;
	struct error err = { 0 };
	char path[120];

	snprintf(path, sizeof path, "%s/" LEDGER_FILE ".1", place->state);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(ledger_read(place->state, &everything, &all, &err), -EINVAL);
	assert_non_null(strstr(err.text, "is no regular file"));
	unlink(path);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_int_equal(ledger_read(place->state, &everything, &all, &err), -EINVAL);
}

static void an_absent_ledger_is_an_empty_one(void **state)
{
	struct adjustments all;

	assert_int_equal(ledger_read("/nonexistent", &everything, &all, NULL), 0);
	assert_int_equal(all.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define IN_PLACE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		IN_PLACE(an_adjustment_is_joined_from_its_lines),
		cmocka_unit_test(an_effect_reads_as_a_sentence_without_what_is_unknown),
		IN_PLACE(a_value_that_could_not_be_set_today_is_read_as_it_was),
		IN_PLACE(a_torn_line_costs_itself_alone),
		IN_PLACE(a_line_whose_bytes_were_lost_costs_itself_alone),
		IN_PLACE(a_torn_line_stays_alone_though_the_disk_was_full_meanwhile),
		IN_PLACE(ids_grow_though_the_clock_goes_back),
		IN_PLACE(a_full_file_is_rotated_and_both_are_read),
		IN_PLACE(a_query_takes_what_it_names),
		IN_PLACE(what_is_told_is_what_is_written),
		IN_PLACE(a_full_disk_loses_that_line_and_no_more),
		IN_PLACE(what_is_no_file_is_refused_at_once),
		cmocka_unit_test(an_absent_ledger_is_an_empty_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
