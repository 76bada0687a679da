/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/prints_file.h"

#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "base/varint.h"
#include "base/vec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define MAGIC "TRUCEPR1"
#define CHECK_BYTES 8
/* A content that very many pages have takes a few bytes, and in memory 8 for each page: a file is
 * not believed to hold more than so many pages for each of its bytes, beside a first 64 GiB. */
#define PAGES_AT_FIRST (1u << 24)
#define PAGES_A_BYTE 4096

/* -- written ---------------------------------------------------------------------------------------- */

static void append_text(struct str *str, const char *text)
{
	size_t size = strlen(text);

	varint_append(str, size);
	str_append_bytes(str, text, size);
}

/* A content's distance from the one before, and how many pages have it. */
static void append_list(struct str *str, const struct print_list *list)
{
	uint64_t last = 0, contents = 0;
	size_t i, run;

	for (i = 0; i < list->count; i++)
		contents += i == 0 || list->hashes[i] != list->hashes[i - 1];
	varint_append(str, contents);
	for (i = 0; i < list->count; i += run) {
		for (run = 1; i + run < list->count && list->hashes[i + run] == list->hashes[i]; run++)
			;
		varint_append(str, list->hashes[i] - last);
		varint_append(str, run);
		last = list->hashes[i];
	}
}

static void append_vm(struct str *str, const struct prints_vm *vm)
{
	append_text(str, vm->id);
	append_text(str, vm->name);
	append_text(str, vm->group);
	varint_append(str, vm->pages);
	varint_append(str, vm->zero);
	varint_append(str, vm->changing);
	varint_append(str, vm->gone);
	varint_append(str, vm->swapped);
	varint_append(str, vm->apart);
	varint_append(str, vm->merged);
	append_list(str, &vm->sampled);
	append_list(str, &vm->frequent);
}

void prints_append(const struct prints *prints, struct str *str)
{
	size_t start = str->length, i;
	XXH64_canonical_t check;

	str_append_bytes(str, MAGIC, sizeof MAGIC - 1);
	str_append_bytes(str, prints->key_id, sizeof prints->key_id);
	varint_append(str, prints->realtime_usec);
	append_text(str, prints->host);
	varint_append(str, prints->modulo);
	varint_append(str, prints->max_sharing);
	varint_append(str, prints->zero_pages);
	varint_append(str, prints->vm_count);
	for (i = 0; i < prints->vm_count; i++)
		append_vm(str, &prints->vms[i]);
	if (str->failed)
		return;
	XXH64_canonicalFromHash(&check, XXH3_64bits(str->data + start, str->length - start));
	str_append_bytes(str, check.digest, CHECK_BYTES);
}

/* -- read ------------------------------------------------------------------------------------------- */

static bool take_text(struct cursor *from, char *ret, size_t room)
{
	uint64_t size;

	if (!varint_take(from, &size) || size >= room || size > cursor_left(from) ||
	    memchr(from->at, '\0', (size_t)size) != NULL)
		return false;
	memcpy(ret, from->at, (size_t)size);
	ret[size] = '\0';
	from->at += size;
	return true;
}

/* `most`: pages that the file may still have. */
static bool take_content(struct cursor *from, uint64_t *last, bool first, uint64_t *most,
			 struct print_list *list)
{
	uint64_t distance, pages;

	if (!varint_take(from, &distance) || !varint_take(from, &pages) || pages == 0 ||
	    pages > *most || (distance == 0 && !first) || *last + distance < *last)
		return false;
	*most -= pages;
	*last += distance;
	if (!VEC_RESERVE(list->hashes, list->capacity, list->count + (size_t)pages))
		return false;
	while (pages-- > 0)
		list->hashes[list->count++] = *last;
	return true;
}

static bool take_list(struct cursor *from, uint64_t *most, struct print_list *list)
{
	uint64_t contents, i, last = 0;

	if (!varint_take(from, &contents) || contents > cursor_left(from) / 2)
		return false;
	for (i = 0; i < contents; i++)
		if (!take_content(from, &last, i == 0, most, list))
			return false;
	return true;
}

static bool take_vm(struct cursor *from, struct prints_vm *vm, uint64_t *most)
{
	bool good;

	good = take_text(from, vm->id, sizeof vm->id) && take_text(from, vm->name, sizeof vm->name) &&
	       take_text(from, vm->group, sizeof vm->group) && varint_take(from, &vm->pages) &&
	       varint_take(from, &vm->zero) && varint_take(from, &vm->changing) &&
	       varint_take(from, &vm->gone) && varint_take(from, &vm->swapped) &&
	       varint_take(from, &vm->apart) && varint_take(from, &vm->merged) &&
	       vm->pages <= PRINTS_PAGES_MOST && vm->zero <= vm->pages && vm->changing <= vm->pages * 2 &&
	       take_list(from, most, &vm->sampled) && take_list(from, most, &vm->frequent) &&
	       vm->sampled.count + vm->frequent.count <= vm->pages;
	vm->read = vm->pages;
	return good;
}

static bool take_all(struct cursor *from, struct prints *prints)
{
	uint64_t most = PAGES_AT_FIRST + (uint64_t)cursor_left(from) * PAGES_A_BYTE;
	uint64_t zero_pages, count, i;

	if (!cursor_take_text(from, MAGIC) || cursor_left(from) < sizeof prints->key_id)
		return false;
	memcpy(prints->key_id, from->at, sizeof prints->key_id);
	from->at += sizeof prints->key_id;
	if (!varint_take(from, &prints->realtime_usec) ||
	    !take_text(from, prints->host, sizeof prints->host) || !varint_take(from, &prints->modulo) ||
	    !varint_take(from, &prints->max_sharing) || !varint_take(from, &zero_pages) ||
	    !varint_take(from, &count) || prints->modulo == 0 || prints->modulo > PRINTS_MODULO_MOST ||
	    zero_pages > 1)
		return false;
	prints->zero_pages = zero_pages == 1;
	for (i = 0; i < count; i++) {
		struct prints_vm *vm = cursor_at_end(from) ? NULL : prints_add_vm(prints);

		if (vm == NULL || !take_vm(from, vm, &most))
			return false;
	}
	return cursor_at_end(from);
}

static bool is_whole(const void *bytes, size_t size)
{
	XXH64_canonical_t check;

	if (size < CHECK_BYTES)
		return false;
	memcpy(check.digest, (const char *)bytes + size - CHECK_BYTES, CHECK_BYTES);
	return XXH64_hashFromCanonical(&check) == XXH3_64bits(bytes, size - CHECK_BYTES);
}

int prints_parse(const void *bytes, size_t size, struct prints *ret, struct error *err)
{
	struct cursor from;

	if (size < sizeof MAGIC - 1 || memcmp(bytes, MAGIC, sizeof MAGIC - 1) != 0)
		return error_set(err, -EINVAL, "these are no fingerprints");
	if (!is_whole(bytes, size))
		return error_set(err, -EINVAL, "the fingerprints are damaged, or cut off");
	from = cursor_over(bytes, size - CHECK_BYTES);
	prints_init(ret);
	if (take_all(&from, ret))
		return 0;
	prints_done(ret);
	return error_set(err, -EINVAL, "the fingerprints are not as documented, %zu bytes on",
			 (size_t)(from.at - (const char *)bytes));
}
