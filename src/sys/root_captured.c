/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host out of a directory (doc/format/capture.md). The directory is a stranger's: it is read
 * through open_inside alone, and nothing in it is ever written.
 *
 * Its clock stands at the capture's start and moves only in root_sleep_until, to the time that
 * is asked for or to the next event, whichever is first. What the events say to be born later,
 * or gone, is not there: a process, or a descriptor that holds a VM.
 */
#include "sys/root.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/vec.h"
#include "sys/capture_files.h"
#include "sys/errno_name.h"
#include "sys/open_inside.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define REFUSED_SUFFIX ".errno"
/* Keeps an empty directory where version control would drop it; never listed. */
#define EMPTY_MARK ".empty"

/* Whose file a descriptor is: a process's, and of which of its descriptors. */
struct captured_owner {
	pid_t pid; /* 0: nobody's */
	int fd;    /* -1: the process as a whole */
};

struct root_captured {
	struct root root;
	int directory;
	struct capture_about about;
	_Atomic uint64_t passed_usec; /* since the capture's start */
	struct capture_events events;
	size_t next_event;
	struct map same_files;
	bool same_files_known;
	pthread_mutex_t lock; /* over what follows: readers may be on several threads */
	bool threads_known;
	struct map threads;   /* tid -> pid of all threads, made when one is asked for */
	struct captured_owner *owners; /* by descriptor, of those open now */
	size_t owner_capacity;
};

static struct root_captured *captured(struct root *root)
{
	return (struct root_captured *)root;
}

/* -- what is there now */

/* "/proc/PID", "/proc/PID/fd/FD", "/proc/PID/fdinfo/FD" and what lies below. */
static struct captured_owner owner_in_proc(struct cursor at)
{
	struct captured_owner owner = { .pid = 0, .fd = -1 };
	uint64_t pid, fd;

	if (!cursor_take_u64(&at, &pid) || pid > INT_MAX)
		return owner;
	owner.pid = (pid_t)pid;
	if ((cursor_take_text(&at, "/fd/") || cursor_take_text(&at, "/fdinfo/")) &&
	    cursor_take_u64(&at, &fd) && fd < INT_MAX)
		owner.fd = (int)fd;
	return owner;
}

static pid_t captured_process_of(const struct root_captured *self, pid_t tid)
{
	void *pid = map_get(&self->events.thread_process, (uint64_t)tid);

	return pid != NULL ? (pid_t)(intptr_t)pid : tid;
}

/* "/sys/kernel/debug/kvm/TID-FD" */
static struct captured_owner owner_in_debugfs(const struct root_captured *self, struct cursor at)
{
	struct captured_owner owner = { .pid = 0, .fd = -1 };
	uint64_t tid, fd;

	if (cursor_take_u64(&at, &tid) && cursor_take_text(&at, "-") && cursor_take_u64(&at, &fd) &&
	    tid <= INT_MAX && fd < INT_MAX) {
		owner.pid = captured_process_of(self, (pid_t)tid);
		owner.fd = (int)fd;
	}
	return owner;
}

static struct captured_owner captured_owner(const struct root_captured *self, const char *path)
{
	struct cursor at = cursor_over(path, strlen(path));

	if (self->events.life_count != 0) {
		if (cursor_take_text(&at, "/proc/"))
			return owner_in_proc(at);
		if (cursor_take_text(&at, "/sys/kernel/debug/kvm/"))
			return owner_in_debugfs(self, at);
	}
	return (struct captured_owner){ .pid = 0, .fd = -1 };
}

static bool owner_is_there(const struct root_captured *self, struct captured_owner owner)
{
	const struct capture_events *events = &self->events;
	uint64_t now = self->passed_usec;

	if (owner.pid == 0)
		return true;
	owner.pid = captured_process_of(self, owner.pid);
	return capture_is_there(events, owner.pid, -1, now) &&
	       (owner.fd < 0 || capture_is_there(events, owner.pid, owner.fd, now));
}

