/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest is to be. Passive; everything in it is borrowed and must outlive the guest. Zero
 * is a default everywhere where a guest can be made with it.
 */
#ifndef LAB_GUEST_GUEST_PLAN_H
#define LAB_GUEST_GUEST_PLAN_H

#include "lab/host/ability.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct guest_kernel;
struct guest_storage;
struct scratch;

#define GUEST_MEMORY_LEAST_BYTES (64ull << 20)
#define GUEST_DISK_LEAST_BYTES (16ull << 20)
#define GUEST_CPUS_MOST 64u
#define GUEST_DISKS_MOST 8u
#define GUEST_NICS_MOST 4u

enum guest_disk_format { GUEST_DISK_RAW, GUEST_DISK_QCOW2 };

enum guest_disk_cache {
	GUEST_CACHE_HOST,   /* through this machine's page cache ("writeback") */
	GUEST_CACHE_DIRECT, /* O_DIRECT ("none") */
};

/* A disk that is gone with the guest: an empty ext4, which the built-in guest mounts at /data,
 * /data1, /data2, ... in this order. Its serial is that name without the slash. */
struct guest_disk {
	bool blank; /* without a file system: /dev/disk/data, ... is all that the guest has of it */
	enum guest_disk_format format;
	enum guest_disk_cache cache;
	uint64_t bytes;
	const char *directory; /* where its file (without a name) is; NULL: the scratch's */
	uint64_t bytes_per_sec, operations_per_sec; /* reads and writes together; 0: no limit */
	/* One device for several guests (guest_storage.h), whose format, cache and speed then count
	 * and not those above. */
	struct guest_storage *storage;
};

struct guest_nic {
	int tap_fd;		/* of an attached tap; borrowed */
	bool vhost;		/* where /dev/vhost-net can be opened; not with TCG */
	unsigned char mac[6];
	const char *address;	/* "10.117.0.2/24": the built-in guest's; NULL: none */
	const char *gateway;	/* NULL: none */
};

struct guest_plan {
	const char *name; /* of letters, digits, - and . */
	enum accelerator accelerator;
	unsigned cpus;
	uint64_t memory_bytes;
	const unsigned *pin; /* as guest_pin, vCPUs alone; NULL: not pinned */
	size_t pin_count;
	/* One of these three: built-in, a disk with the agent in it, a domain of libvirt. */
	const struct guest_kernel *kernel; /* with an image: its disk is an ext4, the root, ... */
	const char *image;  /* what is written to it is forgotten; without a kernel it boots itself */
	const char *initrd; /* ... unless this one knows better; NULL: none */
	const char *domain; /* libvirt's name or uuid; not running. Of all the above only pin and
			     * name count, and of what follows nothing */

	const struct guest_disk *disks;
	size_t disk_count;
	const struct guest_nic *nics;
	size_t nic_count;
	int network_fd;       /* the network namespace of its taps, for QEMU; 0: ours */
	bool no_merge;	       /* its memory is no KSM's */
	bool balloon;	       /* a virtio balloon */
	bool monitor;	       /* a QMP socket in the scratch, for who adjusts VMs */
	const char *agent;     /* truce-agent; NULL: the one that belongs to this program */
	const char *words;     /* added to the kernel's command line; NULL: none */
	const struct scratch *scratch;
};

#endif
