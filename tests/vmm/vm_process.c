/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm_process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "guest.h"

#define VM_STACK_BYTES (256u * 1024u)
/* The kernel shows at most one page of a command line that was written over. */
#define TITLE_BYTES_MAX 4095u

struct vm_host {
	const struct vm_process_plan *plan;
	unsigned number;
	struct guest *guest;
	sem_t *started;
};

static struct {
	char *start;
	size_t arguments_size; /* argv's strings, which the kernel calls the command line */
	size_t size;	       /* with the environment, where it follows directly */
} title;

static void title_take(char **strings, int count)
{
	for (int i = 0; i < count && strings[i] == title.start + title.size; i++)
		title.size += strlen(strings[i]) + 1;
}

void vm_process_remember_title(int argc, char **argv, char **environment)
{
	int count = 0;

	title.start = argv[0];
	title_take(argv, argc);
	title.arguments_size = title.size;
	while (environment[count] != NULL)
		count++;
	title_take(environment, count);
}

/* A last byte of argv that is not NUL tells the kernel that the command line is one text from
 * argv[0] up to the first NUL; else it would show the emptied rest as empty arguments. */
static void title_set(const char *name)
{
	size_t size = title.size < TITLE_BYTES_MAX ? title.size : TITLE_BYTES_MAX;
	int length;

	clearenv();
	memset(title.start, 0, title.size);
	length = snprintf(title.start, size, "tiny_vmm-%s", name);
	if ((size_t)length + 1 < title.arguments_size)
		title.start[title.arguments_size - 1] = '.';
	prctl(PR_SET_NAME, name);
}

_Noreturn static void process_fail(const char *text)
{
	fprintf(stderr, "tiny_vmm: %s\n", text);
	_exit(EXIT_FAILURE);
}

_Noreturn static void process_wait_for_ever(void)
{
	for (;;)
		pause();
}

/* VM number n spins where the running total of spinning VMs passes a whole number. */
static bool number_spins(unsigned number, unsigned permyriad)
{
	return ((uint64_t)number + 1) * permyriad / 10000 != (uint64_t)number * permyriad / 10000;
}

static void vm_host_start(struct vm_host *host)
{
	const struct vm_process_plan *plan = host->plan;
	struct error err = { 0 };

	if (guest_start(plan->guest, number_spins(host->number, plan->spin_permyriad),
			&host->guest, &err) < 0)
		process_fail(err.text);
}

static void *vm_host_main(void *argument)
{
	struct vm_host *host = argument;

	vm_host_start(host);
	sem_post(host->started);
	process_wait_for_ever();
}

/* Several VMs: each has a thread of its own that makes it and stays, as KVM names a VM in
 * its uevent and in debugfs by the thread that made it. */
static void vm_hosts_start_threads(struct vm_host *hosts, unsigned count)
{
	pthread_attr_t attributes;
	pthread_t thread;
	static sem_t started; /* a VM's thread may still touch it when the last wait is over */

	sem_init(&started, 0, 0);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, VM_STACK_BYTES);
	for (unsigned i = 0; i < count; i++) {
		hosts[i].started = &started;
		if (pthread_create(&thread, &attributes, vm_host_main, &hosts[i]) != 0)
			process_fail("cannot start a thread: out of memory or threads");
	}
	for (unsigned i = 0; i < count; i++)
		sem_wait(&started);
}

static struct vm_host *vm_hosts_start(const struct vm_process_plan *plan)
{
	struct vm_host *hosts = calloc(plan->vm_count, sizeof(*hosts));

	if (hosts == NULL)
		process_fail("out of memory");
	for (unsigned i = 0; i < plan->vm_count; i++)
		hosts[i] = (struct vm_host){ .plan = plan, .number = plan->number + i };
	if (plan->vm_count == 1)
		vm_host_start(&hosts[0]);
	else
		vm_hosts_start_threads(hosts, plan->vm_count);
	return hosts;
}

static void process_unblock_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void process_leave_descriptors(const struct vm_process_plan *plan)
{
	int null_fd = open("/dev/null", O_RDWR);

	dup2(null_fd, STDIN_FILENO);
	dup2(null_fd, STDOUT_FILENO);
	close(null_fd);
	for (const int *fd = plan->close_fds; *fd >= 0; fd++)
		close(*fd);
}

static void process_set_name(const struct vm_process_plan *plan)
{
	char name[TITLE_BYTES_MAX];

	if (plan->numbered)
		snprintf(name, sizeof(name), "%s-%u", plan->prefix, plan->number);
	else
		snprintf(name, sizeof(name), "%s", plan->prefix);
	title_set(name);
}

_Noreturn static void process_main(const struct vm_process_plan *plan, pid_t parent)
{
	struct vm_process_ready ready = { .pid = getpid(), .seat = plan->seat };
	struct vm_host *hosts;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	setpgid(0, 0);
	process_unblock_signals();
	process_leave_descriptors(plan);
	process_set_name(plan);
	hosts = vm_hosts_start(plan);
	for (unsigned i = 0; i < plan->vm_count; i++)
		guest_log(hosts[i].guest, plan->log_fd);
	for (unsigned i = 0; i < plan->vm_count; i++)
		guest_release(hosts[i].guest, plan->log_fd);
	/* The whole group: KVM's own worker thread, too. */
	setpriority(PRIO_PGRP, 0, plan->guest->nice);
	if (write(plan->ready_fd, &ready, sizeof(ready)) != sizeof(ready))
		process_fail("cannot tell that the VMs run");
	close(plan->ready_fd);
	process_wait_for_ever();
}

int vm_process_fork(const struct vm_process_plan *plan, pid_t *ret_pid, struct error *err)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid < 0)
		return error_errno(err, -errno, "cannot make another process");
	if (pid == 0)
		process_main(plan, parent);
	*ret_pid = pid;
	return 0;
}
