/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/record.h"

#include "base/error.h"
#include "base/str.h"
#include "model/snapshot.h"
#include "model/snapshot_bytes.h"
#include "record/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

/*
 * A block is what a damaged byte can cost, and what going to a time must read: a quarter of an
 * hour at 1 Hz. Its key frame is then 2 % of the bytes (doc/format/recording.md has the numbers).
 */
#define BLOCK_SNAPSHOTS 300
#define BLOCK_BYTES (8 << 20)

/* zstd has the names and texts to do; the figures come packed. More than level 1, or a larger
 * window, takes memory and gives nothing. */
#define ZSTD_LEVEL 1
#define ZSTD_WINDOW_LOG 17

struct record_writer {
	int fd;
	char *path;
	char *damage;
	struct record_index index; /* its end is where the next chunk goes */
	struct snapshot_encoder *encoder;
	ZSTD_CCtx *zstd;
	struct str frame, chunk;
	bool block_open;
	bool forget; /* made just now, and nothing is in it yet */
	uint64_t block_offset;
	uint64_t last_usec;
};

static int writer_set_up(struct record_writer *writer, struct error *err)
{
	writer->encoder = snapshot_encoder_new();
	writer->zstd = ZSTD_createCCtx();
	if (writer->encoder == NULL || writer->zstd == NULL)
		return error_errno(err, -ENOMEM, "cannot record");
	ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
	ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_windowLog, ZSTD_WINDOW_LOG);
	return 0;
}

/* Whether it was there decides what is left of it when nothing gets recorded. */
static int writer_open_file(struct record_writer *writer)
{
	const int flags = O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = open(writer->path, flags | O_CREAT | O_EXCL, 0644);

	writer->forget = fd >= 0;
	return fd >= 0 || errno != EEXIST ? fd : open(writer->path, flags | O_CREAT, 0644);
}

