/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/root_memory.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WRITTEN_MOST = 4096 };

/* Of a path that was written, made or removed: it goes before the table. */
struct written {
	char *path;
	char *text; /* NULL: a directory */
	bool removed;
};

struct root_memory {
	struct root root;
	const struct root_memory_file *files;
	size_t count;
	pthread_mutex_t lock; /* recursive, over all below */
	struct written *written;
	size_t written_count;
	uint64_t usec;
};

static struct root_memory *memory(struct root *root)
{
	return (struct root_memory *)root;
}

static void *never_null(void *pointer)
{
	if (pointer == NULL)
		abort();
	return pointer;
}

/* Is `path` a directory above or at `file`? Then its length, else 0. */
static size_t is_above(const char *path, const char *file)
{
	size_t size = strlen(path);

	return strncmp(path, file, size) == 0 && (file[size] == '/' || file[size] == '\0') ? size : 0;
}

/* What is written has an index behind the table's. The newest word about a path counts. */
static struct written *written_find(struct root_memory *m, const char *path)
{
	size_t i = m->written_count;

	while (i-- > 0)
		if (strcmp(m->written[i].path, path) == 0)
			return &m->written[i];
	return NULL;
}

static bool is_removed(struct root_memory *m, const char *path)
{
	const struct written *latest = written_find(m, path);

	return latest != NULL && latest->removed;
}

/* The path of an index while it is there, else NULL. */
static const char *path_of(struct root_memory *m, size_t index)
{
	if (index < m->count)
		return is_removed(m, m->files[index].path) ? NULL : m->files[index].path;
	return m->written[index - m->count].removed ? NULL : m->written[index - m->count].path;
}

static size_t index_count(const struct root_memory *m)
{
	return m->count + m->written_count;
}

static int find(struct root_memory *m, const char *path)
{
	const struct written *latest = written_find(m, path);
	int code = -ENOENT;
	size_t i;

	if (latest != NULL && !latest->removed)
		return latest->text != NULL ? (int)(m->count + (size_t)(latest - m->written))
					    : -EISDIR;
	for (i = 0; i < index_count(m); i++) {
		const char *file = path_of(m, i);

		if (file == NULL)
			continue;
		if (i < m->count && strcmp(file, path) == 0)
			return m->files[i].error != 0 ? m->files[i].error : (int)i;
		if (is_above(path, file) > 0)
			code = -EISDIR;
		else if (is_above(file, path) > 0 && (i < m->count || m->written[i - m->count].text))
			code = -ENOTDIR;
	}
	return code;
}

static int memory_open(struct root *root, const char *path)
{
	struct root_memory *m = memory(root);
	int r;

	pthread_mutex_lock(&m->lock);
	r = find(m, path);
	pthread_mutex_unlock(&m->lock);
	return r;
}

static ssize_t memory_pread_at(struct root *root, int fd, void *buffer, size_t size, uint64_t offset)
{
	struct root_memory *m = memory(root);
	const struct root_memory_file *file = (size_t)fd < m->count ? &m->files[fd] : NULL;
	const char *bytes;
	size_t got;

	pthread_mutex_lock(&m->lock);
	bytes = file != NULL ? file->bytes : m->written[(size_t)fd - m->count].text;
	got = file != NULL && file->size > 0 ? file->size : strlen(bytes);
	bytes += offset < got ? offset : got;
	got -= offset < got ? offset : got;
	got = got < size ? got : size;
	memcpy(buffer, bytes, got);
	pthread_mutex_unlock(&m->lock);
	return (ssize_t)got;
}

static ssize_t memory_pread(struct root *root, int fd, void *buffer, size_t size)
{
	return memory_pread_at(root, fd, buffer, size, 0);
}

static void memory_close(struct root *root, int fd)
{
}

static ssize_t memory_readlink(struct root *root, const char *path, char *buffer, size_t size)
{
	int fd = memory_open(root, path);

	return fd < 0 ? fd : memory_pread(root, fd, buffer, size);
}

