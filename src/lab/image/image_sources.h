/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where this host's apt has Debian from, as lines of a sources.list: of one suite with its updates
 * and its security fixes, main only, by http or https. What others there are (vendors, third
 * parties) is left out.
 */
#ifndef LAB_IMAGE_IMAGE_SOURCES_H
#define LAB_IMAGE_IMAGE_SOURCES_H

#include <stddef.h>

struct error;
struct str;

enum { IMAGE_SOURCES_MOST = 16 };

struct image_sources {
	char *lines[IMAGE_SOURCES_MOST + 1]; /* "deb [signed-by=...] URI SUITE main"; ends in NULL */
	size_t count;
	char *suite; /* "bookworm" */
};

/* Of what `apt-get indextargets` prints in IMAGE_SOURCES_FORMAT. `preferred` (may be NULL) is the
 * host's own suite, taken where it is among them. -ENOENT with what to do. */
#define IMAGE_SOURCES_FORMAT "$(ORIGIN)|$(RELEASE)|$(REPO_URI)|$(COMPONENT)|$(ARCHITECTURE)|$(SIGNED_BY)"
int image_sources_parse(const char *text, size_t size, const char *preferred,
			struct image_sources *ret, struct error *err);
void image_sources_done(struct image_sources *sources);

/* Asks apt. */
int image_sources_read(int cancel_fd, struct image_sources *ret, struct error *err);

#endif
