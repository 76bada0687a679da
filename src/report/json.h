/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes JSON as it goes, into a str: no tree, so ten thousand VMs cost what their text costs.
 * Commas come by themselves. What comes out is valid UTF-8 whatever went in: a byte that is
 * not becomes U+FFFD; control, invisible and direction-changing characters are escaped, so that
 * a hostile name reaches a terminal only as text.
 */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str;

struct json {
	struct str *out;
	bool comma; /* something stands before on this level */
};

/* A new value at the top: a document, or a line of them. */
void json_begin(struct json *json, struct str *out);
void json_object_begin(struct json *json);
void json_object_end(struct json *json);
void json_array_begin(struct json *json);
void json_array_end(struct json *json);
/* The next value belongs to this key, which must be plain ASCII. */
void json_key(struct json *json, const char *key);
/* NULL gives null. */
void json_text(struct json *json, const char *text);
void json_text_bytes(struct json *json, const char *bytes, size_t size);
void json_int(struct json *json, int64_t number);
void json_uint(struct json *json, uint64_t number);
/* In tenths of a unit, as "12.3"; NAN gives null. */
void json_tenths(struct json *json, double number);
/* With twelve digits; what is not finite gives null. */
void json_double(struct json *json, double number);
void json_bool(struct json *json, bool value);
/* null; jansson has the other name, and both are linked into one program. */
void json_nothing(struct json *json);
/* "2026-03-01T14:05:30.123456Z" */
void json_time(struct json *json, uint64_t realtime_usec);

/* The same time as plain text, for other formats. */
void json_append_time(struct str *out, uint64_t realtime_usec);

#endif
