/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce ksm status: what page sharing saves and costs now, and who shares with whom. */
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/ksm.h"
#include "cmd/ksm_look.h"
#include "cmd/source.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "cmd/vm_select.h"
#include "cmd/warnings.h"
#include "sys/root.h"

#include <errno.h>
#include <string.h>

struct ksm_status_settings {
	bool json, no_frames;
	uint64_t pairs, frames_usec;
	const char *root;
};

static const struct ksm_status_settings defaults = { .pairs = 10, .frames_usec = 10 * USEC_PER_SEC };

static const struct option_info options[] = {
	OPTION_JSON(struct ksm_status_settings, json),
	OPTION_COUNT(struct ksm_status_settings, pairs, 'p', "pairs", "N",
		     "show the N pairs of VMs that share most (10); JSON has all"),
	OPTION_DURATION(struct ksm_status_settings, frames_usec, 0, "frames-for", "TIME",
			"look at frames that long at most (10s); 0: without a limit"),
	OPTION_FLAG(struct ksm_status_settings, no_frames, 0, "no-frames",
		    "do not look at frames: nothing of who shares with whom"),
	OPTION_ROOT(struct ksm_status_settings, root),
	OPTIONS_END,
};

/* Asked for, and not there: for want of a right or of time. No captured host tells of frames. */
static bool is_partial(const struct ksm_look *look)
{
	const struct status *status = &look->status;
	size_t i;

	if (!look->options.with_frames || root_is_captured(look->root))
		return false;
	if (status->frames_absent != NULL)
		return true;
	for (i = 0; i < status->vm_count; i++)
		if (strcmp(status->vms[i].takes_part, "yes") == 0 &&
		    !field_present(status->vms[i].looked_pages))
			return true;
	return false;
}

static int print(const struct verb *verb, const struct ksm_status_settings *settings,
		 const struct ksm_look *look)
{
	struct str text;
	int code;

	str_init(&text);
	if (settings->json)
		status_append_json(&look->status, look->wanted, &text);
	else
		status_append_text(&look->status, look->wanted, (size_t)settings->pairs,
				   terminal_is_output() ? terminal_width() : 0, &text);
	code = verb_print(verb, &text);
	str_done(&text);
	return code;
}

static int tell(const struct verb *verb, const struct ksm_status_settings *settings,
		struct ksm_look *look)
{
	struct error err = { 0 };
	bool partly;
	int code, r = ksm_look_next(look, &err);

	if (r == 0)
		error_set(&err, -EINTR, "interrupted");
	if (r <= 0 || vm_select_check(&look->rates.now, look->names, &err) < 0)
		return verb_fail(verb, &err);
	partly = warnings_tell(verb, look->source);
	code = print(verb, settings, look);
	return code == VERB_FINE && (partly || is_partial(look)) ? VERB_PARTLY : code;
}

static int ksm_status_run(const struct verb *verb, const void *pointer, char **operands)
{
	const struct ksm_status_settings *settings = pointer;
	struct error err = { 0 };
	struct ksm_look look;
	int code;

	if (ksm_look_open(&look, settings->root, 0, operands, &err) < 0)
		return verb_fail(verb, &err);
	look.options.with_areas = true;
	look.options.with_frames = !settings->no_frames;
	look.options.frames_usec = settings->frames_usec;
	code = tell(verb, settings, &look);
	ksm_look_close(&look);
	return code;
}

const struct verb ksm_status_verb = {
	.name = "ksm status",
	.operands = "[VM...]",
	.most_operands = OPERANDS_ANY,
	.summary = "what page sharing saves and costs now, and who shares with whom",
	.notes = "VM is a VM's name, uuid, pid or id.\n"
		 "\n"
		 "MERGEABLE is address space that KSM was told of, MERGED what of it is merged, ZERO zero\n"
		 "pages on the kernel's own, TRACKING KSM's book-keeping. INSIDE is what a VM saves by\n"
		 "sharing with itself, SAVED its part of all that is saved, LEAVES what comes free when it\n"
		 "leaves, REWRITE what it would need to write to all that is merged. The last four, and\n"
		 "the pairs, are told by looking at frames, which is dear and needs root. A - is a figure\n"
		 "that is not told. ACROSS marks two VMs of different groups: classes that truced or\n"
		 "libvirt's metadata give them.",
	.options = options,
	.settings_size = sizeof(struct ksm_status_settings),
	.defaults = &defaults,
	.run = ksm_status_run,
};
