/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/root_copying.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/map.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "sys/capture_files.h"
#include "sys/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* No file that a reader wants whole is larger. */
#define FILE_MOST (4u << 20)

/* An open descriptor of the host. */
struct copying_file {
	char *path; /* NULL: nothing (more) of it is to be kept */
	bool said;  /* its content, or a refusal, came through it */
};

struct root_copying {
	struct root root;
	struct root *inner;
	/* Readers may be on several threads, and a listing calls back: recursive. It is held while
	 * the host is read, so that a copy is written in the order in which it was read. */
	pthread_mutex_t lock;
	struct keeper keeper;
	copying_sees *sees;
	void *context;
	uint64_t start_monotonic_usec, start_realtime_usec;
	struct copying_file *files; /* by descriptor */
	size_t file_capacity;
	struct pollfd *processes; /* pidfds of our own, for their exits */
	pid_t *process_pids;
	size_t process_count, process_capacity, pid_capacity;
	bool following;            /* births and deaths are told from here on */
	bool listed;               /* /proc was, and who is not there_at_start came later */
	struct map there_at_start; /* pid -> non-NULL */
	struct map told;           /* pids whose birth is told */
	struct map main_threads;   /* pids of which that is known, beside those above */
	struct map thread_process; /* tid -> pid */
	struct str told_at_start, events, same_files;
	uint64_t latest_usec;
	bool compared;
};

static struct root_copying *copying(struct root *root)
{
	return (struct root_copying *)root;
}

/* -- processes */

static pid_t thread_process(struct root_copying *self, pid_t tid)
{
	void *pid = map_get(&self->thread_process, (uint64_t)tid);

	return pid != NULL ? (pid_t)(intptr_t)pid : tid;
}

static bool process_is_hidden(struct root_copying *self, pid_t pid)
{
	return self->sees != NULL && !self->sees(thread_process(self, pid), self->context);
}

static bool path_is_hidden(struct root_copying *self, const char *path)
{
	pid_t pid;

	return keeper_path_process(path, &pid) && process_is_hidden(self, pid);
}

/* Born since the births are told: it may still be moved, renamed, and given its threads. */
static bool path_is_young(struct root_copying *self, const char *path)
{
	pid_t pid;

	return self->following && self->listed && keeper_path_process(path, &pid) &&
	       map_get(&self->there_at_start, (uint64_t)thread_process(self, pid)) == NULL;
}

/* -- files */

static void keep_content(struct root_copying *self, const char *path, const char *bytes,
			 size_t size)
{
	keeper_content(&self->keeper, path, bytes, size, path_is_young(self, path));
}

static void keep_link(struct root_copying *self, const char *path, const char *target)
{
	keeper_link(&self->keeper, path, target, path_is_young(self, path));
}

static struct copying_file *copying_file(struct root_copying *self, int fd)
{
	size_t known = self->file_capacity;

	if (!VEC_RESERVE(self->files, self->file_capacity, (size_t)fd + 1))
		return NULL;
	if (self->file_capacity > known)
		memset(self->files + known, 0, (self->file_capacity - known) * sizeof *self->files);
	return &self->files[fd];
}

static void keep_opened(struct root_copying *self, int fd, const char *path)
{
	struct copying_file *file = copying_file(self, fd);
	struct stat status;

	if (file == NULL || fstat(fd, &status) < 0)
		return keeper_fail(&self->keeper, path, -ENOMEM);
	if (S_ISDIR(status.st_mode)) {
		keeper_directory(&self->keeper, path);
	} else if (!S_ISREG(status.st_mode)) {
		/* A device: a capture has an empty file in its place, which says that it opens. */
		keeper_presence(&self->keeper, path);
	} else {
		file->path = strdup(path);
		if (file->path == NULL)
			keeper_fail(&self->keeper, path, -ENOMEM);
	}
	file->said = false;
}

static bool path_is_never_read(const char *path)
{
	size_t size = strlen(path);

	return size >= 8 && strcmp(path + size - 8, "/environ") == 0;
}

static pid_t host_process_of(struct root_copying *self, pid_t tid);

