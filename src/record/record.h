/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A recording: a file of snapshots, appended one at a time, compressed in blocks that can be
 * read on their own. Killing the writer at any instant loses at most the snapshot that was being
 * written. Reading believes nothing in the file: what is damaged is left out and told, and the
 * good blocks around it are read. The bytes are in doc/format/recording.md.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct record_reader;
struct record_writer;
struct snapshot;

/*
 * Makes the file, or appends to a recording that is there: its torn end, if it has one, is cut
 * off first. Refuses any other file, and one that somebody else is writing.
 */
struct record_writer *record_writer_new(const char *path, struct error *err);
/* One sentence on what was cut off from the file that was there, or NULL. */
const char *record_writer_damage(const struct record_writer *writer);
/*
 * Appends one snapshot, in one write. After a failure (a full disk) the file still ends with
 * the last whole snapshot, and the next call tries again.
 */
int record_write(struct record_writer *writer, const struct snapshot *snapshot, struct error *err);
/* Bytes of the file so far. */
uint64_t record_writer_size(const struct record_writer *writer);
/* Writes the index. Without it the file is as good, only slower to open. */
int record_writer_finish(struct record_writer *writer, struct error *err);
/* Does not write the index: that is record_writer_finish. A file that it made goes, if neither
 * a snapshot nor an index came into it. */
void record_writer_free(struct record_writer *writer);

/* Refuses what is no recording in one sentence; stands before the first snapshot. */
struct record_reader *record_reader_new(const char *path, struct error *err);
void record_reader_free(struct record_reader *reader);
/* Stands before the first snapshot taken at that time or later, or at the end. */
int record_seek(struct record_reader *reader, uint64_t realtime_usec, struct error *err);
/*
 * 1 and the next snapshot, which is the reader's and holds until its next call; 0 at the end,
 * where a later call finds what a writer has appended since; negative when nothing more can be
 * read (memory, an I/O error). Damage is no failure: it is skipped and told below.
 */
int record_next(struct record_reader *reader, const struct snapshot **ret, struct error *err);
/* Times of the first and the last snapshot; false for a recording without any. */
bool record_reader_span(const struct record_reader *reader, uint64_t *ret_first_usec,
			uint64_t *ret_last_usec);
/* One sentence on what was damaged and has been skipped so far, or NULL. */
const char *record_reader_damage(const struct record_reader *reader);

#endif
