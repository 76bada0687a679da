/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/run/lab_hands.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/io.h"
#include "base/str.h"
#include "control/control.h"
#include "lab/host/ability.h"
#include "lab/host/child.h"
#include "lab/host/tool.h"
#include "ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define READY_NSEC (20 * NSEC_PER_SEC)
#define END_MSEC 10000
#define ANSWER_USEC (3 * USEC_PER_SEC)
/* Longer than any run takes from here to its end, preparing included; and an end, should nobody be
 * left to give it back. */
#define HOLD_TIME "2h"
#define KSM_LOCKED "/sys/kernel/mm/ksm/run"
enum { VMS_MOST = 64 };

struct lab_hands {
	char *directory, *truce, *truced;
	char host_socket[CONTROL_PATH_SIZE]; /* of the host's own truced, if there is one; "" */
	int cancel_fd;
	int host_fd; /* a lock on the host's KSM, until our end; -1: not turned */
	struct child daemon;
	pid_t vms[VMS_MOST];
	size_t vm_count;
};

/* -- where programs and files are ----------------------------------------------------------------- */

/* Beside this program, as built or as installed; else in PATH. */
static int find(const char *name, const char *built_at, const char *installed_at, char **ret,
		struct error *err)
{
	if (host_helper(name, built_at, ret, NULL) == 0 ||
	    host_helper(name, installed_at, ret, NULL) == 0)
		return 0;
	return host_program(name, ret, err);
}

static int make_path(const struct lab_hands *hands, const char *name, char **ret, struct error *err)
{
	if (asprintf(ret, "%s%s", hands->directory, name) >= 0)
		return 0;
	*ret = NULL;
	return error_set(err, -ENOMEM, "no memory");
}

static int make_directory(const struct lab_hands *hands, const char *name, const char *variable,
			  struct error *err)
{
	CLEANUP_FREE char *path = NULL;
	int r = make_path(hands, name, &path, err);

	if (r < 0)
		return r;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return error_errno(err, -errno, "%s", path);
	if (variable != NULL && setenv(variable, path, 1) < 0)
		return error_errno(err, -errno, "%s", path);
	return 0;
}

static int make_directories(const struct lab_hands *hands, struct error *err)
{
	int r = make_directory(hands, "", NULL, err);

	if (r == 0)
		r = make_directory(hands, "/run", "TRUCE_RUN_DIR", err);
	if (r == 0)
		r = make_directory(hands, "/state", "TRUCE_STATE_DIR", err);
	if (r == 0)
		r = make_directory(hands, "/conf", "TRUCE_CONF_DIR", err);
	return r == 0 ? make_directory(hands, "/policies", NULL, err) : r;
}

static int write_file(const struct lab_hands *hands, const char *name, const struct str *text,
		      struct error *err)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_CLOSE int fd = -1;
	int r = make_path(hands, name, &path, err);

	if (r < 0 || text->failed)
		return r < 0 ? r : error_set(err, -ENOMEM, "no memory");
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : io_write_all(fd, text->data != NULL ? text->data : "", text->length);
	return r < 0 ? error_errno(err, r, "%s", path) : 0;
}

static void forget_file(const struct lab_hands *hands, const char *name)
{
	CLEANUP_FREE char *path = NULL;

	if (make_path(hands, name, &path, NULL) == 0)
		unlink(path);
}

/* -- truce, as a person would call it --------------------------------------------------------------- */

static int call(const struct lab_hands *hands, struct str *output, struct error *err,
		const char *const *words)
{
	const char *arguments[8] = { hands->truce };
	size_t i;

	for (i = 0; words[i] != NULL; i++)
		arguments[i + 1] = words[i];
	return tool_run(arguments, NULL, hands->cancel_fd, output, err);
}

#define CALL(hands, err, ...) call(hands, NULL, err, (const char *const[]){ __VA_ARGS__, NULL })

/* -- the host's own truced ----------------------------------------------------------------------------- */

static const char *policy_of(const json_t *entry)
{
	const char *policy = json_string_value(json_object_get(entry, "policy"));

	return policy != NULL ? policy : "set"; /* a hold has none: it is a person's */
}