/* The lock belongs to the open file: it goes when the writer does, however that ends. */
static int writer_open(struct record_writer *writer, struct error *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct stat about;

	writer->fd = writer_open_file(writer);
	if (writer->fd < 0)
		return error_errno(err, -errno, "cannot write %s", writer->path);
	if (fstat(writer->fd, &about) < 0 || !S_ISREG(about.st_mode))
		return error_set(err, -EINVAL, "cannot record into %s: it is not a regular file",
				 writer->path);
	if (fcntl(writer->fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		return error_set(err, -EBUSY, "%s is being recorded by another process",
				 writer->path);
	return error_errno(err, -errno, "cannot lock %s", writer->path);
}

static int write_at(int fd, const char *bytes, size_t size, uint64_t offset)
{
	while (size > 0) {
		ssize_t done = pwrite(fd, bytes, size, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		bytes += done;
		size -= (size_t)done;
		offset += (uint64_t)done;
	}
	return 0;
}

/* Half a header is what is left of a writer that was killed in its first instant. */
static bool header_is_torn(int fd, uint64_t size)
{
	char wanted[RECORD_HEADER_SIZE], there[RECORD_HEADER_SIZE];

	record_header_make(wanted);
	return size < RECORD_HEADER_SIZE &&
	       pread(fd, there, (size_t)size, 0) == (ssize_t)size &&
	       memcmp(wanted, there, (size_t)size) == 0;
}

static int writer_begin_file(struct record_writer *writer, struct error *err)
{
	char header[RECORD_HEADER_SIZE];
	int r;

	record_header_make(header);
	r = write_at(writer->fd, header, sizeof header, 0);
	if (r < 0) {
		(void)!ftruncate(writer->fd, 0);
		return error_errno(err, r, "cannot write %s", writer->path);
	}
	return 0;
}

/* What stands behind the last whole chunk is half of one: nobody can read it. */
static int writer_cut_tail(struct record_writer *writer, uint64_t size, struct error *err)
{
	uint64_t end = writer->index.end;

	if (size <= end)
		return 0;
	if (ftruncate(writer->fd, (off_t)end) < 0)
		return error_errno(err, -errno, "cannot cut the torn end off %s", writer->path);
	if (asprintf(&writer->damage,
		     "%s: cut off its last %llu bytes, half a snapshot that was never finished",
		     writer->path, (unsigned long long)(size - end)) < 0)
		writer->damage = NULL;
	return 0;
}

static int writer_begin(struct record_writer *writer, struct error *err)
{
	struct stat about;
	uint64_t size;
	int r;

	if (fstat(writer->fd, &about) < 0)
		return error_errno(err, -errno, "cannot read %s", writer->path);
	size = (uint64_t)about.st_size;
	if (header_is_torn(writer->fd, size))
		return writer_begin_file(writer, err);
	r = record_header_check(writer->fd, writer->path, err);
	if (r < 0)
		return error_prefix(err, "cannot append");
	r = record_index_read(&writer->index, writer->fd);
	if (r < 0)
		return error_errno(err, r, "cannot read %s", writer->path);
	return writer_cut_tail(writer, size, err);
}

struct record_writer *record_writer_new(const char *path, struct error *err)
{
	struct record_writer *writer = calloc(1, sizeof *writer);

	if (writer == NULL || (writer->path = strdup(path)) == NULL) {
		error_errno(err, -ENOMEM, "cannot record");
		free(writer);
		return NULL;
	}
	writer->fd = -1;
	record_index_init(&writer->index);
	if (writer_set_up(writer, err) == 0 && writer_open(writer, err) == 0 &&
	    writer_begin(writer, err) == 0)
		return writer;
	record_writer_free(writer);
	return NULL;
}

const char *record_writer_damage(const struct record_writer *writer)
{
	return writer->damage;
}

uint64_t record_writer_size(const struct record_writer *writer)
{
	return writer->index.end;
}

static bool block_is_full(const struct record_writer *writer)
{
	const struct record_index *index = &writer->index;

	return index->blocks[index->count - 1].count >= BLOCK_SNAPSHOTS ||
	       index->end - writer->block_offset >= BLOCK_BYTES;
}

/* Appends what zstd makes of the frame, up to the last byte. */
static int chunk_compress(struct record_writer *writer)
{
	ZSTD_inBuffer in = { writer->frame.data, writer->frame.length, 0 };
	size_t left;

	do {
		struct str *chunk = &writer->chunk;
		size_t room = ZSTD_compressBound(in.size - in.pos) + 64, length = chunk->length;
		ZSTD_outBuffer out;

		if (!str_resize(chunk, length + room))
			return -ENOMEM;
		out = (ZSTD_outBuffer){ chunk->data + length, room, 0 };
		left = ZSTD_compressStream2(writer->zstd, &out, &in, ZSTD_e_flush);
		str_resize(chunk, length + out.pos);
		if (ZSTD_isError(left))
			return -ENOMEM;
	} while (left > 0);
	return 0;
}

static int chunk_make(struct record_writer *writer, const struct snapshot *snapshot, bool key)
{
	static const char blank[CHUNK_HEADER_SIZE];
	int r;

	str_clear(&writer->frame);
	str_clear(&writer->chunk);
	str_append_bytes(&writer->chunk, blank, sizeof blank);
	if (key)
		ZSTD_CCtx_reset(writer->zstd, ZSTD_reset_session_only);
	r = snapshot_encode(writer->encoder, snapshot, key, &writer->frame);
	if (r == 0)
		r = chunk_compress(writer);
	if (r == 0 && writer->chunk.length > CHUNK_LARGEST)
		r = -EFBIG;
	return r;
}

static int chunk_write(struct record_writer *writer, const struct snapshot *snapshot, bool key)
{
	struct chunk chunk = { .kind = key ? CHUNK_BLOCK : CHUNK_SNAPSHOT,
			       .offset = writer->index.end,
			       .size = (uint32_t)(writer->chunk.length - CHUNK_HEADER_SIZE),
			       .realtime_usec = snapshot->realtime_usec };
	int r;

	chunk_seal(&writer->chunk, chunk.kind, chunk.realtime_usec);
	r = write_at(writer->fd, writer->chunk.data, writer->chunk.length, chunk.offset);
	if (r < 0) {
		(void)!ftruncate(writer->fd, (off_t)chunk.offset);
		return r;
	}
	if (key)
		writer->block_offset = chunk.offset;
	return record_index_add(&writer->index, &chunk);
}

int record_write(struct record_writer *writer, const struct snapshot *snapshot, struct error *err)
{
	bool key = !writer->block_open || block_is_full(writer);
	int r = chunk_make(writer, snapshot, key);

	if (r == 0)
		r = chunk_write(writer, snapshot, key);
	writer->block_open = r == 0;
	writer->forget = writer->forget && r < 0;
	writer->last_usec = snapshot->realtime_usec;
	if (r < 0)
		return error_errno(err, r, "cannot write a snapshot to %s", writer->path);
	return 0;
}

int record_writer_finish(struct record_writer *writer, struct error *err)
{
	uint64_t offset = writer->index.end;
	int r;

	str_clear(&writer->chunk);
	record_index_append(&writer->index, offset, writer->last_usec, &writer->chunk);
	r = writer->chunk.failed ? -ENOMEM :
	    write_at(writer->fd, writer->chunk.data, writer->chunk.length, offset);
	if (r == 0) {
		writer->index.end += writer->chunk.length;
		writer->block_open = writer->forget = false;
		return 0;
	}
	(void)!ftruncate(writer->fd, (off_t)offset);
	return error_errno(err, r, "cannot write the index of %s", writer->path);
}

/* Not when somebody has put another file into its place. */
static bool writer_is_of_path(const struct record_writer *writer)
{
	struct stat own, there;

	return fstat(writer->fd, &own) == 0 && lstat(writer->path, &there) == 0 &&
	       own.st_dev == there.st_dev && own.st_ino == there.st_ino;
}

void record_writer_free(struct record_writer *writer)
{
	if (writer == NULL)
		return;
	if (writer->fd >= 0 && writer->forget && writer_is_of_path(writer))
		unlink(writer->path);
	if (writer->fd >= 0)
		close(writer->fd);
	record_index_done(&writer->index);
	snapshot_encoder_free(writer->encoder);
	ZSTD_freeCCtx(writer->zstd);
	str_done(&writer->frame);
	str_done(&writer->chunk);
	free(writer->damage);
	free(writer->path);
	free(writer);
}
