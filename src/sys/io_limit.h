/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The I/O limits of a cgroup, one line a device: io.max of cgroup v2, blkio.throttle.* of v1.
 * Pure functions over one read; a line that is none is skipped. FIELD_UNLIMITED where there is no
 * limit.
 */
#ifndef SYS_IO_LIMIT_H
#define SYS_IO_LIMIT_H

#include "sys/field.h"

enum io_limit_key {
	IO_READ_BYTES,
	IO_WRITE_BYTES,
	IO_READ_OPERATIONS,
	IO_WRITE_OPERATIONS,
	IO_LIMIT_KEY_COUNT,
};

struct io_device {
	unsigned major, minor;
};

const char *io_limit_key_v2(enum io_limit_key key);  /* "rbps", ... */
const char *io_limit_file_v1(enum io_limit_key key); /* "blkio.throttle.read_bps_device", ... */

/* "8:16"; -EINVAL. Takes all of it or, with `ret_size`, as much as it is. */
int io_device_parse(const char *bytes, size_t size, struct io_device *ret, size_t *ret_size);
/* "8:16 rbps=1048576 wbps=max riops=max wiops=120": one number of the device's line. */
int64_t io_max_find(const char *bytes, size_t size, struct io_device device,
		    enum io_limit_key key);
/* "8:16 1048576" */
int64_t io_throttle_find(const char *bytes, size_t size, struct io_device device);

#endif
