/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/sketch.h"

#include "base/error.h"
#include "base/str.h"
#include "base/varint.h"
#include "ksm/bits.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A hash shares its upper bits with one of 2^this other contents by chance. */
#define SPARE_BITS 10
#define MAGIC "TRUCESK1"
/* A list as long as the bytes may be: a bit a value at the least. */
#define VALUES_MOST (SKETCH_BYTES_MOST * 8)

static unsigned log2_ceil(uint64_t number)
{
	return number <= 1 ? 0 : 64 - (unsigned)__builtin_clzll(number - 1);
}

/* -- made of prints ------------------------------------------------------------------------------- */

/* Both lists as one ascending one; a content counts once. */
struct both {
	const struct print_list *lists[2];
	size_t at[2];
};

static bool both_take(struct both *both, uint64_t *ret_hash, uint64_t *ret_pages, bool *ret_frequent)
{
	uint64_t hash = 0;
	int i, from = -1;

	for (i = 0; i < 2; i++)
		if (both->at[i] < both->lists[i]->count &&
		    (from < 0 || both->lists[i]->hashes[both->at[i]] < hash)) {
			hash = both->lists[i]->hashes[both->at[i]];
			from = i;
		}
	if (from < 0)
		return false;
	*ret_hash = hash;
	*ret_frequent = from == 1;
	for (*ret_pages = 0; both->at[from] < both->lists[from]->count &&
			     both->lists[from]->hashes[both->at[from]] == hash; (*ret_pages)++)
		both->at[from]++;
	return true;
}

static struct both both_of(const struct prints_vm *vm)
{
	return (struct both){ .lists = { &vm->sampled, &vm->frequent } };
}

static void count(const struct prints *prints, const struct prints_vm *vm, struct sketch *ret)
{
	struct both both = both_of(vm);
	uint64_t hash, pages, most = prints->max_sharing > 1 ? prints->max_sharing : 256;
	bool frequent;

	while (both_take(&both, &hash, &pages, &frequent)) {
		uint64_t weight = frequent ? 1 : prints->modulo;

		ret->contents += weight;
		ret->saved_alone += weight * (pages - (pages + most - 1) / most);
	}
}

static bool fits(const struct sketch *sketch, size_t count)
{
	struct str str;
	bool result;
	struct sketch part = *sketch;

	part.count = count;
	str_init(&str);
	sketch_append(&part, &str);
	result = !str.failed && str.length <= SKETCH_BYTES_MOST;
	str_done(&str);
	return result;
}

/* As many of the lowest as have room; what is listed is whole below its last one. */
static void cut(struct sketch *sketch)
{
	size_t low = 0, high = sketch->count;

	if (fits(sketch, high))
		return;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (fits(sketch, middle))
			low = middle;
		else
			high = middle;
	}
	sketch->count = low;
	sketch->below = low > 0 ? sketch->values[low - 1] + 1 : 0;
}

static void choose_bits(struct sketch *sketch)
{
	sketch->bits = log2_ceil(sketch->contents) + SPARE_BITS;
	if (sketch->bits > SKETCH_BITS_MOST)
		sketch->bits = SKETCH_BITS_MOST;
	sketch->below = 1ull << sketch->bits;
}

static void append_value(struct sketch *sketch, uint64_t value)
{
	if (sketch->count == 0 || sketch->values[sketch->count - 1] != value)
		sketch->values[sketch->count++] = value;
}

int sketch_make(const struct prints *prints, const struct prints_vm *vm, struct sketch *ret)
{
	struct both both = both_of(vm);
	uint64_t hash, pages;
	bool frequent;

	*ret = (struct sketch){ .pages = vm->pages, .zero = vm->zero, .changing = vm->changing,
				.modulo = prints->modulo };
	memcpy(ret->key_id, prints->key_id, sizeof ret->key_id);
	memcpy(ret->name, vm->name, sizeof ret->name);
	count(prints, vm, ret);
	choose_bits(ret);
	ret->values = calloc(VALUES_MOST + 1, sizeof *ret->values);
	if (ret->values == NULL)
		return -ENOMEM;
	/* A frequent content is listed only where it would have been sampled. */
	while (ret->count <= VALUES_MOST && both_take(&both, &hash, &pages, &frequent))
		if (hash % prints->modulo == 0)
			append_value(ret, hash >> (64 - ret->bits));
	cut(ret);
	return 0;
}

void sketch_done(struct sketch *sketch)
{
	free(sketch->values);
	*sketch = (struct sketch){ 0 };
}

/* -- held against each other ---------------------------------------------------------------------- */

