/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truced: keeps the peace between VMs by policies. */
#include "base/error.h"
#include "base/cleanup.h"
#include "base/version.h"
#include "control/control.h"
#include "daemon/daemon.h"
#include "daemon/loop.h"
#include "daemon/sandbox.h"
#include "sys/root.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

/* Whoever guards a host that is drowning must not drown with it (cmd/source_host.c measured). */
#define OWN_NICE (-10)

static const char usage[] =
	"usage: truced [OPTION...]\n"
	"\n"
	"  --check    check the configuration, and end\n"
	"  --restore  give back everything that a truced which ended has left set, and end\n"
	"  --version  tell the version\n"
	"  --help     tell this\n"
	"\n"
	"Without an option truced runs until SIGTERM, and leaves what is set as it is.\n"
	"truced(8) and truce.conf(5) tell more.\n";

static int fail(const struct error *err)
{
	log_line(LOG_ERR, "%s", err->text);
	return 1;
}

static int check(void)
{
	struct config config;
	struct error err = { 0 };

	if (config_load(control_conf_directory(), &config, &err) < 0)
		return fail(&err);
	printf("%s is good: mode %s\n", control_conf_directory(), mode_name(config.mode));
	config_done(&config);
	return 0;
}

static void tell_left(const struct lease *lease, const char *sentence)
{
	log_line(LOG_NOTICE, "%s%s%.60s", sentence, lease->note != NULL ? ": " : "",
		 lease->note != NULL ? lease->note : "");
}

/* What a truced that is there has set is its own business: the lock tells. */
static int restore_leases(struct root *root, struct error *err)
{
	struct leases_options options = { .kinds = act_lease_kinds, .context = root,
					  .left = tell_left };
	struct leases *leases;
	char told[400] = "";
	size_t count, failed;
	int r = leases_open(root, &options, &leases, told, sizeof told, err);

	if (told[0] != '\0')
		log_line(LOG_NOTICE, "%s", told);
	if (r == -EBUSY) {
		log_line(LOG_NOTICE, "nothing is given back: %s", err->text);
		return 0;
	}
	if (r < 0)
		return fail(err);
	count = leases_count(leases);
	failed = leases_undo_all(leases, err);
	leases_close(leases);
	if (failed > 0) {
		log_line(LOG_ERR, "%zu of %zu changes could not be given back: %s", failed, count, err->text);
		return 1;
	}
	log_line(LOG_NOTICE, "%zu changes were given back", count);
	return 0;
}

static int restore(void)
{
	struct root *root = root_live_new();
	struct error err = { 0 };
	int status;

	if (root == NULL) {
		error_errno(&err, -ENOMEM, "cannot give back");
		return fail(&err);
	}
	status = restore_leases(root, &err);
	root_free(root);
	return status;
}

/* Where threads are ranked by session (autogroup), nice counts within the session alone. Only a
 * session that is our own is ours to rank. */
static void rank_own_session(void)
{
	CLEANUP_CLOSE int fd = getsid(0) == getpid() ? open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC) :
						       -1;
	char text[16];
	int length = snprintf(text, sizeof text, "%d", OWN_NICE);

	if (fd >= 0 && write(fd, text, (size_t)length) < 0)
		return; /* best effort, as nice itself */
}

/* Before the first thread: all of them are to leave signals to the loop. */
static void prepare_process(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	setpriority(PRIO_PROCESS, 0, OWN_NICE); /* best effort */
	rank_own_session();
	/* One arena: the workers' few allocations do not deserve a heap of their own. */
	mallopt(M_ARENA_MAX, 1);
}

static int run(void)
{
	struct daemon *daemon;
	struct error err = { 0 };
	int r;

	prepare_process();
	if (geteuid() != 0) {
		error_set(&err, -EPERM, "truced turns knobs of the host and must be started by root");
		return fail(&err);
	}
	if (sandbox_enter(&err) < 0)
		return fail(&err);
	r = daemon_new(&daemon, &err);
	if (r < 0)
		return fail(&err);
	r = daemon_run(daemon, &err);
	daemon_free(daemon);
	return r < 0 ? fail(&err) : 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "check", no_argument, NULL, 'c' },   { "restore", no_argument, NULL, 'r' },
		{ "version", no_argument, NULL, 'v' }, { "help", no_argument, NULL, 'h' }, { 0 },
	};
	int option = getopt_long(argc, argv, "h", options, NULL);

	setlocale(LC_CTYPE, "C.UTF-8");
	notify_begin();
	if (option == '?' || optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	switch (option) {
	case 'c':
		return check();
	case 'r':
		return restore();
	case 'v':
		printf("truced %s\n", version_text);
		return 0;
	case 'h':
		fputs(usage, stdout);
		return 0;
	default:
		return run();
	}
}
