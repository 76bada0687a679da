/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fingerprints as bytes (doc/format/ksm-prints.md): what one host's memory was like, to be estimated
 * later or elsewhere. Who has the key can ask such a file whether a VM had a certain page: it is
 * as secret as that. Whoever reads one reads a stranger's.
 */
#ifndef KSM_PRINTS_FILE_H
#define KSM_PRINTS_FILE_H

#include "ksm/prints.h"

struct error;
struct str;

/* The lists are sorted, and of no sample of positions. A failure is the str's. */
void prints_append(const struct prints *prints, struct str *str);
/* -EINVAL with a sentence where the bytes are no fingerprints, damaged or cut off. */
int prints_parse(const void *bytes, size_t size, struct prints *ret, struct error *err);

#endif
