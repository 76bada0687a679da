/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/openmetrics.h"

#include "base/str.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAMILY_NAME_SIZE = 96, FAMILY_HELP_SIZE = 160 };

/* One family: what all its samples have in common. */
struct family {
	char name[FAMILY_NAME_SIZE]; /* without _total */
	const char *type;
	const char *unit;            /* "" where none */
	char help[FAMILY_HELP_SIZE];
	unsigned digits;             /* behind the decimal point of a figure's value */
	bool knob;                   /* INT64_MAX then limits nothing */
};

/* An object with its labels, made once and used by each family. */
struct series {
	struct object_view view;
	const char *labels; /* "" or "{...}" */
	const struct vm *vm;
};

struct exposition {
	const struct openmetrics_options *options;
	struct str *out;
	struct str labels;  /* of one kind of object, one after the other, each ended by NUL */
	size_t *offsets;
	struct series *series;
	size_t count;
	char time[32];      /* " 1772373930.000001", or "" */
	bool described;     /* the family's description has been written */
};

/* Names: "psi_cpu_some_usec" becomes truce_host_psi_cpu_some_seconds. */
static const struct suffix {
	const char *figure, *family, *unit;
	unsigned digits;
} suffixes[] = {
	{ "_usec", "_seconds", "seconds", 6 },
	{ "_millisecs", "_seconds", "seconds", 3 },
	{ "_bytes", "_bytes", "bytes", 0 },
	{ "_permyriad", "_ratio", "ratio", 4 },
	{ "_milli", "", "", 3 },
	{ "_total", "", "", 0 }, /* a gauge: only counters may end so */
	{ "", "", "", 0 },
};

static const struct suffix *suffix_find(const char *name)
{
	const struct suffix *suffix = suffixes;
	size_t length = strlen(name);

	for (;; suffix++) {
		size_t size = strlen(suffix->figure);

		if (size <= length && strcmp(name + length - size, suffix->figure) == 0)
			return suffix;
	}
}

/* The help of a share says what 10000 means; as a ratio that is 1. */
static void family_set_help(struct family *family, const struct figure_info *info)
{
	const char *found = strstr(info->help, "10000");

	if (found != NULL && info->unit == UNIT_PERMYRIAD)
		snprintf(family->help, sizeof family->help, "%.*s1%s", (int)(found - info->help),
			 info->help, found + strlen("10000"));
	else
		snprintf(family->help, sizeof family->help, "%s", info->help);
	found = strstr(family->help, ", ms");
	if (found != NULL && found[4] == '\0')
		family->help[found - family->help] = '\0';
}

static struct family family_of_figure(const char *prefix, const struct figure_info *info)
{
	const struct suffix *suffix = suffix_find(info->name);
	struct family family = { .unit = suffix->unit, .digits = suffix->digits };
	size_t length = strlen(info->name) - strlen(suffix->figure);

	family.knob = info->kind == KIND_KNOB;
	family.type = info->kind == KIND_COUNTER ? "counter" : "gauge";
	snprintf(family.name, sizeof family.name, "truce_%s_%.*s%s", prefix, (int)length,
		 info->name, suffix->family);
	family_set_help(&family, info);
	return family;
}

static struct family family_plain(const char *name, const char *type, const char *unit,
				  unsigned digits, const char *help)
{
	struct family family = { .type = type, .unit = unit, .digits = digits };

	snprintf(family.name, sizeof family.name, "truce_%s", name);
	snprintf(family.help, sizeof family.help, "%s", help);
	return family;
}

static struct family family_of_texts(const char *prefix)
{
	struct family family = family_plain(prefix, "info", "", 0, "what it is; the value is 1");

	return family;
}

/* In OpenMetrics the family of a counter has no _total, and an info none of _info; before it,
 * families were called as their samples are, and info was a gauge. */
static const char *family_suffix(const struct family *family)
{
	return strcmp(family->type, "counter") == 0 ? "_total" :
	       strcmp(family->type, "info") == 0 ? "_info" : "";
}

static void append_description(struct exposition *e, const struct family *family)
{
	bool classic = e->options->format == OPENMETRICS_CLASSIC;
	const char *suffix = classic ? family_suffix(family) : "";
	const char *type = classic && strcmp(family->type, "info") == 0 ? "gauge" : family->type;

	if (e->described || e->options->bare)
		return;
	e->described = true;
	str_appendf(e->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", family->name, suffix, family->help,
		    family->name, suffix, type);
	if (!classic && family->unit[0] != '\0')
		str_appendf(e->out, "# UNIT %s %s\n", family->name, family->unit);
}

