/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/policies.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/keep_file.h"
#include "base/vec.h"
#include "control/control.h"
#include "decide/check.h"
#include "decide/reservations.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#define SOURCE_MOST (16u << 20)

static void loaded_free(struct loaded *loaded)
{
	if (loaded == NULL)
		return;
	decider_free(loaded->decider);
	free(loaded->outcomes);
	asked_done(&loaded->asked);
	str_done(&loaded->state);
	free(loaded);
}

void policies_free(struct daemon *daemon)
{
	size_t i;

	for (i = 0; i < daemon->policy_count; i++)
		loaded_free(daemon->policies[i]);
	free(daemon->policies);
	daemon->policies = NULL;
	daemon->policy_count = 0;
}

static bool is_of_somebody(void *context, const struct request *request)
{
	return record_is_there(context, &request->vm);
}

void policies_forget_gone(struct daemon *daemon)
{
	size_t i;

	for (i = 0; i < daemon->policy_count; i++)
		asked_keep(&daemon->policies[i]->asked, is_of_somebody, daemon);
}

static struct loaded *find_file(const struct daemon *daemon, const char *file)
{
	size_t i;

	for (i = 0; i < daemon->policy_count; i++)
		if (strcmp(daemon->policies[i]->file, file) == 0)
			return daemon->policies[i];
	return NULL;
}

struct loaded *policies_find(const struct daemon *daemon, const char *name)
{
	size_t i;

	for (i = 0; i < daemon->policy_count; i++)
		if (strcmp(daemon->policies[i]->name, name) == 0)
			return daemon->policies[i];
	return find_file(daemon, name);
}

const char *policies_class_owner(const struct daemon *daemon, const struct vm *vm)
{
	size_t i;

	for (i = 0; i < daemon->policy_count; i++)
		if (policy_classify(daemon->policies[i]->policy, vm) >= 0)
			return daemon->policies[i]->name;
	return "";
}

/* Records name the policy of their class. */
static void forget_owner(struct daemon *daemon)
{
	struct map_slot *slot;
	size_t at;

	for (at = 0; (slot = map_next(&daemon->records, &at)) != NULL;)
		((struct vm_record *)slot->value)->policy = "";
}

/* Whether there is a balloon to turn, its VMM alone tells. */
static unsigned needs_of_setting(enum setting setting)
{
	return setting == SETTING_MEMORY_BALLOON || setting == SETTING_MEMORY_LIMIT ? POLICY_NEED_OWNER : 0;
}

static unsigned needs_of(const struct policy *policy)
{
	unsigned needs = policy->needs;
	size_t i;

	for (i = 0; i < policy->intent_count; i++)
		needs |= needs_of_setting(policy->intents[i].setting);
	return needs;
}

/* Expensive figures are asked for while somebody needs them. */
void policies_tell_needs(struct daemon *daemon)
{
	struct error err = { 0 };
	unsigned needs = 0;
	size_t i;

	for (i = 0; i < daemon->policy_count; i++)
		needs |= needs_of(daemon->policies[i]->policy);
	for (i = 0; i < daemon->hand.hold_count; i++)
		needs |= needs_of_setting(daemon->hand.holds[i].setting);
	if (observe_need(daemon->observe, daemon->config.with_maps || (needs & POLICY_NEED_MAPS) != 0,
			 daemon->config.with_owner || (needs & POLICY_NEED_OWNER) != 0, &err) < 0)
		log_line(LOG_ERR, "%s", err.text);
}

/* -- warnings ----------------------------------------------------------------------------- */

/* What truce policy check says of it, but for what it is refused for. */
static void warn(const struct daemon *daemon, const struct policy *policy, json_t *warnings)
{
	struct check check;
	size_t i;

	check_init(&check);
	if (check_policy(&check, policy, daemon->arbiter, daemon->snapshot) < 0)
		json_array_append_new(warnings, json_string("memory is out: not all is looked at"));
	for (i = 0; i < check.count; i++) {
		const struct check_finding *finding = &check.findings[i];

		if (!finding->refused) /* NULL for what is not UTF-8: left out */
			json_array_append_new(warnings, json_sprintf("line %d: %s", finding->line,
								     finding->text));
	}
	check_done(&check);
}

