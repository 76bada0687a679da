/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An adaptive binary range coder: it writes a yes or no in as little as a hundredth of a bit
 * when the answer was to be expected. Each question has a range_odds of its own, which learns
 * from the answers. The same functions write and read (`bit` is ignored while reading, and what
 * is returned is the answer both times), so a writer and its reader cannot drift apart.
 * Reading past the end gives zeros and makes range_coder_end false; it never fails in between.
 */
#ifndef BASE_RANGE_CODER_H
#define BASE_RANGE_CODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str;

typedef uint16_t range_odds; /* of a zero, in 1/4096 */

#define RANGE_ODDS_EVEN ((range_odds)2048)

struct range_coder {
	bool reading;
	uint32_t range;
	/* writing */
	struct str *out;
	uint64_t low;
	uint64_t pending; /* bytes held back until it is known whether a carry runs through them */
	uint8_t held;
	bool started;
	/* reading */
	const unsigned char *at, *end;
	uint32_t code;
	bool overrun;
};

void range_coder_write(struct range_coder *coder, struct str *out);
void range_coder_read(struct range_coder *coder, const char *bytes, size_t size);
/* Writes what is held back. Reading: true when the bytes ended exactly here. */
bool range_coder_end(struct range_coder *coder);

/* The higher `shift` (1 to 7), the slower the odds follow the answers. */
unsigned range_bit(struct range_coder *coder, range_odds *odds, unsigned shift, unsigned bit);
/* `count` (0 to 64) bits that follow no pattern. */
uint64_t range_raw(struct range_coder *coder, uint64_t value, unsigned count);
/* A number of `count` bits, highest bit first, with odds for each beginning of it:
 * 1 << count of them. */
unsigned range_tree(struct range_coder *coder, range_odds *odds, unsigned shift, unsigned count,
		    unsigned value);

#endif
