/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of experiments that come from strangers, or from a broken disk. */
#include "lab/result/made.h"
#include "lab/result/result.h"
#include "lab/result/plots.h"
#include "lab/result/result_json.h"
#include "lab/result/result_page.h"
#include "lab/result/result_text.h"

#include "base/error.h"
#include "base/keep_file.h"
#include "base/str.h"
#include "lab/store/store.h"
#include "measure/random.h"

#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/truce-strange.XXXXXX";
static char path[64];

static int set_up(void **state)
{
	const struct made made = { .spec = made_isolation_spec, .per_vm = 0.9, .seed = 3, .boots = 2,
				   .platform = "tcg", .accel = "tcg" };

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/made.sqlite", directory);
	return made_store(&made, path, NULL);
}

static int tear_down(void **state)
{
	unlink(path);
	rmdir(directory);
	strcpy(directory, "/tmp/truce-strange.XXXXXX");
	return 0;
}

/* Reads all of it, and computes and prints what can be: 0, or why not. */
static int use(const char *file, struct error *err)
{
	struct stored_experiment *experiment = NULL;
	struct result *result = NULL;
	struct store *store = NULL;
	struct plots plots;
	struct str text;
	int r = store_open_read(file, &store, err);

	if (r == 0)
		r = store_read(store, 0, &experiment, err);
	if (r == 0)
		r = result_new(experiment, &result, err);
	str_init(&text);
	if (r == 0) {
		assert_true(result_append_text(result, 80, &text));
		assert_int_equal(plots_make(result, &plots, err), 0);
		result_append_page(result, &plots, &text);
		result_append_json(result, &text);
		assert_false(text.failed);
		plots_done(&plots);
	}
	str_done(&text);
	result_free(result);
	stored_experiment_free(experiment);
	store_close(store);
	return r;
}

static void change(const char *sql)
{
	sqlite3 *db;
	char *said = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &said) != SQLITE_OK)
		fail_msg("%s: %s", sql, said);
	sqlite3_close(db);
}

static void what_was_written_is_read(void **state)
{
	struct stored_experiment *experiment;
	struct store *store;
	struct error err;

	assert_int_equal(store_open_read(path, &store, &err), 0);
	assert_int_equal(store_read(store, 0, &experiment, &err), 0);
	assert_string_equal(experiment->name, "made");
	assert_int_equal(experiment->cell_count, 4);
	assert_string_equal(experiment->factors[0], "loaded");
	assert_string_equal(experiment->cells[2].values[0], "3");
	assert_int_equal(experiment->boot_count, 2);
	assert_int_equal(experiment->run_count, 8);
	assert_int_equal(experiment->runs[2].run.member_count, 3);
	assert_int_equal(experiment->runs[2].run.members[1].role, STORE_ROLE_OTHER);
	assert_string_equal(experiment->runs[2].run.members[1].workload, "cpu-integer");
	assert_int_equal(experiment->runs[2].run.interval_count, 3 * 51);
	assert_int_equal(experiment->runs[2].run.intervals[60].vm, 1);
	assert_int_equal(experiment->runs[2].run.intervals[60].at_nsec, 900000000);
	assert_int_equal(experiment->runs[2].run.buckets[0].index, 200);
	assert_true(experiment->runs[2].run.sample_count > 10);
	stored_experiment_free(experiment);
	assert_int_equal(store_read(store, 77, &experiment, &err), -ENOENT);
	assert_non_null(strstr(err.text, "no experiment 77, but 1"));
	store_close(store);
}

static void a_copy_holds_the_same(void **state)
{
	struct stored_experiment *one, *two;
	struct store *store, *copy;
	char copied[80];
	struct error err;
	size_t i;

	snprintf(copied, sizeof copied, "%s/copy.sqlite", directory);
	assert_int_equal(store_open_read(path, &store, &err), 0);
	assert_int_equal(store_copy(store, 1, copied, &err), 0);
	assert_int_equal(store_copy(store, 1, copied, &err), -EEXIST);
	assert_int_equal(store_open_read(copied, &copy, &err), 0);
	assert_int_equal(store_read(store, 1, &one, &err), 0);
	assert_int_equal(store_read(copy, 1, &two, &err), 0);
	assert_int_equal(one->started_usec, two->started_usec);
	assert_int_equal(one->run_count, two->run_count);
	for (i = 0; i < one->run_count; i++) {
		assert_int_equal(one->runs[i].run.interval_count, two->runs[i].run.interval_count);
		assert_memory_equal(one->runs[i].run.intervals, two->runs[i].run.intervals,
				    one->runs[i].run.interval_count * sizeof *one->runs[i].run.intervals);
		assert_int_equal(one->runs[i].run.sample_count, two->runs[i].run.sample_count);
	}
	stored_experiment_free(one);
	stored_experiment_free(two);
	store_close(store);
	store_close(copy);
	unlink(copied);
}

