/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sanitizers make system calls and maps of their own: a policy's process has no filter of calls
 * and no limit of memory where it was built with one. */
#ifndef DECIDE_SANITIZER_H
#define DECIDE_SANITIZER_H

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_SANITIZER 1
#endif
#endif
#ifndef UNDER_SANITIZER
#define UNDER_SANITIZER 0
#endif

#endif
