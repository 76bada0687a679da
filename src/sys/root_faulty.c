/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A root that fails where it is told to. Rules stand in one text, with ";" between them:
 *
 *     CALL:PATTERN=EFFECT[@WHEN]
 *
 * CALL     open, read, readlink, list, write, mkdir, rmdir, nice, affinity, policy, slice, connect,
 *          pidfd, same-file, peek, events; or truncate or stall, which concern reads.
 * PATTERN  which paths, by fnmatch: "*" stands for no "/", but a pattern that is "*" alone takes
 *          every path. pidfd, same-file, peek, nice, affinity, policy and slice (read or set) have
 *          a thread's id for a path. events has no path:
 *          "events=EFFECT" (nor needs another call its ":PATTERN" when all paths are meant).
 * EFFECT   the failure's name (ESRCH); behind truncate the number of bytes that a read gives at
 *          most; behind stall how many milliseconds a read takes longer.
 * WHEN     3: the third time only that the rule fits; 3+: from the third time on; every time
 *          where it is left out. Each rule counts for itself, from 1.
 *
 *     open:/proc/[1-9]*[0-9]/io=EACCES; read:/proc/123/stat=ESRCH@3; events=ENOBUFS@2; truncate:*=20
 *
 * Nothing is random: the same calls meet the same failures.
 */
#include "sys/root.h"

#include "base/cursor.h"
#include "base/error.h"
#include "base/vec.h"
#include "sys/errno_name.h"
#include "sys/task.h"

#include <errno.h>
#include <fnmatch.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum fault_call {
	FAULT_OPEN,
	FAULT_READ,
	FAULT_READLINK,
	FAULT_LIST,
	FAULT_WRITE,
	FAULT_MKDIR,
	FAULT_RMDIR,
	FAULT_NICE,
	FAULT_AFFINITY,
	FAULT_POLICY,
	FAULT_SLICE,
	FAULT_CONNECT,
	FAULT_PIDFD,
	FAULT_SAME_FILE,
	FAULT_PEEK,
	FAULT_EVENTS,
	FAULT_TRUNCATE,
	FAULT_STALL,
	FAULT_CALL_COUNT,
};

static const char *const fault_call_names[FAULT_CALL_COUNT] = {
	"open", "read", "readlink", "list", "write", "mkdir", "rmdir", "nice", "affinity", "policy",
	"slice", "connect", "pidfd", "same-file", "peek", "events", "truncate", "stall",
};

struct fault_rule {
	enum fault_call call;
	char *pattern;   /* NULL: every path */
	uint64_t amount; /* errno, bytes or milliseconds */
	uint64_t from, to; /* of the times that it fits */
	uint64_t fitted;
};

struct root_faulty {
	struct root root;
	struct root *inner;
	pthread_mutex_t lock; /* over all below; never held while the inner root is asked */
	struct fault_rule *rules;
	size_t rule_count, rule_capacity;
	char **paths; /* by descriptor: what was opened, for the rules about reads */
	size_t path_capacity;
};

static struct root_faulty *faulty(struct root *root)
{
	return (struct root_faulty *)root;
}

static void faulty_free(struct root *root)
{
	struct root_faulty *self = faulty(root);
	size_t i;

	for (i = 0; i < self->rule_count; i++)
		free(self->rules[i].pattern);
	for (i = 0; i < self->path_capacity; i++)
		free(self->paths[i]);
	free(self->rules);
	free(self->paths);
	root_free(self->inner);
	pthread_mutex_destroy(&self->lock);
	free(self);
}

/* -- meeting a rule */

static bool rule_fits(struct fault_rule *rule, enum fault_call call, const char *path)
{
	if (rule->call != call || (rule->pattern != NULL &&
				   fnmatch(rule->pattern, path, FNM_PATHNAME) != 0))
		return false;
	rule->fitted++;
	return rule->fitted >= rule->from && rule->fitted <= rule->to;
}

/* What the rule that strikes now does, or `none`. All rules of the call count, also behind it. */
static uint64_t faulty_meet(struct root_faulty *self, enum fault_call call, const char *path,
			    uint64_t none)
{
	const struct fault_rule *met = NULL;
	uint64_t amount;
	size_t i;

	pthread_mutex_lock(&self->lock);
	for (i = 0; i < self->rule_count; i++)
		if (rule_fits(&self->rules[i], call, path) && met == NULL)
			met = &self->rules[i];
	amount = met != NULL ? met->amount : none;
	pthread_mutex_unlock(&self->lock);
	return amount;
}

