/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a tick of a truced that runs costs, its policy's process included, against the floor of its
 * hot files, in turn with it: one line of figures.
 *
 *   policy_cost TICKS TRUCED SOCKET
 *
 * TRUCED is its pid, SOCKET its control socket; it ticks once a second. The host is measured as it is. The hot files are
 * heard from an observer of our own, which is gone before anything is measured. What a process
 * has used is told by its CPU clock (all its threads, also those that ended), and read in the
 * middle between two ticks; so all that truced does in a second counts as its tick. After each
 * reading the floor is read once, in its own process, so that both find the caches as a second of
 * the machine's other work has left them. CPU time, user and kernel, in microseconds. Each tick has
 * the cold figures of a tenth of the VMs in it; what they cost truced tells as a sum. The columns:
 * VMs; hot files; medians of the floor, of truced and of its child in a tick, and of both; what cold
 * figures cost in a tick (mean); ratio of both less that to the floor; mean of both over all ticks
 * and its ratio; the dearest tick; memory of truced, of its child, and of both, in megabytes; whether
 * the bars are reached.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "floor.h"
#include "heard_root.h"
#include "model/snapshot.h"
#include "observe/observe.h"
#include "samples.h"
#include "sys/root.h"

#define BAR_RATIO 2.0
#define BAR_MEGABYTES 40.0
#define WARM_UP_TICKS 31
#define TICKS_A_ROUND 10 /* in one of them are the host's cold figures */
#define SECOND_USEC 1000000u
#define LISTEN_EVERY_USEC 10000u
#define LISTEN_SECONDS 4

struct process {
	pid_t pid;
	clockid_t clock;
	uint64_t before_nsec;
};

struct bench {
	struct process truced, child;
	struct heard heard;
	struct floor floor;
	size_t vms;
	uint64_t middle_usec; /* of the next wait, between two ticks */
	const char *socket;
	double cold_usec; /* in a tick */
	unsigned ticks;   /* that passed */
	struct samples floor_usec, own, childs, both;
};

static int process_of(pid_t pid, struct process *ret, struct error *err)
{
	int r = clock_getcpuclockid(pid, &ret->clock);

	ret->pid = pid;
	return r == 0 ? 0 : error_errno(err, -r, "process %d", (int)pid);
}

/* What it has used since the last call. */
static double process_usec(struct process *process)
{
	struct timespec time = { 0 };
	uint64_t nsec, before = process->before_nsec;

	clock_gettime(process->clock, &time);
	nsec = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
	process->before_nsec = nsec;
	return (double)(nsec - before) / 1000;
}

static int find_child(pid_t truced, pid_t *ret, struct error *err)
{
	char path[64], text[256] = "";
	FILE *file;
	int other = 0;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)truced, (int)truced);
	file = fopen(path, "re");
	if (file == NULL || fgets(text, sizeof text, file) == NULL ||
	    sscanf(text, "%d %d", ret, &other) < 1 || other != 0) {
		if (file != NULL)
			fclose(file);
		return error_set(err, -ENOENT, "truced has not one child, but: %s", text);
	}
	fclose(file);
	return 0;
}

