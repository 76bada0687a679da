/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each workload is: its name, what it does, what one operation of it is, and its
 * parameters with their units, defaults and limits. All from this table: the help, the manual
 * page's test, the check of a line. A size counts in bytes (4K is 4096), a time in nanoseconds.
 */
#ifndef WORK_WORKLOAD_H
#define WORK_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum parameter_type {
	PARAMETER_COUNT,  /* 12 */
	PARAMETER_SIZE,   /* 4K, 64M, 1G; a bare number is bytes */
	PARAMETER_TIME,   /* 10us, 5ms, 2s; a bare number is seconds */
	PARAMETER_SWITCH, /* yes, no */
	PARAMETER_CHOICE, /* one of `words` */
	PARAMETER_TEXT,   /* "in quotes" where it has blanks */
};

struct parameter {
	const char *name;
	enum parameter_type type;
	const char *preset; /* as it would be written; NULL: must be given; "": nothing */
	const char *summary;
	uint64_t least, most;      /* of COUNT, SIZE and TIME */
	const char *const *words;  /* of CHOICE, NULL-terminated */
};

struct workload_actions;

struct workload {
	const char *name;      /* "disk-read" */
	const char *summary;   /* "reads blocks of a file" */
	const char *operation; /* "one block read" */
	const char *unit;      /* of the rate that is told first: "operations/s", "bytes/s" */
	bool times;            /* tells how long each operation took */
	const struct parameter *parameters; /* terminated by a NULL name */
	const struct workload_actions *actions;
};

/* Terminated by a NULL. */
extern const struct workload *const workloads[];
/* What every workload takes: threads, duration. */
extern const struct parameter workload_common[];

const struct workload *workload_find(const char *name);

#endif
