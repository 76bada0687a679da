/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In a network namespace of its own, which takes all that is made with it. */
#include "sys/tc.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "sys/root.h"
#include "sys/root_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MEGABYTE 1000000ull

static struct root *root;
static struct tc *tc;
static int tap = -1;
static struct tc_link tap_link;

/* The tap lives as long as its descriptor. */
static int setup(void **state)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };

	strcpy(request.ifr_name, "tap-test");
	tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (tap < 0 || ioctl(tap, TUNSETIFF, &request) < 0)
		return -1;
	root = root_live_new();
	return tc_open(root, &tc, NULL) < 0 ||
	       tc_link_by_name(tc, "tap-test", &tap_link, NULL) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	tc_close(tc);
	root_free(root);
	close(tap);
	return 0;
}

static void an_interface_says_what_it_is(void **state)
{
	struct error err = { 0 };
	struct tc_link link;

	assert_string_equal(tap_link.name, "tap-test");
	assert_string_equal(tap_link.kind, "tun");
	assert_int_equal(tc_link_by_index(tc, tap_link.index, &link, NULL), 0);
	assert_string_equal(link.name, "tap-test");
	assert_int_equal(tc_link_by_name(tc, "nobody", &link, &err), -ENODEV);
	assert_string_equal(err.text, "there is no interface nobody here");
}

static void what_the_kernel_attached_is_replaced_and_comes_back(void **state)
{
	struct tc_qdisc before, there;
	bool was_there = tc_root_qdisc(tc, tap_link.index, &before, NULL) == 0;

	assert_true(!was_there || before.major == 0);
	assert_int_equal(tc_add_htb(tc, tap_link.index, 1, NULL), 0);
	assert_int_equal(tc_root_qdisc(tc, tap_link.index, &there, NULL), 0);
	assert_string_equal(there.kind, "htb");
	assert_int_equal(there.major, TC_MAJOR);
	assert_int_equal(tc_add_htb(tc, tap_link.index, 1, NULL), 0);
	assert_int_equal(tc_delete_htb(tc, tap_link.index, NULL), 0);
	assert_int_equal(tc_delete_htb(tc, tap_link.index, NULL), -ENOENT);
	assert_int_equal(tc_root_qdisc(tc, tap_link.index, &there, NULL) == 0, was_there);
	assert_true(!was_there || strcmp(there.kind, before.kind) == 0);
}

static void a_class_has_the_rates_that_were_given(void **state)
{
	struct tc_class class = { .minor = 7, .parent = 0, .rate = 3 * MEGABYTE, .ceil = 9 * MEGABYTE };
	struct tc_class there;

	assert_int_equal(tc_add_htb(tc, tap_link.index, 0, NULL), 0);
	assert_int_equal(tc_put_class(tc, tap_link.index, &class, NULL), 0);
	class.ceil = 20000 * MEGABYTE; /* more than 32 bits hold */
	assert_int_equal(tc_put_class(tc, tap_link.index, &class, NULL), 0);
	class = (struct tc_class){ .minor = 8, .parent = 7, .rate = 1000, .ceil = 1000 };
	assert_int_equal(tc_put_class(tc, tap_link.index, &class, NULL), 0);
	assert_int_equal(tc_classes(tc, tap_link.index, NULL, 0, NULL), 2);
	assert_int_equal(tc_find_class(tc, tap_link.index, 7, &there, NULL), 0);
	assert_int_equal(there.rate, 3 * MEGABYTE);
	assert_int_equal(there.ceil, 20000 * MEGABYTE);
	assert_int_equal(there.parent, 0);
	assert_int_equal(tc_find_class(tc, tap_link.index, 8, &there, NULL), 0);
	assert_int_equal(there.parent, 7);
	assert_int_equal(there.ceil, 1000);
	assert_int_equal(tc_find_class(tc, tap_link.index, 9, &there, NULL), -ENOENT);
	assert_int_equal(tc_delete_class(tc, tap_link.index, 8, NULL), 0);
	assert_int_equal(tc_classes(tc, tap_link.index, NULL, 0, NULL), 1);
	assert_int_equal(tc_delete_htb(tc, tap_link.index, NULL), 0);
}

static void somebody_elses_queue_is_left_alone(void **state)
{
	struct error err = { 0 };
	struct tc_qdisc there;

	if (system("tc qdisc add dev tap-test root handle 5: tbf rate 1mbit burst 10k latency 1s") != 0)
		skip();
	assert_int_equal(tc_add_htb(tc, tap_link.index, 1, &err), -EBUSY);
	assert_string_equal(err.text, "the interface has somebody's tbf 5: already");
	assert_int_equal(tc_delete_htb(tc, tap_link.index, NULL), -ENOENT);
	assert_int_equal(tc_root_qdisc(tc, tap_link.index, &there, NULL), 0);
	assert_int_equal(there.major, 5);
	assert_int_equal(system("tc qdisc del dev tap-test root"), 0);
}

