/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/libvirt.h"

#include "base/error.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLUGIN_FILE "truce_libvirt.so"

struct libvirt {
	void *module;
	const struct libvirt_plugin *plugin;
	void *connection;
};

/* Where the plugin lies; false when it is not there. */
static bool plugin_path(char *ret, size_t ret_size)
{
	const char *directory = secure_getenv("TRUCE_PLUGIN_DIR");

	if (directory != NULL && directory[0] == '/') {
		snprintf(ret, ret_size, "%s/%s", directory, PLUGIN_FILE);
		if (access(ret, R_OK) == 0)
			return true;
	}
	snprintf(ret, ret_size, "%s/%s", TRUCE_PLUGIN_DIRECTORY, PLUGIN_FILE);
	return access(ret, R_OK) == 0;
}

static int plugin_load(struct libvirt *libvirt, struct error *err)
{
	char path[PATH_MAX];

	if (!plugin_path(path, sizeof path))
		return error_set(err, -ENOSYS, "libvirt cannot be asked: its plugin %s is not "
				 "installed", path);
	libvirt->module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (libvirt->module == NULL)
		return error_set(err, -ENOSYS, "libvirt cannot be asked: %s", dlerror());
	libvirt->plugin = dlsym(libvirt->module, LIBVIRT_PLUGIN_SYMBOL);
	if (libvirt->plugin == NULL || libvirt->plugin->version != LIBVIRT_PLUGIN_VERSION)
		return error_set(err, -ENOSYS, "libvirt cannot be asked: %s is of another version of "
				 "Truce", path);
	return 0;
}

int libvirt_open(const char *uri, struct libvirt **ret, struct error *err)
{
	struct libvirt *libvirt = calloc(1, sizeof *libvirt);
	int r;

	if (libvirt == NULL)
		return error_errno(err, -ENOMEM, "a connection to libvirt");
	r = plugin_load(libvirt, err);
	if (r == 0)
		r = libvirt->plugin->open(uri != NULL ? uri : "qemu:///system",
					  &libvirt->connection, err);
	if (r < 0) {
		libvirt_close(libvirt);
		return r;
	}
	*ret = libvirt;
	return 0;
}

/* The module stays loaded: libvirt keeps threads and thread-local data that outlive a close. */
void libvirt_close(struct libvirt *libvirt)
{
	if (libvirt == NULL)
		return;
	if (libvirt->connection != NULL)
		libvirt->plugin->close(libvirt->connection);
	free(libvirt);
}

ssize_t libvirt_domains(struct libvirt *libvirt, struct libvirt_domain *ret, size_t capacity,
			struct error *err)
{
	return libvirt->plugin->domains(libvirt->connection, ret, capacity, err);
}

ssize_t libvirt_balloons(struct libvirt *libvirt, struct libvirt_balloon *ret, size_t capacity,
			 struct error *err)
{
	return libvirt->plugin->balloons(libvirt->connection, ret, capacity, err);
}
