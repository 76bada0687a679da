/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each fact is a line of a table: its name and the function that finds it. */
#include "lab/host/facts.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "lab/host/ability.h"
#include "lab/host/tool.h"
#include "sys/host.h"
#include "sys/root.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#define CPUS "/sys/devices/system/cpu"
#define DISTINCT_MOST 16 /* of governors, frequencies: further ones are "..." */

struct finder {
	const char *name;
	/* Appends the value; negative, and err filled, where it cannot be told. */
	int (*find)(const struct finder *finder, struct root *root, struct str *value,
		    struct error *err);
	const char *path;
};

static int path_read(struct root *root, const char *path, char *text, size_t size,
		     struct error *err)
{
	ssize_t length = host_text_read(root, path, text, size);

	return length < 0 ? error_errno(err, (int)length, "%s", path) : 0;
}

static int find_file(const struct finder *finder, struct root *root, struct str *value,
		     struct error *err)
{
	char text[1024];
	int code = path_read(root, finder->path, text, sizeof text, err);

	if (code == 0)
		str_append(value, text);
	return code;
}

/* "always [madvise] never": the one that is chosen. */
static int find_chosen(const struct finder *finder, struct root *root, struct str *value,
		       struct error *err)
{
	char text[256];
	const char *begin, *end;
	int code = path_read(root, finder->path, text, sizeof text, err);

	if (code < 0)
		return code;
	begin = strchr(text, '[');
	end = begin != NULL ? strchr(begin, ']') : NULL;
	if (end == NULL)
		return error_set(err, -ENODATA, "%s chooses nothing", finder->path);
	str_append_bytes(value, begin + 1, (size_t)(end - begin - 1));
	return 0;
}

/* The value of the first line "NAME : VALUE". */
static int find_cpuinfo(const struct finder *finder, struct root *root, struct str *value,
			struct error *err)
{
	char bytes[8192];
	ssize_t size = root_read(root, "/proc/cpuinfo", bytes, sizeof bytes);
	struct cursor all = cursor_over(bytes, size > 0 ? (size_t)size : 0), line;

	if (size < 0)
		return error_errno(err, (int)size, "/proc/cpuinfo");
	while (cursor_take_line(&all, &line)) {
		if (!cursor_take_text(&line, finder->path))
			continue;
		while (!cursor_at_end(&line) && strchr(" \t:", *line.at) != NULL)
			line.at++;
		str_append_bytes(value, line.at, cursor_left(&line));
		return 0;
	}
	return error_set(err, -ENODATA, "/proc/cpuinfo has no %s", finder->path);
}

struct distinct {
	struct root *root;
	const char *file;
	char values[DISTINCT_MOST][64];
	size_t count;
	bool more;
};

static void distinct_add(struct distinct *distinct, const char *text)
{
	size_t i;

	for (i = 0; i < distinct->count; i++)
		if (strcmp(distinct->values[i], text) == 0)
			return;
	if (distinct->count == DISTINCT_MOST) {
		distinct->more = true;
		return;
	}
	text_copy(distinct->values[distinct->count++], sizeof distinct->values[0], text,
		  strlen(text));
}

static int distinct_visit(const char *name, void *context)
{
	struct distinct *distinct = context;
	char path[256], text[64];

	if (strncmp(name, "cpu", 3) != 0 || name[3] < '0' || name[3] > '9')
		return 0;
	snprintf(path, sizeof path, CPUS "/%s/%s", name, distinct->file);
	if (host_text_read(distinct->root, path, text, sizeof text) >= 0)
		distinct_add(distinct, text);
	return 0;
}

/* What the CPUs have there: one value, or several that differ. */
static int find_of_cpus(const struct finder *finder, struct root *root, struct str *value,
			struct error *err)
{
	struct distinct distinct = { .root = root, .file = finder->path };
	size_t i;

	root_list(root, CPUS, distinct_visit, &distinct);
	if (distinct.count == 0)
		return error_set(err, -ENOENT, "no CPU has " CPUS "/cpu*/%s", finder->path);
	for (i = 0; i < distinct.count; i++)
		str_appendf(value, "%s%s", i > 0 ? ", " : "", distinct.values[i]);
	if (distinct.more)
		str_append(value, ", ...");
	return 0;
}

struct listing {
	struct root *root;
	struct str *value;
};

