/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"

#include "base/str.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

size_t text_decode_utf8(const char *bytes, size_t size, unsigned *ret_character)
{
	const unsigned char *b = (const unsigned char *)bytes;
	static const unsigned smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned character;
	size_t length, i;

	if (size == 0)
		return 0;
	if (b[0] < 0x80) {
		*ret_character = b[0];
		return 1;
	}
	length = b[0] >= 0xf0 && b[0] < 0xf8 ? 4 : b[0] >= 0xe0 ? 3 : b[0] >= 0xc2 ? 2 : 0;
	if (length == 0 || b[0] >= 0xf8 || length > size)
		return 0;
	character = b[0] & (0xffu >> (length + 1));
	for (i = 1; i < length; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (b[i] & 0x3f);
	}
	if (character < smallest[length] || character > 0x10ffff ||
	    (character >= 0xd800 && character <= 0xdfff))
		return 0;
	*ret_character = character;
	return length;
}

bool text_deceives(unsigned c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x61c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xffff) ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

static void append_without_deceit(struct str *str, const char *bytes, size_t size,
				  const char *backslash)
{
	size_t at = 0;

	while (at < size) {
		unsigned character;
		size_t length = text_decode_utf8(bytes + at, size - at, &character);
		size_t i;

		if (length != 0 && character == '\\') {
			str_append(str, backslash);
		} else if (length != 0 && !text_deceives(character)) {
			str_append_bytes(str, bytes + at, length);
		} else {
			length = length != 0 ? length : 1;
			for (i = 0; i < length; i++)
				str_appendf(str, "\\x%02x", (unsigned char)bytes[at + i]);
		}
		at += length;
	}
}

void text_append_safe(struct str *str, const char *bytes, size_t size)
{
	append_without_deceit(str, bytes, size, "\\\\");
}

void text_append_printable(struct str *str, const char *bytes, size_t size)
{
	append_without_deceit(str, bytes, size, "\\");
}

size_t text_columns(const char *safe)
{
	size_t size = strlen(safe), at = 0, columns = 0;

	while (at < size) {
		unsigned character;
		size_t length = text_decode_utf8(safe + at, size - at, &character);
		int width = length > 1 ? wcwidth((wchar_t)character) : 1;

		columns += width > 0 ? (size_t)width : (size_t)(width < 0);
		at += length != 0 ? length : 1;
	}
	return columns;
}

void text_copy(char *to, size_t to_size, const char *from, size_t from_size)
{
	size_t size = from_size < to_size - 1 ? from_size : to_size - 1;

	if (size < from_size)
		while (size > 0 && ((unsigned char)from[size] & 0xc0) == 0x80)
			size--;
	memcpy(to, from, size);
	to[size] = '\0';
}

bool text_ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), end_size = strlen(end);

	return size > end_size && strcmp(text + size - end_size, end) == 0;
}

char *text_duplicate(const char *bytes, size_t size)
{
	char *copy = malloc(size + 1);

	if (copy == NULL)
		return NULL;
	if (size > 0)
		memcpy(copy, bytes, size);
	copy[size] = '\0';
	return copy;
}
