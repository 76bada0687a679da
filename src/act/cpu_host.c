/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All VMs against the host's other processes: the weight of the topmost cgroups that hold VMs and
 * nothing else (libvirt's, Proxmox's, ours). Where systemd keeps them, by its properties. It does
 * not move anybody: a VM that is in none of them is made equal by a cpu.weight of its own, which
 * gives it a cgroup there.
 */
#include "act/act_lease.h"
#include "act/cpu_place.h"
#include "act/cpu_scale.h"
#include "act/owner_systemd.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "sys/root.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A cgroup of VMs, and how the entries of it that are VMs begin or what they contain. */
struct kept {
	const char *name;
	bool slice; /* systemd's */
};

static const struct kept known[] = {
	{ "machine.slice", true }, { "qemu.slice", true }, { "machine", false }, { NULL, false },
};

struct homes {
	struct cgroup_layout layout;
	struct act_context *context;
	struct { char name[64]; char directory[400]; bool slice; } items[ARRAY_SIZE(known)];
	size_t count;
	char stranger[64]; /* what is no VM in one of them */
	const char *directory; /* that is looked at */
	bool any;
};

static bool is_name_of_vm(const char *name)
{
	return strncmp(name, "machine-qemu", 12) == 0 || strncmp(name, "truce-vm-", 9) == 0 ||
	       strncmp(name, "vm-", 3) == 0 || strstr(name, ".libvirt-") != NULL;
}

/* Proxmox names a VM's scope by its number. */
static bool is_number_scope(const char *name)
{
	size_t digits = strspn(name, "0123456789");

	return digits > 0 && strcmp(name + digits, ".scope") == 0;
}

static int look(const char *name, void *context)
{
	struct homes *homes = context;
	char path[1024];

	snprintf(path, sizeof path, "%s/%.255s/cgroup.procs", homes->directory, name);
	if (!root_exists(homes->context->root, path))
		return 0; /* a file of the cgroup itself */
	if (is_name_of_vm(name) || is_number_scope(name))
		homes->any = true;
	else
		text_copy(homes->stranger, sizeof homes->stranger, name, strlen(name));
	return 0;
}

static void homes_offer(struct homes *homes, const char *name, bool slice)
{
	const char *mount = homes->layout.controller[CGROUP_CPU].mount;
	size_t at = homes->count;

	if (snprintf(homes->items[at].directory, sizeof homes->items[at].directory, "%s/%s", mount,
		     name) >= (int)sizeof homes->items[at].directory)
		return;
	homes->directory = homes->items[at].directory;
	homes->any = false;
	homes->stranger[0] = '\0';
	if (root_list(homes->context->root, homes->directory, look, homes) < 0 || !homes->any ||
	    homes->stranger[0] != '\0')
		return;
	snprintf(homes->items[at].name, sizeof homes->items[at].name, "%s", name);
	homes->items[at].slice = slice;
	homes->count++;
}

static int homes_find(struct act_context *context, struct homes *ret, struct error *err)
{
	size_t i;
	int r = cgroup_layout_read(context->root, &ret->layout, err);

	ret->context = context;
	ret->count = 0;
	if (r < 0)
		return r;
	if (ret->layout.controller[CGROUP_CPU].mount[0] == '\0')
		return error_set(err, -ENOENT, "this host has no cgroup hierarchy with the CPU "
				 "controller");
	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].name != NULL)
			homes_offer(ret, known[i].name, known[i].slice);
		else
			homes_offer(ret, context->options != NULL && context->options->cgroup != NULL ?
				    context->options->cgroup : "truce", false);
	if (ret->count == 0)
		return error_set(err, -ENOENT, "no cgroup of this host holds VMs and nothing else: "
				 "a cpu.weight gives a VM its place in one");
	return 0;
}

static bool any_slice(const struct homes *homes)
{
	size_t i;

	for (i = 0; i < homes->count; i++)
		if (homes->items[i].slice)
			return true;
	return false;
}

