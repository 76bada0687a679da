/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/observe.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/vec.h"
#include "observe/find.h"
#include "observe/observer.h"
#include "observe/sample_host.h"
#include "observe/sample_vm.h"
#include "observe/threads.h"
#include "observe/situation.h"
#include "observe/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define SLOW_SCAN_USEC 10000000ull
/* A VMM that does not answer is given a second, one after the other. */
#define ONE_LOOK_WAITS_MSEC 30000
#define PATH_SIZE 1024
#define BUFFER_SIZE 16384

/* What epoll wakes for; any other value is the pid of a process that ended. */
#define WAKE_EVENTS 0
#define WAKE_INTERRUPT UINT64_MAX

/* Root may go up to fs.nr_open, others up to their hard limit. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;
	rlim_t wanted = 1 << 20;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted;
	if (limit.rlim_max < wanted)
		limit.rlim_max = wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* The rest is for what is opened, read and closed, by others in this program too. */
#define DESCRIPTORS_SPARED 64

static uint64_t descriptors_to_keep(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= DESCRIPTORS_SPARED)
		return 0;
	return limit.rlim_cur - DESCRIPTORS_SPARED;
}

static int open_events(struct observe *observe, struct error *err)
{
	struct epoll_event waiting = { .events = EPOLLIN, .data.u64 = WAKE_EVENTS };

	if (!observe->options.watch)
		return 0;
	observe->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (observe->epoll_fd < 0)
		return error_errno(err, -errno, "cannot make an epoll descriptor");
	if (observe->options.interrupt_fd > 0) {
		struct epoll_event interrupt = { .events = EPOLLIN, .data.u64 = WAKE_INTERRUPT };

		epoll_ctl(observe->epoll_fd, EPOLL_CTL_ADD, observe->options.interrupt_fd, &interrupt);
	}
	if (observe->in_namespace) {
		observe_warn(observe, WARN_EVENTS,
			     "in a container (or behind hidepid) KVM's events name other processes: births "
			     "and deaths are found by a scan each tick");
		observe->events_fd = -EOPNOTSUPP;
		return 0;
	}
	observe->events_fd = root_events_open(observe->root);
	if (observe->events_fd >= 0)
		epoll_ctl(observe->epoll_fd, EPOLL_CTL_ADD, observe->events_fd, &waiting);
	else if (observe->events_fd != -ENOSYS)
		observe_warn(observe, WARN_EVENTS,
			     "KVM's events cannot be heard (netlink refused): births and deaths are "
			     "found by a scan each tick");
	return 0;
}

/* Only in the host's own namespace is process 2 kthreadd. A capture is a host's own view. */
static bool is_in_namespace(struct root *root)
{
	char comm[32];

	return !root_is_captured(root) &&
	       (root_read(root, "/proc/2/comm", comm, sizeof comm) <= 0 ||
		strcmp(comm, "kthreadd\n") != 0);
}

static bool events_are_heard(const struct observe *observe)
{
	return observe->options.watch &&
	       (observe->events_fd >= 0 || observe->events_fd == -ENOSYS);
}

static void read_boot_time(struct observe *observe)
{
	uint64_t uptime = root_monotonic_usec(observe->root);
	char bytes[64];

	/* Replaced by the kernel's own word with the first host sample. */
	if (root_read(observe->root, "/proc/uptime", bytes, sizeof bytes) > 0)
		uptime = (uint64_t)(strtod(bytes, NULL) * 1e6);
	observe->boot_realtime_usec = root_realtime_usec(observe->root) - uptime;
}

/* Looks at the VMs that are due; returns when the next one is. */
static uint64_t look_around(struct observe *observe, uint64_t now, bool *ret_changed)
{
	uint64_t next = UINT64_MAX;
	size_t i;

	for (i = 0; i < observe->watched_count; i++) {
		struct watched *watched = observe->watched[i];

		if (threads_look_due(watched, now)) {
			int r = threads_look(observe, watched);

			threads_look_later(watched, now, r > 0);
			*ret_changed |= r > 0;
		}
		if (watched->look_again_usec < next)
			next = watched->look_again_usec;
	}
	return next;
}

