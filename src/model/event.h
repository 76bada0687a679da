/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened to VMs and to knobs: one line of `truce events` each. */
#ifndef MODEL_EVENT_H
#define MODEL_EVENT_H

#include "model/vm.h"

enum event_kind {
	EVENT_CREATED,
	EVENT_VCPU_ADDED,
	EVENT_VCPU_REMOVED,
	EVENT_DESTROYED,
	EVENT_RENAMED,
	EVENT_KNOB,
	EVENT_LOST, /* events were lost here and made good by a scan */
	EVENT_KIND_COUNT,
};

/* What happened since the snapshot before. VMs that lived and died in between appear here only. */
struct event {
	enum event_kind kind;
	uint64_t realtime_usec;
	struct vm_identity identity; /* pid 0: the host */
	char name[64];               /* of the VM, as far as known */
	char detail[160];            /* "vcpu 3", "weight 100 -> 50", "was old-name" */
};

const char *event_kind_name(enum event_kind kind);

#endif
