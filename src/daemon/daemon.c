/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What truced is made of: put together at the start, and taken apart at the end. */
#include "daemon/policies.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/keep_file.h"
#include "control/control.h"
#include "daemon/answers.h"
#include "daemon/carry.h"
#include "sys/root.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

bool daemon_adjusts(const struct daemon *daemon)
{
	return daemon->mode != MODE_OBSERVE && !daemon->hand.paused && !daemon->journal_full;
}

void daemon_note(struct daemon *daemon, const struct vm_record *record, const char *policy,
		 const char *format, ...)
{
	bool of_vm = record != NULL && record->vm.pid != 0;
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	ledger_write_note(daemon->ledger, clock_realtime_usec(), of_vm ? &record->vm : NULL,
			  of_vm ? record->name : "", policy, text, NULL);
}

static void hold_cause(const struct hold *hold, struct cause *ret)
{
	memset(ret, 0, sizeof *ret);
	strcpy(ret->policy, "set");
	strcpy(ret->because, hold->until_usec == 0 ? "set by hand, to keep" :
						     "set by hand, for a while");
}

static int tell_holds(const struct daemon *daemon, struct arbiter *arbiter)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < daemon->hand.hold_count; i++) {
		const struct hold *hold = &daemon->hand.holds[i];
		struct cause cause;

		if (hold->vm.pid == 0 && hold->vm_name[0] != '\0')
			continue;
		hold_cause(hold, &cause);
		r = arbiter_hold(arbiter, &hold->vm, hold->setting, &hold->value, hold->until_usec, &cause);
	}
	return r;
}

int daemon_apply_holds(struct daemon *daemon, struct error *err)
{
	int r = tell_holds(daemon, daemon->arbiter);

	return r == 0 ? 0 : error_errno(err, r, "not all that is held by hand is planned");
}

/* -- arbiter ------------------------------------------------------------------------------ */

static int tell_policy(const struct loaded *loaded, struct arbiter *arbiter)
{
	size_t i;
	int r = arbiter_add_policy(arbiter, loaded->policy, NULL);

	/* What it cannot have asked for was not taken the first time, either. */
	for (i = 0; r != -ENOMEM && i < loaded->asked.count; i++)
		r = arbiter_request(arbiter, loaded->policy, &loaded->asked.items[i]);
	return r == -ENOMEM ? r : 0;
}

static int tell_arbiter(const struct daemon *daemon, struct arbiter *arbiter)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < daemon->policy_count; i++)
		r = tell_policy(daemon->policies[i], arbiter);
	return r == 0 ? tell_holds(daemon, arbiter) : r;
}

/* The new one knows nothing of what the one before was told of VMs. */
static void forget_told(struct daemon *daemon)
{
	struct map_slot *slot;
	size_t at;

	for (at = 0; (slot = map_next(&daemon->records, &at)) != NULL;) {
		struct vm_record *record = slot->value;

		record->excluded = record->gives_back = false;
		record->planned = record == daemon->host;
	}
}

int daemon_renew_arbiter(struct daemon *daemon, struct error *err)
{
	struct arbiter_options options = { .changes_per_minute = daemon->config.changes_per_minute,
					   .vm_interval_usec = daemon->config.vm_interval_usec,
					   .hysteresis_permyriad = daemon->config.hysteresis_permyriad,
					   .own_pid = getpid(), .asks_states = true };
	struct arbiter *arbiter = arbiter_new(&options);

	if (arbiter == NULL || tell_arbiter(daemon, arbiter) < 0) {
		arbiter_free(arbiter);
		return error_errno(err, -ENOMEM, "cannot plan anew");
	}
	arbiter_free(daemon->arbiter);
	daemon->arbiter = arbiter;
	forget_told(daemon);
	return 0;
}

/* What dry-run thought to be set is not. */
static void forget_settings(struct daemon *daemon)
{
	struct map_slot *slot;
	size_t at;

	for (at = 0; (slot = map_next(&daemon->records, &at)) != NULL;)
		((struct vm_record *)slot->value)->setting_count = 0;
}