static void what_is_no_store_is_refused_in_a_sentence(void **state)
{
	static const char *const contents[] = { "", "SQLite format 3", "hello\n" };
	struct error err = { 0 };
	size_t i;

	for (i = 0; i < 3; i++) {
		assert_int_equal(keep_file_write(path, contents[i], strlen(contents[i]), 0644, &err), 0);
		assert_int_equal(use(path, &err), -EBADMSG);
		assert_non_null(strstr(err.text, path));
	}
	assert_int_equal(use("/nowhere/at-all.sqlite", &err), -ENOENT);
}

static void what_is_no_file_keeps_nobody_waiting(void **state)
{
	struct error err = { 0 };

	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(use(path, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "nor a file at all"));
	assert_int_equal(use("/dev/zero", &err), -EBADMSG);
}

/* The report of a stranger's experiment is made all the same. */
static void an_experiment_that_never_ends_is_told_without_its_spec(void **state)
{
	struct error err = { 0 };

	change("update experiment set spec = 'return ((\"a\"):rep(30000)):find((\"a*\"):rep(100) .. \"b\")'");
	assert_int_equal(use(path, &err), 0);
}

static void what_was_not_proved_is_told_as_it_was(void **state)
{
	struct stored_experiment *experiment = NULL;
	struct result *result = NULL;
	struct store *store = NULL;
	struct str text;

	change("update run set state = 'unproved', why = 'KSM was\x1b[31m turned' where id in (1, 2)");
	assert_int_equal(store_open_read(path, &store, NULL), 0);
	assert_int_equal(store_read(store, 0, &experiment, NULL), 0);
	assert_int_equal(result_new(experiment, &result, NULL), 0);
	str_init(&text);
	result_append_text(result, 0, &text);
	assert_non_null(strstr(text.data, "2 runs do not count, since they prove nothing; of the first: "
			       "KSM was"));
	assert_null(strstr(text.data, "stood still"));
	assert_null(strchr(text.data, 27));
	str_done(&text);
	result_free(result);
	stored_experiment_free(experiment);
	store_close(store);
}

static void copy_file(const char *from, const char *to)
{
	struct error err = { 0 };
	char *bytes;
	size_t size;

	assert_int_equal(keep_file_read(from, 8 << 20, &bytes, &size, &err), 0);
	assert_int_equal(keep_file_write(to, bytes, size, 0644, &err), 0);
	free(bytes);
}

/* Half of its pages are new, and the old ones stand in the journal beside it. */
static void what_was_killed_while_it_wrote_is_put_right_by_the_next(void **state)
{
	char killed[80], journal[90], journal_now[90];
	struct store *store = NULL;
	struct error err = { 0 };
	sqlite3 *db;

	snprintf(killed, sizeof killed, "%s/killed.sqlite", directory);
	snprintf(journal, sizeof journal, "%s-journal", killed);
	snprintf(journal_now, sizeof journal_now, "%s-journal", path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "pragma cache_size = 1; begin immediate; "
				      "update interval set operations = 7", NULL, NULL, NULL), SQLITE_OK);
	copy_file(path, killed);
	copy_file(journal_now, journal);
	sqlite3_close(db);
	assert_int_equal(use(killed, &err), -EBUSY);
	assert_non_null(strstr(err.text, "was killed while it wrote"));
	assert_int_equal(store_open(killed, &store, &err), 0);
	store_close(store);
	assert_int_equal(use(killed, &err), 0);
	assert_int_equal(access(journal, F_OK), -1);
	unlink(killed);
}

