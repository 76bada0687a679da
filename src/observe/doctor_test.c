/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/doctor.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "model/snapshot.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MOUNTS                                                                                     \
	"22 1 0:21 / /proc rw,relatime - proc proc rw\n"                                            \
	"23 1 0:22 / /sys rw - sysfs sysfs rw\n"                                                    \
	"24 23 0:8 / /sys/kernel/debug rw shared:5 - debugfs debugfs rw\n"                          \
	"25 23 0:9 / /sys/kernel/tracing rw - tracefs tracefs rw\n"                                 \
	"26 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"

/* A host with nothing to complain of. */
static const struct root_memory_file good_host[] = {
	{ "/proc/1/comm", "systemd\n", 0, 0 },
	{ "/proc/2/comm", "kthreadd\n", 0, 0 },
	{ "/proc/self/status", "Name:\ttruce\nUid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\n", 0, 0 },
	{ "/proc/self/mountinfo", MOUNTS, 0, 0 },
	{ "/proc/self/limits",
	  "Limit                     Soft Limit           Hard Limit           Units     \n"
	  "Max open files            1024                 4096                 files     \n", 0, 0 },
	{ "/proc/self/schedstat", "11 22 33\n", 0, 0 },
	{ "/proc/self/cgroup", "0::/user.slice\n", 0, 0 },
	{ "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vmx sse\n\n", 0, 0 },
	{ "/proc/meminfo", "MemTotal:       100 kB\nHugePages_Total:       8\n", 0, 0 },
	{ "/proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n", 0, 0 },
	{ "/proc/sys/kernel/osrelease", "6.1.0-32-amd64\n", 0, 0 },
	{ "/proc/sys/kernel/sched_autogroup_enabled", "1\n", 0, 0 },
	{ "/proc/sys/fs/nr_open", "1048576\n", 0, 0 },
	{ "/dev/kvm", "", 0, 0 },
	{ "/sys/kernel/btf/vmlinux", "", 0, 0 },
	{ "/sys/kernel/debug/kvm/exits", "0\n", 0, 0 },
	{ "/sys/kernel/mm/ksm/run", "1\n", 0, 0 },
	{ "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n", 0, 0 },
	{ "/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n", 0, 0 },
	{ "/sys/fs/cgroup/cgroup.subtree_control", "cpuset cpu io memory pids\n", 0, 0 },
	{ "/sys/fs/cgroup/io.cost.qos", "8:0 enable=1 ctrl=auto\n", 0, 0 },
};

#define HOST_FILES (sizeof good_host / sizeof good_host[0])

/* The good host with some files replaced or added; a file without bytes is not there. */
static struct root *host_with(const struct root_memory_file *changes, size_t count)
{
	static struct root_memory_file files[HOST_FILES + 16];
	size_t i, j;

	memcpy(files, good_host, sizeof good_host);
	for (i = 0, j = HOST_FILES; i < count; i++) {
		size_t at;

		for (at = 0; at < HOST_FILES; at++)
			if (strcmp(files[at].path, changes[i].path) == 0)
				break;
		at = at < HOST_FILES ? at : j++;
		files[at] = changes[i];
		if (changes[i].bytes == NULL) {
			files[at].bytes = "";
			files[at].error = changes[i].error != 0 ? changes[i].error : -ENOENT;
		}
	}
	return root_memory_new(files, j);
}

static struct doctor examine(const struct root_memory_file *changes, size_t count,
			     const struct snapshot *snapshot)
{
	struct root *root = host_with(changes, count);
	struct doctor doctor;
	struct error err;

	if (doctor_run(root, snapshot, false, &doctor, &err) < 0)
		fail_msg("%s", err.text);
	root_free(root);
	return doctor;
}

static struct doctor_row row_of(const char *name, const struct root_memory_file *changes,
				size_t count, const struct snapshot *snapshot)
{
	struct doctor doctor = examine(changes, count, snapshot);
	struct doctor_row row = { .name = NULL };
	size_t i;

	for (i = 0; i < doctor.row_count; i++)
		if (strcmp(doctor.rows[i].name, name) == 0)
			row = doctor.rows[i];
	assert_non_null(row.name);
	doctor_done(&doctor);
	return row;
}

static void assert_row(struct doctor_row row, enum doctor_state state, const char *says,
		       const char *fix)
{
	if (row.state != state || strstr(row.says, says) == NULL || strstr(row.fix, fix) == NULL)
		fail_msg("%s is %s: \"%s\" (\"%s\")", row.name, doctor_state_name(row.state), row.says,
			 row.fix);
}

