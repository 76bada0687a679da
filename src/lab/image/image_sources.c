/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/image/image_sources.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "lab/host/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* apt tells its files of keys only where a source names them. */
#define DEBIAN_KEYS "/usr/share/keyrings/debian-archive-keyring.gpg"
#define OS_RELEASE "/etc/os-release"
#define NOT_SET "$(" /* what apt leaves standing of a field that it does not know */

enum field { ORIGIN, SUITE, URI, COMPONENT, ARCHITECTURE, KEYS, FIELDS };

struct text {
	const char *at;
	size_t size;
};

static bool is(struct text text, const char *wanted)
{
	return text.size == strlen(wanted) && memcmp(text.at, wanted, text.size) == 0;
}

static bool begins(struct text text, const char *wanted)
{
	return text.size >= strlen(wanted) && memcmp(text.at, wanted, strlen(wanted)) == 0;
}

static bool split(struct cursor line, struct text fields[static FIELDS])
{
	for (int i = 0; i < FIELDS; i++) {
		const char *bar = memchr(line.at, '|', (size_t)(line.end - line.at));

		if ((bar != NULL) != (i < FIELDS - 1))
			return false;
		if (bar == NULL)
			bar = line.end;
		fields[i] = (struct text){ line.at, (size_t)(bar - line.at) };
		line.at = bar < line.end ? bar + 1 : bar;
	}
	return true;
}

/* It becomes a word of a line. */
static bool is_word(struct text text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.at[i] <= ' ' || text.at[i] > '~' || strchr("[]", text.at[i]) != NULL)
			return false;
	return text.size > 0;
}

/* Guests are x86-64. */
static bool is_usable(const struct text *fields)
{
	return is(fields[ORIGIN], "Debian") && is(fields[COMPONENT], "main") &&
	       is(fields[ARCHITECTURE], "amd64") && is_word(fields[SUITE]) && is_word(fields[URI]) &&
	       (begins(fields[URI], "http://") || begins(fields[URI], "https://"));
}

/* "bookworm" of "bookworm-security". */
static struct text base_of(struct text suite)
{
	const char *dash = memchr(suite.at, '-', suite.size);
	const char *slash = memchr(suite.at, '/', suite.size);

	if (dash != NULL)
		suite.size = (size_t)(dash - suite.at);
	else if (slash != NULL)
		suite.size = (size_t)(slash - suite.at);
	return suite;
}

static bool next_usable(struct cursor *cursor, struct text fields[static FIELDS])
{
	struct cursor line;

	while (cursor_take_line(cursor, &line))
		if (split(line, fields) && is_usable(fields))
			return true;
	return false;
}

/* The preferred one, else the first that is a suite itself. */
static struct text choose_suite(struct cursor cursor, const char *preferred)
{
	struct text fields[FIELDS], chosen = { NULL, 0 };

	while (next_usable(&cursor, fields)) {
		if (preferred != NULL && is(fields[SUITE], preferred))
			return fields[SUITE];
		if (chosen.at == NULL && base_of(fields[SUITE]).size == fields[SUITE].size)
			chosen = fields[SUITE];
	}
	return chosen;
}

/* Backports and proposed updates are not what a suite is. */
static bool belongs(struct text suite, struct text base)
{
	static const char *const added[] = { "", "-updates", "-security", "/updates" };
	struct text rest = { suite.at + base.size, suite.size - base.size };

	if (suite.size < base.size || memcmp(suite.at, base.at, base.size) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(added); i++)
		if (is(rest, added[i]))
			return true;
	return false;
}

static int add_line(struct image_sources *sources, const struct text *fields)
{
	bool named = is_word(fields[KEYS]) && !begins(fields[KEYS], NOT_SET);
	char *line;

	if (asprintf(&line, "deb [signed-by=%.*s] %.*s %.*s main",
		     named ? (int)fields[KEYS].size : (int)strlen(DEBIAN_KEYS),
		     named ? fields[KEYS].at : DEBIAN_KEYS, (int)fields[URI].size, fields[URI].at,
		     (int)fields[SUITE].size, fields[SUITE].at) < 0)
		return -ENOMEM;
	sources->lines[sources->count++] = line;
	return 0;
}

int image_sources_parse(const char *text, size_t size, const char *preferred,
			struct image_sources *ret, struct error *err)
{
	struct cursor cursor = cursor_over(text, size);
	struct text base = choose_suite(cursor, preferred), fields[FIELDS];
	struct image_sources sources = { 0 };
	int code = 0;

	if (base.at == NULL)
		return error_set(err, -ENOENT, "this host's apt has no Debian archive for amd64 (http or "
				 "https): add one to /etc/apt/sources.list and run apt-get update");
	sources.suite = text_duplicate(base.at, base.size);
	while (code == 0 && sources.count < IMAGE_SOURCES_MOST && next_usable(&cursor, fields))
		if (belongs(fields[SUITE], base))
			code = add_line(&sources, fields);
	if (code < 0 || sources.suite == NULL) {
		image_sources_done(&sources);
		return error_errno(err, -ENOMEM, "sources");
	}
	*ret = sources;
	return 0;
}

void image_sources_done(struct image_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		free(sources->lines[i]);
	free(sources->suite);
	*sources = (struct image_sources){ 0 };
}

/* VERSION_CODENAME=bookworm; "" where it is not told. */
static void own_suite(char *ret, size_t size)
{
	CLEANUP_FCLOSE FILE *file = fopen(OS_RELEASE, "re");
	char line[256];

	ret[0] = '\0';
	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		char *value = strchr(line, '=');

		if (strncmp(line, "VERSION_CODENAME=", 17) != 0 || value == NULL)
			continue;
		value += 1 + (value[1] == '"');
		snprintf(ret, size, "%.*s", (int)strcspn(value, "\"\n"), value);
	}
}

int image_sources_read(int cancel_fd, struct image_sources *ret, struct error *err)
{
	static const char *const ask[] = { "apt-get", "indextargets", "--format",
					   IMAGE_SOURCES_FORMAT, "Created-By: Packages", NULL };
	char own[64];
	struct str said;
	int code;

	own_suite(own, sizeof own);
	str_init(&said);
	code = tool_run(ask, NULL, cancel_fd, &said, err);
	if (code == 0)
		code = image_sources_parse(said.data != NULL ? said.data : "", said.length, own, ret, err);
	str_done(&said);
	return code;
}
