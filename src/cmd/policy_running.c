/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/policy_running.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "cmd/truced.h"
#include "decide/arbiter.h"
#include "decide/decider.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct running {
	struct arbiter *arbiter;
	struct decider **deciders;
	size_t count;
	struct error missing;
};

static bool write_whole(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t put = write(fd, bytes, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		bytes += put;
		size -= (size_t)put;
	}
	return true;
}

/* A policy is read from a file; its bytes stay with the decider. */
static int load_bytes(const char *bytes, size_t size, const char *origin, struct decider **ret,
		      struct error *err)
{
	const struct decider_options options = { .origin = origin };
	const char *directory = getenv("TMPDIR");
	char path[512];
	int fd, r;

	snprintf(path, sizeof path, "%s/truce-running-XXXXXX.lua",
		 directory != NULL && *directory != '\0' ? directory : "/tmp");
	fd = mkostemps(path, 4, O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, -errno, "cannot write %s", path);
	if (write_whole(fd, bytes, size))
		r = decider_new(path, &options, ret, err);
	else
		r = error_errno(err, -errno, "cannot write %s", path);
	close(fd);
	unlink(path);
	return r;
}

static int load_lua(const json_t *policy, struct decider **ret, struct error *err)
{
	json_t *answer = truced_ask_about("policy.source", "name", truced_text(policy, "name"), err);
	const json_t *source = json_object_get(answer, "source");
	int r;

	if (answer == NULL)
		return err->code;
	if (json_is_string(source))
		r = load_bytes(json_string_value(source), json_string_length(source),
			       truced_text(policy, "path"), ret, err);
	else
		r = error_set(err, -EPROTO, "truced does not tell its source");
	json_decref(answer);
	return r;
}

/* truced has a copy; the file that it was made of may be another by now. */
static int load_c(const json_t *policy, struct decider **ret, struct error *err)
{
	const char *path = truced_text(policy, "path");
	char text[17];
	uint64_t hash;
	size_t size;
	int r = decider_new(path, NULL, ret, err);

	if (r < 0)
		return r;
	decider_source(*ret, &size, &hash);
	snprintf(text, sizeof text, "%016" PRIx64, hash);
	if (strcmp(text, truced_text(policy, "hash")) == 0)
		return 0;
	decider_free(*ret);
	*ret = NULL;
	return error_set(err, -ESTALE, "%.200s is not what runs", path);
}

static void add(struct running *running, const json_t *policy)
{
	struct decider *decider = NULL;
	struct error err = { 0 };
	int r = strcmp(truced_text(policy, "language"), "c") == 0 ? load_c(policy, &decider, &err) :
								    load_lua(policy, &decider, &err);

	if (r == 0)
		r = arbiter_add_policy(running->arbiter, decider_policy(decider), &err);
	if (r < 0) {
		decider_free(decider);
		error_set(&running->missing, r, "policy %.60s, which truced runs, is not counted: %.300s",
			  truced_text(policy, "name"), err.text);
		return;
	}
	running->deciders[running->count++] = decider;
}

static int load_all(const json_t *policies, struct running **ret, struct error *err)
{
	const struct arbiter_options options = { 0 };
	struct running *running = calloc(1, sizeof *running);
	json_t *policy;
	size_t i;

	if (running == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	running->arbiter = arbiter_new(&options);
	running->deciders = calloc(json_array_size(policies) + 1, sizeof *running->deciders);
	if (running->arbiter == NULL || running->deciders == NULL) {
		running_free(running);
		return error_set(err, -ENOMEM, "out of memory");
	}
	json_array_foreach(policies, i, policy)
		add(running, policy);
	*ret = running;
	return 0;
}

int running_new(struct running **ret, struct error *err)
{
	json_t *answer = truced_ask_about("policy.list", NULL, NULL, err);
	int r;

	*ret = NULL;
	if (answer == NULL)
		return err->code == -ECONNREFUSED ? 0 : err->code;
	r = load_all(json_object_get(answer, "policies"), ret, err);
	json_decref(answer);
	return r;
}

void running_free(struct running *running)
{
	size_t i;

	if (running == NULL)
		return;
	arbiter_free(running->arbiter);
	for (i = 0; i < running->count; i++)
		decider_free(running->deciders[i]);
	free(running->deciders);
	free(running);
}

const struct arbiter *running_arbiter(const struct running *running)
{
	return running != NULL ? running->arbiter : NULL;
}

const char *running_missing(const struct running *running)
{
	return running != NULL ? running->missing.text : "";
}
