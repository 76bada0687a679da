/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * truce-agent: runs a laboratory's workloads in a guest, or beside one, and tells its host what
 * they did. Where it is the first process of a machine it is its init as well.
 */
#include "agent/boot.h"
#include "agent/channel.h"
#include "agent/session.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

/* systemd's signal for poweroff.target. */
#define SIGNAL_POWER_OFF (SIGRTMIN + 4)
#define RETRY_FIRST_NSEC (5 * NSEC_PER_MSEC)
#define RETRY_MOST_NSEC NSEC_PER_SEC
/* So that its reports leave on time beside workloads that take all there is. */
#define AGENT_NICE (-10)

struct agent {
	struct session session;
	struct channel channel;
	int signal_fd;
	bool first_process, ends, waiting_told;
	uint64_t retry_at_nsec, retry_nsec;
};

static const char usage[] =
	"usage: truce-agent [--channel CHANNEL] [--may-power-off]\n"
	"\n"
	"Runs the workloads of a laboratory in this machine for its host.\n"
	"\n"
	"  -c, --channel CHANNEL  the way to the host (port:truce.agent):\n"
	"                         port:NAME, vsock:listen[:PORT], vsock:connect[:PORT],\n"
	"                         tcp:listen:ADDRESS[:PORT], tcp:connect:ADDRESS[:PORT],\n"
	"                         tty:PATH, fd:NUMBER\n"
	"      --may-power-off    the host may switch this machine off\n"
	"  -h, --help             this text\n"
	"  -V, --version          the version\n"
	"\n"
	"Whoever has the other end of the channel may run programs here as this user.\n";

/* What it forks has the usual priority again. */
static void priority_take(void)
{
	const struct sched_param none = { 0 };

	if (sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none) == 0)
		setpriority(PRIO_PROCESS, 0, AGENT_NICE);
	/* Its few pages stay, whatever a workload does to memory. */
	mlockall(MCL_CURRENT);
}

static int signals_open(struct agent *agent, struct error *err)
{
	sigset_t taken;

	sigemptyset(&taken);
	sigaddset(&taken, SIGCHLD);
	sigaddset(&taken, SIGTERM);
	sigaddset(&taken, SIGINT);
	sigprocmask(SIG_BLOCK, &taken, NULL);
	signal(SIGPIPE, SIG_IGN);
	agent->signal_fd = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
	return agent->signal_fd < 0 ? error_errno(err, -errno, "signals") : 0;
}

static void signals_take(struct agent *agent)
{
	struct signalfd_siginfo signals;

	while (read(agent->signal_fd, &signals, sizeof signals) == sizeof signals)
		/* Nobody ends a machine's first process. */
		if (signals.ssi_signo != SIGCHLD && !agent->first_process)
			agent->ends = true;
}

/* --- the channel --- */

static void retry_later(struct agent *agent, uint64_t now)
{
	agent->retry_at_nsec = now + agent->retry_nsec;
	agent->retry_nsec = agent->retry_nsec < RETRY_MOST_NSEC / 2 ? agent->retry_nsec * 2 :
								      RETRY_MOST_NSEC;
}

/* -ENOLINK when there is nothing more to come; an error that time does not mend. */
static int channel_try(struct agent *agent, struct error *err)
{
	int fd, code = channel_open(&agent->channel, &fd, err);

	if (code == 0) {
		agent->waiting_told = false;
		session_attach(&agent->session, fd);
		return 0;
	}
	if (code != -EAGAIN && !agent->first_process)
		return code;
	if (!agent->waiting_told)
		fprintf(stderr, "truce-agent: waiting: %s\n", err->text);
	agent->waiting_told = true;
	retry_later(agent, clock_monotonic_nsec());
	return 0;
}

static void channel_lost(struct agent *agent)
{
	if (agent->session.greeted)
		agent->retry_nsec = RETRY_FIRST_NSEC;
	session_detach(&agent->session);
	retry_later(agent, clock_monotonic_nsec());
}

/* --- the loop --- */

static void wait_for(struct pollfd *watches, size_t count, uint64_t until_nsec)
{
	uint64_t now = clock_monotonic_nsec();
	uint64_t left = until_nsec > now ? until_nsec - now : 0;
	struct timespec limit = { .tv_sec = (time_t)(left / NSEC_PER_SEC),
				  .tv_nsec = (long)(left % NSEC_PER_SEC) };

	if (ppoll(watches, count, until_nsec == UINT64_MAX ? NULL : &limit, NULL) < 0)
		for (; count > 0; count--)
			watches[count - 1].revents = 0;
}

