/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"
#include "config/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct config parsed(const char *text)
{
	struct config config;
	struct error err = { 0 };

	config_init(&config);
	if (config_parse(&config, "truce.conf", text, strlen(text), &err) < 0)
		fail_msg("%s", err.text);
	return config;
}

static void expect_refused(const char *text, const char *sentence)
{
	struct config config;
	struct error err = { 0 };

	config_init(&config);
	assert_int_equal(config_parse(&config, "truce.conf", text, strlen(text), &err), -EINVAL);
	assert_string_equal(err.text, sentence);
	config_done(&config);
}

static void without_a_file_it_only_observes(void **state)
{
	struct config config;

	assert_int_equal(config_load("/nonexistent", &config, NULL), 0);
	assert_int_equal(config.mode, MODE_OBSERVE);
	assert_int_equal(config.interval_usec, 1000000);
	assert_int_equal(config.budget_permyriad, 200);
	config_done(&config);
}

static void keys_are_read_in_their_units(void **state)
{
	struct config config = parsed("# a comment\n[truced]\nmode = enforce\ninterval=500ms\r\n"
				      "budget = 0.5 %\npolicies = /srv/policies\nledger-size = 1MiB\n"
				      "ask-owners = yes\n; another\n\n[limits]\nhysteresis = 5%\n"
				      "changes-per-minute = 7\nowner-timeout = 1s\nuplink = 1 Gbit");

	assert_int_equal(config.mode, MODE_ENFORCE);
	assert_int_equal(config.interval_usec, 500000);
	assert_int_equal(config.budget_permyriad, 50);
	assert_string_equal(config.policies, "/srv/policies");
	assert_int_equal(config.ledger_bytes, 1 << 20);
	assert_true(config.with_owner);
	assert_int_equal(config.hysteresis_permyriad, 500);
	assert_int_equal(config.changes_per_minute, 7);
	assert_int_equal(config.owner_usec, 1000000);
	assert_int_equal(config.uplink_bytes_per_second, 125000000);
	config_done(&config);
}

static void a_mistake_is_named_with_line_and_suggestion(void **state)
{
	expect_refused("[truced]\nintervall = 1s\n",
		       "truce.conf:2: there is no key \"intervall\"; did you mean interval?");
	expect_refused("[truce]\n", "truce.conf:1: there is no section \"truce\"; did you mean truced?");
	expect_refused("[truced]\n\nmode = enforced\n",
		       "truce.conf:3: there is no mode \"enforced\"; did you mean enforce?");
	expect_refused("mode = enforce\n",
		       "truce.conf:1: a section stands before the first key, as [truced]");
	expect_refused("[truced]\nwhat\n", "truce.conf:2: this is neither [section] nor key = value");
	expect_refused("[truced]\ninterval = 1 fortnight\n",
		       "truce.conf:2: interval = 1 fortnight: a time, as 1s or 500ms is wanted");
	expect_refused("[truced]\ninterval = 1ms\n",
		       "truce.conf:2: interval = 1ms: a time, as 1s or 500ms in its bounds "
		       "(truce.conf(5)) is wanted");
	expect_refused("[limits]\nuplink = 1 Gb\n",
		       "truce.conf:2: uplink = 1 Gb: a rate, as 1 Gbit or 125MB/s is wanted");
	expect_refused("[limits]\nuplink = max\n",
		       "truce.conf:2: uplink = max: a rate, as 1 Gbit or 125MB/s is wanted");
	expect_refused("[truced]\nbudget = nan%\n",
		       "truce.conf:2: budget = nan%: a share, as 2% is wanted");
	expect_refused("[truced]\npolicies = here\n",
		       "truce.conf:2: an absolute path of less than 512 bytes is wanted");
	expect_refused("[vm db]\nmanage = no\n",
		       "truce.conf:2: there is no key of [vm ...] \"manage\"; did you mean managed?");
	expect_refused("[vm db\n", "truce.conf:1: a section ends with ]");
}

static void the_last_section_that_matches_a_vm_counts(void **state)
{
	struct config config = parsed("[vm db-*]\nmanaged = no\n[vm db-1]\nmanaged = yes\n"
				      "[vm 7e0b*]\nmanaged=off\n");

	assert_true(config_is_managed(&config, "web", NULL, "1-2-0"));
	assert_false(config_is_managed(&config, "db-2", NULL, "1-2-0"));
	assert_true(config_is_managed(&config, "db-1", NULL, "1-2-0"));
	assert_false(config_is_managed(&config, "web", "7e0b0000-aaaa", "1-2-0"));
	assert_true(config_is_managed(&config, NULL, NULL, "1-2-0"));
	config_done(&config);
}

static void a_vm_is_fingerprinted_unless_it_opts_out(void **state)
{
	struct config config = parsed("[vm db-*]\nmanaged = no\n[vm db-1]\nmanaged = no\n"
				      "fingerprints = yes\n[vm web]\nfingerprints = no\n");

	assert_false(config_may_fingerprint(&config, "db-2", NULL, "1-2-0"));
	assert_true(config_may_fingerprint(&config, "db-1", NULL, "1-2-0"));
	assert_false(config_is_managed(&config, "db-1", NULL, "1-2-0"));
	assert_false(config_may_fingerprint(&config, "web", NULL, "1-2-0"));
	assert_true(config_is_managed(&config, "web", NULL, "1-2-0"));
	assert_true(config_may_fingerprint(&config, "other", NULL, "1-2-0"));
	config_done(&config);
}

static void write_file(const char *directory, const char *name, const char *text)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void later_files_win_key_by_key(void **state)
{
	char directory[] = "/tmp/truce-config.XXXXXX", path[100], command[100];
	struct config config;
	struct error err = { 0 };

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/conf.d", directory);
	assert_int_equal(mkdir(path, 0755), 0);
	write_file(directory, "truce.conf", "[truced]\nmode = dry-run\ninterval = 2s\n");
	write_file(directory, "conf.d/20-b.conf", "[truced]\nmode = enforce\n");
	write_file(directory, "conf.d/10-a.conf", "[truced]\nmode = observe\nbudget = 3%\n");
	write_file(directory, "conf.d/30-c.conf~", "[nonsense");
	if (config_load(directory, &config, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(config.mode, MODE_ENFORCE);
	assert_int_equal(config.interval_usec, 2000000);
	assert_int_equal(config.budget_permyriad, 300);
	config_done(&config);
	write_file(directory, "conf.d/40-d.conf", "\n[nonsense]\n");
	assert_int_equal(config_load(directory, &config, &err), -EINVAL);
	assert_non_null(strstr(err.text, "40-d.conf:2: "));
	snprintf(command, sizeof command, "rm -r %s", directory);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_file_it_only_observes),
		cmocka_unit_test(keys_are_read_in_their_units),
		cmocka_unit_test(a_mistake_is_named_with_line_and_suggestion),
		cmocka_unit_test(the_last_section_that_matches_a_vm_counts),
		cmocka_unit_test(a_vm_is_fingerprinted_unless_it_opts_out),
		cmocka_unit_test(later_files_win_key_by_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
