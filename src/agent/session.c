/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/session.h"

#include "agent/machine.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/error.h"
#include "work/work.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define OUTBOX_SIZE (4 * AGENT_FRAME_MAX)
/* A host that takes no more than this is not sent reports; that much is left for answers. */
#define OUTBOX_REPORTS_BELOW (2 * AGENT_FRAME_MAX)
/* As long as the longest answers to all that one read can bring would not fit, nothing is read. */
#define OUTBOX_READS_BELOW (3 * AGENT_FRAME_MAX)
#define HELLO_EVERY_NSEC NSEC_PER_SEC
/* The rest of a frame comes at once, or from a host that died in the middle of it. */
#define FRAME_NSEC (2 * NSEC_PER_SEC)
#define TROUBLES_MAX 4096

int session_init(struct session *session, const struct session_options *options,
		 struct error *err)
{
	memset(session, 0, sizeof *session);
	session->options = *options;
	session->fd = -1;
	/* Another one each time that an agent starts, on this machine and on any other. */
	session->id = clock_realtime_usec() << 16 ^ clock_monotonic_nsec() ^ (uint64_t)getpid();
	str_init(&session->troubles);
	freezer_init(&session->freezer);
	counters_init(&session->counters);
	if (!outbox_init(&session->outbox, OUTBOX_SIZE))
		return error_set(err, -ENOMEM, "no memory for a session");
	return 0;
}

void session_done(struct session *session)
{
	session_detach(session);
	counters_done(&session->counters);
	outbox_done(&session->outbox);
	str_done(&session->troubles);
}

/* --- what is said --- */

static bool say(struct session *session, const struct agent_message *message)
{
	size_t space;
	unsigned char *to = outbox_space(&session->outbox, &space);
	int size = agent_message_encode(message, to, space);

	if (size > 0)
		outbox_filled(&session->outbox, (size_t)size);
	return size > 0;
}

static void say_moment(struct session *session, enum agent_kind kind, uint64_t nsec)
{
	struct agent_message message = { .kind = kind, .moment = { nsec } };

	say(session, &message);
}

static void say_failure_text(struct session *session, uint16_t job, const char *text, size_t size)
{
	struct agent_message message = { .kind = AGENT_FAILURE, .job = job };
	char plain[sizeof((struct error *)0)->text];
	size_t i;

	for (i = 0; i < sizeof plain && i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		plain[i] = c < 0x20 || c == 0x7f ? ' ' : text[i];
	}
	message.failure.sentence = (struct agent_text){ plain, i };
	say(session, &message);
}

static void say_failure(struct session *session, uint16_t job, const char *sentence)
{
	say_failure_text(session, job, sentence, strlen(sentence));
}

void session_trouble(struct session *session, const char *sentence)
{
	if (session->greeted)
		say_failure(session, 0, sentence);
	else if (session->troubles.length + strlen(sentence) < TROUBLES_MAX)
		str_appendf(&session->troubles, "%s\n", sentence);
}

static void troubles_say(struct session *session)
{
	struct cursor at = cursor_over(session->troubles.data, session->troubles.length), line;

	while (cursor_take_line(&at, &line))
		say_failure_text(session, 0, line.at, cursor_left(&line));
	str_clear(&session->troubles);
}

static void say_hello(struct session *session, uint64_t now)
{
	struct agent_message message = { .kind = AGENT_HELLO };
	struct machine machine;

	machine_read(&machine);
	message.hello = (struct agent_hello){
		.version = AGENT_WIRE_VERSION,
		.session = session->id,
		.cpus = machine.cpus,
		.memory_bytes = machine.memory_bytes,
		.nsec = now,
		.realtime_nsec = clock_realtime_usec() * NSEC_PER_USEC,
		.first_process = session->options.first_process,
		.kernel = { machine.kernel, strlen(machine.kernel) },
		.agent = { TRUCE_VERSION, strlen(TRUCE_VERSION) },
	};
	memcpy(message.hello.boot_id, machine.boot_id, sizeof message.hello.boot_id);
	if (say(session, &message))
		session->hello_owed = false;
	session->said_hello_nsec = now;
}

/* --- the host comes and goes --- */

static void host_forget(struct session *session)
{
	unsigned i;

	for (i = 1; i <= AGENT_JOB_MAX; i++)
		job_done(&session->jobs[i]);
	freezer_end(&session->freezer);
	session->greeted = false;
	session->host = 0;
}

