/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lease/lease.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "lease/journal_record.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define STAT_OF(start) "41 (qemu) S 1 41 41 0 -1 0 0 0 0 0 0 0 0 0 20 0 3 0 " #start \
	" 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"

static const struct root_memory_file host_files[] = {
	{ "/proc/sys/kernel/random/boot_id", "11111111-2222-3333-4444-555555555555\n" },
	{ "/proc/41/stat", STAT_OF(700) },
	{ "/knob/a", "100\n" },
	{ "/knob/b", "100\n" },
};

static const struct vm_identity vm = { .pid = 41, .start_ticks = 700 };
static const struct vm_identity dead = { .pid = 42, .start_ticks = 700 };

static int knob_undo(void *context, const struct vm_identity *of, const char *target,
		     const char *was, const char *now, struct error *err)
{
	return root_write(context, target, was);
}

static unsigned forgotten;

static int forgetful_undo(void *context, const struct vm_identity *of, const char *target,
			  const char *was, const char *now, struct error *err)
{
	return error_set(err, -EIO, "never undone");
}

static int forgetful_forget(void *context, const char *target, const char *was, struct error *err)
{
	forgotten++;
	return forgotten == 1 ? -EBUSY : 0;
}

/* As a cgroup's weight while the cgroup is idle. */
static int weight_undo(void *context, const struct vm_identity *of, const char *target,
		       const char *was, const char *now, struct error *err)
{
	char idle[16];

	if (root_read(context, "/knob/b", idle, sizeof idle) > 0 && idle[0] == '1' && idle[1] == '\n')
		return error_set(err, -EINVAL, "it is idle");
	return root_write(context, target, was);
}

/* Nobody's who is known to the lease. */
static int shared_theirs(void *context, const struct lease *lease, char *ret_found, size_t size)
{
	ssize_t got = root_read(context, lease->target, ret_found, size);

	ret_found[strcspn(ret_found, "\n")] = '\0';
	return got > 0 && strcmp(ret_found, lease->was) != 0 && strcmp(ret_found, lease->now) != 0 &&
	       (lease->earlier == NULL || strcmp(ret_found, lease->earlier) != 0);
}

static const struct lease_kind shared = { .name = "shared", .undo = knob_undo,
					  .theirs = shared_theirs };
static const struct lease_kind weight = { .name = "weight", .undo = weight_undo };
static const struct lease_kind knob = { .name = "knob", .undo = knob_undo };
static const struct lease_kind forgetful = { .name = "forgetful", .undo = forgetful_undo,
					     .forget = forgetful_forget };
static const struct lease_kind *const kinds[] = { &knob, &forgetful, &weight, &shared, NULL };
static const struct lease_kind *const no_kinds[] = { NULL };

struct bed {
	char directory[64];
	struct root *root;
	char told[512];
};

static int bed_make(void **state)
{
	struct bed *bed = calloc(1, sizeof *bed);

	strcpy(bed->directory, "/tmp/truce-lease-XXXXXX");
	if (mkdtemp(bed->directory) == NULL)
		return -1;
	bed->root = root_memory_new(host_files, ARRAY_SIZE(host_files));
	*state = bed;
	return 0;
}

static int bed_clear(void **state)
{
	struct bed *bed = *state;
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", bed->directory);
	root_free(bed->root);
	assert_int_equal(system(command), 0);
	free(bed);
	return 0;
}

static int try_open(struct bed *bed, struct leases **ret, struct error *err)
{
	struct leases_options options = { .directory = bed->directory, .kinds = kinds,
					  .context = bed->root };

	return leases_open(bed->root, &options, ret, bed->told, sizeof bed->told, err);
}

static struct leases *opened(struct bed *bed)
{
	struct leases *leases = NULL;
	struct error err = { 0 };

	if (try_open(bed, &leases, &err) < 0)
		fail_msg("%s", err.text);
	return leases;
}

