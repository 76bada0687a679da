/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/find.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/text.h"
#include "observe/threads.h"
#include "sys/cmdline.h"
#include "sys/proc.h"
#include "sys/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A QEMU that asks for KVM makes its VM within this time; one that has none by then runs
 * without (its fallback to TCG). */
#define KVM_GRACE_USEC 5000000ull

static int read_stat(struct observe *observe, pid_t pid, struct proc_stat *ret, char *bytes,
		     size_t bytes_size)
{
	ssize_t size = watched_read(observe, -1, bytes, bytes_size, "/proc/%d/stat", pid);

	if (size < 0)
		return (int)size;
	return proc_stat_parse(bytes, (size_t)size, ret);
}

static pid_t process_of_thread(struct observe *observe, pid_t tid)
{
	char bytes[4096];
	struct proc_status status;
	ssize_t size = watched_read(observe, -1, bytes, sizeof bytes, "/proc/%d/status", tid);

	if (size < 0)
		return (pid_t)size;
	return proc_status_parse(bytes, (size_t)size, &status) < 0 || status.tgid <= 0 ?
		-ESRCH : (pid_t)status.tgid;
}

/* When a process that is met late was started. */
static uint64_t born_usec(const struct observe *observe, uint64_t start_ticks)
{
	return observe->boot_realtime_usec +
	       start_ticks * 1000000 / (uint64_t)observe->root->ticks_per_second;
}

/* -- what it is ------------------------------------------------------------------------- */

struct process_text {
	char comm[32], exe[256], cgroup[1024];
	struct cmdline cmdline;
	struct process process;
};

/* Everything that may be refused is empty then. */
static void process_text_read(struct observe *observe, pid_t pid, const char *comm,
			      struct process_text *ret)
{
	char link[512];
	const char *slash;
	ssize_t size;

	memset(ret, 0, sizeof *ret);
	text_copy(ret->comm, sizeof ret->comm, comm, strlen(comm));
	snprintf(link, sizeof link, "/proc/%d/exe", pid);
	size = root_readlink(observe->root, link, link, sizeof link);
	slash = size > 0 ? strrchr(link, '/') : NULL;
	if (slash != NULL)
		/* An upgraded program is "NAME (deleted)" until its VM ends. */
		text_copy(ret->exe, sizeof ret->exe, slash + 1,
			  strstr(slash, " (deleted)") != NULL ?
			  (size_t)(strstr(slash, " (deleted)") - slash - 1) : strlen(slash + 1));
	watched_read(observe, -1, ret->cgroup, sizeof ret->cgroup, "/proc/%d/cgroup", pid);
	if (cmdline_read(observe->root, pid, &ret->cmdline) < 0)
		memset(&ret->cmdline, 0, sizeof ret->cmdline);
	ret->process = (struct process){ pid, ret->comm, ret->exe, ret->cgroup, &ret->cmdline };
}

static void set_text(struct vm *vm, enum vm_text text, const char *value)
{
	if (value != NULL && value[0] != '\0')
		text_set(&vm->text[text], value, strlen(value));
}

static void describe(struct observe *observe, struct watched *watched,
		     const struct process_text *text)
{
	struct vm *vm = watched->vm;
	struct vm_description description = { .owner = NULL };
	char name[sizeof description.name + 16];
	const char *plain;

	watched->vmm = vmm_of(&text->process);
	watched->vmm->describe(&text->process, &description);
	plain = vmm_first_argument(&text->process);
	if (description.name[0] == '\0')
		text_copy(description.name, sizeof description.name,
			  plain[0] != '\0' ? plain : text->comm,
			  strlen(plain[0] != '\0' ? plain : text->comm));
	snprintf(name, sizeof name, vm->identity.ordinal > 0 ? "%s#%u" : "%s", description.name,
		 vm->identity.ordinal);
	if (vm->text[VM_TEXT_NAME] != NULL && name[0] != '\0' &&
	    strcmp(vm->text[VM_TEXT_NAME], name) != 0) {
		char was[96];

		text_copy(was, sizeof was, vm->text[VM_TEXT_NAME], strlen(vm->text[VM_TEXT_NAME]));
		set_text(vm, VM_TEXT_NAME, name);
		observe_event(observe, EVENT_RENAMED, vm, "was %s", was);
	}
	set_text(vm, VM_TEXT_NAME, name);
	set_text(vm, VM_TEXT_UUID, description.uuid);
	set_text(vm, VM_TEXT_VMM, watched->vmm->name);
	set_text(vm, VM_TEXT_OWNER, description.owner != NULL ? description.owner : "none");
	set_text(vm, VM_TEXT_ACCEL, watched->by_kvm ? "kvm" :
		 watched->vmm == &vmm_qemu ? "tcg" : "other");
}

