/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ledger/ledger_lines.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/vec.h"
#include "ledger/past.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define STATE_DIRECTORY "/var/lib/truce"
#define LINE_MOST 65536

void adjustments_done(struct adjustments *adjustments)
{
	free(adjustments->items);
	memset(adjustments, 0, sizeof *adjustments);
}

/* Ids grow. The place of this one, or the count. */
static size_t find(const struct adjustments *adjustments, uint64_t id)
{
	size_t from = 0, to = adjustments->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (adjustments->items[middle].id == id)
			return middle;
		if (adjustments->items[middle].id < id)
			from = middle + 1;
		else
			to = middle;
	}
	return adjustments->count;
}

static bool is_of_vm(const struct adjustment *adjustment, const char *vm)
{
	char id[VM_ID_SIZE] = "host";

	if (adjustment->item.vm.pid != 0)
		vm_identity_format(&adjustment->item.vm, id);
	return strcmp(adjustment->item.vm_name, vm) == 0 || strcmp(id, vm) == 0;
}

static bool is_wanted(const struct adjustment *adjustment, const struct ledger_query *query)
{
	bool is_change = adjustment->note[0] == '\0' && (adjustment->item.verdict == PLAN_SET ||
							 adjustment->item.verdict == PLAN_RELEASE);

	return (query->vm == NULL || is_of_vm(adjustment, query->vm)) &&
	       (query->boot == NULL || strcmp(adjustment->boot, query->boot) == 0) &&
	       adjustment->realtime_usec >= query->since_usec &&
	       (query->id == 0 || adjustment->id == query->id) && (!query->changes_only || is_change);
}

/* The oldest half goes when there are twice as many as wanted. */
static void forget_oldest(struct adjustments *adjustments, size_t most)
{
	size_t gone = adjustments->count > most ? adjustments->count - most : 0;

	if (gone == 0)
		return;
	memmove(adjustments->items, adjustments->items + gone, most * sizeof *adjustments->items);
	adjustments->count = most;
}

static int add(struct adjustments *adjustments, const struct ledger_query *query,
	       const struct adjustment *adjustment, size_t *ret_at)
{
	struct adjustment *items;

	if (!is_wanted(adjustment, query))
		return 0;
	if (query->most != 0 && adjustments->count >= 2 * query->most)
		forget_oldest(adjustments, query->most);
	if (!VEC_RESERVE(adjustments->items, adjustments->capacity, adjustments->count + 1))
		return -ENOMEM;
	items = adjustments->items;
	/* A file that somebody put together may not be in order; find() needs it. */
	if (adjustments->count > 0 && items[adjustments->count - 1].id >= adjustment->id)
		return 0;
	items[adjustments->count] = *adjustment;
	*ret_at = adjustments->count++;
	return 1;
}

int adjustments_take(struct adjustments *adjustments, const struct ledger_query *query,
		     const char *line, size_t size, size_t *ret_at)
{
	struct adjustment adjustment;
	enum ledger_kind kind;
	uint64_t id;
	size_t at;
	int r = ledger_take_line(line, size, &kind, &id, &adjustment);

	if (r < 0 || kind == LEDGER_OTHER)
		return r;
	if (kind == LEDGER_ITEM || kind == LEDGER_NOTE)
		return add(adjustments, query, &adjustment, ret_at);
	at = find(adjustments, id);
	if (at == adjustments->count)
		return 0;
	if (kind == LEDGER_OUTCOME) {
		adjustments->items[at].outcome = adjustment.outcome;
		adjustments->items[at].has_outcome = true;
	} else {
		adjustments->items[at].effect = adjustment.effect;
		adjustments->items[at].has_effect = true;
	}
	*ret_at = at;
	return 1;
}

static int read_lines(FILE *file, const struct ledger_query *query, struct adjustments *ret)
{
	CLEANUP_FREE char *line = NULL;
	size_t capacity = 0, at;
	ssize_t size;
	int r = 0;

	while (r >= 0 && (size = getline(&line, &capacity, file)) >= 0) {
		bool whole = size > 0 && line[size - 1] == '\n';

		if (size <= 1)
			continue;
		r = size > LINE_MOST ? -EBADMSG : adjustments_take(ret, query, line, (size_t)size - whole,
								   &at);
		if (r == -EBADMSG) {
			ret->torn++;
			r = 0;
		}
	}
	return r < 0 ? r : ferror(file) ? -EIO : 0;
}

/* NULL and 0: there is none. */
static int open_file(const char *directory, const char *name, FILE **ret, struct error *err)
{
	CLEANUP_CLOSE int fd = -1;
	struct stat st;
	char path[520];

	*ret = NULL;
	snprintf(path, sizeof path, "%s/%s", directory, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, -errno, "cannot read %s", path);
	/* A pipe would keep us waiting, and a device has no end. */
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "%s is no regular file", path);
	*ret = fdopen(fd, "r");
	if (*ret == NULL)
		return error_errno(err, -errno, "cannot read %s", path);
	fd = -1; /* the stream has it */
	return 0;
}

/* The newer one is opened first: rotated in between it is read twice, and taken once. */
static int read_both(const char *directory, const struct ledger_query *query,
		     struct adjustments *ret, struct error *err)
{
	CLEANUP_FCLOSE FILE *newer = NULL;
	CLEANUP_FCLOSE FILE *older = NULL;
	int r = open_file(directory, LEDGER_FILE, &newer, err);

	if (r == 0)
		r = open_file(directory, LEDGER_FILE ".1", &older, err);
	if (r < 0)
		return r;
	if (older != NULL)
		r = read_lines(older, query, ret);
	if (r == 0 && newer != NULL)
		r = read_lines(newer, query, ret);
	return r < 0 ? error_errno(err, r, "cannot read %s/" LEDGER_FILE, directory) : 0;
}

int ledger_read(const char *directory, const struct ledger_query *query, struct adjustments *ret,
		struct error *err)
{
	int r;

	memset(ret, 0, sizeof *ret);
	if (directory == NULL)
		directory = getenv("TRUCE_STATE_DIR");
	if (directory == NULL || *directory == '\0')
		directory = STATE_DIRECTORY;
	r = read_both(directory, query, ret, err);
	if (r < 0)
		adjustments_done(ret);
	else if (query->most != 0)
		forget_oldest(ret, query->most);
	return r;
}
