/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policies that a truced of this host runs at the moment, loaded here once more from the bytes
 * that it runs: what they promise counts where another one is checked. Nobody is asked to do
 * anything; who may not ask truced, or finds none, has none of them.
 */
#ifndef CMD_POLICY_RUNNING_H
#define CMD_POLICY_RUNNING_H

struct arbiter;
struct error;
struct running;

/* 0, with *ret NULL where no truced answers. Negative: one is there, and could not be asked. */
int running_new(struct running **ret, struct error *err);
void running_free(struct running *running);
const struct arbiter *running_arbiter(const struct running *running); /* of NULL: NULL */
/* Why policies of it are not counted, as a sentence; "" where all are. */
const char *running_missing(const struct running *running);

#endif
