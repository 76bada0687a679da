/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/look.h"

#include "base/error.h"
#include "ksm/merging.h"
#include "sys/root.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PAGE = 4096, LIKE = 300, OWN = 200, ZERO = 100, UNTOUCHED = 400, PEEKED_AT = 30, PRIVATE = 50 };

/* A child with memory of known contents, some of which changes when it is told to. */
struct child {
	pid_t pid;
	int told[2], done[2];
};

static struct root *root;

static void fill(char *page, uint64_t what)
{
	size_t i;

	for (i = 0; i < PAGE; i += sizeof what)
		memcpy(page + i, &what, sizeof what);
}

static char *area(size_t pages, bool mergeable)
{
	char *bytes = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	if (bytes == MAP_FAILED)
		_exit(1);
	madvise(bytes, pages * PAGE, MADV_NOHUGEPAGE);
	if (mergeable && madvise(bytes, pages * PAGE, MADV_MERGEABLE) < 0)
		_exit(77);
	return bytes;
}

/* 300 pages like in every child, 200 of this one alone, 100 zero pages, 400 never touched; of these
 * some are read (for root, who can tell the kernel's page of zeros from others). */
static _Noreturn void child_live(struct child *child, uint64_t seed)
{
	char *bytes, order;
	size_t i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	bytes = area(LIKE + OWN + ZERO + UNTOUCHED, true);
	for (i = 0; i < LIKE; i++)
		fill(bytes + i * PAGE, 1000 + i);
	for (; i < LIKE + OWN; i++)
		fill(bytes + i * PAGE, seed * 1000000 + i);
	memset(bytes + i * PAGE, 0, ZERO * PAGE);
	for (i += ZERO; geteuid() == 0 && i < LIKE + OWN + ZERO + PEEKED_AT; i++)
		(void)*(volatile char *)(bytes + i * PAGE);
	memset(area(PRIVATE, false), 7, PRIVATE * PAGE);
	if (write(child->done[1], "f", 1) != 1)
		_exit(1);
	while (read(child->told[0], &order, 1) == 1) {
		/* The first half of its own pages get other bytes. */
		for (i = LIKE; i < LIKE + OWN / 2; i++)
			fill(bytes + i * PAGE, seed * 2000000 + i);
		if (write(child->done[1], "c", 1) != 1)
			_exit(1);
	}
	_exit(0);
}

static void await(struct child *child)
{
	char answer;

	if (read(child->done[0], &answer, 1) != 1)
		skip(); /* without KSM */
}

static void child_start(struct child *child, uint64_t seed)
{
	assert_int_equal(pipe(child->told), 0);
	assert_int_equal(pipe(child->done), 0);
	child->pid = fork();
	assert_true(child->pid >= 0);
	if (child->pid == 0) {
		close(child->told[1]);
		close(child->done[0]);
		child_live(child, seed);
	}
	close(child->told[0]);
	close(child->done[1]);
	await(child);
}

static void child_end(struct child *child)
{
	close(child->told[1]);
	close(child->done[0]);
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
}

static struct look *look_start(uint64_t modulo)
{
	struct look_options options = { .modulo = modulo };
	struct error err = { 0 };
	struct look *look = NULL;

	if (look_new(root, &options, &look, &err) < 0)
		fail_msg("%s", err.text);
	return look;
}

static void look_at(struct look *look, const struct child *child, struct prints *prints)
{
	struct prints_vm *vm = prints_add_vm(prints);
	struct error err = { 0 };

	assert_non_null(vm);
	if (look_first(look, child->pid, vm, &err) < 0)
		fail_msg("%s", err.text);
}

static void assert_near(double found, double wanted)
{
	if (found < wanted - 1e-6 || found > wanted + 1e-6)
		fail_msg("%f where %f was meant", found, wanted);
}

static void two_processes_share_what_they_were_filled_with(void **state)
{
	struct child children[2];
	struct merging merging;
	struct prints prints;
	struct look *look;

	child_start(&children[0], 1);
	child_start(&children[1], 2);
	prints_init(&prints);
	prints.max_sharing = 256;
	look = look_start(1);
	look_at(look, &children[0], &prints);
	look_at(look, &children[1], &prints);
	assert_int_equal(prints.vms[0].pages, LIKE + OWN + ZERO);
	assert_int_equal(prints.vms[0].zero, ZERO);
	assert_int_equal(prints.vms[0].read, prints.vms[0].pages);
	assert_true(prints.vms[0].apart >= (geteuid() == 0 ? PRIVATE + PEEKED_AT : PRIVATE));
	assert_true(prints_sort(&prints));
	assert_int_equal(merging_compute(&prints, NULL, &merging), 0);
	/* Each like page once, and of 200 zero pages all but one. */
	assert_near(merging.saved, LIKE + 2 * ZERO - 1);
	assert_near(merging.pairs[1], LIKE + 1);
	merging_done(&merging);
	look_free(look);
	prints_done(&prints);
	child_end(&children[0]);
	child_end(&children[1]);
}

