/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A real QEMU, paused before its first instruction: found by its arguments, asked, and left. */
#include "sys/qmp.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "sys/cmdline.h"
#include "sys/root.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#define QEMU "/usr/bin/qemu-system-x86_64"
#define UUID "c5d50000-0000-4000-8000-000000000001"
#define START_LIMIT_USEC (60 * USEC_PER_SEC)
#define ANSWER_LIMIT_USEC (20 * USEC_PER_SEC)

struct machine {
	struct root *root;
	char directory[64];
	pid_t pid;
};

static void machine_exec(const struct machine *machine)
{
	char address[128];

	snprintf(address, sizeof address, "unix:%s/qmp,server=on,wait=off", machine->directory);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execl(QEMU, QEMU, "-name", "guest=web,,1,debug-threads=on", "-uuid", UUID, "-S", "-display",
	      "none", "-nodefaults", "-accel", "tcg", "-m", "32", "-smp", "2", "-object",
	      "iothread,id=io1", "-device", "virtio-balloon-pci,id=balloon0", "-drive",
	      "if=none,id=d0,file=null-co://,format=raw", "-device", "virtio-blk-pci,drive=d0",
	      "-qmp", address, NULL);
	_exit(127);
}

static int machine_start(void **state)
{
	static struct machine machine;

	machine.root = root_live_new();
	strcpy(machine.directory, "/tmp/truce-qemu-XXXXXX");
	if (machine.root == NULL || mkdtemp(machine.directory) == NULL)
		return 1;
	machine.pid = fork();
	if (machine.pid == 0)
		machine_exec(&machine);
	*state = &machine;
	return machine.pid < 0;
}

static int machine_stop(void **state)
{
	struct machine *machine = *state;
	char path[128];

	kill(machine->pid, SIGKILL);
	waitpid(machine->pid, NULL, 0);
	snprintf(path, sizeof path, "%s/qmp", machine->directory);
	unlink(path);
	rmdir(machine->directory);
	root_free(machine->root);
	return 0;
}

/* Polls until the child is QEMU and listens. */
static struct qmp *machine_qmp(const struct machine *machine)
{
	uint64_t end = clock_monotonic_usec() + START_LIMIT_USEC;
	struct timespec pause = { .tv_nsec = 20000000 };
	struct qmp *qmp = NULL;
	struct error err = { 0 };
	char path[108];

	while (qmp == NULL && clock_monotonic_usec() < end) {
		struct cmdline cmdline;

		if (cmdline_read(machine->root, machine->pid, &cmdline) < 0)
			break;
		if (qmp_find(&cmdline, path, sizeof path) == QMP_SOCKET)
			qmp_open(machine->root, path, 0, ANSWER_LIMIT_USEC, &qmp, &err);
		cmdline_done(&cmdline);
		if (qmp == NULL)
			nanosleep(&pause, NULL);
	}
	if (qmp == NULL)
		fail_msg("no QMP: %s", err.text);
	return qmp;
}

static void check_thread_name(const struct machine *machine, pid_t tid, const char *name)
{
	char path[64];
	char comm[64];
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/task/%d/comm", machine->pid, tid);
	size = root_read(machine->root, path, comm, sizeof comm);
	assert_true(size > 0);
	assert_true(span_equals(span_trimmed(comm, (size_t)size), name));
}

static void a_real_qemu_is_asked_and_left(void **state)
{
	const struct machine *machine = *state;
	struct qmp *qmp = machine_qmp(machine);
	struct qmp_identity identity;
	struct qmp_balloon balloon;
	struct qmp_thread threads[4];
	struct qmp_block block;
	struct error err = { 0 };

	assert_int_equal(qmp_identity(qmp, &identity, &err), 0);
	assert_string_equal(identity.name, "web,1");
	assert_string_equal(identity.uuid, UUID);
	assert_int_equal(qmp_cpus(qmp, threads, ARRAY_SIZE(threads), &err), 2);
	check_thread_name(machine, threads[0].tid, "CPU 0/TCG");
	check_thread_name(machine, threads[1].tid, "CPU 1/TCG");
	assert_int_equal(qmp_iothreads(qmp, threads, ARRAY_SIZE(threads), &err), 1);
	assert_string_equal(threads[0].name, "io1");
	check_thread_name(machine, threads[0].tid, "IO io1");
	assert_int_equal(qmp_balloon(qmp, &balloon, &err), 0);
	assert_int_equal(balloon.actual_bytes, 32 << 20);
	assert_false(field_present(balloon.free_bytes));
	assert_false(field_present(balloon.updated_seconds));
	assert_int_equal(qmp_block(qmp, &block, &err), 0);
	qmp_close(qmp);
}

/* QMP serves one client: whoever comes second must be let go in time, and the first be served. */
static void a_second_client_is_not_stuck(void **state)
{
	const struct machine *machine = *state;
	struct qmp *first = machine_qmp(machine);
	struct qmp_identity identity;
	struct error err;
	struct qmp *second;
	char path[128];
	int r;

	snprintf(path, sizeof path, "%s/qmp", machine->directory);
	r = qmp_open(machine->root, path, 0, USEC_PER_SEC / 10, &second, &err);
	assert_true(r == -ETIMEDOUT || r == -EBUSY);
	assert_int_equal(qmp_identity(first, &identity, &err), 0);
	qmp_close(first);
	qmp_close(machine_qmp(machine));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_real_qemu_is_asked_and_left),
		cmocka_unit_test(a_second_client_is_not_stuck),
	};

	if (access(QEMU, X_OK) < 0) {
		puts(QEMU " is not installed");
		return 77;
	}
	return cmocka_run_group_tests(tests, machine_start, machine_stop);
}