void session_attach(struct session *session, int fd)
{
	session->fd = fd;
	session->frame_since_nsec = 0;
	session->hello_owed = true;
	outbox_clear(&session->outbox);
	agent_reader_init(&session->reader, AGENT_HOST);
}

void session_detach(struct session *session)
{
	host_forget(session);
	if (session->fd >= 0)
		close(session->fd);
	session->fd = -1;
}

/* A host that greets again, because it had not heard us yet, is still the same. */
static void host_take(struct session *session, uint64_t host)
{
	if (session->greeted && session->host == host)
		return;
	host_forget(session);
	session->greeted = true;
	session->host = host;
	session->hello_owed = true;
}

/* --- what the host asks --- */

static void prepare(struct session *session, const struct agent_message *message)
{
	struct job *job = &session->jobs[message->job];
	struct error err = { 0 };
	bool taken = job->work != NULL;

	if (job_prepare(job, message, &err) < 0)
		/* The job that has the number already is not what failed. */
		say_failure(session, taken ? 0 : message->job, err.text);
}

static void start(struct session *session, const struct agent_message *message, uint64_t now)
{
	struct error err = { 0 };

	if (job_start(&session->jobs[message->job], message->start.nsec, now, &err) == 0)
		return;
	job_done(&session->jobs[message->job]);
	say_failure(session, message->job, err.text);
}

static void freeze(struct session *session, const struct agent_message *message, uint64_t now)
{
	char path[AGENT_TEXT_MAX + 1];
	struct error err = { 0 };

	memcpy(path, message->freeze.path.bytes, message->freeze.path.size);
	path[message->freeze.path.size] = '\0';
	if (freezer_begin(&session->freezer, path,
			  now + message->freeze.limit_msec * NSEC_PER_MSEC, &err) < 0)
		say_failure(session, 0, err.text);
}

static void thaw(struct session *session)
{
	if (freezer_end(&session->freezer))
		say_moment(session, AGENT_THAWED, clock_monotonic_nsec());
}

static void power_off(struct session *session)
{
	if (session->options.may_power_off)
		session->power_off = true;
	else
		say_failure(session, 0, "this agent was not started as one that may power off");
}

static void count(struct session *session)
{
	counters_read(&session->counters, &session->message);
	say(session, &session->message);
}

static void pong(struct session *session, uint64_t cookie)
{
	struct agent_message message = { .kind = AGENT_PONG };

	message.pong.cookie = cookie;
	message.pong.nsec = clock_monotonic_nsec();
	say(session, &message);
}

static void host_heard(struct session *session, uint64_t now)
{
	const struct agent_message *message = &session->message;

	switch (message->kind) {
	case AGENT_HOST_HELLO:
		host_take(session, message->host_hello.session);
		break;
	case AGENT_PING:
		pong(session, message->ping.cookie);
		break;
	case AGENT_PREPARE:
		prepare(session, message);
		break;
	case AGENT_START:
		start(session, message, now);
		break;
	case AGENT_STOP:
		job_stop(&session->jobs[message->job]);
		break;
	case AGENT_COUNT:
		count(session);
		break;
	case AGENT_FREEZE:
		freeze(session, message, now);
		break;
	case AGENT_THAW:
		thaw(session);
		break;
	default:
		power_off(session);
	}
}

/* --- the turn --- */

static bool hears(const struct session *session)
{
	return outbox_waiting(&session->outbox) < OUTBOX_READS_BELOW;
}

static int bytes_read(struct session *session)
{
	size_t space;
	unsigned char *to = agent_reader_space(&session->reader, &space);
	ssize_t size = read(session->fd, to, space);

	if (size > 0)
		agent_reader_filled(&session->reader, (size_t)size);
	if (size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR)))
		return 0;
	return -EPIPE;
}

/* What no host sends: the next thing that can be understood is a greeting. */
static void host_lose(struct session *session)
{
	host_forget(session);
	session->hello_owed = true;
	agent_reader_resync(&session->reader);
}

static void frames_take(struct session *session, uint64_t now)
{
	int found = 1;

	while (hears(session) && !session->power_off && found != 0) {
		found = agent_reader_next(&session->reader, &session->message);
		if (found > 0)
			host_heard(session, now);
		else if (found < 0)
			host_lose(session);
		if (session->hello_owed)
			say_hello(session, now);
		if (session->greeted && session->troubles.length > 0)
			troubles_say(session);
	}
	session->unread = found != 0;
}