static int refuse_turned(const json_t *entry, const char *setting, struct error *err)
{
	const char *policy = policy_of(entry);

	if (strcmp(policy, "set") == 0)
		return error_set(err, -EBUSY, "this host's truced holds %.40s for a person, and the experiment "
				 "turns it: let go of it first (truce set --release host %.40s)", setting,
				 setting);
	return error_set(err, -EBUSY, "this host's truced turns %.40s by the policy %.60s, and so does the "
			 "experiment: unload that first (truce policy unload %.60s)", setting, policy, policy);
}

/* The first of the list that is KSM's: all its knobs belong together. */
static int check_list(const json_t *list, struct error *err)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);
		const char *setting = json_string_value(json_object_get(entry, "setting"));

		if (setting != NULL && strncmp(setting, "ksm.", 4) == 0)
			return refuse_turned(entry, setting, err);
	}
	return 0;
}

/* Two that turn one knob would set it again and again, each its way. */
static int check_host_truced(const struct lab_hands *hands, struct error *err)
{
	json_t *request, *answer = NULL, *host;
	int r;

	if (hands->host_socket[0] == '\0' || !control_is_there(hands->host_socket))
		return 0;
	request = json_pack("{s:s, s:s}", "do", "vms", "vm", "host");
	if (request == NULL)
		return error_set(err, -ENOMEM, "no memory");
	r = control_call(hands->host_socket, request, ANSWER_USEC, &answer, err);
	json_decref(request);
	if (r < 0)
		return error_prefix(err, "this host's truced does not say whether it turns KSM");
	host = json_array_get(json_object_get(answer, "vms"), 0);
	r = check_list(json_object_get(host, "holds"), err);
	if (r == 0)
		r = check_list(json_object_get(host, "settings"), err);
	json_decref(answer);
	return r;
}

/* Experiments with places of their own know nothing of each other, and each would give back what the
 * other one had set. The knob itself is locked, so that no file is needed that all of them know. */
static int lock_host(struct lab_hands *hands, struct error *err)
{
	CLEANUP_CLOSE int fd = -1;

	if (hands->host_fd >= 0)
		return 0;
	fd = open(KSM_LOCKED, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, -errno, KSM_LOCKED);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return error_set(err, -EBUSY, "another experiment turns this host's KSM: wait for it");
	hands->host_fd = fd;
	fd = -1;
	return 0;
}

int lab_hands_set_host(struct lab_hands *hands, const char *setting, unsigned long long value,
		       struct error *err)
{
	char assignment[80];
	int r = check_host_truced(hands, err);

	if (r == 0)
		r = lock_host(hands, err);
	if (r < 0)
		return r;
	snprintf(assignment, sizeof assignment, "%s=%llu", setting, value);
	return CALL(hands, err, "set", "host", assignment, "--keep");
}

int lab_hands_set(struct lab_hands *hands, pid_t vm, const char *setting, const char *value,
		  struct error *err)
{
	char who[16], assignment[300];

	snprintf(who, sizeof who, "%d", (int)vm);
	snprintf(assignment, sizeof assignment, "%s=%s", setting, value);
	return CALL(hands, err, "set", who, assignment, "--for", HOLD_TIME);
}

/* -- truced ------------------------------------------------------------------------------------------ */

static int write_configuration(const struct lab_hands *hands, uint64_t uplink, struct error *err)
{
	struct str text;
	size_t i;
	int r;

	str_init(&text);
	str_appendf(&text, "[truced]\nmode = enforce\npolicies = %s/policies\n[vm *]\nmanaged = no\n",
		    hands->directory);
	for (i = 0; i < hands->vm_count; i++)
		str_appendf(&text, "[vm %d-*]\nmanaged = yes\n", (int)hands->vms[i]);
	if (uplink != 0)
		str_appendf(&text, "[limits]\nuplink = %llu B/s\n", (unsigned long long)uplink);
	r = write_file(hands, "/conf/truce.conf", &text, err);
	str_done(&text);
	return r;
}

