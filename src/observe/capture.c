/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/capture.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/map.h"
#include "base/str.h"
#include "model/snapshot.h"
#include "observe/doctor.h"
#include "observe/observe.h"
#include "sys/guest_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

/* How long to wait for smaps_rollup of all VMs: milliseconds each, more under load. */
#define MAPS_USEC (30 * USEC_PER_SEC)

/* -- which processes */

struct selection {
	struct map seen; /* pids that may be seen; all where `all` */
	bool all;
};

static bool selection_sees(pid_t pid, void *context)
{
	const struct selection *selection = context;

	return selection->all || map_get(&selection->seen, (uint64_t)pid) != NULL;
}

static int selection_add(const char *name, void *context)
{
	struct selection *selection = context;
	int pid = atoi(name);

	return pid > 0 && !map_put(&selection->seen, (uint64_t)pid, selection) ? -ENOMEM : 0;
}

/* Everybody who is there now, but VMs that are not wanted. */
static int selection_choose(struct selection *selection, struct root *host,
			    const struct capture_options *options, struct error *err)
{
	struct observe_options how = { .once = true };
	struct observe *observe = observe_new(host, &how, err);
	const struct snapshot *snapshot;
	size_t i, chosen = 0;
	int r;

	if (observe == NULL)
		return err->code;
	r = root_list(host, "/proc", selection_add, selection);
	snapshot = observe_snapshot(observe);
	for (i = 0; i < snapshot->vm_count; i++)
		if (options->wants(snapshot->vms[i], options->wants_context))
			chosen++;
		else
			map_remove(&selection->seen, (uint64_t)snapshot->vms[i]->identity.pid);
	observe_free(observe);
	if (r < 0)
		return error_errno(err, r, "cannot list processes in /proc");
	return chosen > 0 ? 0 : error_set(err, -ENOENT, "there is no such VM; truce list names them");
}

/* -- the directory */

static int remove_tree(int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	CLEANUP_CLOSEDIR DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, entry->d_name, 0) < 0)
			remove_tree(fd, entry->d_name);
	}
	return unlinkat(directory, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static bool directory_is_empty(const char *path)
{
	CLEANUP_CLOSEDIR DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return false;
	return dir != NULL;
}

static int check_directory(const char *path, struct error *err)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0 : error_errno(err, -errno, "%s", path);
	if (!S_ISDIR(status.st_mode))
		return error_set(err, -ENOTDIR, "%s is there and is no directory; name a new one", path);
	if (!directory_is_empty(path))
		return error_set(err, -ENOTEMPTY, "%s is not empty; name a new directory", path);
	return 0;
}

