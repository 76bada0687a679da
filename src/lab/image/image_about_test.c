/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/image/image_about.h"

#include "base/error.h"
#include "base/str.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static const char golden[] =
	"truce-image=1\n"
	"suite=bookworm\n"
	"agent=0.1.0\n"
	"asked=fio,perl\n"
	"built-usec=1763640000000000\n"
	"seconds=107\n"
	"bytes-used=520093696\n"
	"packages=171\n";

static int take(const char *text, struct lab_image *ret, struct error *err)
{
	*ret = (struct lab_image){ 0 };
	return image_about_read(text, strlen(text), ret, err);
}

static void what_is_written_is_read_again(void **state)
{
	struct lab_image image;
	struct str text;

	str_init(&text);
	assert_int_equal(take(golden, &image, NULL), 0);
	assert_string_equal(image.suite, "bookworm");
	assert_string_equal(image.asked, "fio,perl");
	assert_int_equal(image.built_usec, 1763640000000000);
	assert_int_equal(image.packages, 171);
	image_about_write(&image, &text);
	assert_string_equal(text.data, golden);
	str_done(&text);
	lab_image_done(&image);
}

static void a_later_names_lines_are_passed_over(void **state)
{
	struct lab_image image;

	assert_int_equal(take("truce-image=1\nlater=thing\nsuite=trixie\n", &image, NULL), 0);
	assert_string_equal(image.suite, "trixie");
	assert_null(image.agent);
	lab_image_done(&image);
}

static void what_is_no_description_says_so(void **state)
{
	static const char *const texts[] = {
		"", "truce-image", "truce-image=\n", "truce-image=1x\n", "suite=bookworm\n",
		"truce-image=1\nseconds=many\n", "truce-image=1\nseconds=\n",
		"truce-image=1\nsuite=a\033[2Jb\n",
	};
	struct lab_image image;
	struct error err;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_int_equal(take(texts[i], &image, &err), -EPROTO);
		lab_image_done(&image);
	}
	assert_int_equal(take("truce-image=2\n", &image, &err), -EPROTO);
	assert_string_equal(err.text,
			    "it is of version 2, and this Truce knows 1: build it anew");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(a_later_names_lines_are_passed_over),
		cmocka_unit_test(what_is_no_description_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
