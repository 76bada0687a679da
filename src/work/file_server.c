/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file server's day: files are created, read, appended to and deleted, while the amount of
 * data stays near what was asked for. Each thread has files of its own. They are below a
 * directory of ours that is locked while we live: one that nobody locks any more is what was
 * left of somebody killed, and goes.
 */
#include "work/kinds.h"
#include "work/lane.h"
#include "work/setting.h"
#include "work/stamp.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define PLACE "truce-file-server"
#define ALIGNED_BYTES 4096u
/* Deleted and created instead of anything else outside of these hundredths of the size. */
#define FULL_PERCENT 100u
#define EMPTY_PERCENT 90u

enum server_kind { KIND_CREATE, KIND_APPEND, KIND_READ, KIND_DELETE, KINDS };
static const char *const kind_results[KINDS] = { "creates", "appends", "reads", "deletes" };

struct server_settings {
	struct common_settings common;
	const char *directory;
	uint64_t size, file, block, direct, fsync;
	uint64_t weights[KINDS];
};

struct server {
	int place_fd; /* the locked directory */
	bool made;    /* what it is in, too, and it goes again */
	_Atomic uint64_t done[KINDS];
};

struct served_file {
	uint64_t bytes; /* 0: there is none */
	uint32_t generation;
};

/* A lane's files. */
struct shelf {
	char *buffer;
	struct served_file *files;
	uint64_t slots, live, live_bytes, wanted_bytes;
};

static int server_check(const void *pointer, struct error *err)
{
	const struct server_settings *settings = pointer;
	uint64_t kind, sum = 0;

	for (kind = 0; kind < KINDS; kind++)
		sum += settings->weights[kind];
	if (sum == 0)
		return error_set(err, -EINVAL, "create, append, read and delete are all 0");
	if (settings->block % SECTOR_BYTES != 0)
		return error_set(err, -EINVAL, "block is in whole sectors of %u bytes", SECTOR_BYTES);
	if (settings->file < settings->block)
		return error_set(err, -EINVAL, "a file is at least a block");
	if (settings->size / settings->common.threads < settings->file * 2)
		return error_set(err, -EINVAL, "size is less than two files for each thread");
	return 0;
}

static int check_room(int fd, const struct server_settings *settings, struct error *err)
{
	struct statvfs about;

	if (fstatvfs(fd, &about) < 0)
		return error_errno(err, -errno, "%s", settings->directory);
	if ((uint64_t)about.f_bavail * about.f_frsize < settings->size)
		return error_set(err, -ENOSPC, "%s has room for %llu MB, and it takes %llu MB",
				 settings->directory,
				 (unsigned long long)((uint64_t)about.f_bavail * about.f_frsize >> 20),
				 (unsigned long long)(settings->size >> 20));
	return 0;
}

