/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/policies.h"

#include "base/error.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * One thread for as long as truced lives: a policy's process dies with the thread that made it
 * (PR_SET_PDEATHSIG). The load goes to it and comes back when `done` is set; it has one owner at
 * a time.
 */
struct loader {
	int fd;
	bool running;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* Under the lock. */
	struct load *load;
	bool begun, done, stop;
};

/* What is in policies.d decides over all VMs: not who happens to have written there, nor whom a
 * symbolic link leads to. */
static int check_owner(const char *path, struct error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return error_errno(err, -errno, "%s: cannot be looked at", path);
	if (st.st_uid != geteuid())
		return error_set(err, -EACCES, "%s: belongs to user %u; a policy that truced runs belongs to "
				 "root", path, (unsigned)st.st_uid);
	if ((st.st_mode & S_IWOTH) != 0)
		return error_set(err, -EACCES, "%s: everybody may write it: chmod o-w it", path);
	return 0;
}

void load_run(struct load *load)
{
	const struct decider_options options = { .origin = load->origin };

	if (check_owner(load->path, &load->err) < 0 ||
	    decider_new(load->path, &options, &load->decider, &load->err) < 0)
		load->decider = NULL;
}

static void tell_done(struct loader *loader)
{
	uint64_t one = 1;

	loader->begun = false;
	loader->done = true;
	if (write(loader->fd, &one, sizeof one) < 0)
		return; /* its counter is full: then it is readable too */
}

static void *load_policies(void *argument)
{
	struct loader *loader = argument;

	pthread_mutex_lock(&loader->lock);
	while (!loader->stop) {
		struct load *load = loader->load;

		if (!loader->begun) {
			pthread_cond_wait(&loader->wake, &loader->lock);
			continue;
		}
		pthread_mutex_unlock(&loader->lock);
		load_run(load);
		pthread_mutex_lock(&loader->lock);
		tell_done(loader);
	}
	pthread_mutex_unlock(&loader->lock);
	return NULL;
}

struct loader *loader_new(struct error *err)
{
	struct loader *loader = calloc(1, sizeof *loader);
	int r;

	if (loader == NULL) {
		error_errno(err, -ENOMEM, "cannot make the loader of policies");
		return NULL;
	}
	pthread_mutex_init(&loader->lock, NULL);
	pthread_cond_init(&loader->wake, NULL);
	loader->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = loader->fd < 0 ? -errno : -pthread_create(&loader->thread, NULL, load_policies, loader);
	loader->running = r == 0;
	if (r < 0) {
		error_errno(err, r, "cannot make the loader of policies");
		loader_free(loader);
		return NULL;
	}
	return loader;
}

int loader_begin(struct loader *loader, struct load *load)
{
	int r = -EBUSY;

	pthread_mutex_lock(&loader->lock);
	if (loader->load == NULL) {
		loader->load = load;
		loader->begun = true;
		pthread_cond_signal(&loader->wake);
		r = 0;
	}
	pthread_mutex_unlock(&loader->lock);
	return r;
}

bool loader_is_busy(struct loader *loader)
{
	bool busy;

	pthread_mutex_lock(&loader->lock);
	busy = loader->load != NULL;
	pthread_mutex_unlock(&loader->lock);
	return busy;
}

struct load *loader_take(struct loader *loader)
{
	struct load *load = NULL;
	uint64_t count;

	if (read(loader->fd, &count, sizeof count) < 0)
		return NULL; /* nothing was told: the usual case, without the lock */
	pthread_mutex_lock(&loader->lock);
	if (loader->done) {
		load = loader->load;
		loader->load = NULL;
		loader->done = false;
	}
	pthread_mutex_unlock(&loader->lock);
	return load;
}

int loader_fd(const struct loader *loader)
{
	return loader->fd;
}

static void stop_thread(struct loader *loader)
{
	pthread_mutex_lock(&loader->lock);
	loader->stop = true;
	pthread_cond_signal(&loader->wake);
	pthread_mutex_unlock(&loader->lock);
	pthread_join(loader->thread, NULL);
}

void loader_free(struct loader *loader)
{
	if (loader == NULL)
		return;
	if (loader->running)
		stop_thread(loader);
	if (loader->load != NULL)
		decider_free(loader->load->decider);
	free(loader->load);
	if (loader->fd >= 0)
		close(loader->fd);
	pthread_cond_destroy(&loader->wake);
	pthread_mutex_destroy(&loader->lock);
	free(loader);
}