struct observe *observe_new(struct root *root, const struct observe_options *options,
			    struct error *err)
{
	struct observe *observe = calloc(1, sizeof *observe);
	bool changed = false;
	int r;

	if (observe == NULL) {
		error_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	observe->root = root;
	observe->options = *options;
	if (observe->options.slow_scan_usec == 0)
		observe->options.slow_scan_usec = SLOW_SCAN_USEC;
	observe->epoll_fd = observe->events_fd = -1;
	snapshot_init(&observe->snapshot);
	map_init(&observe->processes);
	str_init(&observe->path);
	observe->path.data = malloc(PATH_SIZE);
	observe->path.capacity = PATH_SIZE;
	observe->buffer = malloc(BUFFER_SIZE);
	observe->buffer_size = BUFFER_SIZE;
	if (observe->path.data == NULL || observe->buffer == NULL) {
		r = error_set(err, -ENOMEM, "out of memory");
		goto failed;
	}
	if (!options->once)
		raise_descriptor_limit();
	observe->descriptors_most = descriptors_to_keep();
	observe->in_namespace = is_in_namespace(root);
	r = cgroup_layout_read(root, &observe->cgroups, err);
	if (r < 0)
		goto failed;
	r = sample_host_open(observe);
	if (r == 0)
		r = open_events(observe, err);
	if (r < 0)
		goto failed;
	read_boot_time(observe);
	r = find_all(observe);
	if (r < 0) {
		error_errno(err, r, "cannot list processes in /proc");
		goto failed;
	}
	look_around(observe, root_monotonic_usec(root), &changed);
	observe->pending_count = 0; /* what was there before is no news */
	observe->slow_scan_due_usec = root_monotonic_usec(root) + observe->options.slow_scan_usec;
	if (options->with_maps || options->with_owner) {
		observe->worker = worker_new(observe, err);
		if (observe->worker == NULL)
			goto failed;
	}
	return observe;
failed:
	observe_free(observe);
	return NULL;
}

/* A worker that is no longer needed stays, and asks nothing. */
int observe_need(struct observe *observe, bool with_maps, bool with_owner, struct error *err)
{
	observe->options.with_maps = with_maps;
	observe->options.with_owner = with_owner;
	if (observe->worker != NULL || !(with_maps || with_owner))
		return 0;
	observe->worker = worker_new(observe, err);
	return observe->worker != NULL ? 0 : -EAGAIN;
}

static struct watched *find_watched(struct observe *observe, const struct vm_identity *identity)
{
	size_t i;

