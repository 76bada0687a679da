/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fingerprints of VMs that run: who is read, who is not and why; a line in the system's log before
 * anything is read; two looks. A VM that cannot be read, or ends meanwhile, is left out whole.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "cmd/interrupt.h"
#include "cmd/ksm_estimate.h"
#include "cmd/source.h"
#include "cmd/told.h"
#include "cmd/verb.h"
#include "cmd/vm_select.h"
#include "cmd/warnings.h"
#include "config/config.h"
#include "control/control.h"
#include "ksm/what_if.h"
#include "model/snapshot.h"
#include "report/json.h"
#include "sys/root.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syslog.h>
#include <unistd.h>

#define KSM_DIRECTORY "/sys/kernel/mm/ksm/"
#define TOLD_USEC 200000
/* Of the guests' CPUs it takes what nobody else wants, nearly: 15 shares where they have 1024. */
#define READER_NICE 19
/* A VM of which more changes within the wait: nothing that is told of it holds for long. */
#define RESTLESS_PERCENT 50

/* A VM that is to be read, in the order of prints.vms. */
struct looked {
	pid_t pid;
	size_t number; /* in the look */
	bool failed;
};

struct looker {
	struct estimate *estimate;
	struct root *root;
	struct look *look;
	struct looked *vms;
	size_t capacity;
};

/* -- who is read ------------------------------------------------------------------------------------ */

static void name_vm(const struct vm *vm, char id[static VM_ID_SIZE], char name[static PRINTS_NAME_SIZE])
{
	const char *text = vm->text[VM_TEXT_NAME];

	vm_identity_format(&vm->identity, id);
	text_copy(name, PRINTS_NAME_SIZE, text != NULL ? text : "", text != NULL ? strlen(text) : 0);
}

static int leave_out(struct estimate *estimate, const char *id, const char *name, bool opted_out,
		     const char *why)
{
	struct unread_vm *unread;

	if (!VEC_RESERVE(estimate->unread, estimate->unread_capacity, estimate->unread_count + 1))
		return -ENOMEM;
	unread = &estimate->unread[estimate->unread_count++];
	*unread = (struct unread_vm){ .opted_out = opted_out };
	strcpy(unread->id, id);
	strcpy(unread->name, name);
	text_copy(unread->why, sizeof unread->why, why, strlen(why));
	return 0;
}

static bool may_be_read(const struct config *config, const struct vm *vm)
{
	char id[VM_ID_SIZE], name[PRINTS_NAME_SIZE];

	name_vm(vm, id, name);
	return config_may_fingerprint(config, vm->text[VM_TEXT_NAME], vm->text[VM_TEXT_UUID], id);
}

/* Memory is a process's: what one of its VMs must not have read, none of them has. */
static bool process_may_be_read(const struct config *config, const struct snapshot *snapshot, pid_t pid)
{
	size_t i;

	for (i = 0; i < snapshot->vm_count; i++)
		if (snapshot->vms[i]->identity.pid == pid && !may_be_read(config, snapshot->vms[i]))
			return false;
	return true;
}

static int add_vm(struct looker *looker, const struct vm *vm, enum group_by by)
{
	struct prints *prints = &looker->estimate->prints;
	struct prints_vm *one = prints_add_vm(prints);

	if (one == NULL || !VEC_RESERVE(looker->vms, looker->capacity, prints->vm_count))
		return -ENOMEM;
	name_vm(vm, one->id, one->name);
	group_of_vm(by, vm, one->group);
	if (vm->state[VM_KSM_MERGED] == FIGURE_PRESENT)
		one->merged = (uint64_t)vm->value[VM_KSM_MERGED];
	looker->vms[prints->vm_count - 1] = (struct looked){ .pid = vm->identity.pid };
	return 0;
}

static bool is_there(const struct looker *looker, pid_t pid)
{
	size_t i;

	for (i = 0; i < looker->estimate->prints.vm_count; i++)
		if (looker->vms[i].pid == pid)
			return true;
	return false;
}

static int choose_vm(struct looker *looker, const struct snapshot *snapshot, const struct vm *vm,
		     const struct config *config, enum group_by by)
{
	char id[VM_ID_SIZE], name[PRINTS_NAME_SIZE];

	name_vm(vm, id, name);
	if (!process_may_be_read(config, snapshot, vm->identity.pid))
		return leave_out(looker->estimate, id, name, true,
				 "it opted out (truce.conf, [vm ...] fingerprints or managed = no)");
	if (is_there(looker, vm->identity.pid))
		return leave_out(looker->estimate, id, name, false,
				 "its memory is that of another VM of the same process, and told there");
	return add_vm(looker, vm, by);
}

