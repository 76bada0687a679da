/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VM's memory in at most 16 KiB: of its contents those with the lowest hashes, a few of each
 * hash's bits. Two sketches of one key tell how many contents two VMs share, whatever hosts they are
 * on, within about two hundredths of the smaller VM; a host's sketch is that of all its VMs.
 *
 * Bytes: doc/format/ksm-sketch.md. Whoever reads one reads a stranger's.
 */
#ifndef KSM_SKETCH_H
#define KSM_SKETCH_H

#include "ksm/prints.h"

struct error;
struct str;

enum { SKETCH_BYTES_MOST = 16384, SKETCH_BITS_MOST = 56 };

struct sketch {
	uint8_t key_id[16];
	char name[PRINTS_NAME_SIZE];
	uint64_t pages, zero, changing; /* as in prints_vm */
	uint64_t contents;     /* distinct ones, zero left out; estimated where sampled */
	uint64_t saved_alone;  /* frames KSM would save within it, zero left out */
	uint64_t modulo;       /* of the prints it was made from */
	unsigned bits;         /* of each hash, the upper ones */
	uint64_t below;        /* all contents whose `bits` are below this are listed; 2^bits: all */
	uint64_t *values;      /* ascending, no two the same */
	size_t count;
};

/* -ENOMEM. `modulo` and `max_sharing` of the prints that the VM is in; its lists are sorted. */
int sketch_make(const struct prints *prints, const struct prints_vm *vm, struct sketch *ret);
/* Contents of all of these; counts are sums. Sketches of different keys: -EINVAL. */
int sketch_unite(const struct sketch *sketches, size_t count, struct sketch *ret, struct error *err);
void sketch_done(struct sketch *sketch);

/* Contents that both have, and the standard error of that. -EINVAL: other keys. */
int sketch_common(const struct sketch *a, const struct sketch *b, double *ret_contents,
		  double *ret_error, struct error *err);

/* At most SKETCH_BYTES_MOST bytes behind what the str has. */
void sketch_append(const struct sketch *sketch, struct str *str);
/* One sketch at the cursor; -EINVAL with a sentence where it is none. */
struct cursor;
int sketch_take(struct cursor *from, struct sketch *ret, struct error *err);

#endif
