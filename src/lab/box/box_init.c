/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * box-init: the first process of a box. It makes the mounts, takes the job from the virtio port,
 * loads modules, runs the command, sends its exit status and switches the machine off. What goes
 * wrong before the command runs is one FAILURE frame, or a line on the console where there is no
 * port yet. Where the job wants systemd, it becomes that after the modules, and a unit of it runs
 * the rest.
 */
#include "base/cleanup.h"
#include "base/error.h"
#include "lab/box/box_job.h"
#include "lab/box/init_command.h"
#include "lab/box/init_modules.h"
#include "lab/box/init_mounts.h"
#include "lab/box/init_port.h"
#include "lab/box/init_root.h"
#include "lab/box/init_systemd.h"

#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>

#define HOST_NAME "box"

struct init {
	int port_fd; /* -1: not yet */
	char job[BOX_FRAME_MAX];
	size_t job_size;
	uint32_t status;
};

static void signals_block(void)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
}

static int job_take(struct init *init, struct error *err)
{
	int code = init_port_open(&init->port_fd, err);

	if (code < 0)
		return code;
	init_port_send_number(init->port_fd, BOX_FRAME_HELLO, BOX_WIRE_VERSION);
	return init_port_read_job(init->port_fd, init->job, &init->job_size, err);
}

static int loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK };
	CLEANUP_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd >= 0 ? ioctl(fd, SIOCSIFFLAGS, &request) : -1;
}

static int machine_prepare(struct init *init, struct error *err)
{
	int code = init_mounts_others(init->job, init->job_size, err);

	if (code == 0)
		code = init_modules_prepare(init->job, init->job_size, err);
	if (code == 0)
		code = init_modules_load(init->job, init->job_size, err);
	if (code == 0)
		code = init_mounts_writables(init->job, init->job_size, err);
	sethostname(HOST_NAME, strlen(HOST_NAME));
	loopback_up();
	return code;
}

static int root_replace(struct init *init, struct error *err)
{
	int code = init_root_overlay(box_job_get(init->job, init->job_size, BOX_JOB_MODULES), err);

	return code == 0 ? init_mounts_first(err) : code;
}

/* As the first process. Does not return where systemd takes over. */
static int machine_start(struct init *init, const char *program, struct error *err)
{
	bool systemd;
	int code = init_mounts_first(err);

	if (code == 0)
		code = job_take(init, err);
	if (code < 0)
		return code;
	systemd = box_job_get(init->job, init->job_size, BOX_JOB_SYSTEMD) != NULL;
	if (systemd)
		code = root_replace(init, err);
	if (code == 0)
		code = machine_prepare(init, err);
	if (code == 0 && systemd)
		code = init_systemd_exec(program, init->job, init->job_size, err);
	return code;
}

/* As a unit of systemd: the machine is prepared, and greeted the host before. */
static int machine_continue(struct init *init, const char *job, struct error *err)
{
	int code = init_port_open(&init->port_fd, err);

	return code == 0 ? init_systemd_read_job(job, init->job, &init->job_size, err) : code;
}

static int job_do(struct init *init, const char *program, const char *job, struct error *err)
{
	int code;

	signals_block();
	code = job == NULL ? machine_start(init, program, err) : machine_continue(init, job, err);
	if (code == 0)
		code = init_command_run(init->job, init->job_size, init->port_fd, &init->status,
					err);
	return code;
}

static void end_report(const struct init *init, const struct error *err)
{
	if (err->code == 0)
		init_port_send_number(init->port_fd, BOX_FRAME_EXIT, init->status);
	else if (init->port_fd >= 0)
		init_port_send(init->port_fd, BOX_FRAME_FAILURE, err->text, strlen(err->text));
	else
		fprintf(stderr, "box-init: %s\n", err->text);
}

int main(int argc, char **argv)
{
	static struct init init = { .port_fd = -1 };
	const char *job = argc == 3 && strcmp(argv[1], "--job") == 0 ? argv[2] : NULL;
	struct error err = { 0 };

	if (getpid() != 1 && job == NULL) {
		fprintf(stderr, "box-init: only the kernel of a box starts this\n");
		return 2;
	}
	job_do(&init, argv[0], job, &err);
	end_report(&init, &err);
	/* The host has what it waited for and ends the machine; this is for when it does not. */
	reboot(RB_POWER_OFF);
	return 1;
}