void find_describe(struct observe *observe, struct watched *watched)
{
	struct process_text text;

	process_text_read(observe, watched->process->pid, watched->process->comm, &text);
	if (text.cgroup[0] != '\0') { /* else it is gone: keep what is known */
		describe(observe, watched, &text);
		if (observe->options.once)
			memcpy(watched->cgroup_line, text.cgroup, sizeof watched->cgroup_line);
	}
	cmdline_done(&text.cmdline);
}

/* -- entering and leaving --------------------------------------------------------------- */

static struct watched *enter(struct observe *observe, struct watched_process *process, bool by_kvm,
			     bool announced)
{
	struct watched *watched = watched_new(observe, process);
	uint64_t now = root_realtime_usec(observe->root);

	if (watched == NULL)
		return NULL;
	watched->by_kvm = by_kvm;
	watched->vm->born_usec = announced ? now : born_usec(observe, process->start_ticks);
	watched->look_again_usec = root_monotonic_usec(observe->root);
	/* What has been there for a while has its vCPUs. */
	watched->look_gap_usec = announced ? 1000 : 500000;
	watched->look_young_until_usec = announced ? watched->look_again_usec + 1000000 : 0;
	find_describe(observe, watched);
	observe_event(observe, EVENT_CREATED, watched->vm, "%s, %s",
		      watched->vm->text[VM_TEXT_VMM] != NULL ? watched->vm->text[VM_TEXT_VMM] : "?",
		      watched->vm->text[VM_TEXT_ACCEL] != NULL ?
		      watched->vm->text[VM_TEXT_ACCEL] : "?");
	return watched;
}

/* The process's entry for this VM; one that is not yet tied to a directory is tied now. */
static struct watched *known(struct watched_process *process, pid_t tid, int fd)
{
	struct watched *watched, *loose = NULL;

	for (watched = process->vms; watched != NULL; watched = watched->sibling) {
		if (watched->kvm_tid == tid && watched->kvm_fd == fd)
			return watched;
		if (watched->kvm_tid == 0 && loose == NULL &&
		    (watched->kvm_fd < 0 || watched->kvm_fd == fd))
			loose = watched;
	}
	return loose;
}

/* Where no directory is to be seen, the descriptor must do; the maker may be known all the same. */
static struct watched *known_by_descriptor(struct watched_process *process, int fd)
{
	struct watched *watched;

	for (watched = process->vms; watched != NULL; watched = watched->sibling)
		if (watched->kvm_fd == fd)
			return watched;
	return known(process, 0, fd);
}

static void tie(struct observe *observe, struct watched *watched, pid_t tid, int fd)
{
	watched->kvm_tid = tid;
	watched->kvm_fd = fd;
	watched->confirmed = true;
	if (!watched->by_kvm) { /* the slow scan had met it before it made its VM */
		watched->by_kvm = true;
		set_text(watched->vm, VM_TEXT_ACCEL, "kvm");
	}
}

