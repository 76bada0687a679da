/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/hold.h"

#include "act/act_lease.h"
#include "act/actuator.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "lease/lease.h"
#include "sys/cgroup.h"
#include "sys/ksm.h"
#include "sys/root.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KSM "/sys/kernel/mm/ksm/"
/* As a policy's name stands in a lease's note. */
#define CAUSE " by ksm-tune:0 "

/* run comes last: what ksmd begins with stands before it begins, and it is stopped first. */
enum { KNOB_PAGES, KNOB_SLEEP, KNOB_RUN, KNOB_COUNT };

static const struct {
	enum setting setting;
	const char *path;
} knobs[KNOB_COUNT] = {
	[KNOB_PAGES] = { SETTING_KSM_PAGES_TO_SCAN, KSM "pages_to_scan" },
	[KNOB_SLEEP] = { SETTING_KSM_SLEEP, KSM "sleep_millisecs" },
	[KNOB_RUN] = { SETTING_KSM_RUN, KSM "run" },
};

static const struct vm_identity the_host = { .pid = 0 };

struct ksm_hold {
	struct root *root;
	struct leases *leases;
	const struct actuator *actuator;
	struct cgroup_layout layout;
	struct act_context context;
	struct {
		bool is_set;
		int64_t value;
	} set[KNOB_COUNT];
};

/* -- whose the knobs are ----------------------------------------------------------------------------- */

static const struct actuator *ksm_actuator(void)
{
	size_t i;

	for (i = 0; actuators[i] != NULL; i++)
		if (actuators[i]->setting_count > 0 && actuators[i]->settings[0] == SETTING_KSM_RUN)
			return actuators[i];
	return NULL;
}

int ksm_hold_rival(struct root *root, char ret_rival[static KSM_HOLD_SENTENCE], struct error *err)
{
	struct act_context context = { .root = root };
	char reason[PLAN_REASON_SIZE] = "";

	if (!root_exists(root, KSM "run"))
		return error_set(err, -ENOENT, "this kernel has no KSM (" KSM " is not there)");
	if (ksm_actuator()->serves(&context, NULL, SETTING_KSM_PAGES_TO_SCAN, reason) == 1)
		return 0;
	snprintf(ret_rival, KSM_HOLD_SENTENCE, "%s", reason);
	return 1;
}

static bool is_ours(const struct lease *lease)
{
	return lease->note != NULL && strstr(lease->note, CAUSE) != NULL;
}

/* `truce set` without truced, or a truced that was killed. */
static int check_leases(const struct ksm_hold *hold, bool *ret_left, struct error *err)
{
	size_t i;

	for (i = 0; i < KNOB_COUNT; i++) {
		const struct lease *lease = leases_find(hold->leases, &act_lease_file_kind, &the_host,
							knobs[i].path);

		if (lease != NULL && !is_ours(lease))
			return error_set(err, -EBUSY, "%s is set by Truce already (%.120s): truce undo host "
					 "gives it back", setting_info[knobs[i].setting].name,
					 lease->note != NULL ? lease->note : lease->now);
		*ret_left = *ret_left || lease != NULL;
	}
	return 0;
}

/* Since 6.8 the kernel may reckon pages_to_scan by itself, and refuses to be told it meanwhile. */
static int stop_advisor(struct ksm_hold *hold, char *ret_told, struct error *err)
{
	char text[64], mode[32];
	const char *open, *close;
	int r;

	if (root_read(hold->root, KSM "advisor_mode", text, sizeof text) <= 0)
		return 0;
	open = strchr(text, '[');
	close = open != NULL ? strchr(open, ']') : NULL;
	if (close == NULL || strncmp(open, "[none]", 6) == 0)
		return 0;
	text_copy(mode, sizeof mode, open + 1, (size_t)(close - open - 1));
	/* With the setting that it stands in the way of, so that they are given back together. */
	snprintf(hold->context.note, sizeof hold->context.note, "%s=1" CAUSE "the advisor is off",
		 setting_info[SETTING_KSM_PAGES_TO_SCAN].name);
	r = act_lease_file_was(&hold->context, NULL, KSM "advisor_mode", mode, "none", err);
	if (r == 0)
		snprintf(ret_told, KSM_HOLD_SENTENCE, "the kernel's KSM advisor (%s) is off until the end", mode);
	return r;
}

/* -- open -------------------------------------------------------------------------------------------- */

static void hold_free(struct ksm_hold *hold)
{
	leases_close(hold->leases);
	free(hold);
}

static int take_lock(struct ksm_hold *hold, char *ret_told, struct error *err)
{
	const struct leases_options options = { .kinds = act_lease_kinds, .context = hold->root };
	bool left = false;
	int r = leases_open(hold->root, &options, &hold->leases, ret_told, KSM_HOLD_SENTENCE, err);

	if (r == 0)
		r = check_leases(hold, &left, err);
	if (r == 0 && left)
		snprintf(ret_told, KSM_HOLD_SENTENCE, "one that was killed left KSM's knobs turned: at the end "
			 "they are given back as they were before it");
	hold->context.leases = hold->leases;
	return r;
}

