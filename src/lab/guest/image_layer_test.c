/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/image_layer.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/host/ability.h"
#include "lab/host/scratch.h"
#include "lab/host/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct scratch *scratch;
static char image[256];

static int scratch_make(void **state)
{
	if (scratch_new(NULL, &scratch, NULL) < 0)
		return -1;
	snprintf(image, sizeof image, "%s/image", scratch_path(scratch));
	return 0;
}

static int scratch_remove(void **state)
{
	scratch_free(scratch);
	return 0;
}

/* qemu-img create WORDS... image SIZE */
static void create(const char *format, const char *option, const char *value, const char *further)
{
	CLEANUP_FREE char *program = NULL;
	const char *words[] = { NULL, "create", "-q", "-f", format, option, value, further, "raw",
				image, "1M", NULL };
	const char *plain[] = { NULL, "create", "-q", "-f", format, image, "1M", NULL };
	const char *given[] = { NULL, "create", "-q", "-f", format, option, value, image, "1M", NULL };
	const char **chosen = option == NULL ? plain : further == NULL ? given : words;
	struct error err = { 0 };

	if (host_program("qemu-img", &program, NULL) < 0)
		skip();
	chosen[0] = program;
	if (tool_run(chosen, NULL, -1, NULL, &err) < 0)
		fail_msg("%s", err.text);
}

static int make(struct error *err)
{
	CLEANUP_CLOSE int fd = -1;

	return image_layer_make(image, scratch_path(scratch), &fd, err);
}

static void one_that_stands_alone_gets_its_layer(void **state)
{
	static const char *const formats[] = { "raw", "qcow2" };
	struct error err = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		create(formats[i], NULL, NULL, NULL);
		if (make(&err) < 0)
			fail_msg("%s: %s", formats[i], err.text);
	}
	create("qcow2", "-o", "compat=0.10", NULL);
	assert_int_equal(make(NULL), 0);
}

static void one_over_another_file_is_refused(void **state)
{
	struct error err = { 0 };

	create("qcow2", "-b", "/etc/hostname", "-F");
	assert_int_equal(make(&err), -EPERM);
	assert_non_null(strstr(err.text, "qemu-img convert"));
}

static void one_whose_data_is_elsewhere_is_refused(void **state)
{
	char option[512];
	struct error err = { 0 };

	snprintf(option, sizeof option, "data_file=%s.data", image);
	create("qcow2", "-o", option, NULL);
	assert_int_equal(make(&err), -EPERM);
	assert_non_null(strstr(err.text, "its data"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_that_stands_alone_gets_its_layer, scratch_make,
						scratch_remove),
		cmocka_unit_test_setup_teardown(one_over_another_file_is_refused, scratch_make,
						scratch_remove),
		cmocka_unit_test_setup_teardown(one_whose_data_is_elsewhere_is_refused, scratch_make,
						scratch_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
