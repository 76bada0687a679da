/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what varies to the cells: every combination, its baseline, and a second copy of each
 * baseline as the control. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/suggest.h"
#include "lab/spec/spec_load.h"
#include "lab/spec/spec_work.h"
#include "work/work.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES_MOST = 32 };

/* -- factors -------------------------------------------------------------------------------- */

/* vary.F.V is one value or, where it is a table, all of vary.F.V.*. */
static bool has_value(const struct spec_entries *entries, size_t factor, size_t value)
{
	char path[48];
	size_t i;

	snprintf(path, sizeof path, "vary.%zu.%zu", factor + 1, value + 2);
	for (i = 0; i < entries->count; i++)
		if (spec_path_is_below(entries->items[i].path, path))
			return true;
	return false;
}

/* What a table in the place of a value is called: its name, else what is in its list. */
static const char *label_of_table(struct spec_load_state *load, const struct spec_entries *entries,
				  const char *path)
{
	const char *kept;
	struct str list;
	char name[96];
	size_t i;
	const struct spec_entry *entry;

	snprintf(name, sizeof name, "%.80s.name", path);
	entry = spec_entries_find(entries, name);
	if (entry != NULL && entry->value.kind == SPEC_TEXT)
		return entry->value.text;
	str_init(&list);
	for (i = 0; i < entries->count; i++) {
		if (!spec_path_is_below(entries->items[i].path, path))
			continue;
		if (list.length > 0)
			str_append_char(&list, ',');
		spec_value_append(&list, &entries->items[i].value);
	}
	kept = spec_keep(load, list.data != NULL ? list.data : "", list.length);
	str_done(&list);
	return kept;
}

static const char *label_of(struct spec_load_state *load, const struct spec_entries *entries,
			    size_t factor, size_t value)
{
	const struct spec_entry *entry;
	const char *kept;
	struct str text;
	char path[48];

	snprintf(path, sizeof path, "vary.%zu.%zu", factor + 1, value + 2);
	entry = spec_entries_find(entries, path);
	if (entry == NULL)
		return label_of_table(load, entries, path);
	str_init(&text);
	spec_value_append(&text, &entry->value);
	kept = spec_keep(load, text.data != NULL ? text.data : "", text.length);
	str_done(&text);
	return kept;
}

static void check_differ(struct spec_load_state *load, const struct spec_factor *factor, size_t at)
{
	char path[48];
	size_t i, j;

	for (i = 0; i < factor->value_count; i++)
		for (j = 0; j < i; j++)
			if (strcmp(factor->values[i], factor->values[j]) == 0) {
				snprintf(path, sizeof path, "vary.%zu.%zu", at + 1, i + 2);
				spec_problem(load, path, "vary: %s has the value %.60s twice",
					     factor->path, factor->values[i]);
			}
}

/* What a factor says of itself beside its path and values. */
static void read_factor_needs(struct spec_load_state *load, const struct spec_entry *entry,
			      struct spec_factor *factor)
{
	static const char *const words[] = { "boot", "run", NULL };
	int word;

	if (entry->value.kind != SPEC_TEXT) {
		spec_problem(load, entry->place, "vary: needs is \"boot\" or \"run\"");
		return;
	}
	word = spec_take_word(load, entry, words);
	factor->asks_boot = word == 0;
	factor->asks_run = word == 1;
}

static void read_factor_words(struct spec_load_state *load, const struct spec_entries *entries,
			      size_t at)
{
	struct spec_factor *factor = &load->spec->factors[at];
	char prefix[32];
	size_t i, size = (size_t)snprintf(prefix, sizeof prefix, "vary.%zu.", at + 1);

	for (i = 0; i < entries->count; i++) {
		const struct spec_entry *entry = &entries->items[i];
		const char *word = entry->path + size;
		struct suggest suggest;

		if (strncmp(entry->path, prefix, size) != 0 || isdigit((unsigned char)*word))
			continue;
		if (strcmp(word, "needs") == 0) {
			read_factor_needs(load, entry, factor);
			continue;
		}
		suggest_init(&suggest, word);
		suggest_offer(&suggest, "needs");
		spec_problem(load, entry->place, "vary: a factor has a path, its values and \"needs\", not "
			     "\"%.40s\"%s", word, suggest.nearest != NULL ? ": did you mean \"needs\"?" : "");
	}
}

