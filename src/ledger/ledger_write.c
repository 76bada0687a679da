/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ledger/ledger_lines.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define BYTES_MOST (16u << 20)
#define TAIL_SIZE 65536

struct ledger {
	struct ledger_options options;
	char path[512], older[520], boot[40];
	int fd;
	uint64_t size;   /* of the file, as far as we wrote it */
	bool torn;       /* its last byte is no newline */
	uint64_t last_id;
	struct str line; /* reused */
};

/* The greatest id of the last lines: the clock may have gone back since. */
static uint64_t last_id_of(const char *tail, size_t size)
{
	static const char key[] = "\"id\":";
	struct cursor c = cursor_over(tail, size), line;
	uint64_t last = 0, id;

	while (cursor_take_line(&c, &line)) {
		const char *found = memmem(line.at, cursor_left(&line), key, strlen(key));

		if (found == NULL)
			continue;
		line.at = found + strlen(key);
		if (cursor_take_u64(&line, &id) && id > last && id < INT64_MAX)
			last = id;
	}
	return last;
}

static int look_at_tail(struct ledger *ledger, const struct stat *st)
{
	CLEANUP_FREE char *tail = malloc(TAIL_SIZE);
	off_t from = st->st_size > TAIL_SIZE ? st->st_size - TAIL_SIZE : 0;
	ssize_t got;
	uint64_t last;

	if (tail == NULL)
		return -ENOMEM;
	got = pread(ledger->fd, tail, TAIL_SIZE, from);
	if (got < 0)
		return -errno;
	ledger->torn = got > 0 && tail[got - 1] != '\n';
	last = last_id_of(tail, (size_t)got);
	if (last > ledger->last_id)
		ledger->last_id = last;
	return 0;
}

