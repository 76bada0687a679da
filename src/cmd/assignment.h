/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "cpu.weight=400" as a person writes it for `truce set`; "cpu.weight=" lets go of it. */
#ifndef CMD_ASSIGNMENT_H
#define CMD_ASSIGNMENT_H

#include "model/setting.h"

struct error;

struct assignment {
	enum setting setting;
	bool release;
	struct setting_value value;
};

/*
 * For a VM, or for the host where `host`: -EINVAL names a setting of the other kind, -ENOENT the
 * nearest of an unknown one. With `bare` a name without "=" lets go, too.
 */
int assignment_parse(const char *word, bool host, bool bare, struct assignment *ret,
		     struct error *err);

#endif
