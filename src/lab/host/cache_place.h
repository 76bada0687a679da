/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory of the cache in which things are made that are there as a whole or not at all: each
 * is made in .make-XXXXXX below it, under the lock .lock, and renamed into place when it is ready.
 * So a .make- directory that is there when the lock is taken is of somebody who was killed, and is
 * cleared away.
 */
#ifndef LAB_HOST_CACHE_PLACE_H
#define LAB_HOST_CACHE_PLACE_H

struct error;

struct cache_place {
	char *directory;
	char *work; /* where it is made */
	int lock_fd;
};

/* $TRUCE_CACHE/BELOW, $XDG_CACHE_HOME/truce/BELOW or /var/cache/truce/BELOW; where that is not there,
 * ~/.cache/truce/BELOW for others than root. NULL when memory is out. Free it. */
char *cache_directory(const char *below);

/* Makes the directory where it is not there. Waits for who holds the lock, which -ECANCELED ends. */
int cache_place_take(const char *directory, int cancel_fd, struct cache_place *ret,
		     struct error *err);

/* work/FROM becomes directory/NAME, in the place of what was there. */
int cache_place_put(const struct cache_place *place, const char *from, const char *name,
		    struct error *err);

/* Clears its work away and gives the lock back. */
void cache_place_done(struct cache_place *place);

#endif
