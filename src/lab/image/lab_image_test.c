/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/image/lab_image.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/host/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

static struct scratch *scratch;

static int setup(void **state)
{
	if (scratch_new(NULL, &scratch, NULL) < 0)
		return -1;
	return setenv("TRUCE_CACHE", scratch_path(scratch), 1);
}

static int teardown(void **state)
{
	scratch_free(scratch);
	return 0;
}

static void put(const char *name, const void *bytes, size_t size, off_t at)
{
	CLEANUP_CLOSE int fd = openat(scratch_fd(scratch), name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 65536), 0);
	assert_int_equal(pwrite(fd, bytes, size, at), size);
}

static void put_image(const char *name, const char *about)
{
	char path[128];

	mkdirat(scratch_fd(scratch), "images", 0755);
	snprintf(path, sizeof path, "images/%s", name);
	assert_int_equal(mkdirat(scratch_fd(scratch), path, 0755), 0);
	snprintf(path, sizeof path, "images/%s/about", name);
	{
		CLEANUP_CLOSE int fd = openat(scratch_fd(scratch), path, O_WRONLY | O_CREAT, 0644);

		assert_int_equal(write(fd, about, strlen(about)), strlen(about));
	}
	snprintf(path, sizeof path, "images/%s/disk", name);
	put(path, "", 1, 0);
}

static void a_cache_without_images_has_none(void **state)
{
	struct lab_images images;
	struct lab_image image;
	struct error err = { 0 };

	assert_int_equal(lab_image_list(&images, NULL), 0);
	assert_int_equal(images.count, 0);
	assert_int_equal(lab_image_find("debian", &image, &err), -ENOENT);
	assert_non_null(strstr(err.text, "truce lab image build debian"));
}

static void what_is_whole_is_listed_by_name(void **state)
{
	struct lab_images images;
	struct lab_image image;
	struct error err = { 0 };

	put_image("two", "truce-image=1\nsuite=trixie\n");
	put_image("one", "truce-image=1\nsuite=bookworm\n");
	put_image("damaged", "trice-image=1\n");
	put_image(".make-killed", "truce-image=1\n");
	assert_int_equal(lab_image_list(&images, NULL), 0);
	assert_int_equal(images.count, 2);
	assert_string_equal(images.items[0].name, "one");
	assert_string_equal(images.items[1].suite, "trixie");
	lab_images_done(&images);
	assert_int_equal(lab_image_find("one", &image, NULL), 0);
	assert_true(image.is_root);
	assert_non_null(strstr(image.disk, "/images/one/disk"));
	lab_image_done(&image);
	assert_int_equal(lab_image_find("damaged", &image, &err), -EPROTO);
	assert_int_equal(lab_image_find(".make-killed", &image, NULL), -ENOENT);
	assert_int_equal(lab_image_find("..", &image, NULL), -ENOENT);
}

static bool file_is_root(const char *name)
{
	struct lab_image image;
	char path[600];
	bool is_root;

	snprintf(path, sizeof path, "%s/%s", scratch_path(scratch), name);
	assert_int_equal(lab_image_find(path, &image, NULL), 0);
	assert_null(image.name);
	is_root = image.is_root;
	lab_image_done(&image);
	return is_root;
}

static void a_users_file_is_a_root_or_boots_itself(void **state)
{
	struct lab_image image;
	struct error err = { 0 };

	put("root", "\x53\xef", 2, 0x438);
	assert_true(file_is_root("root"));
	put("partitions", "\x55\xaa", 2, 510);
	assert_false(file_is_root("partitions"));
	put("bootable", "\x53\xef", 2, 0x438);
	put("bootable", "\x55\xaa", 2, 510);
	assert_false(file_is_root("bootable"));
	put("qcow2", "QFI\xfb", 4, 0);
	assert_false(file_is_root("qcow2"));
	assert_int_equal(lab_image_find("/none/disk", &image, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/none/disk"));
}

static void what_is_no_disk_keeps_nobody_waiting(void **state)
{
	struct lab_image image;
	struct error err = { 0 };
	char path[512];

	snprintf(path, sizeof path, "%s/pipe", scratch_path(scratch));
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(lab_image_find(path, &image, &err), -EINVAL);
	assert_non_null(strstr(err.text, "is neither a file nor a disk"));
	assert_int_equal(lab_image_find("/dev/zero", &image, &err), -EINVAL);
}

static void a_plan_with_a_bad_name_builds_nothing(void **state)
{
	static const char *const bad[] = { "", ".", "../x", "a/b", "-x", "a b" };
	const char *packages[] = { "Fio;rm", NULL };
	struct lab_image_plan plan = { .name = "good", .packages = packages, .cancel_fd = -1 };
	struct lab_image image;
	struct error err = { 0 };

	assert_int_equal(lab_image_build(&plan, &image, &err), -EINVAL);
	assert_non_null(strstr(err.text, "Fio;rm"));
	plan.packages = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		plan.name = bad[i];
		assert_int_equal(lab_image_build(&plan, &image, &err), -EINVAL);
	}
}

static void where_mmdebstrap_is_missing_a_sentence_says_so(void **state)
{
	CLEANUP_FREE char *path = strdup(getenv("PATH"));
	struct lab_image_plan plan = { .name = "good", .cancel_fd = -1 };
	struct lab_image image;
	struct error err = { 0 };

	setenv("PATH", scratch_path(scratch), 1);
	assert_int_equal(lab_image_build(&plan, &image, &err), -ENOENT);
	assert_string_equal(err.text, "mmdebstrap not found: apt-get install mmdebstrap");
	setenv("PATH", path, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cache_without_images_has_none),
		cmocka_unit_test(what_is_whole_is_listed_by_name),
		cmocka_unit_test(a_users_file_is_a_root_or_boots_itself),
		cmocka_unit_test(what_is_no_disk_keeps_nobody_waiting),
		cmocka_unit_test(a_plan_with_a_bad_name_builds_nothing),
		cmocka_unit_test(where_mmdebstrap_is_missing_a_sentence_says_so),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
