/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/look.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/vec.h"
#include "ksm/frequent.h"
#include "sys/guest_memory.h"
#include "sys/proc.h"
#include "sys/root.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>
#include <xxhash.h>

/* Entries of pagemap at a time, and pages of memory: these stay in a core's cache while hashed. */
enum { ENTRIES = 512, BATCH = 64 };
/* A pause between two looks is no credit to read faster afterwards. */
#define BEHIND_MOST_USEC 20000
#define MILLION 1000000

/* A page whose content was kept, to be looked at again. */
struct kept_page {
	uint64_t number; /* its address / page size */
	uint64_t hash;
};

struct seen {
	pid_t pid;
	struct kept_page *pages;
	size_t count, capacity;
};

/* The kernel's own pages of zeros, small and huge, which are mapped for what was read before it was
 * written. They are nobody's, and KSM leaves them. 0: not known. */
struct zero_frames {
	char *held;
	uint64_t page, huge;
};

struct look {
	struct root *root;
	struct look_options options;
	uint8_t key[LOOK_KEY_SIZE], key_id[16];
	uint64_t zero_hash;
	struct frequent frequent;
	struct seen *seen;
	size_t seen_count, seen_capacity;
	uint64_t bytes, due_usec, zeros, dice;
	struct zero_frames zero_frames;
	uint64_t entries[ENTRIES];
	struct iovec ranges[BATCH];
	uint64_t numbers[BATCH];
	uint8_t *buffer; /* BATCH pages */
};

/* -- key ------------------------------------------------------------------------------------------ */

static uint64_t hash_page(const struct look *look, const void *page)
{
	return XXH3_64bits_withSecret(page, PRINTS_PAGE_SIZE, look->key, sizeof look->key);
}

static int choose_key(struct look *look, const uint8_t *key, struct error *err)
{
	XXH128_canonical_t id;

	if (key != NULL)
		memcpy(look->key, key, sizeof look->key);
	else if (getrandom(look->key, sizeof look->key, 0) != sizeof look->key)
		return error_errno(err, -errno, "cannot draw a key");
	XXH128_canonicalFromHash(&id, XXH3_128bits_withSecret("which key", 9, look->key,
							       sizeof look->key));
	memcpy(look->key_id, id.digest, sizeof look->key_id);
	look->dice = XXH3_64bits_withSecret("which positions", 15, look->key, sizeof look->key) | 1;
	memset(look->buffer, 0, PRINTS_PAGE_SIZE);
	look->zero_hash = hash_page(look, look->buffer);
	return 0;
}

/* -- reading -------------------------------------------------------------------------------------- */

static int keep_pace(struct look *look, size_t bytes)
{
	uint64_t now_usec;

	look->bytes += bytes;
	if (look->options.is_cancelled != NULL && look->options.is_cancelled(look->options.context))
		return -ECANCELED;
	if (look->options.bytes_per_second == 0)
		return 0;
	now_usec = root_monotonic_usec(look->root);
	if (look->due_usec + BEHIND_MOST_USEC < now_usec)
		look->due_usec = now_usec - BEHIND_MOST_USEC;
	look->due_usec += (uint64_t)((double)bytes * USEC_PER_SEC /
				     (double)look->options.bytes_per_second);
	root_sleep_until(look->root, -1, look->due_usec);
	return 0;
}

/* Pages of `numbers` as few ranges. */
static size_t ranges_of(struct look *look, const uint64_t *numbers, size_t count)
{
	size_t i, ranges = 0;

	for (i = 0; i < count; i++) {
		if (i > 0 && numbers[i] == numbers[i - 1] + 1) {
			look->ranges[ranges - 1].iov_len += PRINTS_PAGE_SIZE;
			continue;
		}
		look->ranges[ranges++] = (struct iovec){
			(void *)(uintptr_t)(numbers[i] * PRINTS_PAGE_SIZE), PRINTS_PAGE_SIZE };
	}
	return ranges;
}

/* What a look does with a page's hash. */
typedef int page_function(struct look *look, void *context, size_t index, uint64_t hash);

