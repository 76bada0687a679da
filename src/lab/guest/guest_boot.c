/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/guest_boot.h"

#include "agent_boot.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/guest/guest_kernel.h"
#include "lab/guest/initramfs.h"
#include "lab/guest/module_file.h"

#include <errno.h>
#include <string.h>

#define COMMAND_LINE_SIZE 2048 /* of x86 */
#define MODULES_MOST 8	       /* that a plan names; what they stand on comes on top */
#define ROOT_SERIAL "root"
#define AGENT_PROGRAM "truce-agent"
#define AGENT_BUILT_AT "agent/" AGENT_PROGRAM /* in a build tree, below src */

static void modules_name(const struct guest_plan *plan, const char **names)
{
	bool mounted = false;
	size_t i;

	*names++ = "virtio_pci";
	*names++ = "virtio_console";
	for (i = 0; i < plan->disk_count; i++)
		mounted = mounted || !plan->disks[i].blank;
	if (plan->disk_count > 0 || plan->image != NULL)
		*names++ = "virtio_blk";
	if (mounted || plan->image != NULL)
		*names++ = "ext4";
	if (plan->nic_count > 0)
		*names++ = "virtio_net";
	if (plan->balloon)
		*names++ = "virtio_balloon";
	*names = NULL;
}

/* "virtio_blk.ko" of ".../virtio_blk.ko.xz". */
static void module_name_append(struct str *name, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;
	const char *end = strstr(base, ".ko");

	str_appendf(name, "modules/%.*s.ko", (int)(end != NULL ? end - base : 0), base);
}

static int module_add(struct initramfs *image, struct str *order, const char *path,
		      struct error *err)
{
	struct str bytes, name;
	int code;

	str_init(&bytes);
	str_init(&name);
	module_name_append(&name, path);
	code = module_file_read(path, &bytes, err);
	if (code == 0 && !name.failed) {
		initramfs_add_bytes(image, name.data, 0644, bytes.data, bytes.length);
		str_appendf(order, "/%s\n", name.data);
	}
	str_done(&name);
	str_done(&bytes);
	return code;
}

static int modules_add(struct initramfs *image, const struct guest_plan *plan, struct error *err)
{
	const char *names[MODULES_MOST + 1];
	struct guest_modules modules;
	struct str order;
	size_t i;
	int code;

	modules_name(plan, names);
	code = guest_kernel_modules(plan->kernel, names, &modules, err);
	if (code < 0)
		return code;
	str_init(&order);
	initramfs_add_directory(image, "modules");
	for (i = 0; code == 0 && i < modules.count; i++)
		code = module_add(image, &order, modules.paths[i], err);
	if (code == 0)
		initramfs_add_bytes(image, &AGENT_BOOT_MODULES[1], 0644, order.data, order.length);
	if (code == 0 && order.failed)
		code = error_errno(err, -ENOMEM, "no room for modules");
	str_done(&order);
	guest_modules_done(&modules);
	return code;
}

static int agent_add(struct initramfs *image, const struct guest_plan *plan, struct error *err)
{
	CLEANUP_FREE char *found = NULL;
	const char *path = plan->agent;
	int code = path == NULL ? host_helper(AGENT_PROGRAM, AGENT_BUILT_AT, &found, err) : 0;

	if (code < 0)
		return code;
	return initramfs_add_file(image, "init", 0755, path != NULL ? path : found, err);
}

bool guest_boot_is_ours(const struct guest_plan *plan)
{
	return plan->kernel != NULL && plan->initrd == NULL;
}

int guest_boot_image(const struct guest_plan *plan, int *ret_fd, struct error *err)
{
	struct initramfs image;
	int code;

	initramfs_init(&image);
	/* The kernel opens it for its first process, before that can mount a /dev. */
	initramfs_add_directory(&image, "dev");
	initramfs_add_device(&image, "dev/console", 5, 1);
	code = agent_add(&image, plan, err);
	if (code == 0)
		code = modules_add(&image, plan, err);
	if (code == 0)
		code = initramfs_finish(&image, ret_fd, err);
	initramfs_done(&image);
	return code;
}

/* An emulated timer ticks late on a busy machine: the kernel would panic because it seems dead,
 * and measure a wrong rate of the counter that it keeps time with. */
static void timers_append(struct str *words, uint64_t tsc_khz)
{
	str_append(words, " no_timer_check");
	if (tsc_khz != 0)
		str_appendf(words, " tsc_early_khz=%llu", (unsigned long long)tsc_khz);
}

static void nic_append(struct str *words, const struct guest_nic *nic)
{
	const unsigned char *mac = nic->mac;

	if (nic->address == NULL)
		return;
	str_appendf(words, " " AGENT_BOOT_WORD_IP "%02x:%02x:%02x:%02x:%02x:%02x,%s", mac[0],
		    mac[1], mac[2], mac[3], mac[4], mac[5], nic->address);
	if (nic->gateway != NULL)
		str_appendf(words, ",%s", nic->gateway);
}

int guest_boot_words(const struct guest_plan *plan, uint64_t tsc_khz, struct str *words,
		     struct error *err)
{
	bool enters = plan->image != NULL && guest_boot_is_ours(plan);
	size_t i, disks = plan->disk_count + enters;

	str_append(words, "console=ttyS0 quiet panic=-1");
	if (plan->accelerator == ACCELERATOR_TCG)
		timers_append(words, tsc_khz);
	if (disks > 0)
		str_appendf(words, " " AGENT_BOOT_WORD_DISKS "%zu", disks);
	if (enters)
		str_append(words, " " AGENT_BOOT_WORD_ROOT ROOT_SERIAL);
	for (i = 0; i < plan->nic_count; i++)
		nic_append(words, &plan->nics[i]);
	if (plan->words != NULL)
		str_appendf(words, " %s", plan->words);
	if (words->failed)
		return error_errno(err, -ENOMEM, "no room for a command line");
	if (words->length >= COMMAND_LINE_SIZE)
		return error_set(err, -ENAMETOOLONG,
				 "%s: a kernel's command line has %d characters, this would have %zu",
				 plan->name, COMMAND_LINE_SIZE - 1, words->length);
	return 0;
}