/* A frame that was cut off by its host's death would swallow the next host's greeting. */
static void frame_watch(struct session *session, uint64_t now)
{
	if (!agent_reader_in_frame(&session->reader) || !hears(session)) {
		session->frame_since_nsec = 0;
	} else if (session->frame_since_nsec == 0) {
		session->frame_since_nsec = now;
	} else if (now - session->frame_since_nsec >= FRAME_NSEC) {
		session->frame_since_nsec = 0;
		host_lose(session);
	}
}

static void jobs_say(struct session *session, const struct pollfd *watches, uint64_t now)
{
	unsigned i;

	for (i = 1; i <= AGENT_JOB_MAX; i++) {
		struct job *job = &session->jobs[i];
		bool reports = outbox_waiting(&session->outbox) < OUTBOX_REPORTS_BELOW;

		if (job->work == NULL || !hears(session) ||
		    (watches[i].revents == 0 && now < job_deadline(job)))
			continue;
		job_look(job, watches[i].revents != 0);
		while (hears(session) && job_next(job, now, reports, &session->message))
			say(session, &session->message);
		/* What it has still to say is said when there is room. */
		if (!hears(session))
			job->next_report_nsec = now;
	}
}

static void freezer_say(struct session *session, uint64_t now)
{
	struct error err = { 0 };
	int code = freezer_poll(&session->freezer, &err);

	if (code > 0)
		say_moment(session, AGENT_FROZEN, clock_monotonic_nsec());
	else if (code < 0)
		say_failure(session, 0, err.text);
	if (session->freezer.fd >= 0 && now >= session->freezer.until_nsec)
		thaw(session);
}

int session_turn(struct session *session, const struct pollfd watches[SESSION_WATCHES])
{
	short happened = watches[0].revents;
	uint64_t now;
	int code = 0;

	if (happened & (POLLIN | POLLHUP | POLLERR) && hears(session))
		code = bytes_read(session);
	now = clock_monotonic_nsec();
	if (!session->greeted && now - session->said_hello_nsec >= HELLO_EVERY_NSEC &&
	    outbox_waiting(&session->outbox) == 0)
		session->hello_owed = true;
	frames_take(session, now);
	frame_watch(session, now);
	jobs_say(session, watches, now);
	freezer_say(session, now);
	if (code == 0)
		code = outbox_flush(&session->outbox, session->fd);
	return code == -EAGAIN ? 0 : code < 0 ? -EPIPE : 0;
}

void session_watch(const struct session *session, struct pollfd watches[SESSION_WATCHES])
{
	unsigned i;

	watches[0] = (struct pollfd){ session->fd, hears(session) ? POLLIN : 0, 0 };
	if (outbox_waiting(&session->outbox) > 0)
		watches[0].events |= POLLOUT;
	/* A descriptor of -1 is none to poll(2). */
	for (i = 1; i <= AGENT_JOB_MAX; i++) {
		const struct work *work = session->jobs[i].work;

		watches[i].fd = work != NULL && hears(session) ? work_fd(work) : -1;
		watches[i].events = POLLIN;
		watches[i].revents = 0;
	}
	watches[i] = (struct pollfd){ session->freezer.pidfd, POLLIN, 0 };
}

uint64_t session_deadline(const struct session *session)
{
	uint64_t deadline = UINT64_MAX;
	unsigned i;

	/* What was read already makes no descriptor readable. */
	if (session->unread && hears(session))
		return 0;
	if (!session->greeted)
		deadline = session->said_hello_nsec + HELLO_EVERY_NSEC;
	if (session->frame_since_nsec > 0 && session->frame_since_nsec + FRAME_NSEC < deadline)
		deadline = session->frame_since_nsec + FRAME_NSEC;
	if (session->freezer.fd >= 0 && session->freezer.until_nsec < deadline)
		deadline = session->freezer.until_nsec;
	for (i = 1; i <= AGENT_JOB_MAX && hears(session); i++)
		if (job_deadline(&session->jobs[i]) < deadline)
			deadline = job_deadline(&session->jobs[i]);
	return deadline;
}

bool session_owns(const struct session *session, pid_t pid)
{
	unsigned i;

	if (session->freezer.child == pid)
		return true;
	for (i = 1; i <= AGENT_JOB_MAX; i++)
		if (session->jobs[i].work != NULL && work_pid(session->jobs[i].work) == pid)
			return true;
	return false;
}