static int check_alike(const struct sketch *a, const struct sketch *b, struct error *err)
{
	if (memcmp(a->key_id, b->key_id, sizeof a->key_id) != 0)
		return error_set(err, -EINVAL, "the fingerprints of %s and %s were made with different keys",
				 a->name, b->name);
	if (a->modulo != b->modulo)
		return error_set(err, -EINVAL,
				 "of %s every %lluth content was sampled, of %s every %lluth: sample both alike",
				 a->name, (unsigned long long)a->modulo, b->name,
				 (unsigned long long)b->modulo);
	return 0;
}

/* Of the lowest values of two lists, those below `below` at this many bits. */
struct overlap {
	unsigned bits;
	uint64_t below;
	size_t a, b, common;
};

static struct overlap overlap_of(const struct sketch *a, const struct sketch *b)
{
	struct overlap result = { .bits = a->bits < b->bits ? a->bits : b->bits };
	uint64_t below_a = a->below >> (a->bits - result.bits);
	uint64_t below_b = b->below >> (b->bits - result.bits);

	result.below = below_a < below_b ? below_a : below_b;
	for (;;) {
		uint64_t one = result.a < a->count ? a->values[result.a] >> (a->bits - result.bits) :
						     UINT64_MAX;
		uint64_t other = result.b < b->count ? b->values[result.b] >> (b->bits - result.bits) :
						       UINT64_MAX;

		if (one >= result.below && other >= result.below)
			return result;
		result.common += one == other;
		result.a += one <= other;
		result.b += other <= one;
	}
}

/* Contents of their own that happen to have these bits alike. */
static double chance_of(const struct overlap *overlap)
{
	return (double)(overlap->a - overlap->common) * (double)(overlap->b - overlap->common) /
	       (double)overlap->below;
}

/* The error is that of the sample, of what is alike by chance, and of contents of one VM whose bits
 * are alike: those count as one. */
int sketch_common(const struct sketch *a, const struct sketch *b, double *ret_contents,
		  double *ret_error, struct error *err)
{
	struct overlap overlap;
	double rate, common, chance;
	int r = check_alike(a, b, err);

	if (r < 0)
		return r;
	*ret_contents = *ret_error = 0;
	overlap = overlap_of(a, b);
	if (overlap.below == 0)
		return 0;
	rate = (double)overlap.below / ldexp(1, (int)overlap.bits) / (double)a->modulo;
	chance = chance_of(&overlap);
	common = (double)overlap.common > chance ? (double)overlap.common - chance : 0;
	*ret_contents = common / rate;
	*ret_error = hypot(sqrt((common > 1 ? common : 1) * (1 - (rate < 1 ? rate : 1)) + chance),
			   common * common / 2 / (double)overlap.below) / rate;
	return 0;
}

