/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/errno_name.h"

#include <stdlib.h>
#include <string.h>

/* Linux numbers its failures from 1 to 133 (EHWPOISON); two numbers in between are not used. */
#define ERRNO_MOST 133

int errno_from_name(const char *name, size_t size)
{
	int code;

	for (code = 1; code <= ERRNO_MOST; code++) {
		const char *known = strerrorname_np(code);

		if (known != NULL && strlen(known) == size && memcmp(known, name, size) == 0)
			return code;
	}
	return 0;
}

const char *errno_name(int code)
{
	const char *name = strerrorname_np(abs(code));

	return name != NULL ? name : "EIO";
}
