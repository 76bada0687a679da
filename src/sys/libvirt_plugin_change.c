/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plugin's half that changes domains: parameters by name, pins, the balloon. */
#include "sys/libvirt_plugin.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "sys/cpu_list.h"

#include <errno.h>
#include <libvirt/libvirt.h>
#include <stdio.h>
#include <string.h>

#define KIB 1024
#define LIVE VIR_DOMAIN_AFFECT_LIVE

static void cleanup_domain(virDomainPtr *domain)
{
	if (*domain != NULL)
		virDomainFree(*domain);
}

#define CLEANUP_DOMAIN CLEANUP(cleanup_domain)

static int domain_find(void *connection, const char *uuid, virDomainPtr *ret, struct error *err)
{
	*ret = virDomainLookupByUUIDString(connection, uuid);
	return *ret != NULL ? 0 : libvirt_plugin_failed(-ENOENT, "libvirt has no such domain", err);
}

/* The scheduler's table is filled in a call of its own kind, after its size was asked. */
static int scheduler_read(virDomainPtr domain, virTypedParameterPtr to, int *count)
{
	char *kind;

	if (to != NULL)
		return virDomainGetSchedulerParametersFlags(domain, to, count, LIVE);
	kind = virDomainGetSchedulerType(domain, count);
	free(kind);
	return kind != NULL ? 0 : -1;
}

static int table_read(virDomainPtr domain, enum libvirt_table table, const char *device,
		      virTypedParameterPtr to, int *count)
{
	switch (table) {
	case LIBVIRT_SCHEDULER:
		return scheduler_read(domain, to, count);
	case LIBVIRT_MEMORY:
		return virDomainGetMemoryParameters(domain, to, count, LIVE);
	case LIBVIRT_BLKIO:
		return virDomainGetBlkioParameters(domain, to, count, LIVE);
	case LIBVIRT_INTERFACE:
		return virDomainGetInterfaceParameters(domain, device, to, count, LIVE);
	case LIBVIRT_BLOCK:
		return virDomainGetBlockIoTune(domain, device, to, count, LIVE);
	}
	return -1;
}

static int table_write(virDomainPtr domain, enum libvirt_table table, const char *device,
		       virTypedParameterPtr from, int count)
{
	switch (table) {
	case LIBVIRT_SCHEDULER:
		return virDomainSetSchedulerParametersFlags(domain, from, count, LIVE);
	case LIBVIRT_MEMORY:
		return virDomainSetMemoryParameters(domain, from, count, LIVE);
	case LIBVIRT_BLKIO:
		return virDomainSetBlkioParameters(domain, from, count, LIVE);
	case LIBVIRT_INTERFACE:
		return virDomainSetInterfaceParameters(domain, device, from, count, LIVE);
	case LIBVIRT_BLOCK:
		return virDomainSetBlockIoTune(domain, device, from, count, LIVE);
	}
	return -1;
}

/* A domain's whole table, which virTypedParamsFree frees; returns how many lines it has. */
static ssize_t table_take(virDomainPtr domain, enum libvirt_table table, const char *device,
			  virTypedParameterPtr *ret, int *ret_size, struct error *err)
{
	virTypedParameterPtr parameters;
	int count = 0;

	if (table_read(domain, table, device, NULL, &count) < 0)
		return libvirt_plugin_failed(-EIO, "libvirt tells no parameters", err);
	parameters = calloc((size_t)count + 1, sizeof *parameters);
	if (parameters == NULL)
		return error_errno(err, -ENOMEM, "parameters of a domain");
	*ret_size = count;
	*ret = parameters;
	if (count > 0 && table_read(domain, table, device, parameters, &count) < 0) {
		virTypedParamsFree(parameters, *ret_size);
		return libvirt_plugin_failed(-EIO, "libvirt tells no parameters", err);
	}
	return count;
}

