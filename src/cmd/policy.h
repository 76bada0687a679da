/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs of `truce policy`, each in the file of its name. */
#ifndef CMD_POLICY_H
#define CMD_POLICY_H

struct verb;

/* Ended by NULL. */
extern const struct verb *const policy_verbs[];

extern const struct verb policy_check_verb, policy_build_verb, policy_replay_verb;
extern const struct verb policy_load_verb, policy_unload_verb, policy_show_verb;

#endif