static void read_factor(struct spec_load_state *load, const struct spec_entries *entries,
			size_t at)
{
	struct spec_factor *factor = &load->spec->factors[at];
	const struct spec_entry *entry;
	char path[48];

	snprintf(path, sizeof path, "vary.%zu.1", at + 1);
	entry = spec_entries_find(entries, path);
	snprintf(path, sizeof path, "vary.%zu", at + 1);
	if (entry == NULL || entry->value.kind != SPEC_TEXT) {
		spec_problem(load, path, "a factor is a path and its values, as { \"loaded\", 1, 2, 3 }");
		factor->path = "?";
		return;
	}
	factor->path = entry->value.text;
	factor->values = spec_keep_bytes(load, VALUES_MOST * sizeof *factor->values);
	if (factor->values == NULL)
		return;
	while (factor->value_count < VALUES_MOST && has_value(entries, at, factor->value_count)) {
		factor->values[factor->value_count] = label_of(load, entries, at, factor->value_count);
		factor->value_count++;
	}
	if (factor->value_count == 0)
		spec_problem(load, path, "vary: %.60s has no values", factor->path);
	if (has_value(entries, at, VALUES_MOST))
		spec_problem(load, path, "vary: %.60s has more than %d values", factor->path,
			     VALUES_MOST);
	check_differ(load, factor, at);
	read_factor_words(load, entries, at);
}

static void read_factors(struct spec_load_state *load, const struct spec_entries *entries)
{
	struct spec *spec = load->spec;
	size_t i, count = 1;
	char path[32];

	for (spec->factor_count = 0;; spec->factor_count++) {
		bool there = false;

		snprintf(path, sizeof path, "vary.%zu", spec->factor_count + 1);
		for (i = 0; i < entries->count && !there; i++)
			there = spec_path_is_below(entries->items[i].path, path);
		if (!there)
			break;
		if (spec->factor_count == SPEC_FACTORS_MOST) {
			spec_problem(load, path, "vary has more than %d factors", SPEC_FACTORS_MOST);
			break;
		}
		read_factor(load, entries, spec->factor_count);
	}
	for (i = 0; i < spec->factor_count; i++) {
		count *= spec->factors[i].value_count;
		if (count > SPEC_CELLS_MOST / 2) {
			spec_problem(load, "vary", "vary makes more than %d combinations",
				     SPEC_CELLS_MOST / 2);
			spec->factor_count = 0;
			return;
		}
	}
	spec->cell_count = count;
}

/* -- what a value of a factor puts into a cell ------------------------------------------------- */

static void override(struct spec_load_state *load, struct spec_entries *cell, const char *path,
		     const struct spec_entry *from)
{
	const char *kept = spec_keep(load, path, strlen(path));

	spec_fields_make_room(cell, path);
	if (spec_entries_set(cell, kept, from->place, &from->value) < 0)
		load->out_of_memory = true;
}

static void check_varies(struct spec_load_state *load, const char *path, const char *place)
{
	const char *near;

	if (spec_field_varies(path))
		return;
	near = spec_field_nearest(path);
	if (near != NULL && strcmp(near, path) == 0)
		spec_problem(load, place, "%.60s is the same in all of an experiment", path);
	else
		spec_problem(load, place, "vary: \"%.60s\" is not known%s%s%s", path,
			     near != NULL ? ": did you mean \"" : "", near != NULL ? near : "",
			     near != NULL ? "\"?" : "");
}

/* { name = "own cores", ["vms.pin"] = "own", loaded = 2 } */
static void apply_table(struct spec_load_state *load, const struct spec_entries *entries,
			const char *prefix, const char *path, struct spec_entries *cell)
{
	size_t i, size = strlen(prefix);
	char name[96], to[192];
	bool named;

	snprintf(name, sizeof name, "%.80s.name", prefix);
	named = spec_entries_find(entries, name) != NULL;
	if (!named)
		spec_entries_remove(cell, path);
	for (i = 0; i < entries->count; i++) {
		const struct spec_entry *entry = &entries->items[i];

		if (!spec_path_is_below(entry->path, prefix) || entry->path[size] != '.' ||
		    strcmp(entry->path, name) == 0)
			continue;
		if (named)
			snprintf(to, sizeof to, "%s", entry->path + size + 1);
		else
			snprintf(to, sizeof to, "%.90s.%s", path, entry->path + size + 1);
		check_varies(load, to, entry->place);
		override(load, cell, to, entry);
	}
}

static void apply_value(struct spec_load_state *load, const struct spec_entries *entries,
			size_t factor, size_t value, struct spec_entries *cell)
{
	const char *path = load->spec->factors[factor].path;
	const struct spec_entry *entry;
	char prefix[48], place[48];

	snprintf(prefix, sizeof prefix, "vary.%zu.%zu", factor + 1, value + 2);
	snprintf(place, sizeof place, "vary.%zu.1", factor + 1);
	entry = spec_entries_find(entries, prefix);
	if (entry == NULL) {
		apply_table(load, entries, prefix, path, cell);
		return;
	}
	check_varies(load, path, place);
	override(load, cell, path, entry);
}

