/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A `vm_record` is what truced knows of one VM beyond the snapshot: it lives from the first sight
 * of the VM to the tick after its end. The host is a record with pid 0, always there.
 */
#ifndef DAEMON_VM_RECORD_H
#define DAEMON_VM_RECORD_H

#include "daemon/effects.h"
#include "model/plan.h"
#include "model/snapshot.h"

struct daemon;
struct error;

/* One setting that we have turned, or would have (dry-run). */
struct vm_setting {
	struct plan_item item;       /* as planned; of what a predecessor set, as far as is known */
	struct setting_value value;  /* that is in force */
	uint64_t id, since_usec;     /* of the adjustment; 0: unknown */
	bool set;                    /* false: planned, and its outcome not told yet */
	bool dry_run;
};

struct vm_record {
	struct vm_identity vm;
	char name[64], uuid[40], class_name[64];
	const char *policy;          /* whose class it is; "" none. Lives as long as the policy */
	bool seen;                   /* at this tick */
	bool managed;                /* false: opted out by the configuration */
	bool excluded, gives_back;   /* as the arbiter was told */
	size_t planned_vcpus;        /* when it was last planned at once */
	bool planned;
	struct vm_setting *settings;
	size_t setting_count, setting_capacity;
	struct plan_item *last;      /* SET or RELEASE; NULL: none yet */
	uint64_t last_id, last_usec;
	bool last_told;
	enum outcome_status last_status;
	struct effect_history history;
	size_t class_at;             /* of its class_sum, from 1 on; 0: not looked for yet */
	int64_t waiting_usec, cpu_usec; /* as last seen, for the sums of classes; -1: not seen */
};

/* All VMs that were in a class of that name, of whichever policy. */
struct class_sum {
	char name[64];
	size_t vms;                  /* now */
	uint64_t waiting_usec, cpu_usec; /* since truced began */
};

struct vm_record *record_of(struct daemon *daemon, const struct vm_identity *vm); /* or NULL */
bool record_is_there(struct daemon *daemon, const struct vm_identity *vm); /* the host always is */
struct vm_record *record_make(struct daemon *daemon, const struct vm_identity *vm);
/* Names, classes and opt-outs as the snapshot and the policies say; forgets who is gone. */
void records_refresh(struct daemon *daemon);
void record_classify(struct daemon *daemon, struct vm_record *record, const struct vm *vm);
struct vm_setting *record_setting(struct vm_record *record, enum setting setting, bool make);
void record_drop_setting(struct vm_record *record, enum setting setting);
void record_free(struct vm_record *record);
/* By id, name, uuid, pid or "host". -ENOENT, -EBUSY (several are called so). */
int record_find(struct daemon *daemon, const char *text, struct vm_record **ret, struct error *err);

#endif