/* Whether it is the number of a process; else thread_process knows whose thread it is. */
static bool number_is_of_a_process(struct root_copying *self, pid_t number)
{
	pid_t pid;

	if (map_get(&self->thread_process, (uint64_t)number) != NULL)
		return false;
	if (map_get(&self->there_at_start, (uint64_t)number) != NULL ||
	    map_get(&self->told, (uint64_t)number) != NULL ||
	    map_get(&self->main_threads, (uint64_t)number) != NULL)
		return true;
	pid = host_process_of(self, number);
	if (pid == number)
		map_put(&self->main_threads, (uint64_t)number, self);
	else
		map_put(&self->thread_process, (uint64_t)number, (void *)(intptr_t)pid);
	return pid == number;
}

/*
 * Where a path is kept: /proc/TID/status of a thread in its process's task directory, or else
 * a listing of the copy's /proc would show it as a process. NULL: nowhere; other files of
 * /proc/TID speak of the whole process.
 */
static const char *place_of(struct root_copying *self, const char *path, char own[static PATH_MAX])
{
	const char *file;
	pid_t tid;

	if (!keeper_path_process(path, &tid) || number_is_of_a_process(self, tid))
		return path;
	file = strrchr(path, '/');
	if (strcmp(file, "/status") != 0)
		return NULL;
	snprintf(own, PATH_MAX, "/proc/%d/task/%d/status", (int)thread_process(self, tid), (int)tid);
	return own;
}

static int copying_open(struct root *root, const char *path)
{
	struct root_copying *self = copying(root);
	char own[PATH_MAX];
	const char *place;
	int fd;

	if (path_is_hidden(self, path))
		return -ENOENT;
	if (path_is_never_read(path))
		return -EPERM;
	fd = root_open(self->inner, path);
	place = place_of(self, path, own);
	if (fd < 0 && place != NULL)
		keeper_refusal(&self->keeper, place, fd);
	else if (place != NULL)
		keep_opened(self, fd, place);
	return fd;
}

/* A reader's buffer was full: there may be more than it wanted. */
static void keep_whole(struct root_copying *self, int fd, const char *path, size_t size)
{
	CLEANUP_FREE char *bytes = NULL;
	ssize_t got;

	do {
		size *= 2;
		free(bytes);
		bytes = malloc(size);
		if (bytes == NULL)
			return keeper_fail(&self->keeper, path, -ENOMEM);
		got = root_pread(self->inner, fd, bytes, size);
	} while (got == (ssize_t)size && size < FILE_MOST);
	if (got >= 0)
		keep_content(self, path, bytes, (size_t)got);
}

static ssize_t copying_pread(struct root *root, int fd, void *buffer, size_t size)
{
	struct root_copying *self = copying(root);
	ssize_t got = root_pread(self->inner, fd, buffer, size);
	struct copying_file *file = copying_file(self, fd);

	if (file == NULL || file->path == NULL || (file->said && !self->following))
		return got;
	file->said = true;
	if (got < 0)
		keeper_refusal(&self->keeper, file->path, got);
	else if ((size_t)got == size && size > 0)
		keep_whole(self, fd, file->path, size);
	else
		keep_content(self, file->path, buffer, (size_t)got);
	return got;
}

/* The kernel gives such a file a piece at a time. */
static int read_pieces(struct root *inner, int fd, struct str *ret)
{
	char piece[8192];
	ssize_t got;

	while ((got = root_pread_at(inner, fd, piece, sizeof piece, ret->length)) > 0) {
		str_append_bytes(ret, piece, (size_t)got);
		if (ret->failed || ret->length > FILE_MOST)
			return ret->failed ? -ENOMEM : -EFBIG;
	}
	return (int)got;
}

/* Who reads a file piece by piece begins at its beginning; of a table nothing is kept. */
static void keep_pieces(struct root_copying *self, int fd, struct copying_file *file)
{
	struct str text;
	int r;

	file->said = true;
	if (!text_ends_with(file->path, "/smaps")) {
		free(file->path);
		file->path = NULL;
		return;
	}
	str_init(&text);
	r = read_pieces(self->inner, fd, &text);
	if (r == -ENOMEM)
		keeper_fail(&self->keeper, file->path, r);
	else if (r < 0)
		keeper_refusal(&self->keeper, file->path, r);
	else
		keep_content(self, file->path, text.data != NULL ? text.data : "", text.length);
	str_done(&text);
}

