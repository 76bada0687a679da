/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the laboratory tells the built-in guest at its boot, before the agent, which is its first
 * process, can talk: files in the initramfs and words of the kernel's command line.
 *
 * The agent loads the modules of GUEST_MODULES_LIST (a path a line, each after what it depends
 * on) by finit_module; the file is not there where nothing is to be loaded. A device appears some
 * time after its module: it is waited for. The network interface is the one with the MAC of
 * GUEST_WORD_ADDRESS, the disk the one with the serial of GUEST_WORD_DATA.
 */
#ifndef GUEST_BOOT_H
#define GUEST_BOOT_H

#define GUEST_MODULES_LIST "/truce/modules.list"

/* truce.port=NAME: the virtio-serial port to talk on (/sys/class/virtio-ports/, its name). */
#define GUEST_WORD_PORT "truce.port="

/* truce.data=SERIAL: the disk (/sys/block/, its serial) that has an ext4, to be mounted at /SERIAL
 * ("data" at /data). Several times, once a disk. Disks that are not named have no file system. */
#define GUEST_WORD_DATA "truce.data="

/* truce.ip=ADDRESS/BITS,MAC[,GATEWAY]: up to 4 times. */
#define GUEST_WORD_ADDRESS "truce.ip="

#endif
