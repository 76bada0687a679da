/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/box/box_relay.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "lab/host/tail.h"
#include "lab/box/box_qemu.h"
#include "lab/box/box_wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* What a pipe that polls as writable takes without blocking. */
#define WRITE_MOST 4096
#define STATUS_MOST 255
/* While a command runs the box is asked this often whether it is there, and given up after so many
 * askings without an answer: an emulated processor may halt for ever. What asks also wakes it. */
#define ASK_USEC (3 * USEC_PER_SEC)
#define ASK_MOST 20
/* How long a virtiofsd's end may be noticed before QEMU's own. */
#define SERVER_NEWS_MSEC 100

struct relay {
	struct box_machine *machine;
	const struct box_spec *spec;
	struct box_reader reader;
	struct tail console, qemu_log, server_log;
	/* Output that is being written; no frame is read before it is out. */
	const unsigned char *output;
	size_t output_size;
	int output_fd;
	uint64_t boot_limit, limit; /* monotonic; 0: none */
	uint64_t ask_at;	    /* monotonic; 0: not before HELLO */
	unsigned int asked;	    /* since it last said anything */
	bool answers;
	bool port_ended, ended;	    /* ended: status is known */
	int status;
};

/* The places of the poll set. */
enum {
	WATCH_CANCEL,
	WATCH_OUTPUT,
	WATCH_PORT,
	WATCH_CONSOLE,
	WATCH_QEMU_LOG,
	WATCH_SERVER_LOG,
	WATCH_QEMU,
	WATCH_SERVERS,
};

static int frame_refuse(struct error *err)
{
	return error_set(err, -EBADMSG, "the box sent what a box never sends");
}

static int hello_take(struct relay *relay, const struct box_frame *frame, struct error *err)
{
	uint32_t version;

	if (!box_frame_number(frame, &version))
		return frame_refuse(err);
	if (version != BOX_WIRE_VERSION)
		return error_set(err, -EPROTO,
				 "box-init speaks version %u, this program version %u: "
				 "they are from different builds", version, BOX_WIRE_VERSION);
	relay->boot_limit = 0;
	relay->ask_at = clock_monotonic_usec() + ASK_USEC;
	return 0;
}

static int exit_take(struct relay *relay, const struct box_frame *frame, struct error *err)
{
	uint32_t status;

	if (!box_frame_number(frame, &status) || status > STATUS_MOST)
		return frame_refuse(err);
	relay->status = (int)status;
	relay->ended = true;
	return 0;
}

static int failure_take(const struct box_frame *frame, struct error *err)
{
	struct str said;
	int code;

	str_init(&said);
	text_append_safe(&said, (const char *)frame->payload, frame->size);
	code = error_set(err, -EIO, "%s", said.data != NULL ? said.data : "the box failed");
	str_done(&said);
	return code;
}

static void output_begin(struct relay *relay, const struct box_frame *frame)
{
	relay->output = frame->payload;
	relay->output_size = frame->size;
	relay->output_fd = frame->kind == BOX_FRAME_STDOUT ? relay->spec->stdout_fd :
							     relay->spec->stderr_fd;
}

static int frame_take(struct relay *relay, const struct box_frame *frame, struct error *err)
{
	switch (frame->kind) {
	case BOX_FRAME_HELLO:
		return hello_take(relay, frame, err);
	case BOX_FRAME_EXIT:
		return exit_take(relay, frame, err);
	case BOX_FRAME_FAILURE:
		return failure_take(frame, err);
	case BOX_FRAME_ALIVE:
		relay->answers = true;
		return 0;
	default:
		output_begin(relay, frame);
		return 0;
	}
}

static int frames_take(struct relay *relay, struct error *err)
{
	struct box_frame frame;
	int code;

	while (relay->output_size == 0 && !relay->ended) {
		code = box_reader_next(&relay->reader, &frame);
		if (code < 0)
			return frame_refuse(err);
		if (code == 0)
			return 0;
		code = frame_take(relay, &frame, err);
		if (code < 0)
			return code;
	}
	return 0;
}