static void attached_turn(struct agent *agent)
{
	struct pollfd watches[1 + SESSION_WATCHES] = { { agent->signal_fd, POLLIN, 0 } };

	session_watch(&agent->session, watches + 1);
	wait_for(watches, ARRAY_SIZE(watches), session_deadline(&agent->session));
	if (watches[0].revents != 0)
		signals_take(agent);
	if (session_turn(&agent->session, watches + 1) < 0)
		channel_lost(agent);
}

static int unattached_turn(struct agent *agent, struct error *err)
{
	struct pollfd watches[2] = { { agent->signal_fd, POLLIN, 0 },
				     { channel_watch(&agent->channel), POLLIN, 0 } };
	uint64_t until = watches[1].fd >= 0 ? UINT64_MAX : agent->retry_at_nsec;

	wait_for(watches, 2, until);
	if (watches[0].revents != 0)
		signals_take(agent);
	if (watches[1].revents != 0 || clock_monotonic_nsec() >= agent->retry_at_nsec)
		return channel_try(agent, err);
	return 0;
}

static int agent_loop(struct agent *agent, struct error *err)
{
	int code = 0;

	while (code == 0 && !agent->ends && !agent->session.power_off) {
		if (agent->session.fd >= 0)
			attached_turn(agent);
		else
			code = unattached_turn(agent, err);
		if (agent->first_process)
			boot_reap(&agent->session);
	}
	return code == -ENOLINK ? 0 : code;
}

/* A machine that has its own init is asked through that. */
static void machine_power_off(const struct agent *agent)
{
	struct stat about;

	if (agent->first_process)
		boot_power_off();
	if (stat("/run/systemd/system", &about) == 0) {
		kill(1, SIGNAL_POWER_OFF);
		return;
	}
	sync();
	reboot(RB_POWER_OFF);
}

static int agent_run(struct agent *agent, struct error *err)
{
	int code;

	agent->retry_nsec = RETRY_FIRST_NSEC;
	priority_take();
	code = agent_loop(agent, err);
	session_detach(&agent->session);
	if (agent->session.power_off)
		machine_power_off(agent);
	return code;
}

/* --- how it is started --- */

static int boot(struct agent *agent, struct error *err)
{
	char word[128];
	int code;

	boot_machine(&agent->session, word, sizeof word);
	code = channel_parse(word[0] != '\0' ? word : "port", &agent->channel, err);
	if (code < 0) {
		session_trouble(&agent->session, err->text);
		code = channel_parse("port", &agent->channel, err);
	}
	return code;
}

/* 0: go on. Else the program ends, with *ret_status. */
static bool options_take(int argc, char **argv, struct session_options *options,
			 const char **channel, int *ret_status)
{
	enum { MAY_POWER_OFF = 256 };
	static const struct option known[] = {
		{ "channel", required_argument, NULL, 'c' },
		{ "may-power-off", no_argument, NULL, MAY_POWER_OFF },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:hV", known, NULL)) != -1) {
		switch (option) {
		case 'c':
			*channel = optarg;
			break;
		case MAY_POWER_OFF:
			options->may_power_off = true;
			break;
		case 'h':
		case 'V':
			*ret_status = fputs(option == 'h' ? usage : "truce-agent " TRUCE_VERSION "\n",
					    stdout) < 0;
			return false;
		default:
			*ret_status = 2;
			return false;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "truce-agent: %s is not expected; --help tells how\n", argv[optind]);
		*ret_status = 2;
	}
	return optind == argc;
}

static int agent_begin(struct agent *agent, const struct session_options *options,
		       const char *word, struct error *err)
{
	int code = session_init(&agent->session, options, err);

	if (code == 0 && options->first_process)
		boot_mounts(&agent->session);
	if (code == 0)
		code = signals_open(agent, err);
	if (code < 0)
		return code;
	return options->first_process ? boot(agent, err) : channel_parse(word, &agent->channel, err);
}

int main(int argc, char **argv)
{
	static struct agent agent = { .channel = { .fd = -1 }, .session = { .fd = -1 } };
	struct session_options options = { .first_process = getpid() == 1 };
	const char *word = "port";
	struct error err = { 0 };
	int status, code;

	/* The words that a kernel leaves to its init are no options of ours. */
	if (!options.first_process && !options_take(argc, argv, &options, &word, &status))
		return status;
	agent.first_process = options.first_process;
	options.may_power_off |= options.first_process;
	code = agent_begin(&agent, &options, word, &err);
	status = code == -EINVAL ? 2 : 1;
	if (code == 0)
		code = agent_run(&agent, &err);
	channel_done(&agent.channel);
	session_done(&agent.session);
	if (code < 0)
		fprintf(stderr, "truce-agent: %s\n", err.text);
	return code < 0 ? status : 0;
}
