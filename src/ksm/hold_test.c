/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/hold.h"

#include "act/act.h"
#include "act/act_lease.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "lease/lease.h"
#include "sys/ksm.h"
#include "sys/root.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define KSM "/sys/kernel/mm/ksm/"

static const struct root_memory_file files[] = {
	{ "/proc/sys/kernel/random/boot_id", "boot\n", 0, 0 },
	{ "/proc/1/comm", "init\n", 0, 0 },
	{ KSM "run", "0\n", 0, 0 },
	{ KSM "pages_to_scan", "100\n", 0, 0 },
	{ KSM "sleep_millisecs", "20\n", 0, 0 },
	{ KSM "advisor_mode", "[none] scan-time\n", 0, 0 },
};

struct bed {
	char directory[32];
	struct root *root;
	char told[KSM_HOLD_SENTENCE];
	struct error err;
};

static int bed_make(void **state)
{
	struct bed *bed = calloc(1, sizeof *bed);

	strcpy(bed->directory, "/tmp/truce-hold-XXXXXX");
	if (mkdtemp(bed->directory) == NULL || setenv("TRUCE_RUN_DIR", bed->directory, 1) < 0)
		return -1;
	bed->root = root_memory_new(files, ARRAY_SIZE(files));
	*state = bed;
	return 0;
}

static int bed_clear(void **state)
{
	struct bed *bed = *state;
	char command[64];

	root_free(bed->root);
	snprintf(command, sizeof command, "rm -r %s", bed->directory);
	if (system(command) != 0)
		return -1;
	free(bed);
	return 0;
}

static struct ksm_hold *hold_open(struct bed *bed, bool take_over)
{
	struct ksm_hold *hold = NULL;

	if (ksm_hold_open(bed->root, take_over, &hold, bed->told, &bed->err) < 0)
		fail_msg("%s", bed->err.text);
	return hold;
}

static void set(struct bed *bed, struct ksm_hold *hold, uint64_t pages, uint64_t sleep_msec)
{
	const struct tune_wish wish = { pages, sleep_msec };

	if (ksm_hold_set(hold, &wish, "why", &bed->err) < 0)
		fail_msg("%s", bed->err.text);
}

/* Numbers as they are, whoever wrote them. */
static void assert_knobs(struct bed *bed, int run, int pages, int sleep_msec)
{
	assert_int_equal(atoi(root_memory_text(bed->root, KSM "run")), run);
	assert_int_equal(atoi(root_memory_text(bed->root, KSM "pages_to_scan")), pages);
	assert_int_equal(atoi(root_memory_text(bed->root, KSM "sleep_millisecs")), sleep_msec);
}

static void close_hold(struct bed *bed, struct ksm_hold *hold, char *ret_left)
{
	if (ksm_hold_close(hold, ret_left, &bed->err) < 0)
		fail_msg("%s", bed->err.text);
}

static void what_was_found_is_given_back(void **state)
{
	struct bed *bed = *state;
	char left[KSM_HOLD_SENTENCE];
	struct ksm_hold *hold = hold_open(bed, false);

	assert_knobs(bed, 0, 100, 20);
	set(bed, hold, 2000, 10);
	assert_knobs(bed, 1, 2000, 10);
	set(bed, hold, 5000, 10);
	set(bed, hold, 0, 10);
	assert_knobs(bed, 0, 5000, 10);
	close_hold(bed, hold, left);
	assert_knobs(bed, 0, 100, 20);
	assert_string_equal(left, "");
}