/* value / 10^digits, exactly, without zeros at the end. */
static void append_scaled(struct str *out, int64_t value, unsigned digits)
{
	uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, scale = 1;
	unsigned i;

	for (i = 0; i < digits; i++)
		scale *= 10;
	if (value < 0)
		str_append_char(out, '-');
	str_append_int(out, (int64_t)(size / scale));
	size %= scale;
	if (size == 0)
		return;
	str_append_char(out, '.');
	while (size != 0) {
		scale /= 10;
		str_append_char(out, (char)('0' + size / scale));
		size %= scale;
	}
}

static void append_sample(struct exposition *e, const struct family *family, const char *labels,
			  int64_t value)
{
	append_description(e, family);
	str_append(e->out, family->name);
	str_append(e->out, family_suffix(family));
	str_append(e->out, labels);
	str_append_char(e->out, ' ');
	if (family->knob && value == INT64_MAX)
		str_append(e->out, "+Inf");
	else
		append_scaled(e->out, value, family->digits);
	str_append(e->out, e->time);
	str_append_char(e->out, '\n');
}

/* As text_append_safe, except that a backslash stays one; then what labels want escaped. */
static void append_label(struct str *out, bool first, const char *name, const char *value)
{
	struct str safe;
	const char *at = value, *end;

	str_init(&safe);
	for (;;) {
		end = strchrnul(at, '\\');
		text_append_safe(&safe, at, (size_t)(end - at));
		if (*end == '\0')
			break;
		str_append_char(&safe, '\\');
		at = end + 1;
	}
	str_append(out, first ? "{" : ",");
	str_append(out, name);
	str_append(out, "=\"");
	for (at = safe.data; at != NULL && *at != '\0'; at++) {
		if (*at == '\\' || *at == '"')
			str_append_char(out, '\\');
		str_append_char(out, *at);
	}
	str_append_char(out, '"');
	out->failed |= safe.failed;
	str_done(&safe);
}

static void append_vm_labels(struct str *out, const struct vm *vm)
{
	char id[VM_ID_SIZE];

	vm_identity_format(&vm->identity, id);
	append_label(out, true, "id", id);
	append_label(out, false, "name", vm->text[VM_TEXT_NAME] != NULL ? vm->text[VM_TEXT_NAME]
									  : "");
}

/* The objects of one kind, gathered: begin, add each, end. */
static void series_begin(struct exposition *e)
{
	str_clear(&e->labels);
	e->count = 0;
}

static void series_add(struct exposition *e, struct object_view view, const struct vm *vm)
{
	str_append(&e->labels, e->labels.length > e->offsets[e->count] ? "}" : "");
	str_append_bytes(&e->labels, "", 1);
	e->series[e->count].view = view;
	e->series[e->count].vm = vm;
	e->count++;
	e->offsets[e->count] = e->labels.length;
}

static void series_end(struct exposition *e)
{
	size_t i;

	e->out->failed |= e->labels.failed;
	for (i = 0; i < e->count; i++)
		e->series[i].labels = e->labels.failed ? "" : e->labels.data + e->offsets[i];
}

static void append_figures(struct exposition *e, const char *prefix,
			   const struct object_info *info)
{
	size_t i, j;

	for (i = 0; i < info->figure_count; i++) {
		struct family family = family_of_figure(prefix, &info->figures[i]);

		e->described = false;
		for (j = 0; j < e->count; j++)
			if (e->series[j].view.state[i] == FIGURE_PRESENT)
				append_sample(e, &family, e->series[j].labels,
					      e->series[j].view.value[i]);
	}
}

/* truce_vm_info{id="...",name="...",uuid="..."} 1 */
static void append_info(struct exposition *e, const char *prefix, const struct object_info *info)
{
	struct family family = family_of_texts(prefix);
	size_t i, j;

	e->described = false;
	for (i = 0; i < e->count && info->text_count > 0; i++) {
		const char *labels = e->series[i].labels;
		size_t length = strlen(labels);
		bool first = length == 0;
		struct str all;

		str_init(&all);
		str_append_bytes(&all, labels, first ? 0 : length - 1);
		for (j = 0; j < info->text_count; j++) {
			const char *text = e->series[i].view.text[j];

			if (text == NULL || (e->series[i].vm != NULL && j == VM_TEXT_NAME))
				continue;
			append_label(&all, first, info->texts[j].name, text);
			first = false;
		}
		str_append(&all, first ? "" : "}");
		append_sample(e, &family, all.data != NULL ? all.data : "", 1);
		e->out->failed |= all.failed;
		str_done(&all);
	}
}

