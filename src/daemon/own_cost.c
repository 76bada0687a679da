/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/own_cost.h"

#include "daemon/policies.h"
#include "sys/root.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static uint64_t usec_of(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
}

uint64_t own_cost_cpu_usec(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) == 0 ? usec_of(&usage.ru_utime) + usec_of(&usage.ru_stime) : 0;
}

/* Fields 14 and 15 of /proc/PID/stat, behind the name, which may hold anything. */
static uint64_t cpu_of(const struct daemon *daemon, pid_t pid)
{
	char path[64], bytes[1024];
	const char *at;
	unsigned i;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (root_read(daemon->root, path, bytes, sizeof bytes) <= 0)
		return 0;
	at = strrchr(bytes, ')');
	for (i = 0; at != NULL && i < 12; i++) {
		at = strchr(at, ' ');
		at = at != NULL ? at + 1 : NULL;
	}
	if (at == NULL)
		return 0;
	{
		char *end;
		uint64_t ticks = strtoull(at, &end, 10);

		ticks += strtoull(end, NULL, 10);
		return ticks * 1000000 / (uint64_t)daemon->root->ticks_per_second;
	}
}

uint64_t own_cost_deciders_cpu_usec(const struct daemon *daemon)
{
	struct rusage ended;
	uint64_t usec = getrusage(RUSAGE_CHILDREN, &ended) == 0 ?
			usec_of(&ended.ru_utime) + usec_of(&ended.ru_stime) : 0;
	size_t i;

	for (i = 0; i < daemon->policy_count; i++)
		if (decider_pid(daemon->policies[i]->decider) > 0)
			usec += cpu_of(daemon, decider_pid(daemon->policies[i]->decider));
	return usec;
}

static uint64_t rss_of(const struct daemon *daemon, pid_t pid)
{
	char path[64], bytes[128];
	char *end;

	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	if (root_read(daemon->root, path, bytes, sizeof bytes) <= 0)
		return 0;
	strtoull(bytes, &end, 10);
	return strtoull(end, NULL, 10) * (uint64_t)daemon->root->page_size;
}

void own_cost_read(struct daemon *daemon)
{
	struct budget *budget = &daemon->budget;
	size_t i;

	budget->own_rss_bytes = rss_of(daemon, getpid());
	budget->deciders_rss_bytes = 0;
	for (i = 0; i < daemon->policy_count; i++)
		if (decider_pid(daemon->policies[i]->decider) > 0)
			budget->deciders_rss_bytes += rss_of(daemon,
							     decider_pid(daemon->policies[i]->decider));
}