static int faulty_failure(struct root_faulty *self, enum fault_call call, const char *path)
{
	return -(int)faulty_meet(self, call, path, 0);
}

static int faulty_failure_of_process(struct root_faulty *self, enum fault_call call, pid_t pid)
{
	char number[16];

	snprintf(number, sizeof number, "%d", (int)pid);
	return faulty_failure(self, call, number);
}

/* -- the calls */

static void faulty_name(struct root_faulty *self, int fd, const char *path)
{
	size_t known;

	pthread_mutex_lock(&self->lock);
	known = self->path_capacity;
	if (VEC_RESERVE(self->paths, self->path_capacity, (size_t)fd + 1)) {
		if (self->path_capacity > known)
			memset(self->paths + known, 0,
			       (self->path_capacity - known) * sizeof *self->paths);
		free(self->paths[fd]);
		self->paths[fd] = path != NULL ? strdup(path) : NULL;
	}
	pthread_mutex_unlock(&self->lock);
}

/* What fd was opened as; only whoever has it open asks, so the name stays. */
static const char *faulty_name_of(struct root_faulty *self, int fd)
{
	const char *path;

	pthread_mutex_lock(&self->lock);
	path = (size_t)fd < self->path_capacity ? self->paths[fd] : NULL;
	pthread_mutex_unlock(&self->lock);
	return path;
}

static int faulty_open(struct root *root, const char *path)
{
	struct root_faulty *self = faulty(root);
	int r = faulty_failure(self, FAULT_OPEN, path);

	if (r == 0)
		r = root_open(self->inner, path);
	if (r >= 0)
		faulty_name(self, r, path);
	return r;
}

static void faulty_stall(uint64_t milliseconds)
{
	struct timespec left = { .tv_sec = (time_t)(milliseconds / 1000),
				 .tv_nsec = (long)(milliseconds % 1000) * 1000000 };

	while (milliseconds > 0 && nanosleep(&left, &left) < 0)
		;
}

static ssize_t faulty_pread(struct root *root, int fd, void *buffer, size_t size)
{
	struct root_faulty *self = faulty(root);
	const char *path = faulty_name_of(self, fd);
	uint64_t most;
	int r;

	if (path == NULL)
		return root_pread(self->inner, fd, buffer, size);
	faulty_stall(faulty_meet(self, FAULT_STALL, path, 0));
	r = faulty_failure(self, FAULT_READ, path);
	if (r < 0)
		return r;
	most = faulty_meet(self, FAULT_TRUNCATE, path, UINT64_MAX);
	return root_pread(self->inner, fd, buffer, size > most ? (size_t)most : size);
}

static ssize_t faulty_pread_at(struct root *root, int fd, void *buffer, size_t size, uint64_t offset)
{
	struct root_faulty *self = faulty(root);
	const char *path = faulty_name_of(self, fd);
	int r = path != NULL ? faulty_failure(self, FAULT_READ, path) : 0;

	return r < 0 ? r : root_pread_at(self->inner, fd, buffer, size, offset);
}

static ssize_t faulty_peek(struct root *root, pid_t pid, const struct iovec *there, size_t count,
			     void *buffer, size_t size)
{
	struct root_faulty *self = faulty(root);
	int r = faulty_failure_of_process(self, FAULT_PEEK, pid);

	return r < 0 ? r : root_peek(self->inner, pid, there, count, buffer, size);
}

static void faulty_close(struct root *root, int fd)
{
	faulty_name(faulty(root), fd, NULL);
	root_close(faulty(root)->inner, fd);
}

static ssize_t faulty_readlink(struct root *root, const char *path, char *buffer, size_t size)
{
	struct root_faulty *self = faulty(root);
	int r = faulty_failure(self, FAULT_READLINK, path);

	return r < 0 ? r : self->inner->ops->readlink(self->inner, path, buffer, size);
}

static int faulty_list(struct root *root, const char *path, root_list_function *function,
		       void *context)
{
	struct root_faulty *self = faulty(root);
	int r = faulty_failure(self, FAULT_LIST, path);

	return r < 0 ? r : root_list(self->inner, path, function, context);
}

static int faulty_write(struct root *root, const char *path, const char *text)
{
	struct root_faulty *self = faulty(root);
	int r = faulty_failure(self, FAULT_WRITE, path);

	return r < 0 ? r : root_write(self->inner, path, text);
}

