/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel module as it is loaded: unpacked, whatever it is packed with on this machine. */
#ifndef LAB_GUEST_MODULE_FILE_H
#define LAB_GUEST_MODULE_FILE_H

struct error;
struct str;

/* Packed with xz, zstd, gzip or not at all, by its name's end. Appends the module's bytes. */
int module_file_read(const char *path, struct str *bytes, struct error *err);

#endif
