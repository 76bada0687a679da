/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * box-init's end of the virtio port: it blocks where the host does not read, so the command in
 * the box waits for whoever reads its output, as it would at a pipe.
 */
#ifndef LAB_BOX_INIT_PORT_H
#define LAB_BOX_INIT_PORT_H

#include "lab/box/box_wire.h"

struct error;

/* Waits for the port, which the kernel makes a moment after it started init. */
int init_port_open(int *ret_fd, struct error *err);

int init_port_send(int fd, enum box_frame_kind kind, const void *payload, size_t size);
int init_port_send_number(int fd, enum box_frame_kind kind, uint32_t number);

/* Reads the JOB frame; *ret_size bytes of it are in job, which has room for BOX_FRAME_MAX. */
int init_port_read_job(int fd, char *job, size_t *ret_size, struct error *err);

#endif