static double rss_megabytes(pid_t pid)
{
	char path[64];
	unsigned long pages = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	file = fopen(path, "re");
	if (file == NULL || fscanf(file, "%*u %lu", &pages) != 1)
		pages = 0;
	if (file != NULL)
		fclose(file);
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

/* -- the hot files --------------------------------------------------------------------------- */

static int quick_tick(struct observe *observe, struct error *err)
{
	heard_root_advance(SECOND_USEC);
	return observe_tick(observe, err);
}

static int listen_to(struct bench *bench, struct root *root, struct observe *observe,
		     struct error *err)
{
	unsigned done;
	int r = 0;

	for (done = 0; r == 0 && done < WARM_UP_TICKS + TICKS_A_ROUND; done++) {
		bool cold = done % TICKS_A_ROUND == 0, heard = done >= WARM_UP_TICKS && !cold;
		struct heard ignored = { .reads = NULL };

		heard_root_listen(root, heard ? &bench->heard : &ignored);
		r = quick_tick(observe, err);
		heard_root_ignore(root);
		heard_done(&ignored);
	}
	bench->vms = observe_snapshot(observe)->vm_count;
	heard_keep(&bench->heard, TICKS_A_ROUND - 1);
	return r;
}

static int hear_hot_files(struct bench *bench, struct error *err)
{
	struct observe_options options = { .watch = true };
	struct root *root = root_live_new();
	struct observe *observe;
	int r;

	if (root == NULL)
		return error_errno(err, -ENOMEM, "cannot look at this host");
	heard_root_take(root);
	observe = observe_new(root, &options, err);
	r = observe != NULL ? listen_to(bench, root, observe, err) : err->code;
	observe_free(observe);
	root_free(root);
	return r == 0 ? floor_init(&bench->floor, &bench->heard, err) : r;
}

/* -- measuring --------------------------------------------------------------------------------- */

static void sleep_until(uint64_t usec)
{
	struct timespec until = { .tv_sec = (time_t)(usec / SECOND_USEC),
				  .tv_nsec = (long)(usec % SECOND_USEC) * 1000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

/* Half a second after the place in the second where most is used. */
static void find_middle(struct bench *bench)
{
	static double used[SECOND_USEC / LISTEN_EVERY_USEC];
	uint64_t at = clock_monotonic_usec() / SECOND_USEC * SECOND_USEC + SECOND_USEC;
	unsigned i, most = 0;

	for (i = 0; i < LISTEN_SECONDS * SECOND_USEC / LISTEN_EVERY_USEC; i++) {
		unsigned slot = i % (SECOND_USEC / LISTEN_EVERY_USEC);

		sleep_until(at + i * LISTEN_EVERY_USEC);
		used[slot] += process_usec(&bench->truced) * (i > 0);
		if (used[slot] > used[most])
			most = slot;
	}
	bench->middle_usec = at + (LISTEN_SECONDS + 1) * (uint64_t)SECOND_USEC +
			     most * LISTEN_EVERY_USEC + SECOND_USEC / 2;
}

static int measure_one(struct bench *bench, bool counts, struct error *err)
{
	double own, childs, floor_usec;
	int r;

	sleep_until(bench->middle_usec);
	bench->middle_usec += SECOND_USEC;
	bench->ticks++;
	own = process_usec(&bench->truced);
	childs = process_usec(&bench->child);
	r = floor_pass(&bench->floor, &floor_usec, err);
	if (r < 0 || !counts)
		return r;
	samples_add(&bench->floor_usec, floor_usec);
	samples_add(&bench->own, own);
	samples_add(&bench->childs, childs);
	samples_add(&bench->both, own + childs);
	return 0;
}

/* A VM that ended took some of the floor's files with it: they are heard anew, and the second in
 * which that was done does not count. */
static int hear_again(struct bench *bench, struct error *err)
{
	int r;

	floor_done(&bench->floor);
	heard_done(&bench->heard);
	bench->heard = (struct heard){ .reads = NULL };
	r = hear_hot_files(bench, err);
	while (bench->middle_usec < clock_monotonic_usec())
		bench->middle_usec += SECOND_USEC;
	return r == 0 ? measure_one(bench, false, err) : r;
}

/* What cold figures have cost truced so far. It is asked in the middle between two ticks. */
static int ask_cold(const struct bench *bench, double *ret_usec, struct error *err)
{
	static const char question[] = "{\"do\":\"status\"}\n", key[] = "\"cold_usec\":";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer[65536] = "";
	size_t size = 0;
	ssize_t got = 1;
	const char *at;

	snprintf(address.sun_path, sizeof address.sun_path, "%s", bench->socket);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
	    write(fd, question, sizeof question - 1) > 0)
		while (got > 0 && size + 1 < sizeof answer && strchr(answer, '\n') == NULL) {
			got = read(fd, answer + size, sizeof answer - 1 - size);
			size += got > 0 ? (size_t)got : 0;
			answer[size] = '\0';
		}
	if (fd >= 0)
		close(fd);
	at = strstr(answer, key);
	if (at == NULL)
		return error_set(err, -EIO, "truced does not tell what cold figures cost it: %.80s",
				 answer);
	*ret_usec = strtod(at + sizeof key - 1, NULL);
	return 0;
}

static int measure_ticks(struct bench *bench, unsigned ticks, struct error *err)
{
	unsigned tries = 0;
	int r = measure_one(bench, false, err);

	while (bench->both.count < ticks && (r == 0 || (r == -EAGAIN && tries++ < ticks)))
		r = r == 0 ? measure_one(bench, true, err) : hear_again(bench, err);
	return r;
}

static int measure(struct bench *bench, unsigned ticks, struct error *err)
{
	double before, after;
	int r;

	sleep_until(bench->middle_usec);
	bench->middle_usec += SECOND_USEC;
	r = ask_cold(bench, &before, err);
	if (r == 0)
		r = measure_ticks(bench, ticks, err);
	if (r == 0)
		r = ask_cold(bench, &after, err);
	if (r == 0)
		bench->cold_usec = (after - before) / bench->ticks;
	return r;
}

static void report(struct bench *bench)
{
	double own = rss_megabytes(bench->truced.pid), both = samples_median(&bench->both);
	double child = rss_megabytes(bench->child.pid), floor_usec = samples_median(&bench->floor_usec);
	double mean = samples_mean(&bench->both), ratio = (both - bench->cold_usec) / floor_usec;

	printf("%6zu %6zu %8.0f %8.0f %8.0f %8.0f %8.0f %6.2f %8.0f %6.2f %8.0f %6.1f %6.1f %6.1f  %s, %s\n",
	       bench->vms, bench->heard.count, floor_usec, samples_median(&bench->own),
	       samples_median(&bench->childs), both, bench->cold_usec, ratio, mean,
	       mean / floor_usec, samples_quantile(&bench->both, 1), own, child, own + child,
	       ratio <= BAR_RATIO ? "reached" : "not reached",
	       own + child <= BAR_MEGABYTES ? "reached" : "not reached");
}

static int bench_run(struct bench *bench, unsigned ticks, pid_t truced, struct error *err)
{
	pid_t child;
	int r = process_of(truced, &bench->truced, err);

	if (r == 0)
		r = find_child(truced, &child, err);
	if (r == 0)
		r = process_of(child, &bench->child, err);
	if (r == 0)
		r = hear_hot_files(bench, err);
	if (r == 0)
		find_middle(bench);
	if (r == 0)
		r = measure(bench, ticks, err);
	if (r == 0)
		report(bench);
	floor_done(&bench->floor);
	return r;
}

int main(int argc, char **argv)
{
	struct bench bench = { .vms = 0 };
	struct error err = { 0 };
	int r;

	if (argc != 4) {
		fputs("usage: policy_cost TICKS TRUCED SOCKET\n", stderr);
		return 2;
	}
	bench.socket = argv[3];
	r = bench_run(&bench, (unsigned)atoi(argv[1]), atoi(argv[2]), &err);
	if (r < 0)
		fprintf(stderr, "policy_cost: %s\n", err.text);
	heard_done(&bench.heard);
	samples_done(&bench.floor_usec);
	samples_done(&bench.own);
	samples_done(&bench.childs);
	samples_done(&bench.both);
	return r == -EAGAIN ? 3 : r < 0;
}
