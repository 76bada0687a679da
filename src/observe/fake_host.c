/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/fake_host.h"

#include "base/error.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A test that cannot set up its host has nothing to say. */
static void must(bool done, const char *what)
{
	if (done)
		return;
	perror(what);
	abort();
}

static void make_parents(char *path)
{
	char *slash = path;

	while ((slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
}

void fake_put(struct fake_host *host, const char *path, const char *format, ...)
{
	char full[512], bytes[32768];
	va_list args;
	int size, fd;

	snprintf(full, sizeof full, "%s/%s", host->directory, path);
	make_parents(full);
	va_start(args, format);
	size = vsnprintf(bytes, sizeof bytes, format, args);
	va_end(args);
	/* In place: the observer keeps the file open. */
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(fd >= 0 && write(fd, bytes, (size_t)size) == size, full);
	close(fd);
}

void fake_link(struct fake_host *host, const char *target, const char *format, ...)
{
	char path[256], full[512];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof path, format, args);
	va_end(args);
	snprintf(full, sizeof full, "%s/%s", host->directory, path);
	make_parents(full);
	unlink(full);
	must(symlink(target, full) == 0, full);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	return remove(path);
}

void fake_remove(struct fake_host *host, const char *path)
{
	char full[512];

	snprintf(full, sizeof full, "%s/%s", host->directory, path);
	nftw(full, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void fake_host_new(struct fake_host *host)
{
	memset(host, 0, sizeof *host);
	strcpy(host->directory, "/tmp/truce-observe-XXXXXX");
	must(mkdtemp(host->directory) != NULL, "mkdtemp");
	fake_put(host, "about", "truce-capture 1\nrealtime_usec 1700000000000000\n"
		 "monotonic_usec 500000000\nticks_per_second 100\npage_size 4096\n");
	fake_put(host, "proc/stat", "cpu  1000 0 500 8000 0 0 0 0 0 0\n"
		 "cpu0 500 0 250 4000 0 0 0 0 0 0\ncpu1 500 0 250 4000 0 0 0 0 0 0\n"
		 "ctxt 1000\nbtime 1699999500\nprocesses 200\nprocs_running 1\nprocs_blocked 0\n");
	fake_put(host, "proc/loadavg", "0.50 0.25 0.10 1/100 1234\n");
	fake_put(host, "proc/meminfo", "MemTotal: 1000 kB\nMemFree: 500 kB\nMemAvailable: 700 kB\n");
	fake_put(host, "proc/self/mountinfo",
		 "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
	fake_put(host, "proc/sys/kernel/random/boot_id", "11111111-2222-3333-4444-555555555555\n");
	fake_put(host, "proc/sys/kernel/sched_autogroup_enabled", "1\n");
	fake_put(host, "sys/fs/cgroup/cgroup.controllers", "cpu io memory\n");
	fake_put(host, "sys/fs/cgroup/cgroup.procs", "1\n");
	fake_process(host, &(struct fake_process){ .pid = 1, .comm = "init", .exe = "/sbin/init" });
}

void fake_host_free(struct fake_host *host)
{
	observe_free(host->observe);
	root_free(host->root);
	nftw(host->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void fake_process(struct fake_host *host, const struct fake_process *process)
{
	char path[128], arguments[8192];
	unsigned threads = process->threads != 0 ? process->threads : 1;
	size_t i, size;

#define PUT(name, ...)                                                                 \
	do {                                                                           \
		snprintf(path, sizeof path, "proc/%d/%s", process->pid, name);         \
		fake_put(host, path, __VA_ARGS__);                                     \
	} while (0)

	PUT("stat", "%d (%s) S %d 1 1 0 -1 0 7 0 3 0 100 50 0 0 20 0 %u 0 4242 9000 300 0 0 0 0 0 0 "
	    "0 0 0 0 0 0 0 17 1 0 0 0 40 0 0 0 0 0 0 0 0 0\n",
	    process->pid, process->comm, process->ppid, threads);
	PUT("status", "Name:\t%s\nTgid:\t%d\nVmLck:\t0 kB\nRssAnon:\t800 kB\nVmSwap:\t16 kB\n"
	    "Cpus_allowed_list:\t0-1\n", process->comm, process->pid);
	PUT("comm", "%s\n", process->comm);
	PUT("io", "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 4096\nwrite_bytes: 8192\n"
	    "cancelled_write_bytes: 0\n");
	PUT("cgroup", "0::%s\n", process->cgroup != NULL ? process->cgroup : "/");
	PUT("autogroup", "/autogroup-9 nice 5\n");
	snprintf(path, sizeof path, "proc/%d/fd/0", process->pid);
	fake_link(host, "/dev/null", "%s", path);
	if (process->exe != NULL)
		fake_link(host, process->exe, "proc/%d/exe", process->pid);
	size = (size_t)snprintf(arguments, sizeof arguments, "%s",
				process->arguments != NULL ? process->arguments : process->comm);
	for (i = 0; i < size; i++)
		arguments[i] = arguments[i] == '\n' ? '\0' : arguments[i];
	PUT("cmdline", "%s", "");
	snprintf(path, sizeof path, "%s/proc/%d/cmdline", host->directory, process->pid);
	{
		int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

		must(fd >= 0 && write(fd, arguments, size + 1) == (ssize_t)size + 1, path);
		close(fd);
	}
	fake_thread(host, process->pid, process->pid, process->comm, 1000000, 1000);
}

void fake_thread(struct fake_host *host, int pid, int tid, const char *comm, uint64_t run_nsec,
		 uint64_t delay_nsec)
{
	char path[128];

	snprintf(path, sizeof path, "proc/%d/task/%d/comm", pid, tid);
	fake_put(host, path, "%s\n", comm);
	snprintf(path, sizeof path, "proc/%d/task/%d/schedstat", pid, tid);
	fake_put(host, path, "%llu %llu 12\n", (unsigned long long)run_nsec,
		 (unsigned long long)delay_nsec);
	snprintf(path, sizeof path, "proc/%d/task/%d/stat", pid, tid);
	fake_put(host, path, "%d (%s) S 1 1 1 0 -1 0 7 0 3 0 100 50 0 0 20 0 1 0 4242 9000 300 0 0 "
		 "0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 40 0 0 0 0 0 0 0 0 0\n", tid, comm);
	snprintf(path, sizeof path, "proc/%d/task/%d/status", pid, tid);
	fake_put(host, path, "Name:\t%s\nTgid:\t%d\nCpus_allowed_list:\t0\n", comm, pid);
}

void fake_kvm(struct fake_host *host, int pid, int fd, const int *tids)
{
	char path[128];
	int i;

	fake_link(host, "anon_inode:kvm-vm", "proc/%d/fd/%d", pid, fd);
	snprintf(path, sizeof path, "sys/kernel/debug/kvm/%d-%d/exits", pid, fd);
	fake_put(host, path, "77\n");
	for (i = 0; tids[i] != 0; i++) {
		fake_link(host, "anon_inode:kvm-vcpu:0" , "proc/%d/fd/%d", pid, fd + 1 + i);
		snprintf(path, sizeof path, "sys/kernel/debug/kvm/%d-%d/vcpu%d/pid", pid, fd, i);
		fake_put(host, path, "%d\n", tids[i] > 0 ? tids[i] : 0);
	}
}

void fake_observe(struct fake_host *host, const struct observe_options *options,
		  const char *faults)
{
	struct error err = { 0 };

	host->root = root_captured_new(host->directory, &err);
	if (host->root != NULL && faults != NULL)
		host->root = root_faulty_new(host->root, faults, &err);
	if (host->root == NULL) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	host->observe = observe_new(host->root, options, &err);
	if (host->observe == NULL) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	fake_tick(host);
}

const struct snapshot *fake_tick(struct fake_host *host)
{
	must(observe_tick(host->observe, NULL) == 0, "observe_tick");
	return observe_snapshot(host->observe);
}

const struct vm *fake_vm(struct fake_host *host, int pid)
{
	const struct snapshot *snapshot = observe_snapshot(host->observe);
	size_t i;

	for (i = 0; i < snapshot->vm_count; i++)
		if (snapshot->vms[i]->identity.pid == pid)
			return snapshot->vms[i];
	return NULL;
}
