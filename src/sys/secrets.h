/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arguments of a process without what may be a secret: passwords, tokens, keys, the data of
 * QEMU's secret objects, systemd credentials, passwords in URLs. Each becomes "***". Names of
 * secrets ("password-secret=sec0"), paths of key files and switches ("password=on") stay. In
 * doubt it masks: a lost argument is a nuisance, a leaked one is not.
 */
#ifndef SYS_SECRETS_H
#define SYS_SECRETS_H

#include <stddef.h>

struct str;

/* Arguments end in `separator`: NUL in /proc/PID/cmdline, a blank in /proc/cmdline. Returns how
 * many secrets it masked. */
size_t secrets_mask(const char *bytes, size_t size, char separator, struct str *ret);

#endif
