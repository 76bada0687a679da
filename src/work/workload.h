/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each workload is: its name, what it does, what one operation of it is, and its
 * parameters with their units, presets and limits. All from one table: the help, the manual
 * page's test, the check of a line. A size counts in bytes (4K is 4096), a time in nanoseconds.
 */
#ifndef WORK_WORKLOAD_H
#define WORK_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct workload_actions;

enum parameter_type {
	PARAMETER_COUNT,  /* 12 */
	PARAMETER_SIZE,   /* 4K, 64M, 1G; a bare number is bytes */
	PARAMETER_TIME,   /* 10us, 5ms, 2s, 0.5; a bare number is seconds */
	PARAMETER_SWITCH, /* yes, no */
	PARAMETER_CHOICE, /* one of `words`; its value is the word's index */
	PARAMETER_TEXT,   /* "in quotes" where it has blanks */
};

struct parameter {
	const char *name;
	enum parameter_type type;
	const char *preset; /* as it would be written; NULL: must be given */
	const char *summary;
	uint64_t least, most;     /* of COUNT, SIZE and TIME */
	const char *const *words; /* of CHOICE, NULL-terminated */
	size_t offset;            /* of its value in the workload's settings: uint64_t, text: char * */
};

/* Begins every workload's settings. */
struct common_settings {
	uint64_t threads, duration_nsec, seed, drag;
};

struct workload {
	const char *name;      /* "disk-read" */
	const char *summary;   /* "reads blocks of a file" */
	const char *operation; /* "one block read" */
	const char *notes;     /* what else must be known, or NULL */
	bool moves_bytes;      /* its rate is told in bytes first */
	bool times;            /* tells how long each operation took */
	bool one_thread;       /* takes no other number of threads */
	bool ends;             /* by itself, as a program does */
	const struct parameter *parameters; /* terminated by a NULL name */
	size_t settings_size;
	const struct workload_actions *actions; /* lane.h */
};

#define WORKLOAD_THREADS_MOST 64u

/* Terminated by a NULL. */
extern const struct workload *const workloads[];
/* What every workload takes. */
extern const struct parameter workload_common[];

/* NULL when there is none of this name. */
const struct workload *workload_find(const char *name);
/* "none of this name; did you mean ...": -EINVAL. */
int workload_refuse(const char *name, struct error *err);

#endif
