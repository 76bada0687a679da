/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file `about` of an image: lines of NAME=VALUE (doc/format/lab-image.md). */
#ifndef LAB_IMAGE_IMAGE_ABOUT_H
#define LAB_IMAGE_IMAGE_ABOUT_H

#include "lab/image/lab_image.h"

struct str;

enum { IMAGE_ABOUT_VERSION = 1, IMAGE_ABOUT_SIZE_MOST = 16384 };

void image_about_write(const struct lab_image *image, struct str *text);

/* Fills in what it says; names that are not known are passed over. -EPROTO: it is not of this
 * version, or damaged. */
int image_about_read(const char *text, size_t size, struct lab_image *image, struct error *err);

#endif