static int compare_values(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

/* The coarsest bits of all, and what all list whole. */
static void find_common_ground(const struct sketch *sketches, size_t count, struct sketch *ret)
{
	size_t i;

	ret->bits = SKETCH_BITS_MOST;
	for (i = 0; i < count; i++)
		if (sketches[i].bits < ret->bits)
			ret->bits = sketches[i].bits;
	ret->below = 1ull << ret->bits;
	for (i = 0; i < count; i++)
		if (sketches[i].below >> (sketches[i].bits - ret->bits) < ret->below)
			ret->below = sketches[i].below >> (sketches[i].bits - ret->bits);
}

static void gather(const struct sketch *sketches, size_t count, struct sketch *ret)
{
	size_t i, j, kept;

	for (i = 0; i < count; i++) {
		ret->pages += sketches[i].pages;
		ret->zero += sketches[i].zero;
		ret->changing += sketches[i].changing;
		ret->saved_alone += sketches[i].saved_alone;
		for (j = 0; j < sketches[i].count; j++) {
			uint64_t value = sketches[i].values[j] >> (sketches[i].bits - ret->bits);

			if (value < ret->below)
				ret->values[ret->count++] = value;
		}
	}
	qsort(ret->values, ret->count, sizeof *ret->values, compare_values);
	for (j = kept = 0; j < ret->count; j++)
		if (kept == 0 || ret->values[kept - 1] != ret->values[j])
			ret->values[kept++] = ret->values[j];
	ret->count = kept;
}

int sketch_unite(const struct sketch *sketches, size_t count, struct sketch *ret, struct error *err)
{
	size_t i, room = 1;
	int r;

	*ret = (struct sketch){ 0 };
	for (i = 0; i < count; i++) {
		room += sketches[i].count;
		r = check_alike(&sketches[0], &sketches[i], err);
		if (r < 0)
			return r;
	}
	ret->values = calloc(room, sizeof *ret->values);
	if (ret->values == NULL)
		return error_errno(err, -ENOMEM, "cannot unite sketches");
	ret->modulo = count > 0 ? sketches[0].modulo : 1;
	if (count > 0)
		memcpy(ret->key_id, sketches[0].key_id, sizeof ret->key_id);
	find_common_ground(sketches, count, ret);
	gather(sketches, count, ret);
	if (ret->below > 0)
		ret->contents = (uint64_t)((double)ret->count * (double)ret->modulo *
					   ldexp(1, (int)ret->bits) / (double)ret->below);
	return 0;
}

/* -- bytes ---------------------------------------------------------------------------------------- */

/* The gaps between values are like an exponential's: so many bits plainly, the rest in ones. */
static unsigned plain_bits(const struct sketch *sketch, size_t count)
{
	uint64_t span = count > 0 ? sketch->values[count - 1] : 0;
	uint64_t gap = count > 0 ? span / count : 0;

	return gap > 1 ? 63 - (unsigned)__builtin_clzll(gap) : 0;
}

static void append_values(const struct sketch *sketch, struct str *str)
{
	struct bits_out out = { .str = str };
	unsigned plain = plain_bits(sketch, sketch->count);
	uint64_t last = 0;
	size_t i;

	str_append_char(str, (char)plain);
	for (i = 0; i < sketch->count; i++) {
		uint64_t gap = sketch->values[i] - last - (i > 0);

		bits_put_ones(&out, gap >> plain);
		bits_put(&out, gap & ((1ull << plain) - 1), plain);
		last = sketch->values[i];
	}
	bits_flush(&out);
}

void sketch_append(const struct sketch *sketch, struct str *str)
{
	size_t name_size = strlen(sketch->name);

	str_append_bytes(str, MAGIC, sizeof MAGIC - 1);
	str_append_bytes(str, sketch->key_id, sizeof sketch->key_id);
	varint_append(str, name_size);
	str_append_bytes(str, sketch->name, name_size);
	varint_append(str, sketch->pages);
	varint_append(str, sketch->zero);
	varint_append(str, sketch->changing);
	varint_append(str, sketch->contents);
	varint_append(str, sketch->saved_alone);
	varint_append(str, sketch->modulo);
	varint_append(str, sketch->bits);
	varint_append(str, sketch->below);
	varint_append(str, sketch->count);
	append_values(sketch, str);
}

static bool take_bytes(struct cursor *from, void *ret, size_t size)
{
	if (cursor_left(from) < size)
		return false;
	memcpy(ret, from->at, size);
	from->at += size;
	return true;
}

static bool take_head(struct cursor *from, struct sketch *ret)
{
	uint64_t name_size, bits, count;

	if (!cursor_take_text(from, MAGIC) || !take_bytes(from, ret->key_id, sizeof ret->key_id) ||
	    !varint_take(from, &name_size) || name_size >= sizeof ret->name ||
	    !take_bytes(from, ret->name, name_size) || memchr(ret->name, '\0', name_size) != NULL)
		return false;
	if (!varint_take(from, &ret->pages) || !varint_take(from, &ret->zero) ||
	    !varint_take(from, &ret->changing) || !varint_take(from, &ret->contents) ||
	    !varint_take(from, &ret->saved_alone) || !varint_take(from, &ret->modulo) ||
	    !varint_take(from, &bits) || !varint_take(from, &ret->below) || !varint_take(from, &count))
		return false;
	ret->bits = (unsigned)bits;
	ret->count = (size_t)count;
	return bits <= SKETCH_BITS_MOST && ret->below <= 1ull << bits && ret->modulo > 0 &&
	       count <= VALUES_MOST;
}

static bool take_values(struct cursor *from, struct sketch *ret)
{
	struct bits_in in;
	uint64_t last = 0, ones, low;
	unsigned plain;
	size_t i;

	if (cursor_at_end(from))
		return false;
	plain = (unsigned char)*from->at++;
	if (plain > SKETCH_BITS_MOST)
		return false;
	in = (struct bits_in){ .from = from };
	for (i = 0; i < ret->count; i++) {
		if (!bits_take_ones(&in, &ones) || ones > UINT64_MAX >> (plain + 1) ||
		    !bits_take(&in, plain, &low))
			return false;
		low |= ones << plain;
		if (low >= ret->below || last + low + (i > 0) >= ret->below)
			return false;
		last += low + (i > 0);
		ret->values[i] = last;
	}
	return true;
}

int sketch_take(struct cursor *from, struct sketch *ret, struct error *err)
{
	const char *start = from->at;
	struct sketch sketch = { 0 };

	if (take_head(from, &sketch)) {
		sketch.values = calloc(sketch.count + 1, sizeof *sketch.values);
		if (sketch.values == NULL)
			return error_errno(err, -ENOMEM, "a sketch");
		if (take_values(from, &sketch)) {
			*ret = sketch;
			return 0;
		}
	}
	sketch_done(&sketch);
	return error_set(err, -EINVAL, "no sketch of memory, or a damaged one, %zu bytes on",
			 (size_t)(from->at - start));
}