static void append_host(struct exposition *e, const struct snapshot *snapshot)
{
	series_begin(e);
	series_add(e, host_view(&snapshot->host), NULL);
	series_end(e);
	append_info(e, "host", &host_info);
	append_figures(e, "host", &host_info);
}

static void append_cpus(struct exposition *e, const struct snapshot *snapshot)
{
	char number[16];
	size_t i;

	series_begin(e);
	for (i = 0; i < snapshot->cpu_count; i++) {
		snprintf(number, sizeof number, "%d", snapshot->cpus[i].number);
		append_label(&e->labels, true, "cpu", number);
		series_add(e, cpu_view(&snapshot->cpus[i]), NULL);
	}
	series_end(e);
	append_info(e, "cpu", &cpu_info);
	append_figures(e, "cpu", &cpu_info);
}

static void append_devices(struct exposition *e, const struct snapshot *snapshot)
{
	size_t i;

	series_begin(e);
	for (i = 0; i < snapshot->disk_count; i++) {
		append_label(&e->labels, true, "device", snapshot->disks[i].name);
		series_add(e, disk_view(&snapshot->disks[i]), NULL);
	}
	series_end(e);
	append_info(e, "disk", &disk_info);
	append_figures(e, "disk", &disk_info);
	series_begin(e);
	for (i = 0; i < snapshot->nic_count; i++) {
		append_label(&e->labels, true, "device", snapshot->nics[i].name);
		series_add(e, nic_view(&snapshot->nics[i]), NULL);
	}
	series_end(e);
	append_figures(e, "nic", &nic_info);
}

static bool vm_is_wanted(const struct exposition *e, const struct vm *vm)
{
	return e->options->wanted == NULL || e->options->wanted(vm, e->options->context);
}

/* What a VM has beside its figures. */
static struct family family_of_birth(void)
{
	return family_plain("vm_start_time_seconds", "gauge", "seconds", 6,
			    "when it was born, in seconds since 1970");
}

static struct family family_of_vcpus(void)
{
	return family_plain("vm_vcpus", "gauge", "", 0, "its vCPUs");
}

static void append_vms(struct exposition *e, const struct snapshot *snapshot)
{
	struct family birth = family_of_birth(), vcpus = family_of_vcpus();
	size_t i;

	series_begin(e);
	for (i = 0; i < snapshot->vm_count; i++) {
		if (!vm_is_wanted(e, snapshot->vms[i]))
			continue;
		append_vm_labels(&e->labels, snapshot->vms[i]);
		series_add(e, vm_view(snapshot->vms[i]), snapshot->vms[i]);
	}
	series_end(e);
	append_info(e, "vm", &vm_info);
	e->described = false;
	for (i = 0; i < e->count; i++)
		append_sample(e, &birth, e->series[i].labels, (int64_t)e->series[i].vm->born_usec);
	e->described = false;
	for (i = 0; i < e->count; i++)
		if (vm_vcpus_are_known(e->series[i].vm))
			append_sample(e, &vcpus, e->series[i].labels,
				      (int64_t)e->series[i].vm->vcpu_count);
	append_figures(e, "vm", &vm_info);
}

static void append_vcpus_of(struct exposition *e, const struct vm *vm)
{
	char number[16];
	size_t i;

	for (i = 0; i < vm->vcpu_count; i++) {
		snprintf(number, sizeof number, "%d", vm->threads[i].index);
		append_vm_labels(&e->labels, vm);
		append_label(&e->labels, false, "vcpu", number);
		series_add(e, thread_view(&vm->threads[i]), NULL);
	}
}

static void append_vcpus(struct exposition *e, const struct snapshot *snapshot)
{
	size_t i;

	series_begin(e);
	for (i = 0; i < snapshot->vm_count; i++)
		if (vm_is_wanted(e, snapshot->vms[i]))
			append_vcpus_of(e, snapshot->vms[i]);
	series_end(e);
	append_figures(e, "vcpu", &thread_info);
}

/* Families that are no figure of an object. */
static struct family family_of_vms(void)
{
	return family_plain("vms", "gauge", "", 0, "VMs of this host");
}