/* The row of a host with the files that follow. */
#define ROW(name, ...)                                                                             \
	row_of(name, (const struct root_memory_file[]){ __VA_ARGS__ },                             \
	       sizeof((const struct root_memory_file[]){ __VA_ARGS__ }) /                          \
		       sizeof(struct root_memory_file), NULL)

static void a_good_host_has_no_complaint(void **state)
{
	struct doctor doctor = examine(NULL, 0, NULL);
	size_t i;

	for (i = 0; i < doctor.row_count; i++)
		if (doctor.rows[i].state == DOCTOR_LIMITED || doctor.rows[i].state == DOCTOR_MISSING)
			fail_msg("%s: %s", doctor.rows[i].name, doctor.rows[i].says);
	assert_false(doctor_complains(&doctor));
	assert_int_equal(doctor.manager_count, 0);
	doctor_done(&doctor);
}

static void whatever_is_limited_or_missing_has_words_and_a_fix(void **state)
{
	static const struct root_memory_file bare[] = {
		{ "/proc/2/comm", NULL, 0, 0 }, { "/proc/self/mountinfo", NULL, 0, 0 },
		{ "/proc/self/schedstat", NULL, 0, 0 }, { "/proc/pressure/cpu", NULL, 0, 0 },
		{ "/dev/kvm", NULL, 0, 0 }, { "/sys/kernel/btf/vmlinux", NULL, 0, 0 },
		{ "/proc/sys/kernel/osrelease", "4.19.0\n", 0, 0 },
		{ "/proc/self/status", "Name:\ttruce\nCapEff:\t0000000000000000\n", 0, 0 },
	};
	struct doctor doctor = examine(bare, ARRAY_SIZE(bare), NULL);
	size_t i, complaints = 0;

	for (i = 0; i < doctor.row_count; i++) {
		assert_true(doctor.rows[i].says[0] != '\0');
		if (doctor.rows[i].state != DOCTOR_LIMITED && doctor.rows[i].state != DOCTOR_MISSING)
			continue;
		complaints++;
		if (doctor.rows[i].fix[0] == '\0')
			fail_msg("%s has no fix", doctor.rows[i].name);
	}
	assert_true(complaints >= 10);
	assert_true(doctor_complains(&doctor));
	doctor_done(&doctor);
}

static void rights_name_what_is_lacking(void **state)
{
	assert_row(ROW("rights", { "/proc/self/status", "x\nCapEff:\t0000000000000000\n", 0, 0 }),
		   DOCTOR_LIMITED, "VMs of other users show no disk bytes", "as root");
	/* All but CAP_SYS_RESOURCE, number 24. */
	assert_row(ROW("rights", { "/proc/self/status", "x\nCapEff:\t000001fffeffffff\n", 0, 0 }),
		   DOCTOR_LIMITED, "(lacking CAP_SYS_RESOURCE)", "containers");
	assert_row(ROW("rights", { "/proc/self/status", NULL, 0, 0 }), DOCTOR_UNKNOWN, "not told", "");
}

static void old_kernels_are_told_from_new_ones(void **state)
{
	assert_row(ROW("kernel", { "/proc/sys/kernel/osrelease", "5.10.0\n", 0, 0 }), DOCTOR_OK,
		   "5.10.0", "");
	assert_row(ROW("kernel", { "/proc/sys/kernel/osrelease", "5.9.16\n", 0, 0 }), DOCTOR_LIMITED,
		   "5.9.16", "5.10");
	assert_row(ROW("kernel", { "/proc/sys/kernel/osrelease", "10.1\n", 0, 0 }), DOCTOR_OK, "10.1", "");
}

static void hidden_processes_are_a_loss_to_users_alone(void **state)
{
	static const struct root_memory_file hidden = {
		"/proc/self/mountinfo", "22 1 0:21 / /proc rw - proc proc rw,hidepid=invisible\n", 0, 0 };
	static const struct root_memory_file user = {
		"/proc/self/status", "x\nCapEff:\t0000000000000000\n", 0, 0 };

	assert_row(ROW("processes", hidden), DOCTOR_OK, "not from this one", "");
	assert_row(ROW("processes", hidden, user), DOCTOR_LIMITED, "hidepid", "as root");
	assert_row(ROW("processes", { "/proc/2/comm", "bash\n", 0, 0 }), DOCTOR_LIMITED, "container",
		   "on the host");
}

