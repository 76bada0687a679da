/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each entry that an experiment can have, once: from this table come reading, limits, the
 * suggestions for mistyped ones, and what may stand in vary. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/suggest.h"
#include "lab/spec/spec_load.h"
#include "model/object.h"
#include "model/setting.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum field_type {
	FIELD_TEXT,
	FIELD_COUNT,  /* into an unsigned */
	FIELD_NUMBER, /* a count of 64 bits */
	FIELD_BYTES,
	FIELD_TIME,
	FIELD_SPEED,  /* bytes per time */
	FIELD_SHARE,  /* into a double */
	FIELD_CHOICE, /* into an enum */
	FIELD_SWITCH, /* yes and no, or two words: into a bool */
};

enum field_of { OF_SPEC, OF_MACHINE, OF_LOAD };

struct field {
	const char *path;
	enum field_type type;
	enum field_of of;
	size_t offset;
	double least, most;       /* in base units: bytes, microseconds, bytes a second */
	const char *const *words; /* of a choice; the second of a switch's words is true */
};

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define SPEC(field) OF_SPEC, offsetof(struct spec, field)
#define MACHINE(field) OF_MACHINE, offsetof(struct spec_machine, field)
#define LOAD(field) OF_LOAD, offsetof(struct spec_load, field)

#define MIB 1048576.0
#define TIB 1099511627776.0
#define SECOND 1e6

/* The first of a section may be said by the section's name alone: ksm = "on". */
static const struct field fields[] = {
	{ "name", FIELD_TEXT, SPEC(name), 1, 60 },
	{ "asks", FIELD_TEXT, SPEC(asks), 1, 400 },
	{ "predicts", FIELD_TEXT, SPEC(predicts), 1, 400 },
	{ "where", FIELD_CHOICE, SPEC(where), .words = WORDS("here", "box") },
	{ "stop", FIELD_CHOICE, SPEC(stop), .words = WORDS("fixed", "sequence") },
	{ "duet", FIELD_SWITCH, SPEC(duet), .words = WORDS("no", "yes") },
	{ "boots", FIELD_COUNT, SPEC(boots), 1, 1000 },
	{ "runs", FIELD_COUNT, SPEC(runs), 1, 100 },
	{ "warmup", FIELD_TIME, SPEC(warmup_usec), 0, 600 * SECOND },
	{ "duration", FIELD_TIME, SPEC(duration_usec), 0.2 * SECOND, 3600 * SECOND },
	{ "interval", FIELD_TIME, SPEC(interval_usec), 0.05 * SECOND, 10 * SECOND },
	{ "proof", FIELD_TIME, SPEC(proof_usec), 0.2 * SECOND, 3600 * SECOND },
	{ "precision", FIELD_SHARE, SPEC(precision), 0.001, 0.5 },
	{ "vms.count", FIELD_COUNT, MACHINE(count), 1, SPEC_VMS_MOST },
	{ "vms.kind", FIELD_SWITCH, MACHINE(no_vm), .words = WORDS("vm", "process") },
	{ "vms.vcpus", FIELD_COUNT, MACHINE(vcpus), 1, 64 },
	{ "vms.memory", FIELD_BYTES, MACHINE(memory_bytes), 64 * MIB, TIB },
	{ "vms.kernel", FIELD_TEXT, MACHINE(kernel), 1, 4000 },
	{ "vms.image", FIELD_TEXT, MACHINE(image), 1, 4000 },
	{ "vms.domain", FIELD_TEXT, MACHINE(domain), 1, 200 },
	{ "vms.accel", FIELD_TEXT, MACHINE(accel), 1, 3, WORDS("tcg", "kvm") },
	{ "disk.share", FIELD_CHOICE, MACHINE(disk.share), .words = WORDS("none", "each", "shared") },
	{ "disk.format", FIELD_CHOICE, MACHINE(disk.format), .words = WORDS("raw", "qcow2") },
	{ "disk.cache", FIELD_SWITCH, MACHINE(disk.direct), .words = WORDS("writeback", "none") },
	{ "disk.size", FIELD_BYTES, MACHINE(disk.size_bytes), 16 * MIB, TIB },
	{ "disk.speed", FIELD_SPEED, MACHINE(disk.speed_bytes_per_sec), 1e4, 1e12 },
	{ "disk.operations", FIELD_NUMBER, MACHINE(disk.speed_operations_per_sec), 1, 1e9 },
	{ "net.link", FIELD_SWITCH, MACHINE(net.on), .words = WORDS("off", "on") },
	{ "net.speed", FIELD_SPEED, MACHINE(net.speed_bytes_per_sec), 1e4, 1e12 },
	{ "ksm.state", FIELD_CHOICE, MACHINE(ksm), .words = WORDS("leave", "off", "on") },
	{ "ksm.pages", FIELD_NUMBER, MACHINE(ksm_pages), 1, 1e6 },
	{ "ksm.sleep", FIELD_TIME, MACHINE(ksm_sleep_usec), 1000, 60 * SECOND },
	{ "loaded", FIELD_COUNT, LOAD(loaded), 1, SPEC_VMS_MOST },
	{ "policy", FIELD_TEXT, LOAD(policy), 1, 4000 },
};