static int settle_rival(struct ksm_hold *hold, bool take_over, char *ret_told, struct error *err)
{
	char rival[KSM_HOLD_SENTENCE];
	int r = ksm_hold_rival(hold->root, rival, err);

	if (r <= 0)
		return r;
	if (!take_over)
		return error_set(err, -EBUSY, "%s", rival);
	snprintf(ret_told, KSM_HOLD_SENTENCE, "%s", rival);
	return stop_advisor(hold, ret_told, err);
}

int ksm_hold_open(struct root *root, bool take_over, struct ksm_hold **ret,
		  char ret_told[static KSM_HOLD_SENTENCE], struct error *err)
{
	struct ksm_hold *hold = calloc(1, sizeof *hold);
	int r;

	if (hold == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	ret_told[0] = '\0';
	hold->root = hold->context.root = root;
	hold->actuator = ksm_actuator();
	/* Read once: each lease would read it again. */
	if (cgroup_layout_read(root, &hold->layout, NULL) == 0)
		hold->context.layout = &hold->layout;
	r = root_exists(root, KSM "run") ? take_lock(hold, ret_told, err) :
		error_set(err, -ENOENT, "this kernel has no KSM (" KSM " is not there)");
	if (r == 0)
		r = settle_rival(hold, take_over, ret_told, err);
	if (r < 0) {
		hold_free(hold);
		return r;
	}
	*ret = hold;
	return 0;
}

/* -- turning and looking ------------------------------------------------------------------------------ */

static int set_knob(struct ksm_hold *hold, unsigned knob, int64_t value, const char *why,
		    struct error *err)
{
	const struct setting_value wanted = { .number = value };
	char where[64];
	int r;

	if (hold->set[knob].is_set && hold->set[knob].value == value)
		return 0;
	snprintf(hold->context.note, sizeof hold->context.note, "%s=%" PRId64 CAUSE "%.200s",
		 setting_info[knobs[knob].setting].name, value, why);
	r = hold->actuator->set(&hold->context, NULL, knobs[knob].setting, &wanted, where, err);
	if (r < 0)
		return r;
	hold->set[knob].is_set = true;
	hold->set[knob].value = value;
	leases_sweep(hold->leases);
	return 0;
}

int ksm_hold_set(struct ksm_hold *hold, const struct tune_wish *wish, const char *why,
		 struct error *err)
{
	int r = 0;

	if (wish->pages == 0)
		return set_knob(hold, KNOB_RUN, 0, why, err);
	r = set_knob(hold, KNOB_PAGES, (int64_t)wish->pages, why, err);
	if (r == 0)
		r = set_knob(hold, KNOB_SLEEP, (int64_t)wish->sleep_msec, why, err);
	return r == 0 ? set_knob(hold, KNOB_RUN, 1, why, err) : r;
}

static int64_t value_in(const struct ksm *found, unsigned knob)
{
	return knob == KNOB_PAGES ? found->pages_to_scan : knob == KNOB_SLEEP ? found->sleep_millisecs :
										found->run;
}

int ksm_hold_look(struct ksm_hold *hold, const struct ksm *found,
		  char ret_sentence[static KSM_HOLD_SENTENCE])
{
	char rival[KSM_HOLD_SENTENCE];
	int64_t value, ours;
	int told = 0;
	unsigned i;

	for (i = 0; i < KNOB_COUNT; i++) {
		value = value_in(found, i);
		ours = hold->set[i].value;
		if (!hold->set[i].is_set || value == FIELD_ABSENT || value == ours)
			continue;
		hold->set[i].value = value;
		snprintf(ret_sentence, KSM_HOLD_SENTENCE, "somebody else set %s to %" PRId64 " (it was set to %"
			 PRId64 " here)", knobs[i].path, value, ours);
		told = 1;
	}
	if (told && ksm_hold_rival(hold->root, rival, NULL) == 1)
		snprintf(ret_sentence + strlen(ret_sentence), KSM_HOLD_SENTENCE - strlen(ret_sentence), "; %s",
			 rival);
	return told;
}

/* -- the end ------------------------------------------------------------------------------------------ */

int ksm_hold_close(struct ksm_hold *hold, char ret_left[static KSM_HOLD_SENTENCE], struct error *err)
{
	const struct lease *lease;
	uint64_t id = UINT64_MAX;
	struct error said;
	int r, failed = 0;

	ret_left[0] = '\0';
	while ((lease = leases_previous(hold->leases, id)) != NULL) {
		id = lease->id;
		if (!is_ours(lease))
			continue;
		said = (struct error){ 0 };
		r = leases_undo(hold->leases, id, &said);
		if (r == LEASE_LEFT)
			text_copy(ret_left, KSM_HOLD_SENTENCE, said.text, strlen(said.text));
		else if (r < 0 && failed == 0)
			failed = error_set(err, r, "%s", said.text);
	}
	hold_free(hold);
	return failed;
}
