/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the cgroup hierarchies are, and a VM's place in them. A path is what /proc/PID/cgroup
 * says, from the hierarchy's root ("/machine.slice/x.scope"); a directory is where to read it.
 * Cgroups vanish between two reads: -ENOENT and -ENODEV are normal.
 */
#ifndef SYS_CGROUP_H
#define SYS_CGROUP_H

#include "sys/field.h"

#include <sys/types.h>

struct error;
struct root;

enum cgroup_mode { CGROUP_NONE, CGROUP_V1, CGROUP_HYBRID, CGROUP_V2 };

enum cgroup_controller {
	CGROUP_CPU,
	CGROUP_CPUACCT, /* in v2 a part of cpu */
	CGROUP_CPUSET,
	CGROUP_MEMORY,
	CGROUP_IO, /* blkio in v1 */
	CGROUP_CONTROLLER_COUNT,
};

/* A mounted hierarchy; `mount` is "" where there is none. */
struct cgroup_tree {
	char mount[256];
	char base[256]; /* the cgroup that is seen at the mount point, "/" on a plain host */
	bool v2;
};

struct cgroup_layout {
	enum cgroup_mode mode;
	struct cgroup_tree unified; /* in hybrid mode it has the pressure files alone */
	struct cgroup_tree controller[CGROUP_CONTROLLER_COUNT];
};

/* From /proc/self/mountinfo, else /proc/mounts. A host without cgroups is no failure. */
int cgroup_layout_read(struct root *root, struct cgroup_layout *ret, struct error *err);
const char *cgroup_mode_name(enum cgroup_mode mode);
/* The name to look for in /proc/PID/cgroup: "blkio", ..., "" where the tree is v2's. */
const char *cgroup_controller_name(const struct cgroup_layout *layout,
				   enum cgroup_controller controller);

/*
 * Tree, path and file to an absolute name; `file` may be NULL for the directory. -ENOENT: no such
 * tree; -EXDEV: the path is outside of what is mounted here; -ENAMETOOLONG.
 */
int cgroup_compose(const struct cgroup_tree *tree, struct span path, const char *file,
		   char *ret, size_t ret_size);

enum cgroup_part { CGROUP_WHOLE, CGROUP_EMULATOR, CGROUP_VCPU, CGROUP_IOTHREAD };

/* A path without libvirt's leaves (libvirt/, emulator, vcpuN, iothreadN): the VM's own. */
struct cgroup_vm_path {
	struct span path;
	enum cgroup_part part;
	int number; /* of the vCPU or the I/O thread, else -1 */
};

struct cgroup_vm_path cgroup_vm_path(struct span path);
/* One step up; false at "/". */
bool cgroup_parent(struct span *path);

/*
 * 1 when no process but these (and kernel threads that serve them) is in the directory or below,
 * 0 when one is, or when the path is "/"; negative where that cannot be told.
 */
int cgroup_is_own(struct root *root, const struct cgroup_tree *tree, struct span path,
		  const pid_t *pids, size_t count);

#endif