static int choose_vms(struct looker *looker, const struct snapshot *snapshot, char *const *words,
		      struct error *err)
{
	enum group_by by = GROUP_BY_NOTHING;
	struct config config;
	size_t i;
	int r = vm_select_check(snapshot, words, err);

	if (r == 0 && looker->estimate->settings->group != NULL)
		r = group_by_parse(looker->estimate->settings->group, &by, err);
	if (r == 0)
		r = config_load(control_conf_directory(), &config, err);
	if (r < 0)
		return r;
	for (i = 0; r == 0 && i < snapshot->vm_count; i++)
		if (vm_is_selected(snapshot->vms[i], words))
			r = choose_vm(looker, snapshot, snapshot->vms[i], &config, by);
	config_done(&config);
	return r < 0 ? error_errno(err, r, "cannot choose VMs") : 0;
}

static void fill_classes(struct snapshot *snapshot)
{
	struct told *told = told_new();

	if (told != NULL && told_ask(told)) {
		told_take(told, TOLD_USEC);
		told_fill(told, snapshot);
	}
	told_free(told);
}

static int find_vms(struct looker *looker, char *const *words, struct error *err)
{
	struct source_spec spec = { .once = true };
	const struct snapshot *snapshot;
	struct snapshot own;
	struct source *source;
	int r = source_open(&spec, &source, err);

	if (r < 0)
		return r;
	snapshot_init(&own);
	r = source_next(source, &snapshot, err);
	if (r == 0)
		r = error_set(err, -ECANCELED, "interrupted");
	else if (r > 0)
		r = snapshot_copy(&own, snapshot) == 0 ? 0 : error_errno(err, -ENOMEM, "a snapshot");
	looker->estimate->partly |= warnings_tell(looker->estimate->verb, source);
	source_close(source);
	if (r == 0) {
		fill_classes(&own);
		r = choose_vms(looker, &own, words, err);
	}
	snapshot_done(&own);
	return r;
}

/* What is wrong with a --what-if is said before anything is read. */
static int check_what_if(struct estimate *estimate, struct error *err)
{
	size_t count = estimate->prints.vm_count;
	bool *part = NULL;
	int r = what_if_apply(&estimate->prints, estimate->settings->what_if.values, &part, err);

	while (estimate->prints.vm_count > count)
		prints_drop_vm(&estimate->prints, estimate->prints.vm_count - 1);
	free(part);
	return r;
}

/* -- who has it read -------------------------------------------------------------------------------- */

static void append_user(struct str *str, uid_t uid)
{
	const struct passwd *user = getpwuid(uid);

	if (user != NULL)
		text_append_safe(str, user->pw_name, strlen(user->pw_name));
	else
		str_append(str, "a user without a name");
	str_appendf(str, " (uid %u)", (unsigned)uid);
}

/* Who logged in stays known to the kernel when that user became root. */
static void find_who(struct root *root, struct estimate_audit *audit)
{
	char text[32] = "";
	struct str who;
	unsigned long login;

	str_init(&who);
	append_user(&who, getuid());
	if (root_read(root, "/proc/self/loginuid", text, sizeof text) > 0) {
		login = strtoul(text, NULL, 10);
		if (login != (uid_t)-1 && login != getuid()) {
			str_append(&who, ", logged in as ");
			append_user(&who, (uid_t)login);
		}
	}
	text_copy(audit->who, sizeof audit->who, who.data != NULL ? who.data : "", who.length);
	str_done(&who);
	audit->realtime_usec = root_realtime_usec(root);
	audit->logged = access("/dev/log", F_OK) == 0;
}

static void append_names(const struct prints *prints, struct str *str)
{
	size_t i;

	for (i = 0; i < prints->vm_count && str->length < 700; i++) {
		str_append(str, i > 0 ? ", " : " ");
		text_append_safe(str, prints->vms[i].name, strlen(prints->vms[i].name));
	}
	if (i < prints->vm_count)
		str_appendf(str, " and %zu more", prints->vm_count - i);
}

