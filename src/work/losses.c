/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/losses.h"

#include <string.h>

static uint64_t *word_of(struct losses *losses, uint64_t sequence)
{
	return &losses->bits[sequence % LOSSES_WINDOW / 64];
}

/* Below `base` everything is decided afterwards. */
static void advance(struct losses *losses, uint64_t base)
{
	uint64_t last = base - losses->base > LOSSES_WINDOW ? losses->base + LOSSES_WINDOW : base;

	for (; losses->base < last; losses->base++) {
		uint64_t bit = 1ull << losses->base % 64;

		if ((*word_of(losses, losses->base) & bit) == 0)
			losses->lost++;
		*word_of(losses, losses->base) &= ~bit;
	}
	/* Beyond the window nothing has come. */
	losses->lost += base - losses->base;
	losses->base = base;
}

bool losses_take(struct losses *losses, uint64_t sequence)
{
	uint64_t bit = 1ull << sequence % 64;

	if (sequence < losses->base) {
		losses->late++;
		return false;
	}
	if (sequence - losses->base >= LOSSES_WINDOW)
		advance(losses, sequence - LOSSES_WINDOW + 1);
	if (*word_of(losses, sequence) & bit) {
		losses->again++;
		return false;
	}
	*word_of(losses, sequence) |= bit;
	if (sequence >= losses->past)
		losses->past = sequence + (sequence < UINT64_MAX);
	return true;
}

void losses_end(struct losses *losses, uint64_t count)
{
	if (count > losses->past)
		losses->past = count;
}

void losses_settle(struct losses *losses)
{
	if (losses->past > losses->base)
		advance(losses, losses->past);
}