/* Reads the first `count` pages of `numbers` and hands their hashes over; skips those that are gone. */
static int read_pages(struct look *look, pid_t pid, const uint64_t *numbers, size_t count,
		      page_function *function, void *context, uint64_t *ret_gone)
{
	size_t at = 0, got, i;
	ssize_t bytes;
	int r = 0;

	while (at < count && r == 0) {
		size_t ranges = ranges_of(look, numbers + at, count - at);

		bytes = root_peek(look->root, pid, look->ranges, ranges, look->buffer,
				    (count - at) * PRINTS_PAGE_SIZE);
		if (bytes < 0 && bytes != -EFAULT)
			return (int)bytes;
		got = bytes > 0 ? (size_t)bytes / PRINTS_PAGE_SIZE : 0;
		for (i = 0; i < got && r == 0; i++)
			r = function(look, context, at + i,
				     hash_page(look, look->buffer + i * PRINTS_PAGE_SIZE));
		at += got;
		if (at < count && r == 0) {
			at++;
			++*ret_gone;
		}
	}
	return r < 0 ? r : keep_pace(look, count * PRINTS_PAGE_SIZE);
}

/* -- the kernel's pages of zeros ------------------------------------------------------------------ */

enum { HUGE_PAGE = 2 << 20 };

static uint64_t own_frame(struct look *look, int pagemap, const char *page)
{
	uint64_t entry;

	if (pagemap_read(look->root, pagemap, (uint64_t)(uintptr_t)page, &entry, 1) < 0)
		return 0;
	return pagemap_frame(entry);
}

