/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/command_rule.h"
#include "work/command_said.h"
#include "work/test_work.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct command_said said;
static char text[64 << 10];

static int begin(void **state)
{
	memset(&said, 0, sizeof said);
	return 0;
}

/* A seed of the fuzzer without its first byte: what the program once printed. */
static size_t read_seed(const char *name)
{
	CLEANUP_FCLOSE FILE *file = NULL;
	char path[512];

	snprintf(path, sizeof path, "%s/%s", CORPUS_DIR, name);
	file = fopen(path, "r");
	if (file == NULL || fgetc(file) == EOF)
		fail_msg("no %s", path);
	return fread(text, 1, sizeof text, file);
}

static double result(const char *name)
{
	unsigned i;

	for (i = 0; i < said.result_count; i++)
		if (strcmp(said.results[i].name, name) == 0)
			return said.results[i].value;
	return -1;
}

static void fio_s_own_counts_are_read(void **state)
{
	size_t size = read_seed("fio");

	assert_int_equal(said_take_fio(&said, text, size, &test_err), 0);
	assert_int_equal(said.counts.operations, 7155 + 7197);
	assert_int_equal(said.counts.bytes, (7155 + 7197) * 4096);
	assert_int_equal(said.counts.errors, 0);
	assert_true(said.has_latency);
	assert_true(histogram_total(&said.latency) > 0);
	assert_int_equal(result("fio_read_p99_nsec"), 191488);
	/* Told again, it is the same: what fio says is the whole up to then. */
	assert_int_equal(said_take_fio(&said, text, size, &test_err), 0);
	assert_int_equal(said.counts.operations, 7155 + 7197);
}

static void iperf3_s_streams_count_what_arrived(void **state)
{
	assert_int_equal(said_take_iperf3(&said, text, read_seed("iperf3-tcp"), &test_err), 0);
	assert_int_equal(said.counts.bytes, 1581514752);
	assert_int_equal(said.counts.operations, 1581514752 / 131072);
	assert_int_equal(result("iperf3_retransmits"), 11);
}

static void iperf3_s_datagrams_count_without_those_lost(void **state)
{
	size_t size = read_seed("iperf3-udp");
	char *lost;

	/* As if three had been lost. */
	while ((lost = strstr(text, "\"lost_packets\": 0")) != NULL)
		lost[strlen("\"lost_packets\": ")] = '3';
	assert_int_equal(said_take_iperf3(&said, text, size, &test_err), 0);
	assert_int_equal(said.counts.lost, 3);
	assert_int_equal(said.counts.operations, 188);
	assert_int_equal(said.counts.bytes, 188 * 32768);
}

static void iperf3_is_counted_as_it_goes(void **state)
{
	size_t size = read_seed("iperf3-stream"), begins, end;
	const char *at = text;
	unsigned objects = 0;

	while ((end = said_object_end(at, size, &begins)) > 0) {
		assert_int_equal(said_take_iperf3(&said, at + begins, end - begins, &test_err), 0);
		objects++;
		if (objects == 2)
			assert_int_equal(said.counts.bytes, 1048576);
		at += end;
		size -= end;
	}
	assert_int_equal(objects, 3);
	assert_int_equal(said.counts.bytes, 4063232);
	assert_int_equal(said.counts.operations, 31);
}

static void an_object_ends_with_its_own_brace(void **state)
{
	static const char output[] = "note: {\"a\":\"}\\\"}\",\"b\":{}} rest";
	size_t begins, end = said_object_end(output, sizeof output - 1, &begins);

	assert_int_equal(begins, 6);
	assert_string_equal(output + end, " rest");
	assert_int_equal(said_object_end(output, end - 1, &begins), 0);
	assert_int_equal(said_object_end("none", 4, &begins), 0);
	assert_int_equal(said_object_end("{\"\\", 3, &begins), 0);
}

static int fio(const char *object)
{
	return said_take_fio(&said, object, strlen(object), &test_err);
}

static void a_lying_program_is_no_more_than_wrong(void **state)
{
	assert_int_equal(fio("{}"), -EBADMSG);
	assert_int_equal(fio("{\"jobs\":7}"), -EBADMSG);
	assert_int_equal(fio("{\"jobs\":["), -EBADMSG);
	assert_int_equal(fio("{\"jobs\":[1,null,{\"read\":[]}]}"), 0);
	assert_int_equal(fio("{\"jobs\":[{\"read\":{\"total_ios\":-5,\"io_bytes\":9}}]}"), 0);
	assert_int_equal(said.counts.operations, 0);
	assert_int_equal(fio("{\"jobs\":[{\"read\":{\"total_ios\":1e300,\"io_bytes\":"
			     "99999999999999999999999999}}]}"), 0);
	assert_int_equal(said.counts.operations, 0);
	assert_int_equal(fio("{\"jobs\":[{\"read\":{\"total_ios\":8e18}},{\"read\":{\"total_ios\":8e18}},"
			     "{\"read\":{\"total_ios\":8e18}}]}"), 0);
	assert_int_equal(said.counts.operations, UINT64_MAX);
}