	for (i = 0; i < observe->watched_count; i++)
		if (vm_identity_compare(&observe->watched[i]->vm->identity, identity) == 0)
			return observe->watched[i];
	return NULL;
}

size_t observe_ask_states(struct observe *observe, const struct vm_identity *vms, size_t count)
{
	size_t i, known = 0, waiting = 0;

	for (i = 0; i < count; i++) {
		struct watched *watched = find_watched(observe, &vms[i]);

		if (watched != NULL && situation_ask(observe, watched))
			known++;
		else if (watched != NULL)
			waiting++;
	}
	if (waiting > 0 && observe->worker == NULL)
		observe->worker = worker_new(observe, NULL);
	if (waiting > 0 && observe->worker != NULL)
		worker_exchange(observe->worker, observe);
	return known;
}

void observe_free(struct observe *observe)
{
	if (observe == NULL)
		return;
	worker_free(observe->worker);
	find_done(observe);
	sample_host_close(observe);
	snapshot_done(&observe->snapshot);
	if (observe->epoll_fd >= 0)
		close(observe->epoll_fd);
	free(observe->watched);
	free(observe->tapped);
	free(observe->pending);
	free(observe->tids);
	free(observe->buffer);
	str_done(&observe->path);
	free(observe);
}

/* -- between ticks ---------------------------------------------------------------------- */

/* Everything KVM has told. Lost events are made good by a scan. Returns whether any came. */
static bool take_events(struct observe *observe)
{
	struct root_event event;
	bool lost = false, any = false;
	int r;

	while ((r = root_event_next(observe->root, &event)) != 0) {
		if (r < 0) {
			lost = true;
			if (r != -ENOBUFS)
				break;
			continue;
		}
		any = true;
		if (event.kind == ROOT_EVENT_CREATE)
			find_created(observe, &event);
		else if (event.kind == ROOT_EVENT_DESTROY)
			find_destroyed(observe, &event);
		else
			find_exited(observe, event.tid);
	}
	if (lost) {
		struct host *host = &observe->snapshot.host;

		host->value[HOST_EVENTS_LOST]++;
		observe_event(observe, EVENT_LOST, NULL, "KVM told more than was heard: scanned again");
		find_all(observe);
	}
	return any || lost;
}

/* Processes that ended, by their pidfds. */
static bool take_ends(struct observe *observe)
{
	struct epoll_event events[64];
	bool any = false;
	int count, i;

	if (observe->epoll_fd < 0)
		return false;
	count = epoll_wait(observe->epoll_fd, events, 64, 0);
	for (i = 0; i < count; i++) {
		if (events[i].data.u64 == WAKE_INTERRUPT)
			observe->interrupted = true;
		if (events[i].data.u64 == WAKE_EVENTS || events[i].data.u64 == WAKE_INTERRUPT)
			continue;
		find_exited(observe, (pid_t)events[i].data.u64);
		any = true;
	}
	return any;
}

static bool scan_slowly(struct observe *observe, uint64_t now)
{
	size_t before = observe->pending_count;

	if (now < observe->slow_scan_due_usec)
		return false;
	observe->slow_scan_due_usec = now + observe->options.slow_scan_usec;
	find_without_kvm(observe);
	return observe->pending_count != before;
}

int observe_wait(struct observe *observe, uint64_t monotonic_usec)
{
	for (;;) {
		uint64_t now = root_monotonic_usec(observe->root), next;
		bool changed;

		changed = take_events(observe);
		changed |= take_ends(observe);
		changed |= scan_slowly(observe, now);
		next = look_around(observe, now, &changed);
		/* The time goes first: where something changes all the time it would never come. */
		if (now >= monotonic_usec)
			return 0;
		if (changed)
			return 1;
		if (next > observe->slow_scan_due_usec)
			next = observe->slow_scan_due_usec;
		if (next > monotonic_usec)
			next = monotonic_usec;
		if (observe->interrupted) {
			observe->interrupted = false; /* the next wait looks again */
			return -EINTR;
		}
		root_sleep_until(observe->root, observe->epoll_fd, next);
	}
}

/* -- the tick --------------------------------------------------------------------------- */

int observe_tick_events(struct observe *observe)
{
	struct snapshot *snapshot = &observe->snapshot;
	struct event *events = snapshot->events;
	size_t capacity = snapshot->event_capacity;

	snapshot->events = observe->pending;
	snapshot->event_count = observe->pending_count;
	snapshot->event_capacity = observe->pending_capacity;
	observe->pending = events;
	observe->pending_count = 0;
	observe->pending_capacity = capacity;
	snapshot->sequence++;
	snapshot->monotonic_usec = root_monotonic_usec(observe->root);
	snapshot->realtime_usec = root_realtime_usec(observe->root);
	return 0;
}

/* At every tick: a VM of the list before may have ended since. */
static void list_tapped(struct observe *observe)
{
	size_t i;

	observe->tapped_count = 0;
	for (i = 0; i < observe->watched_count; i++)
		if (observe->watched[i]->tap_count > 0 &&
		    VEC_RESERVE(observe->tapped, observe->tapped_capacity, observe->tapped_count + 1))
			observe->tapped[observe->tapped_count++] = observe->watched[i];
}

/* Who looks once has all from the first look. */
static bool is_cold_turn(const struct observe *observe, const struct watched *watched)
{
	return !observe->options.once &&
	       observe->tick % COLD_EVERY_TICKS == watched->cold_turn % COLD_EVERY_TICKS;
}

static void sample_vms(struct observe *observe, uint64_t now)
{
	size_t i;

	for (i = observe->watched_count; i-- > 0;) {
		struct watched *watched = observe->watched[i];
		pid_t pid = watched->process->pid;
		int r;

		r = sample_vm(observe, watched, is_cold_turn(observe, watched), now);
		if (r == -ESRCH) {
			find_exited(observe, pid);
			if (i > observe->watched_count)
				i = observe->watched_count;
		}
	}
}

size_t observe_sample_new(struct observe *observe)
{
	uint64_t now = root_monotonic_usec(observe->root);
	size_t i, count = 0;

	observe->quota_above.known = false;
	for (i = observe->watched_count; i-- > 0;) {
		struct watched *watched = observe->watched[i];
		pid_t pid = watched->process->pid;

		if (watched->cold_count > 0)
			continue;
		count++;
		if (sample_vm(observe, watched, true, now) == -ESRCH) {
			find_exited(observe, pid);
			if (i > observe->watched_count)
				i = observe->watched_count;
		}
	}
	return count;
}

void observe_classify(struct observe *observe, const struct vm_identity *vm, const char *class)
{
	struct vm *found = snapshot_find_vm(&observe->snapshot, vm);

	if (found == NULL)
		return;
	if (class[0] != '\0') {
		text_set(&found->text[VM_TEXT_CLASS], class, strlen(class));
	} else {
		free(found->text[VM_TEXT_CLASS]);
		found->text[VM_TEXT_CLASS] = NULL;
	}
}

int observe_tick(struct observe *observe, struct error *err)
{
	uint64_t now = root_monotonic_usec(observe->root);
	uint64_t cost = clock_thread_cpu_nsec();
	bool cold = observe->tick % COLD_EVERY_TICKS == 0, changed = false;
	struct host *host = &observe->snapshot.host;

	if (events_are_heard(observe)) {
		take_events(observe);
		take_ends(observe);
		scan_slowly(observe, now);
	} else if (observe->tick > 0 && !observe->options.once) {
		int r = find_all(observe);

		if (r < 0)
			return error_errno(err, r, "cannot list processes in /proc");
	}
	look_around(observe, now, &changed);
	if (cold) {
		sample_host_cold(observe, now);
		observe->io_weights_absent = false;
	}
	observe->quota_above.known = false;
	sample_vms(observe, now);
	list_tapped(observe);
	sample_host_hot(observe, now);
	if (observe->worker != NULL) {
		worker_exchange(observe->worker, observe);
		if (observe->options.once) { /* there is no later tick to take the answers */
			worker_wait(observe->worker, ONE_LOOK_WAITS_MSEC);
			worker_exchange(observe->worker, observe);
		}
	}
	if (observe->refused > 0)
		observe_warn(observe, WARN_RIGHTS,
			     "some reads were refused or failed: as root every VM and figure is seen");
	figure_set(host->value, host->state, HOST_EVENTS_LOST, host->value[HOST_EVENTS_LOST]);
	observe_tick_events(observe);
	observe->snapshot.monotonic_usec = now;
	observe->tick++;
	cost = clock_thread_cpu_nsec() - cost;
	figure_set(host->value, host->state, HOST_OWN_TICK, (int64_t)(cost / 1000));
	return 0;
}

uint64_t observe_cold_usec(const struct observe *observe)
{
	return observe->cold_nsec / 1000;
}

const struct snapshot *observe_snapshot(const struct observe *observe)
{
	return &observe->snapshot;
}

const char *observe_warning(struct observe *observe)
{
	static _Thread_local char text[sizeof observe->warning];

	if (observe->warning[0] == '\0')
		return NULL;
	memcpy(text, observe->warning, sizeof text);
	observe->warning[0] = '\0';
	return text;
}