static uint64_t taken(struct leases *leases, const struct vm_identity *of, const char *target,
		      const char *was, const char *now)
{
	struct error err = { 0 };
	uint64_t id = 0;

	if (leases_take(leases, &knob, of, target, was, now, "cpu.weight=1 from=2", &id, &err) < 0)
		fail_msg("%s", err.text);
	return id;
}

static char *path_in(const struct bed *bed, const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", bed->directory, name);
	return path;
}

static size_t journal_bytes(const struct bed *bed, char *ret, size_t size)
{
	CLEANUP_CLOSE int fd = open(path_in(bed, "journal"), O_RDONLY | O_CLOEXEC);
	ssize_t got = read(fd, ret, size);

	assert_true(got >= 0 && (size_t)got < size);
	return (size_t)got;
}

static void journal_put(const struct bed *bed, const char *bytes, size_t size)
{
	CLEANUP_CLOSE int fd = open(path_in(bed, "journal"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				    0600);

	assert_int_equal(write(fd, bytes, size), size);
}

/* -- */

static void a_lease_outlives_its_writer_and_is_given_back(void **state)
{
	struct bed *bed = *state;
	struct leases *leases = opened(bed);
	struct error err = { 0 };
	struct stat status;

	taken(leases, &vm, "/knob/a", "100", "400");
	leases_close(leases);
	root_memory_put(bed->root, "/knob/a", "400");
	assert_int_equal(stat(path_in(bed, "journal"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);

	leases = opened(bed);
	assert_string_equal(bed->told, "");
	assert_int_equal(leases_count(leases), 1);
	assert_ptr_equal(leases_at(leases, 0)->kind, &knob);
	assert_string_equal(leases_at(leases, 0)->note, "cpu.weight=1 from=2");
	assert_int_equal(leases_undo_all(leases, &err), 0);
	assert_string_equal(root_memory_text(bed->root, "/knob/a"), "100");
	leases_close(leases);
	leases = opened(bed);
	assert_int_equal(leases_count(leases), 0);
	leases_close(leases);
}

static void texts_come_back_as_they_were(void **state)
{
	static const char *const texts[] = { "", "-", "--", "a b", "%41", "line\nline", "\x01\xff\t", };
	struct bed *bed = *state;
	struct leases *leases = opened(bed);
	struct error err = { 0 };
	uint64_t id;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		char target[32];

		snprintf(target, sizeof target, "/target %zu", i);
		assert_int_equal(leases_take(leases, &knob, &vm, target, texts[i], texts[i], texts[i],
					     &id, &err), 0);
	}
	leases_close(leases);
	leases = opened(bed);
	assert_int_equal(leases_count(leases), ARRAY_SIZE(texts));
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		const struct lease *lease = leases_at(leases, i);

		assert_string_equal(lease->was, texts[i]);
		assert_string_equal(lease->now, texts[i]);
		if (texts[i][0] == '\0')
			assert_null(lease->note);
		else
			assert_string_equal(lease->note, texts[i]);
	}
	leases_close(leases);
}

static void a_second_lease_keeps_the_first_was(void **state)
{
	struct bed *bed = *state;
	struct leases *leases = opened(bed);
	uint64_t id = taken(leases, &vm, "/knob/a", "100", "400");

	assert_int_equal(taken(leases, &vm, "/knob/a", "400", "300"), id);
	assert_int_equal(leases_count(leases), 1);
	leases_close(leases);
	leases = opened(bed);
	assert_int_equal(leases_count(leases), 1);
	assert_string_equal(leases_find(leases, &knob, &vm, "/knob/a")->was, "100");
	assert_string_equal(leases_find(leases, &knob, &vm, "/knob/a")->now, "300");
	assert_null(leases_find(leases, &knob, &dead, "/knob/a"));
	leases_close(leases);
}

/* What the writer did, and where in the journal its word about that ended. */
struct deed {
	const char *target;
	bool drops;
	size_t end;
};

/* Killed at any byte: every knob that may be turned then has its undo, no other has. */
static void at_every_length_no_change_is_without_its_undo(void **state)
{
	static const char *const targets[] = { "/knob/a", "/knob/b", "/knob/c", "/knob/d" };
	struct bed *bed = *state;
	struct leases *leases = opened(bed);
	struct deed deeds[24];
	struct error err = { 0 };
	uint64_t ids[ARRAY_SIZE(targets)] = { 0 };
	char bytes[16384];
	size_t size = 0, i, j, length, head = journal_bytes(bed, bytes, sizeof bytes);

	for (i = 0; i < ARRAY_SIZE(deeds); i++) {
		size_t which = i * 7 % ARRAY_SIZE(targets);

		deeds[i] = (struct deed){ targets[which], ids[which] != 0 && i % 3 == 0, 0 };
		if (deeds[i].drops)
			assert_int_equal(leases_drop(leases, ids[which], &err), 0);
		ids[which] = deeds[i].drops ? 0 : taken(leases, &vm, targets[which], "was",
							i % 2 ? "now" : "then");
		size = journal_bytes(bed, bytes, sizeof bytes);
		deeds[i].end = size;
	}
	leases_close(leases);
	for (length = 0; length <= size; length++) {
		journal_put(bed, bytes, length);
		leases = opened(bed);
		assert_int_equal(bed->told[0] != '\0', length < head);
		for (j = 0; j < ARRAY_SIZE(targets); j++) {
			bool leased = false;

			for (i = 0; i < ARRAY_SIZE(deeds) && deeds[i].end <= length; i++)
				if (deeds[i].target == targets[j])
					leased = !deeds[i].drops;
			assert_int_equal(leases_find(leases, &knob, &vm, targets[j]) != NULL,
					 leased && length >= head);
		}
		leases_close(leases);
	}
}

static void a_damaged_line_is_named_and_left_out(void **state)
{
	struct bed *bed = *state;
	struct leases *leases = opened(bed);
	char bytes[8192];
	size_t size;

	taken(leases, &vm, "/knob/a", "100", "400");
	taken(leases, &vm, "/knob/b", "100", "400");
	leases_close(leases);
	size = journal_bytes(bed, bytes, sizeof bytes);
	strstr(bytes, "/knob/a")[6] = 'x';
	journal_put(bed, bytes, size);
	leases = opened(bed);
	assert_non_null(strstr(bed->told, "line 2 of"));
	assert_int_equal(leases_count(leases), 1);
	assert_string_equal(leases_at(leases, 0)->target, "/knob/b");
	leases_close(leases);
}

static void a_journal_of_another_boot_is_set_aside(void **state)
{
	struct bed *bed = *state;
	struct leases *leases = opened(bed);

	taken(leases, &vm, "/knob/a", "100", "400");
	leases_close(leases);
	root_memory_put(bed->root, "/proc/sys/kernel/random/boot_id", "another\n");
	leases = opened(bed);
	assert_non_null(strstr(bed->told, "of another boot"));
	assert_int_equal(leases_count(leases), 0);
	assert_int_equal(access(path_in(bed, "journal.old"), F_OK), 0);
	leases_close(leases);
}

static void a_journal_of_a_later_version_is_left_alone(void **state)
{
	struct bed *bed = *state;
	struct leases *leases = NULL;
	struct error err = { 0 };
	struct str bytes;

	str_init(&bytes);
	journal_append_header(&bytes, &(struct journal_header){ .version = 2, .boot_id = "x" });
	journal_put(bed, bytes.data, bytes.length);
	assert_int_equal(try_open(bed, &leases, &err), -EPROTONOSUPPORT);
	assert_non_null(strstr(err.text, "version 2"));
	assert_int_equal(access(path_in(bed, "journal"), F_OK), 0);
	str_done(&bytes);
}

static void the_lock_names_who_has_it(void **state)
{
	struct bed *bed = *state;
	struct leases *leases = opened(bed), *second = NULL;
	struct leases_options options = { .directory = bed->directory, .kinds = kinds };
	struct error err = { 0 };
	char pid[32];
	uint64_t id;

	taken(leases, &vm, "/knob/a", "100", "400");
	assert_int_equal(try_open(bed, &second, &err), -EBUSY);
	snprintf(pid, sizeof pid, "(pid %d)", (int)getpid());
	assert_non_null(strstr(err.text, pid));
	assert_non_null(strstr(err.text, program_invocation_short_name));
	/* To look is free. */
	assert_int_equal(leases_peek(bed->root, &options, &second, &err), 0);
	assert_int_equal(leases_count(second), 1);
	assert_int_equal(leases_take(second, &knob, &vm, "/x", "1", "2", NULL, &id, &err), -EPERM);
	leases_close(second);
	leases_close(leases);
	leases = opened(bed);
	leases_close(leases);
}

static void a_stranger_with_the_same_pid_is_left_alone(void **state)
{
	struct bed *bed = *state;
	struct leases *leases = opened(bed);
	struct error err = { 0 };

	taken(leases, &vm, "/knob/a", "7", "400");
	root_memory_put(bed->root, "/proc/41/stat", STAT_OF(701));
	assert_int_equal(leases_undo_all(leases, &err), 0);
	assert_string_equal(root_memory_text(bed->root, "/knob/a"), "100\n");
	assert_int_equal(leases_count(leases), 0);
	leases_close(leases);
}

static void what_a_dead_vm_leaves_behind_is_removed(void **state)
{
	struct bed *bed = *state;
	struct leases *leases = opened(bed);
	struct error err = { 0 };
	uint64_t id;

	forgotten = 0;
	taken(leases, &dead, "/knob/a", "7", "400");
	taken(leases, &vm, "/knob/b", "7", "400");
	assert_int_equal(leases_take(leases, &forgetful, &dead, "/made", "", "", NULL, &id, &err), 0);
	/* Busy at first: that one stays. */
	assert_int_equal(leases_forget_dead(leases), 1);
	assert_int_equal(leases_count(leases), 2);
	assert_int_equal(leases_forget_dead(leases), 1);
	assert_int_equal(leases_count(leases), 1);
	assert_int_equal(forgotten, 2);
	leases_close(leases);
}

static void a_vm_that_cannot_be_looked_at_keeps_its_lease(void **state)
{
	static const struct root_memory_file refused[] = {
		{ "/proc/sys/kernel/random/boot_id", "b\n" },
		{ "/proc/41/stat", "", 0, -EACCES },
	};
	struct bed *bed = *state;
	struct error err = { 0 };
	struct leases *leases;

	root_free(bed->root);
	bed->root = root_memory_new(refused, ARRAY_SIZE(refused));
	leases = opened(bed);
	taken(leases, &vm, "/knob/a", "7", "400");
	assert_int_equal(leases_undo_all(leases, &err), 1);
	assert_non_null(strstr(err.text, "cannot be told"));
	assert_int_equal(leases_count(leases), 1);
	leases_close(leases);
}

static void a_kind_that_nobody_knows_is_kept_for_who_does(void **state)
{
	struct bed *bed = *state;
	struct leases_options options = { .directory = bed->directory, .kinds = no_kinds };
	struct leases *leases = opened(bed);
	struct error err = { 0 };

	taken(leases, &vm, "/knob/a", "7", "400");
	leases_close(leases);
	assert_int_equal(leases_open(bed->root, &options, &leases, bed->told, sizeof bed->told, &err),
			 0);
	assert_int_equal(leases_undo_all(leases, &err), 1);
	assert_int_equal(err.code, -ENOTSUP);
	leases_close(leases);
	leases = opened(bed);
	assert_int_equal(leases_undo_all(leases, &err), 0);
	assert_string_equal(root_memory_text(bed->root, "/knob/a"), "7");
	leases_close(leases);
}

static void what_is_in_anothers_way_is_given_back_first(void **state)
{
	struct bed *bed = *state;
	struct leases *leases = opened(bed);
	struct error err = { 0 };
	uint64_t id;

	/* The idle one is the older, so that it is tried last. */
	assert_int_equal(leases_take(leases, &knob, &vm, "/knob/b", "0", "1", NULL, &id, &err), 0);
	assert_int_equal(leases_take(leases, &weight, &vm, "/knob/a", "100", "7", NULL, &id, &err), 0);
	root_memory_put(bed->root, "/knob/a", "7\n");
	root_memory_put(bed->root, "/knob/b", "1\n");
	assert_int_equal(leases_undo_all(leases, &err), 0);
	assert_int_equal(err.code, 0);
	assert_string_equal(root_memory_text(bed->root, "/knob/a"), "100");
	assert_string_equal(root_memory_text(bed->root, "/knob/b"), "0");
	leases_close(leases);
}

static void what_somebody_else_set_since_stays_and_its_lease_goes(void **state)
{
	struct bed *bed = *state;
	struct leases *leases = opened(bed);
	struct error err = { 0 };
	uint64_t id;

	assert_int_equal(leases_take(leases, &shared, &vm, "/knob/a", "100", "7", NULL, &id, &err), 0);
	root_memory_put(bed->root, "/knob/a", "9\n");
	assert_int_equal(leases_undo(leases, id, &err), LEASE_LEFT);
	assert_int_equal(err.code, 0);
	assert_string_equal(err.text, "left at 9, which somebody else set since (we had set 7): /knob/a");
	assert_string_equal(root_memory_text(bed->root, "/knob/a"), "9\n");
	assert_int_equal(leases_count(leases), 0);
	leases_close(leases);
}

/* Killed between the second lease and the second change: the first value is in force, and ours,
 * also to who reads a journal that was made shorter. */
static void a_value_of_ours_before_the_last_is_given_back_too(void **state)
{
	struct bed *bed = *state;
	struct leases *leases = opened(bed);
	struct error err = { 0 };
	unsigned reading;
	uint64_t id;

	assert_int_equal(leases_take(leases, &shared, &vm, "/knob/a", "100", "7", NULL, &id, &err), 0);
	root_memory_put(bed->root, "/knob/a", "7\n");
	assert_int_equal(leases_take(leases, &shared, &vm, "/knob/a", "7", "8", NULL, &id, &err), 0);
	for (reading = 0; reading < 2; reading++) {
		leases_close(leases);
		leases = opened(bed);
	}
	assert_int_equal(leases_undo(leases, id, &err), 0);
	assert_string_equal(root_memory_text(bed->root, "/knob/a"), "100");
	leases_close(leases);
}

static void a_long_journal_is_made_shorter_and_says_the_same(void **state)
{
	struct bed *bed = *state;
	struct leases *leases = opened(bed);
	struct error err = { 0 };
	struct stat status;
	char target[64];
	uint64_t id = 0;
	off_t largest = 0;
	int i;

	/* What a writer that died while it made a shorter one has left. */
	close(open(path_in(bed, "journal.new"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	for (i = 0; i < 4000; i++) {
		snprintf(target, sizeof target, "/knob/%d", i);
		id = taken(leases, &vm, target, "100", "400");
		if (i % 100 != 0)
			assert_int_equal(leases_drop(leases, id, &err), 0);
		assert_int_equal(stat(path_in(bed, "journal"), &status), 0);
		largest = status.st_size > largest ? status.st_size : largest;
	}
	assert_true(largest < 128 << 10);
	leases_close(leases);
	leases = opened(bed);
	assert_int_equal(leases_count(leases), 40);
	assert_non_null(leases_find(leases, &knob, &vm, "/knob/3900"));
	assert_null(leases_find(leases, &knob, &vm, "/knob/3901"));
	/* Never used twice in a boot, though the last was dropped long ago. */
	assert_true(taken(leases, &vm, "/knob/new", "1", "2") > id);
	leases_close(leases);
}

static void a_directory_that_others_could_change_is_refused(void **state)
{
	struct bed *bed = *state;
	struct leases *leases = NULL;
	struct error err = { 0 };
	char link[80];

	assert_int_equal(chmod(bed->directory, 0777), 0);
	assert_int_equal(try_open(bed, &leases, &err), -EPERM);
	assert_non_null(strstr(err.text, "others than its owner may write"));
	assert_int_equal(chmod(bed->directory, 0755), 0);
	snprintf(link, sizeof link, "%s.link", bed->directory);
	assert_int_equal(symlink(bed->directory, link), 0);
	strcat(bed->directory, ".link");
	assert_true(try_open(bed, &leases, &err) < 0);
	assert_int_equal(unlink(link), 0);
	bed->directory[strlen(bed->directory) - 5] = '\0';
	if (geteuid() == 0) {
		assert_int_equal(chown(bed->directory, 12345, 0), 0);
		assert_int_equal(try_open(bed, &leases, &err), -EPERM);
		assert_non_null(strstr(err.text, "belongs to user 12345"));
	}
}

static void the_leases_of_many_are_gone_over_while_they_change(void **state)
{
	struct bed *bed = *state;
	struct leases *leases = opened(bed);
	const struct lease *lease;
	struct error err = { 0 };
	uint64_t first = taken(leases, &vm, "/knob/a", "1", "2");
	uint64_t second = taken(leases, &vm, "/knob/b", "1", "2");

	lease = leases_next(leases, 0);
	assert_int_equal(lease->id, first);
	assert_int_equal(leases_drop(leases, first, &err), 0);
	/* Dropped, and still there for who has it. */
	assert_string_equal(lease->target, "/knob/a");
	assert_int_equal(leases_next(leases, lease->id)->id, second);
	assert_int_equal(leases_previous(leases, UINT64_MAX)->id, second);
	assert_null(leases_previous(leases, second));
	leases_sweep(leases);
	assert_int_equal(leases_count(leases), 1);
	leases_close(leases);
}

static void the_golden_journal_is_read(void **state)
{
	struct bed *bed = *state;
	struct leases *leases;
	char bytes[4096];
	ssize_t size;
	CLEANUP_CLOSE int fd = open(getenv("GOLDEN_JOURNAL"), O_RDONLY | O_CLOEXEC);

	size = read(fd, bytes, sizeof bytes);
	assert_true(size > 0);
	journal_put(bed, bytes, (size_t)size);
	root_memory_put(bed->root, "/proc/sys/kernel/random/boot_id",
			"3f1b0a52-6c3e-4d0e-9b6a-0f2f7c1f6f10\n");
	leases = opened(bed);
	assert_string_equal(bed->told, "");
	assert_int_equal(leases_count(leases), 1);
	assert_int_equal(leases_at(leases, 0)->vm.pid, 4711);
	assert_string_equal(leases_at(leases, 0)->kind->name, "file");
	assert_string_equal(leases_at(leases, 0)->was, "1024");
	assert_string_equal(leases_at(leases, 0)->note, "cpu.weight=400 from=100 by gold-first:12");
	leases_close(leases);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, bed_make, bed_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_lease_outlives_its_writer_and_is_given_back),
		CASE(texts_come_back_as_they_were),
		CASE(a_second_lease_keeps_the_first_was),
		CASE(at_every_length_no_change_is_without_its_undo),
		CASE(a_damaged_line_is_named_and_left_out),
		CASE(a_journal_of_another_boot_is_set_aside),
		CASE(a_journal_of_a_later_version_is_left_alone),
		CASE(the_lock_names_who_has_it),
		CASE(a_stranger_with_the_same_pid_is_left_alone),
		CASE(what_a_dead_vm_leaves_behind_is_removed),
		CASE(a_vm_that_cannot_be_looked_at_keeps_its_lease),
		CASE(a_kind_that_nobody_knows_is_kept_for_who_does),
		CASE(what_is_in_anothers_way_is_given_back_first),
		CASE(what_somebody_else_set_since_stays_and_its_lease_goes),
		CASE(a_value_of_ours_before_the_last_is_given_back_too),
		CASE(a_long_journal_is_made_shorter_and_says_the_same),
		CASE(a_directory_that_others_could_change_is_refused),
		CASE(the_golden_journal_is_read),
		CASE(the_leases_of_many_are_gone_over_while_they_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
