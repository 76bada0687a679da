/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked at the control socket, done. Who may ask what has been looked at before. */
#include "daemon/answers.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/keep_file.h"
#include "base/text.h"
#include "base/vec.h"
#include "control/control.h"
#include "daemon/carry.h"
#include "daemon/loop.h"
#include "daemon/policies.h"
#include "daemon/reply.h"
#include "decide/limits.h"
#include "decide/wish.h"

#include <errno.h>
#include <string.h>

#define HOLD_USEC (3600 * USEC_PER_SEC)
#define LATE_USEC (3 * USEC_PER_SEC) /* an owner has 2 s to answer (act.h) */
#define C_POLICY_MOST (16u << 20)

/* A reload under way: policies are loaded one after the other. */
struct reload {
	uint64_t ticket;
	struct loads loads;
	json_t *problems;
};

static void answer_ok(struct daemon *daemon, uint64_t ticket)
{
	struct reply reply;

	reply_begin(&reply);
	reply_end(&reply, daemon, ticket);
}

/* To somebody who set what hangs on a question that a VMM is still to be asked. */
struct late_answer {
	uint64_t ticket, due_usec; /* monotonic: then it is told as it looks by then */
	struct hold hold;
};

static void refuse(struct daemon *daemon, uint64_t ticket, const struct error *err)
{
	control_server_refuse(daemon->server, ticket, err->code, err->text);
}

static void plan_soon(struct daemon *daemon)
{
	daemon->plan_since_usec = 1;
}

/* -- policies ----------------------------------------------------------------------------- */

static bool name_is_plain(const char *name)
{
	size_t i;

	for (i = 0; name[i] != '\0'; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", name[i]) ==
		    NULL)
			return false;
	return i > 0 && i < 200 && name[0] != '.';
}

static int write_source(struct load *load, const char *source, struct error *err)
{
	loading_path(load->path, sizeof load->path, load->file);
	return keep_file_write(load->path, source, strlen(source), 0600, err);
}

/* Code that truced's child runs must come from root's hand, whoever asks. */
static int copy_c_policy(struct load *load, const char *path, struct error *err)
{
	CLEANUP_FREE char *bytes = NULL;
	size_t size;
	int r;

	if (path[0] != '/')
		return error_set(err, -EINVAL, "a policy in C is loaded by its whole path, and %s is none",
				 path);
	r = keep_file_read_own(path, C_POLICY_MOST, &bytes, &size, err);
	loading_path(load->path, sizeof load->path, load->file);
	return r == 0 ? keep_file_write(load->path, bytes, size, 0600, err) : r;
}

static int prepare_load(struct load *load, const struct control_request *request, struct error *err)
{
	const char *slash = strrchr(request->path, '/');
	const char *file = slash != NULL ? slash + 1 : request->path;

	if (!name_is_plain(file))
		return error_set(err, -EINVAL, "the name of a policy's file has letters, digits, and any of "
				 "._- in it");
	snprintf(load->file, sizeof load->file, "%s", file);
	snprintf(load->origin, sizeof load->origin, "%.*s", (int)sizeof load->origin - 1, request->path);
	load->install = request->keep;
	if (request->source != NULL && text_ends_with(file, ".lua"))
		return write_source(load, request->source, err);
	if (request->source == NULL && text_ends_with(file, ".so"))
		return copy_c_policy(load, request->path, err);
	return error_set(err, -EINVAL, request->source != NULL ?
			 "a policy that comes as source has a name that ends with .lua" :
			 "a policy that comes without source has a name that ends with .so");
}

static void load(struct daemon *daemon, uint64_t ticket, const struct control_request *request)
{
	struct load *load = calloc(1, sizeof *load);
	struct error err = { 0 };
	int r = load == NULL ? error_errno(&err, -ENOMEM, "cannot load") : 0;

	if (r == 0 && (loader_is_busy(daemon->loader) || daemon->reload != NULL))
		r = error_set(&err, -EBUSY, "another policy is being loaded: try again");
	if (r == 0)
		r = prepare_load(load, request, &err);
	if (r == 0) {
		load->ticket = ticket;
		r = loader_begin(daemon->loader, load);
		if (r < 0)
			error_errno(&err, r, "cannot load %s", request->path);
	}
	if (r < 0) {
		if (load != NULL && load->path[0] != '\0')
			unlink(load->path);
		free(load);
		refuse(daemon, ticket, &err);
	}
}

