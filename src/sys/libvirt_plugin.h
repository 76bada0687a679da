/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the plugin share; only they link libvirt, and only they include this. */
#ifndef SYS_LIBVIRT_PLUGIN_H
#define SYS_LIBVIRT_PLUGIN_H

#include "sys/libvirt.h"

/* libvirt's own sentence behind `what`, made safe; a better code where libvirt's tells one. */
int libvirt_plugin_failed(int code, const char *what, struct error *err);

/* libvirt_plugin_change.c: struct libvirt_plugin says what they do. */
ssize_t libvirt_plugin_parameters(void *connection, const char *uuid, enum libvirt_table table,
				  const char *device, struct libvirt_parameter *ret,
				  size_t capacity, struct error *err);
int libvirt_plugin_set_parameters(void *connection, const char *uuid, enum libvirt_table table,
				  const char *device, const struct libvirt_parameter *parameters,
				  size_t count, struct error *err);
int libvirt_plugin_pin(void *connection, const char *uuid, enum libvirt_part part, unsigned vcpu,
		       char *ret, size_t ret_size, struct error *err);
int libvirt_plugin_set_pin(void *connection, const char *uuid, enum libvirt_part part,
			   unsigned vcpu, const char *list, struct error *err);
int libvirt_plugin_set_balloon(void *connection, const char *uuid, int64_t bytes,
			       struct error *err);
ssize_t libvirt_plugin_disks(void *connection, const char *uuid, struct libvirt_disk *ret,
			     size_t capacity, struct error *err);

#endif
