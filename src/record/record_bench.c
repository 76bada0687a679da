/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What recording takes: bytes on disk, CPU time a snapshot, memory. The memory is that of a
 * process that holds the made-up host and the recorder, and nothing else.
 */
#include "base/clock.h"
#include "base/error.h"
#include "model/synthetic.h"
#include "record/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static long peak_kilobytes(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0;
}

static int bench_run(const char *path, unsigned vms, unsigned ticks)
{
	struct error err = { 0 };
	struct record_writer *writer = record_writer_new(path, &err);
	struct synthetic host;
	uint64_t nsec = 0;
	long empty;
	unsigned i;

	if (writer == NULL || synthetic_init(&host, 16, vms, 1) < 0)
		return fprintf(stderr, "%s\n", err.text), 1;
	empty = peak_kilobytes();
	for (i = 0; i < ticks; i++) {
		uint64_t begin = clock_thread_cpu_nsec();

		if (record_write(writer, &host.snapshot, &err) < 0)
			return fprintf(stderr, "%s\n", err.text), 1;
		nsec += clock_thread_cpu_nsec() - begin;
		synthetic_tick(&host);
	}
	printf("%6u VMs %7.1f MB a day at 1 Hz %7llu usec a snapshot, %ld kB of memory, %ld of them "
	       "to record\n", vms, (double)record_writer_size(writer) / ticks * 86400 / 1e6,
	       (unsigned long long)(nsec / ticks / 1000), peak_kilobytes(), peak_kilobytes() - empty);
	record_writer_free(writer);
	synthetic_done(&host);
	unlink(path);
	return 0;
}

/* One size a process, so that the memory is of that size. */
int main(int argc, char **argv)
{
	char path[] = "/tmp/record-bench-XXXXXX";
	int fd = mkstemp(path);

	if (argc != 3 || fd < 0)
		return 2;
	close(fd);
	return bench_run(path, (unsigned)atoi(argv[1]), (unsigned)atoi(argv[2]));
}
