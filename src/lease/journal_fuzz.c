/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A journal of strange bytes: what is read of it, written again, reads the same. */
#include "base/str.h"
#include "lease/journal_record.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void must_read_again(const struct journal_record *record)
{
	struct journal_record again;
	struct cursor c;
	struct str line;

	str_init(&line);
	journal_append_record(&line, record);
	c = cursor_over(line.data, line.length);
	must(journal_take_record(&c, &again) == 1 && cursor_at_end(&c));
	must(again.id == record->id && again.word == record->word);
	if (record->word == JOURNAL_TAKE)
		must(strcmp(again.target, record->target) == 0 &&
		     strcmp(again.was, record->was) == 0 && strcmp(again.now, record->now) == 0);
	journal_record_done(&again);
	str_done(&line);
}

static void read_records(const char *bytes, size_t size)
{
	struct cursor c = cursor_over(bytes, size);
	struct journal_header header;
	struct journal_record record;
	int r;

	(void)journal_take_header(&c, &header);
	while ((r = journal_take_record(&c, &record)) != 0 && r != -ENODATA)
		if (r == 1) {
			must_read_again(&record);
			journal_record_done(&record);
		}
}

/* Few inputs have the right checksum: each line is read with it put behind, too. */
static void read_with_checksums(const char *bytes, size_t size)
{
	struct cursor c = cursor_over(bytes, size), line;
	struct str with;

	str_init(&with);
	while (cursor_take_line(&c, &line)) {
		size_t begin = with.length;

		str_append_bytes(&with, line.at, cursor_left(&line));
		if (!with.failed)
			str_appendf(&with, " %016llx\n",
				    (unsigned long long)XXH64(with.data + begin,
							      with.length - begin, 0));
	}
	if (with.length > 0 && !with.failed)
		read_records(with.data, with.length);
	str_done(&with);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	read_records((const char *)bytes, size);
	read_with_checksums((const char *)bytes, size);
	return 0;
}
