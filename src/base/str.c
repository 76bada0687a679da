/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void str_init(struct str *str)
{
	memset(str, 0, sizeof *str);
}

/* Room for `more` bytes and the NUL behind them. */
static bool str_reserve(struct str *str, size_t more)
{
	size_t capacity = str->capacity != 0 ? str->capacity : 64;
	char *data;

	if (str->failed)
		return false;
	if (str->data != NULL && str->length + more < str->capacity)
		return true;
	while (capacity <= str->length + more) {
		if (capacity > SIZE_MAX / 2)
			goto failed;
		capacity *= 2;
	}
	data = realloc(str->data, capacity);
	if (data == NULL)
		goto failed;
	str->data = data;
	str->capacity = capacity;
	return true;
failed:
	str->failed = true;
	return false;
}

void str_append_bytes(struct str *str, const void *bytes, size_t size)
{
	if (!str_reserve(str, size))
		return;
	if (size > 0)
		memcpy(str->data + str->length, bytes, size);
	str->length += size;
	str->data[str->length] = '\0';
}

void str_append(struct str *str, const char *text)
{
	str_append_bytes(str, text, strlen(text));
}

void str_append_char(struct str *str, char c)
{
	str_append_bytes(str, &c, 1);
}

void str_append_int(struct str *str, int64_t number)
{
	char digits[24];
	char *at = digits + sizeof digits;
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest != 0);
	if (number < 0)
		*--at = '-';
	str_append_bytes(str, at, (size_t)(digits + sizeof digits - at));
}

void str_appendf(struct str *str, const char *format, ...)
{
	va_list args, again;
	int length;

	va_start(args, format);
	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length >= 0 && str_reserve(str, (size_t)length)) {
		vsnprintf(str->data + str->length, (size_t)length + 1, format, again);
		str->length += (size_t)length;
	}
	va_end(again);
}

bool str_resize(struct str *str, size_t length)
{
	if (length > str->length && !str_reserve(str, length - str->length))
		return false;
	if (str->data == NULL)
		return length == 0;
	str->length = length;
	str->data[length] = '\0';
	return true;
}

void str_clear(struct str *str)
{
	str->length = 0;
	if (str->data != NULL)
		str->data[0] = '\0';
}

char *str_take(struct str *str)
{
	char *text;

	if (!str->failed && str->data == NULL)
		str_append_bytes(str, "", 0);
	text = str->failed ? NULL : str->data;
	if (str->failed)
		free(str->data);
	str_init(str);
	return text;
}

void str_done(struct str *str)
{
	if (str == NULL)
		return;
	free(str->data);
	str_init(str);
}
