/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log of births and deaths that --log names; tiny_vmm.c describes its lines. Every process
 * of one run shares the descriptor. A line is one write with O_APPEND, so lines of different
 * processes never mix and a reader sees whole lines at once. A log that was not asked for has
 * the descriptor -1, and takes lines without writing them.
 */
#ifndef VMM_EVENT_LOG_H
#define VMM_EVENT_LOG_H

#include <stdint.h>

struct error;

/* CLOCK_MONOTONIC, as every time in the log. */
uint64_t monotonic_nsec(void);

/* Path NULL: no log. Lines are added behind those that are there. */
int event_log_open(const char *path, int *ret_fd, struct error *err);

/* A line without its newline. What cannot be written ends the program: a benchmark that
 * misses lines would lie. */
void event_log_line(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
