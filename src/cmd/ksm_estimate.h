/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run of `truce ksm estimate`: fingerprints, of VMs that run or of files; what KSM would make of
 * them; and that as text or JSON. Each step is in the file of its name.
 */
#ifndef CMD_KSM_ESTIMATE_H
#define CMD_KSM_ESTIMATE_H

#include "cmd/options.h"
#include "ksm/look.h"
#include "ksm/merging.h"

struct error;
struct str;
struct verb;
struct vm;

struct estimate_settings {
	bool json;
	const char *sample, *limit, *group, *key, *save, *sketch;
	uint64_t wait_usec, pairs;
	struct option_list what_if, from;
};

struct unread_vm {
	char id[VM_ID_SIZE], name[PRINTS_NAME_SIZE];
	char why[400]; /* safe to print */
	bool opted_out;
};

/* Who had fingerprints made; a line of it went to the system's log before anything was read. */
struct estimate_audit {
	char who[160];
	uint64_t realtime_usec;
	bool logged; /* a system log is there */
};

/* Of some VMs together, in bytes. */
struct estimate_figures {
	double memory, zero, changing;
	double saved, saved_least, saved_most; /* `saved` is the likely one */
	double items, profit, unmerge;
};

struct estimate_group {
	char name[PRINTS_NAME_SIZE];
	size_t vm_count;
	struct estimate_figures figures;
};

struct estimate {
	const struct verb *verb;
	const struct estimate_settings *settings;
	uint64_t modulo;        /* of contents, every so manieth; 1: all */
	uint32_t positions_ppm; /* 0: all */
	uint64_t limit;         /* bytes a second; 0: none */
	struct prints prints;   /* of the VMs that are there; behind them copies of --what-if */
	size_t vm_count;        /* that are there */
	struct unread_vm *unread;
	size_t unread_count, unread_capacity;
	struct estimate_audit audit;
	uint64_t bytes_read, took_usec;
	bool live, partly;

	/* What comes of it. */
	struct merging merging; /* by content; of positions: none */
	struct estimate_figures all, what_if;
	struct estimate_figures *alone; /* each VM, were it the only one */
	struct estimate_group *groups;
	size_t group_count;
};

/* ksm_estimate_look.c: the VMs that the words name, or all. -ECANCELED: a signal came. */
int estimate_look(struct estimate *estimate, char *const *words, struct error *err);

/* ksm_estimate_group.c: what --group goes by. */
enum group_by { GROUP_BY_NOTHING, GROUP_BY_OWNER, GROUP_BY_CLASS, GROUP_BY_METADATA, GROUP_BY_CGROUP,
	GROUP_BY_USER, GROUP_BY_NAME };
int group_by_parse(const char *text, enum group_by *ret, struct error *err);
void group_of_vm(enum group_by by, const struct vm *vm, char ret[static PRINTS_NAME_SIZE]);
/* "web-12" is of the group "web". */
void group_of_name(const char *name, char ret[static PRINTS_NAME_SIZE]);

/* ksm_estimate_files.c: fingerprints and sketches as files. */
int estimate_read_key(const char *path, uint8_t ret[static LOOK_KEY_SIZE], struct error *err);
int estimate_read_files(struct estimate *estimate, char *const *words, struct error *err);
int estimate_save(struct estimate *estimate, struct error *err);

/* ksm_estimate_figures.c */
int estimate_compute(struct estimate *estimate, struct error *err);
void estimate_done(struct estimate *estimate);

/* ksm_estimate_text.c, ksm_estimate_json.c */
void estimate_append_text(const struct estimate *estimate, struct str *text);
void estimate_append_json(const struct estimate *estimate, struct str *text);

#endif