/* All files of the place; it holds no directories. */
static void empty(int place_fd)
{
	int fd = openat(place_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP_CLOSEDIR DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(place_fd, entry->d_name, 0);
}

static int server_prepare(struct job *job, struct error *err)
{
	const struct server_settings *settings = job->settings;
	struct server *server = calloc(1, sizeof *server);
	char path[PATH_MAX];

	if (server == NULL)
		return error_errno(err, -ENOMEM, "memory");
	server->place_fd = -1;
	job->own = server;
	if (snprintf(path, sizeof path, "%s/" PLACE, settings->directory) >= (int)sizeof path)
		return error_errno(err, -ENAMETOOLONG, "%s", settings->directory);
	/* Only its last part: a mistyped path is not made. */
	server->made = mkdir(settings->directory, 0755) == 0;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return error_errno(err, -errno, "%s", path);
	server->place_fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (server->place_fd < 0)
		return error_errno(err, -errno, "%s", path);
	if (flock(server->place_fd, LOCK_EX | LOCK_NB) < 0) {
		int code = -errno;

		close(server->place_fd);
		server->place_fd = -1;
		return error_errno(err, code, "%s: another one works there", path);
	}
	empty(server->place_fd);
	return check_room(server->place_fd, settings, err);
}

static void server_clean(struct job *job)
{
	const struct server_settings *settings = job->settings;
	const struct server *server = job->own;
	char path[PATH_MAX];

	if (server == NULL)
		return;
	if (server->place_fd >= 0) {
		empty(server->place_fd);
		snprintf(path, sizeof path, "%s/" PLACE, settings->directory);
		rmdir(path);
	}
	if (server->made)
		rmdir(settings->directory);
}

static void name_of(const struct lane *lane, uint64_t slot, char *name, size_t size)
{
	snprintf(name, size, "%u-%llu", lane->index, (unsigned long long)slot);
}

static uint64_t key_of(const struct lane *lane, uint64_t slot)
{
	return (slot + 1) << 8 | lane->index;
}

static int slot_open(struct lane *lane, uint64_t slot, int flags)
{
	const struct server_settings *settings = lane->settings;
	const struct server *server = lane->job->own;
	char name[40];

	name_of(lane, slot, name, sizeof name);
	return openat(server->place_fd, name,
		      flags | O_CLOEXEC | O_NOFOLLOW | (settings->direct ? O_DIRECT : 0), 0600);
}

/* Blocks up to `end`; the file's length says at last what it holds, whatever failed. */
static int write_up_to(struct lane *lane, uint64_t slot, int fd, uint64_t end)
{
	const struct server_settings *settings = lane->settings;
	struct shelf *shelf = lane->own;
	struct served_file *file = &shelf->files[slot];

	while (file->bytes < end) {
		ssize_t size;

		stamp_put(shelf->buffer, settings->block, key_of(lane, slot), file->bytes,
			  file->generation);
		size = pwrite(fd, shelf->buffer, settings->block, (off_t)file->bytes);
		if (size != (ssize_t)settings->block)
			return size < 0 ? -errno : -EIO;
		file->bytes += settings->block;
		shelf->live_bytes += settings->block;
	}
	return settings->fsync && fdatasync(fd) < 0 ? -errno : 0;
}

/* Between half a file and one and a half, in whole blocks. */
static uint64_t some_bytes(struct lane *lane, uint64_t file_bytes)
{
	const struct server_settings *settings = lane->settings;
	uint64_t bytes = file_bytes / 2 + lane_random_below(lane, file_bytes);

	return bytes / settings->block * settings->block + settings->block;
}

static uint64_t find_slot(struct lane *lane, bool used)
{
	const struct shelf *shelf = lane->own;
	uint64_t slot = lane_random_below(lane, shelf->slots);

	while ((shelf->files[slot].bytes > 0) != used)
		slot = slot + 1 < shelf->slots ? slot + 1 : 0;
	return slot;
}

static int do_create(struct lane *lane, uint64_t *ret_bytes)
{
	const struct server_settings *settings = lane->settings;
	struct shelf *shelf = lane->own;
	uint64_t slot = find_slot(lane, false);
	int fd = slot_open(lane, slot, O_WRONLY | O_CREAT | O_TRUNC);
	int code;

	if (fd < 0)
		return -errno;
	shelf->files[slot].generation++;
	code = write_up_to(lane, slot, fd, some_bytes(lane, settings->file));
	close(fd);
	shelf->live += shelf->files[slot].bytes > 0;
	*ret_bytes = shelf->files[slot].bytes;
	return code;
}

static int do_append(struct lane *lane, uint64_t *ret_bytes)
{
	const struct server_settings *settings = lane->settings;
	const struct shelf *shelf = lane->own;
	uint64_t slot = find_slot(lane, true);
	uint64_t before = shelf->files[slot].bytes;
	int fd = slot_open(lane, slot, O_WRONLY);
	int code;

	if (fd < 0)
		return -errno;
	code = write_up_to(lane, slot, fd, before + some_bytes(lane, settings->file / 4));
	close(fd);
	*ret_bytes = shelf->files[slot].bytes - before;
	return code;
}

static int read_through(struct lane *lane, uint64_t slot, int fd)
{
	const struct server_settings *settings = lane->settings;
	const struct shelf *shelf = lane->own;
	const struct served_file *file = &shelf->files[slot];
	uint64_t offset;

	for (offset = 0; offset < file->bytes; offset += settings->block) {
		ssize_t size = pread(fd, shelf->buffer, settings->block, (off_t)offset);

		if (size < 0)
			return -errno;
		if (size != (ssize_t)settings->block ||
		    !stamp_is(shelf->buffer, settings->block, key_of(lane, slot), offset,
			      file->generation))
			return -EIO;
	}
	return 0;
}

static int do_read(struct lane *lane, uint64_t *ret_bytes)
{
	const struct shelf *shelf = lane->own;
	uint64_t slot = find_slot(lane, true);
	int fd = slot_open(lane, slot, O_RDONLY);
	int code;

	if (fd < 0)
		return -errno;
	code = read_through(lane, slot, fd);
	close(fd);
	*ret_bytes = shelf->files[slot].bytes;
	return code;
}

static int do_delete(struct lane *lane, uint64_t *ret_bytes)
{
	const struct server *server = lane->job->own;
	struct shelf *shelf = lane->own;
	uint64_t slot = find_slot(lane, true);
	char name[40];

	name_of(lane, slot, name, sizeof name);
	if (unlinkat(server->place_fd, name, 0) < 0)
		return -errno;
	shelf->live_bytes -= shelf->files[slot].bytes;
	shelf->files[slot].bytes = 0;
	shelf->live--;
	*ret_bytes = 0;
	return 0;
}

static enum server_kind drawn_kind(struct lane *lane)
{
	const struct server_settings *settings = lane->settings;
	uint64_t drawn, sum = 0;
	unsigned kind;

	for (kind = 0; kind < KINDS; kind++)
		sum += settings->weights[kind];
	drawn = lane_random_below(lane, sum);
	for (kind = 0; kind < KINDS - 1 && drawn >= settings->weights[kind]; kind++)
		drawn -= settings->weights[kind];
	return kind;
}

/* As the weights say, but for what cannot be: there is to be something, and not too much. */
static enum server_kind next_kind(struct lane *lane)
{
	const struct shelf *shelf = lane->own;
	enum server_kind kind = drawn_kind(lane);

	if (shelf->live == 0)
		return KIND_CREATE;
	if (kind == KIND_READ)
		return kind;
	if (shelf->live_bytes * 100 >= shelf->wanted_bytes * FULL_PERCENT || shelf->live == shelf->slots)
		return KIND_DELETE;
	if (kind == KIND_DELETE && shelf->live_bytes * 100 < shelf->wanted_bytes * EMPTY_PERCENT)
		return KIND_CREATE;
	return kind;
}

static int (*const kind_functions[KINDS])(struct lane *lane, uint64_t *ret_bytes) = {
	do_create, do_append, do_read, do_delete,
};

static int server_run(struct lane *lane, struct error *err)
{
	struct server *server = lane->job->own;

	while (lane_goes_on(lane)) {
		enum server_kind kind = next_kind(lane);
		uint64_t begin_nsec = lane_now_nsec(), bytes = 0;
		int code = kind_functions[kind](lane, &bytes);

		if (code == -EINTR)
			continue;
		if (code == -EINVAL)
			return error_errno(err, code, "the file system refuses (direct=yes?)");
		if (code < 0) {
			lane_error(lane);
			continue;
		}
		lane_time(lane, lane_now_nsec() - begin_nsec);
		lane_count(lane, 1, bytes);
		atomic_fetch_add_explicit(&server->done[kind], 1, memory_order_relaxed);
	}
	return 0;
}

/* The shelf is full at the start. */
static int shelf_fill(struct lane *lane, struct error *err)
{
	const struct shelf *shelf = lane->own;
	uint64_t bytes;
	int code = 0;

	while (code == 0 && lane_goes_on(lane) && shelf->live < shelf->slots &&
	       shelf->live_bytes * 100 < shelf->wanted_bytes * (EMPTY_PERCENT + FULL_PERCENT) / 2)
		code = do_create(lane, &bytes);
	return code < 0 ? error_errno(err, code, "a file of the file server") : 0;
}

static int server_lane_prepare(struct lane *lane, struct error *err)
{
	const struct server_settings *settings = lane->settings;
	struct shelf *shelf = calloc(1, sizeof *shelf);

	if (shelf == NULL)
		return error_errno(err, -ENOMEM, "memory");
	lane->own = shelf;
	shelf->wanted_bytes = settings->size / lane->count;
	/* Files are half as large at the least. */
	shelf->slots = shelf->wanted_bytes / settings->file * 2 + 2;
	shelf->files = calloc(shelf->slots, sizeof *shelf->files);
	shelf->buffer = aligned_alloc(ALIGNED_BYTES, (settings->block + ALIGNED_BYTES - 1) /
							     ALIGNED_BYTES * ALIGNED_BYTES);
	if (shelf->files == NULL || shelf->buffer == NULL)
		return error_errno(err, -ENOMEM, "memory");
	stamp_noise(shelf->buffer, settings->block);
	return shelf_fill(lane, err);
}

static int server_finish(struct job *job, struct error *err)
{
	const struct server *server = job->own;
	unsigned kind;

	for (kind = 0; kind < KINDS; kind++)
		job_result(job, kind_results[kind], (double)atomic_load(&server->done[kind]));
	return 0;
}

static const struct workload_actions actions = {
	.check = server_check,
	.prepare = server_prepare,
	.lane_prepare = server_lane_prepare,
	.run = server_run,
	.finish = server_finish,
	.clean = server_clean,
};

static const struct parameter parameters[] = {
	PARAMETER_STRING(struct server_settings, directory, "directory", NULL,
			 "where its files are; made where only its last part is missing"),
	PARAMETER_NUMBER(struct server_settings, size, "size", PARAMETER_SIZE, "64M", 4096, 1ull << 44,
			 "of all files together"),
	PARAMETER_NUMBER(struct server_settings, file, "file", PARAMETER_SIZE, "64K", SECTOR_BYTES,
			 1ull << 40, "of a file, on average"),
	PARAMETER_NUMBER(struct server_settings, block, "block", PARAMETER_SIZE, "4K", SECTOR_BYTES,
			 64u << 20, "bytes of one read or write"),
	PARAMETER_YES_NO(struct server_settings, direct, "direct", "no",
			 "past the page cache (O_DIRECT)"),
	PARAMETER_YES_NO(struct server_settings, fsync, "fsync", "no",
			 "sync what was created or appended"),
	PARAMETER_NUMBER(struct server_settings, weights[KIND_CREATE], "create", PARAMETER_COUNT, "1",
			 0, 1000, "how often, in proportion"),
	PARAMETER_NUMBER(struct server_settings, weights[KIND_APPEND], "append", PARAMETER_COUNT, "2",
			 0, 1000, "how often, in proportion"),
	PARAMETER_NUMBER(struct server_settings, weights[KIND_READ], "read", PARAMETER_COUNT, "6", 0,
			 1000, "how often, in proportion"),
	PARAMETER_NUMBER(struct server_settings, weights[KIND_DELETE], "delete", PARAMETER_COUNT, "1",
			 0, 1000, "how often, in proportion"),
	PARAMETERS_END,
};

const struct workload file_server_workload = {
	.name = "file-server",
	.summary = "creates, appends to, reads and deletes files",
	.operation = "one file created, appended to, read as a whole, or deleted",
	.notes = "The amount of data stays between 90 and 100 hundredths of its size, or thereabouts: "
		 "what else would be created or deleted is so before the weights count. What is read "
		 "is compared with what was written.",
	.moves_bytes = true,
	.times = true,
	.parameters = parameters,
	.settings_size = sizeof(struct server_settings),
	.actions = &actions,
};