int daemon_set_mode(struct daemon *daemon, enum mode mode, struct error *err)
{
	enum mode before = daemon->mode;
	int r;

	r = daemon_renew_arbiter(daemon, err);
	if (r < 0)
		return r;
	daemon->mode = mode;
	forget_settings(daemon);
	records_refresh(daemon);
	if (mode != MODE_DRY_RUN)
		carry_resume(daemon);
	daemon->plan_since_usec = 1;
	if (mode == before)
		return 0;
	log_line(LOG_NOTICE, "mode: %s", mode_name(mode));
	daemon_note(daemon, NULL, "", "mode: %s, was %s", mode_name(mode), mode_name(before));
	notify("STATUS=%s, %zu policies", mode_name(mode), daemon->policy_count);
	return 0;
}

/* -- parts -------------------------------------------------------------------------------- */

static void read_boot(struct daemon *daemon)
{
	ssize_t size = root_read(daemon->root, "/proc/sys/kernel/random/boot_id", daemon->boot,
				 sizeof daemon->boot);

	if (size <= 0)
		strcpy(daemon->boot, "unknown");
	daemon->boot[strcspn(daemon->boot, "\n")] = '\0';
}

static int open_root(struct daemon *daemon, struct error *err)
{
	const char *rules = getenv("TRUCE_FAULT");

	daemon->root = root_live_new();
	if (daemon->root == NULL)
		return error_errno(err, -ENOMEM, "cannot start");
	if (rules == NULL || *rules == '\0')
		return 0;
	daemon->root = root_faulty_new(daemon->root, rules, err);
	return daemon->root != NULL ? 0 : error_prefix(err, "TRUCE_FAULT");
}

static int make_directories(struct error *err)
{
	char path[1024];
	int r = keep_directory(control_run_directory(), 0755, err);

	loaded_path(path, sizeof path, "", "");
	if (r == 0)
		r = keep_directory(path, 0700, err);
	loading_path(path, sizeof path, "");
	if (r == 0)
		r = keep_directory(path, 0700, err);
	return r == 0 ? keep_directory(control_state_directory(), 0755, err) : r;
}

static int open_leases(struct daemon *daemon, struct error *err)
{
	struct leases_options options = { .kinds = act_lease_kinds, .context = daemon->root };
	char told[400] = "";
	int r = leases_open(daemon->root, &options, &daemon->leases, told, sizeof told, err);

	if (told[0] != '\0')
		log_line(LOG_NOTICE, "%s", told);
	return r;
}

static int open_act(struct daemon *daemon, struct error *err)
{
	struct act_options options = { .owner_usec = daemon->config.owner_usec,
				       .high_usec = daemon->config.high_usec,
				       .balloon_usec = daemon->config.balloon_usec,
				       .uplink_bytes_per_second =
					       daemon->config.uplink_bytes_per_second };

	daemon->act = act_new(daemon->root, daemon->leases, &options, err);
	return daemon->act != NULL ? 0 : err->code;
}

static void tell_line(const char *line, size_t size, void *context)
{
	struct daemon *daemon = context;

	if (daemon->server != NULL)
		control_server_tell(daemon->server, line, size);
}

static int open_ledger(struct daemon *daemon, struct error *err)
{
	struct ledger_options options = { .directory = control_state_directory(), .boot = daemon->boot,
					  .bytes_most = daemon->config.ledger_bytes,
					  .told = tell_line, .context = daemon };

	return ledger_open(&options, &daemon->ledger, err);
}

static int open_observe(struct daemon *daemon, struct error *err)
{
	struct observe_options options = { .watch = true, .interrupt_fd = daemon->epoll_fd,
					   .with_owner = daemon->config.with_owner,
					   .with_maps = daemon->config.with_maps };
	int r;

	daemon->observe = observe_new(daemon->root, &options, err);
	if (daemon->observe == NULL)
		return err->code;
	r = observe_tick(daemon->observe, err);
	daemon->snapshot = observe_snapshot(daemon->observe);
	if (daemon->snapshot != NULL) /* who went while no truced ran */
		holds_part_gone(&daemon->hand, daemon->snapshot);
	return r;
}

