/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user's side: one child process, the memory shared with it, and a pipe that tells. */
#include "work/work.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "work/lane.h"
#include "work/setting.h"
#include "work/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* Long enough to check a gigabyte in an emulated machine. */
#define STOP_NSEC 30000000000ull
#define GRACE_NSEC 500000000ull
#define FREE_NSEC 2000000000ull

struct work {
	const struct workload *kind;
	void *settings;
	struct work_shared *shared;
	enum work_state state;
	pid_t pid; /* of the worker; 0 while there is none */
	bool alive;
	int tell_fd;
	uint64_t stop_nsec; /* when it was asked to end; 0: not yet */
	char why[sizeof((struct error *)0)->text];
};

const struct workload *work_kind(const struct work *work)
{
	return work->kind;
}

int work_fd(const struct work *work)
{
	return work->tell_fd;
}

const char *work_why(const struct work *work)
{
	return work->why;
}

pid_t work_pid(const struct work *work)
{
	return work->pid;
}

uint64_t work_began_nsec(const struct work *work)
{
	return atomic_load(&work->shared->began_nsec);
}

uint64_t work_ended_nsec(const struct work *work)
{
	return atomic_load(&work->shared->ended_nsec);
}

const char *work_state_name(enum work_state state)
{
	static const char *const names[] = {
		[WORK_NEW] = "new",         [WORK_PREPARING] = "preparing",
		[WORK_READY] = "ready",     [WORK_RUNNING] = "running",
		[WORK_DONE] = "done",       [WORK_FAILED] = "failed",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

static int shared_map(struct work_shared **ret_shared, struct error *err)
{
	/* Pages that no lane touches are never made. */
	void *shared = mmap(NULL, sizeof **ret_shared, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return error_errno(err, -errno, "memory shared with a workload");
	*ret_shared = shared;
	return 0;
}

int work_new(const char *line, struct work **ret_work, struct error *err)
{
	struct work *work = calloc(1, sizeof *work);
	int code;

	if (work == NULL)
		return error_errno(err, -ENOMEM, "a workload");
	work->tell_fd = -1;
	code = setting_parse_line(line, &work->kind, &work->settings, err);
	if (code == 0 && work->kind->actions->check != NULL) {
		code = work->kind->actions->check(work->settings, err);
		if (code < 0)
			error_prefix(err, "%s", work->kind->name);
	}
	if (code == 0)
		code = shared_map(&work->shared, err);
	if (code < 0) {
		work_free(work);
		return code;
	}
	*ret_work = work;
	return 0;
}

/* The child has nothing of its parent's but the pipe: what the parent holds open (its channel to
 * the host, other workloads' pipes) must close when the parent closes it. */
static void child_close_others(int kept_fd)
{
	if (kept_fd > 3)
		close_range(3, (unsigned)kept_fd - 1, 0);
	close_range((unsigned)kept_fd + 1, ~0u, 0);
}

/* What the worker started does not know of its user; it is in the worker's group. */
static void on_orphaned(int signal_number)
{
	kill(0, SIGKILL);
}

static void child_signals(void)
{
	sigset_t none;
	int signal_number;

	for (signal_number = 1; signal_number < NSIG; signal_number++)
		signal(signal_number, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR2, on_orphaned);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Standard streams are the parent's terminal, or its channel. */
static void child_streams(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* Where memory runs out, the workload goes, not the agent nor a stranger. */
static void child_dies_first(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1000", 4) < 0) {
		/* Then the kernel chooses as it does. */
	}
	close(fd);
}

static _Noreturn void child_live(struct work *work, int tell_fd, pid_t parent)
{
	setpgid(0, 0);
	child_signals();
	prctl(PR_SET_PDEATHSIG, SIGUSR2);
	if (getppid() != parent)
		_exit(1);
	child_streams();
	/* A parent without standard streams may have given the pipe a small number. */
	if (tell_fd <= STDERR_FILENO)
		_exit(1);
	child_close_others(tell_fd);
	child_dies_first();
	_exit(worker_live(work->shared, work->kind, work->settings, tell_fd));
}

/* Beyond the numbers of standard streams, whatever the parent has closed. */
static int pipe_make(int ret_ends[2], struct error *err)
{
	int ends[2], i;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, -errno, "a pipe");
	for (i = 0; i < 2; i++) {
		ret_ends[i] = fcntl(ends[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		close(ends[i]);
	}
	if (ret_ends[0] < 0 || ret_ends[1] < 0)
		return error_errno(err, -EMFILE, "a pipe");
	fcntl(ret_ends[0], F_SETFL, O_NONBLOCK);
	return 0;
}

int work_prepare(struct work *work, struct error *err)
{
	pid_t parent = getpid();
	int ends[2] = { -1, -1 }, code;

	if (work->state != WORK_NEW)
		return error_set(err, -EINVAL, "a workload is prepared once; it is %s",
				 work_state_name(work->state));
	code = pipe_make(ends, err);
	if (code < 0)
		return code;
	atomic_store(&work->shared->state, WORK_PREPARING);
	work->pid = fork();
	if (work->pid == 0)
		child_live(work, ends[1], parent);
	code = -errno;
	close(ends[1]);
	if (work->pid < 0) {
		close(ends[0]);
		work->pid = 0;
		return error_errno(err, code, "a process for a workload");
	}
	/* Also here, lest work_free kills the group before it is one. */
	setpgid(work->pid, work->pid);
	work->alive = true;
	work->tell_fd = ends[0];
	work->state = WORK_PREPARING;
	return 0;
}

int work_start(struct work *work, uint64_t at_nsec)
{
	if (work_poll(work) != WORK_READY)
		return -EINVAL;
	work->state = WORK_RUNNING;
	atomic_store(&work->shared->start_nsec, at_nsec);
	atomic_store(&work->shared->start, 1);
	shared_tell(work->shared);
	return 0;
}

void work_stop(struct work *work)
{
	if (!work->alive || work->stop_nsec != 0)
		return;
	work->stop_nsec = lane_now_nsec();
	atomic_store(&work->shared->end, 1);
	shared_tell(work->shared);
}

static void worker_kill(struct work *work)
{
	if (!work->alive)
		return;
	/* The group: what the worker has started goes with it. */
	kill(-work->pid, SIGKILL);
	kill(work->pid, SIGKILL);
}

static void tell_death(struct work *work, int status)
{
	if (work->stop_nsec != 0 && lane_now_nsec() - work->stop_nsec >= STOP_NSEC)
		snprintf(work->why, sizeof work->why,
			 "%s did not end within %llu seconds, and was killed", work->kind->name,
			 STOP_NSEC / 1000000000ull);
	else if (WIFSIGNALED(status))
		snprintf(work->why, sizeof work->why, "%s was killed by signal %d (%s)%s",
			 work->kind->name, WTERMSIG(status), strsignal(WTERMSIG(status)),
			 WTERMSIG(status) == SIGKILL ? ": was there memory enough?" : "");
	else
		snprintf(work->why, sizeof work->why, "%s ended before it was done",
			 work->kind->name);
}

static void reap(struct work *work)
{
	uint32_t state;
	int status = 0;

	kill(-work->pid, SIGKILL);
	while (waitpid(work->pid, &status, 0) < 0 && errno == EINTR)
		;
	work->alive = false;
	state = atomic_load(&work->shared->state);
	work->state = state == WORK_DONE ? WORK_DONE : WORK_FAILED;
	if (state == WORK_FAILED)
		text_copy(work->why, sizeof work->why, work->shared->why,
			  strnlen(work->shared->why, sizeof work->shared->why));
	else if (state != WORK_DONE)
		tell_death(work, status);
}

enum work_state work_poll(struct work *work)
{
	char told[64];
	ssize_t size;

	if (!work->alive)
		return work->state;
	if (work->stop_nsec != 0 && lane_now_nsec() - work->stop_nsec >= STOP_NSEC)
		worker_kill(work);
	do
		size = read(work->tell_fd, told, sizeof told);
	while (size > 0 || (size < 0 && errno == EINTR));
	if (size == 0)
		reap(work);
	else if (work->state == WORK_PREPARING)
		work->state = atomic_load(&work->shared->state) == WORK_READY ? WORK_READY :
										WORK_PREPARING;
	return work->state;
}

static void worker_wait(struct work *work, uint64_t patience_nsec)
{
	uint64_t end_nsec = lane_now_nsec() + patience_nsec;

	while (work->alive && lane_now_nsec() < end_nsec) {
		struct pollfd ended = { work->tell_fd, POLLIN, 0 };

		poll(&ended, 1, 100);
		work_poll(work);
	}
}

/* Asked first: it may be in the middle of preparing, and takes its files away. Killed, it ends at
 * once, unless it waits for a disk; then it ends when that answers, and nobody waits for it: its
 * parent's end, or a first process, reaps it. */
static void worker_end(struct work *work)
{
	work_stop(work);
	worker_wait(work, GRACE_NSEC);
	worker_kill(work);
	worker_wait(work, FREE_NSEC);
}

void work_free(struct work *work)
{
	if (work == NULL)
		return;
	if (work->alive)
		worker_end(work);
	if (work->tell_fd >= 0)
		close(work->tell_fd);
	if (work->shared != NULL)
		munmap(work->shared, sizeof *work->shared);
	free(work->settings);
	free(work);
}

void work_read(const struct work *work, struct work_counts *ret_counts)
{
	const struct common_settings *common = work->settings;
	uint64_t i;

	*ret_counts = (struct work_counts){ 0 };
	for (i = 0; i < common->threads; i++) {
		const struct lane_counts *counts = &work->shared->counts[i];

		ret_counts->operations += atomic_load_explicit(&counts->operations,
							       memory_order_relaxed);
		ret_counts->bytes += atomic_load_explicit(&counts->bytes, memory_order_relaxed);
		ret_counts->errors += atomic_load_explicit(&counts->errors, memory_order_relaxed);
		ret_counts->lost += atomic_load_explicit(&counts->lost, memory_order_relaxed);
	}
}

void work_read_latency(const struct work *work, struct histogram *ret_latency)
{
	const struct common_settings *common = work->settings;
	uint64_t i;
	unsigned bucket;

	*ret_latency = (struct histogram){ 0 };
	for (i = 0; work->kind->times && i < common->threads; i++)
		for (bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
			ret_latency->counts[bucket] += __atomic_load_n(
				&work->shared->latency[i].counts[bucket], __ATOMIC_RELAXED);
}

const struct work_result *work_results(const struct work *work, size_t *ret_count)
{
	*ret_count = work->state == WORK_DONE ? atomic_load(&work->shared->result_count) : 0;
	return work->shared->results;
}