static bool captured_path_is_there(const struct root_captured *self, const char *path)
{
	return owner_is_there(self, captured_owner(self, path));
}

/* -- threads */

static int captured_add_thread(struct root_captured *self, const char *pid, const char *tid)
{
	long process = strtol(pid, NULL, 10), thread = strtol(tid, NULL, 10);

	return thread <= 0 || thread == process ||
	       map_put(&self->threads, (uint64_t)thread, (void *)process);
}

static void captured_add_threads_of(struct root_captured *self, const char *pid)
{
	char path[64];
	int fd, length = snprintf(path, sizeof path, "/proc/%.16s/task", pid);
	CLEANUP_CLOSEDIR DIR *dir = NULL;
	struct dirent *entry;

	fd = length < (int)sizeof path ? open_inside(self->directory, path) : -1;
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		captured_add_thread(self, pid, entry->d_name);
}

static void captured_learn_threads(struct root_captured *self)
{
	int fd = open_inside(self->directory, "/proc");
	CLEANUP_CLOSEDIR DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]))
			captured_add_threads_of(self, entry->d_name);
	self->threads_known = true;
}

static pid_t captured_process_of_thread(struct root_captured *self, uint64_t tid)
{
	void *pid;

	pthread_mutex_lock(&self->lock);
	if (!self->threads_known)
		captured_learn_threads(self);
	pid = map_get(&self->threads, tid);
	pthread_mutex_unlock(&self->lock);
	return (pid_t)(intptr_t)pid;
}

/*
 * The kernel answers under /proc/TID for every thread, though it lists processes only; a
 * capture has a thread in its process's task directory. False: it is no thread's.
 */
static bool captured_thread_path(struct root_captured *self, const char *path,
				 char ret[static PATH_MAX])
{
	struct cursor at = cursor_over(path, strlen(path));
	uint64_t tid;
	pid_t pid;

	if (!cursor_take_text(&at, "/proc/") || !cursor_take_u64(&at, &tid))
		return false;
	pid = captured_process_of_thread(self, tid);
	return pid != 0 && snprintf(ret, PATH_MAX, "/proc/%d/task/%llu%.*s", (int)pid,
				    (unsigned long long)tid, (int)cursor_left(&at), at.at) < PATH_MAX;
}

/* -- files */

static bool captured_own(struct root_captured *self, int fd, struct captured_owner owner)
{
	bool kept;

	if (self->events.life_count == 0)
		return true;
	pthread_mutex_lock(&self->lock);
	kept = VEC_RESERVE(self->owners, self->owner_capacity, (size_t)fd + 1);
	if (kept)
		self->owners[fd] = owner;
	pthread_mutex_unlock(&self->lock);
	return kept;
}

static bool captured_descriptor_is_there(struct root_captured *self, int fd)
{
	struct captured_owner owner;

	if (self->events.life_count == 0)
		return true;
	pthread_mutex_lock(&self->lock);
	owner = self->owners[fd];
	pthread_mutex_unlock(&self->lock);
	return owner_is_there(self, owner);
}

/* How the kernel refused this path when the host was captured: NAME.errno holds the word. */
static int captured_refusal(struct root_captured *self, const char *path)
{
	char name[PATH_MAX], text[32];
	CLEANUP_CLOSE int fd = -1;
	struct cursor at;
	const char *word;
	size_t word_size;
	ssize_t size;
	int code;

	if (snprintf(name, sizeof name, "%s" REFUSED_SUFFIX, path) >= (int)sizeof name)
		return -ENAMETOOLONG;
	fd = open_inside(self->directory, name);
	if (fd < 0)
		return -ENOENT;
	size = pread(fd, text, sizeof text, 0);
	at = cursor_over(text, size > 0 ? (size_t)size : 0);
	if (!cursor_take_word(&at, &word, &word_size))
		return -EIO;
	code = errno_from_name(word, word_size);
	return code != 0 ? -code : -EIO;
}

