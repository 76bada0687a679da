/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a turn costs: CPU time of lua_policy_turn and of writing the state down, without the
 * process around it.
 *
 *     lua_policy_bench POLICY VMS TURNS [LIMIT]
 *
 * prints the median and the 99th percentile in microseconds; fails past LIMIT (of the median).
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "decide/lua_trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_all(const char *path)
{
	CLEANUP_FCLOSE FILE *file = fopen(path, "rb");
	char *bytes = calloc(1, 1 << 20);

	if (file == NULL || bytes == NULL || fread(bytes, 1, (1 << 20) - 1, file) == 0) {
		fprintf(stderr, "%s cannot be read\n", path);
		exit(1);
	}
	return bytes;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double turn_usec(struct lua_trial *trial, struct str *state)
{
	uint64_t begin, end;
	int r;

	synthetic_tick(&trial->host);
	begin = clock_thread_cpu_nsec();
	r = lua_trial_turn(trial, DECIDER_TICK, NULL, 0);
	str_clear(state);
	lua_policy_state_append(trial->lua, state);
	end = clock_thread_cpu_nsec();
	if (r < 0 || trial->warning_count > 0) {
		fprintf(stderr, "the turn failed: %s%s\n", trial->err.text, trial->warning);
		exit(1);
	}
	return (double)(end - begin) / 1000;
}

/* What of it is the trial's own: the copy of the snapshot for the turn after. */
static double copy_usec(struct lua_trial *trial)
{
	uint64_t begin = clock_thread_cpu_nsec();

	snapshot_copy(&trial->before, &trial->host.snapshot);
	return (double)(clock_thread_cpu_nsec() - begin) / 1000;
}

int main(int argc, char **argv)
{
	unsigned vms = argc > 2 ? (unsigned)atoi(argv[2]) : 500;
	size_t turns = argc > 3 ? (size_t)atoi(argv[3]) : 200, requests = 0, i;
	double limit = argc > 4 ? atof(argv[4]) : 0;
	CLEANUP_FREE char *text = argc > 1 ? read_all(argv[1]) : NULL;
	CLEANUP_FREE double *costs = calloc(turns + 1, sizeof *costs);
	struct lua_trial trial;
	struct str state;

	if (text == NULL || costs == NULL || turns == 0 ||
	    lua_trial_begin(&trial, vms, text) < 0) {
		fprintf(stderr, "usage: lua_policy_bench POLICY VMS TURNS [LIMIT]\n");
		return 1;
	}
	str_init(&state);
	for (i = 0; i < 10; i++)
		turn_usec(&trial, &state);
	for (i = 0; i < turns; i++) {
		costs[i] = turn_usec(&trial, &state) - copy_usec(&trial);
		requests += trial.request_count;
	}
	qsort(costs, turns, sizeof *costs, compare);
	printf("%s: %u VMs, %zu turns: median %.0f us, 99th percentile %.0f us of CPU a turn; "
	       "%.1f requests a turn, %zu bytes of state\n", trial.lua != NULL ? argv[1] : "", vms,
	       turns, costs[turns / 2], costs[turns * 99 / 100], (double)requests / (double)turns,
	       state.length);
	str_done(&state);
	lua_trial_end(&trial);
	return limit > 0 && costs[turns / 2] > limit;
}
