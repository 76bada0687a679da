/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole numbers: what programs without floating point do all day. One unit makes 128 numbers,
 * sorts them, runs a checksum over them and raises some of them to a power. Which of 16 units
 * it is, nobody knows before; each has one right answer.
 */
#include "work/kinds.h"
#include "work/cpu.h"
#include "work/lane.h"
#include "work/setting.h"

#define WORDS 128u

static uint32_t crc_table[256];

/* Of the units 0 to 15, computed by other means: Python's sort, zlib.crc32 and pow. */
static const uint64_t answers[CPU_UNITS] = {
	0x7a5a71c3f93adb88ull, 0xa8f9ba46c825f310ull,
	0xdd3c777c7091b435ull, 0xe063d1ffd41ed839ull,
	0x95ff7cdcd76174d1ull, 0x662b1cc5063e9143ull,
	0xe04e7fb8d9460471ull, 0xe7f070fb3e6c3d32ull,
	0x01959e2e45272264ull, 0x7d20b37752b08537ull,
	0x943303571efdb165ull, 0xeb88900487224607ull,
	0xa95d176859d21a73ull, 0x845b226da8219993ull,
	0x7484f8d233162572ull, 0x8f50be95ce7b4d99ull,
};

void cpu_integer_prepare(void)
{
	uint32_t i, bit, crc;

	for (i = 0; i < 256; i++) {
		crc = i;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
		crc_table[i] = crc;
	}
}

static uint32_t crc_of(const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	uint32_t crc = 0xffffffffu;

	while (size-- > 0)
		crc = crc >> 8 ^ crc_table[(crc ^ *at++) & 0xff];
	return ~crc;
}

static void words_make(uint64_t *words, uint64_t unit)
{
	uint64_t x = unit * 0x9e3779b97f4a7c15ull | 1;
	unsigned i;

	for (i = 0; i < WORDS; i++) {
		x ^= x >> 12;
		x ^= x << 25;
		x ^= x >> 27;
		words[i] = x * 0x2545f4914f6cdd1dull;
	}
}

static void words_sort(uint64_t *words)
{
	static const unsigned gaps[] = { 57, 23, 10, 4, 1 };
	unsigned g, i, at;

	for (g = 0; g < sizeof gaps / sizeof gaps[0]; g++) {
		for (i = gaps[g]; i < WORDS; i++) {
			uint64_t word = words[i];

			for (at = i; at >= gaps[g] && words[at - gaps[g]] > word; at -= gaps[g])
				words[at] = words[at - gaps[g]];
			words[at] = word;
		}
	}
}

/* To the power of 65537, modulo a number below 2^31 + 1. */
static uint64_t power(uint64_t base, uint64_t modulus)
{
	uint64_t result;
	unsigned i;

	base %= modulus;
	result = base;
	for (i = 0; i < 16; i++)
		result = result * result % modulus;
	return result * base % modulus;
}

uint64_t cpu_integer_unit(uint64_t unit)
{
	uint64_t words[WORDS], sum = 0;
	unsigned i;

	words_make(words, unit);
	words_sort(words);
	for (i = 0; i < WORDS; i += 4)
		sum += power(words[i] & 0xffffffffu, words[i] >> 33 | 1);
	return (uint64_t)crc_of(words, sizeof words) << 32 ^ sum;
}

bool cpu_integer_is_right(uint64_t unit)
{
	return cpu_integer_unit(unit) == answers[unit];
}

static int integer_prepare(struct job *job, struct error *err)
{
	cpu_integer_prepare();
	return 0;
}

static int integer_run(struct lane *lane, struct error *err)
{
	cpu_units_run(lane, cpu_integer_is_right);
	return 0;
}

static const struct workload_actions actions = {
	.prepare = integer_prepare,
	.run = integer_run,
};

static const struct parameter parameters[] = { PARAMETERS_END };

const struct workload cpu_integer_workload = {
	.name = "cpu-integer",
	.summary = "computes with whole numbers: sorts, checksums, powers",
	.operation = "one unit: 128 numbers made, sorted, summed up and raised to a power",
	.notes = "Each unit's answer is compared with the known one; a wrong one is an error.",
	.parameters = parameters,
	.settings_size = sizeof(struct common_settings),
	.actions = &actions,
};