/* -- one more, or in the place of another ------------------------------------------------- */

static void take_out(struct daemon *daemon, size_t at)
{
	memmove(daemon->policies + at, daemon->policies + at + 1,
		(daemon->policy_count - at - 1) * sizeof *daemon->policies);
	daemon->policy_count--;
}

static int insert(struct daemon *daemon, struct loaded *loaded, struct error *err)
{
	const struct policy *next;
	size_t at;
	int r;

	if (!VEC_RESERVE(daemon->policies, daemon->policy_capacity, daemon->policy_count + 1))
		return error_errno(err, -ENOMEM, "policy %s", loaded->name);
	for (at = daemon->policy_count; at > 0; at--) {
		if (strcmp(daemon->policies[at - 1]->file, loaded->file) <= 0)
			break;
		daemon->policies[at] = daemon->policies[at - 1];
	}
	daemon->policies[at] = loaded;
	daemon->policy_count++;
	next = at + 1 < daemon->policy_count ? daemon->policies[at + 1]->policy : NULL;
	r = arbiter_insert_policy(daemon->arbiter, loaded->policy, next, err);
	if (r < 0)
		take_out(daemon, at);
	return r;
}

/* What rules of the old form asked for holds where the new form has them too. */
static void inherit(struct loaded *loaded, struct loaded *old)
{
	struct error err = { 0 };
	size_t i;

	for (i = 0; i < old->asked.count; i++)
		if (policy_has_rule(loaded->policy, old->asked.items[i].cause.rule))
			asked_take(&loaded->asked, &old->asked.items[i]);
	if (old->state.length == 0)
		return;
	if (decider_restore(loaded->decider, old->state.data, old->state.length, &err) == 0)
		str_append_bytes(&loaded->state, old->state.data, old->state.length);
	else
		log_line(LOG_WARNING, "policy %s begins anew: %s", loaded->name, err.text);
}

static int replace(struct daemon *daemon, struct loaded *old, struct loaded *loaded, struct error *err)
{
	size_t i;
	int r = arbiter_replace_policy(daemon->arbiter, old->policy, loaded->policy, err);

	if (r < 0)
		return r;
	inherit(loaded, old);
	for (i = 0; i < daemon->policy_count; i++)
		if (daemon->policies[i] == old)
			daemon->policies[i] = loaded;
	forget_owner(daemon);
	loaded_free(old);
	return 0;
}

static struct loaded *make_loaded(struct load *load)
{
	struct loaded *loaded = calloc(1, sizeof *loaded);

	if (loaded == NULL)
		return NULL;
	loaded->decider = load->decider;
	loaded->policy = decider_policy(load->decider);
	loaded->kept = load->kept || load->install;
	loaded->loaded_usec = clock_realtime_usec();
	snprintf(loaded->name, sizeof loaded->name, "%s", loaded->policy->name);
	snprintf(loaded->file, sizeof loaded->file, "%s", load->file);
	snprintf(loaded->origin, sizeof loaded->origin, "%s", load->origin);
	str_init(&loaded->state);
	load->decider = NULL;
	return loaded;
}

static int check_load(struct daemon *daemon, const struct load *load, struct error *err)
{
	const struct policy *policy = decider_policy(load->decider);
	const struct loaded *same = policies_find(daemon, policy->name);

	if (policy->name[0] == '\0' || strcmp(policy->name, "set") == 0)
		return error_set(err, -EINVAL, "%s: no policy is called \"%s\"; what a person sets has that "
				 "name", load->origin, policy->name);
	if (same != NULL && strcmp(same->file, load->file) != 0)
		return error_set(err, -EBUSY, "a policy with the name %s runs already, from %s: unload it "
				 "first, or give this one another name", policy->name, same->origin);
	return arbiter_check_reservations(daemon->arbiter, policy, daemon->snapshot, err);
}

