/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a policy says of itself when it is loaded: how often it runs, what it needs, its classes,
 * the intents of each class, and its rules. The description is data; the rules' code stays in
 * the process that runs it. Classes are in the order of the file: the first that matches a VM
 * has it.
 */
#ifndef MODEL_POLICY_H
#define MODEL_POLICY_H

#include "model/setting.h"
#include "model/vm.h"

struct str;

enum policy_match_by {
	POLICY_MATCH_NAME,     /* glob on the VM's name */
	POLICY_MATCH_CGROUP,   /* glob on its cgroup path */
	POLICY_MATCH_UUID,
	POLICY_MATCH_METADATA, /* glob on the libvirt metadata element truce:class, VM_TEXT_METADATA */
	POLICY_MATCH_OWNER,    /* libvirt, proxmox, ... */
	POLICY_MATCH_VMM,
	POLICY_MATCH_ANY,      /* every VM */
};

struct policy_match {
	enum policy_match_by by;
	char pattern[256];
};

/* A VM is in the class when any of its matches holds. */
struct policy_class {
	char name[64];
	int line;
	struct policy_match *matches;
	size_t match_count, match_capacity;
};

struct policy_intent {
	size_t class_index;
	enum setting setting; /* an intent or a knob */
	struct setting_value value;
	int line;
};

struct policy_rule {
	char name[64];
	int line;
	enum setting_scope scope; /* VM: an error costs that VM's adjustment alone */
	int class_index;          /* -1: every VM that is managed */
	bool at_birth;            /* it has a turn as soon as there is such a VM */
};

/* Something that its author hardly meant, seen while the file was loaded: check tells it. */
struct policy_note {
	int line;
	char text[400];
};

/* More than any policy that a person wrote; what one can make the daemon hold. */
enum {
	POLICY_CLASSES_MAX = 1024, POLICY_MATCHES_MAX = 4096, POLICY_INTENTS_MAX = 16384,
	POLICY_RULES_MAX = 1024, POLICY_NOTES_MAX = 64,
};

enum policy_need { POLICY_NEED_MAPS = 1, POLICY_NEED_OWNER = 2, POLICY_NEED_PRESSURE = 4 };
enum policy_drift { POLICY_DRIFT_REASSERT, POLICY_DRIFT_LEAVE };

struct policy {
	char name[64];
	char path[256];           /* as it was given; what explain shows before the line */
	uint64_t interval_usec;
	unsigned needs;           /* enum policy_need */
	enum policy_drift drift;
	unsigned changes_per_minute; /* of the whole host; 0: the daemon's default */
	uint64_t vm_interval_usec;   /* two changes of one setting of one VM; 0: the default */
	int canary_permyriad;        /* of each class at first; 10000: all at once */
	uint64_t canary_usec;        /* how long before the rest follows */
	struct policy_class *classes;
	size_t class_count, class_capacity;
	struct policy_intent *intents;
	size_t intent_count, intent_capacity;
	struct policy_rule *rules;
	size_t rule_count, rule_capacity;
	struct policy_note *notes;
	size_t note_count, note_capacity;
};

void policy_init(struct policy *policy);
void policy_done(struct policy *policy);
/* NULL: no memory. */
struct policy_class *policy_add_class(struct policy *policy, const char *name, int line);
struct policy_match *policy_class_add_match(struct policy_class *class, enum policy_match_by by,
					    const char *pattern);
struct policy_intent *policy_add_intent(struct policy *policy, size_t class_index);
struct policy_rule *policy_add_rule(struct policy *policy, const char *name, int line);
/* Past POLICY_NOTES_MAX it is left out; false: no memory. */
bool policy_add_note(struct policy *policy, int line, const char *text);
int policy_find_class(const struct policy *policy, const char *name); /* -1: none */
bool policy_has_rule(const struct policy *policy, const char *name);

/* The class that the VM is in, or -1. */
int policy_classify(const struct policy *policy, const struct vm *vm);
bool policy_class_matches(const struct policy_class *class, const struct vm *vm);
/* Whatever VM there is: the class for the rest, behind the others. */
bool policy_class_takes_all(const struct policy_class *class);

/* The description as bytes between the decider's two processes. The reader believes nothing. */
void policy_append(const struct policy *policy, struct str *out);
int policy_take(const char *bytes, size_t size, struct policy *ret);

#endif
