/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/link/link.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/outbox.h"
#include "base/str.h"
#include "base/text.h"
#include "lab/link/link_judge.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SILENCE_NSEC (10 * NSEC_PER_SEC)
#define GREETING_EVERY_NSEC NSEC_PER_SEC
#define PING_EVERY_NSEC NSEC_PER_SEC
/* Questions before READY, one after the other: the quickest of a few bounds the clock well. */
#define FIRST_PINGS 6
/* Boot messages on a shared line are less. */
#define NOISE_MAX (1u << 20)
#define DOUBTS_MAX 100 /* one is forgiven with each good answer */

/* Sixteen jobs that report each 20 ms are 800 messages a second, of 8 KiB at most. */
#define FLOOD_MESSAGES_PER_SEC 4000
#define FLOOD_BYTES_PER_SEC (32u << 20)
#define FLOOD_BURST_SEC 2

enum link_state { LINK_WAITS, LINK_GREETED, LINK_IS_READY, LINK_IS_LOST };

/* What may still come before it is a flood; grows with the time, up to a burst. */
struct allowance {
	uint64_t messages, bytes;
	uint64_t filled_at_nsec;
};

struct link {
	int fd;
	char name[64];
	enum link_state state;
	bool ready_told, lost_told, again; /* again: the event that waits behind a doubt */
	uint64_t session, guest_session;
	uint64_t silence_nsec;
	uint64_t heard_nsec, greeted_nsec; /* greeted: when we said HELLO last */
	uint64_t ping_cookie, ping_sent_nsec, ping_answered_nsec;
	bool ping_waits;
	unsigned doubts;
	struct allowance allowance;
	struct link_clock clock;
	struct link_guest guest;
	struct link_judge judge;
	struct link_event waiting; /* when `again` */
	struct str text, lost_why;
	struct outbox outbox;
	struct agent_message message;
	struct agent_reader reader;
};

/* --- the end of a link --- */

