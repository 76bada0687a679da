/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the built-in guest image and the agent in it, its first process, agree on. The image (newc
 * cpio) has the agent as /init; a /dev/console; and the modules, whose paths stand in
 * AGENT_BOOT_MODULES, a line each, in the order in which they are loaded. A module that cannot be
 * loaded is told as a FAILURE of job 0, and the guest goes on.
 *
 * The agent mounts /proc, /sys, /dev, /dev/shm, /run and /tmp, brings lo up, and then:
 * - mounts each virtio disk whose serial is `data`, `data1`, `data2`, ... at /data, /data1, ...
 *   (ext4; where it is not formatted, the agent leaves it as /dev/disk/SERIAL alone). Every disk
 *   with a serial has that link.
 * - gives interfaces their addresses by the words of the kernel's command line below. An
 *   interface is named as the kernel does (eth0, ...), or by its MAC.
 * - opens the virtio-serial port named `truce.agent` (agent_wire.h), unless a word says another.
 *
 * Words (each may come several times):
 *     truce.ip=eth0,10.117.0.2/24[,GATEWAY]      truce.ip=52:54:00:00:00:01,10.117.0.2/24
 *     truce.disks=N            waits until N disks with a serial are there (3 s at most)
 *     truce.channel=CHANNEL    as truce-agent's argument: tty:/dev/ttyS1, vsock:listen, ...
 *     truce.root=SERIAL        after all that the ext4 of the disk with this serial becomes the root,
 *                              and its /sbin/init the first process: a distribution, in which
 *                              the agent is a service. Where it cannot, the agent goes on and tells.
 */
#ifndef AGENT_BOOT_H
#define AGENT_BOOT_H

#define AGENT_BOOT_MODULES "/modules/order"
#define AGENT_BOOT_WORD_IP "truce.ip="
#define AGENT_BOOT_WORD_DISKS "truce.disks="
#define AGENT_BOOT_WORD_CHANNEL "truce.channel="
#define AGENT_BOOT_WORD_ROOT "truce.root="
#define AGENT_BOOT_DATA "data" /* serial, and name of the mount point */

#endif