static void answer_load(struct daemon *daemon, const struct load *load, const char *name, bool replaced,
			const json_t *warnings)
{
	struct reply reply;

	reply_begin(&reply);
	reply_text(&reply, "name", name);
	reply_bool(&reply, "replaced", replaced);
	reply_texts(&reply, "warnings", warnings);
	reply_end(&reply, daemon, load->ticket);
}

static void finish_load(struct daemon *daemon, struct load *load)
{
	json_t *warnings = json_array();
	char name[64] = "";
	bool replaced = false;
	struct error err;
	int r;

	if (load->decider != NULL)
		snprintf(name, sizeof name, "%s", decider_policy(load->decider)->name);
	r = policies_take(daemon, load, &replaced, warnings);
	unlink(load->path); /* the copy that runs has the policy's own name */
	if (r == 0) {
		log_line(LOG_INFO, "policy %s is loaded from %s", name, load->origin);
		answer_load(daemon, load, name, replaced, warnings);
		plan_soon(daemon);
	} else {
		err = load->err;
		log_line(LOG_NOTICE, "policy %s is refused: %s", name[0] != '\0' ? name : load->origin,
			 err.text);
		/* What the file says is wrong with the request; what the host lacks is not. */
		if (control_error_code(control_error_kind(r)) == -EIO)
			err.code = -EINVAL;
		refuse(daemon, load->ticket, &err);
	}
	json_decref(warnings);
	free(load);
}

static void unload(struct daemon *daemon, uint64_t ticket, const char *name)
{
	struct loaded *loaded = policies_find(daemon, name);
	struct error err = { 0 };
	char path[1024];

	if (loaded == NULL) {
		error_set(&err, -ENOENT, "no policy %s runs (truce policy show lists them)", name);
		refuse(daemon, ticket, &err);
		return;
	}
	/* Or the next reload would bring it back. */
	snprintf(path, sizeof path, "%s/%s", daemon->config.policies, loaded->file);
	if (loaded->kept && unlink(path) < 0 && errno != ENOENT) {
		error_errno(&err, -errno, "cannot remove %s", path);
		refuse(daemon, ticket, &err);
		return;
	}
	policies_unload(daemon, loaded);
	plan_soon(daemon);
	answer_ok(daemon, ticket);
}

/* -- reload ------------------------------------------------------------------------------- */

void requests_reload_free(struct daemon *daemon)
{
	struct reload *reload = daemon->reload;

	if (reload == NULL)
		return;
	loads_done(&reload->loads);
	json_decref(reload->problems);
	free(reload);
	daemon->reload = NULL;
}

static void reload_done(struct daemon *daemon)
{
	struct reload *reload = daemon->reload;
	struct reply reply;

	if (reload->ticket != 0) {
		reply_begin(&reply);
		reply_texts(&reply, "problems", reload->problems);
		reply_end(&reply, daemon, reload->ticket);
	}
	log_line(LOG_NOTICE, "reloaded: %zu policies run", daemon->policy_count);
	notify("READY=1");
	requests_reload_free(daemon);
	plan_soon(daemon);
}

static void reload_next(struct daemon *daemon)
{
	struct reload *reload = daemon->reload;

	while (reload->loads.next < reload->loads.count) {
		struct load *load = reload->loads.items[reload->loads.next++];

		if (loader_begin(daemon->loader, load) == 0)
			return;
		free(load);
	}
	reload_done(daemon);
}

static bool limits_differ(const struct config *a, const struct config *b)
{
	return a->changes_per_minute != b->changes_per_minute ||
	       a->vm_interval_usec != b->vm_interval_usec ||
	       a->hysteresis_permyriad != b->hysteresis_permyriad;
}

/* What concerns act, observe and the ledger counts from the next start on. */
static int reload_config(struct daemon *daemon, struct error *err)
{
	struct config config;
	enum mode mode = daemon->mode;
	bool renew;
	int r = config_load(control_conf_directory(), &config, err);

	if (r < 0)
		return r;
	/* A mode that was chosen at run time stays, unless the file's has changed. */
	if (config.mode != daemon->config.mode)
		mode = config.mode;
	renew = mode != daemon->mode || limits_differ(&config, &daemon->config);
	config_done(&daemon->config);
	daemon->config = config;
	daemon->budget.permyriad = config.budget_permyriad;
	if (renew)
		return daemon_set_mode(daemon, mode, err);
	records_refresh(daemon);
	return 0;
}

