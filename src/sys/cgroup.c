/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/cgroup.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "sys/proc.h"
#include "sys/root.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

/* A host with thousands of container mounts has lines for each of them. */
#define MOUNTS_LIMIT (16 << 20)
/* Libvirt's leaves are two levels below the VM's cgroup. */
#define OWN_DEPTH_LIMIT 4

static const char *const controller_names[CGROUP_CONTROLLER_COUNT] = {
	[CGROUP_CPU] = "cpu",       [CGROUP_CPUACCT] = "cpuacct", [CGROUP_CPUSET] = "cpuset",
	[CGROUP_MEMORY] = "memory", [CGROUP_IO] = "blkio",
};

const char *cgroup_mode_name(enum cgroup_mode mode)
{
	static const char *const names[] = {
		[CGROUP_NONE] = "none", [CGROUP_V1] = "v1",
		[CGROUP_HYBRID] = "hybrid", [CGROUP_V2] = "v2",
	};

	return names[mode];
}

const char *cgroup_controller_name(const struct cgroup_layout *layout,
				   enum cgroup_controller controller)
{
	return layout->controller[controller].v2 ? "" : controller_names[controller];
}

struct mount_line {
	struct cursor point, base, kind, options;
};

static bool take_field(struct cursor *c, struct cursor *ret)
{
	const char *word;
	size_t size;

	if (!cursor_take_word(c, &word, &size))
		return false;
	*ret = cursor_over(word, size);
	return true;
}

static bool cursor_is(struct cursor c, const char *text)
{
	return span_equals((struct span){ c.at, cursor_left(&c) }, text);
}

/* "32 31 0:29 / /sys/fs/cgroup/cpu rw shared:7 - cgroup cgroup rw,cpu" */
static bool mountinfo_take(struct cursor line, struct mount_line *ret)
{
	struct cursor word;

	cursor_skip_words(&line, 3);
	if (!take_field(&line, &ret->base) || !take_field(&line, &ret->point))
		return false;
	do {
		if (!take_field(&line, &word))
			return false;
	} while (!cursor_is(word, "-"));
	if (!take_field(&line, &ret->kind) || !take_field(&line, &word))
		return false;
	return take_field(&line, &ret->options);
}

/* "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0" */
static bool mounts_take(struct cursor line, struct mount_line *ret)
{
	struct cursor word;

	ret->base = cursor_over("/", 1);
	return take_field(&line, &word) && take_field(&line, &ret->point) &&
	       take_field(&line, &ret->kind) && take_field(&line, &ret->options);
}

static bool is_octal(const char *at)
{
	return at[0] >= '0' && at[0] <= '3' && at[1] >= '0' && at[1] <= '7' &&
	       at[2] >= '0' && at[2] <= '7';
}

/* Blanks, newlines and backslashes are written as \040 there. False where it does not fit. */
static bool mount_unescape(struct cursor from, char *to, size_t to_size)
{
	size_t at = 0;

	while (!cursor_at_end(&from) && at + 1 < to_size) {
		char c = *from.at++;

		if (c == '\\' && cursor_left(&from) >= 3 && is_octal(from.at)) {
			c = (char)((from.at[0] - '0') << 6 | (from.at[1] - '0') << 3 |
				   (from.at[2] - '0'));
			from.at += 3;
		}
		to[at++] = c;
	}
	to[at] = '\0';
	return cursor_at_end(&from);
}

static bool options_have(struct cursor options, const char *name)
{
	while (!cursor_at_end(&options)) {
		const char *comma = memchr(options.at, ',', cursor_left(&options));
		const char *end = comma != NULL ? comma : options.end;

		if (cursor_is((struct cursor){ options.at, end }, name))
			return true;
		options.at = comma != NULL ? comma + 1 : options.end;
	}
	return false;
}

/* A hierarchy may be mounted several times: the one that shows all of it, else the first. */
static void tree_offer(struct cgroup_tree *tree, const struct mount_line *mount, bool v2)
{
	struct cgroup_tree offered = { .v2 = v2 };

	if (tree->mount[0] != '\0' && (strcmp(tree->base, "/") == 0 || !cursor_is(mount->base, "/")))
		return;
	if (mount_unescape(mount->point, offered.mount, sizeof offered.mount) &&
	    mount_unescape(mount->base, offered.base, sizeof offered.base) &&
	    offered.mount[0] == '/' && offered.base[0] == '/')
		*tree = offered;
}

static void layout_take_mount(struct cgroup_layout *layout, const struct mount_line *mount)
{
	size_t i;

	if (cursor_is(mount->kind, "cgroup2"))
		tree_offer(&layout->unified, mount, true);
	else if (cursor_is(mount->kind, "cgroup"))
		for (i = 0; i < CGROUP_CONTROLLER_COUNT; i++)
			if (options_have(mount->options, controller_names[i]))
				tree_offer(&layout->controller[i], mount, false);
}