static int port_read(struct relay *relay, struct error *err)
{
	size_t space;
	unsigned char *to = box_reader_space(&relay->reader, &space);
	ssize_t size = read(relay->machine->port_fd, to, space);

	relay->asked = 0;
	if (size > 0)
		box_reader_filled(&relay->reader, (size_t)size);
	else if (size == 0 || (errno != EAGAIN && errno != EINTR))
		relay->port_ended = true;
	return frames_take(relay, err);
}

static int output_write(struct relay *relay, struct error *err)
{
	size_t size = relay->output_size < WRITE_MOST ? relay->output_size : WRITE_MOST;
	ssize_t some = write(relay->output_fd, relay->output, size);

	if (some < 0 && errno != EINTR && errno != EAGAIN)
		return error_errno(err, -errno, "cannot write the command's output");
	if (some > 0) {
		relay->output += some;
		relay->output_size -= (size_t)some;
	}
	return frames_take(relay, err);
}

static int wait_msec(const struct relay *relay)
{
	uint64_t now = clock_monotonic_usec(), nearest = relay->limit;

	if (relay->boot_limit != 0 && (nearest == 0 || relay->boot_limit < nearest))
		nearest = relay->boot_limit;
	if (relay->ask_at != 0 && (nearest == 0 || relay->ask_at < nearest))
		nearest = relay->ask_at;
	if (nearest == 0)
		return -1;
	if (nearest <= now)
		return 0;
	/* poll counts in int milliseconds: whoever sets a limit of months is woken each hour. */
	if (nearest - now > 3600 * USEC_PER_SEC)
		return 3600 * 1000;
	return (int)((nearest - now + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
}

/* A panic names its cause only in the lines before it. */
static void append_cause(const struct relay *relay, struct str *sentence)
{
	static const char *const marks[] = { "BUG:", "Oops:", "general protection fault" };
	struct str line;
	size_t i;

	str_init(&line);
	for (i = 0; i < ARRAY_SIZE(marks) && line.length == 0; i++)
		if (tail_last_line(&relay->console, marks[i], &line))
			str_appendf(sentence, "; before that: %s", line.data);
	str_done(&line);
}

/* What the box last said, for a sentence about its death. */
static void append_last_words(const struct relay *relay, struct str *sentence)
{
	struct str line;

	str_init(&line);
	if (tail_last_line(&relay->console, "Kernel panic", &line) ||
	    tail_last_line(&relay->console, "box-init:", &line) ||
	    tail_last_line(&relay->console, NULL, &line))
		str_appendf(sentence, "; its console's last words: %s", line.data);
	str_done(&line);
}

/* It switched itself off, and that was not asked for. A signal ends QEMU in good order, too. */
static void append_end(const struct relay *relay, struct str *sentence)
{
	struct str line;

	str_init(&line);
	if (tail_last_line(&relay->qemu_log, "terminating on signal", &line)) {
		str_appendf(sentence, "somebody ended QEMU before the box's command ended: %s", line.data);
	} else if (tail_last_line(&relay->console, "Kernel panic", &line)) {
		str_appendf(sentence, "the box's kernel died: %s", line.data);
		append_cause(relay, sentence);
	} else if (tail_last_line(&relay->qemu_log, BOX_TRIPLE_FAULT, &line)) {
		str_append(sentence, "a triple fault reset the box's processor before its command ended");
		if (relay->spec->cpus > 1)
			str_append(sentence, "; where it does not with --cpus 1, QEMU's emulation of "
				   "several processors is at fault");
		append_last_words(relay, sentence);
	} else {
		str_append(sentence, "the box was switched off before its command ended");
		append_last_words(relay, sentence);
	}
	str_done(&line);
}

static int sentence_fail(struct str *sentence, int code, struct error *err)
{
	code = error_set(err, code, "%s",
			 sentence->data != NULL ? sentence->data : "the box ended");
	str_done(sentence);
	return code;
}

static int limits_check(const struct relay *relay, struct error *err)
{
	uint64_t now = clock_monotonic_usec();
	struct str sentence;

	if (relay->limit != 0 && now >= relay->limit)
		return error_set(err, -ETIMEDOUT, "the time is up");
	if (relay->asked > ASK_MOST)
		return error_set(err, -EIO, "the box stands still: it answers nothing for %u seconds",
				 (unsigned int)(ASK_MOST * (ASK_USEC / USEC_PER_SEC)));
	if (relay->boot_limit == 0 || now < relay->boot_limit)
		return 0;
	str_init(&sentence);
	str_append(&sentence, "the box does not boot");
	append_last_words(relay, &sentence);
	return sentence_fail(&sentence, -EIO, err);
}

/* Askings are counted, not seconds: those in which this program itself was stopped do not count.
 * Nor do those in which nobody takes the box's output, which is why it is not read. */
static void box_ask(struct relay *relay)
{
	uint64_t now = clock_monotonic_usec();

	if (relay->ask_at == 0 || now < relay->ask_at)
		return;
	relay->ask_at = now + ASK_USEC;
	if (relay->output_size != 0 || relay->port_ended)
		return;
	if (relay->answers)
		relay->asked++;
	/* A box that does not read has been asked often enough. */
	(void)!send(relay->machine->port_fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void tails_read(struct relay *relay)
{
	tail_read(&relay->console, relay->machine->console_fd, relay->spec->console_fd);
	tail_read(&relay->qemu_log, relay->machine->qemu_log_fd, -1);
	tail_read(&relay->server_log, relay->machine->server_log_fd, -1);
}

static int server_died(struct relay *relay, struct error *err)
{
	struct str sentence;

	tails_read(relay);
	str_init(&sentence);
	str_append(&sentence, "virtiofsd ended before the box: ");
	if (!tail_last_line(&relay->server_log, NULL, &sentence))
		str_append(&sentence, "it said nothing");
	return sentence_fail(&sentence, -EIO, err);
}

/* Before it said hello, and so before anything of the job was done. */
static bool died_at_boot(const struct relay *relay)
{
	struct str panic;
	bool died;

	str_init(&panic);
	died = relay->boot_limit != 0 && tail_last_line(&relay->console, "Kernel panic", &panic);
	str_done(&panic);
	return died;
}

/* QEMU ended without an EXIT before it. */
static int qemu_died(struct relay *relay, struct error *err)
{
	struct str sentence;
	int status = 0;

	tails_read(relay);
	str_init(&sentence);
	child_ended(&relay->machine->qemu, &status);
	if (WIFSIGNALED(status)) {
		str_appendf(&sentence, "QEMU was killed by signal %d", WTERMSIG(status));
	} else if (WEXITSTATUS(status) != 0) {
		str_append(&sentence, "QEMU failed: ");
		if (!tail_last_line(&relay->qemu_log, NULL, &sentence))
			str_appendf(&sentence, "exit status %d", WEXITSTATUS(status));
	} else {
		append_end(relay, &sentence);
	}
	return sentence_fail(&sentence, died_at_boot(relay) ? -EAGAIN : -EIO, err);
}

static void watch_set(struct relay *relay, struct pollfd *watched)
{
	bool writing = relay->output_size != 0;

	watched[WATCH_OUTPUT].fd = writing ? relay->output_fd : -1;
	watched[WATCH_OUTPUT].events = POLLOUT;
	watched[WATCH_PORT].fd = writing || relay->port_ended ? -1 : relay->machine->port_fd;
	/* What QEMU wrote before it ended comes before the news that it ended. */
	watched[WATCH_QEMU].fd = relay->port_ended && !writing ? relay->machine->qemu.pidfd : -1;
}

static struct pollfd *watch_new(const struct relay *relay, size_t *ret_count)
{
	const struct box_machine *machine = relay->machine;
	size_t count = WATCH_SERVERS + machine->server_count, i;
	struct pollfd *watched = calloc(count, sizeof *watched);

	if (watched == NULL)
		return NULL;
	watched[WATCH_CANCEL].fd = relay->spec->cancel_fd;
	watched[WATCH_CONSOLE].fd = machine->console_fd;
	watched[WATCH_QEMU_LOG].fd = machine->qemu_log_fd;
	watched[WATCH_SERVER_LOG].fd = machine->server_log_fd;
	for (i = 0; i < machine->server_count; i++)
		watched[WATCH_SERVERS + i].fd = machine->servers[i].pidfd;
	for (i = 0; i < count; i++)
		watched[i].events = POLLIN;
	*ret_count = count;
	return watched;
}

static void watch_tail(struct pollfd *watched, struct tail *tail, int copy_fd)
{
	if (watched->revents != 0 && !tail_read(tail, watched->fd, copy_fd))
		watched->fd = -1;
}

/* A virtiofsd ends by itself when QEMU has, so its end is news only while QEMU lives: the port
 * tells, because it ends with QEMU. */
static bool server_is_gone(const struct relay *relay, struct pollfd *watched, size_t count)
{
	struct pollfd port = { relay->machine->port_fd, 0, 0 };
	size_t i;

	for (i = WATCH_SERVERS; i < count; i++) {
		if (watched[i].revents == 0)
			continue;
		watched[i].fd = -1;
		if (!relay->port_ended && poll(&port, 1, SERVER_NEWS_MSEC) == 0)
			return true;
	}
	return false;
}

static int events_take(struct relay *relay, struct pollfd *watched, size_t count,
		       struct error *err)
{
	watch_tail(&watched[WATCH_CONSOLE], &relay->console, relay->spec->console_fd);
	watch_tail(&watched[WATCH_QEMU_LOG], &relay->qemu_log, -1);
	watch_tail(&watched[WATCH_SERVER_LOG], &relay->server_log, -1);
	if (watched[WATCH_CANCEL].revents != 0)
		return error_set(err, -ECANCELED, "interrupted");
	if (watched[WATCH_OUTPUT].revents != 0)
		return output_write(relay, err);
	if (watched[WATCH_PORT].revents != 0)
		return port_read(relay, err);
	if (watched[WATCH_QEMU].revents != 0)
		return qemu_died(relay, err);
	if (server_is_gone(relay, watched, count))
		return server_died(relay, err);
	return 0;
}

static int relay_loop(struct relay *relay, struct pollfd *watched, size_t count, struct error *err)
{
	int code = 0;

	while (code == 0 && !relay->ended) {
		watch_set(relay, watched);
		if (poll(watched, count, wait_msec(relay)) < 0) {
			if (errno != EINTR)
				return error_errno(err, -errno, "cannot wait for the box");
			continue;
		}
		code = events_take(relay, watched, count, err);
		if (code == 0 && !relay->ended) {
			box_ask(relay);
			code = limits_check(relay, err);
		}
	}
	return code;
}

static void relay_init(struct relay *relay, struct box_machine *machine,
		       const struct box_spec *spec, const struct box_relay_limits *limits)
{
	uint64_t now = clock_monotonic_usec();

	*relay = (struct relay){ .machine = machine, .spec = spec };
	box_reader_init(&relay->reader);
	relay->boot_limit = now + limits->boot_usec;
	relay->limit = limits->timeout_usec != 0 ? now + limits->timeout_usec : 0;
}

int box_relay_run(struct box_machine *machine, const struct box_spec *spec,
		  const struct box_relay_limits *limits, int *ret_status, struct error *err)
{
	struct relay *relay = malloc(sizeof *relay);
	struct pollfd *watched = NULL;
	size_t count;
	int code;

	if (relay == NULL)
		return error_errno(err, -ENOMEM, "no room for the box");
	relay_init(relay, machine, spec, limits);
	watched = watch_new(relay, &count);
	code = watched != NULL ? relay_loop(relay, watched, count, err) :
				 error_errno(err, -ENOMEM, "no room for the box");
	if (code == 0)
		*ret_status = relay->status;
	free(watched);
	free(relay);
	return code;
}
