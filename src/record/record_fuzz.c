/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recordings from anybody. Opening, reading all of it, seeking and appending must each end, with
 * snapshots or a sentence. The bytes stand in a memory file, so that no disk is worn out.
 */
#include "base/cleanup.h"
#include "base/error.h"
#include "model/synthetic.h"
#include "record/record.h"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SNAPSHOTS_MOST = 64 };

static void read_all(const char *path)
{
	struct error err = { 0 };
	struct record_reader *reader = record_reader_new(path, &err);
	const struct snapshot *snapshot;
	uint64_t first = 0, last = 0;
	unsigned count = 0;

	if (reader == NULL) {
		if (err.text[0] == '\0')
			abort();
		return;
	}
	while (count++ < SNAPSHOTS_MOST && record_next(reader, &snapshot, &err) == 1)
		;
	record_reader_span(reader, &first, &last);
	if (record_seek(reader, first / 2 + last / 2, &err) == 0)
		record_next(reader, &snapshot, &err);
	record_reader_damage(reader);
	record_reader_free(reader);
}

static void append_one(const char *path)
{
	static struct synthetic host;
	struct error err = { 0 };
	struct record_writer *writer = record_writer_new(path, &err);

	if (writer == NULL)
		return;
	if (host.tick == 0 && synthetic_init(&host, 1, 1, 1) < 0)
		abort();
	synthetic_tick(&host);
	if (record_write(writer, &host.snapshot, &err) < 0 ||
	    record_writer_finish(writer, &err) < 0)
		abort();
	record_writer_free(writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_CLOSE int fd = memfd_create("record_fuzz", MFD_CLOEXEC);
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (fd < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		return 0;
	read_all(path);
	append_one(path);
	read_all(path);
	return 0;
}
