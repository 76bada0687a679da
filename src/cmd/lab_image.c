/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce lab image build|list|check: guests with a whole Debian in them. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/interrupt.h"
#include "cmd/lab.h"
#include "cmd/verb.h"
#include "lab/guest/guest_kernel.h"
#include "lab/image/image_trial.h"
#include "lab/image/lab_image.h"
#include "report/json.h"
#include "report/table.h"
#include "report/units.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char *name_of(char **operands)
{
	return operands[0] != NULL ? operands[0] : LAB_IMAGE_NAME;
}

/* As if the signal had not been caught: a shell then stops its loop, too. */
static int end(const struct verb *verb, int code, const struct error *err)
{
	if (code >= 0)
		return VERB_FINE;
	verb_fail(verb, err);
	if (code == -ECANCELED && interrupt_signal() != 0)
		raise(interrupt_signal());
	return VERB_FAILED;
}

static void print(struct str *text)
{
	if (text->data != NULL)
		fputs(text->data, stdout);
	fflush(stdout);
	str_done(text);
}

static int size_parse(const char *text, uint64_t *ret_bytes, struct error *err)
{
	if (units_parse_bytes(text, ret_bytes) < 0 || *ret_bytes == 0)
		return error_set(err, -EINVAL, "--size takes a size such as 4G, not \"%.40s\"", text);
	return 0;
}

/* -- build ----------------------------------------------------------------------------------------- */

struct build_settings {
	const char *size;
	struct option_list packages;
};

static const struct build_settings build_defaults = { .size = "4G" };

static const struct option_info build_options[] = {
	OPTION_TEXT(struct build_settings, size, 0, "size", "SIZE",
		    "of the disk that the guest sees (4G); what is free in it takes no room here"),
	OPTION_LIST(struct build_settings, packages, 0, "package", "NAME",
		    "one more package of Debian to be in it"),
	OPTIONS_END,
};

static void tell_step(void *user, const char *sentence)
{
	fprintf(stderr, "%s\n", sentence);
}

static void append_made(const struct lab_image *image, struct str *text)
{
	str_appendf(text, "image %s: Debian %s, %llu packages, ", image->name, image->suite,
		    (unsigned long long)image->packages);
	units_append_bytes(text, (double)image->bytes_used);
	str_appendf(text, " on this host's disk, built in %llu s\n",
		    (unsigned long long)image->seconds);
	str_appendf(text, "asked for: %s, truce-agent %s\nkept as %s\n", image->asked, image->agent,
		    image->disk);
}

static int build_run(const struct verb *verb, const void *pointer, char **operands)
{
	const struct build_settings *settings = pointer;
	struct lab_image_plan plan = { .name = name_of(operands), .step = tell_step,
				       .packages = settings->packages.values };
	struct lab_image image = { 0 };
	struct error err = { 0 };
	struct str text;
	int code = size_parse(settings->size, &plan.disk_bytes, &err);

	if (code < 0) {
		verb_fail(verb, &err);
		return VERB_USAGE;
	}
	interrupt_catch();
	plan.cancel_fd = interrupt_fd();
	code = lab_image_build(&plan, &image, &err);
	if (code < 0)
		return end(verb, code, &err);
	str_init(&text);
	append_made(&image, &text);
	print(&text);
	lab_image_done(&image);
	return VERB_FINE;
}

static const struct verb build_verb = {
	.name = "lab image build",
	.operands = "[NAME]",
	.most_operands = 1,
	.summary = "make a Debian guest with the programs of experiments in it",
	.notes = "NAME is \"debian\" where none is given. An image of that name is replaced when the\n"
		 "new one is whole. Packages come from where this host's apt has Debian from.",
	.options = build_options,
	.settings_size = sizeof(struct build_settings),
	.defaults = &build_defaults,
	.run = build_run,
};

/* -- list ------------------------------------------------------------------------------------------ */

struct list_settings {
	bool json;
};

static const struct option_info list_options[] = {
	OPTION_JSON(struct list_settings, json),
	OPTIONS_END,
};

static void json_image(struct json *json, const struct lab_image *image)
{
	json_object_begin(json);
	json_key(json, "name");
	json_text(json, image->name);
	json_key(json, "suite");
	json_text(json, image->suite);
	json_key(json, "agent");
	json_text(json, image->agent);
	json_key(json, "asked");
	json_text(json, image->asked);
	json_key(json, "packages");
	json_uint(json, image->packages);
	json_key(json, "bytes_used");
	json_uint(json, image->bytes_used);
	json_key(json, "built");
	json_time(json, image->built_usec);
	json_key(json, "disk");
	json_text(json, image->disk);
	json_object_end(json);
}

static void append_json(const struct lab_images *images, struct str *text)
{
	struct json json;

	json_begin(&json, text);
	json_object_begin(&json);
	json_key(&json, "schema");
	json_text(&json, "truce.lab-image.list/1");
	json_key(&json, "images");
	json_array_begin(&json);
	for (size_t i = 0; i < images->count; i++)
		json_image(&json, &images->items[i]);
	json_array_end(&json);
	json_object_end(&json);
	str_append_char(text, '\n');
}

static void add_text(struct table *table, const char *value)
{
	struct str cell;

	str_init(&cell);
	if (value != NULL)
		text_append_safe(&cell, value, strlen(value));
	else
		str_append_char(&cell, '-');
	table_add(table, &cell);
}