/* As `truce undo` and a truced that starts find it: by the journal alone. */
static void a_killed_hold_is_given_back_by_the_journal(void **state)
{
	struct bed *bed = *state;
	const struct leases_options options = { .kinds = act_lease_kinds, .context = bed->root };
	struct leases *leases;
	char told[200];
	pid_t pid;

	/* No lock outlives its process: the hold is left behind as a killed one's is. */
	pid = fork();
	if (pid == 0) {
		set(bed, hold_open(bed, false), 2000, 10);
		/* The child's memory is a copy: what it turned is told by its journal. */
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	root_memory_put(bed->root, KSM "run", "1\n");
	root_memory_put(bed->root, KSM "pages_to_scan", "2000\n");
	root_memory_put(bed->root, KSM "sleep_millisecs", "10\n");
	assert_int_equal(leases_open(bed->root, &options, &leases, told, sizeof told, &bed->err), 0);
	assert_int_equal(leases_count(leases), 3);
	assert_int_equal(leases_undo_all(leases, &bed->err), 0);
	leases_close(leases);
	assert_knobs(bed, 0, 100, 20);
}

static void the_next_hold_gives_back_what_a_killed_one_found(void **state)
{
	struct bed *bed = *state;
	char left[KSM_HOLD_SENTENCE];
	struct ksm_hold *hold;
	pid_t pid = fork();

	if (pid == 0) {
		set(bed, hold_open(bed, false), 2000, 10);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	root_memory_put(bed->root, KSM "run", "1\n");
	root_memory_put(bed->root, KSM "pages_to_scan", "2000\n");
	root_memory_put(bed->root, KSM "sleep_millisecs", "10\n");
	hold = hold_open(bed, false);
	assert_non_null(strstr(bed->told, "was killed"));
	set(bed, hold, 3000, 10);
	close_hold(bed, hold, left);
	assert_knobs(bed, 0, 100, 20);
}

static void what_truce_holds_already_is_refused(void **state)
{
	struct bed *bed = *state;
	const struct leases_options options = { .kinds = act_lease_kinds, .context = bed->root };
	const struct vm_identity host = { .pid = 0 };
	struct ksm_hold *hold;
	struct leases *leases;
	char told[200];
	uint64_t id;

	assert_int_equal(leases_open(bed->root, &options, &leases, told, sizeof told, &bed->err), 0);
	assert_int_equal(leases_take(leases, &act_lease_file_kind, &host, KSM "run", "0", "1",
				     "ksm.run=1 by set:0", &id, &bed->err), 0);
	assert_int_equal(ksm_hold_open(bed->root, true, &hold, bed->told, &bed->err), -EBUSY);
	leases_close(leases);
	assert_int_equal(ksm_hold_open(bed->root, true, &hold, bed->told, &bed->err), -EBUSY);
	assert_non_null(strstr(bed->err.text, "ksm.run"));
	assert_knobs(bed, 0, 100, 20);
}

static void another_tuner_is_named_and_yielded_to(void **state)
{
	struct bed *bed = *state;
	char left[KSM_HOLD_SENTENCE], rival[KSM_HOLD_SENTENCE];
	struct ksm_hold *hold;

	assert_int_equal(ksm_hold_rival(bed->root, rival, &bed->err), 0);
	root_memory_put(bed->root, "/proc/77/comm", "ksmtuned\n");
	assert_int_equal(ksm_hold_rival(bed->root, rival, &bed->err), 1);
	assert_non_null(strstr(rival, "ksmtuned"));
	assert_int_equal(ksm_hold_open(bed->root, false, &hold, bed->told, &bed->err), -EBUSY);
	assert_non_null(strstr(bed->err.text, "ksmtuned"));
	hold = hold_open(bed, true);
	assert_non_null(strstr(bed->told, "ksmtuned"));
	set(bed, hold, 2000, 10);
	close_hold(bed, hold, left);
	assert_knobs(bed, 0, 100, 20);
}

static void the_kernels_advisor_is_off_only_for_a_while(void **state)
{
	struct bed *bed = *state;
	char left[KSM_HOLD_SENTENCE];
	struct ksm_hold *hold;

	root_memory_put(bed->root, KSM "advisor_mode", "none [scan-time]\n");
	assert_int_equal(ksm_hold_open(bed->root, false, &hold, bed->told, &bed->err), -EBUSY);
	assert_non_null(strstr(bed->err.text, "advisor"));
	hold = hold_open(bed, true);
	assert_string_equal(root_memory_text(bed->root, KSM "advisor_mode"), "none");
	set(bed, hold, 2000, 10);
	close_hold(bed, hold, left);
	assert_string_equal(root_memory_text(bed->root, KSM "advisor_mode"), "scan-time");
	assert_knobs(bed, 0, 100, 20);
}

static struct ksm found_in(struct bed *bed)
{
	struct ksm_reader reader;
	struct ksm ksm;

	ksm_reader_init(&reader, bed->root);
	assert_int_equal(ksm_read(&reader, &ksm), 0);
	ksm_reader_done(&reader);
	return ksm;
}

static void somebody_elses_hand_is_told_once_and_stays(void **state)
{
	struct bed *bed = *state;
	char sentence[KSM_HOLD_SENTENCE], left[KSM_HOLD_SENTENCE];
	struct ksm_hold *hold = hold_open(bed, false);
	struct ksm found;

	set(bed, hold, 2000, 10);
	found = found_in(bed);
	assert_int_equal(ksm_hold_look(hold, &found, sentence), 0);
	root_memory_put(bed->root, KSM "pages_to_scan", "777\n");
	root_memory_put(bed->root, "/proc/77/comm", "ksmtuned\n");
	found = found_in(bed);
	assert_int_equal(ksm_hold_look(hold, &found, sentence), 1);
	assert_non_null(strstr(sentence, "777"));
	assert_non_null(strstr(sentence, "ksmtuned"));
	assert_int_equal(ksm_hold_look(hold, &found, sentence), 0);
	close_hold(bed, hold, left);
	assert_knobs(bed, 0, 777, 20);
	assert_non_null(strstr(left, "777"));
}

static void taken_over_it_is_set_again(void **state)
{
	struct bed *bed = *state;
	char sentence[KSM_HOLD_SENTENCE], left[KSM_HOLD_SENTENCE];
	struct ksm_hold *hold = hold_open(bed, true);
	struct ksm found;

	set(bed, hold, 2000, 10);
	root_memory_put(bed->root, KSM "run", "2\n");
	found = found_in(bed);
	assert_int_equal(ksm_hold_look(hold, &found, sentence), 1);
	set(bed, hold, 2000, 10);
	assert_knobs(bed, 1, 2000, 10);
	close_hold(bed, hold, left);
	assert_knobs(bed, 0, 100, 20);
}

static void a_kernel_without_ksm_is_told(void **state)
{
	struct bed *bed = *state;
	struct ksm_hold *hold;

	root_memory_remove(bed->root, "/sys/kernel/mm/ksm");
	assert_int_equal(ksm_hold_open(bed->root, false, &hold, bed->told, &bed->err), -ENOENT);
	assert_non_null(strstr(bed->err.text, "no KSM"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_make, bed_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_found_is_given_back),
		TEST(a_killed_hold_is_given_back_by_the_journal),
		TEST(the_next_hold_gives_back_what_a_killed_one_found),
		TEST(what_truce_holds_already_is_refused),
		TEST(another_tuner_is_named_and_yielded_to),
		TEST(the_kernels_advisor_is_off_only_for_a_while),
		TEST(somebody_elses_hand_is_told_once_and_stays),
		TEST(taken_over_it_is_set_again),
		TEST(a_kernel_without_ksm_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
