/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read of a description, written again, reads the same. */
#include "lab/image/image_about.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct lab_image first = { 0 }, second = { 0 };
	struct str one, other;

	str_init(&one);
	str_init(&other);
	if (image_about_read((const char *)bytes, size, &first, NULL) == 0) {
		image_about_write(&first, &one);
		if (image_about_read(one.data, one.length, &second, NULL) < 0)
			abort();
		image_about_write(&second, &other);
		if (one.length != other.length || memcmp(one.data, other.data, one.length) != 0)
			abort();
	}
	lab_image_done(&first);
	lab_image_done(&second);
	str_done(&one);
	str_done(&other);
	return 0;
}