static int faulty_mkdir(struct root *root, const char *path)
{
	struct root_faulty *self = faulty(root);
	int r = faulty_failure(self, FAULT_MKDIR, path);

	return r < 0 ? r : root_mkdir(self->inner, path);
}

static int faulty_rmdir(struct root *root, const char *path)
{
	struct root_faulty *self = faulty(root);
	int r = faulty_failure(self, FAULT_RMDIR, path);

	return r < 0 ? r : root_rmdir(self->inner, path);
}

static int faulty_set_task(struct root *root, pid_t tid, enum root_task what, const char *value)
{
	static const enum fault_call calls[] = {
		[ROOT_TASK_NICE] = FAULT_NICE, [ROOT_TASK_AFFINITY] = FAULT_AFFINITY,
		[ROOT_TASK_POLICY] = FAULT_POLICY, [ROOT_TASK_SLICE] = FAULT_SLICE,
	};
	struct root_faulty *self = faulty(root);
	int r = faulty_failure_of_process(self, calls[what], tid);

	return r < 0 ? r : task_set(self->inner, tid, what, value);
}

static int faulty_task_slice(struct root *root, pid_t tid, uint64_t *ret_nsec)
{
	struct root_faulty *self = faulty(root);
	int r = faulty_failure_of_process(self, FAULT_SLICE, tid);

	return r < 0 ? r : task_slice(self->inner, tid, ret_nsec);
}

static uint64_t faulty_monotonic_usec(struct root *root)
{
	return root_monotonic_usec(faulty(root)->inner);
}

static uint64_t faulty_realtime_usec(struct root *root)
{
	return root_realtime_usec(faulty(root)->inner);
}

static int faulty_pidfd(struct root *root, pid_t pid)
{
	struct root_faulty *self = faulty(root);
	int r = faulty_failure_of_process(self, FAULT_PIDFD, pid);

	return r < 0 ? r : root_pidfd(self->inner, pid);
}

static int faulty_same_file(struct root *root, pid_t a, int a_fd, pid_t b, int b_fd)
{
	struct root_faulty *self = faulty(root);
	int r = faulty_failure_of_process(self, FAULT_SAME_FILE, a);

	return r < 0 ? r : root_same_file(self->inner, a, a_fd, b, b_fd);
}

static int faulty_connect(struct root *root, const char *path)
{
	struct root_faulty *self = faulty(root);
	int r = faulty_failure(self, FAULT_CONNECT, path);

	return r < 0 ? r : root_connect(self->inner, path);
}

static int faulty_events_open(struct root *root)
{
	return root_events_open(faulty(root)->inner);
}

/* What strikes here takes the place of an event, which is lost. */
static int faulty_event_next(struct root *root, struct root_event *ret)
{
	struct root_faulty *self = faulty(root);
	int r = root_event_next(self->inner, ret);
	int failure = r == 1 ? faulty_failure(self, FAULT_EVENTS, "") : 0;

	return failure < 0 ? failure : r;
}

static uint64_t faulty_sleep_until(struct root *root, int epoll_fd, uint64_t monotonic_usec)
{
	return root_sleep_until(faulty(root)->inner, epoll_fd, monotonic_usec);
}

static uint64_t faulty_end_usec(struct root *root)
{
	return root_end_usec(faulty(root)->inner);
}

static const struct root_ops faulty_ops = {
	.name = "faulty",
	.open = faulty_open,
	.pread = faulty_pread,
	.close = faulty_close,
	.readlink = faulty_readlink,
	.list = faulty_list,
	.write = faulty_write,
	.mkdir = faulty_mkdir,
	.rmdir = faulty_rmdir,
	.set_task = faulty_set_task,
	.task_slice = faulty_task_slice,
	.monotonic_usec = faulty_monotonic_usec,
	.realtime_usec = faulty_realtime_usec,
	.pidfd = faulty_pidfd,
	.pread_at = faulty_pread_at,
	.peek = faulty_peek,
	.same_file = faulty_same_file,
	.connect = faulty_connect,
	.events_open = faulty_events_open,
	.event_next = faulty_event_next,
	.sleep_until = faulty_sleep_until,
	.end_usec = faulty_end_usec,
	.free = faulty_free,
};

/* -- reading the rules */

static bool rule_take_call(struct cursor *at, struct fault_rule *rule)
{
	size_t length = 0;
	int i;

	cursor_skip_blanks(at);
	while (length < cursor_left(at) && strchr(":=", at->at[length]) == NULL)
		length++;
	for (i = 0; i < FAULT_CALL_COUNT; i++)
		if (strlen(fault_call_names[i]) == length &&
		    memcmp(fault_call_names[i], at->at, length) == 0)
			break;
	rule->call = (enum fault_call)i;
	at->at += length;
	return i < FAULT_CALL_COUNT;
}

