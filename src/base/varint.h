/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole numbers in as few bytes as they need: seven bits a byte, lowest first, the top bit says
 * that another byte follows. Signed numbers are folded first, so that small ones stay small.
 */
#ifndef BASE_VARINT_H
#define BASE_VARINT_H

#include "base/cursor.h"
#include "base/str.h"

static inline void varint_append(struct str *str, uint64_t number)
{
	char bytes[10];
	size_t size = 0;

	while (number >= 0x80) {
		bytes[size++] = (char)(number | 0x80);
		number >>= 7;
	}
	bytes[size++] = (char)number;
	str_append_bytes(str, bytes, size);
}

/* False where the bytes end too early, or the number does not fit in 64 bits. */
static inline bool varint_take(struct cursor *c, uint64_t *ret)
{
	uint64_t number = 0;
	unsigned shift;

	for (shift = 0; shift < 64 && c->at < c->end; shift += 7) {
		uint64_t byte = (unsigned char)*c->at++;

		if (shift == 63 && byte > 1)
			return false;
		number |= (byte & 0x7f) << shift;
		if (byte < 0x80) {
			*ret = number;
			return true;
		}
	}
	return false;
}

/* 0, -1, 1, -2, ... become 0, 1, 2, 3, ... */
static inline uint64_t varint_fold(int64_t number)
{
	return (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0);
}

static inline int64_t varint_unfold(uint64_t folded)
{
	return (int64_t)(folded >> 1 ^ (0 - (folded & 1)));
}

#endif