static void add_row(struct table *table, const struct lab_image *image)
{
	struct str cell;

	add_text(table, image->name);
	add_text(table, image->suite);
	str_init(&cell);
	units_append_bytes(&cell, (double)image->bytes_used);
	table_add(table, &cell);
	str_appendf(&cell, "%llu", (unsigned long long)image->packages);
	table_add(table, &cell);
	units_append_time(&cell, image->built_usec);
	table_add(table, &cell);
	add_text(table, image->agent);
}

static bool append_table(const struct lab_images *images, struct str *text)
{
	static const struct table_column columns[] = {
		{ "NAME", true, true }, { "SUITE", true, false }, { "SIZE", false, false },
		{ "PACKAGES", false, false }, { "BUILT", true, false }, { "AGENT", true, true },
	};
	struct table table;
	bool done;

	table_init(&table, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < images->count; i++)
		add_row(&table, &images->items[i]);
	done = table_append(&table, 0, true, text);
	table_done(&table);
	return done;
}

static int list_run(const struct verb *verb, const void *pointer, char **operands)
{
	const struct list_settings *settings = pointer;
	struct lab_images images = { 0 };
	struct error err = { 0 };
	struct str text;
	int code = lab_image_list(&images, &err);

	if (code < 0)
		return verb_fail(verb, &err);
	str_init(&text);
	if (settings->json)
		append_json(&images, &text);
	else if (images.count == 0)
		str_append(&text, "no image; truce lab image build makes one\n");
	else
		append_table(&images, &text);
	code = verb_print(verb, &text);
	str_done(&text);
	lab_images_done(&images);
	return code;
}

static const struct verb list_verb_of_images = {
	.name = "lab image list",
	.summary = "list the images that were built here",
	.options = list_options,
	.settings_size = sizeof(struct list_settings),
	.run = list_run,
};

/* -- check ----------------------------------------------------------------------------------------- */

struct check_settings {
	const char *kernel;
	uint64_t limit_usec;
};

static const struct check_settings check_defaults = { .limit_usec = 240 * USEC_PER_SEC };

static const struct option_info check_options[] = {
	OPTION_TEXT(struct check_settings, kernel, 0, "kernel", "FILE",
		    "boot it with FILE, not the laboratory's own"),
	OPTION_DURATION(struct check_settings, limit_usec, 0, "timeout", "TIME",
			"how long it may take (4m)"),
	OPTIONS_END,
};

static int try_image(const struct check_settings *settings, const struct lab_image *image,
		     const struct guest_kernel *kernel, struct image_trial *ret, struct error *err)
{
	struct image_trial_plan plan = {
		.image = image,
		.kernel = kernel,
		.accelerator = accelerator_choose(NULL),
		.cpus = 1,
		.memory_bytes = 512ull << 20,
		.limit_usec = settings->limit_usec,
		.cancel_fd = interrupt_fd(),
	};

	return image_trial_run(&plan, ret, err);
}

static void print_trial(const char *name, const struct image_trial *trial)
{
	struct str text;

	str_init(&text);
	str_appendf(&text, "%s boots (%s): its agent answered after %.1f s; kernel %s, agent %s\n", name,
		    guest_platform_text(accelerator_choose(NULL)),
		    (double)trial->ready_usec / USEC_PER_SEC, trial->kernel, trial->agent);
	print(&text);
}

static int check_run(const struct verb *verb, const void *pointer, char **operands)
{
	const struct check_settings *settings = pointer;
	struct guest_kernel kernel = { 0 };
	struct image_trial trial = { 0 };
	struct lab_image image = { 0 };
	struct error err = { 0 };
	int code = lab_image_find(name_of(operands), &image, &err);

	interrupt_catch();
	if (code == 0 && image.is_root)
		code = guest_kernel_find(settings->kernel, NULL, true, interrupt_fd(), &kernel, &err);
	if (code == 0) {
		code = try_image(settings, &image, &kernel, &trial, &err);
		if (code < 0)
			error_prefix(&err, "%s", name_of(operands));
	}
	if (code == 0)
		print_trial(name_of(operands), &trial);
	guest_kernel_done(&kernel);
	lab_image_done(&image);
	return end(verb, code, &err);
}

static const struct verb check_verb = {
	.name = "lab image check",
	.operands = "[NAME|FILE]",
	.most_operands = 1,
	.summary = "boot an image once, until its agent answers",
	.notes = "FILE, written with a slash, is a disk of your own with truce-agent in it.",
	.options = check_options,
	.settings_size = sizeof(struct check_settings),
	.defaults = &check_defaults,
	.run = check_run,
};

/* -- which ------------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	const struct verb *verb;
} verbs[] = {
	{ "build", &build_verb },
	{ "list", &list_verb_of_images },
	{ "check", &check_verb },
};

static int print_help(FILE *stream)
{
	fputs("usage: truce lab image VERB [OPTION...] [ARGUMENT...]\n\n", stream);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(stream, "  %-8s %s\n", verbs[i].name, verbs[i].verb->summary);
	fputs("\ntruce lab image VERB --help tells more; so does the manual page truce-lab-image(1).\n",
	      stream);
	return stream == stdout ? VERB_FINE : VERB_USAGE;
}

/* Only its name and summary are used. */
const struct verb lab_image_verb = {
	.name = "lab image",
	.summary = "guests with a whole Debian in them: build, list, check",
};

int lab_image_call(char **arguments)
{
	if (arguments[0] == NULL)
		return print_help(stderr);
	if (strcmp(arguments[0], "--help") == 0 || strcmp(arguments[0], "-h") == 0)
		return print_help(stdout);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(arguments[0], verbs[i].name) == 0)
			return verb_call(verbs[i].verb, arguments + 1);
	return verb_misuse(&lab_image_verb, "there is no such verb; truce lab image --help lists them");
}
