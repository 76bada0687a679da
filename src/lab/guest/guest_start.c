/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/guest_start.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/guest/disk_file.h"
#include "lab/guest/guest_boot.h"
#include "lab/guest/guest_qemu.h"
#include "lab/guest/guest_storage.h"
#include "lab/guest/image_layer.h"
#include "lab/host/scratch.h"
#include "lab/host/tsc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Beside disks and taps: channel, console, monitor, the layer, the initramfs. */
#define ENDS_MOST (GUEST_DISKS_MOST + GUEST_NICS_MOST + 5)

/* QEMU's ends: what it inherits, and those of them that are ours to close afterwards. */
struct theirs {
	int kept[ENDS_MOST];
	size_t kept_count;
	int owned[ENDS_MOST];
	size_t owned_count;
	int log_fd;
	struct guest_wiring wiring;
	char *program;
	struct str words;
	struct tsc begun; /* making the disks and the image takes long enough to tell the rate */
};

static void theirs_init(struct theirs *theirs)
{
	*theirs = (struct theirs){ .log_fd = -1 };
	theirs->wiring.root_fd = theirs->wiring.initramfs_fd = -1;
	str_init(&theirs->words);
	tsc_sample(&theirs->begun);
}

static void theirs_done(struct theirs *theirs)
{
	size_t i;

	for (i = 0; i < theirs->owned_count; i++)
		close(theirs->owned[i]);
	cleanup_close(&theirs->log_fd);
	free(theirs->program);
	str_done(&theirs->words);
}

static int theirs_keep(struct theirs *theirs, int fd)
{
	theirs->kept[theirs->kept_count++] = fd;
	return fd;
}

static int theirs_own(struct theirs *theirs, int fd)
{
	theirs->owned[theirs->owned_count++] = fd;
	return theirs_keep(theirs, fd);
}

void guest_ends_init(struct guest_ends *ends)
{
	child_init(&ends->process);
	ends->channel_fd = ends->console_fd = ends->log_fd = ends->monitor_fd = -1;
	ends->monitor_path = NULL;
	ends->is_domain = false;
}

void guest_ends_done(struct guest_ends *ends)
{
	child_done(&ends->process);
	cleanup_close(&ends->channel_fd);
	cleanup_close(&ends->console_fd);
	cleanup_close(&ends->log_fd);
	cleanup_close(&ends->monitor_fd);
	if (ends->monitor_path != NULL)
		unlink(ends->monitor_path);
	free(ends->monitor_path);
	guest_ends_init(ends);
}

static int stream_make(int *ret_ours, int *ret_theirs, struct theirs *theirs, struct error *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return error_errno(err, -errno, "no socket pair for QEMU");
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	*ret_ours = pair[0];
	*ret_theirs = theirs_own(theirs, pair[1]);
	return 0;
}

static int log_make(struct guest_ends *ends, struct theirs *theirs, struct error *err)
{
	int pipe_fds[2];

	if (pipe2(pipe_fds, O_CLOEXEC) != 0)
		return error_errno(err, -errno, "no pipe");
	fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
	ends->log_fd = pipe_fds[0];
	theirs->log_fd = pipe_fds[1];
	return 0;
}

static int wires_make(struct guest_ends *ends, struct theirs *theirs, struct error *err)
{
	struct guest_wiring *wiring = &theirs->wiring;
	int code = stream_make(&ends->channel_fd, &wiring->channel_fd, theirs, err);

	if (code == 0)
		code = stream_make(&ends->console_fd, &wiring->console_fd, theirs, err);
	if (code == 0)
		code = stream_make(&ends->monitor_fd, &wiring->monitor_fd, theirs, err);
	return code < 0 ? code : log_make(ends, theirs, err);
}

static int monitor_name(struct guest_ends *ends, const struct guest_plan *plan,
			struct theirs *theirs, struct error *err)
{
	if (!plan->monitor)
		return 0;
	if (asprintf(&ends->monitor_path, "%s/%s.qmp", scratch_path(plan->scratch), plan->name) < 0) {
		ends->monitor_path = NULL;
		return error_errno(err, -ENOMEM, "%s", plan->name);
	}
	if (strlen(ends->monitor_path) >= sizeof ((struct sockaddr_un *)NULL)->sun_path)
		return error_set(err, -ENAMETOOLONG, "%s is too long for a socket: choose a shorter "
				 "TRUCE_SCRATCH or TMPDIR", ends->monitor_path);
	theirs->wiring.monitor_path = ends->monitor_path;
	return 0;
}

