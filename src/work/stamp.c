/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/stamp.h"

#include <string.h>

#define WORDS (SECTOR_BYTES / sizeof(uint64_t))

static uint64_t head_of(uint64_t key, uint64_t offset)
{
	return (key ^ offset) * 0x9e3779b97f4a7c15ull ^ 0x7472756365ull;
}

static uint64_t tail_of(uint64_t head, uint32_t generation)
{
	return ~head + generation * 0x632be59bd9b4e019ull;
}

void stamp_noise(void *bytes, size_t size)
{
	uint64_t x = 0x2545f4914f6cdd1dull;
	unsigned char *to = bytes;

	for (; size >= sizeof x; size -= sizeof x, to += sizeof x) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(to, &x, sizeof x);
	}
}

void stamp_put(void *bytes, size_t size, uint64_t key, uint64_t offset, uint32_t generation)
{
	uint64_t *sector = bytes;
	uint64_t *end = sector + size / sizeof *sector;

	for (; sector < end; sector += WORDS, offset += SECTOR_BYTES) {
		sector[0] = head_of(key, offset);
		sector[1] = generation;
		sector[WORDS - 1] = tail_of(sector[0], generation);
	}
}

bool stamp_is(const void *bytes, size_t size, uint64_t key, uint64_t offset, uint32_t generation)
{
	const uint64_t *sector = bytes;
	const uint64_t *end = sector + size / sizeof *sector;
	uint64_t wrong = 0;

	for (; sector < end; sector += WORDS, offset += SECTOR_BYTES) {
		uint64_t head = head_of(key, offset);

		wrong |= sector[0] ^ head;
		wrong |= sector[1] ^ generation;
		wrong |= sector[WORDS - 1] ^ tail_of(head, generation);
	}
	return wrong == 0;
}

bool stamp_is_any(const void *bytes, size_t size, uint64_t key, uint64_t offset)
{
	const uint64_t *sector = bytes;
	const uint64_t *end = sector + size / sizeof *sector;
	uint64_t wrong = 0;

	for (; sector < end; sector += WORDS, offset += SECTOR_BYTES)
		wrong |= !stamp_is(sector, SECTOR_BYTES, key, offset, (uint32_t)sector[1]);
	return wrong == 0;
}
