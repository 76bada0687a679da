/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every policy in tests/policies/faulty names what is to be said of it: "expect: ..." in its
 * first lines, or one of several with " | " between them. None may harm another: beside each a good
 * policy takes its turns.
 *
 *     faulty_test DIRECTORY GOOD.c SUFFIX   (policies that end in .c, or in .lua)
 */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "decide/build.h"
#include "decide/decider.h"
#include "model/synthetic.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned failures;

/* What stands behind "expect: " up to the end of the comment or line. */
static bool read_expectation(const char *path, char *ret, size_t size)
{
	CLEANUP_FCLOSE FILE *file = fopen(path, "r");
	char line[400];
	char *at = NULL;

	while (file != NULL && at == NULL && fgets(line, sizeof line, file) != NULL)
		at = strstr(line, "expect: ");
	if (at == NULL)
		return false;
	at += strlen("expect: ");
	at[strcspn(at, "\n")] = '\0';
	if (strstr(at, " */") != NULL)
		*strstr(at, " */") = '\0';
	snprintf(ret, size, "%s", at);
	return true;
}

static bool is_expected(const char *said, char *expected)
{
	char *bar = strstr(expected, " | ");

	if (bar == NULL)
		return strstr(said, expected) != NULL;
	*bar = '\0';
	return strstr(said, expected) != NULL || is_expected(said, bar + strlen(" | "));
}

/* What is said of it in its first turns; "" where it gets through them. */
static void take_turns(struct decider *decider, struct synthetic *host, char *ret, size_t size)
{
	const struct decision *decision;
	struct error err;
	unsigned turn;

	ret[0] = '\0';
	for (turn = 0; turn < 3 && ret[0] == '\0'; turn++) {
		synthetic_tick(host);
		if (decider_turn(decider, DECIDER_TICK, &host->snapshot, NULL, 0, &decision, &err) < 0)
			snprintf(ret, size, "%s", err.text);
		else if (decision->restarted)
			snprintf(ret, size, "%s", decision->trouble);
		else if (decision->warning_count > 0)
			snprintf(ret, size, "%s", decision->warnings[0].text);
	}
}

static void try_policy(const char *path, struct synthetic *host, char *ret, size_t size)
{
	/* Little, so that those that never end do not take long. */
	const struct decider_options limits = { .load_usec = 300000, .turn_usec = 80000 };
	struct decider *decider;
	struct error err;

	if (decider_new(path, &limits, &decider, &err) < 0) {
		snprintf(ret, size, "%s", err.text);
		return;
	}
	take_turns(decider, host, ret, size);
	decider_free(decider);
}

static char directory[] = "/tmp/truce-faulty-XXXXXX";

static void try_source(const char *source, struct synthetic *host, char *ret, size_t size)
{
	CLEANUP_FREE char *program = NULL;
	struct error err;

	if (!text_ends_with(source, ".c")) {
		try_policy(source, host, ret, size);
		return;
	}
	if (asprintf(&program, "%s/policy.so", directory) < 0)
		abort();
	if (policy_build(source, program, NULL, &err) < 0)
		snprintf(ret, size, "%s", err.text);
	else
		try_policy(program, host, ret, size);
	unlink(program);
}

static int make_good(const char *source, struct decider **ret)
{
	CLEANUP_FREE char *program = NULL;
	struct error err;
	int r;

	if (mkdtemp(directory) == NULL || asprintf(&program, "%s/good.so", directory) < 0)
		abort();
	r = policy_build(source, program, NULL, &err);
	if (r == 0)
		r = decider_new(program, NULL, ret, &err);
	if (r < 0)
		printf("%s\n", err.text);
	unlink(program);
	return r;
}

static void check_good(struct decider *good, struct synthetic *host, const char *beside)
{
	const struct decision *decision;
	struct error err;

	if (decider_turn(good, DECIDER_TICK, &host->snapshot, NULL, 0, &decision, &err) < 0) {
		printf("FAILED beside %s: %s\n", beside, err.text);
		failures++;
	} else if (decision->restarted) {
		printf("FAILED beside %s: %s\n", beside, decision->trouble);
		failures++;
	}
}

static void check_source(const char *source, struct decider *good, struct synthetic *host)
{
	char expected[400], said[800];

	if (!read_expectation(source, expected, sizeof expected)) {
		printf("FAILED %s: says not what is expected of it\n", source);
		failures++;
		return;
	}
	try_source(source, host, said, sizeof said);
	if (!is_expected(said, expected)) {
		printf("FAILED %s: expected what it says of itself, got '%s'\n", source, said);
		failures++;
	} else {
		printf("ok %s\n", said);
	}
	check_good(good, host, source);
}

static int is_policy(const struct dirent *entry)
{
	return text_ends_with(entry->d_name, ".c") || text_ends_with(entry->d_name, ".lua");
}

int main(int count, char **arguments)
{
	struct dirent **entries;
	struct decider *good;
	struct synthetic host;
	int i, tried = 0, found;

	if (count != 4 || synthetic_init(&host, 4, 12, 1) < 0)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (make_good(arguments[2], &good) < 0)
		return 1;
	found = scandir(arguments[1], &entries, is_policy, alphasort);
	for (i = 0; i < found; i++) {
		CLEANUP_FREE char *source = NULL;

		if (text_ends_with(entries[i]->d_name, arguments[3])) {
			if (asprintf(&source, "%s/%s", arguments[1], entries[i]->d_name) < 0)
				return 1;
			check_source(source, good, &host);
			tried++;
		}
		free(entries[i]);
	}
	if (found >= 0)
		free(entries);
	printf("%d policies, %u failures\n", tried, failures);
	decider_free(good);
	synthetic_done(&host);
	rmdir(directory);
	return failures > 0 || tried == 0;
}
