/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests with a whole distribution in them. An image that was built here is a directory of the
 * cache: images/NAME/disk (an ext4 that is the guest's root, no partitions, booted by any kernel of
 * the laboratory), images/NAME/about (doc/format/lab-image.md), images/NAME/packages. It is there
 * as a whole or not at all, and never written to: what a guest writes is its own and forgotten.
 */
#ifndef LAB_IMAGE_LAB_IMAGE_H
#define LAB_IMAGE_LAB_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

#define LAB_IMAGE_NAME "debian" /* where none is given */
#define LAB_IMAGE_BYTES (4ull << 30)

struct lab_image {
	char *name;	  /* NULL: a file of the user's */
	char *disk;
	bool is_root;	  /* an ext4 that becomes the root: guest_plan.kernel boots it. Else the disk
			   * boots itself, and has no kernel in the plan */
	/* Of one that was built here; NULL or 0 where it does not say. */
	char *suite, *agent, *asked;
	uint64_t built_usec, seconds, bytes_used, packages;
};

struct lab_image_plan {
	const char *name;
	const char *const *packages; /* beside those that every image has; ends in NULL */
	uint64_t disk_bytes;	     /* what the guest sees; 0: LAB_IMAGE_BYTES */
	int cancel_fd;
	/* What is being done: it takes minutes. */
	void (*step)(void *user, const char *sentence);
	void *user;
};

/* What every image has, beside a bootable Debian; ends in NULL. */
extern const char *const lab_image_packages[];

/* 0 where one can be built here: root, the programs. */
int lab_image_check(struct error *err);

/* In the place of one of that name. -ECANCELED, and nothing is left of it. */
int lab_image_build(const struct lab_image_plan *plan, struct lab_image *ret, struct error *err);

/* By name, or by path where there is a slash in it. -ENOENT with what to do. */
int lab_image_find(const char *name, struct lab_image *ret, struct error *err);

/* Sorted by name; free with lab_images_done. What is no image is not among them. */
struct lab_images {
	struct lab_image *items;
	size_t count, capacity;
};

int lab_image_list(struct lab_images *ret, struct error *err);
void lab_images_done(struct lab_images *images);
void lab_image_done(struct lab_image *image);

#endif
