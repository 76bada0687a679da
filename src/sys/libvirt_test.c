/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plugin against libvirt's own test driver, which needs no daemon. */
#include "sys/libvirt.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define NO_DAEMON "qemu+unix:///system?socket=/nowhere/libvirt-sock"

static void domains_have_names_and_uuids(void **state)
{
	struct libvirt_domain domains[4] = { 0 };
	struct libvirt *libvirt;
	struct error err = { 0 };

	assert_int_equal(libvirt_open("test:///default", &libvirt, &err), 0);
	assert_int_equal(libvirt_domains(libvirt, domains, ARRAY_SIZE(domains), &err), 1);
	assert_string_equal(domains[0].name, "test");
	assert_int_equal(strlen(domains[0].uuid), 36);
	assert_int_equal(domains[0].pid, 0);
	assert_int_equal(libvirt_domains(libvirt, NULL, 0, &err), 1);
	libvirt_close(libvirt);
}

/* The test driver's answer differs by libvirt's version; what counts is that none is invented. */
static void a_driver_without_balloons_gives_none(void **state)
{
	struct libvirt_balloon balloons[4];
	struct libvirt *libvirt;
	struct error err = { 0 };
	ssize_t count;

	assert_int_equal(libvirt_open("test:///default", &libvirt, &err), 0);
	count = libvirt_balloons(libvirt, balloons, ARRAY_SIZE(balloons), &err);
	if (count > 0) {
		assert_int_equal(count, 1);
		assert_false(field_present(balloons[0].free_bytes));
	} else {
		assert_true(count == 0 || err.code == (int)count);
	}
	libvirt_close(libvirt);
}

static struct libvirt *open_to_change(char uuid[static 40])
{
	struct libvirt_domain domain;
	struct libvirt *libvirt;
	struct error err = { 0 };

	assert_int_equal(libvirt_open_to_change("test:///default", &libvirt, &err), 0);
	assert_int_equal(libvirt_domains(libvirt, &domain, 1, &err), 1);
	memcpy(uuid, domain.uuid, 40);
	return libvirt;
}

/* The test driver knows no difference between what runs and what is configured, and refuses to
 * change the former alone; a claim with a real libvirtd changes it. */
static void what_is_no_list_of_cpus_is_refused_before_libvirt_is_asked(void **state)
{
	struct error err = { 0 };
	char uuid[40];
	struct libvirt *libvirt = open_to_change(uuid);

	assert_int_equal(libvirt_set_pin(libvirt, uuid, LIBVIRT_VCPU, 0, "1-", &err), -EINVAL);
	assert_non_null(strstr(err.text, "\"1-\" is no list of this host's "));
	assert_int_equal(libvirt_set_pin(libvirt, uuid, LIBVIRT_VCPU, 0, "60000", &err), -EINVAL);
	libvirt_close(libvirt);
}

static void an_unknown_domain_is_not_found(void **state)
{
	struct error err = { 0 };
	char uuid[40];
	struct libvirt *libvirt = open_to_change(uuid);
	int64_t number;

	assert_int_equal(libvirt_number(libvirt, "00000000-0000-0000-0000-000000000001",
					LIBVIRT_SCHEDULER, NULL, "weight", &number, &err), -ENOENT);
	assert_ptr_equal(strstr(err.text, "libvirt has no such domain: "), err.text);
	libvirt_close(libvirt);
}

static void a_host_without_libvirtd_says_so(void **state)
{
	struct libvirt *libvirt;
	struct error err;

	assert_int_equal(libvirt_open(NO_DAEMON, &libvirt, &err), -ENOTCONN);
	assert_ptr_equal(strstr(err.text, "libvirt does not answer: "), err.text);
}

static void with_plugins_in(const char *directory, struct error *err)
{
	char kept[4096];
	struct libvirt *libvirt;

	snprintf(kept, sizeof kept, "%s", getenv("TRUCE_PLUGIN_DIR"));
	setenv("TRUCE_PLUGIN_DIR", directory, 1);
	assert_int_equal(libvirt_open(NO_DAEMON, &libvirt, err), -ENOSYS);
	setenv("TRUCE_PLUGIN_DIR", kept, 1);
}

static void a_broken_plugin_is_named(void **state)
{
	char directory[] = "/tmp/truce-plugin-XXXXXX";
	struct error err;
	char path[64];
	FILE *file;

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/truce_libvirt.so", directory);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("no module\n", file);
	fclose(file);
	with_plugins_in(directory, &err);
	assert_non_null(strstr(err.text, path));
	unlink(path);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(domains_have_names_and_uuids),
		cmocka_unit_test(a_driver_without_balloons_gives_none),
		cmocka_unit_test(what_is_no_list_of_cpus_is_refused_before_libvirt_is_asked),
		cmocka_unit_test(an_unknown_domain_is_not_found),
		cmocka_unit_test(a_host_without_libvirtd_says_so),
		cmocka_unit_test(a_broken_plugin_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