/* Entries that are read by hand. */
static const char *const more_words[] = { "vms.pin", "hold.subject", "hold.others" };
static const char *const sections[] = { "vms", "disk", "net", "ksm", "subject", "others", "peer", "hold",
					"measures", "vary", "baseline", "quick" };

/* -- one entry ------------------------------------------------------------------------------ */

static const struct spec_entry *find_field(const struct spec_entries *entries, const char *path)
{
	const struct spec_entry *entry = spec_entries_find(entries, path);
	const char *dot = strchr(path, '.');
	char section[32];
	size_t i;

	if (entry != NULL || dot == NULL)
		return entry;
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (strncmp(fields[i].path, path, (size_t)(dot - path) + 1) == 0)
			break;
	if (i == ARRAY_SIZE(fields) || strcmp(fields[i].path, path) != 0)
		return NULL; /* not the first of its section */
	memcpy(section, path, (size_t)(dot - path));
	section[dot - path] = '\0';
	return spec_entries_find(entries, section);
}

void spec_value_append(struct str *str, const struct spec_value *value)
{
	if (value->kind == SPEC_TEXT)
		str_append(str, value->text);
	else if (value->kind == SPEC_SWITCH)
		str_append(str, value->on ? "yes" : "no");
	else
		quantity_append(str, value->quantity);
}

static void problem_of_kind(struct spec_load_state *load, const struct spec_entry *entry,
			    const char *wanted)
{
	struct str is;

	str_init(&is);
	if (entry->value.kind == SPEC_TEXT)
		str_append(&is, "the text ");
	spec_value_append(&is, &entry->value);
	if (entry->value.kind == SPEC_NUMBER && entry->value.quantity.unit == QUANTITY_PLAIN)
		str_append(&is, ", a plain number");
	spec_problem(load, entry->place, "%s is %s, not %.100s", entry->path, wanted,
		     is.data != NULL ? is.data : "that");
	str_done(&is);
}

static const char *take_text(struct spec_load_state *load, const struct spec_entry *entry,
			     double most)
{
	if (entry->value.kind != SPEC_TEXT) {
		problem_of_kind(load, entry, "a text");
		return NULL;
	}
	if (*entry->value.text == '\0' || strlen(entry->value.text) > (size_t)most) {
		spec_problem(load, entry->place, "%s has 1 to %g bytes", entry->path, most);
		return NULL;
	}
	return entry->value.text;
}

