/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/record_file.h"

#include "base/error.h"
#include "base/str.h"
#include "base/varint.h"
#include "base/vec.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define CHUNK_MARK "Trc"
#define TRAILER_SIZE (CHUNK_HEADER_SIZE + 8)
#define SEARCH_STEP (256 << 10)

static void put_u32(char *to, uint32_t number)
{
	number = htole32(number);
	memcpy(to, &number, sizeof number);
}

static void put_u64(char *to, uint64_t number)
{
	number = htole64(number);
	memcpy(to, &number, sizeof number);
}

static uint32_t get_u32(const char *from)
{
	uint32_t number;

	memcpy(&number, from, sizeof number);
	return le32toh(number);
}

static uint64_t get_u64(const char *from)
{
	uint64_t number;

	memcpy(&number, from, sizeof number);
	return le64toh(number);
}

/* The lower half of XXH64: one damage in four thousand millions goes unseen. */
static uint32_t checksum(const char *bytes, size_t size)
{
	return (uint32_t)XXH64(bytes, size, 0);
}

static void chunk_seal_at(char *header, size_t size, enum chunk_kind kind, uint64_t realtime_usec)
{
	memcpy(header, CHUNK_MARK, 3);
	header[3] = (char)kind;
	put_u32(header + 4, (uint32_t)size);
	put_u64(header + 8, realtime_usec);
	put_u32(header + 16, checksum(header + CHUNK_HEADER_SIZE, size));
	put_u32(header + 20, checksum(header, 20));
}

void chunk_seal(struct str *chunk, enum chunk_kind kind, uint64_t realtime_usec)
{
	chunk_seal_at(chunk->data, chunk->length - CHUNK_HEADER_SIZE, kind, realtime_usec);
}