static void layout_take_mounts(struct cgroup_layout *layout, const char *bytes, size_t size,
			       bool (*take)(struct cursor line, struct mount_line *ret))
{
	struct cursor c = cursor_over(bytes, size);
	struct cursor line;
	struct mount_line mount;

	while (cursor_take_line(&c, &line))
		if (take(line, &mount))
			layout_take_mount(layout, &mount);
}

/* Where v2 has no list to show (an old capture), it is taken to have what v1 does not. */
static void layout_read_v2_controllers(struct root *root, struct cgroup_layout *layout)
{
	char path[sizeof layout->unified.mount + 32];
	char list[512];
	ssize_t size;
	size_t i;

	snprintf(path, sizeof path, "%s/cgroup.controllers", layout->unified.mount);
	size = root_read(root, path, list, sizeof list);
	for (i = 0; i < CGROUP_CONTROLLER_COUNT; i++) {
		const char *name = i == CGROUP_IO ? "io" : controller_names[i];
		struct cursor c = cursor_over(list, size > 0 ? (size_t)size : 0);
		bool offered = size < 0 || i == CGROUP_CPUACCT;
		struct cursor word;

		while (!offered && take_field(&c, &word))
			offered = cursor_is(word, name);
		if (offered && layout->controller[i].mount[0] == '\0')
			layout->controller[i] = layout->unified;
	}
}

static enum cgroup_mode layout_mode(const struct cgroup_layout *layout)
{
	bool v1 = false;
	size_t i;

	for (i = 0; i < CGROUP_CONTROLLER_COUNT; i++)
		v1 |= layout->controller[i].mount[0] != '\0' && !layout->controller[i].v2;
	if (layout->unified.mount[0] == '\0')
		return v1 ? CGROUP_V1 : CGROUP_NONE;
	return v1 ? CGROUP_HYBRID : CGROUP_V2;
}

int cgroup_layout_read(struct root *root, struct cgroup_layout *ret, struct error *err)
{
	CLEANUP_FREE char *bytes = NULL;
	struct cgroup_layout layout = { 0 };
	ssize_t size;

	size = root_read_all(root, "/proc/self/mountinfo", MOUNTS_LIMIT, &bytes);
	if (size >= 0) {
		layout_take_mounts(&layout, bytes, (size_t)size, mountinfo_take);
	} else {
		size = root_read_all(root, "/proc/mounts", MOUNTS_LIMIT, &bytes);
		if (size < 0)
			return error_errno(err, (int)size, "cannot read /proc/self/mountinfo, so "
					   "cgroups are not found");
		layout_take_mounts(&layout, bytes, (size_t)size, mounts_take);
	}
	if (layout.unified.mount[0] != '\0')
		layout_read_v2_controllers(root, &layout);
	layout.mode = layout_mode(&layout);
	*ret = layout;
	return 0;
}

static bool path_leaves_the_tree(struct span path)
{
	const char *at = path.at;
	const char *end = path.at + path.size;

	while ((at = memmem(at, (size_t)(end - at), "/..", 3)) != NULL) {
		at += 3;
		if (at == end || *at == '/')
			return true;
	}
	return false;
}

int cgroup_compose(const struct cgroup_tree *tree, struct span path, const char *file,
		   char *ret, size_t ret_size)
{
	size_t base_size = strlen(tree->base);
	int size;

	if (tree->mount[0] == '\0')
		return -ENOENT;
	if (path.size == 0 || path.at[0] != '/' || path_leaves_the_tree(path))
		return -EXDEV;
	if (base_size > 1) {
		if (!span_starts_with(path, tree->base) ||
		    (path.size > base_size && path.at[base_size] != '/'))
			return -EXDEV;
		path = (struct span){ path.at + base_size, path.size - base_size };
	}
	if (path.size == 1)
		path.size = 0;
	if (path.size >= ret_size)
		return -ENAMETOOLONG;
	size = snprintf(ret, ret_size, "%s%.*s%s%s", tree->mount, (int)path.size, path.at,
			file != NULL ? "/" : "", file != NULL ? file : "");
	return size >= 0 && (size_t)size < ret_size ? 0 : -ENAMETOOLONG;
}

bool cgroup_parent(struct span *path)
{
	const char *slash = path->size > 1 ? memrchr(path->at, '/', path->size) : NULL;

	if (slash == NULL)
		return false;
	path->size = slash > path->at ? (size_t)(slash - path->at) : 1;
	return true;
}

static struct span path_leaf(struct span path)
{
	const char *slash = path.size > 0 ? memrchr(path.at, '/', path.size) : NULL;
	size_t before = slash != NULL ? (size_t)(slash + 1 - path.at) : 0;

	return (struct span){ path.at + before, path.size - before };
}

/* The directory of a domain: a scope with systemd, else "qemu-1-web.libvirt-qemu". */
static bool is_libvirt_domain(struct span name)
{
	return span_starts_with(name, "machine-") ||
	       memmem(name.at, name.size, ".libvirt-", 9) != NULL;
}

