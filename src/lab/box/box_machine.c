/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/box/box_machine.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/box/box_qemu.h"
#include "lab/host/tsc.h"
#include "lab/box/box_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

/* QEMU's ends, which it inherits and we close: all of struct box_wiring, as one array. */
struct ends {
	int *fds;
	size_t count, capacity;
	int qemu_log_fd, server_log_fd;
	struct tsc begun; /* starting the servers takes long enough to tell the rate */
};

static void ends_done(struct ends *ends)
{
	size_t i;

	for (i = 0; i < ends->count; i++)
		cleanup_close(&ends->fds[i]);
	free(ends->fds);
	cleanup_close(&ends->qemu_log_fd);
	cleanup_close(&ends->server_log_fd);
}

/* The array has room from the start, so that it never moves or fails later. */
static int ends_init(struct ends *ends, size_t most)
{
	*ends = (struct ends){ .qemu_log_fd = -1, .server_log_fd = -1 };
	tsc_sample(&ends->begun);
	ends->fds = calloc(most, sizeof *ends->fds);
	ends->capacity = most;
	return ends->fds != NULL ? 0 : -ENOMEM;
}

static void ends_add(struct ends *ends, int fd)
{
	ends->fds[ends->count++] = fd;
}

static void machine_init(struct box_machine *machine)
{
	*machine = (struct box_machine){ 0 };
	child_init(&machine->qemu);
	machine->port_fd = machine->console_fd = -1;
	machine->qemu_log_fd = machine->server_log_fd = -1;
}

void box_machine_done(struct box_machine *machine)
{
	size_t i;

	/* QEMU first: with nobody to serve, a virtiofsd has nothing left to write. */
	child_done(&machine->qemu);
	for (i = 0; i < machine->server_count; i++)
		child_done(&machine->servers[i]);
	free(machine->servers);
	cleanup_close(&machine->port_fd);
	cleanup_close(&machine->console_fd);
	cleanup_close(&machine->qemu_log_fd);
	cleanup_close(&machine->server_log_fd);
	machine_init(machine);
}

static int stream_make(int *ret_ours, struct ends *ends, struct error *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return error_errno(err, -errno, "no socket pair for QEMU");
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	*ret_ours = pair[0];
	ends_add(ends, pair[1]);
	return 0;
}

static int log_make(int *ret_ours, int *ret_theirs, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_errno(err, -errno, "no pipe");
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*ret_ours = ends[0];
	*ret_theirs = ends[1];
	return 0;
}

/* Nobody reads yet, so all of it must fit the socket's buffer. */
static int job_put(int port_fd, const void *job, size_t size, struct error *err)
{
	unsigned char header[BOX_FRAME_HEADER];
	struct iovec parts[] = { { header, sizeof header }, { (void *)job, size } };

	if (size > BOX_FRAME_MAX)
		return error_set(err, -E2BIG, "the command and its environment are longer than %u",
				 BOX_FRAME_MAX);
	box_frame_put_header(header, BOX_FRAME_JOB, size);
	if (writev(port_fd, parts, ARRAY_SIZE(parts)) != (ssize_t)(sizeof header + size))
		return error_set(err, -ENOBUFS, "the job does not fit a socket's buffer");
	return 0;
}

/* A socket that listens, and the one connection it has, made before the name is gone. The
 * directory is ours alone, so nobody else could connect first. */
