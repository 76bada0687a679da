/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/guest_storage.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/guest/disk_file.h"
#include "lab/host/arguments.h"
#include "lab/host/child.h"
#include "lab/host/scratch.h"
#include "lab/host/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define DISKS_MOST 256u

struct guest_storage {
	struct child process;
	int *connections; /* one a disk, for the guests; -1: given away */
	size_t count, taken;
	int log_fd, epoll_fd;
	struct tail log;
	struct error end; /* code 0: it runs */
};

/* What the daemon inherits: the listening socket and the files of the disks. */
struct inherited {
	int *fds; /* the listener first */
	size_t count;
	int log_fd;
};

static void inherited_done(struct inherited *inherited)
{
	size_t i;

	for (i = 0; i < inherited->count; i++)
		cleanup_close(&inherited->fds[i]);
	free(inherited->fds);
	cleanup_close(&inherited->log_fd);
}

/* A socket's name is there for as long as it takes to connect to it. */
static int connections_make(struct guest_storage *storage, const char *path, int *ret_listener)
{
	CLEANUP_CLOSE int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t i;

	if (listener < 0)
		return -errno;
	if (strlen(path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(listener, (int)storage->count) != 0)
		return -errno;
	for (i = 0; i < storage->count; i++) {
		storage->connections[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (storage->connections[i] < 0 ||
		    connect(storage->connections[i], (struct sockaddr *)&address,
			    sizeof address) != 0)
			return -errno;
	}
	*ret_listener = listener;
	listener = -1;
	return 0;
}

static int sockets_make(struct guest_storage *storage, const struct guest_storage_plan *plan,
			struct inherited *inherited, struct error *err)
{
	CLEANUP_FREE char *path = NULL;
	int listener = -1, code;

	if (asprintf(&path, "%s/storage", scratch_path(plan->scratch)) < 0)
		return error_errno(err, -ENOMEM, "no room for a storage device");
	code = connections_make(storage, path, &listener);
	unlink(path);
	if (code < 0)
		return error_errno(err, code, "%s: no socket for a storage device", path);
	inherited->fds[inherited->count++] = listener;
	return 0;
}

static int files_make(const struct guest_storage_plan *plan, struct inherited *inherited,
		      struct error *err)
{
	struct disk_file_plan file = {
		.directory = plan->directory != NULL ? plan->directory :
						       scratch_path(plan->scratch),
		.format = plan->format,
		.cache = plan->cache,
		.bytes = plan->disk_bytes,
		.blank = plan->blank,
	};
	size_t i;
	int code = 0;

	for (i = 0; code == 0 && i < plan->disk_count; i++) {
		code = disk_file_make(&file, &inherited->fds[inherited->count], err);
		if (code == 0)
			inherited->count++;
	}
	return code;
}

static void add_disk(struct arguments *arguments, const struct guest_storage_plan *plan,
		     size_t number, int fd)
{
	const char *direct = plan->cache == GUEST_CACHE_DIRECT ? "on" : "off";
	bool slow = plan->bytes_per_sec != 0 || plan->operations_per_sec != 0;

	arguments_add(arguments, "--blockdev");
	arguments_add(arguments,
		      "driver=file,node-name=file%zu,filename=/proc/self/fd/%d,cache.direct=%s,"
		      "discard=unmap", number, fd, direct);
	arguments_add(arguments, "--blockdev");
	arguments_add(arguments, "driver=%s,node-name=disk%zu,file=file%zu,cache.direct=%s,"
				 "discard=unmap",
		      plan->format == GUEST_DISK_QCOW2 ? "qcow2" : "raw", number, number, direct);
	if (slow) {
		arguments_add(arguments, "--blockdev");
		arguments_add(arguments,
			      "driver=throttle,node-name=slow%zu,throttle-group=speed,file=disk%zu",
			      number, number);
	}
	arguments_add(arguments, "--export");
	arguments_add(arguments,
		      "type=nbd,id=export%zu,node-name=%s%zu,name=disk%zu,writable=on", number,
		      slow ? "slow" : "disk", number, number);
}

static int daemon_arguments(struct arguments *ret, const struct guest_storage_plan *plan,
			    const char *program, const struct inherited *inherited,
			    struct error *err)
{
	size_t i;

	*ret = (struct arguments){ 0 };
	arguments_add(ret, "%s", program);
	arguments_add(ret, "--object");
	arguments_add(ret, "throttle-group,id=speed,x-bps-total=%llu,x-iops-total=%llu",
		      (unsigned long long)plan->bytes_per_sec,
		      (unsigned long long)plan->operations_per_sec);
	arguments_add(ret, "--nbd-server");
	arguments_add(ret, "addr.type=fd,addr.str=%d,max-connections=0", inherited->fds[0]);
	for (i = 0; i < plan->disk_count; i++)
		add_disk(ret, plan, i, inherited->fds[i + 1]);
	return arguments_verdict(ret, err);
}

static int log_make(struct guest_storage *storage, struct inherited *inherited, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_errno(err, -errno, "no pipe");
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	storage->log_fd = ends[0];
	inherited->log_fd = ends[1];
	return 0;
}

static int daemon_start(struct guest_storage *storage, const struct guest_storage_plan *plan,
			struct inherited *inherited, struct error *err)
{
	struct child_plan child = { .output_fd = inherited->log_fd,
				    .error_fd = inherited->log_fd,
				    .kept_fds = inherited->fds, .kept_count = inherited->count };
	CLEANUP_FREE char *program = NULL;
	struct arguments arguments;
	int code = host_program("qemu-storage-daemon", &program, err);

	if (code == 0)
		code = daemon_arguments(&arguments, plan, program, inherited, err);
	if (code < 0)
		return code;
	child.arguments = (const char *const *)arguments.items;
	code = child_start(&storage->process, &child, err);
	arguments_done(&arguments);
	return code;
}

static int storage_watch(struct guest_storage *storage, struct error *err)
{
	struct epoll_event event = { .events = EPOLLIN };

	storage->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (storage->epoll_fd < 0 ||
	    epoll_ctl(storage->epoll_fd, EPOLL_CTL_ADD, storage->process.pidfd, &event) != 0)
		return error_errno(err, -errno, "a storage device cannot be watched");
	return 0;
}

static int storage_begin(struct guest_storage *storage, const struct guest_storage_plan *plan,
			 struct inherited *inherited, struct error *err)
{
	int code = sockets_make(storage, plan, inherited, err);

	if (code == 0)
		code = files_make(plan, inherited, err);
	if (code == 0)
		code = log_make(storage, inherited, err);
	if (code == 0)
		code = daemon_start(storage, plan, inherited, err);
	return code < 0 ? code : storage_watch(storage, err);
}

static struct guest_storage *storage_alloc(size_t count, struct inherited *inherited)
{
	struct guest_storage *storage = calloc(1, sizeof *storage);
	size_t i;

	*inherited = (struct inherited){ .fds = calloc(count + 1, sizeof(int)), .log_fd = -1 };
	if (storage == NULL)
		return NULL;
	child_init(&storage->process);
	storage->log_fd = storage->epoll_fd = -1;
	tail_init(&storage->log);
	storage->connections = calloc(count, sizeof *storage->connections);
	if (storage->connections == NULL || inherited->fds == NULL) {
		guest_storage_free(storage);
		return NULL;
	}
	storage->count = count;
	for (i = 0; i < count; i++)
		storage->connections[i] = -1;
	return storage;
}

int guest_storage_new(const struct guest_storage_plan *plan, struct guest_storage **ret,
		      struct error *err)
{
	struct guest_storage *storage;
	struct inherited inherited;
	int code;

	if (plan->disk_count < 1 || plan->disk_count > DISKS_MOST)
		return error_set(err, -EINVAL, "a storage device has 1 to %u disks", DISKS_MOST);
	if (plan->disk_bytes < GUEST_DISK_LEAST_BYTES)
		return error_set(err, -EINVAL, "a disk has at least %llu MiB",
				 GUEST_DISK_LEAST_BYTES >> 20);
	storage = storage_alloc(plan->disk_count, &inherited);
	if (storage == NULL)
		code = error_errno(err, -ENOMEM, "no room for a storage device");
	else
		code = storage_begin(storage, plan, &inherited, err);
	inherited_done(&inherited);
	if (code < 0) {
		guest_storage_free(storage);
		return code;
	}
	*ret = storage;
	return 0;
}

void guest_storage_free(struct guest_storage *storage)
{
	size_t i;

	if (storage == NULL)
		return;
	child_done(&storage->process);
	for (i = 0; i < storage->count; i++)
		cleanup_close(&storage->connections[i]);
	free(storage->connections);
	cleanup_close(&storage->log_fd);
	cleanup_close(&storage->epoll_fd);
	free(storage);
}

int guest_storage_fd(const struct guest_storage *storage)
{
	return storage->epoll_fd;
}

int guest_storage_turn(struct guest_storage *storage, struct error *err)
{
	struct str said;
	int status;

	if (storage->end.code == 0 && child_ended(&storage->process, &status)) {
		str_init(&said);
		tail_read(&storage->log, storage->log_fd, -1);
		if (!tail_last_line(&storage->log, NULL, &said))
			str_append(&said, WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) :
								"it said nothing");
		error_set(&storage->end, -EIO, "the storage device of the guests died: %s",
			  said.data != NULL ? said.data : "");
		str_done(&said);
	}
	return storage->end.code == 0 ? 0 : error_set(err, storage->end.code, "%s",
						      storage->end.text);
}

pid_t guest_storage_pid(const struct guest_storage *storage)
{
	return storage->process.pid;
}

int guest_storage_take(struct guest_storage *storage, int *ret_fd, char *ret_export,
		       size_t export_size, struct error *err)
{
	size_t number = storage->taken;

	if (number == storage->count)
		return error_set(err, -ENOSPC, "all %zu disks of a storage device are taken",
				 storage->count);
	snprintf(ret_export, export_size, "disk%zu", number);
	*ret_fd = storage->connections[number];
	storage->connections[number] = -1;
	storage->taken++;
	return 0;
}
