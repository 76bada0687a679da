/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests: scene SCENE RECORDING writes the recording of a made-up host from a text that a person
 * can read. The same text gives the same recording, on every machine.
 *
 *     start 12:00          the time of day (UTC) of the first snapshot
 *     seconds 90           how long
 *     step 1               seconds from one snapshot to the next
 *     cpus 4
 *     0 host cgroup v2                        TIME OBJECT FIGURE-OR-TEXT VALUE
 *     0 disk sda read_usec 20ms               of a counter: its growth in each second
 *     0 vm db-gold vcpus 2                    born; later: hot-plugged
 *     0 vm db-gold run 300ms ~ 5ms            a little more or less each time
 *     10 vm db-gold waiting 0ms to 400ms over 5
 *     20 vm db-gold owner -                   absent from then on
 *     60 vm db-gold dies
 *
 * Times are seconds since the beginning, in order. As on real hosts cold figures come each tenth
 * snapshot, and at a VM's birth; hot ones and pressure come with each.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "model/snapshot.h"
#include "record/record.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRIVES_MAX = 512, WORDS_MAX = 16, COLD_EACH = 10, FIRST_PID = 4000, PID_STEP = 37 };
#define MARCH_2026_SECONDS 1772323200u /* 2026-03-01T00:00:00Z */

/* One figure of one object, and where it goes. */
struct drive {
	char kind[8], name[32];
	unsigned figure;
	double from, to, over, noise, began;
	double total; /* of a counter */
};

struct scene {
	const char *path;
	unsigned line;
	double seconds, step, start_seconds, now;
	unsigned tick, born;
	uint64_t random;
	struct snapshot snapshot;
	struct drive drives[DRIVES_MAX];
	size_t drive_count;
};