static void what_comes_in_is_led_through_an_ifb_and_back(void **state)
{
	struct tc_class class = { .minor = 3, .rate = MEGABYTE, .ceil = MEGABYTE };
	struct tc_link ifb;
	struct tc_qdisc there;
	struct error err = { 0 };
	int r = tc_add_ifb(tc, "truce-test", &err);

	if (r == -EOPNOTSUPP) {
		print_message("%s\n", err.text);
		skip();
	}
	assert_int_equal(r, 0);
	assert_int_equal(tc_link_by_name(tc, "truce-test", &ifb, NULL), 0);
	assert_string_equal(ifb.kind, "ifb");
	assert_true(ifb.up);
	assert_int_equal(tc_add_htb(tc, ifb.index, 0, NULL), 0);
	assert_int_equal(tc_put_class(tc, ifb.index, &class, NULL), 0);
	assert_int_equal(tc_add_classifier(tc, ifb.index, "tap-test", 3, NULL), 0);
	assert_int_equal(tc_add_classifier(tc, ifb.index, "tap-test", 3, NULL), 0);
	assert_int_equal(tc_has_redirect(tc, tap_link.index, ifb.index, NULL), 0);
	assert_int_equal(tc_add_redirect(tc, tap_link.index, ifb.index, &err), 0);
	assert_int_equal(tc_add_redirect(tc, tap_link.index, ifb.index, &err), 0);
	assert_int_equal(tc_has_redirect(tc, tap_link.index, ifb.index, NULL), 1);
	assert_int_equal(tc_has_redirect(tc, tap_link.index, tap_link.index, NULL), 0);
	assert_int_equal(tc_delete_redirect(tc, tap_link.index, NULL), 0);
	assert_int_equal(tc_ingress_qdisc(tc, tap_link.index, &there, NULL), -ENOENT);
	assert_int_equal(tc_delete_redirect(tc, tap_link.index, NULL), -ENOENT);
	assert_int_equal(tc_delete_classifier(tc, ifb.index, 3, NULL), 0);
	assert_int_equal(tc_delete_class(tc, ifb.index, 3, NULL), 0);
	assert_int_equal(tc_delete_ifb(tc, "truce-test", NULL), 0);
	assert_int_equal(tc_delete_ifb(tc, "truce-test", NULL), -ENOENT);
}

static void somebody_elses_filters_stay(void **state)
{
	struct error err = { 0 };
	struct tc_qdisc there;

	if (system("tc qdisc add dev tap-test ingress && tc filter add dev tap-test ingress prio 4 u32 "
		   "match u32 0 0 action mirred egress redirect dev lo") != 0)
		skip();
	assert_int_equal(tc_add_redirect(tc, tap_link.index, 1, &err), -EBUSY);
	assert_non_null(strstr(err.text, "somebody's ingress"));
	assert_int_equal(tc_delete_redirect(tc, tap_link.index, NULL), 0);
	assert_int_equal(tc_ingress_qdisc(tc, tap_link.index, &there, NULL), 0);
	assert_int_equal(system("tc qdisc del dev tap-test ingress"), 0);
}

static void only_an_ifb_is_deleted(void **state)
{
	struct tc_link link;

	assert_int_equal(tc_delete_ifb(tc, "tap-test", NULL), -ENOENT);
	assert_int_equal(tc_link_by_name(tc, "tap-test", &link, NULL), 0);
}

static void a_host_in_memory_has_no_interface(void **state)
{
	struct root *memory = root_memory_new(NULL, 0);
	struct tc *none;
	struct error err = { 0 };

	assert_int_equal(tc_open(memory, &none, &err), -ENOSYS);
	root_free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interface_says_what_it_is),
		cmocka_unit_test(what_the_kernel_attached_is_replaced_and_comes_back),
		cmocka_unit_test(a_class_has_the_rates_that_were_given),
		cmocka_unit_test(somebody_elses_queue_is_left_alone),
		cmocka_unit_test(what_comes_in_is_led_through_an_ifb_and_back),
		cmocka_unit_test(somebody_elses_filters_stay),
		cmocka_unit_test(only_an_ifb_is_deleted),
		cmocka_unit_test(a_host_in_memory_has_no_interface),
	};

	if (access("/dev/net/tun", R_OK | W_OK) < 0 || unshare(CLONE_NEWNET) < 0) {
		printf("needs root and /dev/net/tun for a network of its own\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
