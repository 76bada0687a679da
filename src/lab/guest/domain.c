/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * truce-lab-domain: starts a libvirt domain, hands the bytes of its agent's channel on, and ends
 * it. The only program of the laboratory that links libvirt.
 *
 *     truce-lab-domain DOMAIN CHANNEL_FD REPORT_FD
 *
 * The domain lives by our connection (libvirt destroys it when that ends), and we die with who
 * started us. On REPORT_FD, whose end is the order to end, go lines of JSON as QEMU's monitor
 * says them: DOMAIN (its pid and type), SHUTDOWN (reason). From there come "pin CPU,CPU,...", each
 * vCPU alone on one of them where there are enough, and "allow CPU,CPU,...", all on all. What went
 * wrong is the last line on stderr, and exit code 1; GUEST_DOMAIN_REFUSED where the domain is not one
 * that can be a guest, now or again.
 */
#include "agent_wire.h"
#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/text.h"
#include "base/str.h"
#include "lab/guest/guest_start.h"
#include "sys/cpu_list.h"

#include <errno.h>
#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <string.h>
#include <sys/socket.h>

#define FLOW_BYTES 65536
#define CPUS_MOST 4096
#define COMMAND_BYTES 32768 /* names all of them */

/* Bytes that one side has said and the other has not taken. */
struct flow {
	char bytes[FLOW_BYTES];
	size_t start, end;
};

struct relay {
	virConnectPtr connection;
	virDomainPtr domain;
	virStreamPtr stream;
	int channel_fd, report_fd;
	int channel_watch, report_watch;
	struct flow to_guest, to_host;
	char command[COMMAND_BYTES];
	size_t command_size;
	bool over;
	int status;
};

static void quiet(void *context, virErrorPtr error)
{
}

static void complain(const char *what)
{
	const char *reason = virGetLastErrorMessage();
	struct str safe;

	str_init(&safe);
	text_append_printable(&safe, reason, strlen(reason));
	fprintf(stderr, "%s: %s\n", what, safe.data != NULL ? safe.data : "");
	str_done(&safe);
}

static void relay_end(struct relay *relay, int status)
{
	relay->over = true;
	relay->status = status;
}

static void report(struct relay *relay, const char *line)
{
	if (send(relay->report_fd, line, strlen(line), MSG_NOSIGNAL) != (ssize_t)strlen(line))
		relay_end(relay, 1);
}

static size_t flow_room(const struct flow *flow)
{
	return sizeof flow->bytes - flow->end;
}

static void flow_took(struct flow *flow, size_t size)
{
	flow->start += size;
	if (flow->start == flow->end)
		flow->start = flow->end = 0;
}

static bool flow_waits(const struct flow *flow)
{
	return flow->end > flow->start;
}

/* Each side is listened to while there is room for what it says. */
static void interest_update(struct relay *relay)
{
	int stream = 0, channel = 0;

	stream |= flow_room(&relay->to_host) > 0 ? VIR_STREAM_EVENT_READABLE : 0;
	stream |= flow_waits(&relay->to_guest) ? VIR_STREAM_EVENT_WRITABLE : 0;
	channel |= flow_room(&relay->to_guest) > 0 ? VIR_EVENT_HANDLE_READABLE : 0;
	channel |= flow_waits(&relay->to_host) ? VIR_EVENT_HANDLE_WRITABLE : 0;
	virStreamEventUpdateCallback(relay->stream, stream);
	virEventUpdateHandle(relay->channel_watch, channel);
}

static void stream_turn(virStreamPtr stream, int events, void *context)
{
	struct relay *relay = context;
	int size;

	if ((events & VIR_STREAM_EVENT_READABLE) != 0) {
		size = virStreamRecv(stream, relay->to_host.bytes + relay->to_host.end,
				     flow_room(&relay->to_host));
		relay->to_host.end += size > 0 ? (size_t)size : 0;
	}
	if ((events & VIR_STREAM_EVENT_WRITABLE) != 0 && flow_waits(&relay->to_guest)) {
		size = virStreamSend(stream, relay->to_guest.bytes + relay->to_guest.start,
				     relay->to_guest.end - relay->to_guest.start);
		flow_took(&relay->to_guest, size > 0 ? (size_t)size : 0);
	}
	/* The guest's end is told by its lifecycle, which comes next. */
	if ((events & (VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP)) != 0)
		virStreamEventRemoveCallback(stream);
	else
		interest_update(relay);
}

static void channel_turn(int watch, int fd, int events, void *context)
{
	struct relay *relay = context;
	ssize_t size;

	if ((events & VIR_EVENT_HANDLE_WRITABLE) != 0 && flow_waits(&relay->to_host)) {
		size = send(fd, relay->to_host.bytes + relay->to_host.start,
			    relay->to_host.end - relay->to_host.start, MSG_NOSIGNAL);
		flow_took(&relay->to_host, size > 0 ? (size_t)size : 0);
	}
	if ((events & VIR_EVENT_HANDLE_READABLE) != 0) {
		size = read(fd, relay->to_guest.bytes + relay->to_guest.end,
			    flow_room(&relay->to_guest));
		relay->to_guest.end += size > 0 ? (size_t)size : 0;
		/* Nobody talks to the agent any more: what the domain does is told all the same. */
		if (size == 0) {
			virEventRemoveHandle(watch);
			return;
		}
	}
	interest_update(relay);
}