static int copy_policy(const struct lab_hands *hands, const char *policy, struct error *err)
{
	CLEANUP_FCLOSE FILE *from = fopen(policy, "rbe");
	const char *end = strrchr(policy, '.');
	char block[4096], name[64];
	struct str bytes;
	size_t size;
	int r;

	if (from == NULL)
		return error_errno(err, -errno, "%s", policy);
	str_init(&bytes);
	while ((size = fread(block, 1, sizeof block, from)) > 0)
		str_append_bytes(&bytes, block, size);
	snprintf(name, sizeof name, "/policies/experiment%.8s", end != NULL ? end : ".lua");
	r = ferror(from) ? error_errno(err, -EIO, "%s", policy) : write_file(hands, name, &bytes, err);
	str_done(&bytes);
	return r;
}

int lab_hands_ask(struct lab_hands *hands, const char *what, json_t **ret, struct error *err)
{
	struct pollfd ended = { hands->daemon.pidfd, POLLIN, 0 };
	json_t *request;
	int r;

	if (hands->daemon.pid == 0 || poll(&ended, 1, 0) > 0)
		return error_set(err, -ECONNREFUSED, "the experiment's truced has ended");
	request = json_pack("{s:s}", "do", what);
	if (request == NULL)
		return error_set(err, -ENOMEM, "no memory");
	r = control_call(NULL, request, ANSWER_USEC, ret, err);
	json_decref(request);
	return r;
}

int lab_hands_read_ledger(const struct lab_hands *hands, struct str *out, struct error *err)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FCLOSE FILE *file = NULL;
	char block[4096];
	size_t size;
	int r = make_path(hands, "/state/" LEDGER_FILE, &path, err);

	if (r < 0)
		return r;
	file = fopen(path, "rbe");
	if (file == NULL)
		return error_errno(err, -errno, "%s", path);
	while ((size = fread(block, 1, sizeof block, file)) > 0)
		str_append_bytes(out, block, size);
	if (ferror(file) || out->failed)
		return error_errno(err, out->failed ? -ENOMEM : -EIO, "%s", path);
	return 0;
}

/* With rules it has had its first turn: what it wants from the beginning on is asked for. */
static bool is_at_work(const json_t *policy)
{
	return json_array_size(json_object_get(policy, "rules")) == 0 ||
	       json_integer_value(json_object_get(policy, "turns")) > 0;
}

/* It answers, and with a policy it has loaded it, whatever the policy calls itself. */
static int ask_ready(struct lab_hands *hands, bool policy, struct error *err)
{
	json_t *answer, *policies;
	int r = lab_hands_ask(hands, "policy.list", &answer, err);

	if (r < 0)
		return r;
	policies = json_object_get(answer, "policies");
	if (policy && json_array_size(policies) == 0)
		r = error_set(err, -EAGAIN, "it does not load the policy");
	else if (policy && !is_at_work(json_array_get(policies, 0)))
		r = error_set(err, -EAGAIN, "the policy has no turn");
	json_decref(answer);
	return r;
}

static int wait_until_ready(struct lab_hands *hands, bool policy, struct error *err)
{
	uint64_t until = clock_monotonic_nsec() + READY_NSEC;
	struct pollfd wait = { hands->daemon.pidfd, POLLIN, 0 };
	struct error last = { 0 };
	int r;

	do {
		r = ask_ready(hands, policy, &last);
		if (r == 0 || r == -ECANCELED)
			break;
		if (poll(&wait, 1, 50) > 0)
			return error_set(err, -EIO, "the experiment's truced ended at once");
	} while (clock_monotonic_nsec() < until);
	return r < 0 ? error_set(err, r, "the experiment's truced: %s", last.text) : 0;
}

/* No chance would make another try end otherwise. */
int lab_hands_check(struct lab_hands *hands, const char *policy, struct error *err)
{
	struct str told;
	int r;

	str_init(&told);
	r = call(hands, &told, err, (const char *const[]){ "policy", "check", policy, NULL });
	/* What it finds in the file is its output: the first of it says enough. */
	if (r == -EIO && told.length > 0 && !told.failed)
		r = error_set(err, -EINVAL, "%.*s", (int)strcspn(told.data, "\n"), told.data);
	str_done(&told);
	return r == -EIO ? -EINVAL : r;
}

