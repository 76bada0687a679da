/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the command line asks for. One table of options serves all verbs; an option that a verb
 * does not know is an error, and so is a value out of its range. The texts point into argv.
 */
#ifndef VMM_SETTINGS_H
#define VMM_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "guest.h"

#define VMS_MAX 500u

/* An option's table row says by these which verbs take it. */
enum verb_bit {
	VERB_RUN = 1u << 0,
	VERB_CHURN = 1u << 1,
	VERB_BIRTHS = 1u << 2,
	VERB_ALL = VERB_RUN | VERB_CHURN | VERB_BIRTHS,
};

struct settings {
	struct guest_plan guest;
	unsigned vms;
	unsigned spin_permyriad; /* of the VMs */
	bool one_process;
	const char *name;
	uint64_t for_nsec; /* 0: until told */
	const char *log_path;
	unsigned jobs;
	uint64_t lifetime_min_nsec; /* both 0: until there are too many */
	uint64_t lifetime_max_nsec;
	bool keep;
	unsigned count;
	uint64_t gap_nsec;
	uint64_t hold_nsec;
};

/* Arguments behind the verb. */
int settings_parse(enum verb_bit verb, int argc, char **argv, struct settings *ret,
		   struct error *err);

void settings_print_options(FILE *stream, enum verb_bit verb);

#endif