/* Of each VM a line of its own, so that a search for its name finds it. */
static void log_all(const struct estimate *estimate)
{
	const struct prints *prints = &estimate->prints;
	struct str name;
	size_t i;

	openlog("truce", LOG_PID, LOG_AUTHPRIV);
	for (i = 0; i < prints->vm_count; i++) {
		str_init(&name);
		text_append_safe(&name, prints->vms[i].name, strlen(prints->vms[i].name));
		syslog(LOG_NOTICE, "%s: %s has fingerprints made of the memory of VM %s (%s)",
		       estimate->verb->name, estimate->audit.who, name.data != NULL ? name.data : "", prints->vms[i].id);
		str_done(&name);
	}
	closelog();
}

static void tell_audit(const struct estimate *estimate)
{
	const struct estimate_audit *audit = &estimate->audit;
	struct str line;

	str_init(&line);
	json_append_time(&line, audit->realtime_usec);
	str_appendf(&line, ": %s has fingerprints made of the memory of %zu VM%s:", audit->who,
		    estimate->prints.vm_count, estimate->prints.vm_count == 1 ? "" : "s");
	append_names(&estimate->prints, &line);
	if (!audit->logged)
		str_append(&line, "; no system log takes note of it: there is no /dev/log");
	verb_warn(estimate->verb, "%s", line.data != NULL ? line.data : "");
	str_done(&line);
}

/* -- the looks -------------------------------------------------------------------------------------- */

static bool is_cancelled(void *context)
{
	return interrupt_signal() != 0;
}

static int fail_vm(struct looker *looker, size_t at, const struct error *cause)
{
	const struct prints_vm *vm = &looker->estimate->prints.vms[at];
	const char *why = cause->text;

	if (cause->code == -ESRCH || cause->code == -ENOENT)
		why = "it ended while its memory was read";
	else if (cause->code == -EACCES || cause->code == -EPERM)
		why = "this user may not read its memory; root may";
	looker->vms[at].failed = true;
	looker->estimate->partly = true;
	return leave_out(looker->estimate, vm->id, vm->name, false, why);
}

static int look_at_all(struct looker *looker, bool again, struct error *err)
{
	struct prints *prints = &looker->estimate->prints;
	size_t i, number = 0;

	for (i = 0; i < prints->vm_count; i++) {
		struct looked *vm = &looker->vms[i];
		struct error cause = { 0 };
		int r;

		if (again && vm->failed)
			continue;
		if (!again)
			vm->number = number++;
		r = again ? look_again(looker->look, vm->number, &prints->vms[i], &cause) :
			    look_first(looker->look, vm->pid, &prints->vms[i], &cause);
		if (r == -ECANCELED)
			return error_set(err, r, "interrupted");
		if (r < 0 && fail_vm(looker, i, &cause) < 0)
			return error_errno(err, -ENOMEM, "cannot look at memory");
	}
	return 0;
}

static int wait_between(uint64_t usec, struct error *err)
{
	struct pollfd wake = { .fd = interrupt_fd(), .events = POLLIN };
	uint64_t now = clock_monotonic_usec(), end = now + usec;

	for (; now < end && interrupt_signal() == 0; now = clock_monotonic_usec()) {
		uint64_t left = (end - now) / USEC_PER_MSEC + 1;

		poll(&wake, 1, left < INT32_MAX ? (int)left : INT32_MAX);
	}
	return interrupt_signal() == 0 ? 0 : error_set(err, -ECANCELED, "interrupted");
}

static int look_twice(struct looker *looker, struct error *err)
{
	uint64_t wait_usec = looker->estimate->settings->wait_usec;
	int r = look_at_all(looker, false, err);

	if (r < 0 || wait_usec == 0)
		return r;
	r = wait_between(wait_usec, err);
	return r < 0 ? r : look_at_all(looker, true, err);
}

static int look_with_key(struct looker *looker, const uint8_t *key, struct error *err)
{
	struct estimate *estimate = looker->estimate;
	struct look_options options = {
		.key = key,
		.modulo = estimate->modulo,
		.positions_ppm = estimate->positions_ppm,
		.bytes_per_second = estimate->limit,
		.is_cancelled = is_cancelled,
	};
	uint64_t begin_usec = clock_monotonic_usec();
	int r = look_new(looker->root, &options, &looker->look, err);

	if (r < 0)
		return r;
	r = look_twice(looker, err);
	memcpy(estimate->prints.key_id, look_key_id(looker->look), sizeof estimate->prints.key_id);
	estimate->bytes_read = look_bytes(looker->look);
	estimate->took_usec = clock_monotonic_usec() - begin_usec;
	look_free(looker->look);
	return r;
}

