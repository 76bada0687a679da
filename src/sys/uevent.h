/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KVM's uevents, as bytes: "change@DEVPATH" and NUL-separated KEY=VALUE behind it. They come
 * over netlink from the kernel since 4.13; PID is the thread that called the ioctl. */
#ifndef SYS_UEVENT_H
#define SYS_UEVENT_H

#include "sys/root.h"

/* True for a VM's creation or destruction; the time is left to the caller. */
bool uevent_parse(const char *bytes, size_t size, struct root_event *ret);

#endif
