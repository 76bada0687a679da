/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As root, in a network namespace of its own, which takes all that is made with it. */
#include "act/net_taps.h"

#include "lease/lease.h"
#include "sys/root.h"
#include "sys/tc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

extern const struct lease_kind act_net_in_kind, act_net_out_max_kind;

static struct root *root;
static struct tc *tc;
static int tap = -1;
static struct tc_link tap_link;

static int setup(void **state)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };

	strcpy(request.ifr_name, "tap1");
	tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (tap < 0 || ioctl(tap, TUNSETIFF, &request) < 0)
		return -1;
	root = root_live_new();
	return tc_open(root, &tc, NULL) < 0 || tc_link_by_name(tc, "tap1", &tap_link, NULL) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	tc_close(tc);
	root_free(root);
	close(tap);
	return 0;
}

static void limit(void)
{
	struct tc_class class = { .minor = 1, .rate = 1000000, .ceil = 1000000 };

	assert_int_equal(tc_add_htb(tc, tap_link.index, 1, NULL), 0);
	assert_int_equal(tc_put_class(tc, tap_link.index, &class, NULL), 0);
}

static bool is_limited(void)
{
	struct tc_class class;

	return tc_find_class(tc, tap_link.index, 1, &class, NULL) == 0;
}

/* A limit of an interface of this number and name, of that network. */
static void give_back(const char *network)
{
	char target[64];

	snprintf(target, sizeof target, "%d tap1%s", tap_link.index, network);
	assert_int_equal(act_net_in_kind.undo(root, NULL, target, "none", "1000000", NULL), 0);
}

/* An interface of the same number and name is somebody else's there. */
static void what_was_set_in_another_network_is_not_looked_for_here(void **state)
{
	char other[32];

	snprintf(other, sizeof other, " %" PRIu64, net_namespace(root) + 1);
	limit();
	give_back(other);
	assert_true(is_limited());
	snprintf(other, sizeof other, " %" PRIu64, net_namespace(root));
	give_back(other);
	assert_false(is_limited());
}

static void a_journal_that_names_no_network_means_this_one(void **state)
{
	limit();
	give_back("");
	assert_false(is_limited());
}

static void the_same_holds_for_what_it_sends(void **state)
{
	struct tc_class class = { .minor = 5, .rate = 1000, .ceil = 1000000 }, there;
	struct tc_link ifb;
	char target[96];

	if (tc_add_ifb(tc, "truce-test", NULL) < 0)
		skip();
	assert_int_equal(tc_link_by_name(tc, "truce-test", &ifb, NULL), 0);
	assert_int_equal(tc_add_htb(tc, ifb.index, 0, NULL), 0);
	assert_int_equal(tc_put_class(tc, ifb.index, &class, NULL), 0);
	snprintf(target, sizeof target, "truce-test 5 %d tap1 %" PRIu64, tap_link.index,
		 net_namespace(root) + 1);
	assert_int_equal(act_net_out_max_kind.undo(root, NULL, target, "none", "1", NULL), 0);
	assert_int_equal(tc_find_class(tc, ifb.index, 5, &there, NULL), 0);
	snprintf(target, sizeof target, "truce-test 5 %d tap1 %" PRIu64, tap_link.index, net_namespace(root));
	assert_int_equal(act_net_out_max_kind.undo(root, NULL, target, "none", "1", NULL), 0);
	assert_int_equal(tc_link_by_name(tc, "truce-test", &ifb, NULL), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_set_in_another_network_is_not_looked_for_here),
		cmocka_unit_test(a_journal_that_names_no_network_means_this_one),
		cmocka_unit_test(the_same_holds_for_what_it_sends),
	};

	if (access("/dev/net/tun", R_OK | W_OK) < 0 || unshare(CLONE_NEWNET) < 0) {
		printf("needs root and /dev/net/tun for a network of its own\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
