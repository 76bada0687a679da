/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/disk_file.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "work/kinds.h"
#include "work/stamp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define CHUNK_BYTES (1u << 20)
#define ALIGNED_BYTES 4096u

const char *const disk_orders[] = { "sequential", "random", NULL };

int disk_check(const void *pointer, struct error *err)
{
	const struct disk_settings *settings = pointer;

	if (settings->block % SECTOR_BYTES != 0)
		return error_set(err, -EINVAL, "block is in whole sectors of %u bytes", SECTOR_BYTES);
	if (settings->size % settings->block != 0)
		return error_set(err, -EINVAL, "size is in whole blocks");
	if (settings->size / settings->block < settings->common.threads)
		return error_set(err, -EINVAL, "there is less than a block for each thread");
	return 0;
}

/* The kind of file, and how much is in it. */
static int file_size(int fd, const struct disk_settings *settings, uint64_t *ret_bytes,
		     struct error *err)
{
	struct stat about;

	if (fstat(fd, &about) < 0)
		return error_errno(err, -errno, "%s", settings->file);
	if (S_ISREG(about.st_mode)) {
		*ret_bytes = (uint64_t)about.st_size;
		return 0;
	}
	if (!S_ISBLK(about.st_mode))
		return error_set(err, -EINVAL, "%s is neither a file nor a block device",
				 settings->file);
	if (ioctl(fd, BLKGETSIZE64, ret_bytes) < 0)
		return error_errno(err, -errno, "%s", settings->file);
	if (*ret_bytes < settings->size)
		return error_set(err, -ENOSPC, "%s has %llu bytes only", settings->file,
				 (unsigned long long)*ret_bytes);
	return 0;
}

