/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table. A new workload is a file, a line in kinds.h and a line here. */
#include "work/kinds.h"
#include "work/setting.h"

#include "base/error.h"
#include "base/suggest.h"

#include <errno.h>
#include <string.h>

const struct workload *const workloads[] = {
	&cpu_integer_workload,
	&cpu_float_workload,
	&cpu_prime_workload,
	&memory_write_workload,
	&memory_read_workload,
	&memory_hold_workload,
	&disk_read_workload,
	&disk_write_workload,
	&file_server_workload,
	&net_send_workload,
	&net_receive_workload,
	&net_request_workload,
	&net_respond_workload,
	&system_call_workload,
	&system_pipe_workload,
	&system_switch_workload,
	&system_fork_workload,
	&system_exec_workload,
	&system_copy_workload,
	&system_shell_workload,
	&system_index_workload,
	&latency_workload,
	&command_workload,
	&unixbench_workload,
	NULL,
};

const struct parameter workload_common[] = {
	PARAMETER_NUMBER(struct common_settings, threads, "threads", PARAMETER_COUNT, "1", 1,
			 WORKLOAD_THREADS_MOST, "how many do it side by side"),
	PARAMETER_NUMBER(struct common_settings, duration_nsec, "duration", PARAMETER_TIME, "0", 0,
			 UINT64_MAX / 4, "end after so long; 0: when it is told to"),
	PARAMETER_NUMBER(struct common_settings, seed, "seed", PARAMETER_COUNT, "1", 0, UINT32_MAX,
			 "of the pseudo-random numbers"),
	PARAMETER_NUMBER(struct common_settings, drag, "drag", PARAMETER_COUNT, "0", 0, 99,
			 "per cent of the work that are done and not counted, to test who measures"),
	PARAMETERS_END,
};

const struct workload *workload_find(const char *name)
{
	size_t i;

	for (i = 0; workloads[i] != NULL; i++)
		if (strcmp(workloads[i]->name, name) == 0)
			return workloads[i];
	return NULL;
}

int workload_refuse(const char *name, struct error *err)
{
	struct suggest suggest;
	size_t i;

	suggest_init(&suggest, name);
	for (i = 0; workloads[i] != NULL; i++)
		suggest_offer(&suggest, workloads[i]->name);
	if (suggest.nearest == NULL)
		return error_set(err, -EINVAL, "there is no workload \"%.40s\"", name);
	return error_set(err, -EINVAL, "there is no workload \"%.40s\"; did you mean %s?", name,
			 suggest.nearest);
}