/* The component behind `path` of the file with that index; false when it was told before. */
static bool component(struct root_memory *m, const char *path, size_t index, char *ret,
		      size_t ret_size)
{
	const char *file = path_of(m, index);
	size_t above = file != NULL ? is_above(path, file) : 0;
	size_t i;

	if (above == 0 || file[above] == '\0')
		return false;
	file += above + 1;
	if (strcspn(file, "/") >= ret_size)
		return false;
	memcpy(ret, file, strcspn(file, "/"));
	ret[strcspn(file, "/")] = '\0';
	for (i = 0; i < index; i++) {
		file = path_of(m, i);
		if (file != NULL && is_above(path, file) > 0 && file[above] != '\0' &&
		    is_above(ret, file + above + 1) > 0)
			return false;
	}
	return true;
}

static int memory_list(struct root *root, const char *path, root_list_function *function,
		       void *context)
{
	struct root_memory *m = memory(root);
	char name[256];
	size_t i;
	int r;

	pthread_mutex_lock(&m->lock);
	r = find(m, path);
	r = r == -EISDIR ? 0 : r >= 0 ? -ENOTDIR : r;
	for (i = 0; i < index_count(m) && r == 0; i++)
		if (component(m, path, i, name, sizeof name))
			r = function(name, context);
	pthread_mutex_unlock(&m->lock);
	return r;
}

/* An older word of the same path is forgotten, so that a listing tells it once. */
static void put(struct root_memory *m, const char *path, const char *text, bool removed)
{
	struct written *written = written_find(m, path);

	if (written == NULL) {
		if (m->written_count == WRITTEN_MOST)
			abort();
		written = &m->written[m->written_count++];
		written->path = never_null(strdup(path));
	}
	free(written->text);
	written->text = text != NULL ? never_null(strdup(text)) : NULL;
	written->removed = removed;
}

static bool is_in_made_directory(struct root_memory *m, const char *path)
{
	char directory[512];
	const char *slash = strrchr(path, '/');
	const struct written *made;

	if (slash == NULL || (size_t)(slash - path) >= sizeof directory)
		return false;
	memcpy(directory, path, (size_t)(slash - path));
	directory[slash - path] = '\0';
	made = written_find(m, directory);
	return made != NULL && !made->removed && made->text == NULL;
}

static int memory_write(struct root *root, const char *path, const char *text)
{
	struct root_memory *m = memory(root);
	int r;

	pthread_mutex_lock(&m->lock);
	r = find(m, path);
	if (r == -ENOENT && is_in_made_directory(m, path))
		r = 0;
	if (r >= 0)
		put(m, path, text, false);
	pthread_mutex_unlock(&m->lock);
	return r < 0 ? r : 0;
}

static int memory_mkdir(struct root *root, const char *path)
{
	struct root_memory *m = memory(root);
	int r;

	pthread_mutex_lock(&m->lock);
	r = find(m, path);
	r = r >= 0 || r == -EISDIR ? -EEXIST : r;
	if (r == -ENOENT)
		put(m, path, NULL, false);
	pthread_mutex_unlock(&m->lock);
	return r == -ENOENT ? 0 : r;
}

static bool has_directory_below(struct root_memory *m, const char *path)
{
	size_t i;

	for (i = 0; i < m->written_count; i++)
		if (m->written[i].text == NULL && !m->written[i].removed &&
		    strcmp(m->written[i].path, path) != 0 && is_above(path, m->written[i].path) > 0)
			return true;
	return false;
}

void root_memory_remove(struct root *root, const char *path)
{
	struct root_memory *m = memory(root);
	size_t i, count;

	pthread_mutex_lock(&m->lock);
	count = index_count(m);
	for (i = 0; i < count; i++) {
		const char *file = path_of(m, i);

		if (file != NULL && is_above(path, file) > 0)
			put(m, file, NULL, true);
	}
	pthread_mutex_unlock(&m->lock);
}

/* A cgroup's files go with it; its directories must have gone before. */
static int memory_rmdir(struct root *root, const char *path)
{
	struct root_memory *m = memory(root);
	int r;

	pthread_mutex_lock(&m->lock);
	r = find(m, path);
	r = r >= 0 ? -ENOTDIR : r == -EISDIR ? 0 : r;
	if (r == 0 && has_directory_below(m, path))
		r = -EBUSY;
	if (r == 0)
		root_memory_remove(root, path);
	pthread_mutex_unlock(&m->lock);
	return r;
}

