/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/subject.h"

#include "base/cleanup.h"
#include "base/vec.h"
#include "model/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct subject *subject_new(const struct vm_identity *identity)
{
	struct subject *subject = calloc(1, sizeof *subject);

	if (subject == NULL)
		return NULL;
	subject->identity = *identity;
	subject->dirty = true;
	return subject;
}

void subject_free(struct subject *subject)
{
	if (subject == NULL)
		return;
	free(subject->asks);
	free(subject->holds);
	free(subject->knobs);
	free(subject->tolds);
	free(subject->standings);
	free(subject->lacks);
	plan_done(&subject->said);
	free(subject);
}

/* -- knobs, asks, holds ----------------------------------------------------------------- */

static size_t knob_place(const struct subject *subject, enum setting setting)
{
	size_t at;

	for (at = 0; at < subject->knob_count; at++)
		if (subject->knobs[at].setting >= setting)
			break;
	return at;
}

struct knob *subject_find_knob(const struct subject *subject, enum setting setting)
{
	size_t at = knob_place(subject, setting);

	return at < subject->knob_count && subject->knobs[at].setting == setting ?
		&subject->knobs[at] : NULL;
}

struct knob *subject_knob(struct subject *subject, enum setting setting)
{
	struct knob *knob = subject_find_knob(subject, setting);
	size_t at = knob_place(subject, setting);

	if (knob != NULL)
		return knob;
	if (!VEC_RESERVE(subject->knobs, subject->knob_capacity, subject->knob_count + 1))
		return NULL;
	knob = &subject->knobs[at];
	memmove(knob + 1, knob, (subject->knob_count - at) * sizeof *knob);
	memset(knob, 0, sizeof *knob);
	knob->setting = setting;
	subject->knob_count++;
	return knob;
}

void subject_remove_knob(struct subject *subject, size_t at)
{
	subject->knob_count--;
	memmove(&subject->knobs[at], &subject->knobs[at + 1],
		(subject->knob_count - at) * sizeof *subject->knobs);
}

void subject_note_lack(struct subject *subject, enum setting setting, const char *reason,
		       uint64_t until_usec)
{
	struct lack *lack = NULL;
	size_t i;

	for (i = 0; i < subject->lack_count; i++)
		if (subject->lacks[i].setting == setting)
			lack = &subject->lacks[i];
	/* Without memory it is refused again. */
	if (lack == NULL &&
	    VEC_RESERVE(subject->lacks, subject->lack_capacity, subject->lack_count + 1))
		lack = &subject->lacks[subject->lack_count++];
	if (lack == NULL)
		return;
	lack->setting = setting;
	lack->until_usec = until_usec;
	snprintf(lack->reason, sizeof lack->reason, "%s", reason);
}

struct ask *subject_find_ask(const struct subject *subject, const struct policy_entry *by,
			     const char *rule, enum setting setting)
{
	size_t i;

	for (i = 0; i < subject->ask_count; i++) {
		struct ask *ask = &subject->asks[i];

		if (ask->by == by && ask->request.setting == setting &&
		    strcmp(ask->request.cause.rule, rule) == 0)
			return ask;
	}
	return NULL;
}

const struct standing *subject_find_standing(const struct subject *subject, uint64_t serial)
{
	size_t i;

	for (i = 0; i < subject->standing_count; i++)
		if (subject->standings[i].serial == serial)
			return &subject->standings[i];
	return NULL;
}

void subject_remove_ask(struct subject *subject, size_t at)
{
	subject->asks[at] = subject->asks[--subject->ask_count];
	subject->dirty = true;
}

struct hold *subject_find_hold(const struct subject *subject, enum setting setting)
{
	size_t i;

	for (i = 0; i < subject->hold_count; i++)
		if (subject->holds[i].setting == setting)
			return &subject->holds[i];
	return NULL;
}

bool subject_end_holds(struct subject *subject, uint64_t realtime_usec, uint64_t *ret_next_usec)
{
	size_t i, kept = 0, before = subject->hold_count;

	*ret_next_usec = UINT64_MAX;
	for (i = 0; i < before; i++) {
		uint64_t until = subject->holds[i].until_realtime_usec;

		if (until != 0 && until <= realtime_usec)
			continue;
		if (until != 0 && until < *ret_next_usec)
			*ret_next_usec = until;
		if (kept != i)
			subject->holds[kept] = subject->holds[i];
		kept++;
	}
	subject->hold_count = kept;
	return kept != before;
}