static void rules_take_numbers_from_lines(void **state)
{
	static struct command_rules rules;

	assert_int_equal(command_rules_init(&rules, "operations=events: *([0-9]+);;"
						    "p99=99th: *([0-9.]+);;+bytes=sent ([0-9]+);;+lines=",
					    &test_err), 0);
	command_rules_take(&rules, "events:   12 or so", 18, &said);
	command_rules_take(&rules, "events: 30", 10, &said);
	command_rules_take(&rules, "sent 5 sent 6", 13, &said);
	command_rules_take(&rules, "sent 7 99th: 1.25", 17, &said);
	assert_int_equal(said.counts.operations, 30);
	assert_int_equal(said.counts.bytes, 12);
	assert_true(result("p99") == 1.25);
	assert_int_equal(result("lines"), 4);
	command_rules_done(&rules);
}

static void refused(const char *rule, const char *part)
{
	static struct command_rules rules;

	assert_true(command_rules_init(&rules, rule, &test_err) < 0);
	if (strstr(test_err.text, part) == NULL)
		fail_msg("%s: %s", rule, test_err.text);
}

static void a_rule_that_cannot_match_a_number_is_refused(void **state)
{
	refused("operations", "NAME=EXPRESSION");
	refused("=x", "NAME=EXPRESSION");
	refused("operations=done", "no group");
	refused("operations=([0-9]+", "([0-9]+");
}

static void a_command_is_counted_while_it_runs(void **state)
{
	struct work *work = test_prepared("command read=rule rule=\"operations=did ([0-9]+)\" "
					  "run=\"echo did 5; exec sleep 3600\"");
	struct work_counts counts;

	assert_int_equal(work_start(work, 0), 0);
	test_wait_for_operations(work, 5);
	test_end(work);
	work_read(work, &counts);
	assert_int_equal(counts.operations, 5);
	work_free(work);
}

/* What the real one prints, with its widths: progress, scores with their units, the table, the
 * score of all. Of the two lines with a test's name the second has its index. */
static const char fake_run[] =
	"#!/bin/sh\n"
	"[ \"$1 $2\" = '-c 3' ] || exit 2\n"
	"test() { printf '%-40s %12.1f %-5s (%.1f s, %d samples)\\n' \"$1\" $2 $3 $4 $5; }\n"
	"index() { printf '%-40s %12.1f %12.1f %8.1f\\n' \"$1\" $2 $3 $4; }\n"
	"echo; echo '3 x Pipe Throughput  1 2 3 4 5 6 7 8 9 10'; echo\n"
	"echo '   BYTE UNIX Benchmarks (Version 5.1.3)'; echo\n"
	"echo '   CPU 0: A Processor of 1234.5 MHz (2468.0 bogomips)'\n"
	"echo '2 CPUs in system; running 3 parallel copies of tests'; echo\n"
	"test 'Pipe Throughput' 1244000.4 lps 10.0 7\n"
	"test 'Shell Scripts (8 concurrent)' 12.4 lpm 60.1 2\n"
	"test 'System Call Overhead' 30000.0 lps 10.0 7; echo\n"
	"printf '%-40s %12s %12s %8s\\n' \"System Benchmarks ${PARTIAL:-Index Values}\" BASELINE RESULT INDEX\n"
	"index 'Pipe Throughput' 12440.0 1244000.4 1000.0\n"
	"index 'Shell Scripts (8 concurrent)' 6.0 12.4 20.7\n"
	"index 'System Call Overhead' 15000.0 30000.0 20.0\n"
	"printf '%-40s %12s %12s %8s\\n' '' '' '' ========\n"
	"printf '%-66s %8.1f\\n\\n' \"System Benchmarks Index Score${PARTIAL:+ (Partial Only)}\" 74.5\n";

static struct work *unixbench_done(const char *run, enum work_state end)
{
	char directory[] = "/tmp/truce-unixbench.XXXXXX", path[64], line[128];
	struct work *work;
	int fd;

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/Run", directory);
	fd = open(path, O_WRONLY | O_CREAT, 0755);
	assert_int_equal(write(fd, run, strlen(run)), strlen(run));
	close(fd);
	snprintf(line, sizeof line, "unixbench copies=3 directory=%s", directory);
	work = test_prepared(line);
	assert_int_equal(work_start(work, 0), 0);
	assert_int_equal(test_wait_for(work, WORK_DONE), end);
	unlink(path);
	rmdir(directory);
	return work;
}

