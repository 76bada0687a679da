/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single bits behind a str's bytes, and out of a cursor's: the highest bit of a byte comes first. */
#ifndef KSM_BITS_H
#define KSM_BITS_H

#include "base/cursor.h"
#include "base/str.h"

struct bits_out {
	struct str *str;
	unsigned char byte;
	unsigned used;
};

struct bits_in {
	struct cursor *from;
	unsigned char byte;
	unsigned left;
};

static inline void bits_put_one(struct bits_out *out, unsigned bit)
{
	out->byte = (unsigned char)(out->byte << 1 | bit);
	if (++out->used == 8) {
		str_append_char(out->str, (char)out->byte);
		out->used = 0;
	}
}

/* The lower `count` bits of a number, the highest first. */
static inline void bits_put(struct bits_out *out, uint64_t number, unsigned count)
{
	while (count-- > 0)
		bits_put_one(out, number >> count & 1);
}

/* So many ones, and a zero. */
static inline void bits_put_ones(struct bits_out *out, uint64_t count)
{
	while (count-- > 0)
		bits_put_one(out, 1);
	bits_put_one(out, 0);
}

/* The last byte is filled up with zeros. */
static inline void bits_flush(struct bits_out *out)
{
	while (out->used != 0)
		bits_put_one(out, 0);
}

/* False at the end. */
static inline bool bits_take_one(struct bits_in *in, unsigned *ret)
{
	if (in->left == 0) {
		if (cursor_at_end(in->from))
			return false;
		in->byte = (unsigned char)*in->from->at++;
		in->left = 8;
	}
	*ret = in->byte >> --in->left & 1;
	return true;
}

static inline bool bits_take(struct bits_in *in, unsigned count, uint64_t *ret)
{
	unsigned bit;

	for (*ret = 0; count > 0; count--) {
		if (!bits_take_one(in, &bit))
			return false;
		*ret = *ret << 1 | bit;
	}
	return true;
}

static inline bool bits_take_ones(struct bits_in *in, uint64_t *ret)
{
	unsigned bit;

	for (*ret = 0;; (*ret)++) {
		if (!bits_take_one(in, &bit))
			return false;
		if (bit == 0)
			return true;
	}
}

#endif