static int vcpu_count(struct relay *relay)
{
	return virDomainGetVcpusFlags(relay->domain, VIR_DOMAIN_AFFECT_LIVE);
}

/* `alone`: the n-th vCPU on the n-th CPU only, where there are enough of them; else all on all. */
static bool pins_set(struct relay *relay, const bool *cpus, size_t count, bool alone)
{
	unsigned char all[CPUS_MOST / 8] = { 0 }, one[CPUS_MOST / 8];
	int vcpus = vcpu_count(relay), vcpu;
	size_t given = 0, cpu, next = 0;

	for (cpu = 0; cpu < count; cpu++)
		if (cpus[cpu]) {
			VIR_USE_CPU(all, cpu);
			given++;
		}
	for (vcpu = 0; vcpu < vcpus; vcpu++) {
		memcpy(one, all, sizeof one);
		if (alone && given >= (size_t)vcpus) {
			memset(one, 0, sizeof one);
			while (!cpus[next])
				next++;
			VIR_USE_CPU(one, next);
			next++;
		}
		if (virDomainPinVcpuFlags(relay->domain, (unsigned)vcpu, one, sizeof one,
					  VIR_DOMAIN_AFFECT_LIVE) < 0)
			return false;
	}
	return vcpus > 0 && virDomainPinEmulator(relay->domain, all, sizeof all,
						 VIR_DOMAIN_AFFECT_LIVE) == 0;
}

static void command_obey(struct relay *relay, struct cursor line)
{
	static bool cpus[CPUS_MOST];
	bool alone = cursor_take_text(&line, "pin ");

	memset(cpus, 0, sizeof cpus);
	if ((!alone && !cursor_take_text(&line, "allow ")) ||
	    cpu_list_mark(line.at, cursor_left(&line), cpus, CPUS_MOST) < 0) {
		fprintf(stderr, "an order that nobody understands\n");
		relay_end(relay, 1);
	} else if (!pins_set(relay, cpus, CPUS_MOST, alone)) {
		complain("it cannot be pinned");
		relay_end(relay, 1);
	}
}

static void commands_obey(struct relay *relay)
{
	struct cursor all = cursor_over(relay->command, relay->command_size), line;
	const char *last = memrchr(relay->command, '\n', relay->command_size);

	if (last == NULL)
		return;
	all.end = last + 1;
	while (cursor_take_line(&all, &line))
		command_obey(relay, line);
	relay->command_size -= (size_t)(last + 1 - relay->command);
	memmove(relay->command, last + 1, relay->command_size);
}

static void report_turn(int watch, int fd, int events, void *context)
{
	struct relay *relay = context;
	ssize_t size = read(fd, relay->command + relay->command_size,
			    sizeof relay->command - relay->command_size);

	if (size <= 0) {
		/* Whoever wanted this domain does so no more. */
		relay_end(relay, 0);
		return;
	}
	relay->command_size += (size_t)size;
	commands_obey(relay);
}

static int lifecycle_turn(virConnectPtr connection, virDomainPtr domain, int event, int detail,
			  void *context)
{
	struct relay *relay = context;

	if (event != VIR_DOMAIN_EVENT_STOPPED && event != VIR_DOMAIN_EVENT_CRASHED)
		return 0;
	if (event == VIR_DOMAIN_EVENT_STOPPED && detail == VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN) {
		report(relay, "{\"event\":\"SHUTDOWN\",\"data\":{\"reason\":\"guest-shutdown\"}}\n");
		relay_end(relay, relay->status);
		return 0;
	}
	fprintf(stderr, "libvirt says that the domain %s\n",
		event == VIR_DOMAIN_EVENT_CRASHED ? "crashed" :
		detail == VIR_DOMAIN_EVENT_STOPPED_DESTROYED ? "was destroyed" :
		detail == VIR_DOMAIN_EVENT_STOPPED_FAILED ? "failed" : "stopped");
	relay_end(relay, 1);
	return 0;
}

static void connection_closed(virConnectPtr connection, int reason, void *context)
{
	fprintf(stderr, "libvirtd closed the connection\n");
	relay_end(context, 1);
}

static bool connection_open(struct relay *relay)
{
	const char *uri = getenv("LIBVIRT_DEFAULT_URI");

	if (uri == NULL || *uri == '\0')
		uri = "qemu:///system";
	virSetErrorFunc(NULL, quiet);
	if (virEventRegisterDefaultImpl() < 0)
		return false;
	relay->connection = virConnectOpen(uri);
	if (relay->connection == NULL) {
		complain("libvirt does not answer");
		return false;
	}
	virConnectSetKeepAlive(relay->connection, 5, 3);
	virConnectRegisterCloseCallback(relay->connection, connection_closed, relay, NULL);
	return true;
}