static int captured_open(struct root *root, const char *path)
{
	struct root_captured *self = captured(root);
	struct captured_owner owner = captured_owner(self, path);
	char thread[PATH_MAX];
	int fd;

	if (!owner_is_there(self, owner))
		return -ENOENT;
	fd = open_inside(self->directory, path);
	if (fd == -ENOENT)
		fd = captured_refusal(self, path);
	if (fd == -ENOENT && captured_thread_path(self, path, thread))
		fd = open_inside(self->directory, thread);
	if (fd >= 0 && !captured_own(self, fd, owner)) {
		close(fd);
		return -ENOMEM;
	}
	return fd;
}

static ssize_t captured_pread(struct root *root, int fd, void *buffer, size_t size)
{
	struct root_captured *self = captured(root);
	ssize_t got;

	/* As procfs: a file that was opened in time outlives its process, but has nothing to say. */
	if (!captured_descriptor_is_there(self, fd))
		return -ESRCH;
	got = pread(fd, buffer, size, 0);
	return got >= 0 ? got : -errno;
}

static ssize_t captured_pread_at(struct root *root, int fd, void *buffer, size_t size,
				 uint64_t offset)
{
	ssize_t got;

	if (!captured_descriptor_is_there(captured(root), fd))
		return -ESRCH;
	got = pread(fd, buffer, size, (off_t)offset);
	return got >= 0 ? got : -errno;
}

static void captured_close(struct root *root, int fd)
{
	close(fd);
}

static ssize_t captured_readlink(struct root *root, const char *path, char *buffer, size_t size)
{
	struct root_captured *self = captured(root);
	CLEANUP_CLOSE int fd = -1;
	ssize_t got;

	if (!captured_path_is_there(self, path))
		return -ENOENT;
	fd = open_inside_link(self->directory, path);
	if (fd < 0)
		return fd == -ENOENT ? captured_refusal(self, path) : fd;
	got = readlinkat(fd, "", buffer, size);
	/* The kernel says ENOENT when a descriptor that was opened itself is no link. */
	return got >= 0 ? got : errno == ENOENT ? -EINVAL : -errno;
}

/* -- directories */

struct names {
	char **items;
	size_t count, capacity;
};

static void names_done(struct names *names)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
}

/* Numbers by size, as /proc has them, so that every listing of a capture is the same. */
static int names_compare(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* An entry that could not be read is listed under its own name. */
static int names_add(struct names *names, const char *name)
{
	size_t size = strlen(name), suffix = strlen(REFUSED_SUFFIX);

	if (size > suffix && strcmp(name + size - suffix, REFUSED_SUFFIX) == 0)
		size -= suffix;
	if (!VEC_RESERVE(names->items, names->capacity, names->count + 1))
		return -ENOMEM;
	names->items[names->count] = strndup(name, size);
	if (names->items[names->count] == NULL)
		return -ENOMEM;
	names->count++;
	return 0;
}

static int names_read(struct names *names, int fd)
{
	CLEANUP_CLOSEDIR DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (dir == NULL) {
		r = -errno;
		close(fd);
		return r;
	}
	while (r == 0) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			return -errno;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    strcmp(entry->d_name, EMPTY_MARK) != 0)
			r = names_add(names, entry->d_name);
	}
	return r;
}

static bool captured_entry_is_there(const struct root_captured *self, const char *directory,
				    const char *name)
{
	char path[PATH_MAX];

	if (self->events.life_count == 0)
		return true;
	return snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path ||
	       captured_path_is_there(self, path);
}

