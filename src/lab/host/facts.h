/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must be known of a host beside each figure that was measured on it: processor, governor,
 * SMT, huge pages, KSM, mitigations, clock source, kernel, QEMU. Names are stable, values are
 * texts, safe to print. What could not be read is there with no value and the reason.
 */
#ifndef LAB_HOST_FACTS_H
#define LAB_HOST_FACTS_H

#include <stddef.h>
#include <stdint.h>

struct error;

struct host_fact {
	const char *name; /* "cpu.governor" */
	char *value;	  /* NULL: not known */
	char *reason;	  /* why not; NULL where it is known */
};

struct host_facts {
	struct host_fact *items; /* always the same names in the same order */
	size_t count;
};

/* Takes some milliseconds: it asks QEMU for its version. -ENOMEM. */
int host_facts_read(struct host_facts *ret, struct error *err);
void host_facts_done(struct host_facts *facts);

/* The value, or NULL. */
const char *host_facts_get(const struct host_facts *facts, const char *name);

/* Time that this host's own hypervisor took away from all its CPUs, since boot. 0 and a value,
 * -ENODATA where the kernel does not tell; take it before and after. */
int host_steal_nsec(uint64_t *ret_nsec);

#endif
