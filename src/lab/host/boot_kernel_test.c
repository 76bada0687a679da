/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/boot_kernel.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

static void the_newest_6_12_is_chosen_by_number_not_by_letter(void **state)
{
	static const char *const releases[] = {
		"6.12.9+deb12-cloud-amd64",
		"6.12.117+deb12-cloud-amd64",
		"6.12.73+deb12-cloud-amd64",
	};

	assert_string_equal(boot_kernel_choose(releases, ARRAY_SIZE(releases)), releases[1]);
}

static void a_6_12_is_preferred_to_what_is_newer_and_older(void **state)
{
	static const char *const releases[] = {
		"6.1.0-56-cloud-amd64",
		"6.12.9+deb12-cloud-amd64",
		"7.0.4+deb14-cloud-amd64",
	};

	assert_string_equal(boot_kernel_choose(releases, ARRAY_SIZE(releases)), releases[1]);
}

static void without_a_6_12_the_newest_is_chosen(void **state)
{
	static const char *const releases[] = {
		"6.1.0-9-cloud-amd64",
		"6.16.3+deb13-cloud-amd64",
		"6.1.0-56-cloud-amd64",
	};

	assert_string_equal(boot_kernel_choose(releases, ARRAY_SIZE(releases)), releases[1]);
}

static void what_is_no_cloud_kernel_from_6_1_on_is_never_chosen(void **state)
{
	static const char *const releases[] = {
		".",
		"..",
		".make-a8Yx2k",
		".lock",
		"",
		"lost+found",
		"-cloud-amd64",
		"5.10.0-30-cloud-amd64",
		"6.12.117+deb12-amd64",
		"6.12.117+deb12-rt-amd64",
		"6.12.117+deb12-cloud-arm64",
		"6.12.117+deb12-cloud-amd64-unsigned",
	};

	assert_null(boot_kernel_choose(releases, ARRAY_SIZE(releases)));
	assert_null(boot_kernel_choose(releases, 0));
}

static char cache[] = "/tmp/boot_kernel_test.XXXXXX";

static void make_release(const char *release, bool with_index, bool with_plain_image)
{
	CLEANUP_FREE char *command = NULL;

	assert_true(asprintf(&command,
			     "cd %s && mkdir -p %s/boot %s/lib/modules/%s && :>%s/boot/vmlinuz-%s",
			     cache, release, release, release, release, release) > 0);
	assert_int_equal(system(command), 0);
	free(command);
	assert_true(asprintf(&command, "cd %s/%s && :>%s && :>%s", cache, release,
			     with_index ? "lib/modules/$(basename $PWD)/modules.dep" : "x",
			     with_plain_image ? "boot/vmlinux" : "y") > 0);
	assert_int_equal(system(command), 0);
}

static int make_cache(void **state)
{
	return mkdtemp(cache) != NULL ? 0 : -1;
}

static int remove_cache(void **state)
{
	CLEANUP_FREE char *command = NULL;

	return asprintf(&command, "rm -r %s", cache) > 0 ? system(command) : -1;
}

static void an_empty_or_missing_cache_has_no_kernel(void **state)
{
	struct boot_kernel kernel;
	struct error err = { 0 };

	assert_int_equal(boot_kernel_find(cache, &kernel, &err), -ENOENT);
	assert_non_null(strstr(err.text, cache));
	assert_int_equal(boot_kernel_find("/nowhere/at/all", &kernel, &err), -ENOENT);
}

static void a_release_without_its_index_of_modules_does_not_count(void **state)
{
	struct boot_kernel kernel;

	make_release("6.12.5+deb12-cloud-amd64", true, false);
	make_release("6.12.6+deb12-cloud-amd64", false, false);
	assert_int_equal(boot_kernel_find(cache, &kernel, NULL), 0);
	assert_string_equal(kernel.release, "6.12.5+deb12-cloud-amd64");
	assert_non_null(strstr(kernel.image, "/boot/vmlinuz-6.12.5+deb12-cloud-amd64"));
	boot_kernel_done(&kernel);
}

static void an_unpacked_image_is_booted_where_there_is_one(void **state)
{
	struct boot_kernel kernel;

	make_release("6.12.7+deb12-cloud-amd64", true, true);
	assert_int_equal(boot_kernel_find(cache, &kernel, NULL), 0);
	assert_non_null(strstr(kernel.image, "/6.12.7+deb12-cloud-amd64/boot/vmlinux"));
	assert_null(strstr(kernel.image, "vmlinuz"));
	assert_true(boot_kernel_is_cached(cache, "6.12.7+deb12-cloud-amd64"));
	boot_kernel_done(&kernel);
}

static void the_cache_is_where_the_environment_says(void **state)
{
	CLEANUP_FREE char *own = NULL, *shared = NULL, *fallback = NULL;

	setenv("TRUCE_CACHE", "/own", 1);
	setenv("XDG_CACHE_HOME", "/shared", 1);
	own = boot_kernel_cache();
	unsetenv("TRUCE_CACHE");
	shared = boot_kernel_cache();
	setenv("XDG_CACHE_HOME", "", 1);
	unsetenv("HOME");
	fallback = boot_kernel_cache();
	assert_string_equal(own, "/own/kernels");
	assert_string_equal(shared, "/shared/truce/kernels");
	assert_string_equal(fallback, "/var/cache/truce/kernels");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_6_12_is_chosen_by_number_not_by_letter),
		cmocka_unit_test(a_6_12_is_preferred_to_what_is_newer_and_older),
		cmocka_unit_test(without_a_6_12_the_newest_is_chosen),
		cmocka_unit_test(what_is_no_cloud_kernel_from_6_1_on_is_never_chosen),
		cmocka_unit_test(an_empty_or_missing_cache_has_no_kernel),
		cmocka_unit_test(a_release_without_its_index_of_modules_does_not_count),
		cmocka_unit_test(an_unpacked_image_is_booted_where_there_is_one),
		cmocka_unit_test(the_cache_is_where_the_environment_says),
	};

	return cmocka_run_group_tests(tests, make_cache, remove_cache);
}