static int captured_list(struct root *root, const char *path, root_list_function *function,
			 void *context)
{
	struct root_captured *self = captured(root);
	struct names names = { .items = NULL };
	int fd = captured_open(root, path);
	size_t i;
	int r;

	if (fd < 0)
		return fd;
	r = names_read(&names, fd);
	if (r == 0 && names.count > 0)
		qsort(names.items, names.count, sizeof *names.items, names_compare);
	for (i = 0; r == 0 && i < names.count; i++) {
		if (i > 0 && strcmp(names.items[i], names.items[i - 1]) == 0)
			continue;
		if (captured_entry_is_there(self, path, names.items[i]))
			r = function(names.items[i], context);
	}
	names_done(&names);
	return r;
}

/* -- the rest */

static int captured_write(struct root *root, const char *path, const char *text)
{
	return -EROFS;
}

static uint64_t captured_monotonic_usec(struct root *root)
{
	return captured(root)->about.monotonic_usec + captured(root)->passed_usec;
}

static uint64_t captured_realtime_usec(struct root *root)
{
	return captured(root)->about.realtime_usec + captured(root)->passed_usec;
}

static int captured_same_file(struct root *root, pid_t a, int a_fd, pid_t b, int b_fd)
{
	struct root_captured *self = captured(root);
	void *group;

	if (!self->same_files_known)
		return -ENOSYS;
	if (a == b && a_fd == b_fd)
		return 1;
	group = map_get(&self->same_files, capture_key(a, a_fd));
	return group != NULL && group == map_get(&self->same_files, capture_key(b, b_fd));
}

static int captured_events_open(struct root *root)
{
	return -ENOSYS;
}

static int captured_event_next(struct root *root, struct root_event *ret)
{
	struct root_captured *self = captured(root);
	const struct root_event *event = self->events.events + self->next_event;

	if (self->next_event == self->events.event_count ||
	    event->monotonic_usec > self->passed_usec)
		return 0;
	*ret = *event;
	ret->monotonic_usec += self->about.monotonic_usec;
	self->next_event++;
	return 1;
}

static uint64_t captured_duration(const struct root_captured *self)
{
	uint64_t duration = self->about.duration_usec;
	size_t count = self->events.event_count;

	if (count > 0 && self->events.events[count - 1].monotonic_usec > duration)
		duration = self->events.events[count - 1].monotonic_usec;
	return duration;
}

static uint64_t captured_end_usec(struct root *root)
{
	return captured(root)->about.monotonic_usec + captured_duration(captured(root));
}

static uint64_t captured_sleep_until(struct root *root, int epoll_fd, uint64_t monotonic_usec)
{
	struct root_captured *self = captured(root);
	uint64_t start = self->about.monotonic_usec;
	uint64_t passed = monotonic_usec > start ? monotonic_usec - start : 0;

	/* Who waits for ever waits for events, and the last one is at the end. */
	if (monotonic_usec == UINT64_MAX)
		passed = captured_duration(self);
	if (self->next_event < self->events.event_count &&
	    self->events.events[self->next_event].monotonic_usec < passed)
		passed = self->events.events[self->next_event].monotonic_usec;
	if (passed > self->passed_usec)
		self->passed_usec = passed;
	return captured_monotonic_usec(root);
}

static void captured_free(struct root *root)
{
	struct root_captured *self = captured(root);

	if (self->directory >= 0)
		close(self->directory);
	capture_events_done(&self->events);
	map_done(&self->same_files);
	map_done(&self->threads);
	pthread_mutex_destroy(&self->lock);
	free(self->owners);
	free(self);
}

static const struct root_ops captured_ops = {
	.name = "captured",
	.open = captured_open,
	.pread = captured_pread,
	.pread_at = captured_pread_at,
	.close = captured_close,
	.readlink = captured_readlink,
	.list = captured_list,
	.write = captured_write,
	.monotonic_usec = captured_monotonic_usec,
	.realtime_usec = captured_realtime_usec,
	.same_file = captured_same_file,
	.events_open = captured_events_open,
	.event_next = captured_event_next,
	.sleep_until = captured_sleep_until,
	.end_usec = captured_end_usec,
	.free = captured_free,
};

/* -- opening */

