/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an experiment turns beside its VMs goes through the peacemaker: a truced of the
 * experiment's own, with its own journal, that adjusts these VMs and no others, and `truce set`.
 * So every knob has its undo written down before it is turned; what an experiment that was killed
 * left turned, the next one gives back first.
 *
 *     lab_hands_new -> { lab_hands_set_host } -> { lab_hands_start, lab_hands_set, lab_hands_stop }*
 *     -> lab_hands_give_back -> lab_hands_free
 */
#ifndef LAB_RUN_LAB_HANDS_H
#define LAB_RUN_LAB_HANDS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct lab_hands;
struct str;

/* `directory` is for this alone and stays from run to run: the journal is in it. From then on
 * this process and its children find that truced and no other. */
int lab_hands_new(const char *directory, int cancel_fd, struct lab_hands **ret, struct error *err);
void lab_hands_free(struct lab_hands *hands);

/* For an experiment that turns nothing: what a killed one left turned there is given back. */
int lab_hands_recover(const char *directory, struct error *err);

/* -EINVAL and why, for a policy that could not be loaded. */
int lab_hands_check(struct lab_hands *hands, const char *policy, struct error *err);

/* A knob of the host's KSM ("ksm.run") until give_back. While no truced runs. -EBUSY: the host's own
 * truced turns it, or another experiment any. */
int lab_hands_set_host(struct lab_hands *hands, const char *setting, unsigned long long value,
		       struct error *err);

/* Where the VMs' taps have names, and what leaves by their bridge at most. Zeros: our network,
 * whose interfaces tell. */
struct lab_hands_net {
	int network_fd;
	uint64_t bytes_per_sec;
};

/* Adjusts these VMs from now on, by this policy (NULL: by what is set alone). */
int lab_hands_start(struct lab_hands *hands, const char *policy, const pid_t *vms, size_t count,
		    const struct lab_hands_net *net, struct error *err);
int lab_hands_set(struct lab_hands *hands, pid_t vm, const char *setting, const char *value,
		  struct error *err);
/* What it answers to {"do":WHAT} (doc/format/control.md); *ret is the caller's. -ECONNREFUSED where it
 * has ended. */
int lab_hands_ask(struct lab_hands *hands, const char *what, json_t **ret, struct error *err);
/* Its ledger since lab_hands_start, appended. */
int lab_hands_read_ledger(const struct lab_hands *hands, struct str *out, struct error *err);
/* Gives back what was set on the VMs, and ends truced. Fine where none runs. */
int lab_hands_stop(struct lab_hands *hands, struct error *err);

/* All that is set, on the host too. */
int lab_hands_give_back(struct lab_hands *hands, struct error *err);

#endif
