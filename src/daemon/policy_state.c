/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RUN/loaded: of each policy that runs FILE (its bytes), FILE.from ("kept" or "run", and the path
 * it came from), and FILE.state (its requests and its state, of this boot and this build).
 * RUN/loading: FILE while it is looked at, by its own name, as a policy may be called by that.
 */
#include "daemon/policies.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/keep_file.h"
#include "control/control.h"

#include <errno.h>
#include <string.h>

#define STATE_MOST (64u << 20)

/* The sizes tell another build's file. */
struct state_head {
	char magic[16];
	char boot[40];
	uint32_t request_size, request_count;
	uint64_t state_size;
};

static const char state_magic[16] = "truce.state/1";

void loaded_path(char *ret, size_t size, const char *file, const char *suffix)
{
	snprintf(ret, size, "%s/loaded/%s%s", control_run_directory(), file, suffix);
}

void loading_path(char *ret, size_t size, const char *file)
{
	snprintf(ret, size, "%s/loading/%s", control_run_directory(), file);
}

int policy_copy_write(struct loaded *loaded, struct error *err)
{
	char path[1024], from[600];
	size_t size;
	uint64_t hash;
	const char *bytes = decider_source(loaded->decider, &size, &hash);
	int r;

	loaded_path(path, sizeof path, loaded->file, "");
	r = keep_file_write(path, bytes, size, 0600, err);
	if (r < 0)
		return r;
	loaded_path(path, sizeof path, loaded->file, ".from");
	snprintf(from, sizeof from, "%s %s", loaded->kept ? "kept" : "run", loaded->origin);
	return keep_file_write(path, from, strlen(from), 0600, err);
}

void policy_copy_remove(const struct loaded *loaded)
{
	static const char *const suffixes[] = { "", ".from", ".state" };
	char path[1024];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(suffixes); i++) {
		loaded_path(path, sizeof path, loaded->file, suffixes[i]);
		unlink(path);
	}
}

static void save(struct daemon *daemon, const struct loaded *loaded)
{
	struct state_head head = { .request_size = sizeof(struct request),
				   .request_count = (uint32_t)loaded->asked.count,
				   .state_size = loaded->state.length };
	struct error err = { 0 };
	struct str out;
	char path[1024];

	memcpy(head.magic, state_magic, sizeof head.magic);
	memcpy(head.boot, daemon->boot, sizeof head.boot);
	str_init(&out);
	str_append_bytes(&out, &head, sizeof head);
	str_append_bytes(&out, loaded->asked.items, loaded->asked.count * sizeof *loaded->asked.items);
	str_append_bytes(&out, loaded->state.data, loaded->state.length);
	loaded_path(path, sizeof path, loaded->file, ".state");
	if (!out.failed && keep_file_write(path, out.data, out.length, 0600, &err) < 0)
		log_line(LOG_WARNING, "%s: after a restart policy %s begins anew", err.text, loaded->name);
	str_done(&out);
}

void policy_state_save(struct daemon *daemon)
{
	size_t i;

	for (i = 0; i < daemon->policy_count; i++)
		save(daemon, daemon->policies[i]);
}

static bool ends(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static bool is_sound(const struct request *request)
{
	const struct cause *cause = &request->cause;

	size_t i;

	if (cause->input_count > CAUSE_INPUTS_MAX)
		return false;
	for (i = 0; i < cause->input_count; i++)
		if (!ends(cause->inputs[i].name, sizeof cause->inputs[i].name) ||
		    !ends(cause->inputs[i].value, sizeof cause->inputs[i].value))
			return false;
	return (unsigned)request->setting < SETTING_COUNT &&
	       ends(request->value.text, sizeof request->value.text) &&
	       ends(cause->policy, sizeof cause->policy) && ends(cause->path, sizeof cause->path) &&
	       ends(cause->rule, sizeof cause->rule) && ends(cause->because, sizeof cause->because);
}

/* Only what a rule that is still there asks for, of a VM that is. */
static void take_request(struct daemon *daemon, struct loaded *loaded, const struct request *request)
{
	if (!is_sound(request) || !policy_has_rule(loaded->policy, request->cause.rule) ||
	    !record_is_there(daemon, &request->vm) ||
	    !asked_take(&loaded->asked, request))
		return;
	arbiter_request(daemon->arbiter, loaded->policy, request);
}

static bool head_fits(const struct daemon *daemon, const struct state_head *head, size_t size)
{
	return memcmp(head->magic, state_magic, sizeof head->magic) == 0 &&
	       memcmp(head->boot, daemon->boot, sizeof head->boot) == 0 &&
	       head->request_size == sizeof(struct request) && head->state_size <= STATE_MOST &&
	       sizeof *head + (uint64_t)head->request_count * head->request_size + head->state_size == size;
}

void policy_state_restore(struct daemon *daemon, struct loaded *loaded)
{
	CLEANUP_FREE char *bytes = NULL;
	struct state_head head;
	struct error err = { 0 };
	char path[1024];
	size_t size;
	const char *at;
	uint32_t i;

	loaded_path(path, sizeof path, loaded->file, ".state");
	if (keep_file_read(path, STATE_MOST, &bytes, &size, NULL) < 0 || size < sizeof head)
		return;
	memcpy(&head, bytes, sizeof head);
	if (!head_fits(daemon, &head, size))
		return;
	at = bytes + sizeof head;
	for (i = 0; i < head.request_count; i++, at += sizeof(struct request)) {
		struct request request;

		memcpy(&request, at, sizeof request);
		take_request(daemon, loaded, &request);
	}
	str_append_bytes(&loaded->state, at, head.state_size);
	if (head.state_size > 0 && decider_restore(loaded->decider, at, head.state_size, &err) < 0)
		log_line(LOG_WARNING, "policy %s begins anew: %s", loaded->name, err.text);
}