int lab_hands_start(struct lab_hands *hands, const char *policy, const pid_t *vms, size_t count,
		    const struct lab_hands_net *net, struct error *err)
{
	const char *arguments[] = { hands->truced, NULL };
	struct child_plan plan = { .arguments = arguments, .output_fd = -1, .error_fd = -1,
				   .network_fd = net->network_fd, .network_view = net->network_fd > 0 };
	int r;

	hands->vm_count = count < VMS_MOST ? count : VMS_MOST;
	memcpy(hands->vms, vms, hands->vm_count * sizeof *vms);
	forget_file(hands, "/policies/experiment.lua");
	forget_file(hands, "/policies/experiment.so");
	/* So that it tells of this run alone. */
	forget_file(hands, "/state/" LEDGER_FILE);
	r = write_configuration(hands, net->bytes_per_sec, err);
	if (r == 0 && policy != NULL)
		r = lab_hands_check(hands, policy, err);
	if (r == 0 && policy != NULL)
		r = copy_policy(hands, policy, err);
	if (r == 0)
		r = child_start(&hands->daemon, &plan, err);
	return r == 0 ? wait_until_ready(hands, policy != NULL, err) : r;
}

static int undo_vms(struct lab_hands *hands, struct error *err)
{
	char who[16];
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < hands->vm_count; i++) {
		snprintf(who, sizeof who, "%d", (int)hands->vms[i]);
		r = CALL(hands, err, "undo", who);
	}
	return r;
}

int lab_hands_stop(struct lab_hands *hands, struct error *err)
{
	struct pollfd wait = { hands->daemon.pidfd, POLLIN, 0 };
	int r;

	if (hands->daemon.pid == 0)
		return 0;
	r = undo_vms(hands, err);
	kill(hands->daemon.pid, SIGTERM);
	poll(&wait, 1, END_MSEC);
	child_done(&hands->daemon);
	hands->vm_count = 0;
	/* undo has paused them, and the next run wants them adjusted. */
	forget_file(hands, "/state/hand.json");
	return r;
}

/* -- the whole ----------------------------------------------------------------------------------------- */

int lab_hands_give_back(struct lab_hands *hands, struct error *err)
{
	int r = lab_hands_stop(hands, err), cancel_fd = hands->cancel_fd, undone;

	/* Also when somebody has stopped the experiment: that is when it matters. */
	hands->cancel_fd = -1;
	undone = CALL(hands, r == 0 ? err : NULL, "undo", "all");
	hands->cancel_fd = cancel_fd;
	forget_file(hands, "/state/hand.json");
	return r == 0 ? undone : r;
}

int lab_hands_new(const char *directory, int cancel_fd, struct lab_hands **ret, struct error *err)
{
	struct lab_hands *hands = calloc(1, sizeof *hands);
	int r;

	if (hands == NULL || (hands->directory = strdup(directory)) == NULL) {
		free(hands);
		return error_set(err, -ENOMEM, "no memory");
	}
	child_init(&hands->daemon);
	hands->host_fd = -1;
	/* Before this process's own is another one. */
	if (control_socket_path(hands->host_socket, NULL) < 0)
		hands->host_socket[0] = '\0';
	r = make_directories(hands, err);
	if (r == 0)
		r = find("truce", "cmd/truce", "../bin/truce", &hands->truce, err);
	if (r == 0)
		r = find("truced", "daemon/truced", "../sbin/truced", &hands->truced, err);
	if (r == 0)
		r = lab_hands_give_back(hands, err);
	if (r < 0) {
		lab_hands_free(hands);
		return r;
	}
	hands->cancel_fd = cancel_fd;
	*ret = hands;
	return 0;
}

int lab_hands_recover(const char *directory, struct error *err)
{
	CLEANUP_FREE char *journal = NULL;
	struct lab_hands *hands = NULL;
	int r = 0;

	if (asprintf(&journal, "%s/run/journal", directory) < 0) {
		journal = NULL;
		return error_set(err, -ENOMEM, "no memory");
	}
	if (access(journal, F_OK) == 0)
		r = lab_hands_new(directory, -1, &hands, err);
	if (r < 0)
		error_prefix(err, "what an experiment that was killed has turned is not given back");
	lab_hands_free(hands);
	return r;
}

void lab_hands_free(struct lab_hands *hands)
{
	if (hands == NULL)
		return;
	if (hands->daemon.pid != 0)
		child_done(&hands->daemon);
	cleanup_close(&hands->host_fd);
	free(hands->directory);
	free(hands->truce);
	free(hands->truced);
	free(hands);
}
