/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/boot_image.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <zstd.h>
#include <cmocka.h>

#define RELEASE "6.12.1-cloud-amd64"
#define NEEDED                                                                                  \
	"CONFIG_VIRTIO_PCI=y\nCONFIG_VIRTIO_FS=y\nCONFIG_VIRTIO_CONSOLE=y\nCONFIG_DEVTMPFS=y\n" \
	"CONFIG_CGROUPS=y\nCONFIG_SERIAL_8250_CONSOLE=y\n"

static char boot[] = "/tmp/boot_image_test.XXXXXX";

static void write_file(const char *name, const void *bytes, size_t size)
{
	CLEANUP_FREE char *path = NULL;
	FILE *file;

	assert_true(asprintf(&path, "%s/%s", boot, name) > 0);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static bool plain_image_is(const char *text)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FCLOSE FILE *file = NULL;
	char bytes[64] = "";

	assert_true(asprintf(&path, "%s/vmlinux", boot) > 0);
	file = fopen(path, "r");
	return file != NULL && fread(bytes, 1, sizeof bytes, file) == strlen(text) &&
	       memcmp(bytes, text, strlen(text)) == 0;
}

/* A bzImage of one setup sector: the packed kernel stands 16 bytes behind the second sector. */
static size_t image_make(unsigned char image[2048], const char *kernel)
{
	size_t at = 2 * 512 + 16;
	size_t packed = ZSTD_compress(image + at, 2048 - at - 4, kernel, strlen(kernel), 1);

	memset(image, 0, at);
	memcpy(image + 0x202, "HdrS", 4);
	image[0x1f1] = 1;
	image[0x248] = 16;
	image[0x24c] = (unsigned char)(packed + 4);
	memset(image + at + packed, 0, 4);
	image[at + packed] = (unsigned char)strlen(kernel);
	return at + packed + 4;
}

static void a_kernel_with_all_that_a_box_needs_passes(void **state)
{
	write_file("config-" RELEASE, NEEDED, strlen(NEEDED));
	assert_int_equal(boot_image_check(boot, RELEASE, NULL), 0);
}

static void a_driver_that_is_a_module_is_named(void **state)
{
	static const char config[] = "CONFIG_VIRTIO_PCI=m\nCONFIG_VIRTIO_FS=y\n";
	struct error err = { 0 };

	write_file("config-" RELEASE, config, strlen(config));
	assert_int_equal(boot_image_check(boot, RELEASE, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "CONFIG_VIRTIO_PCI"));
}

static void a_missing_configuration_is_an_error_with_its_path(void **state)
{
	struct error err = { 0 };

	assert_int_equal(boot_image_check(boot, "6.99", &err), -ENOENT);
	assert_non_null(strstr(err.text, "config-6.99"));
}

static void a_packed_kernel_is_unpacked(void **state)
{
	static const char config[] = "CONFIG_PVH=y\n";
	unsigned char image[2048];

	write_file("config-" RELEASE, config, strlen(config));
	write_file("vmlinuz-" RELEASE, image, image_make(image, "the kernel itself"));
	assert_int_equal(boot_image_unpack(boot, RELEASE, NULL), 0);
	assert_true(plain_image_is("the kernel itself"));
}

static void a_kernel_without_the_entry_for_it_stays_packed(void **state)
{
	unsigned char image[2048];

	write_file("config-" RELEASE, NEEDED, strlen(NEEDED));
	write_file("vmlinuz-" RELEASE, image, image_make(image, "another"));
	assert_int_equal(boot_image_unpack(boot, RELEASE, NULL), 0);
	assert_false(plain_image_is("another"));
}

static void a_payload_outside_the_image_is_refused(void **state)
{
	unsigned char image[2048];
	size_t at, packed, size = image_make(image, "kernel");

	assert_int_equal(boot_image_payload(image, size, &at, &packed), 0);
	assert_int_equal(at, 2 * 512 + 16);
	assert_int_equal(at + packed, size);
	assert_int_equal(boot_image_payload(image, size - 1, &at, &packed), -EINVAL);
	assert_int_equal(boot_image_payload(image, 100, &at, &packed), -EINVAL);
	memset(image + 0x248, 0xff, 4);
	assert_int_equal(boot_image_payload(image, size, &at, &packed), -EINVAL);
	image[0x202] = 'x';
	assert_int_equal(boot_image_payload(image, size, &at, &packed), -EINVAL);
}

static int make_boot(void **state)
{
	return mkdtemp(boot) != NULL ? 0 : -1;
}

static int remove_boot(void **state)
{
	CLEANUP_FREE char *command = NULL;

	return asprintf(&command, "rm -r %s", boot) > 0 ? system(command) : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_with_all_that_a_box_needs_passes),
		cmocka_unit_test(a_driver_that_is_a_module_is_named),
		cmocka_unit_test(a_missing_configuration_is_an_error_with_its_path),
		cmocka_unit_test(a_packed_kernel_is_unpacked),
		cmocka_unit_test(a_kernel_without_the_entry_for_it_stays_packed),
		cmocka_unit_test(a_payload_outside_the_image_is_refused),
	};

	return cmocka_run_group_tests(tests, make_boot, remove_boot);
}