static int vulnerability_visit(const char *name, void *context)
{
	struct listing *listing = context;
	char path[256], text[512];

	if (name[0] == '.')
		return 0;
	snprintf(path, sizeof path, CPUS "/vulnerabilities/%s", name);
	/* What does not concern this processor would only hide what does. */
	if (host_text_read(listing->root, path, text, sizeof text) < 0 ||
	    strcmp(text, "Not affected") == 0)
		return 0;
	str_appendf(listing->value, "%s%s: %s", listing->value->length > 0 ? "; " : "", name,
		    text);
	return 0;
}

static int find_mitigations(const struct finder *finder, struct root *root, struct str *value,
			    struct error *err)
{
	struct listing listing = { root, value };
	int code = root_list(root, CPUS "/vulnerabilities", vulnerability_visit, &listing);

	if (code < 0)
		return error_errno(err, code, CPUS "/vulnerabilities");
	if (value->length == 0)
		str_append(value, "not affected");
	return 0;
}

static int find_boost(const struct finder *finder, struct root *root, struct str *value,
		      struct error *err)
{
	char text[16];

	if (path_read(root, CPUS "/intel_pstate/no_turbo", text, sizeof text, NULL) == 0) {
		str_append(value, strcmp(text, "0") == 0 ? "on" : "off");
		return 0;
	}
	if (path_read(root, CPUS "/cpufreq/boost", text, sizeof text, err) < 0)
		return err != NULL ? err->code : -ENOENT;
	str_append(value, strcmp(text, "0") == 0 ? "off" : "on");
	return 0;
}

static int find_usable_cpus(const struct finder *finder, struct root *root, struct str *value,
			    struct error *err)
{
	struct host_room room;
	int code = host_room_read(&room, err);
	size_t i;

	if (code < 0)
		return code;
	for (i = 0; i < room.cpu_count; i++)
		str_appendf(value, "%s%u", i > 0 ? "," : "", room.cpus[i]);
	host_room_done(&room);
	return 0;
}

static int find_memory(const struct finder *finder, struct root *root, struct str *value,
		       struct error *err)
{
	struct host_room room;
	int code = host_room_read(&room, err);

	if (code == 0) {
		str_append_int(value, (int64_t)room.memory_total_bytes);
		host_room_done(&room);
	}
	return code;
}

static int find_kernel(const struct finder *finder, struct root *root, struct str *value,
		       struct error *err)
{
	struct utsname machine;

	if (uname(&machine) != 0)
		return error_errno(err, -errno, "uname");
	str_appendf(value, "%s %s", machine.release, machine.version);
	return 0;
}

static int find_platform(const struct finder *finder, struct root *root, struct str *value,
			 struct error *err)
{
	str_append(value, platform_text());
	return 0;
}

static int find_accelerator(const struct finder *finder, struct root *root, struct str *value,
			    struct error *err)
{
	str_append(value, accelerator_name(accelerator_choose(NULL)));
	return 0;
}

static int find_why_not_kvm(const struct finder *finder, struct root *root, struct str *value,
			    struct error *err)
{
	struct error why = { 0 };

	str_append(value, accelerator_check(ACCELERATOR_KVM, &why) == 0 ? "usable" : why.text);
	return 0;
}

/* "QEMU emulator version 7.2.22 (Debian ...)": what is behind "version ". */
static int find_qemu(const struct finder *finder, struct root *root, struct str *value,
		     struct error *err)
{
	CLEANUP_FREE char *program = NULL;
	const char *arguments[] = { NULL, "--version", NULL };
	const char *version;
	struct str said;
	int code = host_program("qemu-system-x86_64", &program, err);

	if (code < 0)
		return code;
	arguments[0] = program;
	str_init(&said);
	code = tool_run(arguments, NULL, -1, &said, err);
	if (code == 0) {
		version = said.data != NULL ? strstr(said.data, "version ") : NULL;
		version = version != NULL ? version + strlen("version ") : "unknown";
		str_append_bytes(value, version, strcspn(version, "\n"));
	}
	str_done(&said);
	return code;
}

static int find_scheduler(const struct finder *finder, struct root *root, struct str *value,
			  struct error *err)
{
	char text[128];
	int code = host_scheduler_read(root, text, sizeof text);

	if (code < 0)
		return error_errno(err, code, "the scheduler");
	str_append(value, text);
	return 0;
}