static bool domain_find(struct relay *relay, const char *name)
{
	relay->domain = virDomainLookupByName(relay->connection, name);
	if (relay->domain == NULL)
		relay->domain = virDomainLookupByUUIDString(relay->connection, name);
	if (relay->domain == NULL) {
		fprintf(stderr, "libvirt has no domain of this name\n");
		return false;
	}
	if (virDomainIsActive(relay->domain) == 0)
		return true;
	fprintf(stderr, "the domain runs already: it must be shut off, for the laboratory starts "
			"and ends it itself\n");
	return false;
}

static bool domain_start(struct relay *relay)
{
	virConnectDomainEventRegisterAny(relay->connection, relay->domain,
					 VIR_DOMAIN_EVENT_ID_LIFECYCLE,
					 VIR_DOMAIN_EVENT_CALLBACK(lifecycle_turn), relay, NULL);
	if (virDomainCreateWithFlags(relay->domain, VIR_DOMAIN_START_AUTODESTROY) < 0) {
		complain("it cannot be started");
		return false;
	}
	relay->stream = virStreamNew(relay->connection, VIR_STREAM_NONBLOCK);
	if (relay->stream == NULL ||
	    virDomainOpenChannel(relay->domain, AGENT_PORT_NAME, relay->stream, 0) < 0) {
		complain("it has no channel " AGENT_PORT_NAME " (a <channel type='unix'> with "
			 "<target type='virtio' name='" AGENT_PORT_NAME "'/>)");
		return false;
	}
	return true;
}

/* libvirt's own pid file: its interface does not tell. */
static long domain_pid(struct relay *relay)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	const char *name = virDomainGetName(relay->domain);
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FCLOSE FILE *file = NULL;
	long pid = 0;
	int size;

	if (geteuid() == 0)
		size = asprintf(&path, "/run/libvirt/qemu/%s.pid", name);
	else
		size = asprintf(&path, "%s/libvirt/qemu/run/%s.pid",
				runtime != NULL ? runtime : "/nonexistent", name);
	file = size >= 0 ? fopen(path, "re") : NULL;
	return file != NULL && fscanf(file, "%ld", &pid) == 1 && pid > 0 ? pid : 0;
}

/* Libvirt writes the type as the first attribute, in these quotes. */
static bool domain_is_kvm(struct relay *relay)
{
	CLEANUP_FREE char *xml = virDomainGetXMLDesc(relay->domain, 0);

	return xml != NULL && strncmp(xml, "<domain type='kvm'", 18) == 0;
}

static bool domain_report(struct relay *relay)
{
	char line[96];
	long pid = domain_pid(relay);

	if (pid == 0) {
		fprintf(stderr, "libvirt does not tell its process\n");
		return false;
	}
	snprintf(line, sizeof line, "{\"event\":\"DOMAIN\",\"data\":{\"pid\":%ld,\"type\":\"%s\"}}\n",
		 pid, domain_is_kvm(relay) ? "kvm" : "qemu");
	report(relay, line);
	return true;
}

static bool relay_run(struct relay *relay)
{
	relay->channel_watch = virEventAddHandle(relay->channel_fd, VIR_EVENT_HANDLE_READABLE,
						 channel_turn, relay, NULL);
	relay->report_watch = virEventAddHandle(relay->report_fd, VIR_EVENT_HANDLE_READABLE,
						report_turn, relay, NULL);
	if (relay->channel_watch < 0 || relay->report_watch < 0 ||
	    virStreamEventAddCallback(relay->stream, VIR_STREAM_EVENT_READABLE, stream_turn, relay,
				      NULL) < 0) {
		complain("its channel cannot be watched");
		return false;
	}
	while (!relay->over)
		if (virEventRunDefaultImpl() < 0)
			return false;
	return relay->status == 0;
}

static void relay_done(struct relay *relay)
{
	if (relay->domain != NULL && relay->stream != NULL)
		virDomainDestroy(relay->domain);
	if (relay->stream != NULL)
		virStreamFree(relay->stream);
	if (relay->domain != NULL)
		virDomainFree(relay->domain);
	if (relay->connection != NULL)
		virConnectClose(relay->connection);
}

static int fd_argument(const char *text)
{
	int fd = atoi(text);

	if (fd <= STDERR_FILENO || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
		fprintf(stderr, "%s is no descriptor\n", text);
		exit(2);
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

int main(int argc, char **argv)
{
	static struct relay relay;
	bool ready, whole;

	if (argc != 4) {
		fprintf(stderr, "truce-lab-domain DOMAIN CHANNEL_FD REPORT_FD\n");
		return 2;
	}
	relay.channel_fd = fd_argument(argv[2]);
	relay.report_fd = fd_argument(argv[3]);
	ready = connection_open(&relay) && domain_find(&relay, argv[1]) && domain_start(&relay) &&
		domain_report(&relay);
	whole = ready && relay_run(&relay);
	relay_done(&relay);
	return whole ? 0 : ready ? 1 : GUEST_DOMAIN_REFUSED;
}
