/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/keep_file.h"
#include "holds/holds.h"
#include "model/synthetic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct vm_identity one = { .pid = 10, .start_ticks = 5 }, two = { .pid = 20, .start_ticks = 6 };
static const struct vm_identity host;
static char directory[] = "/tmp/truce-holds.XXXXXX";
static char path[64];

static void hold(struct holds *holds, const struct vm_identity *vm, const char *name, int64_t number,
		 uint64_t until)
{
	struct hold *made = holds_take(holds, vm, name, SETTING_CPU_WEIGHT);

	assert_non_null(made);
	made->value.number = number;
	made->until_usec = until;
}

static struct holds again(const struct holds *holds, const char *boot)
{
	struct holds loaded;
	struct error err = { 0 };

	if (holds_save(path, "boot-1", holds, &err) < 0 || holds_load(path, boot, 1000, &loaded, &err) < 0)
		fail_msg("%s", err.text);
	return loaded;
}

static void all_of_it_outlives_the_daemon(void **state)
{
	struct holds holds = { .paused = true }, loaded;

	holds_pause(&holds, &one);
	holds_pause(&holds, &one);
	hold(&holds, &two, "two \"x\"", 400, 2000);
	hold(&holds, &host, "", 7, 0);
	loaded = again(&holds, "boot-1");
	assert_true(loaded.paused);
	assert_int_equal(loaded.vm_count, 1);
	assert_true(holds_is_paused(&loaded, &one));
	assert_int_equal(loaded.hold_count, 2);
	assert_string_equal(loaded.holds[0].vm_name, "two \"x\"");
	assert_int_equal(loaded.holds[0].value.number, 400);
	assert_int_equal(loaded.holds[0].until_usec, 2000);
	holds_done(&holds);
	holds_done(&loaded);
}

static void of_another_boot_only_holds_without_end_stay_and_wait(void **state)
{
	struct holds holds = { 0 }, loaded;

	holds_pause(&holds, &one);
	hold(&holds, &one, "one", 400, 2000);
	hold(&holds, &two, "two", 300, 0);
	loaded = again(&holds, "boot-2");
	assert_int_equal(loaded.vm_count, 0);
	assert_int_equal(loaded.hold_count, 1);
	assert_int_equal(loaded.holds[0].vm.pid, 0);
	assert_false(holds_greet(&loaded, &one, "one"));
	assert_true(holds_greet(&loaded, &one, "two"));
	assert_int_equal(loaded.holds[0].vm.pid, 10);
	holds_done(&holds);
	holds_done(&loaded);
}

static void a_vm_that_ends_takes_its_pause_along_and_leaves_what_is_for_ever(void **state)
{
	struct holds holds = { 0 };

	holds_pause(&holds, &one);
	hold(&holds, &one, "one", 400, 2000);
	assert_true(holds_part(&holds, &one));
	assert_int_equal(holds.vm_count + holds.hold_count, 0);
	hold(&holds, &one, "one", 400, 0);
	assert_true(holds_part(&holds, &one));
	assert_int_equal(holds.hold_count, 1);
	assert_false(holds_part(&holds, &one));
	/* A hold that waits is not one of the host, which has pid 0 too. */
	assert_false(holds_let_go(&holds, &host, SETTING_CPU_WEIGHT));
	holds_done(&holds);
}

static void all_that_is_let_go_of_is_of_the_one_that_was_named(void **state)
{
	struct holds holds = { 0 };

	hold(&holds, &one, "one", 400, 0);
	hold(&holds, &two, "two", 400, 0);
	hold(&holds, &host, "", 1, 0);
	holds_part(&holds, &two);
	assert_int_equal(holds_let_go_all(&holds, &host), 1); /* and not the one that waits */
	assert_int_equal(holds_let_go_all(&holds, &two), 0);
	assert_int_equal(holds_let_go_all(&holds, &one), 1);
	assert_int_equal(holds.hold_count, 1);
	assert_int_equal(holds_let_go_all(&holds, NULL), 1);
	assert_int_equal(holds.hold_count, 0);
	holds_done(&holds);
}

