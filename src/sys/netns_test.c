/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/netns.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct netns *new_one(void)
{
	struct error err = { 0 };
	struct netns *ns = NULL;

	if (netns_new(&ns, &err) < 0)
		fail_msg("%s", err.text);
	return ns;
}

static ino_t here(void)
{
	struct stat status;

	assert_int_equal(stat("/proc/thread-self/ns/net", &status), 0);
	return status.st_ino;
}

/* "a b c", sorted as the kernel lists them. */
static void names_in(struct netns *ns, char *ret, size_t size)
{
	struct if_nameindex *list, *at;
	int back;

	ret[0] = '\0';
	assert_int_equal(netns_enter(ns, &back, NULL), 0);
	list = if_nameindex();
	netns_leave(back);
	assert_non_null(list);
	for (at = list; at->if_index != 0; at++)
		snprintf(ret + strlen(ret), size - strlen(ret), "%s%s", at == list ? "" : " ",
			 at->if_name);
	if_freenameindex(list);
}

static void who_made_one_is_where_it_was(void **state)
{
	ino_t before = here();
	struct netns *ns = new_one();
	struct stat status;
	int back;

	assert_int_equal(here(), before);
	assert_int_equal(fstat(netns_fd(ns), &status), 0);
	assert_int_not_equal(status.st_ino, before);
	assert_int_equal(netns_enter(ns, &back, NULL), 0);
	assert_int_equal(here(), status.st_ino);
	netns_leave(back);
	assert_int_equal(here(), before);
	netns_free(ns);
}

static void what_is_made_is_there_and_nothing_else(void **state)
{
	struct netns *one = new_one(), *other = new_one();
	char names[128];
	int tap = -1;

	assert_int_equal(netns_add_bridge(one, "middle", NULL), 0);
	assert_int_equal(netns_add_tap(one, "left", "middle", &tap, NULL), 0);
	assert_int_equal(netns_add_wire(one, "right", other, "far", NULL), 0);
	assert_int_equal(netns_add_port(one, "middle", "right", NULL), 0);
	names_in(one, names, sizeof names);
	assert_string_equal(names, "lo middle left right");
	names_in(other, names, sizeof names);
	assert_string_equal(names, "lo far");
	close(tap);
	names_in(one, names, sizeof names);
	assert_string_equal(names, "lo middle right");
	netns_free(one);
	netns_free(other);
}

static bool is_there(struct netns *ns, const char *name)
{
	struct netns_counts counts;

	return netns_count(ns, name, &counts, NULL) == 0;
}

/* A wire loses its end here when the namespace of its other end is gone. */
static void all_of_it_goes_with_the_last_descriptor(void **state)
{
	struct netns *witness = new_one(), *mortal = new_one();
	int tap = -1, waits = 0;

	assert_int_equal(netns_add_wire(witness, "end", mortal, "other", NULL), 0);
	assert_int_equal(netns_add_tap(mortal, "tap", NULL, &tap, NULL), 0);
	assert_true(is_there(witness, "end"));
	netns_free(mortal);
	close(tap);
	while (is_there(witness, "end") && waits++ < 500)
		poll(NULL, 0, 10);
	assert_false(is_there(witness, "end"));
	netns_free(witness);
}

static void nobody_speaks_ipv6_there(void **state)
{
	struct netns *one = new_one(), *other = new_one();
	char text[64];
	int back;

	if (access("/proc/net/if_inet6", R_OK) != 0) {
		netns_free(one);
		netns_free(other);
		skip();
	}
	assert_int_equal(netns_add_wire(one, "here", other, "there", NULL), 0);
	assert_int_equal(netns_enter(one, &back, NULL), 0);
	{
		CLEANUP_CLOSE int fd = open("/proc/thread-self/net/if_inet6", O_RDONLY | O_CLOEXEC);

		assert_int_equal(read(fd, text, sizeof text), 0);
	}
	netns_leave(back);
	netns_free(one);
	netns_free(other);
}

static void what_is_not_there_is_named(void **state)
{
	struct netns *ns = new_one();
	struct netns_counts counts;
	struct error err = { 0 };

	assert_int_equal(netns_count(ns, "nobody", &counts, &err), -ENODEV);
	assert_non_null(strstr(err.text, "nobody"));
	assert_int_equal(netns_add_address(ns, "nobody", "10.0.0.1/24", &err), -ENODEV);
	assert_true(netns_add_address(ns, "lo", "10.0.0.1.2/24", &err) < 0);
	assert_non_null(strstr(err.text, "10.0.0.1.2/24"));
	assert_int_equal(netns_add_port(ns, "nobody", "lo", &err), -ENODEV);
	netns_free(ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_made_one_is_where_it_was),
		cmocka_unit_test(what_is_made_is_there_and_nothing_else),
		cmocka_unit_test(all_of_it_goes_with_the_last_descriptor),
		cmocka_unit_test(nobody_speaks_ipv6_there),
		cmocka_unit_test(what_is_not_there_is_named),
	};
	struct error err = { 0 };
	struct netns *ns;

	if (access("/dev/net/tun", R_OK | W_OK) < 0 || netns_new(&ns, &err) < 0) {
		printf("needs root and /dev/net/tun for a network of its own: %s\n", err.text);
		return 77;
	}
	netns_free(ns);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