/* As many bytes as there are up to size; negative errno. */
static ssize_t read_at(int fd, char *buffer, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = pread(fd, buffer + done, size - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

static bool chunk_parse(const char *header, uint64_t offset, struct chunk *ret)
{
	if (memcmp(header, CHUNK_MARK, 3) != 0 || get_u32(header + 20) != checksum(header, 20))
		return false;
	ret->kind = (enum chunk_kind)header[3];
	ret->offset = offset;
	ret->size = get_u32(header + 4);
	ret->realtime_usec = get_u64(header + 8);
	ret->checksum = get_u32(header + 16);
	return ret->size <= CHUNK_LARGEST;
}

int chunk_look(int fd, uint64_t offset, struct chunk *ret)
{
	char header[CHUNK_HEADER_SIZE];
	ssize_t got = read_at(fd, header, sizeof header, offset);
	char last;

	if (got < 0)
		return (int)got;
	if (got == 0)
		return CHUNK_END;
	if (got < CHUNK_HEADER_SIZE)
		return memcmp(header, CHUNK_MARK, got < 3 ? (size_t)got : 3) == 0 ? CHUNK_TORN :
										    CHUNK_NONE;
	if (!chunk_parse(header, offset, ret))
		return CHUNK_NONE;
	got = ret->size == 0 ? 1 : read_at(fd, &last, 1, chunk_end(ret) - 1);
	return got < 0 ? (int)got : got == 0 ? CHUNK_TORN : CHUNK_GOOD;
}

int chunk_read_contents(int fd, const struct chunk *chunk, struct str *ret)
{
	ssize_t got;

	if (!str_resize(ret, chunk->size))
		return -ENOMEM;
	got = read_at(fd, ret->data, chunk->size, chunk->offset + CHUNK_HEADER_SIZE);
	if (got < 0)
		return (int)got;
	if ((size_t)got < chunk->size)
		return CHUNK_TORN;
	return checksum(ret->data, chunk->size) == chunk->checksum ? CHUNK_GOOD : CHUNK_DAMAGED;
}

/* Every mark might begin a chunk; the checksum of its header decides. */
static int chunk_search_step(int fd, const char *bytes, size_t size, uint64_t offset,
			     struct chunk *ret)
{
	const char *at = bytes, *end = bytes + size;

	while ((at = memmem(at, (size_t)(end - at), CHUNK_MARK, 3)) != NULL) {
		int found = chunk_look(fd, offset + (uint64_t)(at - bytes), ret);

		if (found < 0 || found == CHUNK_GOOD)
			return found;
		at++;
	}
	return CHUNK_END;
}

int chunk_search(int fd, uint64_t offset, struct chunk *ret)
{
	int found = CHUNK_END;
	struct str step;
	ssize_t got;

	str_init(&step);
	offset++;
	do {
		got = str_resize(&step, SEARCH_STEP) ? read_at(fd, step.data, SEARCH_STEP, offset) :
						       -ENOMEM;
		if (got < (ssize_t)strlen(CHUNK_MARK)) {
			found = got < 0 ? (int)got : CHUNK_END;
			break;
		}
		found = chunk_search_step(fd, step.data, (size_t)got, offset, ret);
		offset += (uint64_t)got - 2; /* a mark may lie across two steps */
	} while (found == CHUNK_END);
	str_done(&step);
	return found;
}

void record_header_make(char ret[RECORD_HEADER_SIZE])
{
	memset(ret, 0, RECORD_HEADER_SIZE);
	memcpy(ret, RECORD_MAGIC, 8);
	put_u32(ret + 8, RECORD_VERSION);
}

int record_header_check(int fd, const char *path, struct error *err)
{
	char header[RECORD_HEADER_SIZE];
	ssize_t got = read_at(fd, header, sizeof header, 0);
	unsigned version;

	if (got < 0)
		return error_errno(err, (int)got, "cannot read %s", path);
	if (got == 0)
		return error_set(err, -EBADMSG, "%s is empty: it is no recording of Truce", path);
	if ((size_t)got < sizeof header || memcmp(header, RECORD_MAGIC, 8) != 0)
		return error_set(err, -EBADMSG, "%s is no recording of Truce", path);
	version = get_u32(header + 8);
	if (version != RECORD_VERSION)
		return error_set(err, -EPROTONOSUPPORT,
				 "%s is a recording of version %u, and this Truce reads version %d: "
				 "use the Truce that wrote it, or a newer one",
				 path, version, RECORD_VERSION);
	return 0;
}

void record_index_init(struct record_index *index)
{
	memset(index, 0, sizeof *index);
	index->end = RECORD_HEADER_SIZE;
}

void record_index_done(struct record_index *index)
{
	free(index->blocks);
	record_index_init(index);
}

int record_index_add(struct record_index *index, const struct chunk *chunk)
{
	struct record_block *block;

	if (chunk->kind == CHUNK_BLOCK) {
		if (!VEC_RESERVE(index->blocks, index->capacity, index->count + 1))
			return -ENOMEM;
		block = &index->blocks[index->count++];
		block->offset = chunk->offset;
		block->first_usec = chunk->realtime_usec;
		block->last_usec = chunk->realtime_usec;
		block->count = 1;
	} else if (chunk->kind == CHUNK_SNAPSHOT && index->count > 0) {
		block = &index->blocks[index->count - 1];
		block->last_usec = chunk->realtime_usec;
		block->count++;
	}
	index->end = chunk_end(chunk);
	return 0;
}

/* Offsets must rise, within the file. */
static bool index_parse(struct record_index *index, const struct str *contents, uint64_t size)
{
	struct cursor bytes = cursor_over(contents->data, contents->length);
	uint64_t count, offset = 0, time = 0, step, first, last;
	size_t i;

	if (!varint_take(&bytes, &count) || count > contents->length ||
	    !VEC_RESERVE(index->blocks, index->capacity, count))
		return false;
	for (i = 0; i < count; i++) {
		struct record_block *block = &index->blocks[i];

		if (!varint_take(&bytes, &step) || !varint_take(&bytes, &first) ||
		    !varint_take(&bytes, &last) || !varint_take(&bytes, &block->count) ||
		    step == 0 || step >= size - offset)
			return false;
		block->offset = offset += step;
		block->first_usec = time += (uint64_t)varint_unfold(first);
		block->last_usec = block->first_usec + (uint64_t)varint_unfold(last);
	}
	index->count = count;
	return cursor_at_end(&bytes);
}

static bool read_chunk_of_kind(int fd, uint64_t offset, enum chunk_kind kind,
			       struct str *contents)
{
	struct chunk chunk;

	return chunk_look(fd, offset, &chunk) == CHUNK_GOOD && chunk.kind == kind &&
	       chunk_read_contents(fd, &chunk, contents) == CHUNK_GOOD;
}

/* True when the file ends with a trailer that leads to a good index. */
static bool index_from_trailer(struct record_index *index, int fd, uint64_t size)
{
	struct str contents;
	bool good;

	str_init(&contents);
	good = size >= RECORD_HEADER_SIZE + TRAILER_SIZE &&
	       read_chunk_of_kind(fd, size - TRAILER_SIZE, CHUNK_TRAILER, &contents) &&
	       contents.length == 8 && get_u64(contents.data) < size &&
	       read_chunk_of_kind(fd, get_u64(contents.data), CHUNK_INDEX, &contents) &&
	       index_parse(index, &contents, size);
	str_done(&contents);
	if (good)
		index->end = size;
	else
		index->count = 0;
	return good;
}

int record_index_walk(struct record_index *index, int fd)
{
	struct chunk chunk;
	int found;

	do {
		found = chunk_look(fd, index->end, &chunk);
		if (found == CHUNK_NONE || found == CHUNK_TORN)
			found = chunk_search(fd, index->end, &chunk);
		if (found == CHUNK_GOOD && record_index_add(index, &chunk) < 0)
			found = -ENOMEM;
	} while (found == CHUNK_GOOD);
	return found < 0 ? found : 0;
}

int record_index_read(struct record_index *index, int fd)
{
	struct stat about;

	if (fstat(fd, &about) < 0)
		return -errno;
	if (index_from_trailer(index, fd, (uint64_t)about.st_size))
		return 0;
	return record_index_walk(index, fd);
}

void record_index_append(const struct record_index *index, uint64_t offset,
			 uint64_t realtime_usec, struct str *out)
{
	static const char blank[CHUNK_HEADER_SIZE];
	uint64_t before = 0, time = 0;
	size_t begin = out->length, i;
	char trailer[8];

	str_append_bytes(out, blank, sizeof blank);
	varint_append(out, index->count);
	for (i = 0; i < index->count; i++) {
		const struct record_block *block = &index->blocks[i];

		varint_append(out, block->offset - before);
		varint_append(out, varint_fold((int64_t)(block->first_usec - time)));
		varint_append(out, varint_fold((int64_t)(block->last_usec - block->first_usec)));
		varint_append(out, block->count);
		before = block->offset;
		time = block->first_usec;
	}
	if (!out->failed)
		chunk_seal_at(out->data + begin, out->length - begin - CHUNK_HEADER_SIZE,
			      CHUNK_INDEX, realtime_usec);
	begin = out->length;
	put_u64(trailer, offset);
	str_append_bytes(out, blank, sizeof blank);
	str_append_bytes(out, trailer, sizeof trailer);
	if (!out->failed)
		chunk_seal_at(out->data + begin, sizeof trailer, CHUNK_TRAILER, realtime_usec);
}
