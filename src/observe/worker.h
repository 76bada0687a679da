/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures that cost milliseconds or an answer from a VMM: memory maps, balloons, what a guest
 * tells. One thread asks, round after round; the observer never waits for it. A VMM that does
 * not answer within its time is left out of more and more rounds. Made only on a declared need.
 */
#ifndef OBSERVE_WORKER_H
#define OBSERVE_WORKER_H

struct observe;
struct worker;
struct error;

struct worker *worker_new(struct observe *observe, struct error *err);
void worker_free(struct worker *worker);
/* Hands the list of VMs over if the last round is done; takes what that round brought. */
void worker_exchange(struct worker *worker, struct observe *observe);

/* Waits until the round under way is done, at most so long. */
void worker_wait(struct worker *worker, unsigned msec);

#endif
