/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/notify.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/str.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#ifdef HAVE_SYSTEMD
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#endif

static char notify_path[108];
static bool to_journal, with_priority;

/* JOURNAL_STREAM names the device and inode that standard error was given: it may have been
 * sent elsewhere since. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct cursor c = cursor_over(stream != NULL ? stream : "", stream != NULL ? strlen(stream) : 0);
	uint64_t device, inode;
	struct stat st;

	return cursor_take_u64(&c, &device) && cursor_take_text(&c, ":") &&
	       cursor_take_u64(&c, &inode) && fstat(STDERR_FILENO, &st) == 0 &&
	       st.st_dev == device && st.st_ino == inode;
}

void notify_begin(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	with_priority = stderr_is_journal();
#ifdef HAVE_SYSTEMD
	to_journal = with_priority;
#endif
	if (path != NULL && (path[0] == '/' || path[0] == '@') && strlen(path) < sizeof notify_path)
		strcpy(notify_path, path);
	/* Not for the policies' processes. */
	unsetenv("NOTIFY_SOCKET");
}

void notify(const char *format, ...)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(notify_path);
	char text[512];
	va_list args;
	CLEANUP_CLOSE int fd = -1;

	if (length == 0)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	memcpy(address.sun_path, notify_path, length);
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0';
	sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&address,
	       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
}

uint64_t notify_watchdog_usec(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	struct cursor c = cursor_over(usec != NULL ? usec : "", usec != NULL ? strlen(usec) : 0);
	uint64_t expected;

	if (notify_path[0] == '\0' || !cursor_take_u64(&c, &expected) ||
	    (pid != NULL && strtol(pid, NULL, 10) != getpid()))
		return 0;
	return expected / 2;
}

#ifdef HAVE_SYSTEMD
#define FIELDS_MOST 9

static void add_field(struct iovec *fields, char texts[][1216], unsigned *count, const char *name,
		      const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	snprintf(texts[*count], 1216, "%s=%s", name, value);
	fields[*count] = (struct iovec){ texts[*count], strlen(texts[*count]) };
	++*count;
}

static bool send_to_journal(const struct log_about *about, int priority, const char *text)
{
	char texts[FIELDS_MOST][1216], number[24];
	struct iovec fields[FIELDS_MOST];
	unsigned count = 0;

	snprintf(number, sizeof number, "%d", priority);
	add_field(fields, texts, &count, "MESSAGE", text);
	add_field(fields, texts, &count, "PRIORITY", number);
	add_field(fields, texts, &count, "SYSLOG_IDENTIFIER", "truced");
	add_field(fields, texts, &count, "TRUCE_VM", about->vm);
	add_field(fields, texts, &count, "TRUCE_VM_ID", about->vm_id);
	add_field(fields, texts, &count, "TRUCE_SETTING", about->setting);
	add_field(fields, texts, &count, "TRUCE_POLICY", about->policy);
	add_field(fields, texts, &count, "TRUCE_RULE", about->rule);
	snprintf(number, sizeof number, "%" PRIu64, about->adjustment);
	add_field(fields, texts, &count, "TRUCE_ADJUSTMENT", about->adjustment != 0 ? number : NULL);
	return sd_journal_sendv(fields, (int)count) == 0;
}
#else
static bool send_to_journal(const struct log_about *about, int priority, const char *text)
{
	return false;
}
#endif

static void log_text(const struct log_about *about, int priority, const char *text)
{
	struct str safe;

	str_init(&safe);
	text_append_printable(&safe, text, strlen(text));
	if (safe.failed || (to_journal && send_to_journal(about, priority, safe.data))) {
		str_done(&safe);
		return;
	}
	if (with_priority)
		fprintf(stderr, "<%d>%s\n", priority, safe.data);
	else
		fprintf(stderr, "truced: %s\n", safe.data);
	str_done(&safe);
}

void log_about(const struct log_about *about, int priority, const char *format, ...)
{
	char text[1200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	log_text(about, priority, text);
}

void log_line(int priority, const char *format, ...)
{
	static const struct log_about nothing;
	char text[1200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	log_text(&nothing, priority, text);
}
