/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the library says of these processes' memory, as JSON, beside what it took to say so: for claims
 * and benchmarks, which hold it against what is true and against what KSM then does.
 *
 *   estimate [--modulo N | --positions PPM] [--again MSEC] [--rate MB_A_SECOND] [--zero-pages]
 *            [--most N] PID...
 *
 * --again: looks a second time, so long after the first look. `by_position` is [least, likely, most]
 * of what is saved, where only so many pages in a million were read. Pages are of 4096 bytes. `pairs` is
 * what two have in common, by all fingerprints, `sketched` the same of what their sketches say:
 * contents.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "ksm/look.h"
#include "ksm/merging.h"
#include "ksm/position.h"
#include "ksm/sketch.h"
#include "sys/root.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { PIDS_MOST = 64 };

struct settings {
	struct look_options look;
	uint64_t again_msec, most;
	bool again, zero_pages;
	pid_t pids[PIDS_MOST];
	size_t pid_count;
};

struct costs {
	uint64_t look_usec, again_usec, match_usec, bytes;
};

static uint64_t cpu_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

/* -- what is asked -------------------------------------------------------------------------------- */

static int usage(void)
{
	fprintf(stderr, "usage: estimate [--modulo N | --positions PPM] [--again MSEC] "
			"[--rate MB_A_SECOND] [--zero-pages] [--most N] PID...\n");
	return 2;
}

static bool take_option(const char *name, const char *value, struct settings *ret)
{
	uint64_t number = strtoull(value, NULL, 10);

	if (strcmp(name, "--modulo") == 0)
		ret->look.modulo = number;
	else if (strcmp(name, "--positions") == 0)
		ret->look.positions_ppm = (uint32_t)number;
	else if (strcmp(name, "--rate") == 0)
		ret->look.bytes_per_second = number * 1000000;
	else if (strcmp(name, "--most") == 0)
		ret->most = number;
	else if (strcmp(name, "--again") == 0)
		ret->again_msec = number;
	else
		return false;
	ret->again |= strcmp(name, "--again") == 0;
	return true;
}

static bool settings_parse(int argc, char **argv, struct settings *ret)
{
	int i;

	*ret = (struct settings){ .most = MERGING_SHARING_DEFAULT };
	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--zero-pages") == 0)
			ret->zero_pages = true;
		else if (argv[i][0] != '-' && ret->pid_count < PIDS_MOST)
			ret->pids[ret->pid_count++] = (pid_t)atoi(argv[i]);
		else if (i + 1 >= argc || !take_option(argv[i], argv[i + 1], ret))
			return false;
		else
			i++;
	}
	return ret->pid_count > 0;
}

/* -- looking -------------------------------------------------------------------------------------- */

static int look_at_all(struct look *look, const struct settings *settings, struct prints *prints,
		       struct costs *costs, struct error *err)
{
	uint64_t begin_usec = cpu_usec();
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < settings->pid_count; i++) {
		struct prints_vm *vm = prints_add_vm(prints);

		r = vm != NULL ? look_first(look, settings->pids[i], vm, err) : -ENOMEM;
		if (r == 0)
			snprintf(vm->name, sizeof vm->name, "%d", (int)settings->pids[i]);
	}
	costs->look_usec = cpu_usec() - begin_usec;
	costs->bytes = look_bytes(look);
	if (!settings->again || r < 0)
		return r;
	usleep((useconds_t)settings->again_msec * 1000);
	begin_usec = cpu_usec();
	for (i = 0; r == 0 && i < settings->pid_count; i++)
		r = look_again(look, i, &prints->vms[i], err);
	costs->again_usec = cpu_usec() - begin_usec;
	return r;
}

static int look_and_match(const struct settings *settings, struct prints *prints,
			  struct merging *merging, struct costs *costs, struct error *err)
{
	struct root *root = root_live_new();
	struct look *look = NULL;
	uint64_t begin_usec;
	int r = root != NULL ? look_new(root, &settings->look, &look, err) : -ENOMEM;

	prints->modulo = settings->look.modulo > 1 ? settings->look.modulo : 1;
	prints->max_sharing = settings->most;
	prints->zero_pages = settings->zero_pages;
	if (r == 0)
		r = look_at_all(look, settings, prints, costs, err);
	if (r == 0) {
		begin_usec = cpu_usec();
		r = prints_sort(prints) ? merging_compute(prints, NULL, merging) : -ENOMEM;
		costs->match_usec = cpu_usec() - begin_usec;
	}
	look_free(look);
	root_free(root);
	return r;
}

/* -- telling -------------------------------------------------------------------------------------- */

