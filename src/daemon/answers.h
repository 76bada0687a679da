/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What truced answers (doc/format/control.md), and its own metrics (truced.prom, truce export). */
#ifndef DAEMON_ANSWERS_H
#define DAEMON_ANSWERS_H

#include "daemon/daemon.h"

void answer_status(struct daemon *daemon, struct str *out);
void answer_vms(struct daemon *daemon, struct vm_record *only, struct str *out); /* NULL: all */
void answer_policies(struct daemon *daemon, struct str *out);
void answer_source(const struct loaded *loaded, struct str *out);
void answer_metrics(struct daemon *daemon, struct str *out);

/* Families as the older text has them, and as OpenMetrics has, without its end. */
void metrics_append(struct daemon *daemon, bool openmetrics, struct str *out);

/* requests.c: the handler of the control socket's requests, and what a load that was asked for
 * came to. */
struct load;
void requests_handle(void *context, uint64_t ticket, const struct control_peer *peer,
		     const struct control_request *request);
void requests_loaded(struct daemon *daemon, struct load *load); /* takes it over */
/* As SIGHUP; `ticket` 0: nobody waits for an answer. */
void requests_reload(struct daemon *daemon, uint64_t ticket);
/* Who set what only a VMM could tell of, and waits to hear whether it can be. */
void requests_answer_late(struct daemon *daemon);
void requests_reload_free(struct daemon *daemon);

#endif
