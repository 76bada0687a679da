/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs of truce-lab. */
#ifndef CMD_LAB_H
#define CMD_LAB_H

struct verb;

extern const struct verb lab_box_verb, lab_image_verb, lab_run_verb, lab_work_verb;
extern const struct verb lab_compare_verb, lab_export_verb, lab_list_verb, lab_show_verb;

/* Its exit code is the command's in the box, so that its own begin at 124. */
int lab_box_call(char **arguments);
int lab_image_call(char **arguments);
int lab_run_call(char **arguments);
int lab_work_call(char **arguments);

#endif