static void print_vm(const struct prints_vm *vm, const struct merging_vm *merging)
{
	printf("{\"pid\":%s,\"pages\":%llu,\"zero\":%llu,\"changing\":%llu,\"gone\":%llu,"
	       "\"swapped\":%llu,\"apart\":%llu,\"merged\":%.0f,\"saved_alone\":%.0f,"
	       "\"freed\":%.0f}",
	       vm->name, (unsigned long long)vm->pages, (unsigned long long)vm->zero,
	       (unsigned long long)vm->changing, (unsigned long long)vm->gone,
	       (unsigned long long)vm->swapped, (unsigned long long)vm->apart, merging->merged,
	       merging->saved_alone, merging->freed);
}

static void print_vms(const struct prints *prints, const struct merging *merging)
{
	size_t i, j;

	printf("\"vms\":[");
	for (i = 0; i < prints->vm_count; i++) {
		printf("%s", i > 0 ? "," : "");
		print_vm(&prints->vms[i], &merging->vms[i]);
	}
	printf("],\"pairs\":[");
	for (i = 0; i < prints->vm_count; i++)
		for (j = i + 1; j < prints->vm_count; j++)
			printf("%s[%zu,%zu,%.0f]", i + j > 1 ? "," : "", i, j,
			       merging->pairs[i * prints->vm_count + j]);
	printf("]");
}

static int print_sketched(const struct sketch *sketches, size_t count, struct error *err)
{
	size_t i, j;

	printf(",\"sketched\":[");
	for (i = 0; i < count; i++)
		for (j = i + 1; j < count; j++) {
			double contents, error;
			int r = sketch_common(&sketches[i], &sketches[j], &contents, &error, err);

			if (r < 0)
				return r;
			printf("%s[%zu,%zu,%.0f,%.0f]", i + j > 1 ? "," : "", i, j, contents, error);
		}
	printf("]");
	return 0;
}

static int print_sketches(const struct prints *prints, struct error *err)
{
	static struct sketch sketches[PIDS_MOST];
	size_t i, most = 0;
	struct str str;
	int r = 0;

	for (i = 0; r == 0 && i < prints->vm_count; i++) {
		r = sketch_make(prints, &prints->vms[i], &sketches[i]);
		str_init(&str);
		if (r == 0)
			sketch_append(&sketches[i], &str);
		most = str.length > most ? str.length : most;
		str_done(&str);
	}
	if (r == 0)
		r = print_sketched(sketches, prints->vm_count, err);
	printf(",\"sketch_bytes\":%zu", most);
	for (i = 0; i < prints->vm_count; i++)
		sketch_done(&sketches[i]);
	return r;
}

static int print_by_position(const struct prints *prints)
{
	struct position_estimate estimate;
	int r = position_estimate(prints, NULL, &estimate);

	if (r == 0)
		printf(",\"by_position\":[%.0f,%.0f,%.0f]", estimate.saved.least,
		       estimate.saved.likely, estimate.saved.most);
	return r;
}

static void print_head(const struct merging *merging, const struct costs *costs)
{
	printf("{\"pages\":%.0f,\"saved\":%.0f,\"shared\":%.0f,\"sharing\":%.0f,\"unshared\":%.0f,"
	       "\"zero_merged\":%.0f,\"changing\":%.0f,\"items\":%.0f,\"error\":%.1f,"
	       "\"unmerge_bytes\":%.0f,\"bytes\":%llu,\"look_usec\":%llu,\"again_usec\":%llu,"
	       "\"match_usec\":%llu,",
	       merging->pages, merging->saved, merging->shared, merging->sharing, merging->unshared,
	       merging->zero, merging->changing, merging->items, merging->error,
	       merging_unmerge_bytes(merging), (unsigned long long)costs->bytes,
	       (unsigned long long)costs->look_usec, (unsigned long long)costs->again_usec,
	       (unsigned long long)costs->match_usec);
}

int main(int argc, char **argv)
{
	struct settings settings;
	struct merging merging = { 0 };
	struct error err = { 0 };
	struct costs costs = { 0 };
	struct prints prints;
	int r;

	if (!settings_parse(argc, argv, &settings))
		return usage();
	prints_init(&prints);
	r = look_and_match(&settings, &prints, &merging, &costs, &err);
	if (r == 0) {
		print_head(&merging, &costs);
		print_vms(&prints, &merging);
		r = settings.look.positions_ppm > 0 ? print_by_position(&prints) :
						      print_sketches(&prints, &err);
		puts("}");
	}
	merging_done(&merging);
	prints_done(&prints);
	if (r < 0)
		fprintf(stderr, "estimate: %s\n", err.text[0] != '\0' ? err.text : strerror(-r));
	return r < 0;
}
