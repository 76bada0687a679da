/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests: a host in memory with one VM (process 70, vCPU thread 71), whose cgroups behave: a
 * directory that is made has the kernel's files, and a process that is written to cgroup.procs is
 * there afterwards. It counts moves, and those while the kernel is hurried.
 */
#ifndef ACT_CPU_FAKE_H
#define ACT_CPU_FAKE_H

#include "act/actuator.h"
#include "base/error.h"

#define FAKE_V1 "/sys/fs/cgroup/cpu"
#define FAKE_V2 "/sys/fs/cgroup"
#define FAKE_EXPEDITED "/sys/kernel/rcu_expedited"
#define FAKE_NORMAL "/sys/kernel/rcu_normal"

struct cpu_fake {
	struct root *root;
	struct leases *leases;
	struct act_context context;
	struct act_target target;
	struct error err;
	char where[64];
	char directory[64]; /* of the journal */
	unsigned moves, hurried;
};

/* `cgroup`: where the VM is at first. */
void cpu_fake_new(struct cpu_fake *fake, bool v2, const char *cgroup);
/* Nothing may be leased any more. */
void cpu_fake_free(struct cpu_fake *fake);

void cpu_fake_put(struct cpu_fake *fake, const char *text, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void cpu_fake_assert_text(struct cpu_fake *fake, const char *path, const char *wanted);
int cpu_fake_set(struct cpu_fake *fake, const struct actuator *actuator, enum setting setting,
		 int64_t number);
int64_t cpu_fake_read(struct cpu_fake *fake, const struct actuator *actuator,
		      enum setting setting);
void cpu_fake_release(struct cpu_fake *fake, const struct actuator *actuator,
		      enum setting setting);

#endif