static int64_t number_of(const virTypedParameter *parameter)
{
	switch (parameter->type) {
	case VIR_TYPED_PARAM_INT:
		return parameter->value.i;
	case VIR_TYPED_PARAM_UINT:
		return parameter->value.ui;
	case VIR_TYPED_PARAM_LLONG:
		return parameter->value.l != FIELD_ABSENT ? parameter->value.l : INT64_MIN + 1;
	case VIR_TYPED_PARAM_ULLONG:
		return parameter->value.ul < INT64_MAX ? (int64_t)parameter->value.ul :
							 FIELD_UNLIMITED;
	case VIR_TYPED_PARAM_BOOLEAN:
		return parameter->value.b != 0;
	default:
		return FIELD_ABSENT;
	}
}

static void parameter_take(const virTypedParameter *from, struct libvirt_parameter *to)
{
	*to = (struct libvirt_parameter){ .number = number_of(from) };
	text_copy(to->name, sizeof to->name, from->field, strlen(from->field));
	if (from->type == VIR_TYPED_PARAM_STRING && from->value.s != NULL)
		text_copy(to->text, sizeof to->text, from->value.s, strlen(from->value.s));
}

ssize_t libvirt_plugin_parameters(void *connection, const char *uuid, enum libvirt_table table,
				  const char *device, struct libvirt_parameter *ret,
				  size_t capacity, struct error *err)
{
	CLEANUP_DOMAIN virDomainPtr domain = NULL;
	virTypedParameterPtr parameters;
	ssize_t count;
	ssize_t i;
	int size;
	int r = domain_find(connection, uuid, &domain, err);

	if (r < 0)
		return r;
	count = table_take(domain, table, device, &parameters, &size, err);
	if (count < 0)
		return count;
	for (i = 0; i < count && (size_t)i < capacity; i++)
		parameter_take(&parameters[i], &ret[i]);
	virTypedParamsFree(parameters, size);
	return count;
}

/* A value as wide as the kind that libvirt has for it. */
static bool parameter_put(const struct libvirt_parameter *from, int kind, virTypedParameterPtr to)
{
	to->type = kind;
	memcpy(to->field, from->name, strnlen(from->name, sizeof to->field - 1));
	switch (kind) {
	case VIR_TYPED_PARAM_INT:
		to->value.i = (int)from->number;
		return from->number == to->value.i;
	case VIR_TYPED_PARAM_UINT:
		to->value.ui = (unsigned)from->number;
		return from->number == to->value.ui;
	case VIR_TYPED_PARAM_LLONG:
		to->value.l = from->number;
		return field_present(from->number);
	case VIR_TYPED_PARAM_ULLONG:
		to->value.ul = (unsigned long long)from->number;
		return from->number >= 0;
	case VIR_TYPED_PARAM_STRING:
		to->value.s = strdup(from->text);
		return to->value.s != NULL;
	default:
		return false;
	}
}

static int kind_of(virTypedParameterPtr table, ssize_t count, const char *name)
{
	ssize_t i;

	for (i = 0; i < count; i++)
		if (strcmp(table[i].field, name) == 0)
			return table[i].type;
	return -1;
}

/* The domain's own table tells what kind each value has to be. */
static int parameters_convert(virTypedParameterPtr table, ssize_t table_count,
			      const struct libvirt_parameter *from, size_t count,
			      virTypedParameterPtr to, struct error *err)
{
	size_t i;

	for (i = 0; i < count; i++) {
		int kind = kind_of(table, table_count, from[i].name);

		if (kind < 0)
			return error_set(err, -ENOENT, "libvirt offers no %s for this domain",
					 from[i].name);
		if (!parameter_put(&from[i], kind, &to[i]))
			return error_set(err, -ERANGE, "libvirt's %s cannot be %lld", from[i].name,
					 (long long)from[i].number);
	}
	return 0;
}

