/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/guest_qemu.h"

#include "agent_boot.h"
#include "agent_wire.h"
#include "base/error.h"
#include "lab/guest/guest_kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void add_machine(struct arguments *arguments, const struct guest_plan *plan)
{
	bool kvm = plan->accelerator == ACCELERATOR_KVM;

	arguments_add_option(arguments, "-accel", kvm ? "kvm" : "tcg,thread=multi");
	arguments_add_option(arguments, "-cpu", kvm ? "host" : "max");
	arguments_add(arguments, "-machine");
	arguments_add(arguments, "pc,mem-merge=%s", plan->no_merge ? "off" : "on");
	arguments_add(arguments, "-smp");
	arguments_add(arguments, "%u", plan->cpus);
	arguments_add(arguments, "-m");
	arguments_add(arguments, "%lluM", (unsigned long long)(plan->memory_bytes >> 20));
	arguments_add(arguments, "-name");
	arguments_add(arguments, "guest=%s,debug-threads=on", plan->name);
	arguments_add(arguments, "-nodefaults");
	arguments_add(arguments, "-no-user-config");
	/* A kernel that panics reboots, and so ends QEMU. */
	arguments_add(arguments, "-no-reboot");
	arguments_add_option(arguments, "-display", "none");
}

static void add_monitors(struct arguments *arguments, const struct guest_wiring *wiring)
{
	/* The first is the one that others find by these arguments. */
	if (wiring->monitor_path != NULL) {
		arguments_add(arguments, "-qmp");
		arguments_add(arguments, "unix:%s,server=on,wait=off", wiring->monitor_path);
	}
	arguments_add(arguments, "-chardev");
	arguments_add(arguments, "socket,id=monitor,fd=%d", wiring->monitor_fd);
	arguments_add_option(arguments, "-mon", "chardev=monitor,mode=control");
}

static void add_channel(struct arguments *arguments, const struct guest_wiring *wiring)
{
	arguments_add(arguments, "-chardev");
	arguments_add(arguments, "socket,id=console,fd=%d", wiring->console_fd);
	arguments_add_option(arguments, "-serial", "chardev:console");
	arguments_add_option(arguments, "-device", "virtio-serial-pci");
	arguments_add(arguments, "-chardev");
	arguments_add(arguments, "socket,id=channel,fd=%d", wiring->channel_fd);
	arguments_add_option(arguments, "-device",
			     "virtserialport,chardev=channel,name=" AGENT_PORT_NAME);
}

/* QEMU opens an inherited file anew by this path, with the access that it likes. */
static void add_file(struct arguments *arguments, const char *node, int fd,
		     enum guest_disk_cache cache)
{
	arguments_add(arguments, "-blockdev");
	arguments_add(arguments,
		      "driver=file,node-name=%s-file,filename=/proc/self/fd/%d,cache.direct=%s,"
		      "discard=unmap",
		      node, fd, cache == GUEST_CACHE_DIRECT ? "on" : "off");
}

static void add_format(struct arguments *arguments, const char *node, enum guest_disk_format format,
		       enum guest_disk_cache cache)
{
	arguments_add(arguments, "-blockdev");
	arguments_add(arguments, "driver=%s,node-name=%s,file=%s-file,cache.direct=%s,discard=unmap",
		      format == GUEST_DISK_QCOW2 ? "qcow2" : "raw", node, node,
		      cache == GUEST_CACHE_DIRECT ? "on" : "off");
}

static void add_export(struct arguments *arguments, const char *node,
		       const struct guest_wire_disk *wire)
{
	arguments_add(arguments, "-blockdev");
	arguments_add(arguments,
		      "driver=nbd,node-name=%s,server.type=fd,server.str=%d,export=%s,discard=unmap",
		      node, wire->fd, wire->export);
}

/* The speed is a filter on top: the name of what the guest's device stands on comes back. */
static const char *add_speed(struct arguments *arguments, const char *node, char *slow,
			     size_t slow_size, const struct guest_disk *disk)
{
	if (disk->bytes_per_sec == 0 && disk->operations_per_sec == 0)
		return node;
	arguments_add(arguments, "-object");
	arguments_add(arguments, "throttle-group,id=%s-speed,x-bps-total=%llu,x-iops-total=%llu",
		      node, (unsigned long long)disk->bytes_per_sec,
		      (unsigned long long)disk->operations_per_sec);
	snprintf(slow, slow_size, "%s-slow", node);
	arguments_add(arguments, "-blockdev");
	arguments_add(arguments, "driver=throttle,node-name=%s,throttle-group=%s-speed,file=%s",
		      slow, node, node);
	return slow;
}