static bool rule_take_pattern(struct cursor *at, struct fault_rule *rule)
{
	const char *equals = memchr(at->at, '=', cursor_left(at));
	size_t length;

	if (equals == NULL)
		return false;
	if (cursor_take_text(at, ":")) {
		length = (size_t)(equals - at->at);
		if (length == 0)
			return false;
		if (length != 1 || at->at[0] != '*')
			rule->pattern = strndup(at->at, length);
	}
	at->at = equals + 1;
	return true;
}

static bool rule_take_effect(struct cursor *at, struct fault_rule *rule)
{
	size_t length = 0;

	if (rule->call == FAULT_TRUNCATE || rule->call == FAULT_STALL)
		return cursor_take_u64(at, &rule->amount);
	while (length < cursor_left(at) && strchr("@ \t\n", at->at[length]) == NULL)
		length++;
	rule->amount = (uint64_t)errno_from_name(at->at, length);
	at->at += length;
	return rule->amount != 0;
}

static bool rule_take_when(struct cursor *at, struct fault_rule *rule)
{
	rule->from = 1;
	rule->to = UINT64_MAX;
	if (cursor_take_text(at, "@")) {
		if (!cursor_take_u64(at, &rule->from) || rule->from == 0)
			return false;
		if (!cursor_take_text(at, "+"))
			rule->to = rule->from;
	}
	cursor_skip_blanks(at);
	return cursor_at_end(at);
}

static int rule_refuse(struct cursor rule, struct error *err, const char *what)
{
	return error_set(err, -EINVAL, "fault rule \"%.*s\": %s", (int)cursor_left(&rule), rule.at,
			 what);
}

static int rule_parse(struct fault_rule *rule, struct cursor text, struct error *err)
{
	struct cursor at = text;

	if (!rule_take_call(&at, rule))
		return rule_refuse(text, err, "begins with no call that can fail (open, read, "
				   "readlink, list, write, mkdir, rmdir, nice, "
				   "affinity, policy, slice, connect, pidfd, same-file, events, "
				   "truncate, stall)");
	if (!rule_take_pattern(&at, rule))
		return rule_refuse(text, err, "is not CALL:PATTERN=EFFECT");
	if (!rule_take_effect(&at, rule))
		return rule_refuse(text, err, rule->call >= FAULT_TRUNCATE ? "wants a number behind \"=\"" :
				   "wants the name of a failure, as EACCES, behind \"=\"");
	if (!rule_take_when(&at, rule))
		return rule_refuse(text, err, "ends neither in @N nor in @N+");
	return 0;
}

static bool text_is_blank(struct cursor text)
{
	while (!cursor_at_end(&text) && strchr(" \t\n", *text.at) != NULL)
		text.at++;
	return cursor_at_end(&text);
}

static int faulty_parse(struct root_faulty *self, const char *rules, struct error *err)
{
	struct cursor at = cursor_over(rules, strlen(rules));
	int r;

	while (!cursor_at_end(&at)) {
		const char *end = memchr(at.at, ';', cursor_left(&at));
		struct cursor rule = { at.at, end != NULL ? end : at.end };

		at.at = end != NULL ? end + 1 : at.end;
		if (text_is_blank(rule))
			continue;
		if (!VEC_RESERVE(self->rules, self->rule_capacity, self->rule_count + 1))
			return error_errno(err, -ENOMEM, "fault rules");
		self->rules[self->rule_count] = (struct fault_rule){ .pattern = NULL };
		r = rule_parse(&self->rules[self->rule_count++], rule, err);
		if (r < 0)
			return r;
	}
	return 0;
}

struct root *root_faulty_new(struct root *inner, const char *rules, struct error *err)
{
	struct root_faulty *self;

	if (inner == NULL)
		return NULL;
	self = calloc(1, sizeof *self);
	if (self == NULL) {
		root_free(inner);
		error_errno(err, -ENOMEM, "fault rules");
		return NULL;
	}
	pthread_mutex_init(&self->lock, NULL);
	self->root = *inner;
	self->root.ops = &faulty_ops;
	self->inner = inner;
	if (faulty_parse(self, rules, err) < 0) {
		faulty_free(&self->root);
		return NULL;
	}
	return &self->root;
}
