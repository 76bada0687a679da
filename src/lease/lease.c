/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lease/lease.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/map.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "lease/journal.h"
#include "lease/journal_record.h"
#include "sys/proc.h"
#include "sys/root.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <xxhash.h>

/* The journal is made shorter when it is this large, and then at each fourfold of what is left. */
#define SHORTEN_FROM_BYTES (64u << 10)

struct leases {
	struct root *root;
	void *context;
	const struct lease_kind *const *kinds;
	void (*left)(const struct lease *lease, const char *sentence);
	struct journal *journal; /* NULL: nothing to look at */
	bool looking;            /* without the lock */
	char boot_id[JOURNAL_BOOT_SIZE];
	pthread_mutex_t lock;    /* over all below; never held while a kind's function runs */
	struct lease **items;    /* by id */
	size_t count, capacity;
	struct map by_what;      /* hash of kind, vm and target -> the latest such lease */
	struct lease **dropped;  /* until leases_sweep */
	size_t dropped_count, dropped_capacity;
	struct lease_kind **strangers; /* kinds that only the journal knows */
	size_t stranger_count, stranger_capacity;
	uint64_t next_id;
	size_t shorten_at;
	struct str line;
};

/* -- the leases in memory */

static void lease_free(struct lease *lease)
{
	if (lease == NULL)
		return;
	free(lease->target);
	free(lease->was);
	free(lease->now);
	free(lease->earlier);
	free(lease->note);
	free(lease);
}