static int open_file(struct ledger *ledger, struct error *err)
{
	struct stat st;
	int r;

	ledger->fd = open(ledger->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (ledger->fd < 0)
		return error_errno(err, -errno, "cannot open %s", ledger->path);
	r = fstat(ledger->fd, &st) < 0 ? -errno : 0;
	if (r == 0 && !S_ISREG(st.st_mode))
		r = -EINVAL;
	if (r == 0)
		r = look_at_tail(ledger, &st);
	if (r < 0) {
		close(ledger->fd);
		ledger->fd = -1;
		return error_errno(err, r, "cannot use %s", ledger->path);
	}
	ledger->size = (uint64_t)st.st_size;
	return 0;
}

static int make_directory(const char *path)
{
	char parent[512];
	char *slash;

	if (mkdir(path, 0755) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return -errno;
	snprintf(parent, sizeof parent, "%s", path);
	slash = strrchr(parent, '/');
	if (slash == NULL || slash == parent)
		return -ENOENT;
	*slash = '\0';
	if (mkdir(parent, 0755) < 0 && errno != EEXIST)
		return -errno;
	return mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : -errno;
}

int ledger_open(const struct ledger_options *options, struct ledger **ret, struct error *err)
{
	struct ledger *ledger = calloc(1, sizeof *ledger);
	int r;

	if (ledger == NULL)
		return error_errno(err, -ENOMEM, "the ledger");
	ledger->options = *options;
	if (ledger->options.bytes_most == 0)
		ledger->options.bytes_most = BYTES_MOST;
	ledger->fd = -1;
	str_init(&ledger->line);
	snprintf(ledger->boot, sizeof ledger->boot, "%s", options->boot);
	snprintf(ledger->older, sizeof ledger->older, "%s/" LEDGER_FILE ".1", options->directory);
	if (snprintf(ledger->path, sizeof ledger->path, "%s/" LEDGER_FILE, options->directory) >=
	    (int)sizeof ledger->path)
		r = error_set(err, -ENAMETOOLONG, "the path %s is too long", options->directory);
	else
		r = make_directory(options->directory);
	if (r < 0 && r != -ENAMETOOLONG)
		error_errno(err, r, "cannot make %s", options->directory);
	if (r == 0)
		r = open_file(ledger, err);
	if (r < 0) {
		ledger_close(ledger);
		return r;
	}
	*ret = ledger;
	return 0;
}

void ledger_close(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	if (ledger->fd >= 0)
		close(ledger->fd);
	str_done(&ledger->line);
	free(ledger);
}

/* Somebody took it away, or it is full. */
static int renew_file(struct ledger *ledger, struct error *err)
{
	struct stat st;
	bool gone = ledger->fd < 0 || fstat(ledger->fd, &st) < 0 || st.st_nlink == 0;
	bool full = !gone && ledger->size >= ledger->options.bytes_most;

	if (!gone && !full)
		return 0;
	if (ledger->fd >= 0)
		close(ledger->fd);
	ledger->fd = -1;
	if (full && rename(ledger->path, ledger->older) < 0)
		return error_errno(err, -errno, "cannot rename %s", ledger->path);
	return open_file(ledger, err);
}

static uint64_t next_id(struct ledger *ledger, uint64_t realtime_usec)
{
	ledger->last_id = realtime_usec > ledger->last_id ? realtime_usec : ledger->last_id + 1;
	return ledger->last_id;
}

/* The line is in ledger->line. A line that was not written whole is taken back; where even that
 * fails the next one begins on a line of its own. */
static int write_line(struct ledger *ledger, struct error *err)
{
	ssize_t written;
	int r;

	if (ledger->options.told != NULL && !ledger->line.failed)
		ledger->options.told(ledger->line.data, ledger->line.length, ledger->options.context);
	str_append_char(&ledger->line, '\n');
	if (ledger->line.failed) {
		str_done(&ledger->line);
		return error_errno(err, -ENOMEM, "cannot write to %s", ledger->path);
	}
	if (ledger->torn && write(ledger->fd, "\n", 1) == 1) {
		ledger->torn = false;
		ledger->size++;
	}
	written = write(ledger->fd, ledger->line.data, ledger->line.length);
	if (written == (ssize_t)ledger->line.length) {
		ledger->size += (uint64_t)written;
		return 0;
	}
	r = written < 0 ? -errno : -ENOSPC;
	if (written > 0 && ftruncate(ledger->fd, (off_t)ledger->size) < 0) {
		ledger->torn = true;
		ledger->size += (uint64_t)written;
	}
	return error_errno(err, r, "cannot write to %s", ledger->path);
}

static struct ledger_head make_head(struct ledger *ledger, uint64_t realtime_usec)
{
	return (struct ledger_head){ .id = next_id(ledger, realtime_usec),
				     .realtime_usec = realtime_usec,
				     .boot = ledger->boot,
				     .first = ledger->size == 0 };
}

int ledger_write_item(struct ledger *ledger, uint64_t realtime_usec, const struct plan_item *item,
		      bool dry_run, uint64_t *ret_id, struct error *err)
{
	int r = renew_file(ledger, err);
	struct ledger_head head = make_head(ledger, realtime_usec);

	*ret_id = head.id; /* its outcomes are told by it even where the line is lost */
	if (r < 0)
		return r;
	str_clear(&ledger->line);
	ledger_append_item(&ledger->line, &head, item, dry_run);
	return write_line(ledger, err);
}

int ledger_write_outcome(struct ledger *ledger, uint64_t id, const struct outcome *outcome,
			 struct error *err)
{
	int r = renew_file(ledger, err);

	if (r < 0)
		return r;
	str_clear(&ledger->line);
	ledger_append_outcome(&ledger->line, id, outcome);
	return write_line(ledger, err);
}

int ledger_write_effect(struct ledger *ledger, uint64_t id, const struct effect *effect,
			struct error *err)
{
	int r = renew_file(ledger, err);

	if (r < 0)
		return r;
	str_clear(&ledger->line);
	ledger_append_effect(&ledger->line, id, effect);
	return write_line(ledger, err);
}

int ledger_write_note(struct ledger *ledger, uint64_t realtime_usec, const struct vm_identity *vm,
		      const char *vm_name, const char *policy, const char *note, struct error *err)
{
	int r = renew_file(ledger, err);
	struct ledger_head head = make_head(ledger, realtime_usec);

	if (r < 0)
		return r;
	str_clear(&ledger->line);
	ledger_append_note(&ledger->line, &head, vm, vm_name, policy, note);
	return write_line(ledger, err);
}
