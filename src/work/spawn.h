/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that a workload runs. They are in the worker's process group, which its user kills as
 * a whole; the kernel kills them when the lane that started them ends.
 */
#ifndef WORK_SPAWN_H
#define WORK_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

struct error;
struct lane;

/* The first is looked up in PATH. Its stdin is /dev/null, its stdout and stderr are these.
 * A program that cannot be executed ends with 127. */
int spawn_program(const char *const *arguments, int output_fd, int error_fd, pid_t *ret_pid);

/* A text for `sh -c`. */
int spawn_shell(const char *text, int output_fd, int error_fd, pid_t *ret_pid);

/* Until it ends, or the lane shall: then it is killed. waitpid's status; -EINTR: was killed. */
int spawn_wait(const struct lane *lane, pid_t pid, int *ret_status);

/* "/bin/sh is needed, and is not there" */
int spawn_check_shell(struct error *err);

#endif
