/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: synthetic_recording FILE VMS SECONDS writes a recording of a made-up host, at 1 Hz,
 * in which a VM is born after a third of the time and one dies after two thirds. */
#include "base/error.h"
#include "model/synthetic.h"
#include "record/record.h"

#include <stdio.h>
#include <stdlib.h>

static int fail(const struct error *err)
{
	fprintf(stderr, "synthetic_recording: %s\n", err->text);
	return 1;
}

int main(int argc, char **argv)
{
	struct error err = { 0 };
	struct synthetic host;
	struct record_writer *writer;
	unsigned second, seconds;

	if (argc != 4)
		return 2;
	seconds = (unsigned)atoi(argv[3]);
	writer = record_writer_new(argv[1], &err);
	if (writer == NULL || synthetic_init(&host, 4, (unsigned)atoi(argv[2]), 1) < 0)
		return fail(&err);
	for (second = 0; second < seconds; second++) {
		synthetic_tick(&host);
		if (second == seconds / 3)
			synthetic_birth(&host);
		if (second == seconds * 2 / 3)
			synthetic_death(&host, 0);
		if (record_write(writer, &host.snapshot, &err) < 0)
			return fail(&err);
	}
	if (record_writer_finish(writer, &err) < 0)
		return fail(&err);
	record_writer_free(writer);
	synthetic_done(&host);
	return 0;
}
