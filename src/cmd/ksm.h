/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs of truce-ksm. */
#ifndef CMD_KSM_H
#define CMD_KSM_H

struct verb;

extern const struct verb ksm_fit_verb;
extern const struct verb ksm_tune_verb;
extern const struct verb ksm_status_verb, ksm_watch_verb;
extern const struct verb ksm_estimate_verb, ksm_match_verb;

#endif
