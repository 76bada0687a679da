/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a knob says now, by the snapshot alone, and what it says where nobody has turned it. */
#ifndef DECIDE_KNOBS_H
#define DECIDE_KNOBS_H

#include "model/setting.h"

#include <stdbool.h>

struct snapshot;
struct vm;

/* vm NULL: the host. False where the snapshot does not know. Intents have no value. */
bool knob_now(const struct snapshot *snapshot, const struct vm *vm, enum setting knob,
	      struct setting_value *ret);
/* What the kernel or the VMM begins with; false where that depends on the host. */
bool knob_default(enum setting knob, struct setting_value *ret);

#endif
