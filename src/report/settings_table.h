/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All settings as a table and as JSON (truce.settings/1): generated from model/settings.h, so
 * that help, page and program cannot differ. */
#ifndef REPORT_SETTINGS_TABLE_H
#define REPORT_SETTINGS_TABLE_H

#include "model/setting.h"

#include <stddef.h>

struct str;

/* "1 to 10000", "0.01 CPUs or more, or max", "CPUs as a list, such as 0-3,8" */
void setting_append_range(struct str *str, enum setting setting);
/* `width` 0: as wide as it is. */
void settings_append_table(struct str *str, size_t width);
void settings_append_json(struct str *str);

/* "cpus", "bytes_per_second", ...: the unit's name in JSON. */
const char *setting_unit_name(enum setting_unit unit);

#endif
