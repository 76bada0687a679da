/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/module_index.h"

#include <errno.h>

static bool same_letter(char a, char b)
{
	return a == b || ((a == '-' || a == '_') && (b == '-' || b == '_'));
}

/* "kernel/drivers/block/virtio_blk.ko.xz" is the module virtio_blk. */
static bool path_is_of(struct cursor path, const char *name)
{
	const char *slash = memrchr(path.at, '/', cursor_left(&path));

	if (slash != NULL)
		path.at = slash + 1;
	for (; *name != '\0'; name++, path.at++)
		if (cursor_at_end(&path) || !same_letter(*path.at, *name))
			return false;
	return cursor_take_text(&path, ".ko") && (cursor_at_end(&path) || *path.at == '.');
}

bool module_is_builtin(const struct module_index *index, const char *name)
{
	struct cursor all = index->builtin, line;

	while (cursor_take_line(&all, &line))
		if (path_is_of(line, name))
			return true;
	return false;
}

/* "PATH: PATH ..." as its first path and what is behind the colon. */
static bool line_split(struct cursor line, struct cursor *ret_path, struct cursor *ret_rest)
{
	const char *colon = memchr(line.at, ':', cursor_left(&line));

	if (colon == NULL || colon == line.at)
		return false;
	*ret_path = cursor_over(line.at, (size_t)(colon - line.at));
	*ret_rest = cursor_over(colon + 1, (size_t)(line.end - colon - 1));
	return true;
}

/* The last word of what is left before `line.end`. */
static bool line_take_last(struct cursor *line, struct cursor *ret_word)
{
	while (line->end > line->at && line->end[-1] == ' ')
		line->end--;
	ret_word->end = line->end;
	while (line->end > line->at && line->end[-1] != ' ')
		line->end--;
	ret_word->at = line->end;
	return cursor_left(ret_word) > 0;
}

/* depmod writes all that a module stands on, however indirectly, in the order in which it would
 * be unloaded: what is to be loaded first comes last. */
static int line_walk(struct cursor path, struct cursor rest, module_function *function,
		     void *context)
{
	struct cursor word;
	int code = 0;

	while (code == 0 && line_take_last(&rest, &word))
		code = function(word, context);
	return code != 0 ? code : function(path, context);
}

int module_walk(const struct module_index *index, const char *name, module_function *function,
		void *context)
{
	struct cursor all = index->dependencies, line, path, rest;

	while (cursor_take_line(&all, &line))
		if (line_split(line, &path, &rest) && path_is_of(path, name))
			return line_walk(path, rest, function, context);
	return -ENOENT;
}