static bool is_blank(const char *bytes, size_t size)
{
	return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* Whether what it holds may be overwritten: its beginning is ours, or nothing. */
static int check_owner(int fd, const struct disk_settings *settings, uint64_t held, char *chunk,
		       struct error *err)
{
	ssize_t size;

	if (held == 0 || settings->overwrite)
		return 0;
	size = pread(fd, chunk, CHUNK_BYTES, 0);
	if (size < 0)
		return error_errno(err, -errno, "%s", settings->file);
	if (size >= (ssize_t)SECTOR_BYTES && stamp_is_any(chunk, SECTOR_BYTES, DISK_KEY, 0))
		return 0;
	if (is_blank(chunk, (size_t)size))
		return 0;
	return error_set(err, -EEXIST, "%s holds something else; overwrite=yes overwrites it",
			 settings->file);
}

static bool sector_is_ours(int fd, uint64_t offset)
{
	char sector[SECTOR_BYTES];

	return pread(fd, sector, sizeof sector, (off_t)offset) == sizeof sector &&
	       stamp_is_any(sector, sizeof sector, DISK_KEY, offset);
}

/* From an earlier time, and not cut short: its sectors are looked at here and there. */
static bool is_whole(int fd, const struct disk_settings *settings, uint64_t held)
{
	uint64_t offset;

	if (held < settings->size || !sector_is_ours(fd, settings->size - SECTOR_BYTES))
		return false;
	for (offset = 0; offset < settings->size; offset += CHUNK_BYTES)
		if (!sector_is_ours(fd, offset))
			return false;
	return true;
}

static int fill(int fd, const struct disk_settings *settings, char *chunk, struct error *err)
{
	uint64_t offset = 0;

	stamp_noise(chunk, CHUNK_BYTES);
	while (offset < settings->size) {
		uint64_t left = settings->size - offset;
		size_t part = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
		ssize_t size;

		stamp_put(chunk, part, DISK_KEY, offset, 0);
		size = pwrite(fd, chunk, part, (off_t)offset);
		if (size != (ssize_t)part)
			return error_errno(err, size < 0 ? -errno : -ENOSPC,
					   "%s, after %llu of %llu bytes", settings->file,
					   (unsigned long long)offset,
					   (unsigned long long)settings->size);
		offset += part;
	}
	return 0;
}

static int make_content(int fd, const struct disk_settings *settings, bool reuse,
			struct error *err)
{
	CLEANUP_FREE char *chunk = malloc(CHUNK_BYTES);
	uint64_t held;
	int code;

	if (chunk == NULL)
		return error_errno(err, -ENOMEM, "memory");
	code = file_size(fd, settings, &held, err);
	if (code == 0)
		code = check_owner(fd, settings, held, chunk, err);
	if (code == 0 && (!reuse || !is_whole(fd, settings, held)))
		code = fill(fd, settings, chunk, err);
	if (code == 0 && fdatasync(fd) < 0)
		code = error_errno(err, -errno, "%s", settings->file);
	return code;
}

/* Opens what is there, or makes it and, unless it is to be kept, takes its name away at once. */
static int file_open(const struct disk_settings *settings, int *ret_fd, struct error *err)
{
	int fd = open(settings->file, O_RDWR | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		fd = open(settings->file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0 && !settings->keep)
			unlink(settings->file);
	}
	if (fd < 0)
		return error_errno(err, -errno, "%s", settings->file);
	*ret_fd = fd;
	return 0;
}

static int cache_set(int fd, const struct disk_settings *settings, struct error *err)
{
	/* Clean by now, so that all of it can go. */
	if (settings->cold || settings->direct)
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (settings->order == DISK_RANDOM)
		posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	if (settings->direct && fcntl(fd, F_SETFL, O_DIRECT) < 0)
		return error_errno(err, -errno, "%s: direct=yes", settings->file);
	return 0;
}

static int generations_make(struct disk_file *file, struct error *err)
{
	void *memory = mmap(NULL, file->blocks * sizeof *file->generations, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		return error_errno(err, -errno, "memory for %llu blocks",
				   (unsigned long long)file->blocks);
	file->generations = memory;
	return 0;
}

int disk_prepare(struct job *job, struct error *err)
{
	const struct disk_settings *settings = job->settings;
	struct disk_file *file = calloc(1, sizeof *file);
	int code;

	if (file == NULL)
		return error_errno(err, -ENOMEM, "memory");
	job->own = file;
	file->blocks = settings->size / settings->block;
	code = file_open(settings, &file->fd, err);
	if (code == 0)
		/* A writer must know what each block holds; a reader takes what is ours. */
		code = make_content(file->fd, settings, job->workload == &disk_read_workload, err);
	if (code == 0)
		code = cache_set(file->fd, settings, err);
	if (code == 0)
		code = generations_make(file, err);
	return code;
}

int disk_lane_prepare(struct lane *lane, struct error *err)
{
	const struct disk_settings *settings = lane->settings;
	const struct disk_file *file = lane->job->own;
	struct disk_walk *walk = calloc(1, sizeof *walk);

	lane->own = walk;
	if (walk != NULL)
		walk->buffer = aligned_alloc(ALIGNED_BYTES, (settings->block + ALIGNED_BYTES - 1) /
								    ALIGNED_BYTES * ALIGNED_BYTES);
	if (walk == NULL || walk->buffer == NULL)
		return error_errno(err, -ENOMEM, "a block's memory");
	stamp_noise(walk->buffer, settings->block);
	walk->count = file->blocks / lane->count;
	walk->first = walk->count * lane->index;
	return 0;
}

uint64_t disk_next_block(struct lane *lane)
{
	const struct disk_settings *settings = lane->settings;
	const struct disk_file *file = lane->job->own;
	struct disk_walk *walk = lane->own;
	uint64_t block;

	if (settings->order == DISK_RANDOM)
		return lane_random_below(lane, file->blocks);
	block = walk->first + walk->at;
	walk->at = walk->at + 1 < walk->count ? walk->at + 1 : 0;
	return block;
}

int disk_outcome(struct lane *lane, ssize_t size, struct error *err, bool *ret_done)
{
	const struct disk_settings *settings = lane->settings;
	int code = size < 0 ? -errno : 0;

	*ret_done = size == (ssize_t)settings->block;
	if (*ret_done || code == -EINTR)
		return code;
	/* What a disk does wrong is counted; what we do wrong ends it. */
	if (code == -EIO || code == -ENOSPC || code == -EDQUOT || code == -ENODATA || size >= 0) {
		lane_error(lane);
		return 0;
	}
	return error_errno(err, code, "%s", settings->file);
}