static struct family family_of_time(void)
{
	return family_plain("sample_timestamp_seconds", "gauge", "seconds", 6,
			    "when the figures were read, in seconds since 1970");
}

static struct family family_of_build(void)
{
	return family_plain("build", "info", "", 0, "the Truce that made these metrics");
}

static struct family family_of_self(unsigned which)
{
	switch (which) {
	case 0:
		return family_plain("exporter_snapshots", "counter", "", 0,
				    "snapshots taken since the exporter started");
	case 1:
		return family_plain("exporter_cpu_seconds", "counter", "seconds", 6,
				    "CPU time that the exporter used since it started");
	default:
		return family_plain("exporter_resident_memory_peak_bytes", "gauge", "bytes", 0,
				    "most resident memory that the exporter has had");
	}
}

static void append_one(struct exposition *e, struct family family, const char *labels,
		       int64_t value)
{
	e->described = false;
	append_sample(e, &family, labels, value);
}

static void append_self(struct exposition *e, const struct openmetrics_self *self)
{
	append_one(e, family_of_self(0), "", (int64_t)self->snapshots);
	append_one(e, family_of_self(1), "", (int64_t)self->cpu_usec);
	append_one(e, family_of_self(2), "", (int64_t)self->rss_peak_bytes);
}

static size_t series_most(const struct snapshot *snapshot)
{
	size_t most = 1 + snapshot->cpu_count + snapshot->disk_count + snapshot->nic_count, i;

	for (i = 0; i < snapshot->vm_count; i++)
		most += 1 + snapshot->vms[i]->vcpu_count;
	return most;
}

void openmetrics_append(const struct snapshot *snapshot, const struct openmetrics_options *options,
			const struct openmetrics_self *self, struct str *out)
{
	struct exposition e = { .options = options, .out = out };
	size_t most = series_most(snapshot);

	e.offsets = calloc(most + 1, sizeof *e.offsets);
	e.series = calloc(most, sizeof *e.series);
	str_init(&e.labels);
	if (options->timed)
		snprintf(e.time, sizeof e.time, " %llu.%06llu",
			 (unsigned long long)snapshot->realtime_usec / 1000000,
			 (unsigned long long)snapshot->realtime_usec % 1000000);
	if (e.offsets == NULL || e.series == NULL) {
		out->failed = true;
	} else {
		append_one(&e, family_of_build(), "{version=\"" TRUCE_VERSION "\"}", 1);
		append_one(&e, family_of_time(), "", (int64_t)snapshot->realtime_usec);
		append_one(&e, family_of_vms(), "", (int64_t)snapshot->vm_count);
		append_host(&e, snapshot);
		append_cpus(&e, snapshot);
		append_devices(&e, snapshot);
		append_vms(&e, snapshot);
		if (options->per_vcpu)
			append_vcpus(&e, snapshot);
		if (self != NULL)
			append_self(&e, self);
	}
	free(e.offsets);
	free(e.series);
	str_done(&e.labels);
}

void openmetrics_append_end(struct str *out)
{
	str_append(out, "# EOF\n");
}

void openmetrics_list(void (*each)(const char *name, const char *type, const char *unit,
				   const char *help, void *context), void *context)
{
	static const struct {
		const char *prefix;
		const struct object_info *info;
	} kinds[] = {
		{ "host", &host_info }, { "cpu", &cpu_info }, { "disk", &disk_info },
		{ "nic", &nic_info }, { "vm", &vm_info }, { "vcpu", &thread_info },
	};
	const struct family plain[] = {
		family_of_build(), family_of_time(), family_of_vms(), family_of_birth(),
		family_of_vcpus(), family_of_self(0), family_of_self(1), family_of_self(2),
	};
	size_t i, j;

	for (i = 0; i < sizeof plain / sizeof plain[0]; i++)
		each(plain[i].name, plain[i].type, plain[i].unit, plain[i].help, context);
	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct family family = family_of_texts(kinds[i].prefix);

		if (kinds[i].info->text_count > 0 && kinds[i].info != &thread_info)
			each(family.name, family.type, family.unit, family.help, context);
		for (j = 0; j < kinds[i].info->figure_count; j++) {
			family = family_of_figure(kinds[i].prefix, &kinds[i].info->figures[j]);
			each(family.name, family.type, family.unit, family.help, context);
		}
	}
}
