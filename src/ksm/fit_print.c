/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fit_print: a fit of VMs that are told on standard input, for fit_oracle.py.
 *
 *     HOST USED RESERVE RISK SPREAD REWRITING MAX_SHARING ZERO_PAGES KINDS MIX...
 *     KIND OTHER MOST GROWTH ZERO CHANGING PAGES HASH...       a VM, as many as there are
 *
 * prints  OFF OFF_MEAN ON ON_MEAN.
 */
#include "ksm/fit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { VMS_MOST = 64 };

static size_t kind_of[VMS_MOST];
static struct fit_vm vms[VMS_MOST];
static double mix[POPULATION_KINDS_MOST];

static void refuse(const char *what)
{
	fprintf(stderr, "fit_print: %s\n", what);
	exit(2);
}

static void read_question(struct fit_question *question, struct prints *prints)
{
	unsigned zero_pages;
	size_t i;

	if (scanf("%lf %lf %lf %lf %lf %" SCNu64 " %" SCNu64 " %u %zu", &question->host_bytes,
		  &question->used_bytes, &question->reserve_bytes, &question->risk, &question->spread,
		  &question->rewriting, &prints->max_sharing, &zero_pages, &question->kind_count) != 9 ||
	    question->kind_count > POPULATION_KINDS_MOST)
		refuse("no question");
	prints->zero_pages = zero_pages;
	for (i = 0; i < question->kind_count; i++)
		if (scanf("%lf", &mix[i]) != 1)
			refuse("no mix");
}

static bool read_vm(struct prints *prints)
{
	size_t number = prints->vm_count, kind, pages;
	struct prints_vm *vm;
	uint64_t hash;

	if (number == VMS_MOST || scanf("%zu", &kind) != 1)
		return false;
	vm = prints_add_vm(prints);
	kind_of[number] = kind;
	if (vm == NULL ||
	    scanf("%lf %lf %lf %" SCNu64 " %" SCNu64 " %zu", &vms[number].other_bytes,
		  &vms[number].most_bytes, &vms[number].growth_bytes, &vm->zero, &vm->changing,
		  &pages) != 6)
		refuse("no VM");
	vm->pages = vm->zero + vm->changing + pages;
	while (pages-- > 0)
		if (scanf("%" SCNu64, &hash) != 1 || !print_list_add(&vm->sampled, hash))
			refuse("no page");
	return true;
}

int main(void)
{
	struct prints prints;
	struct fit_question question = { .prints = &prints, .kind_of = kind_of, .vms = vms, .mix = mix };
	struct fit fit;

	prints_init(&prints);
	prints.modulo = 1;
	read_question(&question, &prints);
	while (read_vm(&prints))
		;
	if (!prints_sort(&prints) || fit_compute(&question, &fit) < 0)
		refuse("cannot compute");
	printf("%zu %zu %zu %zu\n", fit.most.off, fit.most.off_mean, fit.most.on, fit.most.on_mean);
	fit_done(&fit);
	prints_done(&prints);
	return 0;
}