static int install(struct daemon *daemon, struct loaded *loaded, struct error *err)
{
	char path[1024];
	size_t size;
	uint64_t hash;
	const char *bytes = decider_source(loaded->decider, &size, &hash);
	int r = keep_directory(daemon->config.policies, 0755, err);

	snprintf(path, sizeof path, "%s/%s", daemon->config.policies, loaded->file);
	if (r == 0)
		r = keep_file_write(path, bytes, size, 0644, err);
	if (r == 0)
		snprintf(loaded->origin, sizeof loaded->origin, "%.*s", (int)sizeof loaded->origin - 1, path);
	return r;
}

int policies_take(struct daemon *daemon, struct load *load, bool *ret_replaced, json_t *warnings)
{
	struct loaded *old = find_file(daemon, load->file), *loaded;
	int r = load->decider != NULL ? check_load(daemon, load, &load->err) : load->err.code;

	if (r == 0 && warnings != NULL)
		warn(daemon, decider_policy(load->decider), warnings);
	loaded = r == 0 ? make_loaded(load) : NULL;
	if (r == 0 && loaded == NULL)
		r = error_errno(&load->err, -ENOMEM, "cannot load %s", load->origin);
	if (r == 0 && load->install)
		r = install(daemon, loaded, &load->err);
	if (r == 0)
		r = old != NULL ? replace(daemon, old, loaded, &load->err) :
				  insert(daemon, loaded, &load->err);
	if (r < 0) {
		loaded_free(loaded);
		decider_free(load->decider);
		load->decider = NULL;
		return r;
	}
	if (ret_replaced != NULL)
		*ret_replaced = old != NULL;
	if (load->restore && old == NULL)
		policy_state_restore(daemon, loaded);
	if (policy_copy_write(loaded, &load->err) < 0)
		log_line(LOG_WARNING, "%s: policy %s is not found again after a restart", load->err.text,
			 loaded->name);
	daemon_note(daemon, NULL, loaded->name, "policy %s %s from %s", loaded->name,
		    old != NULL ? "loaded again" : "loaded", loaded->origin);
	policies_tell_needs(daemon);
	records_refresh(daemon);
	return 0;
}

void policies_unload(struct daemon *daemon, struct loaded *loaded)
{
	size_t i;

	for (i = 0; i < daemon->policy_count && daemon->policies[i] != loaded; i++)
		;
	take_out(daemon, i);
	arbiter_remove_policy(daemon->arbiter, loaded->policy);
	policy_copy_remove(loaded);
	daemon_note(daemon, NULL, loaded->name, "policy %s unloaded", loaded->name);
	forget_owner(daemon);
	loaded_free(loaded);
	policies_tell_needs(daemon);
	records_refresh(daemon);
}

/* -- files -------------------------------------------------------------------------------- */

static int is_policy(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot != NULL &&
	       (strcmp(dot, ".lua") == 0 || strcmp(dot, ".so") == 0);
}

static struct load *make_load(const char *path, const char *file, const char *origin, bool kept)
{
	struct load *load = calloc(1, sizeof *load);

	if (load == NULL)
		return NULL;
	snprintf(load->path, sizeof load->path, "%s", path);
	snprintf(load->file, sizeof load->file, "%s", file);
	snprintf(load->origin, sizeof load->origin, "%s", origin);
	load->kept = kept;
	return load;
}

static bool is_unchanged(const struct loaded *loaded, const char *path)
{
	CLEANUP_FREE char *bytes = NULL;
	size_t size, running_size;
	uint64_t hash;
	const char *running = decider_source(loaded->decider, &running_size, &hash);

	return keep_file_read(path, SOURCE_MOST, &bytes, &size, NULL) == 0 && size == running_size &&
	       memcmp(bytes, running, size) == 0;
}

static void unload_missing(struct daemon *daemon, struct dirent **entries, int count)
{
	size_t i;
	int j;

	for (i = 0; i < daemon->policy_count; i++) {
		struct loaded *loaded = daemon->policies[i];

		for (j = 0; j < count && strcmp(entries[j]->d_name, loaded->file) != 0; j++)
			;
		if (loaded->kept && j == count) {
			policies_unload(daemon, loaded);
			i--;
		}
	}
}

