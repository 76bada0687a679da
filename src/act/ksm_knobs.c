/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KSM's knobs, which are the host's. Who tunes them already is named and left alone: two hands on
 * one knob only hide each other.
 */
#include "act/act_lease.h"
#include "act/actuator.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "sys/field.h"
#include "sys/root.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KSM "/sys/kernel/mm/ksm/"

extern const struct actuator act_ksm;

static const char *path_of(enum setting setting)
{
	switch (setting) {
	case SETTING_KSM_RUN:
		return KSM "run";
	case SETTING_KSM_PAGES_TO_SCAN:
		return KSM "pages_to_scan";
	default:
		return KSM "sleep_millisecs";
	}
}

struct search {
	struct root *root;
	const char *found;
};

/* By the names of their processes, as the kernel cuts them. */
static int look_at_process(const char *name, void *context)
{
	static const struct {
		const char *comm, *name;
	} managers[] = {
		{ "ksmtuned", "ksmtuned" }, { "momd", "MoM" }, { "vdsmd", "VDSM" },
	};
	struct search *search = context;
	char path[48], comm[32];
	struct span span;
	ssize_t size;

	if (!isdigit((unsigned char)name[0]))
		return 0;
	snprintf(path, sizeof path, "/proc/%.16s/comm", name);
	size = root_read(search->root, path, comm, sizeof comm);
	if (size <= 0)
		return 0;
	span = span_trimmed(comm, (size_t)size);
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++)
		if (span_equals(span, managers[i].comm))
			search->found = managers[i].name;
	return search->found != NULL;
}

/* "none [scan-time]": since 6.8 the kernel may reckon pages_to_scan by itself. */
static bool advisor_rules(struct root *root)
{
	char text[64];
	ssize_t size = root_read(root, KSM "advisor_mode", text, sizeof text);

	return size > 0 && strstr(text, "[none]") == NULL;
}

static int ksm_serves(struct act_context *context, const struct act_target *target,
		      enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	struct search search = { .root = context->root };

	if (!root_exists(context->root, path_of(setting))) {
		snprintf(reason, PLAN_REASON_SIZE, "this kernel has no KSM");
		return 0;
	}
	root_list(context->root, "/proc", look_at_process, &search);
	if (search.found != NULL) {
		snprintf(reason, PLAN_REASON_SIZE, "%s runs here and turns the KSM knobs: end it or leave "
			 "them to it", search.found);
		return 0;
	}
	if (setting == SETTING_KSM_PAGES_TO_SCAN && advisor_rules(context->root)) {
		snprintf(reason, PLAN_REASON_SIZE, "the kernel's KSM advisor reckons pages_to_scan; write "
			 "none to " KSM "advisor_mode first");
		return 0;
	}
	return 1;
}

static int ksm_read(struct act_context *context, const struct act_target *target,
		    enum setting setting, struct setting_value *ret, char where[static 64],
		    struct error *err)
{
	char text[32];
	ssize_t size = root_read(context->root, path_of(setting), text, sizeof text);

	snprintf(where, 64, "%s", setting_info[setting].name);
	if (size < 0)
		return error_errno(err, (int)size, "cannot read %s", path_of(setting));
	if (field_parse_number(text, (size_t)size, &ret->number) < 0)
		return error_set(err, -EINVAL, "%s has no number", path_of(setting));
	return 0;
}

static int ksm_set(struct act_context *context, const struct act_target *target,
		   enum setting setting, const struct setting_value *value, char where[static 64],
		   struct error *err)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRId64, value->number);
	snprintf(where, 64, "%s", setting_info[setting].name);
	return act_lease_file(context, NULL, path_of(setting), text, err);
}

const struct actuator act_ksm = {
	.name = "ksm",
	.settings = { SETTING_KSM_RUN, SETTING_KSM_PAGES_TO_SCAN, SETTING_KSM_SLEEP },
	.setting_count = 3,
	.serves = ksm_serves,
	.read = ksm_read,
	.set = ksm_set,
};