/* Without debugfs: the open VM descriptors, those of one open file counted once. */
static int enter_by_descriptors(struct observe *observe, struct watched_process *process)
{
	const struct holdings *h = &observe->holdings;
	size_t i, k;

	for (i = 0; i < h->vm_count; i++) {
		struct watched *watched;

		for (k = 0; k < i; k++)
			if (root_same_file(observe->root, process->pid, h->vm_fds[i],
					   process->pid, h->vm_fds[k]) == 1)
				break;
		if (k < i)
			continue;
		watched = known_by_descriptor(process, h->vm_fds[i]);
		if (watched == NULL)
			watched = enter(observe, process, true, false);
		if (watched == NULL)
			return -ENOMEM;
		tie(observe, watched, watched->kvm_tid, h->vm_fds[i]);
	}
	/* The VM's descriptor may be closed while its vCPUs live on. */
	if (h->vm_count == 0 && h->vcpu_count > 0) {
		struct watched *watched = process->vms;

		if (watched == NULL)
			watched = enter(observe, process, true, false);
		if (watched == NULL)
			return -ENOMEM;
		tie(observe, watched, watched->kvm_tid, watched->kvm_fd);
	}
	return 0;
}

/* A child that inherited its parent's descriptors has no VM of its own. */
static bool is_inherited(struct observe *observe, pid_t pid, pid_t parent)
{
	struct holdings theirs = { .vm_count = 0 };
	bool same = false;
	size_t i;

	if (parent > 1 && holdings_read(observe->root, parent, &theirs) == 0)
		for (i = 0; i < theirs.vm_count && !same; i++)
			same = root_same_file(observe->root, pid, observe->holdings.vm_fds[0],
					      parent, theirs.vm_fds[i]) == 1;
	holdings_done(&theirs);
	return same;
}

static int enter_by_makers(struct observe *observe, struct watched_process *process,
			   const struct maker *makers, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct watched *watched = known(process, makers[i].tid, makers[i].fd);

		if (watched == NULL)
			watched = enter(observe, process, true, false);
		if (watched == NULL)
			return -ENOMEM;
		tie(observe, watched, makers[i].tid, makers[i].fd);
	}
	return 0;
}

static int find_kvm(struct observe *observe, const struct proc_stat *stat)
{
	struct watched_process *process;
	const struct maker *makers;
	size_t maker_count;

	makers = makers_of(&observe->makers, stat->pid, &maker_count);
	if (maker_count == 0 && observe->holdings.vm_count > 0 &&
	    is_inherited(observe, stat->pid, stat->ppid))
		return 0;
	process = watched_process(observe, stat);
	if (process == NULL)
		return -ENOMEM;
	if (maker_count > 0)
		return enter_by_makers(observe, process, makers, maker_count);
	return enter_by_descriptors(observe, process);
}

/* By its arguments: does it run, or is it about to run, under KVM? */
static bool asks_for_kvm(const struct cmdline *cmdline)
{
	const char *position = NULL, *value;
	char accel[64];

	if (cmdline_has(cmdline, "enable-kvm"))
		return true;
	while ((value = cmdline_option(cmdline, "accel", &position)) != NULL)
		if (strncmp(value, "kvm", 3) == 0)
			return true;
	for (position = NULL; (value = cmdline_option(cmdline, "machine", &position)) != NULL;)
		if (cmdline_qemu_key(value, "accel", NULL, accel, sizeof accel) &&
		    strncmp(accel, "kvm", 3) == 0)
			return true;
	return false;
}

static int find_program(struct observe *observe, const struct proc_stat *stat, bool readable)
{
	struct watched_process *process = map_get(&observe->processes, (uint64_t)stat->pid);
	uint64_t now = root_realtime_usec(observe->root);
	struct process_text text;
	struct watched *watched;
	const struct vmm *vmm;
	char comm[32];
	int r = 0;

	if (process != NULL && process->start_ticks == stat->start_ticks && process->vms != NULL) {
		for (watched = process->vms; watched != NULL; watched = watched->sibling)
			watched->confirmed |= !readable || !watched->by_kvm;
		return 0;
	}
	text_copy(comm, sizeof comm, stat->comm.at, stat->comm.size);
	process_text_read(observe, stat->pid, comm, &text);
	vmm = vmm_of(&text.process);
	/* A process that is ending has lost its memory and its executable, and its VM too. */
	if (vmm != &vmm_other && (vmm->runs_without_kvm || !readable) && stat->state != 'Z' &&
	    (!readable || text.exe[0] != '\0')) {
		bool kvm = asks_for_kvm(&text.cmdline) || !vmm->runs_without_kvm;

		if (!readable || !kvm || now > born_usec(observe, stat->start_ticks) + KVM_GRACE_USEC) {
			process = watched_process(observe, stat);
			r = process != NULL &&
			    enter(observe, process, kvm && !readable, false) != NULL ? 0 : -ENOMEM;
		}
	}
	cmdline_done(&text.cmdline);
	return r;
}