static int disk_make(const struct guest_plan *plan, const struct guest_disk *disk,
		     struct guest_wire_disk *wire, struct error *err)
{
	struct disk_file_plan file = {
		.directory = disk->directory != NULL ? disk->directory :
						       scratch_path(plan->scratch),
		.format = disk->format,
		.cache = disk->cache,
		.bytes = disk->bytes,
		.blank = disk->blank,
	};

	if (disk->storage != NULL)
		return guest_storage_take(disk->storage, &wire->fd, wire->export,
					  sizeof wire->export, err);
	return disk_file_make(&file, &wire->fd, err);
}

static int disks_make(const struct guest_plan *plan, struct theirs *theirs, struct error *err)
{
	size_t i;
	int code = 0;

	for (i = 0; code == 0 && i < plan->disk_count; i++) {
		code = disk_make(plan, &plan->disks[i], &theirs->wiring.disks[i], err);
		if (code == 0)
			theirs_own(theirs, theirs->wiring.disks[i].fd);
	}
	return code;
}

static int image_make(const struct guest_plan *plan, struct theirs *theirs, struct error *err)
{
	int fd = -1, code;

	if (guest_boot_is_ours(plan)) {
		code = guest_boot_image(plan, &fd, err);
		if (code < 0)
			return code;
		theirs->wiring.initramfs_fd = theirs_own(theirs, fd);
	}
	if (plan->image == NULL)
		return 0;
	code = image_layer_make(plan->image, scratch_path(plan->scratch), &fd, err);
	if (code == 0)
		theirs->wiring.root_fd = theirs_own(theirs, fd);
	return code;
}

static int words_make(const struct guest_plan *plan, struct theirs *theirs, struct error *err)
{
	struct tsc now;
	int code;

	tsc_sample(&now);
	code = guest_boot_words(plan, tsc_khz(&theirs->begun, &now), &theirs->words, err);
	theirs->wiring.words = theirs->words.data;
	return code;
}

static int qemu_start(struct guest_ends *ends, const struct guest_plan *plan,
		      struct theirs *theirs, struct error *err)
{
	struct child_plan child = { .output_fd = theirs->log_fd, .error_fd = theirs->log_fd,
				    .kept_fds = theirs->kept, .kept_count = theirs->kept_count,
				    .network_fd = plan->network_fd };
	struct arguments arguments;
	int code = guest_qemu_arguments(&arguments, plan, &theirs->wiring, err);

	if (code < 0)
		return code;
	child.arguments = (const char *const *)arguments.items;
	code = child_start(&ends->process, &child, err);
	arguments_done(&arguments);
	return code;
}

static int everything_make(struct guest_ends *ends, const struct guest_plan *plan,
			   struct theirs *theirs, struct error *err)
{
	size_t i;
	int code = host_program("qemu-system-x86_64", &theirs->program, err);

	theirs->wiring.program = theirs->program;
	if (code == 0)
		code = wires_make(ends, theirs, err);
	if (code == 0)
		code = monitor_name(ends, plan, theirs, err);
	if (code == 0)
		code = disks_make(plan, theirs, err);
	if (code == 0)
		code = image_make(plan, theirs, err);
	if (code == 0)
		code = words_make(plan, theirs, err);
	for (i = 0; i < plan->nic_count; i++)
		theirs_keep(theirs, plan->nics[i].tap_fd);
	return code;
}

int guest_start(struct guest_ends *ends, const struct guest_plan *plan, struct error *err)
{
	struct theirs theirs;
	int code;

	guest_ends_init(ends);
	theirs_init(&theirs);
	code = everything_make(ends, plan, &theirs, err);
	if (code == 0)
		code = qemu_start(ends, plan, &theirs, err);
	theirs_done(&theirs);
	if (code < 0)
		guest_ends_done(ends);
	return code;
}
