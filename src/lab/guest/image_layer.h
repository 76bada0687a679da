/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A layer over a user's disk image: what a guest writes goes there, and is gone with it. */
#ifndef LAB_GUEST_IMAGE_LAYER_H
#define LAB_GUEST_IMAGE_LAYER_H

struct error;

/* A qcow2 without a name. The image is never written to. One that names further files is refused
 * (-EPERM): its guest could read them. */
int image_layer_make(const char *image, const char *directory, int *ret_fd, struct error *err);

#endif