static bool runs_qemu(struct observe *observe, pid_t pid)
{
	char link[512];
	const char *slash;

	snprintf(link, sizeof link, "/proc/%d/exe", pid);
	if (root_readlink(observe->root, link, link, sizeof link) <= 0)
		return false;
	slash = strrchr(link, '/');
	return slash != NULL && strncmp(slash, "/qemu-", 6) == 0;
}

/* A program that may run a guest without KVM, or whose descriptors may be refused: by its main
 * thread's name, or its executable where it took another name. */
static bool may_be_program(struct observe *observe, const struct proc_stat *stat)
{
	size_t i, k;

	for (i = 0; vmm_kinds[i] != NULL; i++)
		for (k = 0; k < ARRAY_SIZE(vmm_kinds[i]->comm_starts); k++)
			if (vmm_kinds[i]->comm_starts[k] != NULL &&
			    span_starts_with(stat->comm, vmm_kinds[i]->comm_starts[k]))
				return true;
	return runs_qemu(observe, stat->pid);
}

/* Before Linux 6.4 a VM's vhost workers are kernel threads, "vhost-PID" (5.10, 6.1). */
static void find_vhost(struct observe *observe, const struct proc_stat *stat)
{
	struct cursor c = cursor_over(stat->comm.at, stat->comm.size);
	struct watched_process *process;
	uint64_t pid;

	if (!cursor_take_text(&c, "vhost-") || !cursor_take_u64(&c, &pid) || !cursor_at_end(&c))
		return;
	process = map_get(&observe->processes, pid);
	if (process != NULL && process->vms != NULL)
		threads_add_vhost(process->vms, stat->pid);
}

static int find_process(struct observe *observe, pid_t pid)
{
	char bytes[2048];
	struct proc_stat stat;
	size_t makers;
	int r = read_stat(observe, pid, &stat, bytes, sizeof bytes);

	observe->refused += r < 0 && r != -ENOENT && r != -ESRCH;
	if (r < 0)
		return r;
	if (!observe->in_namespace && (stat.ppid == 2 || pid == 2)) {
		find_vhost(observe, &stat);
		return 0;
	}
	makers_of(&observe->makers, pid, &makers);
	if (makers > 0 && observe->options.once)
		return find_kvm(observe, &stat); /* debugfs has said all that is wanted */
	r = holdings_read(observe->root, pid, &observe->holdings);
	if (r == -ENOMEM)
		return r;
	if (r == -EACCES || r == -EPERM) {
		observe->refused++;
		return may_be_program(observe, &stat) ? find_program(observe, &stat, false) : 0;
	}
	if (r < 0)
		return r;
	if (observe->holdings.vm_count > 0 || observe->holdings.vcpu_count > 0)
		return find_kvm(observe, &stat);
	return may_be_program(observe, &stat) ? find_program(observe, &stat, true) : 0;
}

/* Process 1 is everywhere: who does not see it sees his own processes alone. (A capture may well be
 * without it.) */
static void notice_hidden(struct observe *observe)
{
	if (observe->pids.count > 0 && observe->pids.items[0] != 1 &&
	    !root_is_captured(observe->root))
		observe_warn(observe, WARN_RIGHTS,
			     "/proc hides the processes of others (hidepid), and with them their VMs: "
			     "run as root to see every VM");
}

