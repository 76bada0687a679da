/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * truce.conf and conf.d/NAME.conf, written as systemd's files are: [section], key = value, a comment
 * begins with # or ;. Later files win key by key. An unknown section or key, or a value that
 * cannot be, refuses the whole with file, line and the nearest word: a typing mistake in what
 * guards a host must not pass in silence.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum mode { MODE_OBSERVE, MODE_DRY_RUN, MODE_ENFORCE, MODE_COUNT };

struct config_vm {
	char pattern[256]; /* glob on name, uuid or id */
	bool managed;
	bool says_fingerprints, fingerprints; /* of its memory may be made; not said: as `managed` */
};

struct config {
	enum mode mode;
	uint64_t interval_usec;
	int budget_permyriad;        /* of one CPU; 0: no cap */
	char policies[512];          /* directory */
	uint64_t ledger_bytes;
	bool with_owner, with_maps;  /* figures asked for though no policy needs them */
	unsigned changes_per_minute; /* 0: the arbiter's default */
	uint64_t vm_interval_usec;
	int hysteresis_permyriad;
	uint64_t owner_usec, high_usec, balloon_usec;
	uint64_t uplink_bytes_per_second; /* 0: as the bridge's port says */
	struct config_vm *vms;       /* in the order of the files: the last that matches counts */
	size_t vm_count, vm_capacity;
};

void config_init(struct config *config); /* the defaults */
void config_done(struct config *config);
/* DIRECTORY/truce.conf, then DIRECTORY/conf.d in the order of names; none of them need be there. */
int config_load(const char *directory, struct config *ret, struct error *err);
/* One file's bytes, over what is there. `path` is for sentences. */
int config_parse(struct config *config, const char *path, const char *bytes, size_t size,
		 struct error *err);
bool config_is_managed(const struct config *config, const char *name, const char *uuid,
		       const char *id);
/* Whether its memory may be read, to tell what page sharing would save. */
bool config_may_fingerprint(const struct config *config, const char *name, const char *uuid,
			    const char *id);

const char *mode_name(enum mode mode);
int mode_find(const char *name); /* or -1 */

#endif
