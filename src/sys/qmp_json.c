/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/qmp_json.h"

#include "base/cursor.h"

#include <errno.h>

static bool is_digit(char c)
{
	return (unsigned char)(c - '0') <= 9;
}

/* At the first digit of a number; returns behind its whole part. */
static char *tame_number(char *at, char *end)
{
	struct cursor c = cursor_over(at, (size_t)(end - at));
	char *start = at;
	uint64_t number = 0;

	cursor_take_u64(&c, &number);
	at += c.at - start;
	if (number > INT64_MAX && (at == end || (*at != '.' && *at != 'e' && *at != 'E'))) {
		memset(start, ' ', (size_t)(at - start));
		memcpy(start, "-1", 2);
	}
	return at;
}

/* At the opening quote; returns behind the closing one. */
static char *skip_string(char *at, char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\' && at + 1 < end)
			at++;
	return at < end ? at + 1 : end;
}

static bool tame(char *line, size_t size)
{
	char *end = line + size;
	char *at = line;
	int depth = 0;

	while (at < end) {
		if (*at == '"') {
			at = skip_string(at, end);
		} else if (is_digit(*at)) {
			at = tame_number(at, end);
		} else if (*at == '.') { /* what follows is a fraction, however long */
			for (at++; at < end && is_digit(*at); at++)
				;
		} else {
			depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
			if (depth > QMP_JSON_DEPTH || depth < 0)
				return false;
			at++;
		}
	}
	return depth == 0;
}

int qmp_json_load(char *line, size_t size, json_t **ret)
{
	json_t *json = tame(line, size) ? json_loadb(line, size, 0, NULL) : NULL;

	if (json == NULL)
		return -EPROTO;
	if (!json_is_object(json)) {
		json_decref(json);
		return -EPROTO;
	}
	*ret = json;
	return 0;
}
