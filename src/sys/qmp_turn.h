/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Truce changes in a QEMU over its machine protocol: the balloon's target and the drives'
 * limits. Open, turn, close: qmp.h's rules hold. A number of a limit is 0 where there is none.
 */
#ifndef SYS_QMP_TURN_H
#define SYS_QMP_TURN_H

#include "sys/qmp.h"

#include <stdbool.h>

/* QEMU's own names, alike in query-block and block_set_io_throttle; the first six are always
 * there. bps and iops are of both ways together, _rd and _wr of one; _max are bursts. */
#define QMP_LIMITS(L)                                                                              \
	L(bps) L(bps_rd) L(bps_wr) L(iops) L(iops_rd) L(iops_wr)                                   \
	L(bps_max) L(bps_rd_max) L(bps_wr_max) L(iops_max) L(iops_rd_max) L(iops_wr_max)           \
	L(bps_max_length) L(bps_rd_max_length) L(bps_wr_max_length)                                \
	L(iops_max_length) L(iops_rd_max_length) L(iops_wr_max_length) L(iops_size)

#define QMP_ENUM_LIMIT(name) QMP_LIMIT_##name,
enum qmp_limit { QMP_LIMITS(QMP_ENUM_LIMIT) QMP_LIMIT_COUNT };

enum { QMP_LIMIT_ALWAYS = 6, QMP_DRIVE_NAME_SIZE = 160 };

/* A drive with a medium in it. Its name is one word. */
struct qmp_drive {
	char name[QMP_DRIVE_NAME_SIZE];
	bool is_device;                  /* the name is of the back end (-drive), else of the device */
	char group[QMP_DRIVE_NAME_SIZE]; /* with which it shares its limits; "" none */
	int64_t limit[QMP_LIMIT_COUNT];
};

/* Up to `capacity` of them; returns how many there are. What has no name that could be given
 * back to QEMU is left out. */
ssize_t qmp_drives(struct qmp *qmp, struct qmp_drive *ret, size_t capacity, struct error *err);
/* All limits of the drive at once. */
int qmp_limit_drive(struct qmp *qmp, const struct qmp_drive *drive, struct error *err);

/* The memory that the balloon is to leave to the guest, which follows in its own time or not.
 * -ENODEV without a balloon. */
int qmp_set_balloon(struct qmp *qmp, int64_t bytes, struct error *err);
/* 1: it gives back by itself when the guest runs out of memory, and then never comes to its
 * target; 0: not; negative: not told. */
int qmp_balloon_deflates(struct qmp *qmp, struct error *err);

#endif
