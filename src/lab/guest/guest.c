/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/guest.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/guest/guest_start.h"
#include "lab/guest/guest_threads.h"
#include "lab/guest/monitor.h"
#include "lab/host/tail.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#define PANIC "Kernel panic"

struct guest {
	char *name;
	struct guest_ends ends;
	struct monitor monitor; /* has the ends' monitor_fd */
	struct tail console, log;
	struct str words;
	int epoll_fd;
	uint64_t started_usec;
	enum accelerator accelerator;
	unsigned *pin;
	size_t pin_count;
	bool pin_alone;
	bool settled;
	struct error end; /* code 0: it runs */
};

static int watch(struct guest *guest, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(guest->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

/* What has come to its end would be readable for ever. */
static void unwatch(struct guest *guest, int fd)
{
	epoll_ctl(guest->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

static int guest_watch(struct guest *guest, struct error *err)
{
	int code;

	guest->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (guest->epoll_fd < 0)
		return error_errno(err, -errno, "%s: no epoll", guest->name);
	code = monitor_init(&guest->monitor, guest->ends.monitor_fd);
	guest->ends.monitor_fd = -1;
	if (code == 0)
		code = watch(guest, guest->ends.process.pidfd);
	if (code == 0)
		code = watch(guest, guest->monitor.fd);
	if (code == 0 && guest->ends.console_fd >= 0)
		code = watch(guest, guest->ends.console_fd);
	if (code == 0)
		code = watch(guest, guest->ends.log_fd);
	return code < 0 ? error_errno(err, code, "%s: cannot be watched", guest->name) : 0;
}

static int pin_keep(struct guest *guest, const unsigned *cpus, size_t count, bool alone)
{
	unsigned *pin = calloc(count > 0 ? count : 1, sizeof *pin);

	if (pin == NULL)
		return -ENOMEM;
	if (count > 0)
		memcpy(pin, cpus, count * sizeof *pin);
	free(guest->pin);
	guest->pin = pin;
	guest->pin_count = count;
	guest->pin_alone = alone;
	return 0;
}

static int guest_begin(struct guest *guest, const struct guest_plan *plan, struct error *err)
{
	int code;

	guest->name = strdup(plan->name);
	if (guest->name == NULL || pin_keep(guest, plan->pin, plan->pin_count, true) < 0)
		return error_errno(err, -ENOMEM, "no room for a guest");
	guest->started_usec = clock_monotonic_usec();
	guest->accelerator = plan->accelerator;
	code = plan->domain != NULL ? guest_start_domain(&guest->ends, plan, err) :
				      guest_start(&guest->ends, plan, err);
	return code < 0 ? code : guest_watch(guest, err);
}

int guest_new(const struct guest_plan *plan, struct guest **ret, struct error *err)
{
	struct guest *guest;
	int code = guest_plan_check(plan, err);

	if (code < 0)
		return code;
	guest = calloc(1, sizeof *guest);
	if (guest == NULL)
		return error_errno(err, -ENOMEM, "no room for a guest");
	guest_ends_init(&guest->ends);
	guest->monitor.fd = guest->epoll_fd = -1;
	tail_init(&guest->console);
	tail_init(&guest->log);
	str_init(&guest->words);
	code = guest_begin(guest, plan, err);
	if (code < 0) {
		guest_free(guest);
		return code;
	}
	*ret = guest;
	return 0;
}

void guest_free(struct guest *guest)
{
	if (guest == NULL)
		return;
	monitor_done(&guest->monitor);
	if (guest->ends.is_domain)
		guest_end_domain(&guest->ends);
	guest_ends_done(&guest->ends);
	cleanup_close(&guest->epoll_fd);
	str_done(&guest->words);
	free(guest->pin);
	free(guest->name);
	free(guest);
}

int guest_take_channel(struct guest *guest)
{
	int fd = guest->ends.channel_fd;

	guest->ends.channel_fd = -1;
	return fd;
}

int guest_fd(const struct guest *guest)
{
	return guest->epoll_fd;
}

static pid_t machine_pid(const struct guest *guest)
{
	return guest->monitor.domain_pid != 0 ? guest->monitor.domain_pid :
						guest->ends.process.pid;
}

/* A domain's knobs are turned by libvirt, which its helper asks. */
static int pin_domain(struct guest *guest, struct error *err)
{
	struct str order;
	size_t i;
	int code = 0;

	str_init(&order);
	str_append(&order, guest->pin_alone ? "pin " : "allow ");
	for (i = 0; i < guest->pin_count; i++)
		str_appendf(&order, "%s%u", i > 0 ? "," : "", guest->pin[i]);
	str_append(&order, "\n");
	if (order.failed || !monitor_say(&guest->monitor, order.data))
		code = error_set(err, -EIO, "%s: its helper takes no orders", guest->name);
	str_done(&order);
	return code;
}

static int pin_now(struct guest *guest, struct error *err)
{
	if (guest->pin_count == 0)
		return 0;
	if (guest->ends.is_domain)
		return pin_domain(guest, err);
	return guest_threads_pin(machine_pid(guest), guest->monitor.threads,
				 guest->monitor.thread_count, guest->pin, guest->pin_count,
				 guest->pin_alone, err);
}

/* What the process and the kernel said, as the end of a sentence. */
static void said_append(struct guest *guest, struct str *said)
{
	if (tail_last_line(&guest->console, PANIC, said))
		return;
	if (!tail_last_line(&guest->log, NULL, said) &&
	    !tail_last_line(&guest->console, NULL, said))
		str_append(said, "it said nothing");
}

static int end_died(struct guest *guest, int status)
{
	struct str said;
	int code;

	str_init(&said);
	said_append(guest, &said);
	if (WIFSIGNALED(status))
		code = error_set(&guest->end, -EIO, "%s was killed by %s; its last words: %s",
				 guest->name, strsignal(WTERMSIG(status)),
				 said.data != NULL ? said.data : "");
	else if (guest->ends.is_domain && WEXITSTATUS(status) == GUEST_DOMAIN_REFUSED)
		code = error_set(&guest->end, -ENXIO, "%s: %s", guest->name,
				 said.data != NULL ? said.data : "");
	else if (guest->monitor.reset)
		code = error_set(&guest->end, -EIO, "%s ended itself without a shutdown: %s",
				 guest->name, said.data != NULL ? said.data : "");
	else
		code = error_set(&guest->end, -EIO, "%s died (exit code %d): %s", guest->name,
				 WEXITSTATUS(status), said.data != NULL ? said.data : "");
	str_done(&said);
	return code;
}

static int end_decide(struct guest *guest, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && guest->monitor.powered_off)
		return error_set(&guest->end, -ESHUTDOWN, "%s has powered itself off",
				 guest->name);
	return end_died(guest, status);
}

static void everything_read(struct guest *guest)
{
	if (guest->ends.console_fd >= 0 &&
	    !tail_read(&guest->console, guest->ends.console_fd, -1))
		unwatch(guest, guest->ends.console_fd);
	if (!tail_read(&guest->log, guest->ends.log_fd, -1))
		unwatch(guest, guest->ends.log_fd);
	if (!monitor_turn(&guest->monitor))
		unwatch(guest, guest->monitor.fd);
}

static int guest_settle(struct guest *guest)
{
	if (guest->settled ||
	    (guest->monitor.thread_count == 0 && guest->monitor.domain_pid == 0))
		return 0;
	if (pin_now(guest, &guest->end) < 0)
		return error_prefix(&guest->end, "%s", guest->name);
	guest->settled = true;
	return 0;
}

static int guest_look(struct guest *guest)
{
	int status;
	bool ended;

	/* Looked at before the last words are read, or these might be those before. */
	ended = child_ended(&guest->ends.process, &status);
	everything_read(guest);
	if (guest->monitor.disk_full)
		return error_set(&guest->end, -ENOSPC,
				 "%s stands still: there is no room left on this host for what it "
				 "writes to its disk (%s)", guest->name, guest->monitor.disk);
	if (ended)
		return end_decide(guest, status);
	if (guest->monitor.broken)
		return error_set(&guest->end, -EPROTO, "%s: its monitor says what is no QMP",
				 guest->name);
	return guest_settle(guest);
}

int guest_turn(struct guest *guest, struct error *err)
{
	int code = guest->end.code != 0 ? guest->end.code : guest_look(guest);

	return code < 0 ? error_set(err, code, "%s", guest->end.text) : 0;
}

bool guest_is_settled(const struct guest *guest)
{
	return guest->settled;
}

int guest_pin(struct guest *guest, const unsigned *cpus, size_t count, bool alone,
	      struct error *err)
{
	if (pin_keep(guest, cpus, count, alone) < 0)
		return error_errno(err, -ENOMEM, "%s: cannot be pinned", guest->name);
	return guest->settled && guest->end.code == 0 ? pin_now(guest, err) : 0;
}

pid_t guest_pid(const struct guest *guest)
{
	return guest->end.code == 0 || guest->ends.process.pid > 0 ? machine_pid(guest) : 0;
}

enum accelerator guest_accelerator(const struct guest *guest)
{
	if (guest->ends.is_domain)
		return guest->monitor.domain_kvm ? ACCELERATOR_KVM : ACCELERATOR_TCG;
	return guest->accelerator;
}

const char *guest_name(const struct guest *guest)
{
	return guest->name;
}

uint64_t guest_started_usec(const struct guest *guest)
{
	return guest->started_usec;
}

const char *guest_last_words(struct guest *guest)
{
	str_clear(&guest->words);
	said_append(guest, &guest->words);
	return guest->words.data != NULL ? guest->words.data : "";
}
