/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/asked.h"

#include "base/vec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define MOST 65536

void asked_done(struct asked *asked)
{
	free(asked->items);
	map_done(&asked->places);
	memset(asked, 0, sizeof *asked);
}

static uint64_t key_of(const struct request *request)
{
	const struct vm_identity *vm = &request->vm;
	uint64_t numbers[] = { (uint64_t)vm->pid, vm->start_ticks, vm->ordinal, request->setting };

	return XXH64(request->cause.rule, strlen(request->cause.rule),
		     XXH64(numbers, sizeof numbers, 0));
}

static bool is_same(const struct request *a, const struct request *b)
{
	return a->setting == b->setting && vm_identity_compare(&a->vm, &b->vm) == 0 &&
	       strcmp(a->cause.rule, b->cause.rule) == 0;
}

/* The map finds it at once, save where two hashes collide. `count`: it is not there. */
static size_t place_of(const struct asked *asked, const struct request *request)
{
	size_t at = (size_t)(uintptr_t)map_get(&asked->places, key_of(request));

	if (at == 0)
		return asked->count;
	if (is_same(&asked->items[at - 1], request))
		return at - 1;
	for (at = 0; at < asked->count && !is_same(&asked->items[at], request); at++)
		;
	return at;
}

static bool note_place(struct asked *asked, size_t at)
{
	return map_put(&asked->places, key_of(&asked->items[at]), (void *)(uintptr_t)(at + 1));
}

/* The last one takes the place of the one that goes: its key is there, so this needs no memory. */
static void drop(struct asked *asked, size_t at)
{
	uint64_t key = key_of(&asked->items[at]);

	if ((size_t)(uintptr_t)map_get(&asked->places, key) == at + 1)
		map_remove(&asked->places, key);
	asked->count--;
	if (at == asked->count)
		return;
	asked->items[at] = asked->items[asked->count];
	(void)note_place(asked, at);
}

static bool add(struct asked *asked, const struct request *request)
{
	if (asked->count >= MOST || !VEC_RESERVE(asked->items, asked->capacity, asked->count + 1))
		return false;
	asked->items[asked->count] = *request;
	if (!note_place(asked, asked->count))
		return false;
	asked->count++;
	return true;
}

bool asked_take(struct asked *asked, const struct request *request)
{
	size_t at = place_of(asked, request);

	if (at < asked->count && request->release)
		drop(asked, at);
	else if (at < asked->count)
		asked->items[at] = *request;
	else if (!request->release)
		return add(asked, request);
	return true;
}

void asked_keep(struct asked *asked, bool (*is_kept)(void *context, const struct request *request),
		void *context)
{
	size_t at = asked->count;

	/* From the end, so that what takes another's place has been looked at. */
	while (at-- > 0)
		if (!is_kept(context, &asked->items[at]))
			drop(asked, at);
}