static int add_load(const struct daemon *daemon, const char *file, struct loads *loads)
{
	const struct loaded *loaded = find_file(daemon, file);
	struct load *load;
	char path[1024];

	snprintf(path, sizeof path, "%s/%s", daemon->config.policies, file);
	if (loaded != NULL && loaded->kept && is_unchanged(loaded, path))
		return 0;
	load = make_load(path, file, path, true);
	if (load == NULL || !VEC_RESERVE(loads->items, loads->capacity, loads->count + 1)) {
		free(load);
		return -ENOMEM;
	}
	loads->items[loads->count++] = load;
	return 0;
}

void loads_done(struct loads *loads)
{
	for (; loads->next < loads->count; loads->next++)
		free(loads->items[loads->next]);
	free(loads->items);
	*loads = (struct loads){ 0 };
}

int policies_scan(struct daemon *daemon, struct loads *ret, struct error *err)
{
	struct dirent **entries = NULL;
	int count = scandir(daemon->config.policies, &entries, is_policy, alphasort), i, r = 0;
	struct loads loads = { 0 };

	if (count < 0 && errno != ENOENT)
		return error_errno(err, -errno, "cannot list %s; the policies stay as they are",
				   daemon->config.policies);
	for (i = 0; r == 0 && i < count; i++)
		r = add_load(daemon, entries[i]->d_name, &loads);
	if (r == 0)
		unload_missing(daemon, entries, count > 0 ? count : 0);
	for (i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	if (r < 0) {
		loads_done(&loads);
		return error_errno(err, r, "cannot look at %s; the policies stay as they are",
				   daemon->config.policies);
	}
	*ret = loads;
	return 0;
}

/* -- at the start ------------------------------------------------------------------------- */

static int load_now(struct daemon *daemon, struct load *load)
{
	load->restore = true;
	load_run(load);
	return policies_take(daemon, load, NULL, NULL);
}

/* The copy of the form that ran last. */
static void load_copy(struct daemon *daemon, const struct load *bad)
{
	char path[1024];
	struct load *load;

	loaded_path(path, sizeof path, bad->file, "");
	load = access(path, R_OK) == 0 ? make_load(path, bad->file, bad->origin, true) : NULL;
	if (load == NULL)
		return;
	if (load_now(daemon, load) == 0) {
		struct loaded *loaded = find_file(daemon, load->file);

		log_line(LOG_WARNING, "policy %s goes on in the form that ran before", loaded->name);
		snprintf(loaded->trouble, sizeof loaded->trouble, "%.300s; its last good form runs",
			 bad->err.text);
	}
	free(load);
}

static void start_kept(struct daemon *daemon)
{
	struct loads loads = { 0 };
	struct error err = { 0 };

	if (policies_scan(daemon, &loads, &err) < 0)
		log_line(LOG_ERR, "%s", err.text);
	while (loads.next < loads.count) {
		struct load *load = loads.items[loads.next++];

		if (load_now(daemon, load) < 0) {
			log_line(LOG_ERR, "%s", load->err.text);
			daemon_note(daemon, NULL, "", "%s", load->err.text);
			load_copy(daemon, load);
		}
		free(load);
	}
	loads_done(&loads);
}

static void start_copy(struct daemon *daemon, const char *file)
{
	CLEANUP_FREE char *from = NULL;
	struct load *load;
	char path[1024];
	size_t size;

	loaded_path(path, sizeof path, file, ".from");
	if (find_file(daemon, file) != NULL || keep_file_read(path, 4096, &from, &size, NULL) < 0)
		return;
	loaded_path(path, sizeof path, file, "");
	if (strncmp(from, "run ", 4) != 0) { /* it was taken out of policies.d meanwhile */
		struct loaded gone = { 0 };

		snprintf(gone.file, sizeof gone.file, "%s", file);
		policy_copy_remove(&gone);
		return;
	}
	load = make_load(path, file, from + 4, false);
	if (load != NULL && load_now(daemon, load) < 0)
		log_line(LOG_ERR, "%s", load->err.text);
	free(load);
}

void policies_start(struct daemon *daemon)
{
	struct dirent **entries = NULL;
	char path[1024];
	int count, i;

	start_kept(daemon);
	loaded_path(path, sizeof path, "", "");
	count = scandir(path, &entries, is_policy, alphasort);
	for (i = 0; i < count; i++) {
		start_copy(daemon, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}
