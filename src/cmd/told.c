/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/told.h"

#include "base/clock.h"
#include "base/str.h"
#include "control/control.h"
#include "model/snapshot.h"
#include "report/vm_told.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MOST (64u << 20)          /* some 10,000 VMs' worth */
#define STALE_USEC (10 * USEC_PER_SEC)

static const char request[] = "{\"do\":\"vms\"}\n";

struct told {
	int fd;              /* -1: not connected */
	bool waiting;        /* for an answer */
	uint64_t asked_usec; /* monotonic */
	uint64_t told_usec;  /* of the last answer; 0: none yet */
	struct str in;
	struct vms_told vms;
};

struct told *told_new(void)
{
	struct told *told = calloc(1, sizeof *told);

	if (told != NULL)
		told->fd = -1;
	return told;
}

static void hang_up(struct told *told)
{
	if (told->fd >= 0)
		close(told->fd);
	told->fd = -1;
	told->waiting = false;
	str_clear(&told->in);
}

void told_free(struct told *told)
{
	if (told == NULL)
		return;
	hang_up(told);
	str_done(&told->in);
	vms_told_done(&told->vms);
	free(told);
}

static bool call_truced(struct told *told)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	_Static_assert(sizeof address.sun_path >= CONTROL_PATH_SIZE, "a path fits");
	if (control_socket_path(address.sun_path, NULL) < 0)
		return false;
	told->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (told->fd < 0)
		return false;
	if (connect(told->fd, (struct sockaddr *)&address, sizeof address) == 0)
		return true;
	hang_up(told);
	return false;
}

bool told_ask(struct told *told)
{
	uint64_t now = clock_monotonic_usec();

	if (told->waiting && now - told->asked_usec > STALE_USEC)
		hang_up(told);
	if (told->waiting)
		return true;
	if (told->fd < 0 && !call_truced(told))
		return false;
	/* So short that it fits, or nobody reads at all. */
	if (send(told->fd, request, sizeof request - 1, MSG_NOSIGNAL) != (ssize_t)sizeof request - 1) {
		hang_up(told);
		return false;
	}
	told->waiting = true;
	told->asked_usec = now;
	return true;
}

static bool wait_for_bytes(int fd, uint64_t end_usec)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	uint64_t now = clock_monotonic_usec();

	return poll(&poll_fd, 1, now < end_usec ? (int)((end_usec - now + 999) / 1000) : 0) > 0;
}

/* 1: a whole line is there; 0: not yet; -1: truced is gone, or says too much. */
static int read_some(struct told *told)
{
	char bytes[65536];
	ssize_t got = recv(told->fd, bytes, sizeof bytes, 0);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (got == 0 || told->in.length + (size_t)got > ANSWER_MOST)
		return -1;
	str_append_bytes(&told->in, bytes, (size_t)got);
	if (told->in.failed)
		return -1;
	return bytes[got - 1] == '\n';
}

void told_take(struct told *told, uint64_t wait_usec)
{
	uint64_t end = clock_monotonic_usec() + wait_usec;
	int r = 0;

	while (told->waiting && r == 0 && wait_for_bytes(told->fd, end))
		r = read_some(told);
	if (r == 1 && told_parse(told->in.data, told->in.length, &told->vms)) {
		told->told_usec = clock_monotonic_usec();
		told->waiting = false;
		str_clear(&told->in);
	} else if (r != 0) {
		hang_up(told);
	}
}

const struct vms_told *told_vms(const struct told *told)
{
	if (told->told_usec == 0 || clock_monotonic_usec() - told->told_usec > STALE_USEC)
		return NULL;
	return &told->vms;
}

void told_fill(const struct told *told, struct snapshot *snapshot)
{
	const struct vms_told *vms = told_vms(told);
	size_t i;

	for (i = 0; vms != NULL && i < snapshot->vm_count; i++) {
		struct vm *vm = snapshot->vms[i];
		const struct vm_told *found = vms_told_find(vms, &vm->identity);

		if (found != NULL && found->class_name[0] != '\0')
			text_set(&vm->text[VM_TEXT_CLASS], found->class_name, strlen(found->class_name));
	}
}