static void unixbench_tells_the_index_of_all_and_of_each_test(void **state)
{
	struct work *work = unixbench_done(fake_run, WORK_DONE);
	struct work_counts counts;

	work_read(work, &counts);
	assert_int_equal(counts.operations, 1);
	assert_true(test_result(work, "unixbench_index") == 74.5);
	assert_true(test_result(work, "unixbench_pipe") == 1000.0);
	assert_true(test_result(work, "unixbench_shell_8") == 20.7);
	assert_true(test_result(work, "unixbench_call") == 20.0);
	assert_int_equal(test_result(work, "unixbench_index_of_some_tests"), -1);
	assert_int_equal(test_result(work, "unixbench_dhrystone"), -1);
	work_free(work);
}

static void an_index_of_some_tests_is_not_the_index(void **state)
{
	struct work *work;

	setenv("PARTIAL", "Partial Index", 1);
	work = unixbench_done(fake_run, WORK_DONE);
	unsetenv("PARTIAL");
	assert_int_equal(test_result(work, "unixbench_index"), -1);
	assert_true(test_result(work, "unixbench_index_of_some_tests") == 74.5);
	work_free(work);
}

static void a_unixbench_without_an_index_or_that_gives_up_is_told(void **state)
{
	struct work *work = unixbench_done("#!/bin/sh\necho '2 CPUs in system'\n", WORK_FAILED);

	assert_string_equal(work_why(work), "unixbench: it told no index: some releases have none of "
					    "more than 16 copies");
	work_free(work);
	work = unixbench_done("#!/bin/sh\necho 'Run: \"make all\" failed; aborting' >&2; exit 1\n", WORK_FAILED);
	assert_string_equal(work_why(work), "unixbench: it ended with 1: Run: \"make all\" failed; aborting");
	work_free(work);
}

static void a_command_that_is_ended_before_it_spoke_is_told_as_that(void **state)
{
	struct work *work = test_prepared("command read=fio run=\"exec sleep 100\"");

	assert_int_equal(work_start(work, 0), 0);
	while (work_began_nsec(work) == 0 && work_poll(work) == WORK_RUNNING)
		poll(NULL, 0, 1);
	work_stop(work);
	assert_int_equal(test_wait_for(work, WORK_DONE), WORK_FAILED);
	assert_non_null(strstr(work_why(work), "ended before it said anything that read=fio reads"));
	work_free(work);
}

static void a_command_that_fails_says_its_last_line(void **state)
{
	struct work *work = test_prepared("command run=\"echo first >&2; echo no such thing >&2; exit 3\"");

	assert_int_equal(work_start(work, 0), 0);
	assert_int_equal(test_wait_for(work, WORK_DONE), WORK_FAILED);
	assert_string_equal(work_why(work), "command: it ended with 3: no such thing");
	work_free(work);
}

static void a_command_that_does_not_speak_json_is_told(void **state)
{
	struct work *work = test_prepared("command read=fio run=\"echo hello\"");

	assert_int_equal(work_start(work, 0), 0);
	assert_int_equal(test_wait_for(work, WORK_DONE), WORK_FAILED);
	assert_non_null(strstr(work_why(work), "nothing that read=fio reads"));
	work_free(work);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(fio_s_own_counts_are_read, begin),
		cmocka_unit_test_setup(iperf3_s_streams_count_what_arrived, begin),
		cmocka_unit_test_setup(iperf3_s_datagrams_count_without_those_lost, begin),
		cmocka_unit_test_setup(iperf3_is_counted_as_it_goes, begin),
		cmocka_unit_test_setup(an_object_ends_with_its_own_brace, begin),
		cmocka_unit_test_setup(a_lying_program_is_no_more_than_wrong, begin),
		cmocka_unit_test_setup(rules_take_numbers_from_lines, begin),
		cmocka_unit_test_setup(a_rule_that_cannot_match_a_number_is_refused, begin),
		cmocka_unit_test(a_command_is_counted_while_it_runs),
		cmocka_unit_test(unixbench_tells_the_index_of_all_and_of_each_test),
		cmocka_unit_test(an_index_of_some_tests_is_not_the_index),
		cmocka_unit_test(a_unixbench_without_an_index_or_that_gives_up_is_told),
		cmocka_unit_test(a_command_that_is_ended_before_it_spoke_is_told_as_that),
		cmocka_unit_test(a_command_that_fails_says_its_last_line),
		cmocka_unit_test(a_command_that_does_not_speak_json_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