int libvirt_plugin_set_parameters(void *connection, const char *uuid, enum libvirt_table table,
				  const char *device, const struct libvirt_parameter *parameters,
				  size_t count, struct error *err)
{
	CLEANUP_DOMAIN virDomainPtr domain = NULL;
	virTypedParameterPtr known, wanted;
	ssize_t known_count;
	int size;
	int r = domain_find(connection, uuid, &domain, err);

	if (r < 0)
		return r;
	known_count = table_take(domain, table, device, &known, &size, err);
	if (known_count < 0)
		return (int)known_count;
	wanted = calloc(count + 1, sizeof *wanted);
	r = wanted == NULL ? error_errno(err, -ENOMEM, "parameters of a domain") :
			     parameters_convert(known, known_count, parameters, count, wanted, err);
	if (r == 0 && table_write(domain, table, device, wanted, (int)count) < 0)
		r = libvirt_plugin_failed(-EIO, "libvirt refuses", err);
	if (wanted != NULL)
		virTypedParamsFree(wanted, (int)count);
	virTypedParamsFree(known, size);
	return r;
}

/* -- pins */

/* How many CPUs the host can have, and bytes for a bit each. */
static int map_new(void *connection, unsigned char **ret, int *ret_bytes, struct error *err)
{
	int cpus = virNodeGetCPUMap(connection, NULL, NULL, 0);

	if (cpus <= 0)
		return libvirt_plugin_failed(-EIO, "libvirt does not tell the host's CPUs", err);
	*ret_bytes = VIR_CPU_MAPLEN(cpus);
	*ret = calloc(1, (size_t)*ret_bytes);
	return *ret != NULL ? cpus : error_errno(err, -ENOMEM, "a map of CPUs");
}

static void map_append(struct str *list, const unsigned char *map, int cpus)
{
	int first, next;

	for (first = 0; first < cpus; first = next + 1) {
		for (next = first; next < cpus && VIR_CPU_USED(map, next); next++)
			;
		if (next > first)
			str_appendf(list, next > first + 1 ? "%s%d-%d" : "%s%d",
				    list->length > 0 ? "," : "", first, next - 1);
	}
}

static int map_write(const unsigned char *map, int cpus, char *ret, size_t ret_size,
		     struct error *err)
{
	struct str list;
	int r = 0;

	str_init(&list);
	map_append(&list, map, cpus);
	if (list.failed || list.length >= ret_size)
		r = error_set(err, -ENAMETOOLONG, "a pin names too many CPUs");
	else
		memcpy(ret, list.length > 0 ? list.data : "", list.length + 1);
	str_done(&list);
	return r;
}

/* vCPUs' maps come all at once, from the first. */
static int pin_read(virDomainPtr domain, enum libvirt_part part, unsigned vcpu, unsigned char *map,
		    int bytes, struct error *err)
{
	CLEANUP_FREE unsigned char *maps = NULL;
	int count;

	if (part == LIBVIRT_EMULATOR)
		return virDomainGetEmulatorPinInfo(domain, map, bytes, LIVE) >= 0 ? 0 :
		       libvirt_plugin_failed(-EIO, "libvirt does not tell a pin", err);
	maps = calloc((size_t)vcpu + 1, (size_t)bytes);
	if (maps == NULL)
		return error_errno(err, -ENOMEM, "maps of CPUs");
	count = virDomainGetVcpuPinInfo(domain, (int)vcpu + 1, maps, bytes, LIVE);
	if (count < 0)
		return libvirt_plugin_failed(-EIO, "libvirt does not tell a pin", err);
	if ((unsigned)count <= vcpu)
		return error_set(err, -ERANGE, "the domain has no vCPU %u", vcpu);
	memcpy(map, maps + (size_t)vcpu * (size_t)bytes, (size_t)bytes);
	return 0;
}

int libvirt_plugin_pin(void *connection, const char *uuid, enum libvirt_part part, unsigned vcpu,
		       char *ret, size_t ret_size, struct error *err)
{
	CLEANUP_DOMAIN virDomainPtr domain = NULL;
	CLEANUP_FREE unsigned char *map = NULL;
	int bytes;
	int cpus;
	int r = domain_find(connection, uuid, &domain, err);

	if (r < 0)
		return r;
	cpus = map_new(connection, &map, &bytes, err);
	if (cpus < 0)
		return cpus;
	r = pin_read(domain, part, vcpu, map, bytes, err);
	return r < 0 ? r : map_write(map, cpus, ret, ret_size, err);
}