/* "DIR.partial", whatever slashes DIR ends in. */
static int make_partial(const char *path, char ret[static PATH_MAX], struct error *err)
{
	size_t size = strlen(path);
	int fd;

	while (size > 1 && path[size - 1] == '/')
		size--;
	if (snprintf(ret, PATH_MAX, "%.*s.partial", (int)size, path) >= PATH_MAX)
		return error_errno(err, -ENAMETOOLONG, "%.100s", path);
	if (mkdir(ret, 0700) < 0)
		return errno == EEXIST
			? error_set(err, -EEXIST, "%s is in the way: another capture is at work, or one "
				    "was killed; then remove it", ret)
			: error_errno(err, -errno, "cannot make %s", ret);
	fd = open(ret, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : error_errno(err, -errno, "%s", ret);
}

/* -- taking it */

static bool is_interrupted(const struct capture_options *options)
{
	struct pollfd interrupt = { .fd = options->interrupt_fd, .events = POLLIN };

	return options->interrupt_fd > 0 && poll(&interrupt, 1, 0) > 0;
}

static int refuse_interrupted(const struct capture_options *options, struct error *err)
{
	return error_set(err, -EINTR, "interrupted: nothing is left of %s", options->directory);
}

static void count_events(const struct snapshot *snapshot, struct capture_outcome *outcome)
{
	size_t i;

	for (i = 0; i < snapshot->event_count; i++) {
		outcome->births += snapshot->events[i].kind == EVENT_CREATED;
		outcome->deaths += snapshot->events[i].kind == EVENT_DESTROYED;
	}
}

static int take_sample(struct observe *observe, const struct capture_options *options,
		       struct capture_outcome *outcome, struct error *err)
{
	const char *warning;
	int r = observe_tick(observe, err);

	if (r < 0)
		return r;
	count_events(observe_snapshot(observe), outcome);
	while ((warning = observe_warning(observe)) != NULL)
		if (options->warn != NULL)
			options->warn(warning);
	return 0;
}

static bool maps_are_read(const struct snapshot *snapshot)
{
	size_t i;

	for (i = 0; i < snapshot->vm_count; i++)
		if (snapshot->vms[i]->sampled_usec[GROUP_MAPS] == 0)
			return false;
	return true;
}

/* Maps are read on the observer's own thread, and come with a later sample. */
static int await_maps(struct root *root, struct observe *observe,
		      const struct capture_options *options, struct capture_outcome *outcome,
		      struct error *err)
{
	uint64_t until = root_monotonic_usec(root) + MAPS_USEC;
	int r = 0;

	while (r >= 0 && !maps_are_read(observe_snapshot(observe)) &&
	       root_monotonic_usec(root) < until) {
		if (is_interrupted(options))
			return refuse_interrupted(options, err);
		root_sleep_until(root, -1, root_monotonic_usec(root) + 50 * USEC_PER_MSEC);
		r = take_sample(observe, options, outcome, err);
	}
	return r;
}

static int follow(struct root *root, struct observe *observe, const struct capture_options *options,
		  struct capture_outcome *outcome, struct error *err)
{
	uint64_t now = root_monotonic_usec(root), until = now + options->for_usec;
	uint64_t due = now;
	int r;

	while (now < until) {
		due += USEC_PER_SEC;
		/* A change ends a wait, and where there are always some the time must end it. */
		do {
			r = observe_wait(observe, due < until ? due : until);
		} while (r == 1 && root_monotonic_usec(root) < (due < until ? due : until));
		if (r == -EINTR || is_interrupted(options))
			return refuse_interrupted(options, err);
		r = take_sample(observe, options, outcome, err);
		if (r < 0)
			return r;
		now = root_monotonic_usec(root);
		if (options->progress != NULL)
			options->progress(observe_snapshot(observe), now < until ? until - now : 0);
	}
	return 0;
}

/* What of each VM's memory may be merged; a VM that may not be looked at is so in the capture too. */
static void read_areas(struct root *root, const struct snapshot *snapshot)
{
	size_t i;

	for (i = 0; i < snapshot->vm_count; i++) {
		struct memory_areas areas = { 0 };

		memory_areas_read(root, snapshot->vms[i]->identity.pid, &areas, NULL);
		memory_areas_done(&areas);
	}
}

static void append_about(struct str *about, const struct snapshot *snapshot)
{
	static const enum host_text texts[] = { HOST_TEXT_HOSTNAME, HOST_TEXT_KERNEL };
	size_t i;

	str_append(about, "truce " TRUCE_VERSION "\n");
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (snapshot->host.text[texts[i]] != NULL)
			str_appendf(about, "%s %s\n", host_info.texts[texts[i]].name,
				    snapshot->host.text[texts[i]]);
	str_appendf(about, "vms %zu\n", snapshot->vm_count);
}

static int finish(struct root *root, const struct snapshot *snapshot,
		  struct capture_outcome *outcome, struct error *err)
{
	struct doctor doctor;
	struct str about;
	int r = doctor_run(root, snapshot, false, &doctor, err);

	if (r < 0)
		return r;
	doctor_done(&doctor);
	str_init(&about);
	append_about(&about, snapshot);
	r = about.failed ? error_errno(err, -ENOMEM, "about")
			 : root_copying_finish(root, about.data, err);
	str_done(&about);
	outcome->vms = snapshot->vm_count;
	outcome->counts = root_copying_counts(root);
	return r;
}

static int take_host(struct root *root, const struct capture_options *options,
		     struct capture_outcome *outcome, struct error *err)
{
	struct observe_options how = {
		.with_maps = options->with_maps,
		.once = options->for_usec == 0,
		.watch = options->for_usec != 0,
		.interrupt_fd = options->interrupt_fd,
	};
	struct observe *observe = observe_new(root, &how, err);
	int r;

	if (observe == NULL)
		return err->code;
	r = take_sample(observe, options, outcome, err);
	if (r == 0 && options->for_usec != 0)
		r = follow(root, observe, options, outcome, err);
	if (r == 0 && options->with_maps)
		r = await_maps(root, observe, options, outcome, err);
	if (r == 0 && options->with_maps)
		read_areas(root, observe_snapshot(observe));
	if (r == 0 && is_interrupted(options))
		r = refuse_interrupted(options, err);
	if (r == 0)
		r = finish(root, observe_snapshot(observe), outcome, err);
	observe_free(observe);
	return r;
}

/* Owns host. */
static int take_into(struct root *host, int directory, const struct capture_options *options,
		     struct capture_outcome *outcome, struct error *err)
{
	struct selection selection = { .all = options->wants == NULL };
	struct root *root;
	int r = 0;

	map_init(&selection.seen);
	if (!selection.all)
		r = selection_choose(&selection, host, options, err);
	if (r < 0) {
		root_free(host);
	} else {
		root = root_copying_new(host, directory, selection_sees, &selection, err);
		r = root != NULL ? take_host(root, options, outcome, err) : err->code;
		root_free(root);
	}
	map_done(&selection.seen);
	return r;
}

int capture_host(struct root *host, const struct capture_options *options,
		 struct capture_outcome *ret, struct error *err)
{
	struct capture_outcome outcome = { .vms = 0 };
	char partial[PATH_MAX];
	CLEANUP_CLOSE int directory = -1;
	struct error own = { 0 };
	int r;

	if (err == NULL)
		err = &own;
	r = check_directory(options->directory, err);
	if (r == 0)
		directory = r = make_partial(options->directory, partial, err);
	if (r < 0) {
		root_free(host);
		return r;
	}
	r = take_into(host, directory, options, &outcome, err);
	if (r == 0 && rename(partial, options->directory) < 0)
		r = error_errno(err, -errno, "cannot give %s its name", options->directory);
	if (r < 0) {
		remove_tree(AT_FDCWD, partial);
		return r;
	}
	*ret = outcome;
	return 0;
}