/* -- cells -------------------------------------------------------------------------------------- */

static const char *label_cell(struct spec_load_state *load, const struct spec_cell *cell)
{
	const struct spec *spec = load->spec;
	const char *kept;
	struct str label;
	size_t i;

	str_init(&label);
	for (i = 0; i < spec->factor_count; i++)
		str_appendf(&label, "%s%s=%s", i > 0 ? ", " : "", spec->factors[i].path,
			    spec->factors[i].values[cell->values[i]]);
	if (spec->factor_count == 0)
		str_append(&label, "all");
	kept = spec_keep(load, label.data != NULL ? label.data : "", label.length);
	str_done(&label);
	return kept;
}

/* Which of a role's entries a workload's sentence is about: what it quotes, else what it begins
 * with, else the workload itself. */
static void find_place(const char *role, const char *sentence, char *ret, size_t size)
{
	const char *word = sentence;
	size_t length = strcspn(sentence, " =");

	if (strncmp(sentence, "there is no workload", 20) == 0) {
		word = "work";
		length = 4;
	} else if (strchr(sentence, '"') != NULL && strstr(sentence, "has no parameter") != NULL) {
		word = strchr(sentence, '"') + 1;
		length = strcspn(word, "\"");
	}
	snprintf(ret, size, "%s.%.*s", role, (int)(length < 60 ? length : 60), word);
}

/* The whole line as the agent will read it. */
static void check_work(struct spec_load_state *load, const struct spec_entries *entries,
		       const char *role, const char *line)
{
	CLEANUP_FREE char *made = line != NULL ? spec_work_of_vm(line, "10.0.0.1", 1) : NULL;
	const struct spec_entry *entry;
	struct work *work = NULL;
	struct error err = { 0 };
	char path[96];

	if (made != NULL && work_new(made, &work, &err) < 0) {
		find_place(role, err.text, path, sizeof path);
		entry = spec_entries_find(entries, path);
		spec_problem(load, entry != NULL ? entry->place : path, "%s: %s", role, err.text);
	}
	work_free(work);
}

/* The peer's half, and that there is a peer. */
static void check_peer(struct spec_load_state *load, const struct spec_entries *entries,
		       const struct spec_cell *cell)
{
	const char *lines[] = { cell->load.subject, cell->load.others };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		CLEANUP_FREE char *line = NULL;

		if (!spec_work_is_net(lines[i]))
			continue;
		line = spec_work_of_peer(lines[i], "10.0.0.2", 1, cell->load.peer);
		check_work(load, entries, "peer", line);
		if (!cell->made.net.on)
			spec_problem(load, i == 0 ? "subject.work" : "others.work",
				     "a workload of the network needs one: net = \"on\"");
	}
}

/* A domain is as libvirt has it, and is there once. */
static void check_domain(struct spec_load_state *load, const struct spec_machine *made)
{
	if (made->domain == NULL)
		return;
	if (made->image != NULL || made->kernel != NULL)
		spec_problem(load, "vms.domain", "vms.domain and vms.%s are two guests: say one",
			     made->image != NULL ? "image" : "kernel");
	if (made->disk.share != SPEC_DISK_NONE || made->net.on)
		spec_problem(load, "vms.domain", "a libvirt domain has the disks and networks that it "
			     "is defined with: leave out %s",
			     made->net.on ? "net" : "disk");
	if (made->count > 1 && strchr(made->domain, '%') == NULL)
		spec_problem(load, "vms.domain", "%u VMs need as many domains: a %% in the name stands "
			     "for the VM's number", made->count);
}

static void check_cell(struct spec_load_state *load, const struct spec_entries *entries,
		       const struct spec_cell *cell)
{
	check_work(load, entries, "subject", cell->load.subject);
	check_work(load, entries, "others", cell->load.others);
	check_peer(load, entries, cell);
	if (cell->load.loaded > cell->made.count)
		spec_problem(load, "loaded", "loaded is %u, of %u VMs (%s)", cell->load.loaded,
			     cell->made.count, cell->label);
	check_domain(load, &cell->made);
	if (cell->made.no_vm && cell->made.net.on)
		spec_problem(load, "net", "processes on the host have no network of their own");
	if (cell->load.subject == NULL && load->problem_count == 0)
		spec_problem(load, "subject", "what VM1 does is missing: subject = { work = \"cpu-integer\" }");
}

