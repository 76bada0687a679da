/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce-ksm: what `truce ksm VERB` runs. */
#include "cmd/ksm.h"
#include "cmd/program.h"

#include <stddef.h>

static const struct program_verb verbs[] = {
	{ &ksm_status_verb, NULL, "status" },
	{ &ksm_watch_verb, NULL, "watch" },
	{ &ksm_estimate_verb, NULL, "estimate" },
	{ &ksm_match_verb, NULL, "match" },
	{ &ksm_fit_verb, NULL, "fit" },
	{ &ksm_tune_verb, NULL, "tune" },
	{ NULL, NULL, NULL },
};

int main(int argc, char **argv)
{
	return program_main("ksm", verbs, argc, argv);
}
