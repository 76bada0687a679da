/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of the journal (doc/format/journal.md), pure: bytes in, structs out. Every line ends in a
 * checksum of what stands before it, so that a torn or damaged line is told from a whole one.
 * The reader believes nothing.
 */
#ifndef LEASE_JOURNAL_RECORD_H
#define LEASE_JOURNAL_RECORD_H

#include "base/cursor.h"
#include "model/vm.h"

struct str;

#define JOURNAL_VERSION 1

enum {
	JOURNAL_BOOT_SIZE = 40,
	JOURNAL_LINE_MOST = 16384,
	JOURNAL_DROP_MOST = 48, /* bytes of the longest "drop" line */
};

struct journal_header {
	unsigned version;
	char boot_id[JOURNAL_BOOT_SIZE];
	uint64_t next_id; /* at the time that the file was begun */
};

enum journal_word { JOURNAL_TAKE, JOURNAL_DROP };

/* A drop has the id alone. Texts are on the heap. */
struct journal_record {
	enum journal_word word;
	uint64_t id;
	struct vm_identity vm;
	uint64_t realtime_usec;
	char *kind, *target, *was, *now;
	char *note; /* NULL: none */
};

void journal_append_header(struct str *str, const struct journal_header *header);
void journal_append_record(struct str *str, const struct journal_record *record);
void journal_record_done(struct journal_record *record);

/* -EBADMSG: no whole header; -EPROTONOSUPPORT: of a later version, which is filled in. */
int journal_take_header(struct cursor *c, struct journal_header *ret);
/* 1, or 0 at the end. -EBADMSG: a damaged line, and the cursor is behind it; -ENODATA: a last
 * line without an end, and the cursor stays before it; -ENOMEM. */
int journal_take_record(struct cursor *c, struct journal_record *ret);

#endif
