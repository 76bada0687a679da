/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"

#define NSEC_PER_SEC 1000000000u
#define NSEC_PER_MSEC 1000000u
#define VCPUS_MAX 64u
#define SECONDS_MAX 86400u
#define MSEC_MAX 3600000u
/* The guest's code is in its second page; the memory ends before the APIC's pages. */
#define MEMORY_KB_MIN 8u
#define MEMORY_KB_MAX (3u << 20)

struct option_row {
	const char *name;
	const char *argument; /* NULL: a switch, its parser gets NULL */
	unsigned verbs;
	int (*parse)(struct settings *settings, const char *text, struct error *err);
	const char *help;
};

static int parse_number(const char *text, unsigned minimum, unsigned maximum, unsigned *ret,
			struct error *err)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end != '\0' || errno != 0 || number < minimum ||
	    number > maximum)
		return error_set(err, -EINVAL, "'%s' is not a number from %u to %u", text, minimum,
				 maximum);
	*ret = (unsigned)number;
	return 0;
}

/* A decimal with an optional fraction, times the scale. */
static int parse_scaled(const char *text, double maximum, double scale, double *ret,
			struct error *err)
{
	char *end;
	double number = strtod(text, &end);

	if (!isdigit((unsigned char)*text) || *end != '\0' || !(number >= 0 && number <= maximum))
		return error_set(err, -EINVAL, "'%s' is not a number from 0 to %g", text, maximum);
	*ret = number * scale;
	return 0;
}

static int parse_msec(const char *text, uint64_t *ret_nsec, struct error *err)
{
	unsigned msec;
	int result = parse_number(text, 0, MSEC_MAX, &msec, err);

	if (result == 0)
		*ret_nsec = (uint64_t)msec * NSEC_PER_MSEC;
	return result;
}

static int parse_vms(struct settings *settings, const char *text, struct error *err)
{
	return parse_number(text, 1, VMS_MAX, &settings->vms, err);
}

static int parse_vcpus(struct settings *settings, const char *text, struct error *err)
{
	return parse_number(text, 1, VCPUS_MAX, &settings->guest.vcpu_count, err);
}

static int parse_spin(struct settings *settings, const char *text, struct error *err)
{
	double permyriad;
	int result;

	if (strcmp(text, "idle") == 0)
		text = "0";
	else if (strcmp(text, "spin") == 0)
		text = "1";
	result = parse_scaled(text, 1, 10000, &permyriad, err);
	if (result < 0)
		return error_set(err, result, "'%s' is not idle, spin or a fraction from 0 to 1",
				 text);
	settings->spin_permyriad = (unsigned)(permyriad + 0.5);
	return 0;
}

