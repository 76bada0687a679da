/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/range_coder.h"

#include "base/str.h"

#include <string.h>

/* The range is kept at or above this, so that 12 bits of odds always split it. */
#define RANGE_LOWEST (1u << 24)

void range_coder_write(struct range_coder *coder, struct str *out)
{
	memset(coder, 0, sizeof *coder);
	coder->range = UINT32_MAX;
	coder->out = out;
	coder->pending = 1;
}

static uint32_t range_next_byte(struct range_coder *coder)
{
	if (coder->at < coder->end)
		return *coder->at++;
	coder->overrun = true;
	return 0;
}

void range_coder_read(struct range_coder *coder, const char *bytes, size_t size)
{
	unsigned i;

	memset(coder, 0, sizeof *coder);
	coder->reading = true;
	coder->range = UINT32_MAX;
	coder->at = (const unsigned char *)bytes;
	coder->end = coder->at + size;
	for (i = 0; i < 4; i++)
		coder->code = coder->code << 8 | range_next_byte(coder);
}

/* The very first byte is always zero: low starts below 2^32 and never grows past it. */
static void range_put_byte(struct range_coder *coder, uint8_t byte)
{
	if (coder->started)
		str_append_char(coder->out, (char)byte);
	coder->started = true;
}

/* Moves the top byte of low out, unless a later carry may still change it. */
static void range_shift(struct range_coder *coder)
{
	if (coder->low < 0xff000000u || coder->low > UINT32_MAX) {
		uint8_t carry = (uint8_t)(coder->low >> 32);

		range_put_byte(coder, (uint8_t)(coder->held + carry));
		while (--coder->pending > 0)
			range_put_byte(coder, (uint8_t)(0xff + carry));
		coder->held = (uint8_t)(coder->low >> 24);
	}
	coder->pending++;
	coder->low = (coder->low & 0x00ffffff) << 8;
}

bool range_coder_end(struct range_coder *coder)
{
	unsigned i;

	if (coder->reading)
		return !coder->overrun && coder->at == coder->end;
	for (i = 0; i < 5; i++)
		range_shift(coder);
	return true;
}

static void range_narrowed(struct range_coder *coder)
{
	while (coder->range < RANGE_LOWEST) {
		coder->range <<= 8;
		if (coder->reading)
			coder->code = coder->code << 8 | range_next_byte(coder);
		else
			range_shift(coder);
	}
}

unsigned range_bit(struct range_coder *coder, range_odds *odds, unsigned shift, unsigned bit)
{
	uint32_t split = (coder->range >> 12) * *odds;

	if (coder->reading)
		bit = coder->code >= split;
	if (bit == 0) {
		coder->range = split;
		*odds = (range_odds)(*odds + ((4096 - *odds) >> shift));
	} else {
		coder->range -= split;
		coder->low += split;
		coder->code -= split;
		*odds = (range_odds)(*odds - (*odds >> shift));
	}
	range_narrowed(coder);
	return bit != 0;
}

uint64_t range_raw(struct range_coder *coder, uint64_t value, unsigned count)
{
	uint64_t seen = 0;

	while (count-- > 0) {
		unsigned bit = (unsigned)(value >> count) & 1;

		coder->range >>= 1;
		if (coder->reading)
			bit = coder->code >= coder->range;
		if (bit != 0) {
			coder->low += coder->range;
			coder->code -= coder->range;
		}
		seen = seen << 1 | bit;
		range_narrowed(coder);
	}
	return seen;
}

unsigned range_tree(struct range_coder *coder, range_odds *odds, unsigned shift, unsigned count,
		    unsigned value)
{
	unsigned node = 1, left = count;

	while (left-- > 0)
		node = node << 1 | range_bit(coder, &odds[node], shift, value >> left & 1);
	return node - (1u << count);
}
