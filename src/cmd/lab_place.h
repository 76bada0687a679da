/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where experiments are kept: $TRUCE_LAB_DIR, else /var/lib/truce/lab for root and
 * $XDG_DATA_HOME/truce/lab for others; one file a name. Whoever measures has the directory to
 * itself: two experiments at once on one host would measure each other.
 */
#ifndef CMD_LAB_PLACE_H
#define CMD_LAB_PLACE_H

struct error;

struct lab_place {
	char *directory, *store, *lock;
	char *hands;         /* of lab/run/lab_hands.h */
	const char *scratch; /* where a run's files are; not in the above, which may be slow */
	int lock_fd;
};

/* Of the experiment of this name (NULL: no store of one). Makes nothing. */
int lab_place_find(const char *name, struct lab_place *ret, struct error *err);
/* Makes the directory and takes it. -EBUSY with who has it. */
int lab_place_take(struct lab_place *place, struct error *err);
void lab_place_done(struct lab_place *place);

#endif