/* By having them mapped here: a page that is read before it is written is one. */
static void find_zero_frames(struct look *look)
{
	struct zero_frames *frames = &look->zero_frames;
	int pagemap = pagemap_open(look->root, getpid());
	char *huge;

	if (pagemap < 0)
		return;
	frames->held = mmap(NULL, 3 * HUGE_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (frames->held == MAP_FAILED)
		frames->held = NULL;
	if (frames->held != NULL) {
		huge = frames->held + HUGE_PAGE - (uintptr_t)frames->held % HUGE_PAGE;
		madvise(frames->held, 3 * HUGE_PAGE, MADV_NOHUGEPAGE);
		madvise(huge, HUGE_PAGE, MADV_HUGEPAGE);
		(void)*(volatile char *)huge;
		(void)*(volatile char *)(huge + HUGE_PAGE);
		frames->page = own_frame(look, pagemap, huge + HUGE_PAGE);
		frames->huge = own_frame(look, pagemap, huge);
	}
	root_close(look->root, pagemap);
}

/* Frames are told to root alone; to others every page of zeros looks like one that is merged. */
static bool is_the_kernels(const struct look *look, uint64_t frame)
{
	const struct zero_frames *frames = &look->zero_frames;

	if (frame == 0 || frames->page == 0)
		return false;
	return frame == frames->page ||
	       (frames->huge != 0 && frames->huge != frames->page && frame >= frames->huge &&
		frame - frames->huge < HUGE_PAGE / PRINTS_PAGE_SIZE);
}

/* -- the first look ------------------------------------------------------------------------------- */

static int keep(struct seen *seen, uint64_t number, uint64_t hash)
{
	if (seen->count == seen->capacity &&
	    !VEC_RESERVE(seen->pages, seen->capacity, seen->count + 1))
		return -ENOMEM;
	seen->pages[seen->count++] = (struct kept_page){ number, hash };
	return 0;
}

struct first {
	struct prints_vm *vm;
	struct seen *seen;
	uint64_t lent; /* pages that are the kernel's own zero page */
};

static int take_frequent(struct look *look, struct prints_vm *vm, uint64_t hash)
{
	uint64_t pages = frequent_meet(&look->frequent, hash);

	while (pages-- > 0)
		if (!print_list_add(&vm->frequent, hash))
			return -ENOMEM;
	return 0;
}

static int take_first(struct look *look, void *context, size_t index, uint64_t hash)
{
	const struct first *first = context;

	first->vm->pages++;
	first->vm->read++;
	if (hash == look->zero_hash) {
		first->vm->zero++;
		/* Of zero pages, too, every so manieth is looked at again. */
		return look->zeros++ % look->options.modulo == 0 ?
			keep(first->seen, look->numbers[index], hash) : 0;
	}
	if (hash % look->options.modulo != 0)
		return take_frequent(look, first->vm, hash);
	if (!print_list_add(&first->vm->sampled, hash))
		return -ENOMEM;
	return keep(first->seen, look->numbers[index], hash);
}

/* A chance of its own for each page (xorshift). */
static bool is_chosen(struct look *look)
{
	if (look->options.positions_ppm == 0)
		return true;
	look->dice ^= look->dice << 13;
	look->dice ^= look->dice >> 7;
	look->dice ^= look->dice << 17;
	return (look->dice >> 11) % MILLION < look->options.positions_ppm;
}

/* Whether it is to be read; what is not, is counted. */
static bool is_wanted(struct look *look, uint64_t entry, struct first *first)
{
	if (!pagemap_is_here(entry))
		return false;
	if (is_the_kernels(look, pagemap_frame(entry))) {
		first->lent++;
		return false;
	}
	if (is_chosen(look))
		return true;
	first->vm->pages++;
	return false;
}

/* The pages of one piece of an area that are here. */
static int first_piece(struct look *look, int pagemap, uint64_t address, size_t pages,
		       struct first *first)
{
	size_t i, count = 0;
	int r = pagemap_read(look->root, pagemap, address, look->entries, pages);

	for (i = 0; r == 0 && i < pages; i++) {
		first->vm->swapped += pagemap_is_swapped(look->entries[i]);
		if (is_wanted(look, look->entries[i], first))
			look->numbers[count++] = address / PRINTS_PAGE_SIZE + i;
		if (count == BATCH || (i + 1 == pages && count > 0)) {
			r = read_pages(look, first->seen->pid, look->numbers, count, take_first,
				       first, &first->vm->gone);
			count = 0;
		}
	}
	return r;
}

static int first_area(struct look *look, int pagemap, const struct memory_area *area,
		      struct first *first)
{
	uint64_t address;
	int r = 0;

	for (address = area->start; r == 0 && address < area->end;
	     address += ENTRIES * PRINTS_PAGE_SIZE) {
		uint64_t left = (area->end - address) / PRINTS_PAGE_SIZE;

		r = first_piece(look, pagemap, address, left < ENTRIES ? (size_t)left : ENTRIES, first);
	}
	return r;
}

static int first_areas(struct look *look, const struct memory_areas *areas, struct first *first)
{
	int pagemap = pagemap_open(look->root, first->seen->pid), r = 0;
	size_t i;

	if (pagemap < 0)
		return pagemap;
	for (i = 0; r == 0 && i < areas->count; i++)
		if (areas->areas[i].mergeable && areas->areas[i].resident_bytes > 0)
			r = first_area(look, pagemap, &areas->areas[i], first);
		else if (!areas->areas[i].mergeable)
			first->vm->apart += areas->areas[i].resident_bytes / PRINTS_PAGE_SIZE;
	root_close(look->root, pagemap);
	return r;
}

/* What KSM has merged by now. Of pages that are the kernel's zero page KSM has put some there, if
 * it was told to: zero pages like others. The rest nobody ever wrote: they take no memory. Of a
 * sample of positions such a page is in it or not, as any other. */
static void count_merged(struct look *look, const struct first *first)
{
	struct prints_vm *vm = first->vm;
	struct proc_ksm_stat stat = { 0 };
	char path[64], bytes[512];
	uint64_t zero, i;
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/ksm_stat", (int)first->seen->pid);
	size = root_read(look->root, path, bytes, sizeof bytes);
	vm->apart += first->lent;
	if (size < 0 || proc_ksm_stat_parse(bytes, (size_t)size, &stat) < 0)
		return;
	zero = stat.zero_pages > 0 ? (uint64_t)stat.zero_pages : 0;
	zero = zero < first->lent ? zero : first->lent;
	vm->apart -= zero;
	vm->pages += zero;
	for (i = 0; i < zero; i++)
		if (is_chosen(look)) {
			vm->read++;
			vm->zero++;
		}
	if (stat.merging_pages >= 0)
		vm->merged = (uint64_t)stat.merging_pages + zero;
}

/* Room for what is frequent in as much memory as this. */
static int begin_frequent(struct look *look, const struct memory_areas *areas)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < areas->count; i++)
		if (areas->areas[i].mergeable)
			bytes += areas->areas[i].resident_bytes;
	return look->options.modulo == 1 ||
	       frequent_begin(&look->frequent, bytes / PRINTS_PAGE_SIZE) ? 0 : -ENOMEM;
}

static int explain(int r, pid_t pid, struct error *err)
{
	if (r == -ECANCELED)
		return error_set(err, r, "stopped");
	return error_errno(err, r, "the memory of process %d", (int)pid);
}

int look_first(struct look *look, pid_t pid, struct prints_vm *vm, struct error *err)
{
	struct memory_areas areas = { 0 };
	struct first first = { .vm = vm };
	int r;

	if (!VEC_RESERVE(look->seen, look->seen_capacity, look->seen_count + 1))
		return error_errno(err, -ENOMEM, "cannot look at memory");
	first.seen = &look->seen[look->seen_count++];
	*first.seen = (struct seen){ .pid = pid };
	r = memory_areas_read(look->root, pid, &areas, err);
	if (r < 0)
		return r;
	r = begin_frequent(look, &areas);
	if (r == 0)
		r = first_areas(look, &areas, &first);
	memory_areas_done(&areas);
	if (r < 0)
		return explain(r, pid, err);
	count_merged(look, &first);
	return 0;
}