static void who_went_while_nobody_looked_is_parted_from(void **state)
{
	struct synthetic machine;
	struct holds holds = { 0 };

	assert_int_equal(synthetic_init(&machine, 1, 2, 1), 0);
	holds_pause(&holds, &one);
	holds_pause(&holds, &machine.snapshot.vms[0]->identity);
	hold(&holds, &one, "one", 400, 2000);
	hold(&holds, &two, "two", 400, 0);
	hold(&holds, &two, "two", 400, 2000);
	hold(&holds, &machine.snapshot.vms[1]->identity, "vm001", 400, 2000);
	hold(&holds, &host, "", 1, 0);
	holds_part_gone(&holds, &machine.snapshot);
	assert_int_equal(holds.vm_count, 1);
	assert_true(holds_is_paused(&holds, &machine.snapshot.vms[0]->identity));
	assert_int_equal(holds.hold_count, 2);
	assert_true(holds_let_go(&holds, &machine.snapshot.vms[1]->identity, SETTING_CPU_WEIGHT));
	assert_true(holds_let_go(&holds, &host, SETTING_CPU_WEIGHT));
	hold(&holds, &two, "two", 400, 0);
	holds_part_gone(&holds, &machine.snapshot);
	assert_true(holds_greet(&holds, &one, "two"));
	holds_done(&holds);
	synthetic_done(&machine);
}

static void a_hold_ends_with_its_time(void **state)
{
	struct holds holds = { 0 };

	hold(&holds, &one, "one", 400, 2000);
	hold(&holds, &two, "two", 400, 0);
	assert_false(holds_expire(&holds, 1999));
	assert_true(holds_expire(&holds, 2000));
	assert_int_equal(holds.hold_count, 1);
	assert_int_equal(holds.holds[0].vm.pid, 20);
	holds_done(&holds);
}

static void what_are_no_holds_are_forgotten_with_a_sentence(void **state)
{
	static const char *const files[] = { "", "[]", "{\"paused\":", "\xff\xfe" };
	struct holds holds;
	struct error err;
	size_t i;

	for (i = 0; i < sizeof files / sizeof *files; i++) {
		assert_int_equal(keep_file_write(path, files[i], strlen(files[i]), 0644, NULL), 0);
		assert_int_equal(holds_load(path, "boot-1", 0, &holds, &err), -EBADMSG);
		assert_non_null(strstr(err.text, "is forgotten"));
		assert_int_equal(holds.hold_count, 0);
	}
	assert_int_equal(holds_load("/nonexistent", "boot-1", 0, &holds, NULL), 0);
}

static void odd_holds_are_left_out_and_the_others_taken(void **state)
{
	static const char file[] =
		"{\"boot\":\"boot-1\",\"vms\":[1,\"x\",\"3-4-0\"],\"holds\":[{},{\"vm\":\"1-2-3\"},4,"
		"{\"vm\":\"1-2-0\",\"setting\":\"cpu.wait\"},"
		"{\"vm\":\"1-2-0\",\"setting\":\"cpu.weight\",\"number\":5,\"name\":7,\"until_usec\":-1},"
		"{\"vm\":\"1-2-0\",\"setting\":\"cpu.weight\",\"number\":5,\"name\":\"a\"}]}";
	struct holds holds;

	assert_int_equal(keep_file_write(path, file, strlen(file), 0644, NULL), 0);
	assert_int_equal(holds_load(path, "boot-1", 0, &holds, NULL), 0);
	assert_int_equal(holds.vm_count, 1);
	assert_int_equal(holds.hold_count, 1);
	assert_int_equal(holds.holds[0].value.number, 5);
	holds_done(&holds);
}

static int begin(void **state)
{
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/hand.json", directory);
	return 0;
}

static int end(void **state)
{
	unlink(path);
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_it_outlives_the_daemon),
		cmocka_unit_test(of_another_boot_only_holds_without_end_stay_and_wait),
		cmocka_unit_test(a_vm_that_ends_takes_its_pause_along_and_leaves_what_is_for_ever),
		cmocka_unit_test(all_that_is_let_go_of_is_of_the_one_that_was_named),
		cmocka_unit_test(who_went_while_nobody_looked_is_parted_from),
		cmocka_unit_test(a_hold_ends_with_its_time),
		cmocka_unit_test(what_are_no_holds_are_forgotten_with_a_sentence),
		cmocka_unit_test(odd_holds_are_left_out_and_the_others_taken),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
