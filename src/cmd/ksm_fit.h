/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of `truce ksm fit` share: the words of its user, the VMs they mean, the answer. */
#ifndef CMD_KSM_FIT_H
#define CMD_KSM_FIT_H

#include "cmd/options.h"
#include "ksm/fit.h"

struct error;
struct str;
struct verb;

struct ksm_fit_settings {
	bool json;
	struct option_list kinds;
	const char *mix, *host_memory, *used, *reserve, *risk, *spread, *rewriting;
	const char *prints, *overhead, *size, *limit;
	uint64_t wait_usec, horizon_usec;
};

/* VMs that are alike: "LABEL=VM,VM" or "VM,VM". */
struct ksm_fit_kind {
	char *text;      /* owned; label and words point into it */
	const char *label;
	const char **words; /* of VMs, NULL behind the last; NULL: every VM */
};

struct ksm_fit {
	const struct verb *verb;
	const struct ksm_fit_settings *settings;
	struct ksm_fit_kind kinds[POPULATION_KINDS_MOST];
	double mix[POPULATION_KINDS_MOST];
	/* As told; what was not told is NAN. */
	double overhead_bytes, size_bytes;
	uint64_t limit;      /* bytes of guests' memory that are read in a second; 0: any */
	struct prints prints;
	size_t *kind_of;     /* of each VM of the prints, as fit_vms is */
	struct fit_vm *vms;
	struct fit_question question;
	struct fit fit;
	bool live, partly;
	bool left_out;       /* some VMs that were meant: it was said which, and why */
};

/* ksm_fit_kinds.c: what --kind and --mix say; -EINVAL with a sentence. */
int ksm_fit_take_kinds(struct ksm_fit *fit, struct error *err);
/* All words, NULL behind the last, to be freed; NULL: out of memory. */
char **ksm_fit_words(const struct ksm_fit *fit);
/* Whose kind each VM of the prints is. -ENOENT with a sentence where a word means none. */
int ksm_fit_assign(struct ksm_fit *fit, struct error *err);
void ksm_fit_drop_kinds(struct ksm_fit *fit);

/* ksm_fit_look.c: fingerprints of VMs that run or of a file, and what of them is no fingerprint. */
int ksm_fit_look(struct ksm_fit *fit, struct error *err);
int ksm_fit_read(struct ksm_fit *fit, struct error *err);
/* What the host has and uses beside these VMs, where it was not told. */
int ksm_fit_look_at_host(struct ksm_fit *fit, struct error *err);

/* ksm_fit_text.c, ksm_fit_json.c */
void ksm_fit_append_text(const struct ksm_fit *fit, struct str *text);
void ksm_fit_append_json(const struct ksm_fit *fit, struct str *text);

#endif
