/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/act_turn.h"

#include "act/act_lease.h"
#include "base/str.h"
#include "base/text.h"
#include "lease/lease.h"
#include "sys/proc.h"
#include "sys/root.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool turns(const struct actuator *actuator, enum setting setting)
{
	size_t i;

	for (i = 0; i < actuator->setting_count; i++)
		if (actuator->settings[i] == setting)
			return true;
	return false;
}

int act_choose(struct act_context *context, const struct act_target *target, enum setting setting,
	       const struct actuator **ret, char reason[static PLAN_REASON_SIZE])
{
	int r = 0;
	size_t i;

	snprintf(reason, PLAN_REASON_SIZE, "nothing here can set %s", setting_info[setting].name);
	for (i = 0; actuators[i] != NULL && r <= 0; i++) {
		if (!turns(actuators[i], setting))
			continue;
		r = actuators[i]->serves(context, target, setting, reason);
		if (r > 0)
			*ret = actuators[i];
	}
	return r > 0 ? 0 : r < 0 ? r : -ENOENT;
}

const char *act_explain(int code)
{
	switch (code) {
	case -EBUSY:
		return "somebody else is using it just now";
	case -EPERM:
	case -EACCES:
		return "the kernel does not let this process do it";
	case -EROFS:
		return "this host can only be looked at";
	case -ENOSPC:
		return "there is no room left for it";
	case -EINVAL:
	case -ERANGE:
		return "the kernel does not take that value";
	case -ENOENT:
	case -ENODEV:
		return "what it would be set in is gone";
	case -EOPNOTSUPP:
	case -ENOSYS:
		return "this kernel or VMM does not have it";
	case -ETIMEDOUT:
		return "its owner did not answer in time";
	default:
		return strerror(-code);
	}
}

/* -- the note: "cpu.weight=400 from=100 by gold-first:12 because ..." */

static void append_value(struct str *str, enum setting setting, const struct setting_value *value)
{
	if (setting_info[setting].unit == SETTING_UNIT_TEXT)
		str_append(str, value->text);
	else
		str_append_int(str, value->number);
}

static void note_write(const struct act_turn *turn, char *ret, size_t size)
{
	const struct cause *cause = turn->cause;
	struct str note;

	str_init(&note);
	str_appendf(&note, "%s=", setting_info[turn->setting].name);
	append_value(&note, turn->setting, &turn->value);
	if (turn->before_known) {
		str_append(&note, " from=");
		append_value(&note, turn->setting, &turn->before);
	}
	if (cause != NULL)
		str_appendf(&note, " by %s:%d %s", cause->policy, cause->line, cause->because);
	text_copy(ret, size, note.data != NULL ? note.data : "", note.length);
	str_done(&note);
}

bool act_note_parse_from(const char *note, struct setting_value *ret)
{
	const char *from = note != NULL ? strchr(note, ' ') : NULL;

	if (from == NULL || strncmp(from, " from=", 6) != 0)
		return false;
	from += 6;
	*ret = (struct setting_value){ .number = strtoll(from, NULL, 10) };
	snprintf(ret->text, sizeof ret->text, "%.*s", (int)strcspn(from, " "), from);
	return true;
}

/* -- turning */

static int read_back(struct act_context *context, const struct act_turn *turn,
		     struct setting_value *ret, char where[static 64], struct error *err)
{
	struct setting_value value = { .number = 0 };
	int r = turn->actuator->read == NULL ? -EOPNOTSUPP :
		turn->actuator->read(context, turn->target, turn->setting, &value, where, err);

	if (r >= 0)
		*ret = value;
	return r;
}