static ssize_t copying_pread_at(struct root *root, int fd, void *buffer, size_t size, uint64_t offset)
{
	struct root_copying *self = copying(root);
	struct copying_file *file = copying_file(self, fd);

	if (file != NULL && file->path != NULL && (!file->said || (self->following && offset == 0)))
		keep_pieces(self, fd, file);
	return root_pread_at(self->inner, fd, buffer, size, offset);
}

static void copying_close(struct root *root, int fd)
{
	struct root_copying *self = copying(root);
	struct copying_file *file = copying_file(self, fd);

	/* Opened and not read: somebody only wanted to know whether it is there. */
	if (file != NULL && file->path != NULL && !file->said)
		keeper_presence(&self->keeper, file->path);
	if (file != NULL) {
		free(file->path);
		file->path = NULL;
	}
	root_close(self->inner, fd);
}

static ssize_t copying_readlink(struct root *root, const char *path, char *buffer, size_t size)
{
	struct root_copying *self = copying(root);
	char target[PATH_MAX], own[PATH_MAX];
	ssize_t got;

	if (path_is_hidden(self, path))
		return -ENOENT;
	got = root_readlink(self->inner, path, target, sizeof target);
	if (got < 0) {
		if (got != -EINVAL && place_of(self, path, own) == path)
			keeper_refusal(&self->keeper, path, got);
		return got;
	}
	if (place_of(self, path, own) == path)
		keep_link(self, path, target);
	if ((size_t)got > size)
		got = (ssize_t)size;
	memcpy(buffer, target, (size_t)got);
	return got;
}

/* -- directories */

struct listing {
	struct root_copying *self;
	const char *path;
	root_list_function *function;
	void *context;
	bool stopped; /* by the reader, who got what he wanted */
};

/* An entry of /proc: somebody who was there at the start, or who came since. */
static void note_process(struct root_copying *self, pid_t pid)
{
	uint64_t now = root_monotonic_usec(self->inner) - self->start_monotonic_usec;

	if (!self->listed) {
		map_put(&self->there_at_start, (uint64_t)pid, self);
		return;
	}
	if (!self->following || map_get(&self->there_at_start, (uint64_t)pid) != NULL ||
	    map_get(&self->told, (uint64_t)pid) != NULL)
		return;
	map_put(&self->told, (uint64_t)pid, self);
	self->latest_usec = now > self->latest_usec ? now : self->latest_usec;
	str_appendf(&self->events, "%llu start %d\n", (unsigned long long)self->latest_usec,
		    (int)pid);
}

/* What a directory outside of /proc has in it counts, read or not; plain files nobody read do
 * not: they would be empty. */
static void keep_entry(struct root_copying *self, const char *path)
{
	char target[PATH_MAX];
	struct stat status;
	int fd;

	if (keeper_has(&self->keeper, path))
		return;
	if (root_readlink(self->inner, path, target, sizeof target) > 0)
		return keep_link(self, path, target);
	fd = root_open(self->inner, path);
	if (fd < 0)
		return;
	if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
		keeper_directory(&self->keeper, path);
	root_close(self->inner, fd);
}

static bool path_is_task_directory(const char *path, pid_t *ret_pid)
{
	size_t size = strlen(path);

	return size > 5 && strcmp(path + size - 5, "/task") == 0 && keeper_path_process(path, ret_pid);
}

static void note_entry(struct listing *listing, const char *name)
{
	struct root_copying *self = listing->self;
	char path[PATH_MAX];
	pid_t pid, tid;

	if (snprintf(path, sizeof path, "%s/%s", listing->path, name) >= (int)sizeof path)
		return;
	if (path_is_task_directory(listing->path, &pid)) {
		keeper_directory(&self->keeper, path);
		tid = atoi(name);
		if (tid != pid)
			map_put(&self->thread_process, (uint64_t)tid, (void *)(intptr_t)pid);
	} else if (strcmp(listing->path, "/proc") == 0) {
		if (keeper_path_process(path, &pid))
			note_process(self, pid);
	} else if (strncmp(listing->path, "/proc/", 6) != 0) {
		keep_entry(self, path);
	}
}

