/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/guest_kernel.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/guest/module_file.h"
#include "lab/host/scratch.h"
#include "lab/host/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <zstd.h>
#include <cmocka.h>

static char place[64];

static int place_make(void **state)
{
	strcpy(place, "/tmp/truce-kernel-test." "XXXX" "XX");
	return mkdtemp(place) != NULL ? 0 : -1;
}

static int place_remove(void **state)
{
	tree_remove(place);
	return 0;
}

static const char *below(const char *name)
{
	static char path[512];

	snprintf(path, sizeof path, "%s/%s", place, name);
	return path;
}

static void directory_put(const char *name)
{
	assert_true(mkdir(below(name), 0755) == 0 || errno == EEXIST);
}

static void file_put(const char *name, const void *bytes, size_t size)
{
	int fd = open(below(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static void text_put(const char *name, const char *text)
{
	file_put(name, text, strlen(text));
}

/* As much of a bzImage as says its release. */
static void image_put(const char *name, const char *release)
{
	unsigned char image[2048] = { 0 };

	memcpy(image + 0x202, "HdrS", 4);
	image[0x20e] = 0x00;
	image[0x20f] = 0x02; /* 0x200 behind the first sector */
	snprintf((char *)image + 0x400, 256, "%s (somebody@somewhere) #1 SMP", release);
	file_put(name, image, sizeof image);
}

static void modules_put(const char *release)
{
	char name[128];

	directory_put("lib");
	directory_put("lib/modules");
	snprintf(name, sizeof name, "lib/modules/%s", release);
	directory_put(name);
	snprintf(name, sizeof name, "lib/modules/%s/modules.dep", release);
	text_put(name, "kernel/virtio_blk.ko.xz: kernel/virtio.ko.xz\nkernel/virtio.ko.xz:\n"
		       "kernel/ext4.ko: kernel/jbd2.ko\nkernel/jbd2.ko:\n"
		       "kernel/crc32c_generic.ko:\n");
	snprintf(name, sizeof name, "lib/modules/%s/modules.builtin", release);
	text_put(name, "kernel/virtio_pci.ko\n");
}

static struct guest_kernel kernel_find(const char *image, const char *modules)
{
	struct guest_kernel kernel;
	struct error err = { 0 };

	if (guest_kernel_find(image, modules, false, -1, &kernel, &err) < 0)
		fail_msg("%s", err.text);
	return kernel;
}

static void a_given_kernel_says_its_release_and_has_its_modules(void **state)
{
	CLEANUP_FREE char *image = strdup(below("given"));
	struct guest_kernel kernel;

	image_put("given", "6.1.7-own");
	modules_put("6.1.7-own");
	kernel = kernel_find(image, place);
	assert_string_equal(kernel.release, "6.1.7-own");
	assert_string_equal(kernel.modules, below("lib/modules/6.1.7-own"));
	assert_string_equal(kernel.from, "given");
	guest_kernel_done(&kernel);
}

static void a_kernel_in_boot_has_its_modules_beside_boot(void **state)
{
	CLEANUP_FREE char *image = strdup(below("boot/vmlinuz-6.1.7-own"));
	struct guest_kernel kernel;

	directory_put("boot");
	image_put("boot/vmlinuz-6.1.7-own", "6.1.7-own");
	modules_put("6.1.7-own");
	kernel = kernel_find(image, NULL);
	assert_string_equal(kernel.modules, below("lib/modules/6.1.7-own"));
	guest_kernel_done(&kernel);
}

static void modules_of_another_kernel_are_refused(void **state)
{
	CLEANUP_FREE char *image = strdup(below("other"));
	struct guest_kernel kernel;
	struct error err = { 0 };

	image_put("other", "6.99.0-other");
	assert_int_equal(guest_kernel_find(image, place, false, -1, &kernel, &err), -ENOENT);
	assert_non_null(strstr(err.text, "6.99.0-other"));
}

static void what_is_no_kernel_is_refused(void **state)
{
	CLEANUP_FREE char *image = strdup(below("text"));
	struct guest_kernel kernel;
	struct error err = { 0 };

	text_put("text", "this is no kernel");
	assert_int_equal(guest_kernel_find(image, NULL, false, -1, &kernel, &err), -EINVAL);
	assert_non_null(strstr(err.text, "no x86 kernel"));
}

static void an_unpacked_kernel_says_its_release_too(void **state)
{
	CLEANUP_FREE char *image = strdup(below("vmlinux"));
	static const char bytes[] = "\177ELF....Linux version %s (%s)\0..Linux version 6.5.4-x (a@b) "
				    "#1 SMP";
	struct guest_kernel kernel;

	file_put("vmlinux", bytes, sizeof bytes);
	kernel = kernel_find(image, NULL);
	assert_string_equal(kernel.release, "6.5.4-x");
	assert_null(kernel.modules);
	guest_kernel_done(&kernel);
}

static void modules_come_in_order_and_once(void **state)
{
	static const char *const names[] = { "virtio_pci", "virtio_blk", "virtio", NULL };
	CLEANUP_FREE char *image = strdup(below("given"));
	struct guest_modules modules;
	struct guest_kernel kernel;

	image_put("given", "6.1.7-own");
	modules_put("6.1.7-own");
	kernel = kernel_find(image, place);
	assert_int_equal(guest_kernel_modules(&kernel, names, &modules, NULL), 0);
	assert_int_equal(modules.count, 2);
	assert_string_equal(strrchr(modules.paths[0], '/'), "/virtio.ko.xz");
	assert_string_equal(strrchr(modules.paths[1], '/'), "/virtio_blk.ko.xz");
	guest_modules_done(&modules);
	guest_kernel_done(&kernel);
}

static void what_ext4_asks_for_at_its_mount_is_there_before(void **state)
{
	static const char *const names[] = { "ext4", NULL };
	CLEANUP_FREE char *image = strdup(below("given"));
	struct guest_modules modules;
	struct guest_kernel kernel;

	image_put("given", "6.1.7-own");
	modules_put("6.1.7-own");
	kernel = kernel_find(image, place);
	assert_int_equal(guest_kernel_modules(&kernel, names, &modules, NULL), 0);
	assert_int_equal(modules.count, 3);
	assert_string_equal(strrchr(modules.paths[0], '/'), "/crc32c_generic.ko");
	assert_string_equal(strrchr(modules.paths[2], '/'), "/ext4.ko");
	guest_modules_done(&modules);
	guest_kernel_done(&kernel);
}

static void a_kernel_without_a_needed_module_is_one_sentence(void **state)
{
	static const char *const names[] = { "virtio_net", NULL };
	CLEANUP_FREE char *image = strdup(below("given"));
	struct guest_modules modules;
	struct guest_kernel kernel;
	struct error err = { 0 };

	image_put("given", "6.1.7-own");
	modules_put("6.1.7-own");
	kernel = kernel_find(image, place);
	assert_int_equal(guest_kernel_modules(&kernel, names, &modules, &err), -ENOENT);
	assert_non_null(strstr(err.text, "the kernel 6.1.7-own has no module virtio_net"));
	free(kernel.modules);
	kernel.modules = NULL;
	assert_int_equal(guest_kernel_modules(&kernel, names, &modules, &err), -ENOENT);
	assert_non_null(strstr(err.text, "comes without modules"));
	guest_kernel_done(&kernel);
}

static void module_check(const char *name, const char *wanted)
{
	struct error err = { 0 };
	struct str bytes;

	str_init(&bytes);
	if (module_file_read(below(name), &bytes, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(bytes.length, strlen(wanted));
	assert_memory_equal(bytes.data, wanted, strlen(wanted));
	str_done(&bytes);
}

static void a_module_is_unpacked_whatever_it_is_packed_with(void **state)
{
	static const char content[] = "what a module has in it";
	char packed[256];
	size_t size = ZSTD_compress(packed, sizeof packed, content, strlen(content), 1);
	const char *xz[] = { "xz", "-k", below("b.ko"), NULL };

	assert_false(ZSTD_isError(size));
	text_put("a.ko", content);
	file_put("a.ko.zst", packed, size);
	module_check("a.ko", content);
	module_check("a.ko.zst", content);
	text_put("b.ko", content);
	if (tool_run(xz, NULL, -1, NULL, NULL) == 0)
		module_check("b.ko.xz", content);
	text_put("c.ko.zst", "not packed");
	assert_int_equal(module_file_read(below("c.ko.zst"), &(struct str){ 0 }, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_given_kernel_says_its_release_and_has_its_modules),
		cmocka_unit_test(a_kernel_in_boot_has_its_modules_beside_boot),
		cmocka_unit_test(modules_of_another_kernel_are_refused),
		cmocka_unit_test(what_is_no_kernel_is_refused),
		cmocka_unit_test(an_unpacked_kernel_says_its_release_too),
		cmocka_unit_test(modules_come_in_order_and_once),
		cmocka_unit_test(what_ext4_asks_for_at_its_mount_is_there_before),
		cmocka_unit_test(a_kernel_without_a_needed_module_is_one_sentence),
		cmocka_unit_test(a_module_is_unpacked_whatever_it_is_packed_with),
	};

	return cmocka_run_group_tests(tests, place_make, place_remove);
}
