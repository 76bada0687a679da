/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot laid out in memory that another process of the same build maps: all that it points
 * to is in the image, and every pointer is right for the address at which the reader has it. So
 * reading costs nothing, and writing one pass of copies. The writer is never the less
 * privileged of the two: the reader believes every word, the writer reads none.
 */
#ifndef MODEL_SNAPSHOT_IMAGE_H
#define MODEL_SNAPSHOT_IMAGE_H

#include <stddef.h>
#include <stdint.h>

struct snapshot;

struct snapshot_image {
	char *memory;     /* as the writer sees it, aligned to 16 bytes */
	size_t capacity;
	uint64_t address; /* as the reader sees it */
	size_t size;      /* written so far, or what it would take */
};

void snapshot_image_init(struct snapshot_image *image, void *memory, size_t capacity,
			 uint64_t address);
/* The snapshot comes first in the image. -ENOSPC: `size` says what it takes; what is in the
 * memory then is of no use. */
int snapshot_image_write(struct snapshot_image *image, const struct snapshot *snapshot);
/* Puts any bytes behind it, aligned to 16: their address for the reader. */
uint64_t snapshot_image_put(struct snapshot_image *image, const void *bytes, size_t size);

/* What the layout depends on, as one number: equal in two programs of one build. */
uint64_t snapshot_image_layout(void);

#endif