static int parse_burst(struct settings *settings, const char *text, struct error *err)
{
	const char *colon = strchr(text, ':');
	CLEANUP_FREE char *busy = NULL;
	double busy_nsec, period_nsec;
	int result;

	if (colon == NULL)
		return error_set(err, -EINVAL, "'%s' is not BUSY:PERIOD", text);
	busy = strndup(text, (size_t)(colon - text));
	if (busy == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	result = parse_scaled(busy, MSEC_MAX, NSEC_PER_MSEC, &busy_nsec, err);
	if (result == 0)
		result = parse_scaled(colon + 1, MSEC_MAX, NSEC_PER_MSEC, &period_nsec, err);
	if (result < 0)
		return result;
	if (busy_nsec < 1000 || busy_nsec >= period_nsec)
		return error_set(err, -EINVAL, "'%s' needs 0.001 <= BUSY < PERIOD", text);
	settings->guest.burst_busy_nsec = (uint64_t)busy_nsec;
	settings->guest.burst_period_nsec = (uint64_t)period_nsec;
	return 0;
}

static int parse_memory(struct settings *settings, const char *text, struct error *err)
{
	unsigned kilobytes;
	int result = parse_number(text, MEMORY_KB_MIN, MEMORY_KB_MAX, &kilobytes, err);

	if (result < 0)
		return result;
	if (kilobytes % 4 != 0)
		return error_set(err, -EINVAL, "%u is not a multiple of 4", kilobytes);
	settings->guest.memory_bytes = (size_t)kilobytes * 1024;
	return 0;
}

static int parse_mergeable(struct settings *settings, const char *text, struct error *err)
{
	settings->guest.mergeable = true;
	return 0;
}

static int parse_processes(struct settings *settings, const char *text, struct error *err)
{
	settings->one_process = false;
	return 0;
}

static int parse_one_process(struct settings *settings, const char *text, struct error *err)
{
	settings->one_process = true;
	return 0;
}

static int parse_name(struct settings *settings, const char *text, struct error *err)
{
	settings->name = text;
	return 0;
}

static int parse_thread_names(struct settings *settings, const char *text, struct error *err)
{
	settings->guest.naming = guest_naming_find(text);
	if (settings->guest.naming == NULL)
		return error_set(err, -EINVAL, "'%s' is none of %s", text, guest_naming_list());
	return 0;
}

static int parse_for(struct settings *settings, const char *text, struct error *err)
{
	double nsec;
	int result = parse_scaled(text, SECONDS_MAX, NSEC_PER_SEC, &nsec, err);

	if (result == 0)
		settings->for_nsec = (uint64_t)nsec;
	return result;
}

static int parse_log(struct settings *settings, const char *text, struct error *err)
{
	settings->log_path = text;
	return 0;
}

static int parse_jobs(struct settings *settings, const char *text, struct error *err)
{
	return parse_number(text, 1, VMS_MAX, &settings->jobs, err);
}

static int parse_lifetime(struct settings *settings, const char *text, struct error *err)
{
	const char *colon = strchr(text, ':');
	CLEANUP_FREE char *minimum = NULL;
	int result;

	if (colon == NULL)
		return error_set(err, -EINVAL, "'%s' is not MIN:MAX", text);
	minimum = strndup(text, (size_t)(colon - text));
	if (minimum == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	result = parse_msec(minimum, &settings->lifetime_min_nsec, err);
	if (result == 0)
		result = parse_msec(colon + 1, &settings->lifetime_max_nsec, err);
	if (result < 0)
		return result;
	if (settings->lifetime_max_nsec == 0 ||
	    settings->lifetime_min_nsec > settings->lifetime_max_nsec)
		return error_set(err, -EINVAL, "'%s' needs 0 <= MIN <= MAX and MAX above 0", text);
	return 0;
}

static int parse_keep(struct settings *settings, const char *text, struct error *err)
{
	settings->keep = true;
	return 0;
}

static int parse_count(struct settings *settings, const char *text, struct error *err)
{
	return parse_number(text, 1, 1000000, &settings->count, err);
}

static int parse_gap(struct settings *settings, const char *text, struct error *err)
{
	return parse_msec(text, &settings->gap_nsec, err);
}

static int parse_hold(struct settings *settings, const char *text, struct error *err)
{
	return parse_msec(text, &settings->hold_nsec, err);
}

static const struct option_row option_rows[] = {
	{ "--vms", "N", VERB_RUN | VERB_CHURN, parse_vms, "VMs alive at a time, 1 to 500 [1]" },
	{ "--count", "N", VERB_BIRTHS, parse_count, "births in all [200]" },
	{ "--vcpus", "V", VERB_ALL, parse_vcpus, "vCPUs of each VM [1]" },
	{ "--spin", "FRACTION|idle|spin", VERB_ALL, parse_spin,
	  "this part of the VMs spins, the others halt [idle]" },
	{ "--burst-ms", "BUSY:PERIOD", VERB_ALL, parse_burst,
	  "each vCPU works so long in each period; bursts go to the log" },
	{ "--memory-kb", "K", VERB_ALL, parse_memory, "guest memory, untouched but for 4 kB [64]" },
	{ "--mergeable", NULL, VERB_ALL, parse_mergeable,
	  "fill the memory alike in all VMs and offer it to KSM" },
	{ "--processes", NULL, VERB_RUN, parse_processes, "a process for each VM [default]" },
	{ "--one-process", NULL, VERB_RUN, parse_one_process, "all VMs in one process" },
	{ "--name", "PREFIX", VERB_ALL, parse_name, "VMs are PREFIX-0, PREFIX-1, ... [vm]" },
	{ "--thread-names", "VMM", VERB_ALL, parse_thread_names,
	  "name vCPU threads as this VMM does [plain]" },
	{ "--for", "SECONDS", VERB_RUN | VERB_CHURN, parse_for,
	  "end after so long [run: when told; churn: 10]" },
	{ "--jobs", "J", VERB_CHURN, parse_jobs, "births and deaths under way at a time [64]" },
	{ "--lifetime-ms", "MIN:MAX", VERB_CHURN, parse_lifetime,
	  "each VM lives so long [until it is the oldest of too many]" },
	{ "--keep", NULL, VERB_CHURN, parse_keep, "then make it N VMs, and leave them alive until told" },
	{ "--gap-ms", "G", VERB_BIRTHS, parse_gap, "pause between two births [20]" },
	{ "--hold-ms", "H", VERB_BIRTHS, parse_hold, "each VM lives so long [1000]" },
	{ "--log", "FILE", VERB_ALL, parse_log, "add a line for each birth and death to FILE" },
};

static const struct option_row *option_find(enum verb_bit verb, const char *argument,
					    size_t name_size)
{
	for (size_t i = 0; i < ARRAY_SIZE(option_rows); i++) {
		const struct option_row *row = &option_rows[i];

		if ((row->verbs & verb) != 0 && strlen(row->name) == name_size &&
		    memcmp(row->name, argument, name_size) == 0)
			return row;
	}
	return NULL;
}

/* Takes the option at argv[*at], as --name VALUE or --name=VALUE, and moves behind it. */
static int settings_parse_one(enum verb_bit verb, int argc, char **argv, int *at,
			      struct settings *settings, struct error *err)
{
	const char *argument = argv[(*at)++];
	size_t name_size = strcspn(argument, "=");
	const char *value = argument[name_size] == '=' ? argument + name_size + 1 : NULL;
	const struct option_row *row = option_find(verb, argument, name_size);

	if (row == NULL)
		return error_set(err, -EINVAL, "no option %s here", argument);
	if (row->argument != NULL && value == NULL && *at < argc)
		value = argv[(*at)++];
	if ((row->argument != NULL) != (value != NULL))
		return error_set(err, -EINVAL, "%s takes %s", row->name,
				 row->argument != NULL ? row->argument : "no value");
	if (row->parse(settings, value, err) < 0)
		return error_prefix(err, "%s", row->name);
	return 0;
}

int settings_parse(enum verb_bit verb, int argc, char **argv, struct settings *ret,
		   struct error *err)
{
	struct settings settings = {
		.guest = { .naming = guest_naming_find("plain"),
			   .vcpu_count = 1,
			   .memory_bytes = 64 * 1024 },
		.vms = 1,
		.name = "vm",
		.for_nsec = verb == VERB_CHURN ? (uint64_t)10 * NSEC_PER_SEC : 0,
		.jobs = 64,
		.count = 200,
		.gap_nsec = 20 * NSEC_PER_MSEC,
		.hold_nsec = NSEC_PER_SEC,
	};
	int result = 0;

	for (int at = 0; result == 0 && at < argc;)
		result = settings_parse_one(verb, argc, argv, &at, &settings, err);
	if (result == 0)
		*ret = settings;
	return result;
}

void settings_print_options(FILE *stream, enum verb_bit verb)
{
	for (size_t i = 0; i < ARRAY_SIZE(option_rows); i++) {
		const struct option_row *row = &option_rows[i];
		int width;

		if ((row->verbs & verb) == 0)
			continue;
		width = fprintf(stream, "    %s%s%s", row->name, row->argument != NULL ? " " : "",
				row->argument != NULL ? row->argument : "");
		fprintf(stream, "%*s%s\n", width < 34 ? 34 - width : 1, "", row->help);
	}
}