static void add_problem(struct reload *reload, const char *text)
{
	log_line(LOG_ERR, "%s", text);
	json_array_append_new(reload->problems, json_string(text));
}

void requests_reload(struct daemon *daemon, uint64_t ticket)
{
	struct reload *reload;
	struct error err = { 0 };
	int r = 0;

	if (daemon->reload != NULL || loader_is_busy(daemon->loader))
		r = error_set(&err, -EBUSY, "a policy is being loaded: try again");
	if (r == 0) {
		notify("RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)clock_monotonic_usec());
		r = reload_config(daemon, &err);
		if (r < 0)
			notify("READY=1");
	}
	reload = r == 0 ? calloc(1, sizeof *reload) : NULL;
	if (r == 0 && reload == NULL)
		r = error_errno(&err, -ENOMEM, "cannot reload");
	if (r < 0) {
		log_line(LOG_ERR, "not reloaded: %s", err.text);
		if (ticket != 0)
			refuse(daemon, ticket, &err);
		return;
	}
	reload->ticket = ticket;
	reload->problems = json_array();
	daemon->reload = reload;
	if (policies_scan(daemon, &reload->loads, &err) < 0)
		add_problem(reload, err.text);
	reload_next(daemon);
}

static void take_reloaded(struct daemon *daemon, struct load *load)
{
	if (policies_take(daemon, load, NULL, NULL) < 0) {
		log_line(LOG_ERR, "%s; what ran before goes on", load->err.text);
		json_array_append_new(daemon->reload->problems, json_string(load->err.text));
	}
	free(load);
	reload_next(daemon);
}

void requests_loaded(struct daemon *daemon, struct load *load)
{
	if (daemon->reload != NULL)
		take_reloaded(daemon, load);
	else
		finish_load(daemon, load);
}

/* -- a person's hand ---------------------------------------------------------------------- */

static int parse_setting(const struct control_request *request, const struct vm_record *record,
			 const struct daemon *daemon, enum setting *ret, struct error *err)
{
	int setting = setting_find_or_suggest(request->setting, err);
	bool of_host;

	if (setting < 0)
		return setting;
	of_host = setting_info[setting].scope == SETTING_SCOPE_HOST;
	if (of_host != (record == daemon->host))
		return error_set(err, -EINVAL, of_host ? "%s is a setting of the host: say host for the VM" :
				 "%s is a setting of a VM, not of the host", request->setting);
	*ret = (enum setting)setting;
	return 0;
}

/* What the host cannot do of it is held for when it can; it is told all the same. */
static void find_cannot(const struct daemon *daemon, const struct hold *hold, json_t *reasons)
{
	const struct wish wish = { hold->setting, hold->value };
	struct plan plan;
	size_t i;

	plan_init(&plan);
	if (wish_plan(daemon->snapshot, &hold->vm, getpid(), &wish, 1, &plan) >= 0)
		for (i = 0; i < plan.count; i++)
			if (plan.items[i].verdict == PLAN_CANNOT && plan.items[i].asked == hold->setting)
				json_array_append_new(reasons, json_string(plan.items[i].reason));
	plan_done(&plan);
}

static void answer_set(struct daemon *daemon, uint64_t ticket, const struct hold *hold)
{
	json_t *reasons = json_array();
	struct reply reply;
	struct str value;

	find_cannot(daemon, hold, reasons);
	str_init(&value);
	setting_append(&value, hold->setting, &hold->value);
	reply_begin(&reply);
	reply_text(&reply, "setting", setting_info[hold->setting].name);
	reply_text(&reply, "value", value.data);
	reply_uint(&reply, "until_usec", hold->until_usec);
	reply_texts(&reply, "cannot", reasons);
	reply_end(&reply, daemon, ticket);
	str_done(&value);
	json_decref(reasons);
}

static bool is_settled(const struct daemon *daemon, const struct hold *hold)
{
	const struct vm *vm = snapshot_find_vm(daemon->snapshot, &hold->vm);

	return vm == NULL || (wish_is_settled(vm, hold->setting) &&
			      !limits_must_ask(vm, daemon->snapshot->monotonic_usec));
}

static void answer_set_in_time(struct daemon *daemon, uint64_t ticket, const struct hold *hold)
{
	if (!is_settled(daemon, hold) &&
	    VEC_RESERVE(daemon->lates, daemon->late_capacity, daemon->late_count + 1))
		daemon->lates[daemon->late_count++] = (struct late_answer){
			ticket, clock_monotonic_usec() + LATE_USEC, *hold };
	else
		answer_set(daemon, ticket, hold);
}

void requests_answer_late(struct daemon *daemon)
{
	uint64_t now = clock_monotonic_usec();
	size_t i, kept = 0;

	for (i = 0; i < daemon->late_count; i++) {
		const struct late_answer *late = &daemon->lates[i];

		if (now < late->due_usec && !is_settled(daemon, &late->hold))
			daemon->lates[kept++] = *late;
		else
			answer_set(daemon, late->ticket, &late->hold);
	}
	daemon->late_count = kept;
}

/* What stands against a hold: else it would be answered "ok", and nothing be done. */
static int may_be_set(const struct daemon *daemon, const struct vm_record *record,
		      struct error *err)
{
	if (!daemon_adjusts(daemon) && daemon->mode != MODE_DRY_RUN)
		return error_set(err, -EBUSY, "%s", daemon->journal_full ? daemon->journal_trouble :
				 daemon->hand.paused ? "truced is paused: resume it first" :
				 "truced only observes: its mode is observe (truce.conf)");
	if (!record->managed)
		return error_set(err, -EBUSY, "nothing of %s is set: truce.conf says managed = no",
				 record->name);
	if (holds_is_paused(&daemon->hand, &record->vm))
		return error_set(err, -EBUSY, "%s is paused: truce resume %s first", record->name,
				 record->name);
	return 0;
}

/* What takes from a VM waits for its state: whoever is answered then has it in force. */
static void ask_state(struct daemon *daemon, const struct vm_identity *identity)
{
	const struct vm *vm = snapshot_find_vm(daemon->snapshot, identity);

	if (vm != NULL && limits_must_ask(vm, daemon->snapshot->monotonic_usec))
		observe_ask_states(daemon->observe, identity, 1);
}

static int set(struct daemon *daemon, uint64_t ticket, const struct control_request *request,
	       struct vm_record *record, struct error *err)
{
	struct setting_value value;
	enum setting setting;
	struct hold *hold;
	int r = parse_setting(request, record, daemon, &setting, err);

	if (r == 0)
		r = setting_parse(setting, request->value, &value, err);
	if (r == 0)
		r = may_be_set(daemon, record, err);
	if (r < 0)
		return r;
	if (request->until_usec != 0 && request->until_usec <= clock_realtime_usec())
		return error_set(err, -EINVAL, "the time until which it is to hold is past");
	hold = holds_take(&daemon->hand, &record->vm, record->name, setting);
	if (hold == NULL)
		return error_errno(err, -ENOMEM, "cannot set");
	hold->value = value;
	hold->until_usec = request->has_until ? request->until_usec : clock_realtime_usec() + HOLD_USEC;
	daemon->dirty = true;
	r = daemon_apply_holds(daemon, err);
	if (r < 0) {
		holds_let_go(&daemon->hand, &record->vm, setting);
		return r;
	}
	policies_tell_needs(daemon);
	plan_soon(daemon);
	daemon_save_hand(daemon);
	ask_state(daemon, &hold->vm);
	answer_set_in_time(daemon, ticket, hold);
	return 0;
}

static int let_go(struct daemon *daemon, const struct control_request *request,
		  struct vm_record *record, struct error *err)
{
	enum setting setting;
	int r = parse_setting(request, record, daemon, &setting, err);

	if (r < 0)
		return r;
	if (!holds_let_go(&daemon->hand, &record->vm, setting))
		return error_set(err, -ENOENT, "nobody holds %s of %s", request->setting, request->vm);
	arbiter_let_go(daemon->arbiter, &record->vm, setting);
	daemon->dirty = true;
	plan_soon(daemon);
	return 0;
}

static int pause_or_resume(struct daemon *daemon, const struct control_request *request, bool pause,
			   struct error *err)
{
	struct vm_record *record = NULL;
	int r = 0;

	if (strcmp(request->vm, "all") == 0) {
		daemon->hand.paused = pause;
		if (!pause) /* the VMs that were paused one by one, too */
			daemon->hand.vm_count = 0;
	} else {
		r = record_find(daemon, request->vm, &record, err);
		if (r == 0 && !pause)
			holds_resume(&daemon->hand, &record->vm);
		else if (r == 0 && holds_pause(&daemon->hand, &record->vm) < 0)
			r = error_errno(err, -ENOMEM, "cannot pause");
	}
	if (r < 0)
		return r;
	daemon->dirty = true;
	/* What was given back meanwhile is wanted again at once, at a person's word. */
	if (!pause && record == NULL) {
		r = daemon_renew_arbiter(daemon, err);
		if (r < 0)
			return r;
		carry_resume(daemon);
	}
	records_refresh(daemon);
	plan_soon(daemon);
	daemon_note(daemon, record, "", "%s%s%s", pause ? "paused" : "resumed", record != NULL ? ": " : "",
		    record != NULL ? record->name : "");
	return 0;
}

/* Gives back. `setting` SETTING_COUNT: all of the VM; record NULL: of everybody. */
static int give_back(struct daemon *daemon, struct vm_record *record, enum setting setting,
		     struct error *err)
{
	size_t failed = act_undo(daemon->act, record != NULL ? &record->vm : NULL, setting, err);

	carry_outcomes(daemon);
	plan_soon(daemon);
	if (failed == 0)
		return 0;
	error_prefix(err, "%zu settings could not be given back", failed);
	return err->code < 0 ? err->code : error_set(err, -EIO, "%zu settings could not be given back",
						      failed);
}

static void let_go_all(struct daemon *daemon, const struct vm_record *record)
{
	size_t i;

	for (i = 0; i < daemon->hand.hold_count; i++) {
		const struct hold *hold = &daemon->hand.holds[i];

		if (record == NULL || hold_is_of(hold, &record->vm))
			arbiter_let_go(daemon->arbiter, &hold->vm, hold->setting);
	}
	holds_let_go_all(&daemon->hand, record != NULL ? &record->vm : NULL);
	daemon->dirty = true;
}

static int undo_all(struct daemon *daemon, const struct control_request *request, struct error *err)
{
	struct vm_record *record = NULL;
	int r = strcmp(request->vm, "all") == 0 ? 0 : record_find(daemon, request->vm, &record, err);

	if (r == 0)
		r = pause_or_resume(daemon, request, true, err);
	if (r < 0)
		return r;
	let_go_all(daemon, record);
	r = give_back(daemon, record, SETTING_COUNT, err);
	daemon_note(daemon, record, "", "everything given back%s%s", record != NULL ? ": " : "",
		    record != NULL ? record->name : "");
	return r;
}

static void answer_undone(struct daemon *daemon, uint64_t ticket, const char *again_by)
{
	struct reply reply;

	reply_begin(&reply);
	reply_text(&reply, "again_by", again_by);
	reply_end(&reply, daemon, ticket);
}

static int undo_one(struct daemon *daemon, uint64_t ticket, const struct control_request *request,
		    struct error *err)
{
	struct vm_record *record;
	const struct vm_setting *item;
	enum setting setting;
	char again_by[64] = "";
	int r = record_find(daemon, request->vm, &record, err);

	if (r == 0)
		r = parse_setting(request, record, daemon, &setting, err);
	if (r < 0)
		return r;
	item = record_setting(record, setting, false);
	if (item != NULL && policies_find(daemon, item->item.cause.policy) != NULL)
		memcpy(again_by, item->item.cause.policy, sizeof again_by);
	if (holds_let_go(&daemon->hand, &record->vm, setting))
		daemon->dirty = true;
	else if (item == NULL)
		return error_set(err, -ENOENT, "%s of %s is not set by us", request->setting, request->vm);
	arbiter_let_go(daemon->arbiter, &record->vm, setting);
	r = give_back(daemon, record, setting, err);
	if (r == 0)
		answer_undone(daemon, ticket, again_by[0] != '\0' ? again_by : NULL);
	return r;
}

static int set_mode(struct daemon *daemon, const char *name, struct error *err)
{
	int mode = mode_find(name);

	if (mode < 0)
		return error_set(err, -EINVAL, "the modes are observe, dry-run and enforce");
	return daemon_set_mode(daemon, (enum mode)mode, err);
}

/* -- all ---------------------------------------------------------------------------------- */

static void answer(struct daemon *daemon, uint64_t ticket, const struct control_request *request,
		   struct vm_record *record)
{
	const struct loaded *loaded;
	struct error err = { 0 };
	struct str line;

	str_init(&line);
	switch (request->what) {
	case CONTROL_STATUS:
		answer_status(daemon, &line);
		break;
	case CONTROL_VMS:
		answer_vms(daemon, record, &line);
		break;
	case CONTROL_POLICY_LIST:
		answer_policies(daemon, &line);
		break;
	case CONTROL_METRICS:
		answer_metrics(daemon, &line);
		break;
	case CONTROL_POLICY_SOURCE:
		loaded = policies_find(daemon, request->name);
		if (loaded != NULL)
			answer_source(loaded, &line);
		else
			error_set(&err, -ENOENT, "no policy %s runs (truce policy show lists them)",
				  request->name);
		break;
	default:
		error_set(&err, -EOPNOTSUPP, "truced has no answer to that");
	}
	if (err.code < 0)
		refuse(daemon, ticket, &err);
	else
		control_server_answer(daemon->server, ticket, &line);
	str_done(&line);
}

/* 1: answered already, or later; 0: {"ok":true} is to be answered. */
static int handle(struct daemon *daemon, uint64_t ticket, const struct control_request *request,
		  struct error *err)
{
	struct vm_record *record = NULL;
	bool of_vm = request->what == CONTROL_SET || request->what == CONTROL_LET_GO ||
		     (request->what == CONTROL_VMS && request->vm != NULL);
	int r = of_vm ? record_find(daemon, request->vm, &record, err) : 0;

	if (r < 0)
		return r;
	switch (request->what) {
	case CONTROL_LOG_FOLLOW:
		control_server_follow(daemon->server, ticket);
		return 0;
	case CONTROL_POLICY_LOAD:
		load(daemon, ticket, request);
		return 1;
	case CONTROL_POLICY_UNLOAD:
		unload(daemon, ticket, request->name);
		return 1;
	case CONTROL_RELOAD:
		requests_reload(daemon, ticket);
		return 1;
	case CONTROL_SET:
		r = set(daemon, ticket, request, record, err);
		return r == 0 ? 1 : r;
	case CONTROL_LET_GO:
		return let_go(daemon, request, record, err);
	case CONTROL_PAUSE:
	case CONTROL_RESUME:
		return pause_or_resume(daemon, request, request->what == CONTROL_PAUSE, err);
	case CONTROL_UNDO:
		if (request->setting == NULL)
			return undo_all(daemon, request, err);
		r = undo_one(daemon, ticket, request, err);
		return r == 0 ? 1 : r;
	case CONTROL_MODE:
		return set_mode(daemon, request->mode, err);
	case CONTROL_LOOK:
		act_look_now(daemon->act, daemon->snapshot);
		carry_outcomes(daemon);
		plan_soon(daemon);
		return 0;
	default:
		answer(daemon, ticket, request, record);
		return 1;
	}
}

/* Who asked for what, and whether it was refused: a load's refusal comes when it is loaded. */
static void audit(const struct control_request *request, const struct control_peer *peer, int r,
		  const struct error *err)
{
	const char *const texts[] = { request->vm, request->path, request->name, request->mode,
				      request->setting, request->value };
	struct str about;
	size_t i;

	str_init(&about);
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i] != NULL)
			str_appendf(&about, " %.250s", texts[i]);
	log_line(r < 0 ? LOG_NOTICE : LOG_INFO, "%s%s by uid %u%s%s", control_do_name(request->what),
		 about.data != NULL ? about.data : "", (unsigned)peer->uid, r < 0 ? ": refused: " : "",
		 r < 0 ? err->text : "");
	str_done(&about);
}

void requests_handle(void *context, uint64_t ticket, const struct control_peer *peer,
		     const struct control_request *request)
{
	struct daemon *daemon = context;
	struct error err = { 0 };
	int r = handle(daemon, ticket, request, &err);

	if (control_do_changes(request->what))
		audit(request, peer, r, &err);
	/* Whoever is told that it is paused can count on it, whatever becomes of this process. */
	if (control_do_changes(request->what))
		daemon_save_hand(daemon);
	if (r == 0)
		answer_ok(daemon, ticket);
	else if (r < 0)
		refuse(daemon, ticket, &err);
}