static int look_with_chosen_key(struct looker *looker, struct error *err)
{
	uint8_t key[LOOK_KEY_SIZE];
	int r = 0;

	if (looker->estimate->settings->key == NULL)
		return look_with_key(looker, NULL, err);
	r = estimate_read_key(looker->estimate->settings->key, key, err);
	if (r == 0)
		r = look_with_key(looker, key, err);
	explicit_bzero(key, sizeof key);
	return r;
}

/* -- what is told of them --------------------------------------------------------------------------- */

static uint64_t ksm_number(struct root *root, const char *name)
{
	char path[80], text[32];

	snprintf(path, sizeof path, KSM_DIRECTORY "%s", name);
	return root_read(root, path, text, sizeof text) > 0 ? strtoull(text, NULL, 10) : UINT64_MAX;
}

static void describe_host(struct looker *looker)
{
	struct prints *prints = &looker->estimate->prints;
	uint64_t most = ksm_number(looker->root, "max_page_sharing");

	prints->realtime_usec = root_realtime_usec(looker->root);
	prints->modulo = looker->estimate->modulo;
	prints->max_sharing = most != UINT64_MAX ? most : 0;
	prints->zero_pages = ksm_number(looker->root, "use_zero_pages") == 1;
	if (gethostname(prints->host, sizeof prints->host - 1) < 0)
		prints->host[0] = '\0';
	if (!root_exists(looker->root, KSM_DIRECTORY "run"))
		verb_warn(looker->estimate->verb, "this kernel has no KSM, and so no memory for it");
	else if (ksm_number(looker->root, "merge_across_nodes") == 0 &&
		 root_exists(looker->root, "/sys/devices/system/node/node1"))
		verb_warn(looker->estimate->verb, "KSM merges within each NUMA node only here "
			  "(merge_across_nodes is 0): it saves less than is told");
}

static void tell_vm(struct estimate *estimate, const struct prints_vm *vm)
{
	struct str name;

	str_init(&name);
	text_append_safe(&name, vm->name, strlen(vm->name));
	if (vm->pages == 0)
		verb_warn(estimate->verb, "%s: KSM was told of none of its memory (QEMU: mem-merge=off; "
			  "libvirt: nosharepages; huge pages), so it shares nothing", name.data);
	if (vm->changing * 100 > vm->read * RESTLESS_PERCENT) {
		verb_warn(estimate->verb, "%s: %llu %% of its pages changed between the looks; KSM merges "
			  "none of those, and what is told of the rest holds for a moment", name.data,
			  (unsigned long long)(vm->changing * 100 / vm->read));
		estimate->partly = true;
	}
	str_done(&name);
}

/* Those that failed go, and of those that stay it is said what is strange. */
static void keep_what_was_read(struct looker *looker)
{
	struct prints *prints = &looker->estimate->prints;
	size_t i;

	for (i = prints->vm_count; i-- > 0;)
		if (looker->vms[i].failed)
			prints_drop_vm(prints, i);
	for (i = 0; i < prints->vm_count; i++)
		tell_vm(looker->estimate, &prints->vms[i]);
	for (i = 0; i < looker->estimate->unread_count; i++) {
		const struct unread_vm *unread = &looker->estimate->unread[i];
		struct str name;

		str_init(&name);
		text_append_safe(&name, unread->name, strlen(unread->name));
		verb_warn(looker->estimate->verb, "%s is not told of: %s", name.data, unread->why);
		str_done(&name);
	}
}

int estimate_look(struct estimate *estimate, char *const *words, struct error *err)
{
	struct looker looker = { .estimate = estimate, .root = root_live_new() };
	int r;

	if (looker.root == NULL)
		return error_errno(err, -ENOMEM, "cannot look at memory");
	estimate->live = true;
	r = find_vms(&looker, words, err);
	if (r == 0)
		r = check_what_if(estimate, err);
	setpriority(PRIO_PROCESS, 0, READER_NICE);
	if (r == 0 && estimate->prints.vm_count > 0) {
		find_who(looker.root, &estimate->audit);
		log_all(estimate);
		tell_audit(estimate);
		r = look_with_chosen_key(&looker, err);
	}
	if (r == 0) {
		describe_host(&looker);
		keep_what_was_read(&looker);
	}
	free(looker.vms);
	root_free(looker.root);
	return r;
}