/* -EINVAL where the list names what is not there, or nothing. */
static int map_of_list(const char *list, unsigned char *map, int cpus, struct error *err)
{
	CLEANUP_FREE bool *flags = calloc((size_t)cpus, sizeof *flags);
	int found = 0;
	int i;

	if (flags == NULL)
		return error_errno(err, -ENOMEM, "a list of CPUs");
	if (cpu_list_mark(list, strlen(list), flags, (size_t)cpus) == 0)
		for (i = 0; i < cpus; i++)
			if (flags[i]) {
				VIR_USE_CPU(map, i);
				found++;
			}
	return found > 0 ? 0 : error_set(err, -EINVAL, "\"%s\" is no list of this host's %d CPUs",
					 list, cpus);
}

int libvirt_plugin_set_pin(void *connection, const char *uuid, enum libvirt_part part,
			   unsigned vcpu, const char *list, struct error *err)
{
	CLEANUP_DOMAIN virDomainPtr domain = NULL;
	CLEANUP_FREE unsigned char *map = NULL;
	int bytes, cpus;
	int r = domain_find(connection, uuid, &domain, err);

	if (r < 0)
		return r;
	cpus = map_new(connection, &map, &bytes, err);
	if (cpus < 0)
		return cpus;
	r = map_of_list(list, map, cpus, err);
	if (r < 0)
		return r;
	r = part == LIBVIRT_EMULATOR ? virDomainPinEmulator(domain, map, bytes, LIVE) :
				       virDomainPinVcpuFlags(domain, vcpu, map, bytes, LIVE);
	return r < 0 ? libvirt_plugin_failed(-EIO, "libvirt refuses a pin", err) : 0;
}

int libvirt_plugin_set_balloon(void *connection, const char *uuid, int64_t bytes,
			       struct error *err)
{
	CLEANUP_DOMAIN virDomainPtr domain = NULL;
	int r = domain_find(connection, uuid, &domain, err);

	if (r < 0)
		return r;
	r = virDomainSetMemoryFlags(domain, (unsigned long)(bytes / KIB), LIVE);
	return r < 0 ? libvirt_plugin_failed(-EIO, "libvirt refuses to move the balloon", err) : 0;
}

/* -- disks */

static void disk_take(virDomainStatsRecordPtr record, unsigned index, struct libvirt_disk *ret)
{
	char key[48];
	const char *name = NULL;

	snprintf(key, sizeof key, "block.%u.name", index);
	virTypedParamsGetString(record->params, record->nparams, key, &name);
	text_copy(ret->name, sizeof ret->name, name != NULL ? name : "",
		  name != NULL ? strlen(name) : 0);
}

ssize_t libvirt_plugin_disks(void *connection, const char *uuid, struct libvirt_disk *ret,
			     size_t capacity, struct error *err)
{
	CLEANUP_DOMAIN virDomainPtr domain = NULL;
	virDomainStatsRecordPtr *records;
	virDomainPtr domains[2] = { NULL, NULL };
	unsigned count = 0;
	int r = domain_find(connection, uuid, &domain, err);

	if (r < 0)
		return r;
	domains[0] = domain;
	r = virDomainListGetStats(domains, VIR_DOMAIN_STATS_BLOCK, &records, 0);
	if (r < 0)
		return libvirt_plugin_failed(-EIO, "libvirt tells no disks", err);
	if (r > 0)
		virTypedParamsGetUInt(records[0]->params, records[0]->nparams, "block.count", &count);
	for (unsigned i = 0; i < count && i < capacity; i++)
		disk_take(records[0], i, &ret[i]);
	virDomainStatsRecordListFree(records);
	return (ssize_t)count;
}