static int pair_bind(const char *path, int *ret_listener, int *ret_connected)
{
	CLEANUP_CLOSE int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CLEANUP_CLOSE int connected = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (listener < 0 || connected < 0)
		return -errno;
	if (strlen(path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(listener, 1) != 0 ||
	    connect(connected, (struct sockaddr *)&address, sizeof address) != 0)
		return -errno;
	*ret_listener = listener;
	*ret_connected = connected;
	listener = connected = -1;
	return 0;
}

static int pair_make(int *ret_listener, int *ret_connected, struct error *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char directory[96], path[108];
	int code;

	/* A socket's path has 108 bytes: what is longer cannot be used. */
	if (runtime == NULL || *runtime != '/' || strlen(runtime) > 64)
		runtime = "/tmp";
	snprintf(directory, sizeof directory, "%s/truce-box.XXXXXX", runtime);
	if (mkdtemp(directory) == NULL)
		return error_errno(err, -errno, "cannot make a directory in %s", runtime);
	snprintf(path, sizeof path, "%s/share", directory);
	code = pair_bind(path, ret_listener, ret_connected);
	unlink(path);
	rmdir(directory);
	return code < 0 ? error_errno(err, code, "no socket for virtiofsd") : 0;
}

static int server_start(struct box_machine *machine, const char *directory, bool writable,
			struct ends *ends, struct error *err)
{
	struct child *server = &machine->servers[machine->server_count];
	struct arguments arguments;
	CLEANUP_CLOSE int listener = -1;
	struct child_plan plan = { .output_fd = -1, .error_fd = ends->server_log_fd };
	int connected = -1, code = pair_make(&listener, &connected, err);

	if (code < 0)
		return code;
	ends_add(ends, connected);
	code = box_virtiofsd_arguments(&arguments, box_virtiofsd_program(), directory, listener,
				       writable, err);
	if (code < 0)
		return code;
	plan.arguments = (const char *const *)arguments.items;
	plan.kept_fds = &listener;
	plan.kept_count = 1;
	plan.read_only_view = !writable;
	code = child_start(server, &plan, err);
	if (code == 0)
		machine->server_count++;
	arguments_done(&arguments);
	return code;
}

static int servers_start(struct box_machine *machine, const struct box_spec *spec,
			 size_t writable_count, struct ends *ends, struct error *err)
{
	size_t i;
	int code;

	machine->servers = calloc(1 + writable_count, sizeof *machine->servers);
	if (machine->servers == NULL)
		return error_errno(err, -ENOMEM, "no room for %zu shares", 1 + writable_count);
	code = server_start(machine, "/", false, ends, err);
	for (i = 0; code == 0 && i < writable_count; i++)
		code = server_start(machine, spec->writables[i], true, ends, err);
	return code;
}

/* A file without a name: it is gone with the last process that has it open. */
static int disk_make(uint64_t bytes, struct ends *ends, struct error *err)
{
	const char *directory = getenv("TMPDIR");
	CLEANUP_CLOSE int fd = -1;

	if (directory == NULL || *directory == '\0')
		directory = "/var/tmp";
	fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(err, -errno, "no disk in %s", directory);
	if (ftruncate(fd, (off_t)bytes) != 0)
		return error_errno(err, -errno, "no disk of %llu bytes in %s",
				   (unsigned long long)bytes, directory);
	ends_add(ends, fd);
	fd = -1;
	return 0;
}

static int disks_make(const struct box_spec *spec, struct ends *ends, struct error *err)
{
	size_t i;
	int code = 0;

	for (i = 0; code == 0 && i < spec->disk_count; i++)
		code = disk_make(spec->disk_bytes[i], ends, err);
	return code;
}

/* The ends in the order in which they were added. */
static struct box_wiring wiring_of(const struct ends *ends, size_t writable_count)
{
	struct tsc now;

	tsc_sample(&now);
	return (struct box_wiring){
		.port_fd = ends->fds[0],
		.console_fd = ends->fds[1],
		.root_fd = ends->fds[2],
		.writable_fds = &ends->fds[3],
		.writable_count = writable_count,
		.disk_fds = &ends->fds[3 + writable_count],
		.tsc_khz = tsc_khz(&ends->begun, &now),
	};
}

static int qemu_start(struct box_machine *machine, const struct box_spec *spec,
		      size_t writable_count, const struct ends *ends, struct error *err)
{
	struct box_wiring wiring = wiring_of(ends, writable_count);
	struct child_plan plan = { .output_fd = -1, .error_fd = ends->qemu_log_fd,
					 .kept_fds = ends->fds, .kept_count = ends->count };
	struct arguments arguments;
	int code = box_qemu_arguments(&arguments, spec, &wiring, err);

	if (code < 0)
		return code;
	plan.arguments = (const char *const *)arguments.items;
	code = child_start(&machine->qemu, &plan, err);
	arguments_done(&arguments);
	return code;
}

static size_t list_count(const char *const *list)
{
	size_t count = 0;

	while (list != NULL && list[count] != NULL)
		count++;
	return count;
}

static int wires_make(struct box_machine *machine, struct ends *ends, struct error *err)
{
	int code = stream_make(&machine->port_fd, ends, err);

	if (code == 0)
		code = stream_make(&machine->console_fd, ends, err);
	if (code == 0)
		code = log_make(&machine->qemu_log_fd, &ends->qemu_log_fd, err);
	if (code == 0)
		code = log_make(&machine->server_log_fd, &ends->server_log_fd, err);
	return code;
}

int box_machine_start(struct box_machine *machine, const struct box_spec *spec, const void *job,
		      size_t job_size, struct error *err)
{
	size_t writable_count = list_count(spec->writables);
	struct ends ends;
	int code;

	machine_init(machine);
	if (ends_init(&ends, 3 + writable_count + spec->disk_count) < 0)
		return error_errno(err, -ENOMEM, "no room for the box");
	code = wires_make(machine, &ends, err);
	if (code == 0)
		code = job_put(machine->port_fd, job, job_size, err);
	if (code == 0)
		code = servers_start(machine, spec, writable_count, &ends, err);
	if (code == 0)
		code = disks_make(spec, &ends, err);
	if (code == 0)
		code = qemu_start(machine, spec, writable_count, &ends, err);
	ends_done(&ends);
	return code;
}
