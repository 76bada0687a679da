/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy in C made into what truced loads: one run of the system's C compiler ($CC, else cc)
 * against include/peacemaker.h and libpeacemaker, as installed or as in the build tree. Errors
 * are the compiler's first one in a sentence; all it said goes to `ret_said`.
 */
#ifndef DECIDE_BUILD_H
#define DECIDE_BUILD_H

struct error;
struct str;

/*
 * output NULL: the source's name with .so for .c. The output is replaced at once or not at all.
 * ret_said (may be NULL) gets the compiler's warnings and errors as they are. -ENOENT: no
 * compiler, no header or no source; -EINVAL: it does not compile.
 */
int policy_build(const char *source, const char *output, struct str *ret_said, struct error *err);

#endif