int find_all(struct observe *observe)
{
	struct watched *watched;
	size_t i, count;
	int r;

	for (i = 0; i < observe->watched_count; i++)
		observe->watched[i]->confirmed = false;
	r = pids_read(observe->root, &observe->pids);
	if (r == 0 && !observe->in_namespace)
		r = makers_read(observe->root, &observe->pids, &observe->makers);
	notice_hidden(observe);
	for (i = 0; i < observe->pids.count && r == 0; i++) {
		/* For one look KVM's own list is enough; who watches on trusts nothing but the
		 * descriptors, for a directory may be missing (two VMs of one name). */
		if (observe->options.once && observe->makers.readable &&
		    makers_of(&observe->makers, observe->pids.items[i], &count) == NULL &&
		    !runs_qemu(observe, observe->pids.items[i]))
			continue;
		r = find_process(observe, observe->pids.items[i]) == -ENOMEM ? -ENOMEM : 0;
	}
	observe->debugfs_kvm = observe->makers.readable;
	if (r < 0)
		return r;
	for (i = observe->watched_count; i-- > 0;) {
		watched = observe->watched[i];
		if (!watched->confirmed)
			watched_destroy(observe, watched);
	}
	return 0;
}

int find_without_kvm(struct observe *observe)
{
	int r = pids_read(observe->root, &observe->pids);
	size_t i;

	for (i = 0; i < observe->pids.count && r == 0; i++) {
		pid_t pid = observe->pids.items[i];
		struct watched_process *process = map_get(&observe->processes, (uint64_t)pid);
		struct proc_stat stat;
		char bytes[2048];

		if (process != NULL && process->vms != NULL)
			continue;
		if (read_stat(observe, pid, &stat, bytes, sizeof bytes) < 0)
			continue;
		if (!observe->in_namespace && stat.ppid == 2)
			find_vhost(observe, &stat);
		else if (may_be_program(observe, &stat))
			r = find_process(observe, pid) == -ENOMEM ? -ENOMEM : 0;
	}
	return r;
}

int find_created(struct observe *observe, const struct root_event *event)
{
	pid_t pid = process_of_thread(observe, event->tid);
	pid_t tid = event->stats_tid > 0 ? event->stats_tid : event->tid;
	struct watched_process *process;
	struct watched *watched;
	struct proc_stat stat;
	char bytes[2048];

	if (pid < 0 || read_stat(observe, pid, &stat, bytes, sizeof bytes) < 0) {
		observe_event(observe, EVENT_CREATED, NULL,
			      "thread %d, gone before it could be looked at", event->tid);
		return 0;
	}
	process = watched_process(observe, &stat);
	if (process == NULL)
		return -ENOMEM;
	watched = known(process, tid, event->vm_fd);
	if (watched == NULL)
		watched = enter(observe, process, true, true);
	if (watched == NULL)
		return -ENOMEM;
	tie(observe, watched, tid, event->vm_fd);
	return 0;
}

void find_destroyed(struct observe *observe, const struct root_event *event)
{
	pid_t tid = event->stats_tid > 0 ? event->stats_tid : event->tid;
	struct watched *only = NULL;
	size_t i;

	for (i = 0; i < observe->watched_count; i++) {
		struct watched *watched = observe->watched[i];

		if (!watched->by_kvm)
			continue;
		if (watched->kvm_tid == tid && watched->kvm_fd == event->vm_fd) {
			watched_destroy(observe, watched);
			return;
		}
		/* Without debugfs the event does not say which VM of the process it was. */
		if (watched->kvm_tid == 0 && watched->process->pid == event->tid && only == NULL)
			only = watched;
	}
	if (only != NULL)
		watched_destroy(observe, only);
}

void find_exited(struct observe *observe, pid_t pid)
{
	struct watched_process *process = map_get(&observe->processes, (uint64_t)pid);

	if (process != NULL)
		watched_process_forget(observe, process);
}

void find_done(struct observe *observe)
{
	struct map_slot *slot;
	size_t at = 0;

	while ((slot = map_next(&observe->processes, &at)) != NULL) {
		watched_process_forget(observe, slot->value);
		at = 0;
	}
	map_done(&observe->processes);
	holdings_done(&observe->holdings);
	makers_done(&observe->makers);
	pids_done(&observe->pids);
}
