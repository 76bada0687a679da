/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module that libvirt.c loads: connections, domains, statistics. It serves the live host. */
#include "sys/libvirt_plugin.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"

#include <errno.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <limits.h>
#include <string.h>

#define KIB 1024

extern const struct libvirt_plugin truce_libvirt_plugin;

/* Libvirt would print each failure by itself. */
static void be_quiet(void *context, virErrorPtr error)
{
}

/* Libvirt's sentence, which may quote a VM's name, made safe. */
int libvirt_plugin_failed(int code, const char *what, struct error *err)
{
	const char *reason = virGetLastErrorMessage();
	struct str safe;

	switch (virGetLastErrorCode()) {
	case VIR_ERR_NO_SUPPORT:
		code = -EOPNOTSUPP;
		break;
	case VIR_ERR_NO_DOMAIN:
		code = -ENOENT;
		break;
	case VIR_ERR_INVALID_ARG:
	case VIR_ERR_CONFIG_UNSUPPORTED:
		code = -EINVAL;
		break;
	default:
		break;
	}
	str_init(&safe);
	text_append_safe(&safe, reason, strlen(reason));
	error_set(err, code, "%s: %s", what, safe.length > 0 ? safe.data : "no reason given");
	str_done(&safe);
	return code;
}

static int plugin_open(const char *uri, bool to_change, void **ret, struct error *err)
{
	virConnectPtr connection;

	virSetErrorFunc(NULL, be_quiet);
	connection = to_change ? virConnectOpen(uri) : virConnectOpenReadOnly(uri);
	if (connection == NULL)
		return libvirt_plugin_failed(-ENOTCONN, "libvirt does not answer", err);
	*ret = connection;
	return 0;
}

static void plugin_close(void *connection)
{
	virConnectClose(connection);
}

/* QEMU writes it there for libvirt; libvirt's interface does not tell it. */
static pid_t read_pid(const char *name)
{
	CLEANUP_FCLOSE FILE *file = NULL;
	char path[512];
	int pid = 0;

	if (strchr(name, '/') != NULL ||
	    snprintf(path, sizeof path, "/run/libvirt/qemu/%s.pid", name) >= (int)sizeof path)
		return 0;
	file = fopen(path, "re");
	return file != NULL && fscanf(file, "%d", &pid) == 1 && pid > 0 ? pid : 0;
}

static pid_t plugin_process(void *connection, const char *uuid, struct error *err)
{
	virDomainPtr domain = virDomainLookupByUUIDString(connection, uuid);
	const char *name = domain != NULL ? virDomainGetName(domain) : NULL;
	pid_t pid = name != NULL ? read_pid(name) :
		(pid_t)libvirt_plugin_failed(-ENOENT, "libvirt has no such domain", err);

	if (domain != NULL)
		virDomainFree(domain);
	return pid;
}

static bool domain_take(virDomainPtr domain, struct libvirt_domain *ret)
{
	const char *name = virDomainGetName(domain);

	if (name == NULL || virDomainGetUUIDString(domain, ret->uuid) < 0)
		return false;
	text_copy(ret->name, sizeof ret->name, name, strlen(name));
	ret->pid = read_pid(name);
	return true;
}

static ssize_t plugin_domains(void *connection, struct libvirt_domain *ret, size_t capacity,
			      struct error *err)
{
	virDomainPtr *domains;
	ssize_t count = 0;
	int all = virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
	int i;

	if (all < 0)
		return libvirt_plugin_failed(-EIO, "libvirt does not list its domains", err);
	for (i = 0; i < all; i++) {
		struct libvirt_domain domain;

		if (domain_take(domains[i], &domain)) {
			if ((size_t)count < capacity)
				ret[count] = domain;
			count++;
		}
		virDomainFree(domains[i]);
	}
	free(domains);
	return count;
}

static int64_t stat_number(virDomainStatsRecordPtr record, const char *name)
{
	unsigned long long number;

	if (virTypedParamsGetULLong(record->params, record->nparams, name, &number) != 1)
		return FIELD_ABSENT;
	return number < INT64_MAX ? (int64_t)number : INT64_MAX - 1;
}

/* What libvirt calls available is all that the guest has, and what it calls usable is what the
 * kernel calls available. The target is not told: current memory follows the guest. */
static bool balloon_take(virDomainStatsRecordPtr record, struct libvirt_balloon *ret)
{
	const char *name;

	if (virDomainGetUUIDString(record->dom, ret->uuid) < 0)
		return false;
	name = virDomainGetName(record->dom);
	ret->pid = name != NULL ? read_pid(name) : 0;
	ret->actual_bytes = field_times(stat_number(record, "balloon.current"), KIB);
	ret->target_bytes = FIELD_ABSENT;
	ret->free_bytes = field_times(stat_number(record, "balloon.unused"), KIB);
	ret->available_bytes = field_times(stat_number(record, "balloon.usable"), KIB);
	ret->total_bytes = field_times(stat_number(record, "balloon.available"), KIB);
	ret->updated_seconds = stat_number(record, "balloon.last-update");
	if (ret->updated_seconds == 0)
		ret->updated_seconds = FIELD_ABSENT;
	return true;
}

/* One call for all, and a VM that another job holds is left out rather than waited for. */
static ssize_t plugin_balloons(void *connection, struct libvirt_balloon *ret, size_t capacity,
			       struct error *err)
{
	virDomainStatsRecordPtr *records;
	ssize_t count = 0;
	int all = virConnectGetAllDomainStats(connection, VIR_DOMAIN_STATS_BALLOON, &records,
					      VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE |
					      VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
	int i;

	if (all < 0)
		return libvirt_plugin_failed(-EIO, "libvirt gives no statistics", err);
	for (i = 0; i < all; i++) {
		struct libvirt_balloon balloon;

		if (!balloon_take(records[i], &balloon))
			continue;
		if ((size_t)count < capacity)
			ret[count] = balloon;
		count++;
	}
	virDomainStatsRecordListFree(records);
	return count;
}

__attribute__((visibility("default"))) const struct libvirt_plugin truce_libvirt_plugin = {
	.version = LIBVIRT_PLUGIN_VERSION,
	.open = plugin_open,
	.close = plugin_close,
	.domains = plugin_domains,
	.balloons = plugin_balloons,
	.parameters = libvirt_plugin_parameters,
	.set_parameters = libvirt_plugin_set_parameters,
	.pin = libvirt_plugin_pin,
	.set_pin = libvirt_plugin_set_pin,
	.set_balloon = libvirt_plugin_set_balloon,
	.disks = libvirt_plugin_disks,
	.process = plugin_process,
};
