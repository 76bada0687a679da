/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts what an observer allocates on its ticks once it is warm, with an unchanged set of VMs.
 *
 *   tick_allocations VMS TICKS [DIRECTORY]
 *
 * VMS is how many VMs there must be at least, on this host or on the captured one in DIRECTORY.
 * A second of the observer's clock passes with each tick, so that cold ticks, looks at vCPUs and
 * slow scans are among them. Exit status: 0 where nothing was allocated, 1 where something was
 * (who did is on stderr), 2 wrong usage, 3 where a VM came or went, 77 under sanitizers.
 */
#include <errno.h>
#include <execinfo.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "heard_root.h"
#include "model/snapshot.h"
#include "observe/observe.h"
#include "sys/root.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
int main(void)
{
	puts("the sanitizer has an allocator of its own");
	return 77;
}
#else

#define SECOND_USEC 1000000u
#define WARM_UP_TICKS 131 /* what is rarely looked at has been looked at twice */
#define SITES 5		  /* that are told */
#define DEPTH 12

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static unsigned long allocations;
static bool measuring, counting; /* counting: and not in a pause */
static void *sites[SITES][DEPTH];
static int site_depth[SITES];

/* Every allocation of the program, the C library's own included, comes here. */
static void count(void)
{
	if (!counting)
		return;
	counting = false; /* backtrace may allocate */
	if (allocations < SITES)
		site_depth[allocations] = backtrace(sites[allocations], DEPTH);
	allocations++;
	counting = true;
}

void *malloc(size_t size)
{
	count();
	return __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
	count();
	return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size)
{
	count();
	return __libc_realloc(old, size);
}

/* A captured root sorts what it lists, and allocates for that; a live one does neither. So there
 * only what the observer makes of the names counts. */
static const struct root_ops *captured;
static struct root_ops listing;
static root_list_function *listed;

static int list_counted(const char *name, void *context)
{
	int r;

	counting = measuring;
	r = listed(name, context);
	counting = false;
	return r;
}

static int list_uncounted(struct root *root, const char *path, root_list_function *function,
			  void *context)
{
	root_list_function *outer = listed;
	int r;

	listed = function;
	counting = false;
	r = captured->list(root, path, list_counted, context);
	counting = measuring;
	listed = outer;
	return r;
}

static void do_not_count_listing(struct root *root)
{
	captured = root->ops;
	listing = *captured;
	listing.list = list_uncounted;
	root->ops = &listing;
}

static int tick(struct observe *observe, size_t *vms, struct error *err)
{
	size_t now;
	int r;

	heard_root_advance(SECOND_USEC);
	r = observe_tick(observe, err);
	now = observe_snapshot(observe)->vm_count;
	if (r == 0 && now != *vms && *vms != 0)
		r = error_set(err, -EAGAIN, "%zu VMs are there and not %zu", now, *vms);
	*vms = now;
	return r;
}

static int run(struct observe *observe, size_t vms_wanted, unsigned ticks, struct error *err)
{
	size_t vms = 0;
	unsigned i;
	int r = 0;

	for (i = 0; r == 0 && i < WARM_UP_TICKS; i++)
		r = tick(observe, &vms, err);
	if (r == 0 && vms < vms_wanted)
		r = error_set(err, -EAGAIN, "%zu VMs are there and not %zu", vms, vms_wanted);
	measuring = counting = true;
	for (i = 0; r == 0 && i < ticks; i++)
		r = tick(observe, &vms, err);
	measuring = counting = false;
	if (r == 0)
		printf("%lu allocations in %u ticks over %zu VMs\n", allocations, ticks, vms);
	return r;
}

static void tell_sites(void)
{
	unsigned long i;

	for (i = 0; i < SITES && i < allocations; i++) {
		fprintf(stderr, "allocation %lu:\n", i + 1);
		backtrace_symbols_fd(sites[i], site_depth[i], STDERR_FILENO);
	}
}

int main(int argc, char **argv)
{
	struct observe_options options = { .watch = true };
	struct error err = { 0 };
	struct observe *observe;
	struct root *root;
	void *warm[DEPTH];
	int r = -1;

	if (argc < 3 || argc > 4) {
		fputs("usage: tick_allocations VMS TICKS [DIRECTORY]\n", stderr);
		return 2;
	}
	backtrace(warm, DEPTH); /* loads what it needs */
	root = argc > 3 ? root_captured_new(argv[3], &err) : root_live_new();
	if (root == NULL) {
		fprintf(stderr, "tick_allocations: %s\n", err.text);
		return 1;
	}
	if (root_is_captured(root))
		do_not_count_listing(root);
	heard_root_take(root);
	observe = observe_new(root, &options, &err);
	if (observe != NULL)
		r = run(observe, (size_t)atol(argv[1]), (unsigned)atoi(argv[2]), &err);
	if (r < 0)
		fprintf(stderr, "tick_allocations: %s\n", err.text);
	tell_sites();
	observe_free(observe);
	root_free(root);
	return r == -EAGAIN ? 3 : r < 0 || allocations > 0;
}
#endif
