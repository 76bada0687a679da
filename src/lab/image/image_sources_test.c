/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/image/image_sources.h"

#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define KEYS "/usr/share/keyrings/debian-archive-keyring.gpg"

static int parse(const char *text, const char *preferred, struct image_sources *ret,
		 struct error *err)
{
	return image_sources_parse(text, strlen(text), preferred, ret, err);
}

static void a_suite_is_taken_with_its_updates_and_its_security(void **state)
{
	static const char text[] =
		"Debian|bookworm|http://deb.debian.org/debian/|main|amd64|$(SIGNED_BY)\n"
		"Debian|bookworm-updates|http://deb.debian.org/debian/|main|amd64|$(SIGNED_BY)\n"
		"Debian|bookworm-security|https://x.example/s/|main|amd64|/keys/own.gpg\n";
	struct image_sources sources;

	assert_int_equal(parse(text, "bookworm", &sources, NULL), 0);
	assert_string_equal(sources.suite, "bookworm");
	assert_int_equal(sources.count, 3);
	assert_string_equal(sources.lines[0], "deb [signed-by=" KEYS
			    "] http://deb.debian.org/debian/ bookworm main");
	assert_string_equal(sources.lines[2],
			    "deb [signed-by=/keys/own.gpg] https://x.example/s/ bookworm-security main");
	assert_null(sources.lines[3]);
	image_sources_done(&sources);
}

static void what_is_not_debians_main_for_amd64_is_left_out(void **state)
{
	static const char text[] =
		"Google|cloud-sdk|https://x.example/|main|amd64|\n"
		"Debian|bookworm|http://x.example/|contrib|amd64|\n"
		"Debian|bookworm|http://x.example/|main|i386|\n"
		"Debian|bookworm|cdrom:[disc 1]/|main|amd64|\n"
		"Debian|bookworm-backports|http://x.example/|main|amd64|\n"
		"Debian|bookworm|http://x.example/|main|amd64|\n"
		"|||||\n"
		"Debian|bookworm|http://x.example/|main|amd64\n"
		"Debian|bookworm|http://x.example/|main|amd64|a|b\n"
		"Debian|book worm|http://x.example/|main|amd64|\n"
		"Debian|bookworm|http://[trusted=yes]/|main|amd64|\n";
	struct image_sources sources;

	assert_int_equal(parse(text, "bookworm", &sources, NULL), 0);
	assert_int_equal(sources.count, 1);
	image_sources_done(&sources);
}

static void of_several_suites_the_hosts_own_is_taken(void **state)
{
	static const char text[] =
		"Debian|trixie-security|http://x.example/|main|amd64|\n"
		"Debian|trixie|http://x.example/|main|amd64|\n"
		"Debian|bookworm|http://x.example/|main|amd64|";
	struct image_sources sources;

	assert_int_equal(parse(text, "bookworm", &sources, NULL), 0);
	assert_string_equal(sources.suite, "bookworm");
	image_sources_done(&sources);
	assert_int_equal(parse(text, "", &sources, NULL), 0);
	assert_string_equal(sources.suite, "trixie");
	assert_int_equal(sources.count, 2);
	image_sources_done(&sources);
}

static void a_host_without_debian_is_told_what_to_do(void **state)
{
	struct image_sources sources;
	struct error err = { 0 };

	assert_int_equal(parse("Ubuntu|noble|http://x.example/|main|amd64|\n", "noble", &sources, &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "/etc/apt/sources.list"));
	assert_int_equal(parse("", NULL, &sources, NULL), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_suite_is_taken_with_its_updates_and_its_security),
		cmocka_unit_test(what_is_not_debians_main_for_amd64_is_left_out),
		cmocka_unit_test(of_several_suites_the_hosts_own_is_taken),
		cmocka_unit_test(a_host_without_debian_is_told_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