static void kvm_is_more_than_a_device(void **state)
{
	assert_row(ROW("kvm", { "/sys/module/kvm_intel/parameters/nested", "Y\n", 0, 0 }), DOCTOR_OK,
		   "also for guests in guests", "");
	assert_row(ROW("kvm", { "/proc/cpuinfo", "flags\t: fpu vmxx sse\n", 0, 0 }), DOCTOR_LIMITED,
		   "neither vmx nor svm", "TCG");
	assert_row(ROW("kvm", { "/proc/cpuinfo", "Features\t: fp asimd\n", 0, 0 }), DOCTOR_OK, "", "");
	assert_row(ROW("kvm", { "/dev/kvm", NULL, 0, -EACCES }), DOCTOR_LIMITED, "this user",
		   "group kvm");
	assert_row(ROW("kvm", { "/dev/kvm", NULL, 0, 0 }), DOCTOR_MISSING, "no /dev/kvm", "modprobe");
}

static void a_locked_or_absent_debugfs_is_told(void **state)
{
	assert_row(ROW("debugfs", { "/sys/kernel/security/lockdown", "none [integrity]\n", 0, 0 }),
		   DOCTOR_LIMITED, "locked down (integrity)", "Secure Boot");
	assert_row(ROW("debugfs", { "/sys/kernel/security/lockdown", "[none] integrity\n", 0, 0 }),
		   DOCTOR_OK, "/sys/kernel/debug", "");
	assert_row(ROW("debugfs", { "/proc/self/mountinfo", "", 1, 0 }), DOCTOR_LIMITED, "not mounted",
		   "mount -t debugfs");
	assert_row(ROW("debugfs", { "/sys/kernel/debug/kvm/exits", NULL, 0, 0 }), DOCTOR_OK, "", "");
}

static void waiting_that_is_not_counted_is_missed(void **state)
{
	assert_row(ROW("run delay", { "/proc/self/schedstat", "0 0 0\n", 0, 0 }), DOCTOR_MISSING,
		   "stays zero", "CONFIG_SCHED_INFO");
}

static void pressure_says_how_to_switch_it_on(void **state)
{
	assert_row(ROW("pressure", { "/proc/pressure/cpu", NULL, 0, -EOPNOTSUPP }), DOCTOR_MISSING,
		   "switched off", "psi=1");
	assert_row(ROW("pressure", { "/proc/pressure/cpu", NULL, 0, 0 }), DOCTOR_MISSING,
		   "not in this kernel", "CONFIG_PSI");
}

static void controllers_must_reach_the_vms(void **state)
{
	static const struct root_memory_file without_cpu = {
		"/sys/fs/cgroup/cgroup.subtree_control", "memory pids\n", 0, 0 };

	assert_row(ROW("cgroups", without_cpu), DOCTOR_LIMITED,
		   "cpu is not on below the root", "echo +cpu > /sys/fs/cgroup/cgroup.subtree_control");
	/* systemd switches it on where a unit wants it. */
	assert_row(ROW("cgroups", without_cpu, { "/run/systemd/system/x", "", 0, 0 }), DOCTOR_OK,
		   "v2 at", "");
	assert_row(ROW("cgroups", { "/sys/fs/cgroup/cgroup.controllers", "cpuset cpu memory\n", 0, 0 }),
		   DOCTOR_LIMITED, "without the controller io", "");
	assert_row(ROW("cgroups", { "/proc/self/mountinfo", "22 1 0:21 / /proc rw - proc proc rw\n", 0, 0 }),
		   DOCTOR_MISSING, "neither weights nor quotas", "mount -t cgroup2");
	assert_row(ROW("cgroups", { "/proc/self/mountinfo",
				    "30 1 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n", 0, 0 }),
		   DOCTOR_LIMITED, "v1 without the controller cpuset", "mount -t cgroup -o cpuset");
}

static void another_scheduler_is_named(void **state)
{
	assert_row(ROW("scheduler", { "/sys/kernel/sched_ext/state", "enabled\n", 0, 0 },
		       { "/sys/kernel/sched_ext/root/ops", "rusty\n", 0, 0 }),
		   DOCTOR_LIMITED, "rusty", "stop that scheduler");
	assert_row(ROW("scheduler", { "/sys/kernel/sched_ext/state", "disabled\n", 0, 0 }), DOCTOR_OK, "", "");
}

