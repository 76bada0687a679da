/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child that never outlives its parent: the kernel kills it when the *thread* that started it
 * ends, however that ends. It has a process group of its own, so that Ctrl-C reaches the parent
 * alone, which then ends its children in order. Its stdin is /dev/null.
 */
#ifndef LAB_BOX_PROCESS_H
#define LAB_BOX_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct error;
struct str;

struct box_process {
	pid_t pid; /* 0: none */
	int pidfd; /* readable once it has ended; -1: none */
};

struct box_process_plan {
	const char *const *arguments; /* the first is looked up in PATH; ends in NULL */
	const char *directory;	      /* where it starts; NULL: where we are */
	int output_fd;		      /* its stdout and stderr; -1: /dev/null */
	int error_fd;
	const int *kept_fds; /* stay open in it, under the same numbers */
	size_t kept_count;
	/* It sees every file system read-only, by a mount namespace of its own: a box's root
	 * may then be remounted inside as it likes. Needs Linux 5.12. */
	bool read_only_view;
};

void box_process_init(struct box_process *process);

/* Returns when the program has been executed, or could not be. */
int box_process_start(struct box_process *process, const struct box_process_plan *plan,
		      struct error *err);

/* Reaps it if it has ended. The status is waitpid's. */
bool box_process_ended(struct box_process *process, int *ret_status);

/* Kills it, if it still runs, and reaps it. */
void box_process_done(struct box_process *process);

/* Runs a tool to its end in this directory (NULL: where we are). Its stdout is appended to *output (NULL: thrown away); where it fails,
 * the sentence has its last line of stderr. -ECANCELED, and the tool killed, when cancel_fd
 * (-1: none) becomes readable. */
int box_tool_run(const char *const *arguments, const char *directory, int cancel_fd,
		 struct str *output, struct error *err);

#endif
