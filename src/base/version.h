/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of what this program was built. TRUCE_VERSION is the release alone, as it is said where others
 * compare it; this says the commit, too (tools/commit), and belongs to what was measured.
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

/* "0.1.0 (commit 0123456789ab)", "... and changes)" where the tree had some, "0.1.0 (commit
 * unknown)" from a tree without git. */
extern const char version_text[];

#endif
