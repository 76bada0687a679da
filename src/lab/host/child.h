/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child that never outlives its parent: the kernel kills it when the *thread* that started it
 * ends, however that ends. It has a session of its own: Ctrl-C reaches the parent alone, which then
 * ends its children in order; and where the scheduler gives each session an equal part (autogroups),
 * each machine has a part as on a host where somebody else started it, not a part of its parent's.
 * Such a session begins at nice 0, whatever the parent's has. Its stdin is /dev/null.
 */
#ifndef LAB_HOST_CHILD_H
#define LAB_HOST_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct error;

struct child {
	pid_t pid; /* 0: none */
	int pidfd; /* readable once it has ended; -1: none */
};

struct child_plan {
	const char *const *arguments; /* the first is looked up in PATH; ends in NULL */
	const char *directory;	      /* where it starts; NULL: where we are */
	int output_fd;		      /* its stdout and stderr; -1: /dev/null */
	int error_fd;
	const int *kept_fds; /* stay open in it, under the same numbers */
	size_t kept_count;
	/* It sees every file system read-only, by a mount namespace of its own: a box's root
	 * may then be remounted inside as it likes. Needs Linux 5.12. */
	bool read_only_view;
	int network_fd; /* the network namespace that it starts in; 0: ours */
	bool network_view; /* and /sys shows the interfaces of that one, for who looks there */
};

void child_init(struct child *process);

/* Returns when the program has been executed, or could not be. */
int child_start(struct child *process, const struct child_plan *plan,
		      struct error *err);

/* Reaps it if it has ended. The status is waitpid's. */
bool child_ended(struct child *process, int *ret_status);

/* Kills it, if it still runs, and reaps it. */
void child_done(struct child *process);

#endif
