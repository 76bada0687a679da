/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/box/box_job.h"

#include "base/str.h"

#include <string.h>

void box_job_add(struct str *job, const char *key, const char *value)
{
	str_append(job, key);
	str_append_char(job, '=');
	str_append_bytes(job, value, strlen(value) + 1);
}

bool box_job_is_whole(const char *job, size_t size)
{
	return size == 0 || job[size - 1] == '\0';
}

const char *box_job_next(const char *job, size_t size, size_t *at, const char *key)
{
	size_t key_size = strlen(key);

	while (*at < size) {
		const char *text = job + *at;

		*at += strlen(text) + 1;
		if (strncmp(text, key, key_size) == 0 && text[key_size] == '=')
			return text + key_size + 1;
	}
	return NULL;
}

const char *box_job_get(const char *job, size_t size, const char *key)
{
	size_t at = 0;

	return box_job_next(job, size, &at, key);
}