static char *copy_of(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

static struct lease *lease_new(const struct lease *from)
{
	struct lease *lease = calloc(1, sizeof *lease);

	if (lease == NULL)
		return NULL;
	*lease = *from;
	lease->target = copy_of(from->target);
	lease->was = copy_of(from->was);
	lease->now = copy_of(from->now);
	lease->earlier = copy_of(from->earlier);
	lease->note = copy_of(from->note);
	if (lease->target == NULL || lease->was == NULL || lease->now == NULL ||
	    (from->earlier != NULL && lease->earlier == NULL) ||
	    (from->note != NULL && lease->note == NULL)) {
		lease_free(lease);
		return NULL;
	}
	return lease;
}

static uint64_t what_hash(const struct lease_kind *kind, const struct vm_identity *vm,
			  const char *target)
{
	uint64_t hash = XXH64(kind->name, strlen(kind->name), (uint64_t)vm->pid);

	hash = XXH64(&vm->start_ticks, sizeof vm->start_ticks, hash + vm->ordinal);
	return XXH64(target, strlen(target), hash);
}

static bool is_about(const struct lease *lease, const struct lease_kind *kind,
		     const struct vm_identity *vm, const char *target)
{
	return lease->kind == kind && vm_identity_compare(&lease->vm, vm) == 0 &&
	       strcmp(lease->target, target) == 0;
}

/* The map finds it at once, save where two hashes collide. */
static struct lease *find(const struct leases *leases, const struct lease_kind *kind,
			  const struct vm_identity *vm, const char *target)
{
	struct lease *lease = map_get(&leases->by_what, what_hash(kind, vm, target));
	size_t i;

	if (lease == NULL || is_about(lease, kind, vm, target))
		return lease;
	for (i = 0; i < leases->count; i++)
		if (is_about(leases->items[i], kind, vm, target))
			return leases->items[i];
	return NULL;
}

/* Where the first lease with at least that id is. */
static size_t place_of(const struct leases *leases, uint64_t id)
{
	size_t low = 0, high = leases->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (leases->items[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct lease *find_id(const struct leases *leases, uint64_t id)
{
	size_t at = place_of(leases, id);

	return at < leases->count && leases->items[at]->id == id ? leases->items[at] : NULL;
}

/* So that neither of the two can fail once the journal has it. */
static bool reserve_places(struct leases *leases)
{
	return VEC_RESERVE(leases->items, leases->capacity, leases->count + 1) &&
	       VEC_RESERVE(leases->dropped, leases->dropped_capacity,
			   leases->count + leases->dropped_count + 1);
}

/* Owns the lease; one of the same id gives it its place. */
static bool put(struct leases *leases, struct lease *lease)
{
	size_t at = place_of(leases, lease->id);

	if (!reserve_places(leases) ||
	    !map_put(&leases->by_what, what_hash(lease->kind, &lease->vm, lease->target), lease))
		return false;
	if (at < leases->count && leases->items[at]->id == lease->id) {
		leases->dropped[leases->dropped_count++] = leases->items[at];
	} else {
		memmove(leases->items + at + 1, leases->items + at,
			(leases->count - at) * sizeof(struct lease *));
		leases->count++;
	}
	leases->items[at] = lease;
	if (lease->id >= leases->next_id)
		leases->next_id = lease->id + 1;
	return true;
}

static void forget(struct leases *leases, uint64_t id)
{
	struct lease *lease = find_id(leases, id);
	size_t at = place_of(leases, id);
	uint64_t hash;

	if (lease == NULL)
		return;
	hash = what_hash(lease->kind, &lease->vm, lease->target);
	if (map_get(&leases->by_what, hash) == lease)
		map_remove(&leases->by_what, hash);
	memmove(leases->items + at, leases->items + at + 1,
		(leases->count - at - 1) * sizeof(struct lease *));
	leases->count--;
	leases->dropped[leases->dropped_count++] = lease;
}

/* What may still be in force when the lease is taken again for `now`. */
static char *earlier_of(const struct lease *lease, const char *now)
{
	return strcmp(lease->now, now) != 0 ? lease->now : lease->earlier;
}

/* -- what the journal says */

static int stranger_undo(void *context, const struct vm_identity *vm, const char *target,
			 const char *was, const char *now, struct error *err)
{
	return error_set(err, -ENOTSUP, "this program does not know how to give %s back", target);
}

/* A kind that another part of Truce wrote: kept, so that what knows it can give it back. */
static const struct lease_kind *stranger(struct leases *leases, const char *name)
{
	struct lease_kind *kind;
	size_t i;

	for (i = 0; i < leases->stranger_count; i++)
		if (strcmp(leases->strangers[i]->name, name) == 0)
			return leases->strangers[i];
	kind = calloc(1, sizeof *kind);
	if (kind == NULL || !VEC_RESERVE(leases->strangers, leases->stranger_capacity,
					 leases->stranger_count + 1)) {
		free(kind);
		return NULL;
	}
	kind->undo = stranger_undo;
	kind->name = strdup(name);
	if (kind->name == NULL) {
		free(kind);
		return NULL;
	}
	leases->strangers[leases->stranger_count++] = kind;
	return kind;
}

static const struct lease_kind *kind_named(struct leases *leases, const char *name)
{
	size_t i;

	for (i = 0; leases->kinds != NULL && leases->kinds[i] != NULL; i++)
		if (strcmp(leases->kinds[i]->name, name) == 0)
			return leases->kinds[i];
	return stranger(leases, name);
}

static bool learn(struct leases *leases, const struct journal_record *record)
{
	struct lease *lease = find_id(leases, record->id);

	if (record->word == JOURNAL_DROP) {
		forget(leases, record->id);
		return true;
	}
	lease = lease_new(&(struct lease){ .id = record->id,
		.kind = kind_named(leases, record->kind), .vm = record->vm,
		.target = record->target, .was = record->was, .now = record->now,
		.earlier = lease != NULL ? earlier_of(lease, record->now) : NULL, .note = record->note, .realtime_usec = record->realtime_usec });
	if (lease != NULL && lease->kind != NULL && put(leases, lease))
		return true;
	lease_free(lease);
	return false;
}

static void tell_line(struct str *told, const struct leases *leases, unsigned line)
{
	str_appendf(told, "%sline %u of %s/" JOURNAL_FILE " is damaged: what it said is not known, "
		    "and it is left out", told->length > 0 ? "; " : "", line,
		    journal_directory(leases->journal));
}

/* Damaged lines are named and left out. A last line without an end was being written when its
 * writer died, and so nothing had been changed for it. */
static int learn_all(struct leases *leases, struct cursor *c, struct str *told)
{
	struct journal_record record;
	unsigned line = 1;
	int r;

	while ((r = journal_take_record(c, &record)) != 0 && r != -ENODATA) {
		bool learned;

		line++;
		if (r == -EBADMSG) {
			tell_line(told, leases, line);
			continue;
		}
		learned = r == 1 && learn(leases, &record);
		if (r == 1)
			journal_record_done(&record);
		if (!learned)
			return -ENOMEM;
	}
	return 0;
}

/* -- writing the journal */

static size_t reserve_bytes(const struct leases *leases, size_t more)
{
	return (leases->count + more + 1) * JOURNAL_DROP_MOST;
}

static void append_take(struct str *str, const struct lease *lease, char *now)
{
	journal_append_record(str, &(struct journal_record){ .word = JOURNAL_TAKE, .id = lease->id,
		.vm = lease->vm, .realtime_usec = lease->realtime_usec,
		.kind = (char *)lease->kind->name, .target = lease->target, .was = lease->was,
		.now = now, .note = lease->note });
}

static void append_lease(struct str *str, const struct lease *lease)
{
	append_take(str, lease, lease->now);
}

/* Header and all leases that stand, in a new file. */
static int write_anew(struct leases *leases, struct error *err)
{
	struct journal_header header = { .version = JOURNAL_VERSION, .next_id = leases->next_id };
	struct str bytes;
	size_t i;
	int r;

	str_init(&bytes);
	memcpy(header.boot_id, leases->boot_id, sizeof header.boot_id);
	journal_append_header(&bytes, &header);
	for (i = 0; i < leases->count; i++) {
		if (leases->items[i]->earlier != NULL)
			append_take(&bytes, leases->items[i], leases->items[i]->earlier);
		append_lease(&bytes, leases->items[i]);
	}
	r = bytes.failed ? error_errno(err, -ENOMEM, "the journal") :
	    journal_replace(leases->journal, bytes.data, bytes.length, reserve_bytes(leases, 0), err);
	leases->shorten_at = bytes.length * 4 > SHORTEN_FROM_BYTES ? bytes.length * 4 :
			     SHORTEN_FROM_BYTES;
	str_done(&bytes);
	return r;
}

static int write_line(struct leases *leases, size_t reserve, struct error *err)
{
	struct error ignored = { 0 };
	int r;

	if (leases->line.failed)
		return error_errno(err, -ENOMEM, "the journal");
	if (leases->line.length > JOURNAL_LINE_MOST)
		return error_set(err, -E2BIG, "a lease of %zu bytes is too long for the journal",
				 leases->line.length);
	r = journal_append(leases->journal, leases->line.data, leases->line.length, reserve, err);
	/* It is whole either way: where the shorter one finds no room, the longer one goes on. */
	if (r == 0 && journal_size(leases->journal) > leases->shorten_at)
		(void)write_anew(leases, &ignored);
	return r;
}

static int may_write(const struct leases *leases, struct error *err)
{
	if (leases->looking)
		return error_set(err, -EPERM, "the journal was opened to look only");
	return 0;
}

/* -- opening */

static int read_boot_id(struct leases *leases, struct error *err)
{
	static const char path[] = "/proc/sys/kernel/random/boot_id";
	ssize_t got = root_read(leases->root, path, leases->boot_id, sizeof leases->boot_id);

	if (got < 0)
		return error_errno(err, (int)got, "%s", path);
	leases->boot_id[strcspn(leases->boot_id, "\n")] = '\0';
	return 0;
}

static int leases_new(struct root *root, const struct leases_options *options,
		      struct leases **ret, struct error *err)
{
	struct leases *leases = calloc(1, sizeof *leases);
	int r;

	if (leases == NULL)
		return error_errno(err, -ENOMEM, "leases");
	leases->root = root;
	leases->kinds = options->kinds;
	leases->context = options->context;
	leases->left = options->left;
	leases->next_id = 1;
	map_init(&leases->by_what);
	str_init(&leases->line);
	pthread_mutex_init(&leases->lock, NULL);
	r = read_boot_id(leases, err);
	if (r < 0) {
		leases_close(leases);
		return r;
	}
	*ret = leases;
	return 0;
}

void leases_sweep(struct leases *leases)
{
	pthread_mutex_lock(&leases->lock);
	while (leases->dropped_count > 0)
		lease_free(leases->dropped[--leases->dropped_count]);
	pthread_mutex_unlock(&leases->lock);
}

void leases_close(struct leases *leases)
{
	size_t i;

	if (leases == NULL)
		return;
	leases_sweep(leases);
	for (i = 0; i < leases->count; i++)
		lease_free(leases->items[i]);
	for (i = 0; i < leases->stranger_count; i++) {
		free((char *)leases->strangers[i]->name);
		free(leases->strangers[i]);
	}
	free(leases->items);
	free(leases->dropped);
	free(leases->strangers);
	map_done(&leases->by_what);
	str_done(&leases->line);
	journal_close(leases->journal);
	pthread_mutex_destroy(&leases->lock);
	free(leases);
}

static const char *run_directory(const struct leases_options *options)
{
	const char *directory = getenv("TRUCE_RUN_DIR");

	if (options->directory != NULL)
		return options->directory;
	return directory != NULL && *directory != '\0' ? directory : LEASES_DIRECTORY;
}

/* A journal that says nothing about this boot: 0, and why in `told`. 1: its leases stand. */
static int header_take(struct leases *leases, struct cursor *c, struct str *told,
		       struct error *err)
{
	struct journal_header header;
	const char *directory = journal_directory(leases->journal);
	int r = journal_take_header(c, &header);

	if (r == -EPROTONOSUPPORT)
		return error_set(err, r, "%s/" JOURNAL_FILE " is of version %u, and this Truce knows "
				 "%d: give back with the Truce that wrote it", directory,
				 header.version, JOURNAL_VERSION);
	if (r < 0) {
		str_appendf(told, "the head of %s/" JOURNAL_FILE " is damaged: it is kept as "
			    JOURNAL_FILE ".damaged, and what it said is not known", directory);
		return 0;
	}
	if (strcmp(header.boot_id, leases->boot_id) != 0) {
		str_appendf(told, "%s/" JOURNAL_FILE " is of another boot, whose settings ended with "
			    "it: it is kept as " JOURNAL_FILE ".old", directory);
		return 0;
	}
	leases->next_id = header.next_id > 0 ? header.next_id : 1;
	return 1;
}

/* Reads what is there. Returns 1 when it stands, and where its whole lines end; 0: begin anew. */
static int journal_learn(struct leases *leases, struct str *told, size_t *ret_size,
			 struct error *err)
{
	CLEANUP_FREE char *bytes = NULL;
	ssize_t size = journal_read(leases->journal, &bytes, err);
	struct cursor c;
	int r;

	if (size == -ENOENT)
		return 0;
	if (size < 0)
		return (int)size;
	c = cursor_over(bytes, (size_t)size);
	r = header_take(leases, &c, told, err);
	if (r == 0 && !leases->looking)
		r = journal_set_aside(leases->journal, strstr(told->data, "damaged") != NULL ?
				      JOURNAL_FILE ".damaged" : JOURNAL_FILE ".old", err);
	if (r != 1)
		return r;
	r = learn_all(leases, &c, told);
	*ret_size = (size_t)(c.at - bytes);
	return r < 0 ? error_errno(err, r, "the journal") : 1;
}

static int journal_begin(struct leases *leases, struct str *told, struct error *err)
{
	size_t size = 0;
	int stands = journal_learn(leases, told, &size, err);
	int r;

	if (stands < 0)
		return stands;
	r = write_anew(leases, err);
	/* A full disk: the file that is there goes on. */
	if (r < 0 && stands == 1)
		r = journal_continue(leases->journal, size, err);
	return r;
}

int leases_open(struct root *root, const struct leases_options *options, struct leases **ret,
		char *ret_told, size_t told_size, struct error *err)
{
	struct leases *leases = NULL;
	struct str told;
	int r = leases_new(root, options, &leases, err);

	if (r < 0)
		return r;
	str_init(&told);
	r = journal_lock(run_directory(options), &leases->journal, err);
	if (r == 0)
		r = journal_begin(leases, &told, err);
	if (r == 0 && told_size > 0)
		text_copy(ret_told, told_size, told.data != NULL ? told.data : "", told.length);
	str_done(&told);
	if (r < 0) {
		leases_close(leases);
		return r;
	}
	*ret = leases;
	return 0;
}

int leases_peek(struct root *root, const struct leases_options *options, struct leases **ret,
		struct error *err)
{
	struct leases *leases = NULL;
	struct str told;
	size_t size;
	int r = leases_new(root, options, &leases, err);

	if (r < 0)
		return r;
	leases->looking = true;
	str_init(&told);
	r = journal_look(run_directory(options), &leases->journal, err);
	if (r == 0 && leases->journal != NULL)
		r = journal_learn(leases, &told, &size, err);
	str_done(&told);
	if (r < 0) {
		leases_close(leases);
		return r;
	}
	*ret = leases;
	return 0;
}

/* -- taking and dropping */

/* Owns `lease`. */
static int take_locked(struct leases *leases, struct lease *lease, struct error *err)
{
	int r;

	if (!reserve_places(leases)) {
		lease_free(lease);
		return error_errno(err, -ENOMEM, "a lease");
	}
	str_clear(&leases->line);
	append_lease(&leases->line, lease);
	r = write_line(leases, reserve_bytes(leases, 1), err);
	if (r == 0 && !put(leases, lease))
		r = error_errno(err, -ENOMEM, "a lease");
	if (r < 0)
		lease_free(lease);
	return r;
}

static bool says_the_same(const struct lease *lease, const char *now, const char *note)
{
	return strcmp(lease->now, now) == 0 && (note == NULL) == (lease->note == NULL) &&
	       (note == NULL || strcmp(lease->note, note) == 0);
}

int leases_take(struct leases *leases, const struct lease_kind *kind, const struct vm_identity *vm,
		const char *target, const char *was, const char *now, const char *note,
		uint64_t *ret_id, struct error *err)
{
	struct lease wanted = { .kind = kind, .vm = *vm, .target = (char *)target,
				.was = (char *)was, .now = (char *)now, .note = (char *)note,
				.realtime_usec = root_realtime_usec(leases->root) };
	struct lease *lease;
	int r = may_write(leases, err);

	if (r < 0)
		return r;
	pthread_mutex_lock(&leases->lock);
	lease = find(leases, kind, vm, target);
	wanted.id = lease != NULL ? lease->id : leases->next_id;
	if (lease != NULL) {
		wanted.was = lease->was;
		wanted.earlier = earlier_of(lease, now);
	}
	if (lease == NULL || !says_the_same(lease, now, note)) {
		lease = lease_new(&wanted);
		r = lease != NULL ? take_locked(leases, lease, err) :
				    error_errno(err, -ENOMEM, "a lease");
	}
	pthread_mutex_unlock(&leases->lock);
	if (r == 0)
		*ret_id = wanted.id;
	return r;
}

int leases_drop(struct leases *leases, uint64_t id, struct error *err)
{
	int r = may_write(leases, err);

	if (r < 0)
		return r;
	pthread_mutex_lock(&leases->lock);
	if (find_id(leases, id) != NULL && !reserve_places(leases)) {
		r = error_errno(err, -ENOMEM, "a lease");
	} else if (find_id(leases, id) != NULL) {
		str_clear(&leases->line);
		journal_append_record(&leases->line, &(struct journal_record){
			.word = JOURNAL_DROP, .id = id });
		r = write_line(leases, 0, err);
		if (r == 0)
			forget(leases, id);
	}
	pthread_mutex_unlock(&leases->lock);
	return r;
}

int leases_probe(struct leases *leases, struct error *err)
{
	int r = may_write(leases, err);

	if (r < 0)
		return r;
	pthread_mutex_lock(&leases->lock);
	r = journal_probe(leases->journal, 1024, reserve_bytes(leases, 1), err);
	pthread_mutex_unlock(&leases->lock);
	return r;
}

/* -- giving back */

/* 1 while the process that had the lease is there, 0 when it has ended, negative when that
 * cannot be told. The host is always there. */
static int vm_is_there(const struct leases *leases, const struct vm_identity *vm)
{
	struct proc_stat stat;
	char path[64], bytes[1024];
	ssize_t got;

	if (vm->pid == 0)
		return 1;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)vm->pid);
	got = root_read(leases->root, path, bytes, sizeof bytes);
	if (got == -ENOENT || got == -ESRCH)
		return 0;
	if (got < 0)
		return (int)got;
	if (proc_stat_parse(bytes, (size_t)got, &stat) < 0)
		return -EBADMSG;
	if (stat.start_ticks != vm->start_ticks)
		return 0;
	/* What has ended and is not waited for yet has nothing that could be given back; but a main
	 * thread may end before the others. */
	return (stat.state != 'Z' && stat.state != 'X') || stat.threads > 1;
}

static bool is_theirs(const struct leases *leases, const struct lease *lease, struct error *err)
{
	char found[128] = "";

	if (lease->kind->theirs == NULL ||
	    lease->kind->theirs(leases->context, lease, found, sizeof found) != 1)
		return false;
	error_set(err, 0, "left at %s, which somebody else set since (we had set %.60s): %.200s", found,
		  lease->now, lease->target);
	return true;
}

/* LEASE_LEFT: it stays as it is. */
static int give_back(struct leases *leases, const struct lease *lease, struct error *err)
{
	int there = vm_is_there(leases, &lease->vm);
	int r;

	if (there < 0)
		return error_errno(err, there, "whether VM %d is still there cannot be told",
				   (int)lease->vm.pid);
	if (there > 0 && is_theirs(leases, lease, err))
		return LEASE_LEFT;
	if (there > 0)
		r = lease->kind->undo(leases->context, &lease->vm, lease->target, lease->was,
				      lease->now, err);
	else
		r = lease->kind->forget == NULL ? 0 :
		    lease->kind->forget(leases->context, lease->target, lease->was, err);
	return r < 0 && r != -ENOENT && r != -ESRCH ? r : 0;
}

int leases_undo(struct leases *leases, uint64_t id, struct error *err)
{
	const struct lease *lease;
	int r = may_write(leases, err), left;

	if (r < 0)
		return r;
	pthread_mutex_lock(&leases->lock);
	lease = find_id(leases, id);
	pthread_mutex_unlock(&leases->lock);
	if (lease == NULL)
		return 0;
	left = give_back(leases, lease, err);
	if (left < 0)
		return left;
	r = leases_drop(leases, id, err);
	return r < 0 ? r : left;
}

/* Each once, from the newest to the oldest; `ret_first` gets the first failure. */
static size_t undo_once(struct leases *leases, bool slow, size_t *ret_undone,
			struct error *ret_first)
{
	const struct lease *lease;
	uint64_t id = UINT64_MAX;
	size_t failed = 0;

	*ret_undone = 0;
	while ((lease = leases_previous(leases, id)) != NULL) {
		struct error failure = { 0 };
		int r;

		id = lease->id;
		if (lease->kind->slow != slow)
			continue;
		r = leases_undo(leases, id, &failure);
		if (r == LEASE_LEFT && leases->left != NULL)
			leases->left(lease, failure.text);
		if (r >= 0)
			++*ret_undone;
		else if (failed++ == 0)
			*ret_first = failure;
	}
	return failed;
}

/* One knob may be in another's way: a cgroup that is idle takes no weight. So as long as
 * something was given back, what failed is tried again. */
static size_t undo_pass(struct leases *leases, bool slow, struct error *err)
{
	struct error first = { 0 };
	size_t failed, undone;

	do
		failed = undo_once(leases, slow, &undone, &first);
	while (failed > 0 && undone > 0);
	if (failed > 0 && err != NULL && err->code == 0)
		*err = first;
	return failed;
}

/* Owners that may be mute come last, so that they delay no other knob. */
size_t leases_undo_all(struct leases *leases, struct error *err)
{
	size_t failed = undo_pass(leases, false, err);

	return failed + undo_pass(leases, true, err);
}

size_t leases_forget_dead(struct leases *leases)
{
	struct vm_identity vm = { .pid = 0 };
	const struct lease *lease;
	size_t dropped = 0;
	uint64_t id = 0;
	bool dead = false;

	while ((lease = leases_next(leases, id)) != NULL) {
		id = lease->id;
		if (vm_identity_compare(&lease->vm, &vm) != 0)
			dead = vm_is_there(leases, &lease->vm) == 0;
		vm = lease->vm;
		if (dead && leases_undo(leases, id, NULL) >= 0)
			dropped++;
	}
	return dropped;
}

/* -- looking */

static pthread_mutex_t *lock_of(const struct leases *leases)
{
	return &((struct leases *)leases)->lock;
}

size_t leases_count(const struct leases *leases)
{
	size_t count;

	pthread_mutex_lock(lock_of(leases));
	count = leases->count;
	pthread_mutex_unlock(lock_of(leases));
	return count;
}

const struct lease *leases_at(const struct leases *leases, size_t index)
{
	const struct lease *lease;

	pthread_mutex_lock(lock_of(leases));
	lease = index < leases->count ? leases->items[index] : NULL;
	pthread_mutex_unlock(lock_of(leases));
	return lease;
}

const struct lease *leases_next(const struct leases *leases, uint64_t id)
{
	const struct lease *lease;
	size_t at;

	pthread_mutex_lock(lock_of(leases));
	at = place_of(leases, id + 1);
	lease = at < leases->count ? leases->items[at] : NULL;
	pthread_mutex_unlock(lock_of(leases));
	return lease;
}

const struct lease *leases_previous(const struct leases *leases, uint64_t id)
{
	const struct lease *lease;
	size_t at;

	pthread_mutex_lock(lock_of(leases));
	at = place_of(leases, id);
	lease = at > 0 ? leases->items[at - 1] : NULL;
	pthread_mutex_unlock(lock_of(leases));
	return lease;
}

const struct lease *leases_find(const struct leases *leases, const struct lease_kind *kind,
				const struct vm_identity *vm, const char *target)
{
	const struct lease *lease;

	pthread_mutex_lock(lock_of(leases));
	lease = find(leases, kind, vm, target);
	pthread_mutex_unlock(lock_of(leases));
	return lease;
}