static int word_of(const char *text, const char *const *words)
{
	int i;

	for (i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	return -1;
}

static void problem_of_word(struct spec_load_state *load, const struct spec_entry *entry,
			    const char *const *words)
{
	struct suggest suggest;
	struct str list;
	int i;

	suggest_init(&suggest, entry->value.text);
	str_init(&list);
	for (i = 0; words[i] != NULL; i++) {
		suggest_offer(&suggest, words[i]);
		str_appendf(&list, "%s\"%s\"", i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ",
			    words[i]);
	}
	if (suggest.nearest != NULL)
		spec_problem(load, entry->place, "%s: \"%.60s\" is not known: did you mean \"%s\"?",
			     entry->path, entry->value.text, suggest.nearest);
	else
		spec_problem(load, entry->place, "%s is %s, not \"%.60s\"", entry->path,
			     list.data != NULL ? list.data : "another word", entry->value.text);
	str_done(&list);
}

int spec_take_word(struct spec_load_state *load, const struct spec_entry *entry,
		   const char *const *words)
{
	int word;

	if (entry->value.kind == SPEC_SWITCH && words[2] == NULL)
		return entry->value.on;
	if (entry->value.kind == SPEC_SWITCH && word_of("on", words) >= 0)
		return word_of(entry->value.on ? "on" : "off", words);
	if (entry->value.kind != SPEC_TEXT) {
		problem_of_kind(load, entry, "a word");
		return -1;
	}
	word = word_of(entry->value.text, words);
	if (word < 0)
		problem_of_word(load, entry, words);
	return word;
}

struct unit {
	uint8_t unit;
	double size; /* of Lua's amount in the field's */
	const char *wanted;
};

static const struct unit units[] = {
	[FIELD_COUNT] = { QUANTITY_PLAIN, 1, "a plain number" },
	[FIELD_NUMBER] = { QUANTITY_PLAIN, 1, "a plain number" },
	[FIELD_BYTES] = { QUANTITY_BYTES, 1, "a size, as 256*MiB" },
	[FIELD_TIME] = { QUANTITY_TIME, 1, "a time, as 2*s" },
	[FIELD_SPEED] = { QUANTITY_BYTES_PER_TIME, 1e6, "a speed, as 100*Mbit/s" },
	[FIELD_SHARE] = { QUANTITY_SHARE, 1, "a share, as percent(2)" },
};

static void append_amount(struct str *str, const struct unit *unit, double number)
{
	quantity_append(str, (struct quantity){ number / unit->size, unit->unit });
}

static void problem_of_range(struct spec_load_state *load, const struct spec_entry *entry,
			     const struct field *field)
{
	const struct unit *unit = &units[field->type];
	struct str text;

	str_init(&text);
	append_amount(&text, unit, field->least);
	str_append(&text, " to ");
	append_amount(&text, unit, field->most);
	str_append(&text, ", not ");
	spec_value_append(&text, &entry->value);
	spec_problem(load, entry->place, "%s is %s", entry->path,
		     text.data != NULL ? text.data : "out of its range");
	str_done(&text);
}

static bool take_amount(struct spec_load_state *load, const struct spec_entry *entry,
			const struct field *field, double *ret)
{
	const struct unit *unit = &units[field->type];
	double number;

	if (entry->value.kind != SPEC_NUMBER || entry->value.quantity.unit != unit->unit) {
		problem_of_kind(load, entry, unit->wanted);
		return false;
	}
	number = entry->value.quantity.number * unit->size;
	if (!(number >= field->least && number <= field->most) ||
	    (unit->unit == QUANTITY_PLAIN && number != floor(number))) {
		problem_of_range(load, entry, field);
		return false;
	}
	*ret = number;
	return true;
}

static void store_amount(struct spec_load_state *load, const struct spec_entry *entry,
			 const struct field *field, void *to)
{
	double number;

	if (!take_amount(load, entry, field, &number))
		return;
	if (field->type == FIELD_SHARE)
		*(double *)to = number;
	else if (field->type == FIELD_COUNT)
		*(unsigned *)to = (unsigned)number;
	else
		*(uint64_t *)to = (uint64_t)(number + 0.5);
}

static void store(struct spec_load_state *load, const struct spec_entry *entry,
		  const struct field *field, void *to)
{
	const char *text;
	int word;

	switch (field->type) {
	case FIELD_TEXT:
		text = take_text(load, entry, field->most);
		if (text != NULL && field->words != NULL && word_of(text, field->words) < 0)
			problem_of_word(load, entry, field->words);
		else if (text != NULL)
			*(const char **)to = text;
		break;
	case FIELD_CHOICE:
		word = spec_take_word(load, entry, field->words);
		if (word >= 0)
			*(unsigned *)to = (unsigned)word;
		break;
	case FIELD_SWITCH:
		word = spec_take_word(load, entry, field->words);
		if (word >= 0)
			*(bool *)to = word != 0;
		break;
	default:
		store_amount(load, entry, field, to);
	}
}

/* -- lists and workloads --------------------------------------------------------------------- */

static void read_pin_list(struct spec_load_state *load, const struct spec_entries *entries,
			  struct spec_load *ret)
{
	static const struct field cpu = { "vms.pin", FIELD_COUNT, .least = 0, .most = 8191 };
	unsigned *cpus = spec_keep_bytes(load, SPEC_VMS_MOST * sizeof *cpus);
	char path[32];
	unsigned i;

	for (i = 0; cpus != NULL && i < SPEC_VMS_MOST; i++) {
		const struct spec_entry *entry;
		double number;

		snprintf(path, sizeof path, "vms.pin.%u", i + 1);
		entry = spec_entries_find(entries, path);
		if (entry == NULL)
			break;
		if (take_amount(load, entry, &cpu, &number))
			cpus[ret->pin_cpu_count++] = (unsigned)number;
	}
	ret->pin_cpus = cpus;
	if (ret->pin_cpu_count > 0)
		ret->pin = SPEC_PIN_CPUS;
}

static void read_pin(struct spec_load_state *load, const struct spec_entries *entries,
		     struct spec_load *ret)
{
	static const char *const words[] = { "none", "own", "shared", NULL };
	const struct spec_entry *entry = spec_entries_find(entries, "vms.pin");
	int word;

	ret->pin = SPEC_PIN_NONE;
	if (entry == NULL) {
		read_pin_list(load, entries, ret);
		return;
	}
	word = spec_take_word(load, entry, words);
	if (word >= 0)
		ret->pin = (enum spec_pin)word;
}

static void append_quoted(struct str *line, const char *text)
{
	bool plain = *text != '\0';
	const char *c;

	for (c = text; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && strchr("/._-:,+%@", *c) == NULL)
			plain = false;
	if (plain) {
		str_append(line, text);
		return;
	}
	str_append_char(line, '"');
	for (c = text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			str_append_char(line, '\\');
		str_append_char(line, *c);
	}
	str_append_char(line, '"');
}

/* As the workload's line has it (work/workload.h): bytes, "20000us", bytes a second. */
static void append_parameter(struct str *line, const struct spec_value *value)
{
	double number = value->quantity.number;

	if (value->kind == SPEC_TEXT)
		append_quoted(line, value->text);
	else if (value->kind == SPEC_SWITCH)
		str_append(line, value->on ? "yes" : "no");
	else if (value->quantity.unit == QUANTITY_TIME)
		str_appendf(line, "%.0fus", number);
	else if (value->quantity.unit == QUANTITY_BYTES)
		str_appendf(line, "%.0f", number);
	else if (value->quantity.unit == QUANTITY_BYTES_PER_TIME ||
		 value->quantity.unit == QUANTITY_PER_TIME)
		str_appendf(line, "%.0f", number * 1e6);
	else
		str_appendf(line, "%.17g", number);
}

static void append_parameters(struct spec_load_state *load, const struct spec_entries *entries,
			      const char *role, struct str *line)
{
	size_t i, size = strlen(role);

	for (i = 0; i < entries->count; i++) {
		const struct spec_entry *entry = &entries->items[i];
		const char *name = entry->path + size + 1;

		if (!spec_path_is_below(entry->path, role) || entry->path[size] != '.' ||
		    strcmp(name, "work") == 0)
			continue;
		if (strchr(name, '.') != NULL) {
			spec_problem(load, entry->place, "%s: a workload's parameter is one value",
				     entry->path);
			continue;
		}
		str_appendf(line, " %s=", name);
		append_parameter(line, &entry->value);
	}
}

static bool has_below(const struct spec_entries *entries, const char *path)
{
	size_t i;

	for (i = 0; i < entries->count; i++)
		if (spec_path_is_below(entries->items[i].path, path))
			return true;
	return false;
}

/* Some entry below the role's own; NULL: there is none. */
static const struct spec_entry *find_part(const struct spec_entries *entries, const char *role)
{
	size_t i;

	for (i = 0; i < entries->count; i++)
		if (spec_path_is_below(entries->items[i].path, role) &&
		    entries->items[i].path[strlen(role)] == '.')
			return &entries->items[i];
	return NULL;
}

/* The workload of a role as one line; NULL where the spec has none. */
static const char *read_work(struct spec_load_state *load, const struct spec_entries *entries,
			     const char *role)
{
	const struct spec_entry *entry = spec_entries_find(entries, role), *part;
	const char *kept = NULL, *name = NULL;
	struct str line;
	char path[32];

	part = find_part(entries, role);
	if (entry != NULL && part != NULL)
		spec_problem(load, part->place, "%s is a line of text, to which %s cannot be added: say it "
			     "in the line, or all of it as a table", role, part->path);
	if (entry != NULL)
		return take_text(load, entry, 900);
	if (part == NULL)
		return NULL;
	snprintf(path, sizeof path, "%s.work", role);
	entry = spec_entries_find(entries, path);
	if (entry != NULL)
		name = take_text(load, entry, 60);
	else
		spec_problem(load, role, "%s says which work: %s = { work = \"cpu-integer\" }", role,
			     role);
	if (name == NULL)
		return NULL;
	str_init(&line);
	str_append(&line, name);
	append_parameters(load, entries, role, &line);
	if (!line.failed)
		kept = spec_keep(load, line.data, line.length);
	load->out_of_memory |= line.failed;
	str_done(&line);
	return kept;
}

/* What the peer's half has of its own: { rate = 10*MB }. */
static const char *read_peer(struct spec_load_state *load, const struct spec_entries *entries)
{
	const char *kept = NULL;
	struct str line;

	str_init(&line);
	append_parameters(load, entries, "peer", &line);
	if (line.length > 0)
		kept = spec_keep(load, line.data + 1, line.length - 1);
	load->out_of_memory |= line.failed;
	str_done(&line);
	return kept;
}

static void read_hold(struct spec_load_state *load, const struct spec_entry *entry,
		      const char *setting_name, struct spec_hold *hold)
{
	struct setting_value value;
	struct error err = { 0 };
	struct str text;
	int setting = setting_find_or_suggest(setting_name, &err);

	str_init(&text);
	spec_value_append(&text, &entry->value);
	if (setting >= 0 && !text.failed)
		setting_parse((enum setting)setting, text.data != NULL ? text.data : "", &value, &err);
	if (err.code < 0)
		spec_problem(load, entry->place, "hold: %s", err.text);
	hold->setting = spec_keep(load, setting_name, strlen(setting_name));
	hold->value = spec_keep(load, text.data != NULL ? text.data : "", text.length);
	str_done(&text);
}

/* hold = { others = { ["disk.max"] = 10*MB/s } } */
static void read_holds(struct spec_load_state *load, const struct spec_entries *entries,
		       struct spec_load *ret)
{
	struct spec_hold *holds = spec_keep_bytes(load, (entries->count + 1) * sizeof *holds);
	size_t i;

	ret->holds = holds;
	for (i = 0; holds != NULL && i < entries->count; i++) {
		const struct spec_entry *entry = &entries->items[i];
		bool subject = strncmp(entry->path, "hold.subject.", 13) == 0;

		if (!subject && strncmp(entry->path, "hold.others.", 12) != 0)
			continue;
		holds[ret->hold_count].of_subject = subject;
		holds[ret->hold_count].of_others = !subject;
		read_hold(load, entry, entry->path + (subject ? 13 : 12), &holds[ret->hold_count++]);
	}
}

static bool measure_is_known(const char *text)
{
	static const char *const plain[] = { "rate", "bytes", "latency-p50", "latency-p99",
					     "latency-p999", "lost", "errors", NULL };
	static const char *const prefixes[] = { "result:", "vm:", "host:", NULL };
	int i;

	for (i = 0; prefixes[i] != NULL; i++)
		if (strncmp(text, prefixes[i], strlen(prefixes[i])) == 0)
			return text[strlen(prefixes[i])] != '\0';
	return word_of(text, plain) >= 0;
}

/* A mistyped one would be measured for hours and have no value. */
static void check_figure(struct spec_load_state *load, const struct spec_entry *entry,
			 const char *measure)
{
	const struct object_info *info = strncmp(measure, "vm:", 3) == 0 ? &vm_info :
					 strncmp(measure, "host:", 5) == 0 ? &host_info : NULL;
	struct suggest suggest;
	size_t i;

	if (info == NULL || object_find_figure(info, strchr(measure, ':') + 1) >= 0)
		return;
	suggest_init(&suggest, strchr(measure, ':') + 1);
	for (i = 0; i < info->figure_count; i++)
		suggest_offer(&suggest, info->figures[i].name);
	spec_problem(load, entry->place, "measures: \"%.60s\" is no figure of doc/format/figures.md%s%s%s",
		     measure, suggest.nearest != NULL ? ": did you mean \"" : "",
		     suggest.nearest != NULL ? suggest.nearest : "",
		     suggest.nearest != NULL ? "\"?" : "");
}

static void read_measures(struct spec_load_state *load, const struct spec_entries *entries)
{
	struct spec *spec = load->spec;
	size_t i;

	spec->measure_count = 0;
	for (i = 0; i < entries->count; i++) {
		const struct spec_entry *entry = &entries->items[i];
		const char *text;

		if (!spec_path_is_below(entry->path, "measures"))
			continue;
		text = take_text(load, entry, 60);
		if (text == NULL)
			continue;
		check_figure(load, entry, text);
		if (!measure_is_known(text))
			spec_problem(load, entry->place, "measures: \"%.60s\" is not rate, bytes, lost, "
				     "errors, latency-p50, latency-p99, latency-p999, result:NAME, "
				     "vm:FIGURE or host:FIGURE", text);
		else if (spec->measure_count == SPEC_MEASURES_MOST)
			spec_problem(load, entry->place, "measures are %d at most", SPEC_MEASURES_MOST);
		else
			spec->measures[spec->measure_count++] = text;
	}
	if (spec->measure_count == 0)
		spec->measures[spec->measure_count++] = "rate";
}

/* A file that is named in an experiment is beside it, wherever one runs it from. */
static void make_absolute(struct spec_load_state *load, const char **path)
{
	const char *slash = strrchr(load->spec->path, '/');

	if (*path == NULL || **path == '/' || slash == NULL)
		return;
	*path = spec_keep_format(load, "%.*s/%s", (int)(slash - load->spec->path), load->spec->path,
				 *path);
}

/* -- all ------------------------------------------------------------------------------------- */

void spec_fields_read(struct spec_load_state *load, const struct spec_entries *entries,
		      struct spec_machine *machine, struct spec_load *ret_load)
{
	void *const bases[] = { load->spec, machine, ret_load };
	size_t i;

	*machine = (struct spec_machine){ .count = 1, .vcpus = 1, .memory_bytes = 256ull << 20,
					  .disk.size_bytes = 256ull << 20 };
	*ret_load = (struct spec_load){ 0 };
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct spec_entry *entry = find_field(entries, fields[i].path);

		if (entry != NULL)
			store(load, entry, &fields[i], (char *)bases[fields[i].of] + fields[i].offset);
	}
	if (has_below(entries, "net") && find_field(entries, "net.link") == NULL)
		machine->net.on = true;
	if (has_below(entries, "disk") && find_field(entries, "disk.share") == NULL)
		machine->disk.share = SPEC_DISK_EACH;
	if (ret_load->loaded == 0)
		ret_load->loaded = machine->count;
	if (ret_load->policy != NULL && strcmp(ret_load->policy, "none") == 0)
		ret_load->policy = NULL;
	make_absolute(load, &ret_load->policy);
	if (machine->image != NULL && strchr(machine->image, '/') != NULL)
		make_absolute(load, &machine->image);
	make_absolute(load, &machine->kernel);
	read_pin(load, entries, ret_load);
	ret_load->subject = read_work(load, entries, "subject");
	ret_load->others = read_work(load, entries, "others");
	ret_load->peer = read_peer(load, entries);
	read_holds(load, entries, ret_load);
	read_measures(load, entries);
}