/* One of the capture's own files: its bytes in *ret, or -ENOENT. */
static ssize_t captured_own_file(struct root_captured *self, const char *name, char **ret)
{
	CLEANUP_CLOSE int fd = open_inside(self->directory, name);
	struct stat status;
	ssize_t size;
	char *bytes;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EISDIR;
	if (status.st_size > CAPTURE_FILE_MOST)
		return -EFBIG;
	bytes = malloc((size_t)status.st_size + 1);
	if (bytes == NULL)
		return -ENOMEM;
	size = pread(fd, bytes, (size_t)status.st_size, 0);
	if (size < 0) {
		size = -errno;
		free(bytes);
		return size;
	}
	*ret = bytes;
	return size;
}

static int captured_read_about(struct root_captured *self, const char *directory,
			       struct error *err)
{
	char name[PATH_MAX];
	CLEANUP_FREE char *bytes = NULL;
	ssize_t size = captured_own_file(self, "about", &bytes);
	int r;

	if (size == -ENOENT)
		return error_set(err, -ENOENT,
				 "%s holds no captured host: it has no file `about`; "
				 "`truce capture DIR` makes one", directory);
	snprintf(name, sizeof name, "%s/about", directory);
	if (size < 0)
		return error_errno(err, (int)size, "%s", name);
	r = capture_about_parse(&self->about, bytes, (size_t)size, name, err);
	if (r < 0)
		return r;
	self->root.ticks_per_second = self->about.ticks_per_second;
	self->root.page_size = self->about.page_size;
	return 0;
}

static int captured_read_events(struct root_captured *self, const char *directory,
				struct error *err)
{
	char name[PATH_MAX];
	CLEANUP_FREE char *bytes = NULL;
	ssize_t size = captured_own_file(self, "events", &bytes);

	if (size == -ENOENT)
		return 0;
	snprintf(name, sizeof name, "%s/events", directory);
	if (size < 0)
		return error_errno(err, (int)size, "%s", name);
	return capture_events_parse(&self->events, bytes, (size_t)size, name, err);
}

static int captured_read_same_files(struct root_captured *self, const char *directory,
				    struct error *err)
{
	char name[PATH_MAX];
	CLEANUP_FREE char *bytes = NULL;
	ssize_t size = captured_own_file(self, "same-files", &bytes);

	if (size == -ENOENT)
		return 0;
	snprintf(name, sizeof name, "%s/same-files", directory);
	if (size < 0)
		return error_errno(err, (int)size, "%s", name);
	self->same_files_known = true;
	return capture_same_files_parse(&self->same_files, bytes, (size_t)size, name, err);
}

static int captured_load(struct root_captured *self, const char *directory, struct error *err)
{
	int proc, r;

	self->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (self->directory < 0 && errno == ENOTDIR)
		return error_set(err, -ENOTDIR, "%s is no directory; a captured host is one, made "
				 "by `truce capture DIR`", directory);
	if (self->directory < 0)
		return error_errno(err, -errno, "the captured host %s", directory);
	r = captured_read_about(self, directory, err);
	if (r < 0)
		return r;
	proc = open_inside(self->directory, "proc/.");
	if (proc < 0)
		return error_set(err, -ENOENT, "%s holds no captured host: it has no directory proc",
				 directory);
	close(proc);
	r = captured_read_events(self, directory, err);
	return r < 0 ? r : captured_read_same_files(self, directory, err);
}

struct root *root_captured_new(const char *directory, struct error *err)
{
	struct root_captured *self = calloc(1, sizeof *self);
	int r;

	if (self == NULL) {
		error_errno(err, -ENOMEM, "the captured host %s", directory);
		return NULL;
	}
	self->root.ops = &captured_ops;
	self->root.captured = true;
	pthread_mutex_init(&self->lock, NULL);
	self->directory = -1;
	r = captured_load(self, directory, err);
	if (r < 0) {
		captured_free(&self->root);
		return NULL;
	}
	return &self->root;
}