static bool leaf_numbered(struct span leaf, const char *prefix, int *ret_number)
{
	size_t size = strlen(prefix);
	struct cursor c;
	uint64_t number;

	if (!span_starts_with(leaf, prefix))
		return false;
	c = cursor_over(leaf.at + size, leaf.size - size);
	if (!cursor_take_u64(&c, &number) || !cursor_at_end(&c) || number > INT_MAX)
		return false;
	*ret_number = (int)number;
	return true;
}

static enum cgroup_part leaf_part(struct span leaf, int *ret_number)
{
	if (span_equals(leaf, "emulator"))
		return CGROUP_EMULATOR;
	if (leaf_numbered(leaf, "vcpu", ret_number))
		return CGROUP_VCPU;
	if (leaf_numbered(leaf, "iothread", ret_number))
		return CGROUP_IOTHREAD;
	return CGROUP_WHOLE;
}

struct cgroup_vm_path cgroup_vm_path(struct span path)
{
	struct cgroup_vm_path whole = { path, CGROUP_WHOLE, -1 };
	struct cgroup_vm_path own = whole;

	own.part = leaf_part(path_leaf(path), &own.number);
	if (own.part != CGROUP_WHOLE)
		cgroup_parent(&own.path);
	if (span_equals(path_leaf(own.path), "libvirt"))
		cgroup_parent(&own.path);
	return is_libvirt_domain(path_leaf(own.path)) ? own : whole;
}

struct own_search {
	struct root *root;
	const pid_t *pids;
	size_t count;
	int depth;
	size_t length;
	char path[PATH_MAX]; /* of the directory that is looked at */
};

/* Before 6.4 vhost's workers are kernel threads in their owner's cgroups; KVM's still are. */
static bool is_kernel_thread_of_vm(struct root *root, pid_t pid)
{
	struct proc_stat stat;
	char path[64];
	char bytes[1024];
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	size = root_read(root, path, bytes, sizeof bytes);
	if (size < 0 || proc_stat_parse(bytes, (size_t)size, &stat) < 0 || stat.ppid != 2)
		return false;
	return span_starts_with(stat.comm, "vhost-") || span_starts_with(stat.comm, "kvm-");
}

static bool own_knows(const struct own_search *search, uint64_t pid)
{
	size_t i;

	for (i = 0; i < search->count; i++)
		if ((uint64_t)search->pids[i] == pid)
			return true;
	return pid > 0 && pid <= INT_MAX && is_kernel_thread_of_vm(search->root, (pid_t)pid);
}

/* 1 when all of that cgroup's processes are known. A list that fills the buffer is a crowd. */
static int own_check_processes(struct own_search *search)
{
	char bytes[4096];
	struct cursor c;
	uint64_t pid;
	ssize_t size;

	if (search->length + sizeof "/cgroup.procs" > sizeof search->path)
		return -ENAMETOOLONG;
	strcpy(search->path + search->length, "/cgroup.procs");
	size = root_read(search->root, search->path, bytes, sizeof bytes);
	search->path[search->length] = '\0';
	if (size < 0)
		return size == -EOPNOTSUPP ? 1 : (int)size; /* threaded: its domain lists them */
	if ((size_t)size == sizeof bytes - 1)
		return 0;
	c = cursor_over(bytes, (size_t)size);
	while (cursor_take_u64(&c, &pid)) {
		if (!own_knows(search, pid))
			return 0;
		cursor_take_text(&c, "\n");
	}
	return 1;
}

static bool is_gone(int code)
{
	return code == -ENOENT || code == -ENODEV || code == -ESRCH;
}

static int own_check_below(struct own_search *search);

/* As a root_list_function: 0 goes on, 1 ends the search with "not its own". */
static int own_check_entry(const char *name, void *context)
{
	struct own_search *search = context;
	size_t length = search->length;
	size_t size = strlen(name);
	int r;

	if (length + 1 + size >= sizeof search->path)
		return -ENAMETOOLONG;
	search->path[length] = '/';
	memcpy(search->path + length + 1, name, size + 1);
	search->length = length + 1 + size;
	r = own_check_processes(search);
	if (r > 0)
		r = own_check_below(search);
	search->length = length;
	search->path[length] = '\0';
	if (r == -ENOTDIR || is_gone(r)) /* a plain file, or a cgroup that just went */
		return 0;
	return r == 0 ? 1 : r == 1 ? 0 : r;
}

static int own_check_below(struct own_search *search)
{
	int r;

	if (search->depth == OWN_DEPTH_LIMIT)
		return 1;
	search->depth++;
	r = root_list_directories(search->root, search->path, own_check_entry, search);
	search->depth--;
	return r == 1 ? 0 : r == 0 ? 1 : r;
}

int cgroup_is_own(struct root *root, const struct cgroup_tree *tree, struct span path,
		  const pid_t *pids, size_t count)
{
	struct own_search search = { .root = root, .pids = pids, .count = count };
	int r;

	if (path.size <= 1)
		return 0;
	r = cgroup_compose(tree, path, NULL, search.path, sizeof search.path);
	if (r < 0)
		return r;
	search.length = strlen(search.path);
	r = own_check_processes(&search);
	return r > 0 ? own_check_below(&search) : r;
}