static int list_entry(const char *name, void *context)
{
	struct listing *listing = context;
	char path[32];
	int r;

	/* The directories of debugfs are called TID-FD. */
	if (strcmp(listing->path, "/proc") == 0 ||
	    strcmp(listing->path, "/sys/kernel/debug/kvm") == 0) {
		snprintf(path, sizeof path, "/proc/%.16s", name);
		if (path_is_hidden(listing->self, path))
			return 0;
	}
	note_entry(listing, name);
	r = listing->function(name, listing->context);
	listing->stopped = r != 0;
	return r;
}

static int copying_list(struct root *root, const char *path, root_list_function *function,
			void *context)
{
	struct root_copying *self = copying(root);
	struct listing listing = { self, path, function, context, false };
	char own[PATH_MAX];
	int r;

	if (path_is_hidden(self, path))
		return -ENOENT;
	r = root_list(self->inner, path, list_entry, &listing);
	if (place_of(self, path, own) != path)
		return r;
	if (r < 0 && !listing.stopped)
		keeper_refusal(&self->keeper, path, r);
	else
		keeper_directory(&self->keeper, path);
	self->listed = self->listed || strcmp(path, "/proc") == 0;
	return r;
}

/* -- events */

static uint64_t copying_tell_time(struct root_copying *self, uint64_t monotonic_usec)
{
	uint64_t usec = monotonic_usec > self->start_monotonic_usec
				? monotonic_usec - self->start_monotonic_usec : 0;

	if (usec > self->latest_usec)
		self->latest_usec = usec;
	return self->latest_usec;
}

static pid_t host_process_of(struct root_copying *self, pid_t tid)
{
	char path[40], text[4096];
	const char *line;

	snprintf(path, sizeof path, "/proc/%d/status", (int)tid);
	if (root_read(self->inner, path, text, sizeof text) < 0)
		return thread_process(self, tid);
	line = strstr(text, "\nTgid:\t");
	return line != NULL ? atoi(line + 7) : tid;
}

static void tell_exit(struct root_copying *self, pid_t pid, uint64_t monotonic_usec)
{
	str_appendf(&self->events, "%llu exit %d\n",
		    (unsigned long long)copying_tell_time(self, monotonic_usec), (int)pid);
}

static void tell_vm(struct root_copying *self, const struct root_event *event, pid_t pid)
{
	uint64_t usec = copying_tell_time(self, event->monotonic_usec);

	if (event->kind == ROOT_EVENT_CREATE && map_get(&self->told, (uint64_t)pid) == NULL) {
		map_put(&self->told, (uint64_t)pid, self);
		if (map_get(&self->there_at_start, (uint64_t)pid) != NULL)
			str_appendf(&self->told_at_start, "0 start %d\n", (int)pid);
	}
	str_appendf(&self->events, "%llu %s %d %d", (unsigned long long)usec,
		    event->kind == ROOT_EVENT_CREATE ? "create" : "destroy", (int)event->tid,
		    event->vm_fd);
	if (pid != event->tid)
		str_appendf(&self->events, " %d", (int)pid);
	str_append_char(&self->events, '\n');
}

static int copying_event_next(struct root *root, struct root_event *ret)
{
	struct root_copying *self = copying(root);
	struct root_event event;
	pid_t pid;
	int r;

	for (;;) {
		r = root_event_next(self->inner, &event);
		if (r != 1)
			return r;
		pid = event.kind == ROOT_EVENT_CREATE ? host_process_of(self, event.tid)
						      : thread_process(self, event.tid);
		if (pid != event.tid)
			map_put(&self->thread_process, (uint64_t)event.tid, (void *)(intptr_t)pid);
		if (!process_is_hidden(self, pid))
			break;
	}
	if (event.kind == ROOT_EVENT_EXIT)
		tell_exit(self, event.tid, event.monotonic_usec);
	else if (event.vm_fd >= 0) /* else it cannot be told apart again: a scan finds it */
		tell_vm(self, &event, pid);
	*ret = event;
	return 1;
}

/* A descriptor of our own, not a duplicate: one that is left open would keep the reader's epoll
 * awake after he has closed his. */
static void copying_watch(struct root_copying *self, pid_t pid)
{
	int own = root_pidfd(self->inner, pid);

	if (own < 0)
		return;
	if (!VEC_RESERVE(self->processes, self->process_capacity, self->process_count + 1) ||
	    !VEC_RESERVE(self->process_pids, self->pid_capacity, self->process_count + 1)) {
		close(own);
		return;
	}
	self->processes[self->process_count] = (struct pollfd){ .fd = own, .events = POLLIN };
	self->process_pids[self->process_count++] = pid;
}

