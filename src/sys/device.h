/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks and network interfaces. The _next functions walk one read of /proc/diskstats or
 * /proc/net/dev: set a cursor over the bytes, call until false; lines that are none are skipped.
 */
#ifndef SYS_DEVICE_H
#define SYS_DEVICE_H

#include "sys/field.h"

struct cursor;
struct error;
struct root;

struct disk_stat {
	struct span name;
	uint64_t number; /* major << 20 | minor */
	int64_t reads, read_bytes, read_usec;
	int64_t writes, write_bytes, write_usec;
	int64_t in_flight, busy_usec, queued_usec;
	int64_t discards, flushes; /* absent before 4.18, 5.5 */
};

bool disk_stat_next(struct cursor *c, struct disk_stat *ret);
/* Nothing ever went through it: loop and ram devices that nobody uses look so. */
bool disk_stat_is_unused(const struct disk_stat *stat);

/* A whole disk of /sys/block. */
struct disk_entry {
	char name[32];
	uint64_t number;
	bool stacked; /* stands on other disks or on a file: its I/O is seen there again */
};

/* Sorted by name. */
struct disk_set {
	struct disk_entry *entries;
	size_t count;
	size_t capacity;
	uint64_t *stacked; /* the numbers of the stacked ones, sorted */
	size_t stacked_count;
	size_t stacked_capacity;
};

/* Replaces what is in the set; start from zeroes. */
int disk_set_read(struct root *root, struct disk_set *set);
void disk_set_done(struct disk_set *set);
const struct disk_entry *disk_set_find(const struct disk_set *set, struct span name);

/* The scheduler in force ("[mq-deadline] none"), "none" for disks without one. */
int disk_scheduler_read(struct root *root, const char *name, char *ret, size_t ret_size);
/* 1 for a disk that turns, 0 for one that does not. */
int disk_rotational_read(struct root *root, const char *name);

struct net_stat {
	struct span name;
	int64_t received_bytes, received_packets, receive_errors, receive_drops;
	int64_t sent_bytes, sent_packets, send_errors, send_drops;
};

bool net_stat_next(struct cursor *c, struct net_stat *ret);
/* The interface with that index (macvtap), by /sys/class/net; -ENODEV. */
int net_name_by_index(struct root *root, int index, char *ret, size_t ret_size);

#endif
