/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/situation.h"

#include "base/cleanup.h"
#include "observe/observer.h"
#include "sys/cmdline.h"
#include "sys/libvirt_status.h"
#include "sys/process.h"
#include "sys/qmp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_LIMIT (1 << 20) /* of libvirt's status file of one domain */

static void set_text(char **text, const char *value)
{
	if (value[0] != '\0') {
		text_set(text, value, strlen(value));
	} else {
		free(*text);
		*text = NULL;
	}
}

void situation_set_state(struct observe *observe, struct vm *vm, const char *state)
{
	const char *old = vm->text[VM_TEXT_STATE];

	if (old != NULL && strcmp(old, state) != 0)
		observe_event(observe, EVENT_KNOB, vm, "state %s -> %s", old,
			      state[0] != '\0' ? state : "not told");
	set_text(&vm->text[VM_TEXT_STATE], state);
}

const char *situation_of_qemu(const char *status)
{
	static const struct {
		const char *qemu, *state;
	} states[] = {
		{ "running", "running" },
		{ "migrating", "migrating" },
		{ "backup", "backup" },
		{ "inmigrate", "migrating" },
		{ "postmigrate", "migrating" },
		{ "finish-migrate", "migrating" },
		{ "colo", "migrating" },
		{ "save-vm", "saving" },
		{ "restore-vm", "saving" },
		{ "paused", "paused" },
		{ "suspended", "paused" },
		{ "prelaunch", "paused" },
		{ "debug", "paused" },
		{ "io-error", "paused" },
		{ "watchdog", "paused" },
		{ "shutdown", "paused" },
		{ "guest-panicked", "paused" },
		{ "internal-error", "paused" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(states); i++)
		if (strcmp(status, states[i].qemu) == 0)
			return states[i].state;
	return "";
}

/* -- what keeps knobs from acting ---------------------------------------------------------- */

struct hindrances {
	struct root *root;
	pid_t pid;
	bool vfio, macvtap;
};

static int look_at_link(const char *name, void *context)
{
	struct hindrances *found = context;
	char path[64], text[128];
	ssize_t size;
	int number;

	if (strlen(name) > 10)
		return 0;
	snprintf(path, sizeof path, "/proc/%d/fd/%s", found->pid, name);
	size = root_readlink(found->root, path, text, sizeof text);
	if (size < 0)
		return 0;
	switch (process_link_classify(text, (size_t)size, &number)) {
	case LINK_VFIO:
		found->vfio = true;
		break;
	case LINK_MACVTAP:
		found->macvtap = true;
		break;
	default:
		break;
	}
	return 0;
}

static bool option_says(const struct cmdline *cmdline, const char *option, const char *what)
{
	const char *position = NULL, *value;

	while ((value = cmdline_option(cmdline, option, &position)) != NULL)
		if (strstr(value, what) != NULL)
			return true;
	return false;
}

/* Memory that can be neither ballooned away nor reclaimed, by how the VMM was started. */
static bool has_huge_pages(const struct cmdline *cmdline)
{
	return option_says(cmdline, "mem-path", "huge") ||
	       option_says(cmdline, "object", "hugetlb=on") ||
	       option_says(cmdline, "object", "hugetlb=true") ||
	       option_says(cmdline, "object", "mem-path=/dev/hugepages") ||
	       option_says(cmdline, "memory", "hugepages=on") || cmdline_has(cmdline, "hugepages");
}

static bool is_confidential(const struct cmdline *cmdline)
{
	static const char *const objects[] = { "sev-guest", "sev-snp-guest", "tdx-guest", "pef-guest" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(objects); i++)
		if (option_says(cmdline, "object", objects[i]))
			return true;
	return option_says(cmdline, "machine", "confidential-guest-support=");
}

/* Whether the worker gets an answer from its VMM. */
static bool has_monitor(const struct watched *watched, const struct cmdline *cmdline)
{
	char path[256];

	return watched->vmm == &vmm_qemu && qmp_find(cmdline, path, sizeof path) == QMP_SOCKET;
}

/* A tap that is a port of Open vSwitch: its master is the datapath's own device. */
static bool is_switched(struct observe *observe, const struct watched *watched)
{
	char path[96], text[256];
	size_t i;

	for (i = 0; i < watched->tap_count; i++) {
		ssize_t size;

		snprintf(path, sizeof path, "/sys/class/net/%s/master", watched->taps[i].name);
		size = root_readlink(observe->root, path, text, sizeof text - 1);
		if (size <= 0 || (size_t)size >= sizeof text)
			continue;
		text[size] = '\0';
		if (strstr(text, "/ovs-system") != NULL)
			return true;
	}
	return false;
}

static void add(char *list, size_t size, bool there, const char *name)
{
	size_t length = strlen(list);

	if (there)
		snprintf(list + length, size - length, "%s%s", length > 0 ? "," : "", name);
}

/* Once for all VMs of the process: a thousand in one have several thousand descriptors. */
static void look_at_links(struct observe *observe, struct watched_process *process)
{
	struct hindrances found = { .root = observe->root, .pid = process->pid };
	char path[32];

	snprintf(path, sizeof path, "/proc/%d/fd", found.pid);
	root_list(observe->root, path, look_at_link, &found);
	process->links_known = true;
	process->vfio = found.vfio;
	process->macvtap = found.macvtap;
}

static void look_for_hindrances(struct observe *observe, struct watched *watched)
{
	struct watched_process *process = watched->process;
	struct cmdline cmdline = { 0 };
	char list[80] = "";

	if (process->vms == watched || !process->links_known)
		look_at_links(observe, process);
	if (watched->cold_count < 2 && cmdline_read(observe->root, process->pid, &cmdline) >= 0) {
		watched->huge_pages = has_huge_pages(&cmdline);
		watched->confidential = is_confidential(&cmdline);
		watched->has_monitor = has_monitor(watched, &cmdline);
		watched->arrives = option_says(&cmdline, "incoming", "");
	}
	add(list, sizeof list, process->vfio, "vfio");
	add(list, sizeof list, watched->huge_pages, "hugepages");
	add(list, sizeof list, watched->confidential, "confidential");
	add(list, sizeof list, is_switched(observe, watched), "ovs");
	add(list, sizeof list, process->macvtap, "macvtap");
	cmdline_done(&cmdline);
	set_text(&watched->vm->text[VM_TEXT_HINDRANCES], list);
}

static bool is_libvirts(const struct vm *vm)
{
	const char *owner = vm->text[VM_TEXT_OWNER];

	return owner != NULL && strcmp(owner, "libvirt") == 0 && vm->text[VM_TEXT_NAME] != NULL;
}

static void look_at_libvirt(struct observe *observe, struct vm *vm)
{
	const char *name = vm->text[VM_TEXT_NAME];
	struct libvirt_status status;
	int r;

	vm->state_usec = root_monotonic_usec(observe->root);
	while ((r = libvirt_status_read(observe->root, name, observe->buffer, observe->buffer_size,
					&status)) == -EFBIG && observe->buffer_size < STATUS_LIMIT) {
		char *larger = realloc(observe->buffer, observe->buffer_size * 2);

		if (larger == NULL)
			return;
		observe->buffer = larger;
		observe->buffer_size *= 2;
	}
	/* A process may call itself as a domain is called: that one's class and state are not its. */
	if (r < 0 || (status.pid != 0 && status.pid != vm->identity.pid))
		return;
	situation_set_state(observe, vm, status.state);
	set_text(&vm->text[VM_TEXT_METADATA], status.class);
}

void situation_sample(struct observe *observe, struct watched *watched, bool rarely)
{
	struct vm *vm = watched->vm;

	if (rarely)
		look_for_hindrances(observe, watched);
	vm->tells_state = is_libvirts(vm) || watched->has_monitor;
	if (is_libvirts(vm))
		look_at_libvirt(observe, vm);
	else if (vm->tells_state && watched->arrives && vm->state_usec == 0)
		situation_set_state(observe, vm, "migrating");
}

bool situation_ask(struct observe *observe, struct watched *watched)
{
	watched->ask_state = !is_libvirts(watched->vm);
	if (!watched->ask_state)
		look_at_libvirt(observe, watched->vm);
	return !watched->ask_state;
}