static int copying_pidfd(struct root *root, pid_t pid)
{
	struct root_copying *self = copying(root);
	int fd = root_pidfd(self->inner, pid);

	if (fd >= 0)
		copying_watch(self, pid);
	return fd;
}

static void tell_exits(struct root_copying *self)
{
	uint64_t now = root_monotonic_usec(self->inner);
	size_t i = 0;

	if (self->process_count == 0 || poll(self->processes, self->process_count, 0) <= 0)
		return;
	while (i < self->process_count) {
		if (self->processes[i].revents == 0) {
			i++;
			continue;
		}
		tell_exit(self, self->process_pids[i], now);
		close(self->processes[i].fd);
		self->processes[i] = self->processes[--self->process_count];
		self->process_pids[i] = self->process_pids[self->process_count];
	}
}

static uint64_t copying_sleep_until(struct root *root, int epoll_fd, uint64_t monotonic_usec)
{
	struct root_copying *self = copying(root);
	uint64_t now = root_sleep_until(self->inner, epoll_fd, monotonic_usec);

	pthread_mutex_lock(&self->lock);
	tell_exits(self);
	pthread_mutex_unlock(&self->lock);
	return now;
}

static int copying_events_open(struct root *root)
{
	copying(root)->following = true;
	return root_events_open(copying(root)->inner);
}

/* -- the rest */

static int copying_write(struct root *root, const char *path, const char *text)
{
	return -EROFS;
}

static uint64_t copying_monotonic_usec(struct root *root)
{
	return root_monotonic_usec(copying(root)->inner);
}

static uint64_t copying_realtime_usec(struct root *root)
{
	return root_realtime_usec(copying(root)->inner);
}

static int copying_same_file(struct root *root, pid_t a, int a_fd, pid_t b, int b_fd)
{
	struct root_copying *self = copying(root);
	int r = root_same_file(self->inner, a, a_fd, b, b_fd);

	self->compared = self->compared || r >= 0;
	if (r == 1 && (a != b || a_fd != b_fd))
		str_appendf(&self->same_files, "%d/%d %d/%d\n", (int)a, a_fd, (int)b, b_fd);
	return r;
}

static int copying_connect(struct root *root, const char *path)
{
	return root_connect(copying(root)->inner, path);
}

/* -- one thread at a time */

static void copying_unlock(struct root_copying **self)
{
	pthread_mutex_unlock(&(*self)->lock);
}

/* Until the end of the function. */
#define LOCKED(root)                                                              \
	CLEANUP(copying_unlock) struct root_copying *locked = copying(root);      \
	pthread_mutex_lock(&locked->lock)

static int locked_open(struct root *root, const char *path)
{
	LOCKED(root);
	return copying_open(root, path);
}

static ssize_t locked_pread(struct root *root, int fd, void *buffer, size_t size)
{
	LOCKED(root);
	return copying_pread(root, fd, buffer, size);
}

static void locked_close(struct root *root, int fd)
{
	LOCKED(root);
	copying_close(root, fd);
}

static ssize_t locked_readlink(struct root *root, const char *path, char *buffer, size_t size)
{
	LOCKED(root);
	return copying_readlink(root, path, buffer, size);
}

static int locked_list(struct root *root, const char *path, root_list_function *function,
		       void *context)
{
	LOCKED(root);
	return copying_list(root, path, function, context);
}

static ssize_t locked_pread_at(struct root *root, int fd, void *buffer, size_t size, uint64_t offset)
{
	LOCKED(root);
	return copying_pread_at(root, fd, buffer, size, offset);
}

static int locked_event_next(struct root *root, struct root_event *ret)
{
	LOCKED(root);
	return copying_event_next(root, ret);
}

static int locked_pidfd(struct root *root, pid_t pid)
{
	LOCKED(root);
	return copying_pidfd(root, pid);
}

static int locked_same_file(struct root *root, pid_t a, int a_fd, pid_t b, int b_fd)
{
	LOCKED(root);
	return copying_same_file(root, a, a_fd, b, b_fd);
}