static void run_set(struct act_context *context, struct act_turn *turn)
{
	struct error ignored = { 0 };
	char where[64] = "";

	if (!turn->from_known)
		turn->from_known = read_back(context, turn, &turn->from, where, &turn->err) >= 0;
	/* An owner that did not answer the question is not asked again at once. */
	if (!turn->from_known && turn->err.code == -ETIMEDOUT) {
		turn->code = -ETIMEDOUT;
		return;
	}
	turn->err = (struct error){ 0 };
	if (!turn->before_known && turn->from_known) {
		turn->before_known = true;
		turn->before = turn->from;
	}
	note_write(turn, context->note, sizeof context->note);
	turn->code = turn->actuator->set(context, turn->target, turn->setting, &turn->value,
					 turn->where, &turn->err);
	if (turn->code < 0)
		(void)act_release_cgroups(context, &turn->target->vm, &ignored);
	else if (!turn->actuator->once)
		turn->seen_known = read_back(context, turn, &turn->seen, where, &ignored) >= 0;
	if (turn->where[0] == '\0')
		snprintf(turn->where, sizeof turn->where, "%s",
			 where[0] != '\0' ? where : turn->actuator->name);
}

static void run_release(struct act_context *context, struct act_turn *turn)
{
	if (turn->actuator == NULL || turn->actuator->release == NULL)
		turn->code = act_release_setting(context, turn->target, turn->setting, &turn->err);
	else
		turn->code = turn->actuator->release(context, turn->target, turn->setting,
						     &turn->err);
}

static bool is_to_undo(const struct lease *lease, const struct act_turn *turn)
{
	struct setting_value value;

	return lease->kind->slow && vm_identity_compare(&lease->vm, &turn->target->vm) == 0 &&
	       (turn->setting == SETTING_COUNT ||
		act_note_parse(lease->note, &value) == (int)turn->setting);
}

static void note_left(struct act_turn *turn, const struct lease *lease, const char *sentence)
{
	struct setting_value value;

	turn->left = act_note_parse(lease->note, &value) + 1;
	snprintf(turn->left_text, sizeof turn->left_text, "%.*s", (int)sizeof turn->left_text - 1, sentence);
}

static void run_undo(struct act_context *context, struct act_turn *turn)
{
	const struct lease *lease;
	uint64_t id = UINT64_MAX;

	while ((lease = leases_previous(context->leases, id)) != NULL) {
		struct error said = { 0 };
		int r;

		id = lease->id;
		if (!is_to_undo(lease, turn))
			continue;
		r = leases_undo(context->leases, id, &said);
		if (r == LEASE_LEFT)
			note_left(turn, lease, said.text);
		else if (r < 0)
			turn->err = said;
		turn->failed += r < 0;
	}
	turn->code = turn->failed > 0 ? turn->err.code : 0;
}

/* -ENOENT may mean its cgroup, -EINVAL a thread that ended in between: whether the VM has ended,
 * /proc alone tells. */
static bool has_ended(struct root *root, const struct vm_identity *vm)
{
	struct proc_stat stat;
	char path[64], bytes[1024];
	ssize_t got;

	if (vm->pid == 0)
		return false;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)vm->pid);
	got = root_read(root, path, bytes, sizeof bytes);
	if (got == -ENOENT || got == -ESRCH)
		return true;
	return got >= 0 && proc_stat_parse(bytes, (size_t)got, &stat) == 0 &&
	       (stat.start_ticks != vm->start_ticks || (stat.state == 'Z' && stat.threads <= 1));
}

void act_turn_run(struct act_context *context, struct act_turn *turn)
{
	context->deadline_usec = turn->deadline_usec;
	switch (turn->deed) {
	case ACT_SET:
		run_set(context, turn);
		break;
	case ACT_RELEASE:
		run_release(context, turn);
		break;
	case ACT_READ:
		turn->code = read_back(context, turn, &turn->seen, turn->where, &turn->err);
		turn->seen_known = turn->code >= 0;
		break;
	case ACT_UNDO:
		run_undo(context, turn);
		break;
	}
	turn->gone = turn->code < 0 && has_ended(context->root, &turn->target->vm);
}

enum outcome_status act_turn_status(const struct act_turn *turn)
{
	if (turn->gone)
		return OUTCOME_GONE;
	if (turn->code == -ETIMEDOUT)
		return OUTCOME_LATE;
	if (turn->code < 0)
		return OUTCOME_REFUSED;
	return turn->deed == ACT_SET ? OUTCOME_APPLIED : OUTCOME_RESTORED;
}