static void what_changes_between_two_looks_is_told_apart(void **state)
{
	struct error err = { 0 };
	struct prints prints;
	struct child child;
	struct look *look;

	child_start(&child, 3);
	prints_init(&prints);
	look = look_start(1);
	look_at(look, &child, &prints);
	assert_int_equal(write(child.told[1], "x", 1), 1);
	await(&child);
	assert_int_equal(look_again(look, 0, &prints.vms[0], &err), 0);
	assert_int_equal(prints.vms[0].changing, OWN / 2);
	assert_int_equal(prints.vms[0].zero, ZERO);
	assert_int_equal(prints.vms[0].sampled.count, LIKE + OWN / 2);
	look_free(look);
	prints_done(&prints);
	child_end(&child);
}

static void keys_differ_from_look_to_look(void **state)
{
	struct look *one = look_start(1), *other = look_start(1);

	assert_memory_not_equal(look_key_id(one), look_key_id(other), 16);
	look_free(one);
	look_free(other);
}

static void a_process_that_has_ended_is_told(void **state)
{
	struct prints prints;
	struct error err = { 0 };
	struct child child;
	struct look *look = look_start(1);
	pid_t pid;

	child_start(&child, 4);
	pid = child.pid;
	child_end(&child);
	prints_init(&prints);
	assert_true(look_first(look, pid, prints_add_vm(&prints), &err) < 0);
	assert_true(err.text[0] != '\0');
	look_free(look);
	prints_done(&prints);
}

static void the_rate_is_kept(void **state)
{
	struct look_options options = { .bytes_per_second = 8u << 20 };
	struct prints prints;
	struct error err = { 0 };
	struct child child;
	struct look *look;
	uint64_t begin_usec;

	child_start(&child, 5);
	prints_init(&prints);
	begin_usec = root_monotonic_usec(root);
	assert_int_equal(look_new(root, &options, &look, &err), 0);
	look_at(look, &child, &prints);
	/* 600 pages are 2.3 MiB: 0.29 s, of which the last piece is not waited for. */
	assert_true(root_monotonic_usec(root) - begin_usec >= 200000);
	look_free(look);
	prints_done(&prints);
	child_end(&child);
}

static void of_positions_some_are_read_and_all_are_counted(void **state)
{
	struct look_options options = { .positions_ppm = 250000 };
	struct error err = { 0 };
	struct prints prints;
	struct child child;
	struct look *look;

	child_start(&child, 6);
	prints_init(&prints);
	assert_int_equal(look_new(root, &options, &look, &err), 0);
	look_at(look, &child, &prints);
	/* A quarter of 600 is 150, and 11 are a standard error. */
	assert_in_range(prints.vms[0].read, 150 - 60, 150 + 60);
	assert_int_equal(prints.vms[0].pages, LIKE + OWN + ZERO);
	assert_int_equal(prints.vms[0].sampled.count + prints.vms[0].zero, prints.vms[0].read);
	assert_int_equal(look_bytes(look), prints.vms[0].read * PAGE);
	assert_int_equal(look_again(look, 0, &prints.vms[0], &err), 0);
	assert_int_equal(prints.vms[0].changing, 0);
	assert_int_equal(prints.vms[0].sampled.count + prints.vms[0].zero, prints.vms[0].read);
	look_free(look);
	prints_done(&prints);
	child_end(&child);
}

static int setup(void **state)
{
	root = root_live_new();
	return root != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	root_free(root);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_processes_share_what_they_were_filled_with),
		cmocka_unit_test(what_changes_between_two_looks_is_told_apart),
		cmocka_unit_test(keys_differ_from_look_to_look),
		cmocka_unit_test(a_process_that_has_ended_is_told),
		cmocka_unit_test(the_rate_is_kept),
		cmocka_unit_test(of_positions_some_are_read_and_all_are_counted),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