static void die(const struct scene *scene, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

static void die(const struct scene *scene, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%u: ", scene->path, scene->line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static void say(const struct scene *scene, char **text, const char *value)
{
	if (!text_set(text, value, strlen(value)))
		die(scene, "out of memory");
}

/* -- values ---------------------------------------------------------------------------------- */

/* In the figure's own unit: usec, bytes, permyriad, or as it stands. */
static double value_of(const struct scene *scene, const char *word)
{
	static const struct {
		const char *name;
		double factor;
	} units[] = {
		{ "", 1 }, { "us", 1 }, { "ms", 1e3 }, { "s", 1e6 }, { "%", 100 },
		{ "KiB", 1024 }, { "MiB", 1 << 20 }, { "GiB", 1 << 30 },
		{ "kB", 1e3 }, { "MB", 1e6 }, { "GB", 1e9 },
	};
	char *end;
	double number = strtod(word, &end);
	size_t i;

	for (i = 0; end != word && i < sizeof units / sizeof units[0]; i++)
		if (strcmp(end, units[i].name) == 0)
			return number * units[i].factor;
	die(scene, "\"%s\" is no value", word);
}

static double draw(struct scene *scene)
{
	scene->random = scene->random * 6364136223846793005u + 1442695040888963407u;
	return (double)(scene->random >> 40) / (1 << 23) - 1;
}

/* -- objects --------------------------------------------------------------------------------- */

static struct vm *find_vm(const struct scene *scene, const char *name)
{
	size_t i;

	for (i = 0; i < scene->snapshot.vm_count; i++)
		if (strcmp(scene->snapshot.vms[i]->text[VM_TEXT_NAME], name) == 0)
			return scene->snapshot.vms[i];
	return NULL;
}

static bool find_view(struct scene *scene, const char *kind, const char *name,
		      struct object_view *ret)
{
	struct vm *vm;
	struct disk *disk;
	struct nic *nic;

	if (strcmp(kind, "host") == 0)
		*ret = host_view(&scene->snapshot.host);
	else if (strcmp(kind, "disk") == 0 && (disk = snapshot_disk(&scene->snapshot, name)) != NULL)
		*ret = disk_view(disk);
	else if (strcmp(kind, "nic") == 0 && (nic = snapshot_nic(&scene->snapshot, name)) != NULL)
		*ret = nic_view(nic);
	else if (strcmp(kind, "vm") == 0 && (vm = find_vm(scene, name)) != NULL)
		*ret = vm_view(vm);
	else
		return false;
	return true;
}

static int find_figure(const struct object_info *info, const char *name)
{
	static const char *const endings[] = { "", "_usec", "_bytes", "_permyriad", "_milli" };
	char whole[80];
	int found = -1;
	size_t i;

	for (i = 0; found < 0 && i < sizeof endings / sizeof endings[0]; i++) {
		snprintf(whole, sizeof whole, "%s%s", name, endings[i]);
		found = object_find_figure(info, whole);
	}
	return found;
}

static void sampled(const struct scene *scene, uint64_t sampled_usec[static GROUP_COUNT], bool cold)
{
	unsigned group;

	for (group = 0; group < GROUP_COUNT; group++)
		if (cold || group == GROUP_HOT || group == GROUP_PRESSURE)
			sampled_usec[group] = scene->snapshot.monotonic_usec;
}

static void tell(struct scene *scene, const struct vm *vm, enum event_kind kind)
{
	struct event *event = snapshot_add_event(&scene->snapshot, kind);
	const char *name = vm->text[VM_TEXT_NAME];

	if (event == NULL)
		die(scene, "out of memory");
	event->realtime_usec = scene->snapshot.realtime_usec;
	event->identity = vm->identity;
	text_copy(event->name, sizeof event->name, name, strlen(name));
}

/* As a libvirt guest in a scope of its own, until the scene says otherwise. */
static struct vm *bear(struct scene *scene, const char *name)
{
	unsigned number = scene->born++;
	struct vm_identity identity = {
		.pid = FIRST_PID + (pid_t)number * PID_STEP, .start_ticks = 100000 + number * 211,
	};
	struct vm *vm = snapshot_add_vm(&scene->snapshot, &identity);
	char text[160];

	if (vm == NULL)
		die(scene, "out of memory");
	vm->born_usec = scene->tick > 0 ? scene->snapshot.realtime_usec :
					  scene->snapshot.realtime_usec - 3600 * USEC_PER_SEC;
	say(scene, &vm->text[VM_TEXT_NAME], name);
	snprintf(text, sizeof text, "00000000-0000-4000-8000-%012x", number);
	say(scene, &vm->text[VM_TEXT_UUID], text);
	say(scene, &vm->text[VM_TEXT_VMM], "qemu");
	say(scene, &vm->text[VM_TEXT_ACCEL], "kvm");
	say(scene, &vm->text[VM_TEXT_OWNER], "libvirt");
	snprintf(text, sizeof text, "/machine.slice/machine-qemu-%u.scope", number);
	say(scene, &vm->text[VM_TEXT_CGROUP], text);
	say(scene, &vm->text[VM_TEXT_CGROUP_OWN], "yes");
	say(scene, &vm->text[VM_TEXT_WEIGHT_WHERE], "cpu.weight");
	snprintf(text, sizeof text, "vnet%u", number);
	say(scene, &vm->text[VM_TEXT_TAPS], text);
	figure_set(vm->value, vm->state, VM_WEIGHT, 100);
	figure_set(vm->value, vm->state, VM_WEIGHT_RELATIVE, 10000);
	figure_set(vm->value, vm->state, VM_NICE, 0);
	sampled(scene, vm->sampled_usec, true);
	if (scene->tick > 0)
		tell(scene, vm, EVENT_CREATED);
	return vm;
}

static void set_vcpus(struct scene *scene, const char *name, unsigned count)
{
	struct vm *vm = find_vm(scene, name);
	unsigned i;

	if (vm == NULL)
		vm = bear(scene, name);
	while (vm->vcpu_count > count)
		vm_remove_thread(vm, vm->vcpu_count - 1);
	for (i = (unsigned)vm->vcpu_count; i < count; i++)
		if (vm_thread(vm, ROLE_VCPU, (int)i, vm->identity.pid + 2 + (pid_t)i) == NULL)
			die(scene, "out of memory");
}

static void kill_vm(struct scene *scene, const char *name)
{
	struct vm *vm = find_vm(scene, name);
	size_t i, kept = 0;

	if (vm == NULL)
		die(scene, "no VM %s", name);
	tell(scene, vm, EVENT_DESTROYED);
	for (i = 0; i < scene->drive_count; i++)
		if (strcmp(scene->drives[i].kind, "vm") != 0 || strcmp(scene->drives[i].name, name) != 0)
			scene->drives[kept++] = scene->drives[i];
	scene->drive_count = kept;
	snapshot_remove_vm(&scene->snapshot, &vm->identity);
}

/* -- figures over time ----------------------------------------------------------------------- */

static struct drive *find_drive(struct scene *scene, const char *kind, const char *name,
				unsigned figure)
{
	struct drive *drive;
	size_t i;

	for (i = 0; i < scene->drive_count; i++) {
		drive = &scene->drives[i];
		if (drive->figure == figure && strcmp(drive->kind, kind) == 0 &&
		    strcmp(drive->name, name) == 0)
			return drive;
	}
	if (scene->drive_count == DRIVES_MAX)
		die(scene, "more than %d figures", DRIVES_MAX);
	drive = &scene->drives[scene->drive_count++];
	*drive = (struct drive){ .figure = figure };
	snprintf(drive->kind, sizeof drive->kind, "%s", kind);
	snprintf(drive->name, sizeof drive->name, "%s", name);
	return drive;
}

static double drive_now(struct scene *scene, const struct drive *drive)
{
	double part = drive->over > 0 ? (scene->now - drive->began) / drive->over : 1;
	double value = drive->from + (drive->to - drive->from) * (part < 1 ? part : 1);

	if (drive->noise > 0)
		value += drive->noise * draw(scene);
	return value > 0 ? value : 0;
}

/* A drive without an end is of a figure that is absent. */
static void advance(struct scene *scene, struct drive *drive, bool cold)
{
	const struct figure_info *info;
	struct object_view view;
	double value;

	if (drive->to < 0 || !find_view(scene, drive->kind, drive->name, &view))
		return;
	info = &view.info->figures[drive->figure];
	value = drive_now(scene, drive);
	if (info->kind == KIND_COUNTER)
		value = drive->total += value * scene->step;
	if (cold || info->group == GROUP_HOT || info->group == GROUP_PRESSURE ||
	    view.state[drive->figure] != FIGURE_PRESENT)
		figure_set(view.value, view.state, drive->figure, (int64_t)value);
}

static void set_figure(struct scene *scene, struct object_view view, struct drive *drive,
		       char **words, size_t count)
{
	size_t i;

	if (strcmp(words[0], "-") == 0) {
		drive->to = -1;
		view.state[drive->figure] = FIGURE_UNSUPPORTED;
		return;
	}
	drive->from = drive->to = value_of(scene, words[0]);
	drive->over = drive->noise = 0;
	drive->began = scene->now;
	for (i = 1; i + 1 < count; i += 2)
		if (strcmp(words[i], "to") == 0)
			drive->to = value_of(scene, words[i + 1]);
		else if (strcmp(words[i], "over") == 0)
			drive->over = value_of(scene, words[i + 1]);
		else if (strcmp(words[i], "~") == 0)
			drive->noise = value_of(scene, words[i + 1]);
		else
			die(scene, "\"%s\" is neither to, over nor ~", words[i]);
	if (i != count)
		die(scene, "something is left over");
}

static void set_text(struct scene *scene, struct object_view view, const char *name,
		     const char *value)
{
	size_t i;

	for (i = 0; i < view.info->text_count; i++)
		if (strcmp(view.info->texts[i].name, name) == 0) {
			text_set(&view.text[i], value, strcmp(value, "-") == 0 ? 0 : strlen(value));
			return;
		}
	die(scene, "a %s has no %s", view.info->name, name);
}

/* -- lines ----------------------------------------------------------------------------------- */

static void set_something(struct scene *scene, char **words, size_t count)
{
	bool is_host = count > 0 && strcmp(words[0], "host") == 0;
	size_t at = is_host ? 1 : 2;
	const char *kind = words[0], *name = is_host ? "" : words[1];
	struct object_view view;
	int figure;

	if (count == 3 && strcmp(kind, "vm") == 0 && strcmp(words[2], "dies") == 0) {
		kill_vm(scene, name);
		return;
	}
	if (count < at + 2)
		die(scene, "a line is TIME OBJECT NAME FIGURE VALUE");
	if (strcmp(kind, "vm") == 0 && strcmp(words[2], "vcpus") == 0) {
		set_vcpus(scene, name, (unsigned)value_of(scene, words[3]));
		return;
	}
	if (!find_view(scene, kind, name, &view))
		die(scene, "no %s %s", kind, name);
	figure = find_figure(view.info, words[at]);
	if (figure < 0)
		set_text(scene, view, words[at], words[at + 1]);
	else
		set_figure(scene, view, find_drive(scene, kind, name, (unsigned)figure),
			   words + at + 1, count - at - 1);
}

static void set_head(struct scene *scene, char **words, size_t count)
{
	unsigned i, hour, minute;

	if (count != 2)
		die(scene, "\"%s\" takes one value", words[0]);
	if (strcmp(words[0], "seconds") == 0)
		scene->seconds = value_of(scene, words[1]);
	else if (strcmp(words[0], "step") == 0)
		scene->step = value_of(scene, words[1]);
	else if (strcmp(words[0], "cpus") == 0)
		for (i = 0; i < (unsigned)value_of(scene, words[1]); i++)
			snapshot_cpu(&scene->snapshot, (int)i);
	else if (strcmp(words[0], "start") == 0 && strchr(words[1], ':') != NULL) {
		hour = (unsigned)strtoul(words[1], NULL, 10);
		minute = (unsigned)strtoul(strchr(words[1], ':') + 1, NULL, 10);
		scene->start_seconds = hour * 3600.0 + minute * 60.0;
	} else
		die(scene, "\"%s\" is nothing that a scene begins with", words[0]);
}

static size_t split(char *line, char *words[static WORDS_MAX])
{
	char *rest, *word;
	size_t count = 0;

	line[strcspn(line, "#\n")] = '\0';
	for (word = strtok_r(line, " \t", &rest); word != NULL && count < WORDS_MAX;
	     word = strtok_r(NULL, " \t", &rest))
		words[count++] = word;
	return count;
}

/* -- snapshots ------------------------------------------------------------------------------- */

static void set_clock(struct scene *scene)
{
	struct snapshot *snapshot = &scene->snapshot;

	snapshot->sequence = scene->tick + 1;
	snapshot->monotonic_usec = (uint64_t)((86400 + scene->now) * (double)USEC_PER_SEC);
	snapshot->realtime_usec = MARCH_2026_SECONDS * USEC_PER_SEC +
		(uint64_t)((scene->start_seconds + scene->now) * (double)USEC_PER_SEC);
}

static void take(struct scene *scene, struct record_writer *writer)
{
	bool cold = scene->tick % COLD_EACH == 0;
	struct error err = { 0 };
	size_t i;

	for (i = 0; i < scene->drive_count; i++)
		advance(scene, &scene->drives[i], cold);
	sampled(scene, scene->snapshot.host.sampled_usec, cold);
	for (i = 0; i < scene->snapshot.vm_count; i++)
		sampled(scene, scene->snapshot.vms[i]->sampled_usec, cold);
	if (record_write(writer, &scene->snapshot, &err) < 0)
		die(scene, "%s", err.text);
	scene->snapshot.event_count = 0;
	scene->tick++;
	scene->now += scene->step;
	set_clock(scene);
}

static void play(struct scene *scene, FILE *file, struct record_writer *writer)
{
	char *line = NULL, *words[WORDS_MAX], *end;
	size_t size = 0, count;
	bool begun = false;

	while (getline(&line, &size, file) >= 0) {
		scene->line++;
		count = split(line, words);
		if (count == 0)
			continue;
		if (!isdigit((unsigned char)words[0][0])) {
			if (begun)
				die(scene, "\"%s\" comes too late", words[0]);
			set_head(scene, words, count);
			continue;
		}
		if (!begun)
			set_clock(scene);
		begun = true;
		while (scene->now < strtod(words[0], &end))
			take(scene, writer);
		if (*end != '\0')
			die(scene, "\"%s\" is no time", words[0]);
		set_something(scene, words + 1, count - 1);
	}
	free(line);
	while (scene->now <= scene->seconds)
		take(scene, writer);
}

int main(int argc, char **argv)
{
	static struct scene scene = { .step = 1, .random = 1 };
	struct record_writer *writer;
	struct error err = { 0 };
	FILE *file;

	if (argc != 3)
		return 2;
	scene.path = argv[1];
	file = fopen(argv[1], "r");
	if (file == NULL)
		die(&scene, "cannot be read");
	snapshot_init(&scene.snapshot);
	say(&scene, &scene.snapshot.host.text[HOST_TEXT_BOOT_ID], "00000000-0000-4000-8000-00000000b007");
	say(&scene, &scene.snapshot.host.text[HOST_TEXT_HOSTNAME], "scene");
	say(&scene, &scene.snapshot.host.text[HOST_TEXT_CGROUP], "v2");
	writer = record_writer_new(argv[2], &err);
	if (writer == NULL)
		die(&scene, "%s", err.text);
	play(&scene, file, writer);
	if (record_writer_finish(writer, &err) < 0)
		die(&scene, "%s", err.text);
	record_writer_free(writer);
	snapshot_done(&scene.snapshot);
	fclose(file);
	return 0;
}