static void make_cell(struct spec_load_state *load, const struct spec_entries *entries, size_t at)
{
	struct spec *spec = load->spec;
	struct spec_cell *cell = &spec->cells[at];
	struct spec_entries own = { 0 };
	size_t i, left = at;

	load->out_of_memory |= spec_entries_copy(&own, entries) < 0;
	for (i = spec->factor_count; i-- > 0;) {
		cell->values[i] = left % spec->factors[i].value_count;
		left /= spec->factors[i].value_count;
	}
	for (i = 0; i < spec->factor_count; i++)
		apply_value(load, entries, i, cell->values[i], &own);
	spec_fields_read(load, &own, &cell->made, &cell->load);
	cell->label = label_cell(load, cell);
	cell->compared_with = at;
	check_cell(load, &own, cell);
	spec_entries_done(&own);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_machine(const struct spec_machine *a, const struct spec_machine *b)
{
	return a->no_vm == b->no_vm && a->count == b->count && a->vcpus == b->vcpus &&
	       a->memory_bytes == b->memory_bytes && same_text(a->kernel, b->kernel) &&
	       same_text(a->image, b->image) && same_text(a->domain, b->domain) &&
	       same_text(a->accel, b->accel) && a->disk.share == b->disk.share &&
	       a->disk.format == b->disk.format && a->disk.direct == b->disk.direct &&
	       a->disk.size_bytes == b->disk.size_bytes &&
	       a->disk.speed_bytes_per_sec == b->disk.speed_bytes_per_sec &&
	       a->disk.speed_operations_per_sec == b->disk.speed_operations_per_sec &&
	       a->net.on == b->net.on && a->net.speed_bytes_per_sec == b->net.speed_bytes_per_sec &&
	       a->ksm == b->ksm && a->ksm_pages == b->ksm_pages &&
	       a->ksm_sleep_usec == b->ksm_sleep_usec;
}

/* Whether nothing stands between the two that was said to need a boot. */
static bool same_boot_factors(const struct spec *spec, const struct spec_cell *a,
			      const struct spec_cell *b)
{
	size_t i;

	for (i = 0; i < spec->factor_count; i++)
		if (spec->factors[i].asks_boot && a->values[i] != b->values[i])
			return false;
	return true;
}

static bool share_boot(const struct spec *spec, const struct spec_cell *a, const struct spec_cell *b)
{
	return same_machine(&a->made, &b->made) && same_boot_factors(spec, a, b);
}

static void number_machines(struct spec *spec)
{
	size_t i, j;

	for (i = 0; i < spec->cell_count; i++) {
		for (j = 0; j < i && !share_boot(spec, &spec->cells[i], &spec->cells[j]); j++)
			;
		spec->cells[i].machine = j < i ? spec->cells[j].machine : spec->machine_count++;
	}
}

/* A factor needs a boot when two cells that differ in it alone are different machines. */
static void find_boot_factors(struct spec *spec)
{
	size_t i, j, step = 1;

	for (i = spec->factor_count; i-- > 0;) {
		for (j = 0; j + step < spec->cell_count; j++)
			if (spec->cells[j].values[i] + 1 < spec->factors[i].value_count &&
			    spec->cells[j].machine != spec->cells[j + step].machine)
				spec->factors[i].needs_boot = true;
		step *= spec->factors[i].value_count;
	}
}

static void check_boot_factors(struct spec_load_state *load)
{
	const struct spec *spec = load->spec;
	char path[48];
	size_t i;

	for (i = 0; i < spec->factor_count; i++) {
		if (!spec->factors[i].asks_run || !spec->factors[i].needs_boot)
			continue;
		snprintf(path, sizeof path, "vary.%zu.needs", i + 1);
		spec_problem(load, path, "vary: %.60s cannot change from run to run: its values are other "
			     "machines, which need other boots", spec->factors[i].path);
	}
}

/* -- baselines and controls ---------------------------------------------------------------------- */

enum { NOT_IN_BASELINE = -1 };

static void read_baseline_entry(struct spec_load_state *load, const struct spec_entry *entry,
				int *values)
{
	struct spec *spec = load->spec;
	const char *path = entry->path + strlen("baseline.");
	struct suggest suggest;
	struct str text;
	size_t i, j;

	suggest_init(&suggest, path);
	str_init(&text);
	spec_value_append(&text, &entry->value);
	for (i = 0; i < spec->factor_count && strcmp(spec->factors[i].path, path) != 0; i++)
		suggest_offer(&suggest, spec->factors[i].path);
	for (j = 0; i < spec->factor_count && j < spec->factors[i].value_count; j++)
		if (text.data != NULL && strcmp(spec->factors[i].values[j], text.data) == 0)
			values[i] = (int)j;
	if (i == spec->factor_count && suggest.nearest != NULL)
		spec_problem(load, entry->place, "baseline: %.60s is not in vary: did you mean %s?", path,
			     suggest.nearest);
	else if (i == spec->factor_count)
		spec_problem(load, entry->place, "baseline: %.60s is not in vary", path);
	else if (values[i] == NOT_IN_BASELINE)
		spec_problem(load, entry->place, "baseline: %.60s has no value %.60s in vary", path,
			     text.data != NULL ? text.data : "");
	str_done(&text);
}

static void read_baseline(struct spec_load_state *load, const struct spec_entries *entries,
			  int *values)
{
	bool said = false;
	size_t i;

	for (i = 0; i < SPEC_FACTORS_MOST; i++)
		values[i] = NOT_IN_BASELINE;
	for (i = 0; i < entries->count; i++) {
		if (strncmp(entries->items[i].path, "baseline.", 9) != 0)
			continue;
		read_baseline_entry(load, &entries->items[i], values);
		said = true;
	}
	if (!said && load->spec->factor_count > 0)
		values[0] = 0;
}

static size_t cell_at(const struct spec *spec, const size_t *values)
{
	size_t i, at = 0;

	for (i = 0; i < spec->factor_count; i++)
		at = at * spec->factors[i].value_count + values[i];
	return at;
}

static void find_baselines(struct spec_load_state *load, const struct spec_entries *entries)
{
	struct spec *spec = load->spec;
	int baseline[SPEC_FACTORS_MOST];
	size_t i, j;

	read_baseline(load, entries, baseline);
	for (i = 0; i < spec->cell_count; i++) {
		size_t values[SPEC_FACTORS_MOST];

		memcpy(values, spec->cells[i].values, sizeof values);
		for (j = 0; j < spec->factor_count; j++)
			if (baseline[j] != NOT_IN_BASELINE)
				values[j] = (size_t)baseline[j];
		spec->cells[i].compared_with = cell_at(spec, values);
		spec->cells[i].is_baseline = spec->cells[i].compared_with == i;
	}
}

/* Whether any cell that is compared with this one needs other boots: then so does its control,
 * or it would be blind to what boots differ in. */
static bool compared_across_boots(const struct spec *spec, size_t baseline)
{
	size_t i;

	for (i = 0; i < spec->cell_count; i++)
		if (spec->cells[i].compared_with == baseline &&
		    spec->cells[i].machine != spec->cells[baseline].machine)
			return true;
	return false;
}

static void add_controls(struct spec_load_state *load)
{
	struct spec *spec = load->spec;
	size_t i, count = spec->cell_count, added = count;

	for (i = 0; i < count; i++) {
		if (!spec->cells[i].is_baseline)
			continue;
		spec->cells[added] = spec->cells[i];
		spec->cells[added].label = spec_keep_format(load, "%s (again)", spec->cells[i].label);
		spec->cells[added].is_baseline = false;
		spec->cells[added].is_aa = true;
		if (compared_across_boots(spec, i))
			spec->cells[added].machine = spec->machine_count++;
		added++;
	}
	spec->cell_count = added;
}

static void check_duet(struct spec_load_state *load)
{
	const struct spec *spec = load->spec;
	size_t i;

	if (!spec->duet)
		return;
	for (i = 0; i < spec->cell_count; i++)
		if (spec->cells[i].made.count < 2 || spec->cells[i].load.loaded != 2) {
			spec_problem(load, "duet", "a duet is of two loaded VMs: vms.count = 2, loaded = 2");
			return;
		}
	for (i = 0; i < spec->cell_count; i++)
		if (!same_text(spec->cells[i].load.policy,
			       spec->cells[spec->cells[i].compared_with].load.policy)) {
			spec_problem(load, "duet", "a duet has both its cells at once, and a policy is of the "
				     "whole host");
			return;
		}
	if (spec->machine_count > 1)
		spec_problem(load, "duet", "a duet compares within one boot: what varies needs another "
			     "machine");
}

void spec_cells_make(struct spec_load_state *load, const struct spec_entries *entries)
{
	struct spec *spec = load->spec;
	size_t i, before = load->problem_count;

	read_factors(load, entries);
	if (load->problem_count > before)
		return;
	spec->cells = spec_keep_bytes(load, 2 * spec->cell_count * sizeof *spec->cells);
	if (spec->cells == NULL)
		return;
	for (i = 0; i < spec->cell_count; i++)
		make_cell(load, entries, i);
	number_machines(spec);
	find_boot_factors(spec);
	check_boot_factors(load);
	find_baselines(load, entries);
	check_duet(load);
	add_controls(load);
}
