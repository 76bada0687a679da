/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: a workload from its line to its end, each step within a limit. */
#ifndef WORK_TEST_WORK_H
#define WORK_TEST_WORK_H

#include "work/work.h"

#include "base/error.h"

extern struct error test_err;

/* Until it is in this state, or ended. */
enum work_state test_wait_for(struct work *work, enum work_state wanted);
/* Until it has counted as many operations. */
void test_wait_for_operations(struct work *work, uint64_t operations);
struct work *test_prepared(const char *line);
/* Stops it, and waits until it is done. */
void test_end(struct work *work);
/* Runs it until it has done `operations`, and says what it then came to. */
struct work_counts test_worked(const char *line, uint64_t operations);
void test_expect_no_errors(const char *line, uint64_t operations);
/* -1 where there is none of this name. */
double test_result(struct work *work, const char *name);

#endif
