/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/cmdline.h"

#include "sys/root.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* root_read_all would refuse a longer line; here its beginning is better than nothing. */
static ssize_t cmdline_read_bytes(struct root *root, int fd, char **ret)
{
	size_t size = 4096;
	char *bytes = NULL;
	ssize_t got;

	for (;;) {
		char *larger = realloc(bytes, size + 1);

		if (larger == NULL) {
			free(bytes);
			return -ENOMEM;
		}
		bytes = larger;
		got = root_pread(root, fd, bytes, size);
		if (got < 0) {
			free(bytes);
			return got;
		}
		if ((size_t)got < size || size >= CMDLINE_LIMIT)
			break;
		size *= 4;
	}
	*ret = bytes;
	return got;
}

int cmdline_read(struct root *root, pid_t pid, struct cmdline *ret)
{
	struct cmdline cmdline = { 0 };
	char path[64];
	ssize_t size;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	fd = root_open(root, path);
	if (fd < 0)
		return fd;
	size = cmdline_read_bytes(root, fd, &cmdline.bytes);
	root_close(root, fd);
	if (size < 0)
		return (int)size;
	cmdline.size = (size_t)size;
	cmdline.cut = cmdline.size >= CMDLINE_LIMIT;
	/* What was written over its arguments need not end with NUL. */
	cmdline.bytes[cmdline.size] = '\0';
	*ret = cmdline;
	return 0;
}

void cmdline_done(struct cmdline *cmdline)
{
	if (cmdline == NULL)
		return;
	free(cmdline->bytes);
	*cmdline = (struct cmdline){ 0 };
}

const char *cmdline_next(const struct cmdline *cmdline, const char *previous)
{
	const char *next = previous != NULL ? previous + strlen(previous) + 1 : cmdline->bytes;

	return next != NULL && next < cmdline->bytes + cmdline->size ? next : NULL;
}

/* Behind the option's name: "" or "=value"; NULL when the argument is another one. */
static const char *option_match(const char *argument, const char *name)
{
	size_t size = strlen(name);

	if (argument[0] != '-')
		return NULL;
	argument += argument[1] == '-' ? 2 : 1;
	if (strncmp(argument, name, size) != 0)
		return NULL;
	argument += size;
	return *argument == '\0' || *argument == '=' ? argument : NULL;
}

const char *cmdline_option(const struct cmdline *cmdline, const char *name, const char **position)
{
	const char *argument = *position;

	while ((argument = cmdline_next(cmdline, argument)) != NULL) {
		const char *rest = option_match(argument, name);

		if (rest == NULL)
			continue;
		*position = argument;
		if (*rest == '=')
			return rest + 1;
		argument = cmdline_next(cmdline, argument);
		if (argument == NULL)
			return NULL;
		*position = argument;
		return argument;
	}
	return NULL;
}

bool cmdline_has(const struct cmdline *cmdline, const char *name)
{
	const char *argument = NULL;

	while ((argument = cmdline_next(cmdline, argument)) != NULL)
		if (option_match(argument, name) != NULL)
			return true;
	return false;
}

/* Copies up to a single comma; ",," is one within. Returns where the item ends. */
static const char *item_copy(const char *at, char *to, size_t to_size)
{
	size_t used = 0;

	for (; *at != '\0'; at++) {
		if (*at == ',' && *++at != ',')
			return at;
		if (used + 1 < to_size)
			to[used++] = *at;
		if (to_size > 0)
			to[used] = '\0';
	}
	return at;
}

static bool item_is(const char *item, const char *end, const char *key)
{
	size_t size = strlen(key);

	return (size_t)(end - item) == size && memcmp(item, key, size) == 0;
}

/* The end of an item's key: its "=", or the end of the item. */
static const char *item_key_end(const char *item)
{
	return item + strcspn(item, "=,");
}

bool cmdline_qemu_key(const char *value, const char *key, const char *implied, char *ret,
		      size_t ret_size)
{
	const char *at = value;
	char skipped[1];

	while (*at != '\0') {
		const char *end = item_key_end(at);
		bool has_value = *end == '=';

		if (at == value && !has_value && implied != NULL && strcmp(implied, key) == 0) {
			ret[0] = '\0';
			item_copy(at, ret, ret_size);
			return true;
		}
		if (item_is(at, end, key)) {
			snprintf(ret, ret_size, "%s", has_value ? "" : "on");
			if (has_value)
				item_copy(end + 1, ret, ret_size);
			return true;
		}
		at = item_copy(at, skipped, sizeof skipped);
	}
	return false;
}
