/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel lets us see. */
#include "observe/doctor_check.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/str.h"
#include "sys/host.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CPUINFO_MOST 16384 /* the first CPU's part is shorter */

/* -- rights */

static const struct {
	int capability;
	const char *name;
} wanted_capabilities[] = {
	{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE" },
	{ CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH" },
	{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN" },
	{ CAP_SYS_NICE, "CAP_SYS_NICE" },
	{ CAP_SYS_RESOURCE, "CAP_SYS_RESOURCE" },
};

void check_rights(const struct doctor_context *context, struct doctor_row *row)
{
	struct str lacking;
	size_t i;

	if (!context->capabilities_known)
		return doctor_say(row, DOCTOR_UNKNOWN, "which rights this process has is not told");
	str_init(&lacking);
	for (i = 0; i < ARRAY_SIZE(wanted_capabilities); i++)
		if (!doctor_capable(context, wanted_capabilities[i].capability))
			str_appendf(&lacking, "%s%s", lacking.length > 0 ? ", " : "",
				    wanted_capabilities[i].name);
	if (lacking.length == 0) {
		doctor_say(row, DOCTOR_OK, "every capability that Truce uses");
	} else if (!doctor_capable(context, CAP_SYS_PTRACE)) {
		doctor_say(row, DOCTOR_LIMITED, "VMs of other users show no disk bytes, descriptors "
			   "or taps (lacking %s)", lacking.data != NULL ? lacking.data : "");
		doctor_fix(row, "run truce as root");
	} else {
		doctor_say(row, DOCTOR_LIMITED, "some reads and knobs will be refused (lacking %s)",
			   lacking.data != NULL ? lacking.data : "");
		doctor_fix(row, "run truce as root, outside of containers that drop rights");
	}
	str_done(&lacking);
}

/* -- kernel and processes */

void check_kernel(const struct doctor_context *context, struct doctor_row *row)
{
	char release[128];
	unsigned long major, minor = 0;
	char *end;

	if (host_text_read(context->root, "/proc/sys/kernel/osrelease", release, sizeof release) < 0)
		return doctor_say(row, DOCTOR_UNKNOWN, "the kernel's release cannot be read");
	major = strtoul(release, &end, 10);
	if (*end == '.')
		minor = strtoul(end + 1, NULL, 10);
	if (major > 5 || (major == 5 && minor >= 10))
		return doctor_say(row, DOCTOR_OK, "Linux %s", release);
	doctor_say(row, DOCTOR_LIMITED, "Linux %s is older than what Truce is tested with", release);
	doctor_fix(row, "use Linux 5.10 or newer");
}

/* "hidepid=2" or "hidepid=invisible" hides; 0 and "off" do not. */
static bool options_hide_processes(const char *options)
{
	const char *value = strstr(options, "hidepid=");

	if (value == NULL)
		return false;
	value += strlen("hidepid=");
	return *value != '0' && strncmp(value, "off", 3) != 0;
}

void check_processes(const struct doctor_context *context, struct doctor_row *row)
{
	char options[128] = "", name[32];

	/* Kernel threads live in the first pid namespace alone; kthreadd is always number 2. */
	if (host_text_read(context->root, "/proc/2/comm", name, sizeof name) < 0 ||
	    strcmp(name, "kthreadd") != 0) {
		doctor_say(row, DOCTOR_LIMITED,
			   "only the processes of a container are to be seen, not the host's");
		return doctor_fix(row, "run truce on the host, or in its pid namespace");
	}
	doctor_mounted(context, "proc", NULL, 0, options, sizeof options);
	if (!options_hide_processes(options))
		return doctor_say(row, DOCTOR_OK, "all are to be seen");
	if (doctor_capable(context, CAP_SYS_PTRACE))
		return doctor_say(row, DOCTOR_OK, "hidden from users (hidepid), but not from this one");
	doctor_say(row, DOCTOR_LIMITED, "VMs of other users are hidden (hidepid)");
	doctor_fix(row, "run truce as root, or in the group that /proc is mounted with gid= for");
}

/* -- KVM */

/* Whether a flag stands in the first CPU's list; -1 where the CPU has none such (not x86). */
static int cpu_has_flag(const char *cpuinfo, const char *first, const char *second)
{
	struct cursor all = cursor_over(cpuinfo, strlen(cpuinfo)), line;

	while (cursor_take_line(&all, &line)) {
		const char *word;
		size_t size;

		if (!cursor_take_text(&line, "flags"))
			continue;
		while (cursor_take_word(&line, &word, &size))
			if (size == strlen(first) && (memcmp(word, first, size) == 0 ||
						      memcmp(word, second, size) == 0))
				return 1;
		return 0;
	}
	return -1;
}

/* "1" or "Y" in the vendor module's parameter. */
static const char *nested_guests(struct root *root)
{
	static const char *const files[] = { "/sys/module/kvm_intel/parameters/nested",
					     "/sys/module/kvm_amd/parameters/nested" };
	char text[8];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (host_text_read(root, files[i], text, sizeof text) >= 0)
			return text[0] == '1' || text[0] == 'Y' ? ", also for guests in guests"
								: ", not for guests in guests";
	return "";
}

void check_kvm(const struct doctor_context *context, struct doctor_row *row)
{
	char cpuinfo[CPUINFO_MOST];
	int fd = root_open(context->root, "/dev/kvm");

	if (fd == -EACCES) {
		doctor_say(row, DOCTOR_LIMITED, "/dev/kvm is not for this user");
		return doctor_fix(row, "add the user to the group kvm");
	}
	if (fd < 0) {
		doctor_say(row, DOCTOR_MISSING, "no /dev/kvm: only guests without KVM can run here");
		return doctor_fix(row, "modprobe kvm_intel or kvm_amd; if that fails, switch "
				  "virtualisation on in the firmware");
	}
	root_close(context->root, fd);
	if (root_read(context->root, "/proc/cpuinfo", cpuinfo, sizeof cpuinfo) > 0 &&
	    cpu_has_flag(cpuinfo, "vmx", "svm") == 0) {
		doctor_say(row, DOCTOR_LIMITED, "/dev/kvm opens, but the CPU shows neither vmx nor "
			   "svm: Linux guests crawl under KVM here");
		return doctor_fix(row, "allow nested virtualisation in the hypervisor below, or use TCG");
	}
	doctor_say(row, DOCTOR_OK, "hardware virtualisation%s", nested_guests(context->root));
}

void check_kvm_events(const struct doctor_context *context, struct doctor_row *row)
{
	int fd;

	if (!context->services)
		return doctor_say(row, DOCTOR_UNKNOWN, "netlink was not asked");
	fd = root_events_open(context->root);
	if (fd >= 0)
		return doctor_say(row, DOCTOR_OK, "births and deaths of VMs are heard at once");
	doctor_say(row, DOCTOR_LIMITED, "netlink is refused (%s): VMs are found by a scan each tick",
		   strerror(-fd));
	doctor_fix(row, "run truce in the host's network namespace");
}

/* -- file systems of the kernel */

static bool kernel_is_locked_down(struct root *root, char *ret_level, size_t size)
{
	char text[128];
	const char *start, *end;

	if (host_text_read(root, "/sys/kernel/security/lockdown", text, sizeof text) < 0)
		return false;
	start = strchr(text, '[');
	end = start != NULL ? strchr(start, ']') : NULL;
	if (end == NULL || strncmp(start, "[none]", 6) == 0)
		return false;
	snprintf(ret_level, size, "%.*s", (int)(end - start - 1), start + 1);
	return true;
}

void check_debugfs(const struct doctor_context *context, struct doctor_row *row)
{
	char level[32], where[128] = "";

	if (!doctor_mounted(context, "debugfs", where, sizeof where, NULL, 0)) {
		doctor_say(row, DOCTOR_LIMITED, "not mounted: no KVM exits, and vCPU threads are told "
			   "by their names alone");
		return doctor_fix(row, "mount -t debugfs debugfs /sys/kernel/debug");
	}
	if (kernel_is_locked_down(context->root, level, sizeof level)) {
		doctor_say(row, DOCTOR_LIMITED, "the kernel is locked down (%s): no KVM exits", level);
		return doctor_fix(row, "nothing, while Secure Boot keeps the kernel locked down");
	}
	if (context->kvm && !context->debugfs_kvm) {
		doctor_say(row, DOCTOR_LIMITED, "%s/kvm cannot be read: no KVM exits, and vCPU threads "
			   "are told by their names alone", where);
		return doctor_fix(row, "run truce as root");
	}
	doctor_say(row, DOCTOR_OK, "%s", where);
}

void check_tracefs(const struct doctor_context *context, struct doctor_row *row)
{
	char where[128] = "";

	if (doctor_mounted(context, "tracefs", where, sizeof where, NULL, 0))
		return doctor_say(row, DOCTOR_OK, "%s", where);
	doctor_say(row, DOCTOR_LIMITED, "not mounted: nothing can be traced");
	doctor_fix(row, "mount -t tracefs tracefs /sys/kernel/tracing");
}

void check_bpf(const struct doctor_context *context, struct doctor_row *row)
{
	if (root_exists(context->root, "/sys/kernel/btf/vmlinux"))
		return doctor_say(row, DOCTOR_OK, "the kernel describes its types (BTF)");
	doctor_say(row, DOCTOR_LIMITED, "no BTF: BPF programs cannot be fitted to this kernel");
	doctor_fix(row, "use a kernel with CONFIG_DEBUG_INFO_BTF");
}

/* -- figures */

void check_run_delay(const struct doctor_context *context, struct doctor_row *row)
{
	char text[128];

	if (root_read(context->root, "/proc/self/schedstat", text, sizeof text) < 0) {
		doctor_say(row, DOCTOR_MISSING, "no schedstat: who waits for a CPU is not counted");
		return doctor_fix(row, "use a kernel with CONFIG_SCHED_INFO (SCHEDSTATS or "
				  "TASK_DELAY_ACCT)");
	}
	if (strncmp(text, "0 0 0", 5) == 0) {
		doctor_say(row, DOCTOR_MISSING, "schedstat stays zero: who waits for a CPU is not counted");
		return doctor_fix(row, "use a kernel with CONFIG_SCHED_INFO (SCHEDSTATS or "
				  "TASK_DELAY_ACCT)");
	}
	doctor_say(row, DOCTOR_OK, "what each thread waits for a CPU is counted");
}

void check_pressure(const struct doctor_context *context, struct doctor_row *row)
{
	char text[256];
	ssize_t got = root_read(context->root, "/proc/pressure/cpu", text, sizeof text);

	if (got == -EOPNOTSUPP) {
		doctor_say(row, DOCTOR_MISSING, "built in, but switched off");
		return doctor_fix(row, "boot with psi=1");
	}
	if (got < 0) {
		doctor_say(row, DOCTOR_MISSING, "not in this kernel");
		return doctor_fix(row, "use a kernel with CONFIG_PSI");
	}
	if (context->cgroups.unified.mount[0] != '\0')
		return doctor_say(row, DOCTOR_OK, "of the host and of each cgroup");
	doctor_say(row, DOCTOR_LIMITED, "of the host alone: cgroup v1 has none for each VM");
	doctor_fix(row, "mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified, or boot with cgroup v2");
}