static uint64_t copying_end_usec(struct root *root)
{
	return root_end_usec(copying(root)->inner);
}

static void copying_free(struct root *root)
{
	struct root_copying *self = copying(root);
	size_t i;

	for (i = 0; i < self->file_capacity; i++)
		free(self->files[i].path);
	for (i = 0; i < self->process_count; i++)
		close(self->processes[i].fd);
	free(self->files);
	free(self->processes);
	free(self->process_pids);
	keeper_done(&self->keeper);
	map_done(&self->there_at_start);
	map_done(&self->told);
	map_done(&self->main_threads);
	map_done(&self->thread_process);
	str_done(&self->told_at_start);
	str_done(&self->events);
	str_done(&self->same_files);
	root_free(self->inner);
	pthread_mutex_destroy(&self->lock);
	free(self);
}

static const struct root_ops copying_ops = {
	.name = "copying",
	.open = locked_open,
	.pread = locked_pread,
	.pread_at = locked_pread_at,
	.close = locked_close,
	.readlink = locked_readlink,
	.list = locked_list,
	.write = copying_write,
	.monotonic_usec = copying_monotonic_usec,
	.realtime_usec = copying_realtime_usec,
	.pidfd = locked_pidfd,
	.same_file = locked_same_file,
	.connect = copying_connect,
	.events_open = copying_events_open,
	.event_next = locked_event_next,
	.sleep_until = copying_sleep_until,
	.end_usec = copying_end_usec,
	.free = copying_free,
};

struct root *root_copying_new(struct root *inner, int directory, copying_sees *sees,
			      void *context, struct error *err)
{
	struct root_copying *self = calloc(1, sizeof *self);
	pthread_mutexattr_t recursive;

	if (self == NULL) {
		root_free(inner);
		error_errno(err, -ENOMEM, "a capture");
		return NULL;
	}
	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&self->lock, &recursive);
	self->root = *inner;
	self->root.ops = &copying_ops;
	self->inner = inner;
	keeper_init(&self->keeper, directory, inner);
	self->sees = sees;
	self->context = context;
	self->start_monotonic_usec = root_monotonic_usec(inner);
	self->start_realtime_usec = root_realtime_usec(inner);
	return &self->root;
}

/* -- the capture's own files */

static void finish_file(struct root_copying *self, const char *path, struct str *first,
			const struct str *second)
{
	int r;

	if (second->length > 0)
		str_append_bytes(first, second->data, second->length);
	if (first->failed || second->failed)
		return keeper_fail(&self->keeper, path, -ENOMEM);
	r = copy_put_file(&self->keeper.copy, path, first->data, first->length, true);
	if (r < 0)
		keeper_fail(&self->keeper, path, r);
}

static void finish_about(struct root_copying *self, const char *more)
{
	struct str about, end;

	str_init(&about);
	str_init(&end);
	str_appendf(&about, CAPTURE_MAGIC " %d\n", CAPTURE_FORMAT);
	str_appendf(&about, "realtime_usec %llu\n", (unsigned long long)self->start_realtime_usec);
	str_appendf(&about, "monotonic_usec %llu\n", (unsigned long long)self->start_monotonic_usec);
	str_appendf(&about, "duration_usec %llu\n", (unsigned long long)
		    (self->following ? root_monotonic_usec(self->inner) - self->start_monotonic_usec
				     : 0));
	str_appendf(&about, "ticks_per_second %ld\n", self->root.ticks_per_second);
	str_appendf(&about, "page_size %ld\n", self->root.page_size);
	str_append(&end, more);
	finish_file(self, "/about", &about, &end);
	str_done(&about);
	str_done(&end);
}

int root_copying_finish(struct root *root, const char *more, struct error *err)
{
	struct root_copying *self = copying(root);
	struct str nothing = { .data = NULL };

	finish_about(self, more);
	if (self->following)
		finish_file(self, "/events", &self->told_at_start, &self->events);
	if (self->compared)
		finish_file(self, "/same-files", &self->same_files, &nothing);
	if (self->keeper.failure.code != 0 && err != NULL)
		*err = self->keeper.failure;
	return self->keeper.failure.code;
}

struct copying_counts root_copying_counts(const struct root *root)
{
	return ((const struct root_copying *)root)->keeper.counts;
}
