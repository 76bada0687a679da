/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce-lab: what `truce lab VERB` runs. */
#include "cmd/lab.h"
#include "cmd/program.h"

#include <stddef.h>

static const struct program_verb verbs[] = {
	{ &lab_box_verb, lab_box_call, "box" },
	{ &lab_image_verb, lab_image_call, "image" },
	{ &lab_run_verb, lab_run_call, "run" },
	{ &lab_list_verb, NULL, "list" },
	{ &lab_show_verb, NULL, "show" },
	{ &lab_compare_verb, NULL, "compare" },
	{ &lab_export_verb, NULL, "export" },
	{ &lab_work_verb, lab_work_call, "work" },
	{ NULL, NULL, NULL },
};

int main(int argc, char **argv)
{
	return program_main("lab", verbs, argc, argv);
}
