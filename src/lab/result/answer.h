/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer in one sentence with its interval, or that nothing can be concluded and why. */
#ifndef LAB_RESULT_ANSWER_H
#define LAB_RESULT_ANSWER_H

#include "lab/result/result.h"

struct str;

/* Of the first measure: "With 3 loaded VMs ...", without a line feed. */
void answer_append(const struct result *result, struct str *out);
/* The comparison that the sentence is about: the largest that is concluded, else the largest; NULL
 * where there is none. */
const struct result_comparison *answer_about(const struct result *result);
/* Sentences, a line each, about what limits the answer: failed boots, runs that do not count,
 * the control, a host that is smaller than asked, an experiment that was broken off. */
void answer_append_limits(const struct result *result, struct str *out);

#endif
