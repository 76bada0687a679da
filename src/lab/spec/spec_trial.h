/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether reading an experiment's file comes to an end. The sandbox counts steps, but one step may be
 * a search by a pattern that takes years. So a child reads it first, with so much processor time;
 * in the sandbox is no clock and no chance, so that it takes as long the second time.
 */
#ifndef LAB_SPEC_SPEC_TRIAL_H
#define LAB_SPEC_SPEC_TRIAL_H

#include <stdbool.h>
#include <stddef.h>

struct error;

#define SPEC_TRIAL_SECONDS 2

/* 0: it does, whatever is wrong with it. -ELOOP with the sentence. */
int spec_trial(const char *bytes, size_t size, const char *path, bool quick, struct error *err);

#endif
