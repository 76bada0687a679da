/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every file of a process: the same bytes as each of them. */
#include "sys/cmdline.h"
#include "sys/cpu_list.h"
#include "sys/proc.h"
#include "sys/process.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void claim(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static void is_within(struct span span, const char *bytes, size_t size)
{
	claim(span.at >= bytes && span.size <= size && span.at + span.size <= bytes + size);
}

static void parse_figures(const char *bytes, size_t size)
{
	struct proc_schedstat schedstat;
	struct proc_ksm_stat ksm;
	struct proc_smaps smaps;
	struct proc_status status;
	struct proc_stat stat;
	struct proc_io io;

	if (proc_stat_parse(bytes, size, &stat) == 0)
		is_within(stat.comm, bytes, size);
	if (proc_status_parse(bytes, size, &status) == 0) {
		is_within(status.cpus_list, bytes, size);
		claim(status.cpus_allowed == FIELD_ABSENT ||
		      (status.cpus_allowed >= 0 && status.cpus_allowed <= CPU_LIST_LIMIT));
	}
	proc_schedstat_parse(bytes, size, &schedstat);
	proc_io_parse(bytes, size, &io);
	proc_ksm_stat_parse(bytes, size, &ksm);
	proc_smaps_parse(bytes, size, &smaps);
}

static void parse_process(const char *bytes, size_t size)
{
	struct process_autogroup group;
	struct process_syscall syscall;
	struct span path;
	char name[16];

	process_link_classify(bytes, size, NULL);
	if (process_tap_name(bytes, size, name, sizeof name) == 0)
		claim(strlen(name) < sizeof name);
	if (process_cgroup_find(bytes, size, "cpu", &path) == 0 ||
	    process_cgroup_find(bytes, size, "", &path) == 0) {
		is_within(path, bytes, size);
		claim(path.at[0] == '/');
	}
	if (process_syscall_parse(bytes, size, &syscall) == 0)
		process_syscall_is_kvm_run(&syscall);
	process_autogroup_parse(bytes, size, &group);
}

static void walk_arguments(const char *bytes, size_t size)
{
	struct cmdline cmdline = { .bytes = malloc(size + 1), .size = size };
	const char *at = NULL;
	const char *value;
	char key[32];

	claim(cmdline.bytes != NULL);
	memcpy(cmdline.bytes, bytes, size);
	cmdline.bytes[size] = '\0';
	while ((value = cmdline_option(&cmdline, "name", &at)) != NULL)
		if (cmdline_qemu_key(value, "guest", "guest", key, sizeof key))
			claim(strlen(key) < sizeof key);
	for (at = NULL; (at = cmdline_next(&cmdline, at)) != NULL;)
		cmdline_qemu_key(at, "path", NULL, key, sizeof key);
	cmdline_done(&cmdline);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	parse_figures((const char *)data, size);
	parse_process((const char *)data, size);
	walk_arguments((const char *)data, size);
	return 0;
}
