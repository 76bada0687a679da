/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/policies.h"

#include "base/error.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The load goes to the thread with its start and comes back when `done` is set; it has one
 * owner at a time, and so needs no lock. */
struct loader {
	int fd;
	pthread_t thread;
	struct load *load;
	atomic_bool done;
};

struct loader *loader_new(struct error *err)
{
	struct loader *loader = calloc(1, sizeof *loader);

	if (loader != NULL)
		loader->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loader == NULL || loader->fd < 0) {
		error_errno(err, loader == NULL ? -ENOMEM : -errno, "cannot make the loader of policies");
		free(loader);
		return NULL;
	}
	return loader;
}

static void *load_policy(void *argument)
{
	struct loader *loader = argument;
	struct load *load = loader->load;
	uint64_t one = 1;

	if (decider_new(load->path, NULL, NULL, &load->decider, &load->err) < 0)
		load->decider = NULL;
	loader->done = true;
	if (write(loader->fd, &one, sizeof one) < 0)
		return NULL; /* its counter is full: then it is readable too */
	return NULL;
}

int loader_begin(struct loader *loader, struct load *load)
{
	int r;

	if (loader->load != NULL)
		return -EBUSY;
	loader->load = load;
	loader->done = false;
	r = -pthread_create(&loader->thread, NULL, load_policy, loader);
	if (r < 0)
		loader->load = NULL;
	return r;
}

bool loader_is_busy(const struct loader *loader)
{
	return loader->load != NULL;
}

struct load *loader_take(struct loader *loader)
{
	struct load *load = loader->load;
	uint64_t count;

	if (load == NULL || !loader->done)
		return NULL;
	if (read(loader->fd, &count, sizeof count) < 0)
		count = 0;
	pthread_join(loader->thread, NULL);
	loader->load = NULL;
	return load;
}

int loader_fd(const struct loader *loader)
{
	return loader->fd;
}

void loader_free(struct loader *loader)
{
	if (loader == NULL)
		return;
	if (loader->load != NULL) {
		pthread_join(loader->thread, NULL);
		decider_free(loader->load->decider);
		free(loader->load);
	}
	close(loader->fd);
	free(loader);
}
