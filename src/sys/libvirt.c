/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/libvirt.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"

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

static int open_as(const char *uri, bool to_change, struct libvirt **ret, struct error *err)
{
	struct libvirt *libvirt = calloc(1, sizeof *libvirt);
	int r;

	if (libvirt == NULL)
		return error_errno(err, -ENOMEM, "a connection to libvirt");
	r = plugin_load(libvirt, err);
	if (r == 0)
		r = libvirt->plugin->open(uri != NULL ? uri : "qemu:///system", to_change,
					  &libvirt->connection, err);
	if (r < 0) {
		libvirt_close(libvirt);
		return r;
	}
	*ret = libvirt;
	return 0;
}

int libvirt_open(const char *uri, struct libvirt **ret, struct error *err)
{
	return open_as(uri, false, ret, err);
}

int libvirt_open_to_change(const char *uri, struct libvirt **ret, struct error *err)
{
	return open_as(uri, true, ret, err);
}

int libvirt_open_domain(const char *uuid, pid_t pid, bool to_change, struct libvirt **ret,
			struct error *err)
{
	struct libvirt *libvirt;
	pid_t process;
	int r = open_as(NULL, to_change, &libvirt, err);

	if (r < 0)
		return r;
	process = libvirt->plugin->process(libvirt->connection, uuid, err);
	if (process == pid) {
		*ret = libvirt;
		return 0;
	}
	libvirt_close(libvirt);
	if (process < 0)
		return process;
	return error_set(err, -EPERM, "process %d says that it is libvirt's domain %s, and libvirt %s",
			 (int)pid, uuid, process == 0 ? "does not say which process that is" :
			 "says that another process is");
}

bool libvirt_is_installed(void)
{
	char path[PATH_MAX];

	return plugin_path(path, sizeof path);
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

ssize_t libvirt_parameters(struct libvirt *libvirt, const char *uuid, enum libvirt_table table,
			   const char *device, struct libvirt_parameter *ret, size_t capacity,
			   struct error *err)
{
	return libvirt->plugin->parameters(libvirt->connection, uuid, table, device, ret, capacity,
					   err);
}

int libvirt_number(struct libvirt *libvirt, const char *uuid, enum libvirt_table table,
		   const char *device, const char *name, int64_t *ret, struct error *err)
{
	struct libvirt_parameter parameters[32];
	ssize_t count = libvirt_parameters(libvirt, uuid, table, device, parameters,
					   ARRAY_SIZE(parameters), err);
	ssize_t i;

	if (count < 0)
		return (int)count;
	for (i = 0; i < count && i < (ssize_t)ARRAY_SIZE(parameters); i++)
		if (strcmp(parameters[i].name, name) == 0 && field_present(parameters[i].number)) {
			*ret = parameters[i].number;
			return 0;
		}
	return error_set(err, -ENOENT, "libvirt tells no %s of this domain", name);
}

int libvirt_set_parameters(struct libvirt *libvirt, const char *uuid, enum libvirt_table table,
			   const char *device, const struct libvirt_parameter *parameters,
			   size_t count, struct error *err)
{
	return libvirt->plugin->set_parameters(libvirt->connection, uuid, table, device, parameters,
					       count, err);
}

int libvirt_set_number(struct libvirt *libvirt, const char *uuid, enum libvirt_table table,
		       const char *device, const char *name, int64_t number, struct error *err)
{
	struct libvirt_parameter parameter = { .number = number };

	text_copy(parameter.name, sizeof parameter.name, name, strlen(name));
	return libvirt_set_parameters(libvirt, uuid, table, device, &parameter, 1, err);
}

int libvirt_pin(struct libvirt *libvirt, const char *uuid, enum libvirt_part part, unsigned vcpu,
		char *ret, size_t ret_size, struct error *err)
{
	return libvirt->plugin->pin(libvirt->connection, uuid, part, vcpu, ret, ret_size, err);
}

int libvirt_set_pin(struct libvirt *libvirt, const char *uuid, enum libvirt_part part,
		    unsigned vcpu, const char *list, struct error *err)
{
	return libvirt->plugin->set_pin(libvirt->connection, uuid, part, vcpu, list, err);
}

int libvirt_set_balloon(struct libvirt *libvirt, const char *uuid, int64_t bytes,
			struct error *err)
{
	return libvirt->plugin->set_balloon(libvirt->connection, uuid, bytes, err);
}

ssize_t libvirt_disks(struct libvirt *libvirt, const char *uuid, struct libvirt_disk *ret,
		      size_t capacity, struct error *err)
{
	return libvirt->plugin->disks(libvirt->connection, uuid, ret, capacity, err);
}