static void another_programs_database_stays_as_it_is(void **state)
{
	char foreign[80], *before, *after;
	struct store *store = NULL;
	size_t size, size_after;
	struct error err = { 0 };
	sqlite3 *db;

	snprintf(foreign, sizeof foreign, "%s/foreign.sqlite", directory);
	assert_int_equal(sqlite3_open(foreign, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "create table mine (x)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(keep_file_read(foreign, 1 << 20, &before, &size, &err), 0);
	assert_int_equal(store_open(foreign, &store, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "give the experiment another name"));
	assert_int_equal(keep_file_read(foreign, 1 << 20, &after, &size_after, &err), 0);
	assert_int_equal(size, size_after);
	assert_memory_equal(before, after, size);
	free(before);
	free(after);
	unlink(foreign);
}

struct damage {
	const char *sql;
	int code;
};

static void a_store_that_is_not_as_documented_is_refused(void **state)
{
	static const struct damage damages[] = {
		{ "pragma user_version = 9", -EPROTO },
		{ "alter table sample rename to s; create view sample as select * from s", -EBADMSG },
		{ "drop table member", -EBADMSG },
		{ "update cell set compared_with = 900", -EBADMSG },
		{ "update cell set ordinal = 9 where ordinal = 3", -EBADMSG },
		{ "update cell set factors = 'loaded'", -EBADMSG },
		{ "update experiment set host = x'00ff', started_usec = -1", -EBADMSG },
		{ "update member set role = 'king'", -EBADMSG },
		{ "update member set vm = vm + 5000", -EBADMSG },
		{ "update interval set length_nsec = 0", -EBADMSG },
		{ "update interval set operations = -1", -EBADMSG },
		{ "update interval set operations = 9223372036854775807", -EBADMSG },
		{ "update interval set at_nsec = -9223372036854775807 where at_nsec = 0", -EBADMSG },
		{ "update interval set latency = x'ffffffffffffffffffff7f01'", -EBADMSG },
		{ "update interval set latency = x'05'", -EBADMSG },
		{ "update run set duration_nsec = 9223372036854775807", -EBADMSG },
		{ "update sample set source = 'a source that is far longer than any' where figure = 'major_faults'", -EBADMSG },
		{ "delete from cell", -EBADMSG },
	};
	struct error err = { 0 };
	size_t i;

	for (i = 0; i < sizeof damages / sizeof damages[0]; i++) {
		unlink(path);
		rmdir(directory);
		strcpy(directory, "/tmp/truce-strange.XXXXXX");
		assert_int_equal(set_up(state), 0);
		change(damages[i].sql);
		if (use(path, &err) != damages[i].code)
			fail_msg("%s: %d %s", damages[i].sql, err.code, err.text);
	}
}

/* What is only odd is read, and nothing is concluded from it. */
static void a_store_that_is_odd_is_read(void **state)
{
	static const char *const oddities[] = {
		"update experiment set spec = 'while true do end'",
		"update experiment set spec = 'return experiment { name = 1 }', host = '[]', platform = ''",
		"update boot set setup = 'none'",
		"update boot set ordinal = 0, attempt = id",
		"update run set duration_nsec = 0, warmup_nsec = 0",
		"update run set duration_nsec = 1000000000000000000",
		"update member set role = 'other'",
		"update member set unit = null, workload = null",
		"delete from interval",
		"update interval set operations = 0",
		"update interval set length_nsec = 1000000000000000000",
		"update sample set value = -9223372036854775807 - 1 where at_nsec > 0",
		"update cell set is_aa = 1",
		"update cell set compared_with = ordinal",
		"update cell set label = ''",
		"delete from factor",
	};
	struct error err = { 0 };
	size_t i;

	for (i = 0; i < sizeof oddities / sizeof oddities[0]; i++) {
		unlink(path);
		rmdir(directory);
		strcpy(directory, "/tmp/truce-strange.XXXXXX");
		assert_int_equal(set_up(state), 0);
		change(oddities[i]);
		if (use(path, &err) != 0)
			fail_msg("%s: %d %s", oddities[i], err.code, err.text);
	}
}

/* A broken disk, or a search for what breaks us: each file is read whole, or refused. */
static void a_damaged_file_is_read_or_refused(void **state)
{
	enum { ROUNDS = 150, BYTES_A_ROUND = 12 };
	char broken[80], *good, *bytes;
	struct measure_random random;
	struct error err = { 0 };
	size_t size, i, j, refused = 0;
	int r;

	measure_random_init(&random, 17);
	snprintf(broken, sizeof broken, "%s/broken.sqlite", directory);
	assert_int_equal(keep_file_read(path, 8 << 20, &good, &size, &err), 0);
	bytes = malloc(size);
	assert_non_null(bytes);
	for (i = 0; i < ROUNDS; i++) {
		size_t kept = i % 5 == 0 ? measure_random_below(&random, size) : size;

		memcpy(bytes, good, size);
		for (j = 0; j < BYTES_A_ROUND; j++)
			bytes[measure_random_below(&random, size)] = (char)measure_random_u64(&random);
		assert_int_equal(keep_file_write(broken, bytes, kept, 0644, &err), 0);
		err = (struct error){ 0 };
		r = use(broken, &err);
		assert_true(r == 0 || err.text[0] != '\0');
		refused += r < 0;
	}
	assert_true(refused > 0);
	unlink(broken);
	free(bytes);
	free(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_written_is_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_copy_holds_the_same, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_store_is_refused_in_a_sentence, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_file_keeps_nobody_waiting, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_experiment_that_never_ends_is_told_without_its_spec, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_was_not_proved_is_told_as_it_was, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_killed_while_it_wrote_is_put_right_by_the_next, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(another_programs_database_stays_as_it_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_store_that_is_not_as_documented_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_store_that_is_odd_is_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_damaged_file_is_read_or_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
