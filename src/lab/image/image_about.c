/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/image/image_about.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "truce-image="

static const struct {
	const char *name;
	size_t offset;
	bool is_number;
} entries[] = {
	{ "suite=", offsetof(struct lab_image, suite), false },
	{ "agent=", offsetof(struct lab_image, agent), false },
	{ "asked=", offsetof(struct lab_image, asked), false },
	{ "built-usec=", offsetof(struct lab_image, built_usec), true },
	{ "seconds=", offsetof(struct lab_image, seconds), true },
	{ "bytes-used=", offsetof(struct lab_image, bytes_used), true },
	{ "packages=", offsetof(struct lab_image, packages), true },
};

static void *place_of(const struct lab_image *image, size_t entry)
{
	return (char *)image + entries[entry].offset;
}

void image_about_write(const struct lab_image *image, struct str *text)
{
	str_appendf(text, HEAD "%d\n", IMAGE_ABOUT_VERSION);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		void *place = place_of(image, i);

		if (entries[i].is_number)
			str_appendf(text, "%s%" PRIu64 "\n", entries[i].name, *(uint64_t *)place);
		else if (*(char **)place != NULL)
			str_appendf(text, "%s%s\n", entries[i].name, *(char **)place);
	}
}

static int number_take(struct cursor *line, uint64_t *ret)
{
	return cursor_take_u64(line, ret) && cursor_at_end(line) ? 0 : -EPROTO;
}

/* A person reads it on a terminal. */
static int word_take(struct cursor *line, char **ret)
{
	for (const char *at = line->at; at < line->end; at++)
		if (*at < ' ' || *at > '~')
			return -EPROTO;
	free(*ret);
	*ret = text_duplicate(line->at, (size_t)(line->end - line->at));
	return *ret != NULL ? 0 : -ENOMEM;
}

static int line_take(struct cursor line, struct lab_image *image)
{
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		if (cursor_take_text(&line, entries[i].name))
			return entries[i].is_number ? number_take(&line, place_of(image, i)) :
						      word_take(&line, place_of(image, i));
	return 0;
}

int image_about_read(const char *text, size_t size, struct lab_image *image, struct error *err)
{
	struct cursor cursor = cursor_over(text, size), line;
	uint64_t version;
	int code = 0;

	if (!cursor_take_line(&cursor, &line) || !cursor_take_text(&line, HEAD) ||
	    number_take(&line, &version) < 0)
		return error_set(err, -EPROTO, "it is no description of an image");
	if (version != IMAGE_ABOUT_VERSION)
		return error_set(err, -EPROTO, "it is of version %" PRIu64 ", and this Truce knows %d: "
				 "build it anew", version, IMAGE_ABOUT_VERSION);
	while (code == 0 && cursor_take_line(&cursor, &line))
		code = line_take(line, image);
	return code < 0 ? error_set(err, code, "it is damaged: build it anew") : 0;
}
