/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/initramfs.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#define HEADER_SIZE 110

static unsigned field(const char *header, int number)
{
	char text[9] = "";

	memcpy(text, header + 6 + number * 8, 8);
	return (unsigned)strtoul(text, NULL, 16);
}

/* The header of this name, walking as the kernel does; its content is at *ret_content. */
static const char *entry_find(const char *at, const char *end, const char *name,
			      const char **ret_content)
{
	while (at + HEADER_SIZE < end) {
		unsigned size = field(at, 6), name_size = field(at, 11);
		const char *content = at + ((HEADER_SIZE + name_size + 3) & ~3u);

		assert_memory_equal(at, "070701", 6);
		assert_int_equal(strlen(at + HEADER_SIZE) + 1, name_size);
		if (strcmp(at + HEADER_SIZE, name) == 0) {
			*ret_content = content;
			return at;
		}
		at = content + ((size + 3) & ~3u);
	}
	return NULL;
}

struct made {
	char bytes[16384];
	ssize_t size;
};

static void example_make(struct made *made)
{
	struct initramfs image;
	int fd = -1;

	initramfs_init(&image);
	initramfs_add_directory(&image, "dev");
	initramfs_add_device(&image, "dev/console", 5, 1);
	initramfs_add_bytes(&image, "odd", 0644, "seven b", 7);
	initramfs_add_bytes(&image, "empty", 0600, NULL, 0);
	assert_int_equal(initramfs_finish(&image, &fd, NULL), 0);
	made->size = pread(fd, made->bytes, sizeof made->bytes, 0);
	assert_in_range(made->size, HEADER_SIZE, sizeof made->bytes - 1);
	close(fd);
	initramfs_done(&image);
}

static void what_was_added_is_found_as_the_kernel_looks_for_it(void **state)
{
	static struct made made;
	const char *end, *entry, *content;

	example_make(&made);
	end = made.bytes + made.size;
	entry = entry_find(made.bytes, end, "dev", &content);
	assert_non_null(entry);
	assert_int_equal(field(entry, 1), S_IFDIR | 0755);
	entry = entry_find(made.bytes, end, "dev/console", &content);
	assert_non_null(entry);
	assert_int_equal(field(entry, 1), S_IFCHR | 0600);
	assert_int_equal(field(entry, 9), 5);
	assert_int_equal(field(entry, 10), 1);
	entry = entry_find(made.bytes, end, "odd", &content);
	assert_non_null(entry);
	assert_int_equal(field(entry, 6), 7);
	assert_memory_equal(content, "seven b", 7);
	assert_non_null(entry_find(made.bytes, end, "empty", &content));
	assert_non_null(entry_find(made.bytes, end, "TRAILER!!!", &content));
	assert_int_equal(made.size % 4, 0);
}

static void the_same_content_gives_the_same_bytes(void **state)
{
	static struct made first, second;

	example_make(&first);
	example_make(&second);
	assert_int_equal(first.size, second.size);
	assert_memory_equal(first.bytes, second.bytes, (size_t)first.size);
}

static void a_file_that_is_not_there_is_said(void **state)
{
	struct initramfs image;
	struct error err = { 0 };

	initramfs_init(&image);
	assert_int_equal(initramfs_add_file(&image, "init", 0755, "/nonexistent", &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent"));
	assert_int_equal(initramfs_add_file(&image, "init", 0755, "/dev", &err), -EINVAL);
	initramfs_done(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_found_as_the_kernel_looks_for_it),
		cmocka_unit_test(the_same_content_gives_the_same_bytes),
		cmocka_unit_test(a_file_that_is_not_there_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
