/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watches a running machine: hands its frames on, until it says how the command ended or ends
 * itself. It reads no further than its reader is: output that nobody takes stays in the box.
 */
#ifndef LAB_BOX_RELAY_H
#define LAB_BOX_RELAY_H

#include "lab/box/box_machine.h"

struct box_relay_limits {
	uint64_t boot_usec;    /* for the box to say hello, from now on */
	uint64_t timeout_usec; /* for all of it; 0: none */
};

/* *ret_status as box_run says. -EAGAIN: its kernel died before the box said hello. */
int box_relay_run(struct box_machine *machine, const struct box_spec *spec,
		  const struct box_relay_limits *limits, int *ret_status, struct error *err);

#endif
