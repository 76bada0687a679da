/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/json.h"

#include "base/str.h"
#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

void json_begin(struct json *json, struct str *out)
{
	json->out = out;
	json->comma = false;
}

static void json_value(struct json *json)
{
	if (json->comma)
		str_append_char(json->out, ',');
	json->comma = true;
}

void json_object_begin(struct json *json)
{
	json_value(json);
	str_append_char(json->out, '{');
	json->comma = false;
}

void json_object_end(struct json *json)
{
	str_append_char(json->out, '}');
	json->comma = true;
}

void json_array_begin(struct json *json)
{
	json_value(json);
	str_append_char(json->out, '[');
	json->comma = false;
}

void json_array_end(struct json *json)
{
	str_append_char(json->out, ']');
	json->comma = true;
}

void json_key(struct json *json, const char *key)
{
	json_value(json);
	str_append_char(json->out, '"');
	str_append(json->out, key);
	str_append_bytes(json->out, "\":", 2);
	json->comma = false;
}

/* Above U+FFFF, JSON wants the two halves that UTF-16 has. */
static void append_escape(struct str *out, unsigned character)
{
	if (character > 0xffff) {
		character -= 0x10000;
		str_appendf(out, "\\u%04x\\u%04x", 0xd800 + (character >> 10),
			    0xdc00 + (character & 0x3ff));
	} else {
		str_appendf(out, "\\u%04x", character);
	}
}

static void append_character(struct str *out, unsigned character, const char *bytes, size_t size)
{
	if (character == '"' || character == '\\') {
		str_append_char(out, '\\');
		str_append_char(out, (char)character);
	} else if (character == '\n') {
		str_append(out, "\\n");
	} else if (character == '\t') {
		str_append(out, "\\t");
	} else if (text_deceives(character)) {
		append_escape(out, character);
	} else {
		str_append_bytes(out, bytes, size);
	}
}

static bool byte_is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

static void append_text(struct str *out, const char *bytes, size_t size)
{
	size_t at = 0;

	while (at < size) {
		unsigned character = 0xfffd;
		size_t plain = at, length;

		while (plain < size && byte_is_plain((unsigned char)bytes[plain]))
			plain++;
		str_append_bytes(out, bytes + at, plain - at);
		at = plain;
		if (at == size)
			break;
		length = text_decode_utf8(bytes + at, size - at, &character);
		if (length == 0)
			str_append(out, "\xef\xbf\xbd");
		else
			append_character(out, character, bytes + at, length);
		at += length != 0 ? length : 1;
	}
}

void json_text_bytes(struct json *json, const char *bytes, size_t size)
{
	json_value(json);
	str_append_char(json->out, '"');
	append_text(json->out, bytes, size);
	str_append_char(json->out, '"');
}

void json_text(struct json *json, const char *text)
{
	if (text == NULL)
		json_nothing(json);
	else
		json_text_bytes(json, text, strlen(text));
}

void json_int(struct json *json, int64_t number)
{
	json_value(json);
	str_append_int(json->out, number);
}

void json_uint(struct json *json, uint64_t number)
{
	json_value(json);
	if (number <= INT64_MAX)
		str_append_int(json->out, (int64_t)number);
	else
		str_appendf(json->out, "%" PRIu64, number);
}

void json_tenths(struct json *json, double number)
{
	if (!isfinite(number)) {
		json_nothing(json);
		return;
	}
	json_value(json);
	str_appendf(json->out, "%.1f", number);
}

void json_double(struct json *json, double number)
{
	if (!isfinite(number)) {
		json_nothing(json);
		return;
	}
	json_value(json);
	str_appendf(json->out, "%.12g", number);
}

void json_bool(struct json *json, bool value)
{
	json_value(json);
	str_append(json->out, value ? "true" : "false");
}

void json_nothing(struct json *json)
{
	json_value(json);
	str_append_bytes(json->out, "null", 4);
}

void json_append_time(struct str *out, uint64_t realtime_usec)
{
	time_t second = (time_t)(realtime_usec / 1000000);
	struct tm tm;

	if (gmtime_r(&second, &tm) == NULL)
		memset(&tm, 0, sizeof tm);
	str_appendf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%06uZ", tm.tm_year + 1900, tm.tm_mon + 1,
		    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		    (unsigned)(realtime_usec % 1000000));
}

void json_time(struct json *json, uint64_t realtime_usec)
{
	json_value(json);
	str_append_char(json->out, '"');
	json_append_time(json->out, realtime_usec);
	str_append_char(json->out, '"');
}