/* -- fingerprints ----------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	size_t size, at;
	uint64_t word;

	if (text == NULL)
		return mix(hash, 1);
	size = strlen(text);
	hash = mix(hash, size << 1);
	for (at = 0; at + 8 <= size; at += 8) {
		memcpy(&word, text + at, 8);
		hash = mix(hash, word);
	}
	word = 0;
	memcpy(&word, text + at, size - at);
	return mix(hash, word);
}

uint64_t subject_class_fingerprint(const struct vm *vm)
{
	static const enum vm_text texts[] = { VM_TEXT_NAME, VM_TEXT_CGROUP, VM_TEXT_UUID,
					      VM_TEXT_METADATA, VM_TEXT_OWNER, VM_TEXT_VMM };
	uint64_t hash = 1;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		hash = mix_text(hash, vm->text[texts[i]]);
	return hash;
}

static uint64_t mix_figure(uint64_t hash, const struct vm *vm, enum vm_figure figure)
{
	return vm->state[figure] == FIGURE_PRESENT ? mix(hash, (uint64_t)vm->value[figure]) :
						     mix(hash, ~(uint64_t)vm->state[figure]);
}

uint64_t subject_fingerprint(const struct vm *vm, uint64_t class_fingerprint)
{
	static const enum vm_text texts[] = {
		VM_TEXT_CGROUP_OWN, VM_TEXT_WEIGHT_WHERE, VM_TEXT_AFFINITY, VM_TEXT_TAPS,
		VM_TEXT_STATE, VM_TEXT_HINDRANCES,
	};
	static const enum vm_figure figures[] = {
		VM_NICE, VM_AUTOGROUP_NICE, VM_WEIGHT_RELATIVE, VM_QUOTA, VM_QUOTA_BURST,
		VM_MEMORY_LOW, VM_MEMORY_MIN, VM_MEMORY_HIGH, VM_IO_WEIGHT, VM_BALLOON_TARGET,
	};
	uint64_t hash = class_fingerprint;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		hash = mix_text(hash, vm->text[texts[i]]);
	for (i = 0; i < ARRAY_SIZE(figures); i++)
		hash = mix_figure(hash, vm, figures[i]);
	hash = mix(hash, vm->state[VM_BALLOON_ACTUAL]);
	/* What shares of memory protect follows what is used, in steps of an eighth. */
	if (vm->state[VM_MEMORY_CURRENT] == FIGURE_PRESENT && vm->value[VM_MEMORY_CURRENT] > 0) {
		uint64_t used = (uint64_t)vm->value[VM_MEMORY_CURRENT];

		hash = mix(hash, used >> (60 - __builtin_clzll(used | 8)));
		hash = mix(hash, (uint64_t)__builtin_clzll(used));
	}
	return mix(hash, vm->vcpu_count);
}

uint64_t subject_host_fingerprint(const struct host *host)
{
	uint64_t hash = mix_text(1, host->text[HOST_TEXT_CGROUP]);

	hash = mix_text(hash, host->text[HOST_TEXT_SCHEDULER]);
	hash = mix_text(hash, host->text[HOST_TEXT_IO_ARBITER]);
	hash = mix_text(hash, host->text[HOST_TEXT_MEMORY_AGEING]);
	return mix(hash, (uint64_t)host->value[HOST_MEMORY_TOTAL]);
}

uint64_t subject_host_knobs_fingerprint(const struct host *host)
{
	static const enum host_figure figures[] = { HOST_KSM_RUN, HOST_KSM_PAGES_TO_SCAN,
						    HOST_KSM_SLEEP };
	uint64_t hash = 1;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(figures); i++)
		hash = mix(mix(hash, host->state[figures[i]]), (uint64_t)host->value[figures[i]]);
	return hash;
}

/* -- what was said ---------------------------------------------------------------------- */

static uint64_t hash_of_item(const struct plan_item *item)
{
	return mix_text(mix(7, item->verdict), item->reason);
}

static struct told *find_told(const struct subject *subject, const struct plan_item *item)
{
	size_t i;

	for (i = 0; i < subject->told_count; i++)
		if (subject->tolds[i].asked == item->asked &&
		    subject->tolds[i].setting == item->setting)
			return &subject->tolds[i];
	return NULL;
}

void subject_told_begin(struct subject *subject)
{
	size_t i, kept = 0;

	for (i = 0; i < subject->told_count; i++) {
		if (!subject->tolds[i].again)
			continue;
		subject->tolds[kept] = subject->tolds[i];
		subject->tolds[kept++].again = false;
	}
	subject->told_count = kept;
}

void subject_tell(struct subject *subject, const struct plan_item *item)
{
	struct told *told = find_told(subject, item);
	uint64_t hash = hash_of_item(item);

	if (told == NULL) {
		/* Without memory it is news each time, which is the lesser evil. */
		if (!VEC_RESERVE(subject->tolds, subject->told_capacity, subject->told_count + 1))
			return;
		told = &subject->tolds[subject->told_count++];
		*told = (struct told){ .asked = item->asked, .setting = item->setting,
				       .hash = ~hash };
	}
	told->news = told->hash != hash;
	told->hash = hash;
	told->again = true;
}

void subject_told_repeat(struct subject *subject)
{
	size_t i;

	for (i = 0; i < subject->told_count; i++)
		subject->tolds[i].news = false;
}

bool subject_is_news(const struct subject *subject, const struct plan_item *item)
{
	const struct told *told = find_told(subject, item);

	return told == NULL || told->news || told->hash != hash_of_item(item);
}