static int memory_set_task(struct root *root, pid_t tid, enum root_task what, const char *value)
{
	static const char *const names[] = {
		[ROOT_TASK_NICE] = "nice", [ROOT_TASK_AFFINITY] = "affinity",
		[ROOT_TASK_POLICY] = "policy", [ROOT_TASK_SLICE] = "slice",
	};
	struct root_memory *m = memory(root);
	char path[64];
	int r;

	pthread_mutex_lock(&m->lock);
	snprintf(path, sizeof path, "/proc/%d", (int)tid);
	r = find(m, path);
	snprintf(path, sizeof path, "%s:%d", names[what], (int)tid);
	if (r == -EISDIR)
		put(m, path, value, false);
	pthread_mutex_unlock(&m->lock);
	return r == -EISDIR ? 0 : -ESRCH;
}

static int memory_task_slice(struct root *root, pid_t tid, uint64_t *ret_nsec)
{
	const char *common = root_memory_text(root, "slice:default"), *own;
	char path[64];

	snprintf(path, sizeof path, "slice:%d", (int)tid);
	own = root_memory_text(root, path);
	if (common == NULL)
		return -EOPNOTSUPP;
	*ret_nsec = strtoull(own != NULL && strcmp(own, "0") != 0 ? own : common, NULL, 10);
	return 0;
}

static uint64_t memory_usec(struct root *root)
{
	return memory(root)->usec;
}

/* Its clock jumps there. */
static uint64_t memory_sleep_until(struct root *root, int epoll_fd, uint64_t monotonic_usec)
{
	if (memory(root)->usec < monotonic_usec)
		memory(root)->usec = monotonic_usec;
	return memory(root)->usec;
}

static void memory_free(struct root *root)
{
	struct root_memory *m = memory(root);
	size_t i;

	for (i = 0; i < m->written_count; i++) {
		free(m->written[i].path);
		free(m->written[i].text);
	}
	free(m->written);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static const struct root_ops memory_ops = {
	.name = "memory",
	.open = memory_open,
	.pread = memory_pread,
	.pread_at = memory_pread_at,
	.close = memory_close,
	.readlink = memory_readlink,
	.list = memory_list,
	.write = memory_write,
	.mkdir = memory_mkdir,
	.rmdir = memory_rmdir,
	.set_task = memory_set_task,
	.task_slice = memory_task_slice,
	.monotonic_usec = memory_usec,
	.realtime_usec = memory_usec,
	.sleep_until = memory_sleep_until,
	.free = memory_free,
};

struct root *root_memory_new(const struct root_memory_file *files, size_t count)
{
	struct root_memory *m = never_null(calloc(1, sizeof *m));
	pthread_mutexattr_t recursive;

	m->root = (struct root){ .ops = &memory_ops, .ticks_per_second = 100, .page_size = 4096 };
	m->files = files;
	m->count = count;
	m->written = never_null(calloc(WRITTEN_MOST, sizeof *m->written));
	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&m->lock, &recursive);
	pthread_mutexattr_destroy(&recursive);
	return &m->root;
}

void root_memory_set_usec(struct root *root, uint64_t usec)
{
	memory(root)->usec = usec;
}

const char *root_memory_text(struct root *root, const char *path)
{
	struct root_memory *m = memory(root);
	const char *text = NULL;
	int r;

	pthread_mutex_lock(&m->lock);
	r = find(m, path);
	if (r >= 0)
		text = (size_t)r < m->count ? m->files[r].bytes : m->written[(size_t)r - m->count].text;
	pthread_mutex_unlock(&m->lock);
	return text;
}

void root_memory_put(struct root *root, const char *path, const char *text)
{
	struct root_memory *m = memory(root);

	pthread_mutex_lock(&m->lock);
	put(m, path, text, false);
	pthread_mutex_unlock(&m->lock);
}
