/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/tail.h"

#include "base/cursor.h"
#include "base/str.h"
#include "base/text.h"

#include <errno.h>
#include <unistd.h>

/* More than a socket or a pipe holds: all of it is read when nobody writes any more, and who writes
 * without end does not hold us for ever. */
#define READS_MOST 256

void tail_init(struct tail *tail)
{
	tail->size = 0;
}

void tail_add(struct tail *tail, const char *bytes, size_t size)
{
	size_t kept = tail->size;

	if (size > sizeof tail->bytes) {
		bytes += size - sizeof tail->bytes;
		size = sizeof tail->bytes;
	}
	if (kept > sizeof tail->bytes - size)
		kept = sizeof tail->bytes - size;
	memmove(tail->bytes, tail->bytes + tail->size - kept, kept);
	memcpy(tail->bytes + kept, bytes, size);
	tail->size = kept + size;
}

bool tail_read(struct tail *tail, int fd, int copy_fd)
{
	char bytes[4096];
	ssize_t size = 0;
	unsigned reads;

	for (reads = 0; reads < READS_MOST; reads++) {
		size = read(fd, bytes, sizeof bytes);
		if (size <= 0)
			break;
		tail_add(tail, bytes, (size_t)size);
		/* A copy that a full disk cuts short must not end the box. */
		if (copy_fd >= 0)
			(void)!write(copy_fd, bytes, (size_t)size);
	}
	return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
}

static void line_trim(struct cursor *line)
{
	while (line->end > line->at && strchr(" \t\r", line->end[-1]) != NULL)
		line->end--;
	cursor_skip_blanks(line);
}

bool tail_last_line(const struct tail *tail, const char *mark, struct str *to)
{
	struct cursor all = cursor_over(tail->bytes, tail->size);
	struct cursor line, found = { 0 };

	while (cursor_take_line(&all, &line)) {
		line_trim(&line);
		if (cursor_left(&line) == 0)
			continue;
		if (mark == NULL || memmem(line.at, cursor_left(&line), mark, strlen(mark)) != NULL)
			found = line;
	}
	if (found.at == NULL)
		return false;
	text_append_safe(to, found.at, cursor_left(&found));
	return true;
}