static void add_disk(struct arguments *arguments, size_t number, const struct guest_disk *disk,
		     const struct guest_wire_disk *wire)
{
	char node[32], slow[40], serial[32] = AGENT_BOOT_DATA;
	const char *top = node;

	snprintf(node, sizeof node, "disk%zu", number);
	if (number > 0)
		snprintf(serial, sizeof serial, AGENT_BOOT_DATA "%zu", number);
	if (wire->export[0] != '\0') {
		add_export(arguments, node, wire);
	} else {
		add_file(arguments, node, wire->fd, disk->cache);
		add_format(arguments, node, disk->format, disk->cache);
		top = add_speed(arguments, node, slow, sizeof slow, disk);
	}
	arguments_add(arguments, "-device");
	arguments_add(arguments, "virtio-blk-pci,id=%s-device,drive=%s,serial=%s", node, top,
		      serial);
}

static void add_root(struct arguments *arguments, int fd)
{
	add_file(arguments, "root", fd, GUEST_CACHE_HOST);
	add_format(arguments, "root", GUEST_DISK_QCOW2, GUEST_CACHE_HOST);
	arguments_add_option(arguments, "-device",
			     "virtio-blk-pci,id=root-device,drive=root,serial=root,bootindex=1");
}

static void add_nic(struct arguments *arguments, size_t number, const struct guest_nic *nic)
{
	const unsigned char *mac = nic->mac;

	arguments_add(arguments, "-netdev");
	arguments_add(arguments, "tap,id=net%zu,fd=%d,vhost=%s", number, nic->tap_fd,
		      nic->vhost ? "on" : "off");
	arguments_add(arguments, "-device");
	/* Nobody boots from the network: its ROM would take time at each start. */
	arguments_add(arguments,
		      "virtio-net-pci,netdev=net%zu,romfile=,mac=%02x:%02x:%02x:%02x:%02x:%02x",
		      number, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static void add_kernel(struct arguments *arguments, const struct guest_plan *plan,
		       const struct guest_wiring *wiring)
{
	if (plan->kernel == NULL)
		return;
	arguments_add_option(arguments, "-kernel", plan->kernel->image);
	arguments_add_option(arguments, "-append", wiring->words);
	if (wiring->initramfs_fd >= 0) {
		arguments_add(arguments, "-initrd");
		arguments_add(arguments, "/proc/self/fd/%d", wiring->initramfs_fd);
	} else if (plan->initrd != NULL) {
		arguments_add_option(arguments, "-initrd", plan->initrd);
	}
}

/* QEMU parts the options of an argument by commas, and doubles the one that is meant. */
static int commas_check(const struct guest_wiring *wiring, struct error *err)
{
	if (wiring->monitor_path != NULL && strchr(wiring->monitor_path, ',') != NULL)
		return error_set(err, -EINVAL, "%s: QEMU cannot take a path with a comma",
				 wiring->monitor_path);
	return 0;
}

int guest_qemu_arguments(struct arguments *ret, const struct guest_plan *plan,
			 const struct guest_wiring *wiring, struct error *err)
{
	size_t i;
	int code = commas_check(wiring, err);

	if (code < 0)
		return code;
	*ret = (struct arguments){ 0 };
	arguments_add(ret, "%s", wiring->program);
	add_machine(ret, plan);
	add_monitors(ret, wiring);
	add_channel(ret, wiring);
	if (wiring->root_fd >= 0)
		add_root(ret, wiring->root_fd);
	for (i = 0; i < plan->disk_count; i++)
		add_disk(ret, i, &plan->disks[i], &wiring->disks[i]);
	for (i = 0; i < plan->nic_count; i++)
		add_nic(ret, i, &plan->nics[i]);
	if (plan->balloon)
		arguments_add_option(ret, "-device", "virtio-balloon-pci,id=balloon");
	add_kernel(ret, plan, wiring);
	return arguments_verdict(ret, err);
}
