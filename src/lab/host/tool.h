/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tool that is run to its end, as a child that never outlives us. What it says on stderr is
 * kept for the sentence of its failure.
 */
#ifndef LAB_HOST_TOOL_H
#define LAB_HOST_TOOL_H

struct error;
struct str;

/* Runs a tool to its end in this directory (NULL: where we are). Its stdout is appended to
 * *output (NULL: thrown away); where it fails, the sentence has its last line of stderr.
 * -ECANCELED, and the tool killed, when cancel_fd (-1: none) becomes readable. */
int tool_run(const char *const *arguments, const char *directory, int cancel_fd,
	     struct str *output, struct error *err);

#endif
