/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `truce policy show` prints of what truced says: doc/format/control.md has the keys. */
#ifndef CMD_POLICY_SHOW_H
#define CMD_POLICY_SHOW_H

#include <jansson.h>
#include <stddef.h>

struct str;

/* All of them, a line each. */
void policies_append_table(const json_t *policies, size_t width, struct str *str);
/* One with all that is known: classes and their VMs of `vms`, rules, errors; its source, which
 * may be NULL. */
void policy_append_page(const json_t *policy, const json_t *vms, const char *source,
			struct str *str);
/* truce.policies/1: `policies` with the key "source" where it was asked for. */
void policies_append_json(const json_t *policies, struct str *str);

#endif