/* -- which there are -------------------------------------------------------------------------- */

static bool is_section(const char *path, const char *of)
{
	size_t size = strlen(path);

	return strncmp(of, path, size) == 0 && of[size] == '.';
}

static bool is_section_name(const char *path, size_t size)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sections); i++)
		if (strlen(sections[i]) == size && memcmp(sections[i], path, size) == 0)
			return true;
	return false;
}

static bool is_known(const char *path)
{
	static const char *const free_below[] = { "subject", "others", "peer", "hold.subject", "hold.others",
						  "measures", "vms.pin", NULL };
	size_t i;

	for (i = 0; free_below[i] != NULL; i++)
		if (spec_path_is_below(path, free_below[i]))
			return true;
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strcmp(fields[i].path, path) == 0)
			return true;
		/* ksm = "on" stands for ksm.state; vms has no first entry to stand for. */
		if (strcmp(path, "vms") != 0 && is_section(path, fields[i].path))
			return true;
	}
	return false;
}

void spec_fields_make_room(struct spec_entries *entries, const char *path)
{
	static const char *const whole[] = { "subject", "others", "vms.pin", NULL };
	size_t i;

	if (word_of(path, whole) >= 0) {
		spec_entries_remove(entries, path);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (is_section(path, fields[i].path)) {
			/* Only the first of a section is what the section's name stands for. */
			spec_entries_remove(entries, fields[i].path);
			return;
		}
}

/* The nearest word for a path that is not known. Of a known section its own entries, else what
 * stands at the top. */
static const char *nearest(const char *path, size_t head)
{
	bool in_section = path[head] == '.' && is_section_name(path, head);
	char wrong[96];
	struct suggest suggest;
	size_t i;

	snprintf(wrong, sizeof wrong, "%.*s", in_section ? 90 : (int)head, path);
	suggest_init(&suggest, wrong);
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if ((strchr(fields[i].path, '.') != NULL) == in_section)
			suggest_offer(&suggest, fields[i].path);
	for (i = 0; i < ARRAY_SIZE(more_words); i++)
		if (in_section)
			suggest_offer(&suggest, more_words[i]);
	for (i = 0; i < ARRAY_SIZE(sections); i++)
		if (!in_section)
			suggest_offer(&suggest, sections[i]);
	return suggest.nearest;
}

static void problem_unknown(struct spec_load_state *load, const char *path, const char *place)
{
	size_t head = strcspn(path, ".");
	const char *near;
	char said[96];

	/* Of a section that is not known, its name is what is wrong. */
	snprintf(said, sizeof said, "%.*s",
		 is_section_name(path, head) ? 90 : (int)head, path);
	near = nearest(path, head);
	if (strcmp(place, path) == 0)
		place = said;
	spec_problem(load, place, "\"%s\" is not known%s%s%s", said,
		     near != NULL ? ": did you mean \"" : "", near != NULL ? near : "",
		     near != NULL ? "\"?" : "");
}

const char *spec_field_nearest(const char *path)
{
	return nearest(path, strcspn(path, "."));
}

bool spec_field_varies(const char *path)
{
	static const char *const fixed[] = { "name", "asks", "predicts", "where", "stop", "duet",
					     "boots", "runs", "warmup", "duration", "interval",
					     "measures", "proof", "precision", NULL };
	size_t i;

	for (i = 0; fixed[i] != NULL; i++)
		if (spec_path_is_below(path, fixed[i]))
			return false;
	return is_known(path);
}

/* "subject.wrk" is of the workload; the workload itself refuses what it does not know. */
void spec_fields_check_known(struct spec_load_state *load, const struct spec_entries *entries)
{
	size_t i;

	for (i = 0; i < entries->count; i++) {
		const struct spec_entry *entry = &entries->items[i];
		const char *path = entry->path;

		if (strncmp(path, "quick.", 6) == 0)
			path += 6;
		if (spec_path_is_below(path, "vary") || spec_path_is_below(path, "baseline"))
			continue;
		if (!is_known(path))
			problem_unknown(load, path, entry->place);
	}
}
