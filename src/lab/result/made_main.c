/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes an experiment whose truth is known, for the claims:
 *
 *	made-experiment FILE.sqlite KIND SEED [RATIO]
 *
 * KIND: isolation, aa, duet, sequence, idle (the other VMs do nothing), few (nine boots), hostile
 * (every text is an attack on terminals and pages). RATIO: VM1's with each further loaded VM.
 */
#include "base/error.h"
#include "lab/result/made.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTACK "<script>alert(1)</script><img src=x onerror=alert(2)> \\\" ` $(id) {/=90 x} \\033[31m"

static const char hostile_spec[] =
	"return experiment { name = 'hostile', asks = '" ATTACK "', predicts = '" ATTACK "', "
	"subject = { work = 'cpu-integer' }, warmup = 1*s, duration = 4*s, vms = { count = 2 }, "
	"vary = { { 'policy', 'none', '" ATTACK "' } }, boots = 10 }";

int main(int argc, char **argv)
{
	struct made made = { .platform = "tcg", .accel = "tcg", .per_vm = 0.9 };
	const char *kind = argc > 3 ? argv[2] : "";
	struct error err = { 0 };

	if (argc < 4) {
		fputs("usage: made-experiment FILE.sqlite KIND SEED [RATIO]\n", stderr);
		return 2;
	}
	made.spec = strcmp(kind, "aa") == 0 ? made_aa_spec : strcmp(kind, "duet") == 0 ? made_duet_spec :
		    strcmp(kind, "sequence") == 0 ? made_sequence_spec :
		    strcmp(kind, "hostile") == 0 ? hostile_spec : made_isolation_spec;
	made.seed = strtoull(argv[3], NULL, 10);
	if (argc > 4)
		made.per_vm = strtod(argv[4], NULL);
	made.others_idle = strcmp(kind, "idle") == 0;
	made.boots = strcmp(kind, "few") == 0 ? 9 : 0;
	if (strcmp(kind, "hostile") == 0) {
		made.platform = made.version = made.scaled = "</p><script>alert(3)</script>\x1b[31m";
		made.host = "{\"<script>\":\"<script>alert(4)</script>\"}";
	}
	if (made_store(&made, argv[1], &err) == 0)
		return 0;
	fprintf(stderr, "%s\n", err.text);
	return 1;
}
