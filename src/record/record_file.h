/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file below recordings: a header, then chunks, each with its kind, size, time and two
 * checksums: one of its own header, so that the way to the next chunk is known even when its
 * contents are damaged, and one of the contents. Here is how to find one's way in it: to one
 * chunk, to the next one after damage, to the blocks. Nothing is believed unchecked.
 */
#ifndef RECORD_RECORD_FILE_H
#define RECORD_RECORD_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct str;

#define RECORD_MAGIC "TRUCEREC"
#define RECORD_VERSION 1

enum {
	RECORD_HEADER_SIZE = 16,
	CHUNK_HEADER_SIZE = 24,
	CHUNK_LARGEST = 64 << 20, /* a key frame of 10,000 VMs is 4 MB */
};

enum chunk_kind {
	CHUNK_BLOCK = 'B',    /* a key frame, and the beginning of a zstd frame */
	CHUNK_SNAPSHOT = 'S', /* the next snapshot of the block */
	CHUNK_INDEX = 'I',    /* where the blocks are */
	CHUNK_TRAILER = 'T',  /* where the index is: the last bytes of a file closed properly */
};

struct chunk {
	enum chunk_kind kind;
	uint64_t offset;
	uint32_t size; /* of the contents */
	uint32_t checksum;
	uint64_t realtime_usec;
};

struct record_block {
	uint64_t offset;
	uint64_t first_usec, last_usec;
	uint64_t count;
};

struct record_index {
	struct record_block *blocks;
	size_t count, capacity;
	uint64_t end; /* of the last whole chunk: there a walk goes on, and a writer */
};

enum chunk_found {
	CHUNK_GOOD,
	CHUNK_END,     /* the file ends just there */
	CHUNK_TORN,    /* it ends within the chunk */
	CHUNK_NONE,    /* there is no chunk */
	CHUNK_DAMAGED, /* there is one, with other contents than were written */
};

/* Writes a chunk's header into the first CHUNK_HEADER_SIZE bytes, which the contents follow. */
void chunk_seal(struct str *chunk, enum chunk_kind kind, uint64_t realtime_usec);
static inline uint64_t chunk_end(const struct chunk *chunk)
{
	return chunk->offset + CHUNK_HEADER_SIZE + chunk->size;
}

/* These return an enum chunk_found; negative: the file cannot be read, no memory. */
/* The chunk at that offset, its contents not looked at: no CHUNK_DAMAGED. */
int chunk_look(int fd, uint64_t offset, struct chunk *ret);
int chunk_read_contents(int fd, const struct chunk *chunk, struct str *ret);
/* The first chunk after that offset: CHUNK_GOOD or CHUNK_END. */
int chunk_search(int fd, uint64_t offset, struct chunk *ret);

/* Reads and judges the header. -EBADMSG, -EPROTONOSUPPORT, with a sentence on the file `path`. */
int record_header_check(int fd, const char *path, struct error *err);
void record_header_make(char ret[RECORD_HEADER_SIZE]);

void record_index_init(struct record_index *index);
void record_index_done(struct record_index *index);
/* Notes one chunk. -ENOMEM. */
int record_index_add(struct record_index *index, const struct chunk *chunk);
/* From the trailer where there is a good one, else along the chunks. -ENOMEM, -EIO. */
int record_index_read(struct record_index *index, int fd);
/* Along the chunks that came behind what the index knows. */
int record_index_walk(struct record_index *index, int fd);
/* Appends an index chunk and a trailer for it, to be written at `offset`. */
void record_index_append(const struct record_index *index, uint64_t offset,
			 uint64_t realtime_usec, struct str *out);

#endif
