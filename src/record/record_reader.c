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

/* What a hostile block may make zstd hold, and the largest frame that is taken. */
#define WINDOW_LOG_LARGEST 23
#define FRAME_LARGEST ((size_t)64 << 20)

struct record_reader {
	int fd;
	char *path;
	struct record_index index;
	struct snapshot_decoder *decoder;
	ZSTD_DCtx *zstd;
	struct str contents, frame;
	const struct snapshot *snapshot; /* the last one decoded */
	uint64_t offset;                 /* of the next chunk */
	bool in_stream;                  /* the next chunk continues what has been decoded */
	bool pending;                    /* `snapshot` is yet to be returned by record_next */
	unsigned damaged_places;
	uint64_t first_damage, lost;
	uint64_t noted;                  /* damage before this offset has been counted */
	uint64_t torn;                   /* bytes of half a chunk at the end */
	char damage[512];
};

static int reader_open(struct record_reader *reader, struct error *err)
{
	struct stat about;
	int r;

	reader->fd = open(reader->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (reader->fd < 0)
		return error_errno(err, -errno, "cannot read %s", reader->path);
	if (fstat(reader->fd, &about) < 0 || !S_ISREG(about.st_mode))
		return error_set(err, -EINVAL, "%s is no recording: it is not a regular file",
				 reader->path);
	r = record_header_check(reader->fd, reader->path, err);
	if (r < 0)
		return r;
	r = record_index_read(&reader->index, reader->fd);
	if (r < 0)
		return error_errno(err, r, "cannot read %s", reader->path);
	return 0;
}

struct record_reader *record_reader_new(const char *path, struct error *err)
{
	struct record_reader *reader = calloc(1, sizeof *reader);

	if (reader == NULL) {
		error_errno(err, -ENOMEM, "cannot read %s", path);
		return NULL;
	}
	reader->fd = -1;
	reader->offset = RECORD_HEADER_SIZE;
	record_index_init(&reader->index);
	reader->path = strdup(path);
	reader->decoder = snapshot_decoder_new();
	reader->zstd = ZSTD_createDCtx();
	if (reader->path == NULL || reader->decoder == NULL || reader->zstd == NULL)
		error_errno(err, -ENOMEM, "cannot read %s", path);
	else if (reader_open(reader, err) == 0 &&
		 !ZSTD_isError(ZSTD_DCtx_setParameter(reader->zstd, ZSTD_d_windowLogMax,
						      WINDOW_LOG_LARGEST)))
		return reader;
	record_reader_free(reader);
	return NULL;
}

void record_reader_free(struct record_reader *reader)
{
	if (reader == NULL)
		return;
	if (reader->fd >= 0)
		close(reader->fd);
	record_index_done(&reader->index);
	snapshot_decoder_free(reader->decoder);
	ZSTD_freeDCtx(reader->zstd);
	str_done(&reader->contents);
	str_done(&reader->frame);
	free(reader->path);
	free(reader);
}

/* The sentence of record_reader_damage, anew after each damage. */
static void reader_tell_damage(struct record_reader *reader)
{
	if (reader->damaged_places > 0)
		snprintf(reader->damage, sizeof reader->damage,
			 "%s is damaged in %u place%s, the first at byte %llu; left out up to the next "
			 "good block: %llu snapshot%s", reader->path, reader->damaged_places,
			 reader->damaged_places == 1 ? "" : "s",
			 (unsigned long long)reader->first_damage,
			 (unsigned long long)reader->lost, reader->lost == 1 ? "" : "s");
	else
		snprintf(reader->damage, sizeof reader->damage,
			 "%s ends in half a snapshot, %llu bytes, which is left out", reader->path,
			 (unsigned long long)reader->torn);
}

/* Damage is counted once, however often one passes by. */
static void reader_note_lost(struct record_reader *reader, uint64_t offset, bool damaged)
{
	reader->in_stream = false;
	if (offset < reader->noted)
		return;
	if (damaged && reader->damaged_places++ == 0)
		reader->first_damage = offset;
	reader->noted = offset + 1;
	reader->lost++;
	reader_tell_damage(reader);
}

const char *record_reader_damage(const struct record_reader *reader)
{
	return reader->damage[0] != '\0' ? reader->damage : NULL;
}

/* A writer at work holds a lock on the file; what is half there is then on its way. */
static bool reader_sees_writer(const struct record_reader *reader)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	return fcntl(reader->fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static void reader_note_tail(struct record_reader *reader)
{
	struct stat about;

	if (reader->torn != 0 || reader_sees_writer(reader) || fstat(reader->fd, &about) < 0)
		return;
	reader->torn = (uint64_t)about.st_size - reader->offset;
	reader_tell_damage(reader);
}

/* Behind a place without a chunk: to the next one (1), or to the end (0). */
static int reader_pass_gap(struct record_reader *reader)
{
	struct chunk chunk;
	int found = chunk_search(reader->fd, reader->offset, &chunk);

	if (found < 0)
		return found;
	if (found != CHUNK_GOOD) {
		reader_note_tail(reader);
		return 0;
	}
	reader_note_lost(reader, reader->offset, true);
	reader->offset = chunk.offset;
	return 1;
}

/* What the contents were before zstd: all of it belongs to one frame. */
static bool reader_unpack(struct record_reader *reader)
{
	ZSTD_inBuffer in = { reader->contents.data, reader->contents.length, 0 };
	size_t done = 0;

	for (;;) {
		ZSTD_outBuffer out;
		size_t r;

		if (done >= FRAME_LARGEST || !str_resize(&reader->frame, done + (64 << 10)))
			return false;
		out = (ZSTD_outBuffer){ reader->frame.data + done, 64 << 10, 0 };
		r = ZSTD_decompressStream(reader->zstd, &out, &in);
		if (ZSTD_isError(r))
			return false;
		done += out.pos;
		if (in.pos == in.size && out.pos < out.size)
			break;
	}
	return str_resize(&reader->frame, done);
}

/* 1: a snapshot; 0: this chunk gives none; negative. */
static int reader_take_chunk(struct record_reader *reader, const struct chunk *chunk,
			     struct error *err)
{
	struct error reason = { 0 };
	int r;

	reader->offset = chunk_end(chunk);
	if (chunk->kind == CHUNK_BLOCK) {
		ZSTD_DCtx_reset(reader->zstd, ZSTD_reset_session_only);
		reader->in_stream = true;
	} else if (chunk->kind != CHUNK_SNAPSHOT) {
		return 0;
	}
	if (!reader->in_stream) {
		reader_note_lost(reader, chunk->offset, false);
		return 0;
	}
	r = chunk_read_contents(reader->fd, chunk, &reader->contents);
	if (r < 0)
		return error_errno(err, r, "cannot read %s", reader->path);
	r = r != CHUNK_GOOD || !reader_unpack(reader) ? -EBADMSG :
	    snapshot_decode(reader->decoder, reader->frame.data, reader->frame.length,
			    &reader->snapshot, &reason);
	if (r == -EPROTONOSUPPORT)
		return error_set(err, r, "%s: %s", reader->path, reason.text);
	if (r < 0) {
		reader_note_lost(reader, chunk->offset, true);
		return 0;
	}
	return 1;
}

/* Decodes the next snapshot there is. */
static int reader_step(struct record_reader *reader, struct error *err)
{
	int r = 0;

	while (r == 0) {
		struct chunk chunk;
		int found = chunk_look(reader->fd, reader->offset, &chunk);

		if (found == CHUNK_END)
			return 0;
		if (found == CHUNK_NONE || found == CHUNK_TORN) {
			found = reader_pass_gap(reader);
			if (found == 0)
				return 0;
		} else if (found >= 0) {
			r = reader_take_chunk(reader, &chunk, err);
		}
		if (found < 0)
			return error_errno(err, found, "cannot read %s", reader->path);
	}
	return r;
}

int record_next(struct record_reader *reader, const struct snapshot **ret, struct error *err)
{
	int r = reader->pending ? 1 : reader_step(reader, err);

	reader->pending = false;
	if (r == 1)
		*ret = reader->snapshot;
	return r;
}

int record_seek(struct record_reader *reader, uint64_t realtime_usec, struct error *err)
{
	const struct record_index *index = &reader->index;
	size_t block = 0;
	int r = record_index_walk(&reader->index, reader->fd);

	if (r < 0)
		return error_errno(err, r, "cannot read %s", reader->path);
	while (block < index->count && index->blocks[block].last_usec < realtime_usec)
		block++;
	reader->offset = block < index->count ? index->blocks[block].offset : index->end;
	reader->in_stream = false;
	do
		r = reader_step(reader, err);
	while (r == 1 && reader->snapshot->realtime_usec < realtime_usec);
	reader->pending = r == 1;
	return r < 0 ? r : 0;
}

bool record_reader_span(const struct record_reader *reader, uint64_t *ret_first_usec,
			uint64_t *ret_last_usec)
{
	const struct record_index *index = &reader->index;

	if (index->count == 0)
		return false;
	*ret_first_usec = index->blocks[0].first_usec;
	*ret_last_usec = index->blocks[index->count - 1].last_usec;
	return true;
}