static int open_server(struct daemon *daemon, struct error *err)
{
	struct control_server_options options = { .handler = requests_handle, .context = daemon };

	return control_server_new(&options, &daemon->server, err);
}

static int load_hand(struct daemon *daemon)
{
	struct error err = { 0 };
	char path[1024];

	snprintf(path, sizeof path, "%s/hand.json", control_state_directory());
	if (holds_load(path, daemon->boot, clock_realtime_usec(), &daemon->hand, &err) < 0)
		log_line(LOG_WARNING, "%s", err.text);
	return 0;
}

/* In the order in which each needs the ones before. The lock on the journal comes before the
 * socket: a second truced ends without a trace. */
static int open_parts(struct daemon *daemon, struct error *err)
{
	static const struct vm_identity host;
	int r = make_directories(err);

	if (r == 0)
		r = open_root(daemon, err);
	if (r < 0)
		return r;
	read_boot(daemon);
	daemon->host = record_make(daemon, &host);
	daemon->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (daemon->host == NULL || daemon->epoll_fd < 0)
		return error_errno(err, -ENOMEM, "cannot start");
	strcpy(daemon->host->name, "host");
	daemon->host->planned = true;
	r = open_leases(daemon, err);
	if (r == 0)
		r = open_act(daemon, err);
	if (r == 0)
		r = open_ledger(daemon, err);
	if (r == 0)
		r = load_hand(daemon);
	if (r == 0)
		r = daemon_renew_arbiter(daemon, err);
	if (r == 0)
		r = open_observe(daemon, err);
	if (r == 0)
		daemon->loader = loader_new(err);
	if (r == 0 && daemon->loader == NULL)
		r = err->code;
	return r == 0 ? open_server(daemon, err) : r;
}

int daemon_new(struct daemon **ret, struct error *err)
{
	struct daemon *daemon = calloc(1, sizeof *daemon);
	int r;

	if (daemon == NULL)
		return error_errno(err, -ENOMEM, "cannot start");
	daemon->epoll_fd = daemon->signal_fd = -1;
	map_init(&daemon->records);
	plan_init(&daemon->plan);
	plan_init(&daemon->birth_plan);
	daemon->started_usec = clock_realtime_usec();
	r = config_load(control_conf_directory(), &daemon->config, err);
	if (r == 0) {
		daemon->mode = daemon->config.mode;
		budget_init(&daemon->budget, daemon->config.budget_permyriad, clock_monotonic_usec());
		r = open_parts(daemon, err);
	}
	if (r < 0) {
		daemon_free(daemon);
		return r;
	}
	*ret = daemon;
	return 0;
}

static void free_records(struct daemon *daemon)
{
	struct map_slot *slot;
	size_t at;

	for (at = 0; (slot = map_next(&daemon->records, &at)) != NULL;)
		record_free(slot->value);
	map_done(&daemon->records);
}

void daemon_free(struct daemon *daemon)
{
	if (daemon == NULL)
		return;
	requests_reload_free(daemon);
	loader_free(daemon->loader);
	control_server_free(daemon->server);
	policies_free(daemon);
	observe_free(daemon->observe);
	arbiter_free(daemon->arbiter);
	/* A thread still waits for its owner: what it uses stays until the process ends. */
	if (!act_free(daemon->act))
		return;
	leases_close(daemon->leases);
	ledger_close(daemon->ledger);
	free_records(daemon);
	free(daemon->classes);
	free(daemon->lates);
	holds_done(&daemon->hand);
	effects_done(&daemon->effects);
	plan_done(&daemon->plan);
	plan_done(&daemon->birth_plan);
	config_done(&daemon->config);
	if (daemon->signal_fd >= 0)
		close(daemon->signal_fd);
	if (daemon->epoll_fd >= 0)
		close(daemon->epoll_fd);
	root_free(daemon->root);
	free(daemon);
}