/* -- the second look ------------------------------------------------------------------------------ */

struct again {
	struct prints_vm *vm;
	const struct kept_page *pages;
};

static int take_again(struct look *look, void *context, size_t index, uint64_t hash)
{
	const struct again *again = context;
	uint64_t before = again->pages[index].hash;

	if (hash != before) {
		again->vm->changing += look->options.modulo;
		if (before == look->zero_hash)
			again->vm->zero -= look->options.modulo < again->vm->zero ?
				look->options.modulo : again->vm->zero;
		return 0;
	}
	return hash == look->zero_hash || print_list_add(&again->vm->sampled, hash) ? 0 : -ENOMEM;
}

/* How many of the kept pages from here on one reading of pagemap tells of. */
static size_t piece_size(const struct seen *seen, size_t from)
{
	size_t at = from;

	while (at < seen->count && at < from + BATCH &&
	       seen->pages[at].number < seen->pages[from].number + ENTRIES)
		at++;
	return at - from;
}

/* Kept pages are read only where they are still here. */
static int again_piece(struct look *look, int pagemap, const struct seen *seen, size_t from,
		       size_t size, struct prints_vm *vm)
{
	const struct kept_page *pages = &seen->pages[from];
	struct kept_page here[BATCH];
	struct again again = { vm, here };
	uint64_t gone = 0;
	size_t i, count = 0;
	int r = pagemap_read(look->root, pagemap, pages[0].number * PRINTS_PAGE_SIZE, look->entries,
			     (size_t)(pages[size - 1].number - pages[0].number) + 1);

	if (r < 0)
		return r;
	for (i = 0; i < size; i++) {
		if (!pagemap_is_here(look->entries[pages[i].number - pages[0].number])) {
			gone++;
			continue;
		}
		look->numbers[count] = pages[i].number;
		here[count++] = pages[i];
	}
	r = read_pages(look, seen->pid, look->numbers, count, take_again, &again, &gone);
	vm->gone += gone * look->options.modulo;
	return r;
}

int look_again(struct look *look, size_t number, struct prints_vm *vm, struct error *err)
{
	const struct seen *seen = &look->seen[number];
	int pagemap = pagemap_open(look->root, seen->pid), r = 0;
	size_t at, size;

	if (pagemap < 0)
		return explain(pagemap, seen->pid, err);
	vm->sampled.count = 0;
	for (at = 0; r == 0 && at < seen->count; at += size) {
		size = piece_size(seen, at);
		r = again_piece(look, pagemap, seen, at, size, vm);
	}
	root_close(look->root, pagemap);
	return r < 0 ? explain(r, seen->pid, err) : 0;
}

/* -- the whole ------------------------------------------------------------------------------------ */

int look_new(struct root *root, const struct look_options *options, struct look **ret,
	     struct error *err)
{
	struct look *look;
	int r;

	if (root->page_size != PRINTS_PAGE_SIZE)
		return error_set(err, -ENOTSUP, "pages of %ld bytes: only pages of %d are known",
				 root->page_size, PRINTS_PAGE_SIZE);
	look = calloc(1, sizeof *look);
	if (look != NULL)
		look->buffer = malloc(BATCH * PRINTS_PAGE_SIZE);
	if (look == NULL || look->buffer == NULL || !frequent_init(&look->frequent)) {
		look_free(look);
		return error_errno(err, -ENOMEM, "cannot look at memory");
	}
	look->root = root;
	look->options = *options;
	if (look->options.modulo == 0)
		look->options.modulo = 1;
	look->due_usec = root_monotonic_usec(root);
	find_zero_frames(look);
	r = choose_key(look, options->key, err);
	if (r < 0) {
		look_free(look);
		return r;
	}
	*ret = look;
	return 0;
}

void look_free(struct look *look)
{
	size_t i;

	if (look == NULL)
		return;
	for (i = 0; i < look->seen_count; i++)
		free(look->seen[i].pages);
	free(look->seen);
	free(look->buffer);
	if (look->zero_frames.held != NULL)
		munmap(look->zero_frames.held, 3 * HUGE_PAGE);
	frequent_done(&look->frequent);
	/* Whoever has the key can ask for pages. */
	explicit_bzero(look, sizeof *look);
	free(look);
}

const uint8_t *look_key_id(const struct look *look)
{
	return look->key_id;
}

uint64_t look_bytes(const struct look *look)
{
	return look->bytes;
}
