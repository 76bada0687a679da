/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An experiment as somebody names it: NAME (the newest of that name), NAME:ID, or a file
 * (FILE.sqlite, FILE.sqlite:ID). Read whole, with what it found.
 */
#ifndef CMD_LAB_SOURCE_H
#define CMD_LAB_SOURCE_H

#include "lab/result/result.h"

struct error;
struct store;

struct lab_source {
	struct store *store;
	struct stored_experiment *experiment;
	struct result *result;
};

/* -ENOENT with the names that there are. */
int lab_source_read(const char *word, struct lab_source *ret, struct error *err);
void lab_source_done(struct lab_source *source);

/* The page, its plots and their numbers, into the directory, which is made. *ret_undrawn (freed by
 * the caller) says why there are no pictures; NULL: there are. */
int lab_source_write_report(const struct lab_source *source, const char *directory,
			    char **ret_undrawn, struct error *err);

#endif