static void an_autogroup_matters_where_it_rules_a_vm(void **state)
{
	struct vm_identity identity = { .pid = 70 };
	struct snapshot snapshot;
	struct vm *vm;

	snapshot_init(&snapshot);
	vm = snapshot_add_vm(&snapshot, &identity);
	assert_true(text_set(&vm->text[VM_TEXT_WEIGHT_WHERE], "autogroup", 9));
	assert_row(row_of("autogroup", NULL, 0, &snapshot), DOCTOR_LIMITED, "rules 1 VM:",
		   "cgroups of their own");
	assert_true(text_set(&vm->text[VM_TEXT_WEIGHT_WHERE], "cpu.weight", 10));
	assert_row(row_of("autogroup", NULL, 0, &snapshot), DOCTOR_OK, "rules no VM", "");
	snapshot_done(&snapshot);
}

static void many_vms_need_many_descriptors(void **state)
{
	static const struct root_memory_file user = {
		"/proc/self/status", "x\nCapEff:\t0000000000000000\n", 0, 0 };
	struct vm_identity identity = { .pid = 70 };
	struct snapshot snapshot;

	snapshot_init(&snapshot);
	for (identity.ordinal = 0; identity.ordinal < 1100; identity.ordinal++)
		assert_non_null(snapshot_add_vm(&snapshot, &identity));
	assert_row(row_of("descriptors", &user, 1, &snapshot), DOCTOR_LIMITED, "4096 may be open",
		   "ulimit -n 4464");
	assert_row(row_of("descriptors", NULL, 0, &snapshot), DOCTOR_OK, "1048576 may be open", "");
	snapshot_done(&snapshot);
}

static void managers_are_found_by_their_names_once_each(void **state)
{
	static const struct root_memory_file processes[] = {
		{ "/proc/812/comm", "tuned\n", 0, 0 },        { "/proc/813/comm", "tuned\n", 0, 0 },
		{ "/proc/900/comm", "virtqemud\n", 0, 0 },    { "/proc/901/comm", "tuned-adm\n", 0, 0 },
		{ "/proc/902/comm", "systemd-oomd\n", 0, 0 }, { "/proc/903/comm", NULL, 0, -EACCES },
	};
	struct doctor doctor = examine(processes, ARRAY_SIZE(processes), NULL);

	assert_int_equal(doctor.manager_count, 3);
	assert_string_equal(doctor.managers[0].name, "tuned");
	assert_int_equal(doctor.managers[0].pid, 812);
	assert_string_equal(doctor.managers[1].name, "virtqemud");
	assert_string_equal(doctor.managers[2].name, "systemd-oomd");
	doctor_done(&doctor);
	assert_row(row_of("libvirt", processes, ARRAY_SIZE(processes), NULL), DOCTOR_OK, "runs here", "");
	assert_row(row_of("libvirt", NULL, 0, NULL), DOCTOR_OFF, "not running", "");
}

static void what_is_only_off_is_no_complaint(void **state)
{
	static const struct root_memory_file off[] = {
		{ "/sys/kernel/mm/ksm/run", "0\n", 0, 0 }, { "/sys/fs/cgroup/io.cost.qos", NULL, 0, 0 },
	};
	struct doctor doctor = examine(off, ARRAY_SIZE(off), NULL);

	assert_false(doctor_complains(&doctor));
	doctor_done(&doctor);
	assert_row(ROW("io weight", off[1]), DOCTOR_OFF, "does nothing", "");
	assert_row(ROW("ksm", off[0]), DOCTOR_OFF, "stopped", "echo 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_host_has_no_complaint),
		cmocka_unit_test(whatever_is_limited_or_missing_has_words_and_a_fix),
		cmocka_unit_test(rights_name_what_is_lacking),
		cmocka_unit_test(old_kernels_are_told_from_new_ones),
		cmocka_unit_test(hidden_processes_are_a_loss_to_users_alone),
		cmocka_unit_test(kvm_is_more_than_a_device),
		cmocka_unit_test(a_locked_or_absent_debugfs_is_told),
		cmocka_unit_test(waiting_that_is_not_counted_is_missed),
		cmocka_unit_test(pressure_says_how_to_switch_it_on),
		cmocka_unit_test(controllers_must_reach_the_vms),
		cmocka_unit_test(another_scheduler_is_named),
		cmocka_unit_test(an_autogroup_matters_where_it_rules_a_vm),
		cmocka_unit_test(many_vms_need_many_descriptors),
		cmocka_unit_test(managers_are_found_by_their_names_once_each),
		cmocka_unit_test(what_is_only_off_is_no_complaint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
