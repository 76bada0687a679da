/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What truced tells the manager that started it (sd_notify's protocol), and what it logs: fields
 * of journald where standard error goes there, else lines with the priority's "<N>" where
 * something reads them, else plain lines. Without systemd, or built without its library, all of
 * this works but the fields.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

void notify_begin(void);
/* "READY=1", "STATUS=...", ... ; nothing where nobody listens. */
void notify(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* How often "WATCHDOG=1" is expected, halved; 0: not at all. */
uint64_t notify_watchdog_usec(void);

/* What an entry is about; NULL or 0: nothing of that. */
struct log_about {
	const char *vm, *vm_id, *setting, *policy, *rule;
	uint64_t adjustment;
};
/* One sentence, made safe to print. Priority as syslog's: LOG_ERR, LOG_WARNING, LOG_INFO, ... */
void log_about(const struct log_about *about, int priority, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