static int serves_as(struct act_context *context, bool slices, char reason[static PLAN_REASON_SIZE])
{
	struct error err = { 0 };
	struct homes homes;

	if (homes_find(context, &homes, &err) < 0) {
		text_copy(reason, PLAN_REASON_SIZE, err.text, strlen(err.text));
		return 0;
	}
	snprintf(reason, PLAN_REASON_SIZE, "systemd keeps the VMs' cgroups");
	return slices == (any_slice(&homes) && owner_systemd_runs(context->root));
}

static int serves_slices(struct act_context *context, const struct act_target *target,
			 enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	return serves_as(context, true, reason);
}

static int serves_files(struct act_context *context, const struct act_target *target,
			enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	return serves_as(context, false, reason);
}

static bool is_v2(const struct homes *homes)
{
	return homes->layout.controller[CGROUP_CPU].v2;
}

static int weight_set(struct act_context *context, const struct homes *homes, size_t at,
		      int64_t weight, struct error *err)
{
	char path[512], text[24];

	if (homes->items[at].slice && owner_systemd_runs(context->root))
		return owner_systemd_set(context, NULL, homes->items[at].name, "CPUWeight",
					 (uint64_t)weight, err);
	snprintf(path, sizeof path, "%s/%s", homes->items[at].directory,
		 is_v2(homes) ? "cpu.weight" : "cpu.shares");
	snprintf(text, sizeof text, "%lld",
		 (long long)(is_v2(homes) ? weight : cpu_scale_shares(weight)));
	return act_lease_file(context, NULL, path, text, err);
}

static void tell(const struct homes *homes, char where[static 64])
{
	size_t i, length;

	snprintf(where, 64, "%s of", is_v2(homes) ? "cpu.weight" : "cpu.shares");
	for (i = 0; i < homes->count; i++) {
		length = strlen(where);
		snprintf(where + length, 64 - length, "%s %s", i > 0 ? "," : "",
			 homes->items[i].name);
	}
}

static int set_knob(struct act_context *context, const struct act_target *target,
		    enum setting setting, const struct setting_value *value,
		    char where[static 64], struct error *err)
{
	struct homes homes;
	size_t i;
	int r = homes_find(context, &homes, err);

	for (i = 0; r == 0 && i < homes.count; i++)
		r = weight_set(context, &homes, i, value->number, err);
	if (r == 0)
		tell(&homes, where);
	else
		act_release_setting(context, NULL, setting, NULL);
	return r;
}

static int read_knob(struct act_context *context, const struct act_target *target,
		     enum setting setting, struct setting_value *ret, char where[static 64],
		     struct error *err)
{
	struct cpu_place place;
	struct homes homes;
	int r = homes_find(context, &homes, err);

	if (r < 0)
		return r;
	text_copy(place.directory, sizeof place.directory, homes.items[0].directory,
		  strlen(homes.items[0].directory));
	*ret = (struct setting_value){ 0 };
	r = cpu_place_number(context, &place, is_v2(&homes) ? "cpu.weight" : "cpu.shares",
			     &ret->number);
	if (r < 0)
		return error_errno(err, r, "cannot read the weight of %s", place.directory);
	if (!is_v2(&homes))
		ret->number = cpu_scale_weight(ret->number);
	tell(&homes, where);
	return 0;
}

const struct actuator cpu_host_systemd_actuator = {
	.name = "cpu-host-systemd",
	.settings = { SETTING_HOST_VM_WEIGHT },
	.setting_count = 1,
	.slow = true,
	.serves = serves_slices,
	.read = read_knob,
	.set = set_knob,
};

const struct actuator cpu_host_actuator = {
	.name = "cpu-host",
	.settings = { SETTING_HOST_VM_WEIGHT },
	.setting_count = 1,
	.serves = serves_files,
	.read = read_knob,
	.set = set_knob,
};