static void link_lose(struct link *link, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void link_lose(struct link *link, const char *format, ...)
{
	char text[256];
	va_list arguments;

	if (link->state == LINK_IS_LOST)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	str_clear(&link->lost_why);
	str_appendf(&link->lost_why, "the agent in %s %s", link->name, text);
	link->state = LINK_IS_LOST;
}

/* --- what is sent --- */

static int link_send(struct link *link, const struct agent_message *message)
{
	size_t space;
	unsigned char *to = outbox_space(&link->outbox, &space);
	unsigned char probe[1];
	int size = agent_message_encode(message, space > 0 ? to : probe, space);

	if (size < 0)
		return space < AGENT_TEXT_MAX * 2 ? -ENOBUFS : -EINVAL;
	outbox_filled(&link->outbox, (size_t)size);
	return 0;
}

static void link_flush(struct link *link)
{
	int code = outbox_flush(&link->outbox, link->fd);

	/* A peer that has left may have said something before: the read tells of its end. */
	if (code < 0 && code != -EAGAIN && code != -EPIPE && code != -ECONNRESET)
		link_lose(link, "cannot be written to: %s", strerror(-code));
}

static void greeting_send(struct link *link, uint64_t now)
{
	struct agent_message hello = {
		.kind = AGENT_HOST_HELLO,
		.host_hello = { AGENT_WIRE_VERSION, link->session },
	};

	link->greeted_nsec = now;
	/* One that still waits is enough: the agent reads it when it comes. */
	if (outbox_waiting(&link->outbox) == 0)
		link_send(link, &hello);
}

static void ping_send(struct link *link)
{
	struct agent_message ping = { .kind = AGENT_PING };

	ping.ping.cookie = ++link->ping_cookie;
	/* Before the bytes can leave: the interval may be too wide, never wrong. */
	link->ping_sent_nsec = clock_monotonic_nsec();
	if (link_send(link, &ping) < 0)
		link->ping_cookie--;
	else
		link->ping_waits = true;
	link_flush(link);
}

/* --- what is believed --- */

static bool allowance_take(struct link *link, size_t bytes, uint64_t now)
{
	struct allowance *allowance = &link->allowance;
	uint64_t age = now - allowance->filled_at_nsec;
	const uint64_t messages_max = FLOOD_MESSAGES_PER_SEC * FLOOD_BURST_SEC;
	const uint64_t bytes_max = (uint64_t)FLOOD_BYTES_PER_SEC * FLOOD_BURST_SEC;

	if (age > NSEC_PER_SEC / 100) {
		age = age < FLOOD_BURST_SEC * NSEC_PER_SEC ? age : FLOOD_BURST_SEC * NSEC_PER_SEC;
		allowance->messages += age * FLOOD_MESSAGES_PER_SEC / NSEC_PER_SEC;
		allowance->bytes += age / NSEC_PER_USEC * FLOOD_BYTES_PER_SEC / USEC_PER_SEC;
		allowance->messages = allowance->messages < messages_max ? allowance->messages :
									   messages_max;
		allowance->bytes = allowance->bytes < bytes_max ? allowance->bytes : bytes_max;
		allowance->filled_at_nsec = now;
	}
	if (allowance->messages < 1 || allowance->bytes < bytes)
		return false;
	allowance->messages--;
	allowance->bytes -= bytes;
	return true;
}

static void safe_text_keep(char *to, size_t size, const struct agent_text *text)
{
	struct str safe;

	str_init(&safe);
	text_append_safe(&safe, text->bytes, text->size);
	text_copy(to, size, safe.data != NULL ? safe.data : "", safe.length);
	str_done(&safe);
}

static void guest_keep(struct link *link, const struct agent_hello *hello)
{
	const uint8_t *id = hello->boot_id;
	struct link_guest *guest = &link->guest;

	safe_text_keep(guest->kernel, sizeof guest->kernel, &hello->kernel);
	safe_text_keep(guest->agent, sizeof guest->agent, &hello->agent);
	snprintf(guest->boot_id, sizeof guest->boot_id,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", id[0],
		 id[1], id[2], id[3], id[4], id[5], id[6], id[7], id[8], id[9], id[10], id[11],
		 id[12], id[13], id[14], id[15]);
	guest->cpus = hello->cpus;
	guest->memory_bytes = hello->memory_bytes;
	guest->first_process = hello->first_process;
}

static void hello_take(struct link *link, uint64_t now)
{
	const struct agent_hello *hello = &link->message.hello;

	if (link->state != LINK_WAITS) {
		if (hello->session != link->guest_session)
			link_lose(link, "was started again: its jobs are gone");
		else if (link->state == LINK_IS_READY)
			link_lose(link, "greets again: it lost what was said to it, and its jobs");
		return;
	}
	guest_keep(link, hello);
	link->guest_session = hello->session;
	link->state = LINK_GREETED;
	/* It may have come up after our first greeting was thrown away. */
	greeting_send(link, now);
	ping_send(link);
}

/* True when there is an event. */
static bool doubt_tell(struct link *link, struct link_event *ret)
{
	ret->kind = LINK_DOUBT;
	ret->text = link->text.data;
	if (++link->doubts > DOUBTS_MAX)
		link_lose(link, "says too much that cannot be; the last was: %s", link->text.data);
	return true;
}

static void text_begin(struct link *link)
{
	str_clear(&link->text);
	str_appendf(&link->text, "%s: ", link->name);
}

static bool pong_take(struct link *link, struct link_event *ret)
{
	const struct agent_message *pong = &link->message;

	if (!link->ping_waits || pong->pong.cookie != link->ping_cookie) {
		text_begin(link);
		str_append(&link->text, "it answers what was not asked");
		return doubt_tell(link, ret);
	}
	link->ping_waits = false;
	link->ping_answered_nsec = ret->received_nsec;
	if (!link_clock_answer(&link->clock, link->ping_sent_nsec, ret->received_nsec,
			       pong->pong.nsec)) {
		text_begin(link);
		str_append(&link->text, "its clock jumped");
		return doubt_tell(link, ret);
	}
	link->doubts -= link->doubts > 0;
	if (link->state == LINK_GREETED && link->clock.answers < FIRST_PINGS) {
		ping_send(link);
		return false;
	}
	if (link->state != LINK_GREETED)
		return false;
	link->state = LINK_IS_READY;
	ret->kind = LINK_READY;
	return true;
}

static enum link_event_kind event_kind(enum agent_kind kind)
{
	switch (kind) {
	case AGENT_PREPARED:
		return LINK_PREPARED;
	case AGENT_STARTED:
		return LINK_STARTED;
	case AGENT_REPORT:
		return LINK_REPORT;
	case AGENT_DONE:
		return LINK_DONE;
	case AGENT_FAILURE:
		return LINK_FAILURE;
	case AGENT_COUNTERS:
		return LINK_COUNTERS;
	case AGENT_FROZEN:
		return LINK_FROZEN;
	default:
		return LINK_THAWED;
	}
}

static void event_stamp(struct link *link, struct link_event *event, uint64_t guest_nsec)
{
	event->at_nsec = link_clock_host(&link->clock, guest_nsec, event->received_nsec,
					 &event->uncertainty_nsec);
}

static void event_fill(struct link *link, struct link_event *event)
{
	const struct agent_message *message = &link->message;

	event->kind = event_kind(message->kind);
	event->job = message->job;
	switch (message->kind) {
	case AGENT_REPORT:
	case AGENT_DONE:
		event->progress = &message->progress;
		event_stamp(link, event, message->progress.nsec);
		break;
	case AGENT_FAILURE:
		str_clear(&link->text);
		text_append_safe(&link->text, message->failure.sentence.bytes,
				 message->failure.sentence.size);
		event->text = link->text.length > 0 ? link->text.data : "it did not say why";
		break;
	case AGENT_COUNTERS:
		event->present = message->counters.present;
		event->values = message->counters.values;
		event_stamp(link, event, message->counters.nsec);
		break;
	default:
		event_stamp(link, event, message->moment.nsec);
	}
}

/* The last stamp of the guest that may lie before this instant of ours. */
static uint64_t future_begin(const struct link *link, uint64_t now)
{
	int64_t low, high;

	link_clock_at(&link->clock, now, &low, &high);
	return high < 0 && (uint64_t)-high > now ? 0 : now + (uint64_t)high;
}

/* A doubt about when, and then what happened all the same, as of its arrival. */
static bool doubt_then_event(struct link *link, struct link_event *ret)
{
	link->waiting = *ret;
	event_fill(link, &link->waiting);
	link->waiting.at_nsec = ret->received_nsec;
	link->waiting.uncertainty_nsec = ret->received_nsec - link->ping_answered_nsec;
	link->again = true;
	return doubt_tell(link, ret);
}

static bool news_take(struct link *link, struct link_event *ret)
{
	struct str why;
	enum link_verdict verdict;

	str_init(&why);
	verdict = link_judge_message(&link->judge, &link->message,
				     future_begin(link, ret->received_nsec), &why);
	text_begin(link);
	str_append(&link->text, why.data != NULL ? why.data : "");
	str_done(&why);
	switch (verdict) {
	case LINK_BELIEVED:
		event_fill(link, ret);
		return true;
	case LINK_OLD_NEWS:
		return false;
	case LINK_UNSTAMPED:
		return doubt_then_event(link, ret);
	case LINK_BROKEN:
		ret->kind = LINK_FAILURE;
		ret->job = link->message.job;
		ret->text = link->text.data;
		return true;
	default:
		return doubt_tell(link, ret);
	}
}

/* Before READY nothing but greetings and answers can come, since nothing else was asked for, and
 * what went wrong before the host was there. */
static bool message_take(struct link *link, struct link_event *ret)
{
	switch (link->message.kind) {
	case AGENT_HELLO:
		hello_take(link, ret->received_nsec);
		return false;
	case AGENT_PONG:
		return pong_take(link, ret);
	case AGENT_FAILURE:
		return news_take(link, ret);
	default:
		return link->clock.answers > 0 && news_take(link, ret);
	}
}

/* --- the turn --- */

static void bytes_read(struct link *link)
{
	size_t space;
	unsigned char *to = agent_reader_space(&link->reader, &space);
	ssize_t size = space > 0 ? read(link->fd, to, space) : -1;

	if (space == 0)
		return;
	if (size > 0) {
		agent_reader_filled(&link->reader, (size_t)size);
		link->heard_nsec = clock_monotonic_nsec();
	} else if (size == 0 || errno == ECONNRESET) {
		link_lose(link, "has closed its channel");
	} else if (errno != EAGAIN && errno != EINTR) {
		link_lose(link, "cannot be read from: %s", strerror(errno));
	}
}

/* Asked, and nothing was heard since: of an agent that talks on without an answer the later. */
static uint64_t silent_since(const struct link *link)
{
	return link->heard_nsec > link->ping_sent_nsec ? link->heard_nsec : link->ping_sent_nsec;
}

static bool is_silent(const struct link *link, uint64_t now)
{
	return link->ping_waits && link->silence_nsec > 0 && now > link->silence_nsec &&
	       silent_since(link) < now - link->silence_nsec;
}

static void link_look_after(struct link *link, uint64_t now)
{
	if (link->state == LINK_WAITS && now - link->greeted_nsec >= GREETING_EVERY_NSEC)
		greeting_send(link, now);
	if (link->state != LINK_WAITS && !link->ping_waits &&
	    now - link->ping_sent_nsec >= PING_EVERY_NSEC)
		ping_send(link);
	if (is_silent(link, now))
		link_lose(link, "has not answered for %.1f s",
			  (double)(now - link->ping_sent_nsec) / 1e9);
}

void link_turn(struct link *link, short happened)
{
	if (link->state == LINK_IS_LOST)
		return;
	if (happened & (POLLIN | POLLHUP | POLLERR))
		bytes_read(link);
	if (link->state == LINK_IS_LOST)
		return;
	link_look_after(link, clock_monotonic_nsec());
	link_flush(link);
}

static bool lost_tell(struct link *link, struct link_event *ret)
{
	if (link->lost_told)
		return false;
	link->lost_told = true;
	ret->kind = LINK_LOST;
	ret->text = link->lost_why.data;
	return true;
}

/* Takes messages apart until one of them is an event. */
static bool messages_take(struct link *link, struct link_event *ret)
{
	while (link->state != LINK_IS_LOST) {
		size_t before = link->reader.start;
		int found = agent_reader_next(&link->reader, &link->message);

		if (found < 0)
			link_lose(link, "sends what no agent sends");
		else if (found == 0 && link->reader.skipped_bytes > NOISE_MAX)
			link_lose(link, "is none: %u KiB came and no greeting", NOISE_MAX >> 10);
		if (found <= 0)
			break;
		if (!allowance_take(link, link->reader.start - before, ret->received_nsec))
			link_lose(link, "floods: more than %u messages a second",
				  FLOOD_MESSAGES_PER_SEC);
		else if (message_take(link, ret))
			return true;
	}
	return false;
}

bool link_next(struct link *link, struct link_event *ret)
{
	*ret = (struct link_event){ .received_nsec = link->heard_nsec };
	if (link->again) {
		link->again = false;
		*ret = link->waiting;
		return true;
	}
	if (messages_take(link, ret))
		return true;
	if (link->state == LINK_IS_LOST)
		return lost_tell(link, ret);
	return false;
}

/* --- for its user --- */

static int link_begin(struct link *link, const char *name, struct error *err)
{
	int flags = fcntl(link->fd, F_GETFL);

	if (flags < 0 || fcntl(link->fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return error_errno(err, -errno, "%s: the channel to the agent", name);
	if (!outbox_init(&link->outbox, LINK_OUTPUT_MAX))
		return error_set(err, -ENOMEM, "%s: no memory for a link", name);
	text_copy(link->name, sizeof link->name, name, strlen(name));
	str_init(&link->text);
	str_init(&link->lost_why);
	agent_reader_init(&link->reader, AGENT_GUEST);
	link->silence_nsec = SILENCE_NSEC;
	link->session = clock_realtime_usec() ^ (uint64_t)getpid() << 48;
	link->allowance.filled_at_nsec = 0;
	greeting_send(link, clock_monotonic_nsec());
	link_flush(link);
	return 0;
}

int link_new(int fd, const char *name, struct link **ret, struct error *err)
{
	struct link *link = calloc(1, sizeof *link);
	int code;

	if (link == NULL) {
		close(fd);
		return error_set(err, -ENOMEM, "%s: no memory for a link", name);
	}
	link->fd = fd;
	code = link_begin(link, name, err);
	if (code < 0) {
		link_free(link);
		return code;
	}
	*ret = link;
	return 0;
}

void link_free(struct link *link)
{
	if (link == NULL)
		return;
	close(link->fd);
	outbox_done(&link->outbox);
	str_done(&link->text);
	str_done(&link->lost_why);
	free(link);
}

void link_set_silence(struct link *link, uint64_t limit_nsec)
{
	link->silence_nsec = limit_nsec;
}

int link_fd(const struct link *link)
{
	return link->fd;
}

short link_wants(const struct link *link)
{
	if (link->state == LINK_IS_LOST)
		return 0;
	return outbox_waiting(&link->outbox) > 0 ? POLLIN | POLLOUT : POLLIN;
}

uint64_t link_deadline(const struct link *link)
{
	switch (link->state) {
	case LINK_WAITS:
		return link->greeted_nsec + GREETING_EVERY_NSEC;
	case LINK_IS_LOST:
		return link->lost_told ? UINT64_MAX : 0;
	default:
		if (!link->ping_waits)
			return link->ping_sent_nsec + PING_EVERY_NSEC;
		return link->silence_nsec > 0 ? silent_since(link) + link->silence_nsec + 1 :
						UINT64_MAX;
	}
}

bool link_is_ready(const struct link *link)
{
	return link->state == LINK_IS_READY;
}

const struct link_guest *link_guest(const struct link *link)
{
	return &link->guest;
}

const struct link_clock *link_clock(const struct link *link)
{
	return &link->clock;
}

static int command(struct link *link, const struct agent_message *message)
{
	struct link_judge kept;
	int code;

	if (!link_is_ready(link))
		return -ENOTCONN;
	if (message->job > AGENT_JOB_MAX)
		return -EINVAL;
	kept = link->judge;
	if (!link_judge_command(&link->judge, message->kind, message->job))
		return -EINVAL;
	code = link_send(link, message);
	if (code < 0)
		link->judge = kept;
	else
		link_flush(link);
	return code;
}

int link_prepare(struct link *link, uint16_t job, const char *workload, uint32_t report_msec)
{
	struct agent_message message = { .kind = AGENT_PREPARE, .job = job };

	message.prepare.report_msec = report_msec > 0 ? report_msec : AGENT_REPORT_MSEC;
	message.prepare.workload = (struct agent_text){ workload, strlen(workload) };
	return command(link, &message);
}

int link_start(struct link *link, uint16_t job, uint64_t at_nsec)
{
	struct agent_message message = { .kind = AGENT_START, .job = job };

	message.start.nsec = at_nsec > 0 ? link_clock_guest(&link->clock, at_nsec) : 0;
	return command(link, &message);
}

int link_stop(struct link *link, uint16_t job)
{
	bool ended = job <= AGENT_JOB_MAX && link->judge.jobs[job].state == LINK_JOB_NONE;

	/* It may have ended by itself just now. */
	if (link_is_ready(link) && ended)
		return 0;
	return command(link, &(struct agent_message){ .kind = AGENT_STOP, .job = job });
}

int link_count(struct link *link)
{
	return command(link, &(struct agent_message){ .kind = AGENT_COUNT });
}

int link_freeze(struct link *link, const char *path, uint32_t limit_msec)
{
	struct agent_message message = { .kind = AGENT_FREEZE };

	message.freeze.limit_msec = limit_msec;
	message.freeze.path = (struct agent_text){ path, strlen(path) };
	return command(link, &message);
}

int link_thaw(struct link *link)
{
	return command(link, &(struct agent_message){ .kind = AGENT_THAW });
}

int link_power_off(struct link *link)
{
	return command(link, &(struct agent_message){ .kind = AGENT_POWER_OFF });
}
