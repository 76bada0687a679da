/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a watched VM and of its process. */
#include "observe/observer.h"

#include "base/text.h"
#include "base/vec.h"
#include "sys/proc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

/*
 * Takes a descriptor that is to stay open, or gives -1. The lowest free one is given out, so a high
 * one says that few are left, and those are needed for what is opened, read and closed.
 */
static int keep(struct observe *observe, int fd)
{
	if (fd >= 0 && (uint64_t)fd < observe->descriptors_most)
		return fd;
	if (fd >= 0 || fd == -EMFILE || fd == -ENFILE) {
		observe->descriptors_short = true;
		observe_warn(observe, WARN_DESCRIPTORS,
			     "too few file descriptors for so many VMs: files are opened at each "
			     "sample, which costs more; raise the limit (ulimit -n, LimitNOFILE=)");
	}
	root_close(observe->root, fd);
	return -1;
}

struct watched_process *watched_process(struct observe *observe, const struct proc_stat *stat)
{
	struct watched_process *process = map_get(&observe->processes, (uint64_t)stat->pid);
	struct epoll_event waiting = { .events = EPOLLIN };

	if (process != NULL && process->start_ticks == stat->start_ticks)
		return process;
	if (process != NULL) /* its end has not been told yet: the pid is another's now */
		watched_process_forget(observe, process);
	process = calloc(1, sizeof *process);
	if (process == NULL || !map_put(&observe->processes, (uint64_t)stat->pid, process)) {
		free(process);
		return NULL;
	}
	process->pid = stat->pid;
	process->start_ticks = stat->start_ticks;
	text_copy(process->comm, sizeof process->comm, stat->comm.at, stat->comm.size);
	process->pidfd =
		observe->epoll_fd >= 0 ? keep(observe, root_pidfd(observe->root, stat->pid)) : -1;
	if (process->pidfd >= 0) {
		waiting.data.u64 = (uint64_t)stat->pid;
		epoll_ctl(observe->epoll_fd, EPOLL_CTL_ADD, process->pidfd, &waiting);
	}
	return process;
}

void watched_process_forget(struct observe *observe, struct watched_process *process)
{
	while (process->vms != NULL)
		watched_destroy(observe, process->vms);
	if (process->pidfd >= 0)
		root_close(observe->root, process->pidfd);
	map_remove(&observe->processes, (uint64_t)process->pid);
	free(process);
}

struct watched *watched_new(struct observe *observe, struct watched_process *process)
{
	struct vm_identity identity = { .pid = process->pid, .start_ticks = process->start_ticks,
					.ordinal = process->next_ordinal };
	struct watched *watched = calloc(1, sizeof *watched), **last = &process->vms;

	if (watched == NULL ||
	    !VEC_RESERVE(observe->watched, observe->watched_capacity, observe->watched_count + 1))
		goto failed;
	watched->places = calloc(CGROUP_CONTROLLER_COUNT + 1, sizeof *watched->places);
	watched->vm = snapshot_add_vm(&observe->snapshot, &identity);
	if (watched->places == NULL || watched->vm == NULL)
		goto failed;
	process->next_ordinal++;
	watched->process = process;
	watched->vmm = &vmm_other;
	watched->kvm_fd = watched->stat_fd = watched->io_fd = watched->cpu_stat_fd = -1;
	watched->confirmed = true;
	watched->threads_due = true;
	watched->cold_turn = observe->next_cold_turn++ % (COLD_EVERY_TICKS * RARELY);
	watched->place = observe->watched_count;
	observe->watched[observe->watched_count++] = watched;
	while (*last != NULL)
		last = &(*last)->sibling;
	*last = watched;
	return watched;
failed:
	if (watched != NULL)
		free(watched->places);
	free(watched);
	return NULL;
}

static void watched_close(struct observe *observe, struct watched *watched)
{
	size_t i;

	root_close(observe->root, watched->stat_fd);
	root_close(observe->root, watched->io_fd);
	root_close(observe->root, watched->cpu_stat_fd);
	for (i = 0; i < watched->thread_count; i++) {
		root_close(observe->root, watched->threads[i].schedstat_fd);
		root_close(observe->root, watched->threads[i].cpu_stat_fd);
	}
}

void watched_destroy(struct observe *observe, struct watched *watched)
{
	struct watched **at = &watched->process->vms;

	observe_event(observe, EVENT_DESTROYED, watched->vm, "%s", "");
	while (*at != watched)
		at = &(*at)->sibling;
	*at = watched->sibling;
	observe->watched[watched->place] = observe->watched[--observe->watched_count];
	observe->watched[watched->place]->place = watched->place;
	watched_close(observe, watched);
	observe->descriptors_short = false; /* there may be room now */
	snapshot_remove_vm(&observe->snapshot, &watched->vm->identity);
	free(watched->threads);
	free(watched->places);
	free(watched->taps);
	free(watched);
}

static const char *make_path(struct observe *observe, const char *format, va_list args)
{
	char *path = observe->path.data;

	vsnprintf(path, observe->path.capacity, format, args);
	return path;
}

ssize_t watched_read(struct observe *observe, int fd, char *bytes, size_t size,
		     const char *format, ...)
{
	ssize_t got;
	va_list args;

	if (fd >= 0) {
		got = root_pread(observe->root, fd, bytes, size - 1);
		if (got >= 0)
			bytes[got] = '\0';
		return got;
	}
	va_start(args, format);
	got = root_read(observe->root, make_path(observe, format, args), bytes, size);
	va_end(args);
	return got;
}

int watched_open(struct observe *observe, const char *format, ...)
{
	va_list args;
	int fd;

	if (observe->options.once || observe->descriptors_short)
		return -1;
	va_start(args, format);
	fd = root_open(observe->root, make_path(observe, format, args));
	va_end(args);
	return keep(observe, fd);
}
