/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The workloads, each in the file of its name. */
#ifndef WORK_KINDS_H
#define WORK_KINDS_H

#include "work/workload.h"

extern const struct workload cpu_integer_workload, cpu_float_workload, cpu_prime_workload;
extern const struct workload memory_write_workload, memory_read_workload, memory_hold_workload;
extern const struct workload disk_read_workload, disk_write_workload, file_server_workload;
extern const struct workload net_send_workload, net_receive_workload, net_request_workload,
	net_respond_workload;
extern const struct workload system_call_workload, system_pipe_workload, system_switch_workload,
	system_fork_workload, system_exec_workload, system_copy_workload, system_shell_workload,
	system_index_workload;
extern const struct workload latency_workload, command_workload, unixbench_workload;

#endif