static const struct finder finders[] = {
	{ "platform", find_platform },
	{ "accelerator", find_accelerator },
	{ "kvm", find_why_not_kvm },
	{ "kvm.halt_poll_nsec", find_file, "/sys/module/kvm/parameters/halt_poll_ns" },
	{ "qemu.version", find_qemu },
	{ "kernel", find_kernel },
	{ "kernel.scheduler", find_scheduler },
	{ "kernel.clock", find_file,
	  "/sys/devices/system/clocksource/clocksource0/current_clocksource" },
	{ "cpu.model", find_cpuinfo, "model name" },
	{ "cpu.microcode", find_cpuinfo, "microcode" },
	{ "cpu.online", find_file, CPUS "/online" },
	{ "cpu.usable", find_usable_cpus },
	{ "cpu.isolated", find_file, CPUS "/isolated" },
	{ "cpu.smt", find_file, CPUS "/smt/control" },
	{ "cpu.governor", find_of_cpus, "cpufreq/scaling_governor" },
	{ "cpu.frequency_driver", find_of_cpus, "cpufreq/scaling_driver" },
	{ "cpu.boost", find_boost },
	{ "cpu.mitigations", find_mitigations },
	{ "memory.bytes", find_memory },
	{ "memory.huge_pages", find_chosen, "/sys/kernel/mm/transparent_hugepage/enabled" },
	{ "memory.huge_pages_defrag", find_chosen, "/sys/kernel/mm/transparent_hugepage/defrag" },
	{ "memory.ksm", find_file, "/sys/kernel/mm/ksm/run" },
	{ "memory.swappiness", find_file, "/proc/sys/vm/swappiness" },
	{ "memory.nodes", find_file, "/sys/devices/system/node/online" },
};

static void fact_find(struct host_fact *fact, const struct finder *finder, struct root *root)
{
	struct error err = { 0 };
	struct str value, safe;

	str_init(&value);
	str_init(&safe);
	fact->name = finder->name;
	if (finder->find(finder, root, &value, &err) == 0) {
		text_append_safe(&safe, value.data != NULL ? value.data : "", value.length);
		/* An empty file, as of a host without isolated CPUs, is a value too. */
		str_append(&safe, "");
		fact->value = str_take(&safe);
	} else {
		text_append_printable(&safe, err.text, strlen(err.text));
		fact->reason = str_take(&safe);
	}
	str_done(&value);
	str_done(&safe);
}

static bool fact_is_told(const struct host_fact *fact)
{
	return fact->value != NULL || fact->reason != NULL;
}

int host_facts_read(struct host_facts *ret, struct error *err)
{
	struct host_facts facts = { calloc(ARRAY_SIZE(finders), sizeof *facts.items), 0 };
	struct root *root = root_live_new();
	bool whole = facts.items != NULL && root != NULL;
	size_t i;

	for (i = 0; whole && i < ARRAY_SIZE(finders); i++) {
		fact_find(&facts.items[facts.count++], &finders[i], root);
		whole = fact_is_told(&facts.items[i]);
	}
	root_free(root);
	if (!whole) {
		host_facts_done(&facts);
		return error_errno(err, -ENOMEM, "no room for the facts of this host");
	}
	*ret = facts;
	return 0;
}

void host_facts_done(struct host_facts *facts)
{
	size_t i;

	for (i = 0; i < facts->count; i++) {
		free(facts->items[i].value);
		free(facts->items[i].reason);
	}
	free(facts->items);
	*facts = (struct host_facts){ 0 };
}

const char *host_facts_get(const struct host_facts *facts, const char *name)
{
	size_t i;

	for (i = 0; i < facts->count; i++)
		if (strcmp(facts->items[i].name, name) == 0)
			return facts->items[i].value;
	return NULL;
}

int host_steal_nsec(uint64_t *ret_nsec)
{
	struct root *root = root_live_new();
	struct host_stat stat;
	char bytes[1024]; /* the line of all CPUs is the first */
	ssize_t size = root != NULL ? root_read(root, "/proc/stat", bytes, sizeof bytes) : -ENOMEM;
	int code = size < 0 ? (int)size : 0;

	if (code == 0)
		code = host_stat_parse(bytes, (size_t)size, NULL, 0, &stat);
	if (code == 0)
		*ret_nsec = stat.all.steal * (1000000000ull / (uint64_t)root->ticks_per_second);
	root_free(root);
	return code;
}
