/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/proc.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "sys/cpu_list.h"

#include <errno.h>

/*
 * The numbers of /proc/PID/stat stand behind the name, each between single blanks. This runs for
 * every VM at every tick, so nothing that is not wanted is converted, and nothing behind the
 * last wanted number is looked at.
 */
static inline const char *stat_skip(const char *at, const char *end, unsigned count)
{
	for (; at < end; at++)
		if (*at == ' ' && count-- == 0)
			return at;
	return NULL;
}

/* At a blank; a number, and the blank behind it. A number that the end cuts is none. */
static inline const char *stat_take(const char *at, const char *end, int64_t *ret)
{
	bool negative = false;
	uint64_t number = 0;
	const char *start;

	if (at == NULL || ++at >= end)
		return NULL;
	if (*at == '-') {
		negative = true;
		at++;
	}
	for (start = at; at < end && (unsigned char)(*at - '0') <= 9; at++)
		number = number * 10 + (unsigned char)(*at - '0');
	if (at == start || at == end || (*at != ' ' && *at != '\n'))
		return NULL;
	*ret = negative ? (int64_t)-number : (int64_t)number;
	return at;
}

static inline const char *stat_take_u64(const char *at, const char *end, uint64_t *ret)
{
	int64_t number;

	at = stat_take(at, end, &number);
	if (at != NULL)
		*ret = (uint64_t)number;
	return at;
}

static inline const char *stat_take_int(const char *at, const char *end, int *ret)
{
	int64_t number;

	at = stat_take(at, end, &number);
	if (at != NULL)
		*ret = (int)number;
	return at;
}

/* Behind ") S": the fields of proc(5) from 4 on, to 43. */
static bool stat_take_numbers(const char *at, const char *end, struct proc_stat *stat)
{
	at = stat_take_int(at, end, &stat->ppid);
	at = at != NULL ? stat_skip(at, end, 5) : NULL;
	at = stat_take_u64(at, end, &stat->minor_faults);
	at = at != NULL ? stat_skip(at, end, 1) : NULL;
	at = stat_take_u64(at, end, &stat->major_faults);
	at = at != NULL ? stat_skip(at, end, 1) : NULL;
	at = stat_take_u64(at, end, &stat->user_ticks);
	at = stat_take_u64(at, end, &stat->system_ticks);
	at = at != NULL ? stat_skip(at, end, 2) : NULL;
	at = stat_take_int(at, end, &stat->priority);
	at = stat_take_int(at, end, &stat->nice);
	at = stat_take_int(at, end, &stat->threads);
	at = at != NULL ? stat_skip(at, end, 1) : NULL;
	at = stat_take_u64(at, end, &stat->start_ticks);
	at = at != NULL ? stat_skip(at, end, 1) : NULL;
	at = stat_take(at, end, &stat->rss_pages);
	at = at != NULL ? stat_skip(at, end, 14) : NULL;
	at = stat_take_int(at, end, &stat->processor);
	at = stat_take_int(at, end, &stat->rt_priority);
	at = stat_take_int(at, end, &stat->policy);
	at = at != NULL ? stat_skip(at, end, 1) : NULL;
	return stat_take_u64(at, end, &stat->guest_ticks) != NULL;
}

/* The name may hold anything, parentheses and newlines too; no number behind it has a ')'. */
int proc_stat_parse(const char *bytes, size_t size, struct proc_stat *ret)
{
	struct cursor c = cursor_over(bytes, size);
	struct proc_stat stat;
	const char *close;
	uint64_t pid;

	if (!cursor_take_u64(&c, &pid) || !cursor_take_text(&c, " ("))
		return -EINVAL;
	close = memrchr(c.at, ')', cursor_left(&c));
	if (close == NULL || c.end - close < 4 || close[1] != ' ' || close[3] != ' ')
		return -EINVAL;
	stat.pid = (pid_t)pid;
	stat.comm = (struct span){ c.at, (size_t)(close - c.at) };
	stat.state = close[2];
	if (!stat_take_numbers(close + 3, c.end, &stat))
		return -EINVAL;
	*ret = stat;
	return 0;
}

int proc_schedstat_parse(const char *bytes, size_t size, struct proc_schedstat *ret)
{
	struct cursor c = cursor_over(bytes, size);
	struct proc_schedstat schedstat;

	if (!cursor_take_u64(&c, &schedstat.run_nsec) ||
	    !cursor_take_u64(&c, &schedstat.delay_nsec) ||
	    !cursor_take_u64(&c, &schedstat.timeslices) || !cursor_take_text(&c, "\n"))
		return -EINVAL;
	*ret = schedstat;
	return 0;
}

int proc_io_parse(const char *bytes, size_t size, struct proc_io *ret)
{
	static const struct field fields[] = {
		FIELD(struct proc_io, read_chars, "rchar", 1),
		FIELD(struct proc_io, write_chars, "wchar", 1),
		FIELD(struct proc_io, read_calls, "syscr", 1),
		FIELD(struct proc_io, write_calls, "syscw", 1),
		FIELD(struct proc_io, read_bytes, "read_bytes", 1),
		FIELD(struct proc_io, write_bytes, "write_bytes", 1),
		FIELD(struct proc_io, cancelled_write_bytes, "cancelled_write_bytes", 1),
	};
	struct proc_io io;

	if (field_parse_lines(bytes, size, fields, ARRAY_SIZE(fields), &io) == 0)
		return -EINVAL;
	*ret = io;
	return 0;
}

/* What stands behind "\nNAME:" up to the end of that line; a cut line has no value. */
static bool status_find(const char *bytes, size_t size, const char *name, struct cursor *ret)
{
	size_t name_size = strlen(name);
	const char *at = memmem(bytes, size, name, name_size);
	const char *newline;

	if (at == NULL)
		return false;
	at += name_size;
	newline = memchr(at, '\n', (size_t)(bytes + size - at));
	if (newline == NULL)
		return false;
	*ret = (struct cursor){ at, newline };
	cursor_skip_blanks(ret);
	return true;
}

static void status_cpus(const char *bytes, size_t size, struct proc_status *status)
{
	struct cursor value;
	int count;

	status->cpus_allowed = FIELD_ABSENT;
	status->cpus_list = (struct span){ bytes, 0 };
	if (!status_find(bytes, size, "\nCpus_allowed_list:", &value))
		return;
	count = cpu_list_count(value.at, cursor_left(&value));
	if (count < 0)
		return;
	status->cpus_allowed = count;
	status->cpus_list = span_trimmed(value.at, cursor_left(&value));
}

static void status_innermost_pid(const char *bytes, size_t size, struct proc_status *status)
{
	struct cursor value;
	uint64_t pid;

	status->innermost_pid = FIELD_ABSENT;
	if (!status_find(bytes, size, "\nNSpid:", &value))
		return;
	while (cursor_take_u64(&value, &pid))
		status->innermost_pid = (int64_t)(pid & INT32_MAX);
}

int proc_status_parse(const char *bytes, size_t size, struct proc_status *ret)
{
	static const struct field fields[] = {
		FIELD(struct proc_status, tgid, "Tgid", 1),
		FIELD(struct proc_status, ppid, "PPid", 1),
		FIELD(struct proc_status, uid, "Uid", 1),
		FIELD(struct proc_status, locked_bytes, "VmLck", 1024),
		FIELD(struct proc_status, pinned_bytes, "VmPin", 1024),
		FIELD(struct proc_status, rss_anonymous_bytes, "RssAnon", 1024),
		FIELD(struct proc_status, swap_bytes, "VmSwap", 1024),
		FIELD(struct proc_status, threads, "Threads", 1),
	};
	struct proc_status status;

	field_parse_lines(bytes, size, fields, ARRAY_SIZE(fields), &status);
	if (!field_present(status.tgid))
		return -EINVAL;
	status_cpus(bytes, size, &status);
	status_innermost_pid(bytes, size, &status);
	*ret = status;
	return 0;
}

int proc_ksm_stat_parse(const char *bytes, size_t size, struct proc_ksm_stat *ret)
{
	static const struct field fields[] = {
		FIELD(struct proc_ksm_stat, tracked_pages, "ksm_rmap_items", 1),
		FIELD(struct proc_ksm_stat, zero_pages, "ksm_zero_pages", 1),
		FIELD(struct proc_ksm_stat, merging_pages, "ksm_merging_pages", 1),
		FIELD(struct proc_ksm_stat, profit_bytes, "ksm_process_profit", 1),
	};
	struct proc_ksm_stat stat;

	if (size == 0)
		return -ESRCH;
	if (field_parse_lines(bytes, size, fields, ARRAY_SIZE(fields), &stat) == 0)
		return -EINVAL;
	*ret = stat;
	return 0;
}

int proc_smaps_parse(const char *bytes, size_t size, struct proc_smaps *ret)
{
	static const struct field fields[] = {
		FIELD(struct proc_smaps, rss, "Rss", 1024),
		FIELD(struct proc_smaps, pss, "Pss", 1024),
		FIELD(struct proc_smaps, pss_anonymous, "Pss_Anon", 1024),
		FIELD(struct proc_smaps, anonymous, "Anonymous", 1024),
		FIELD(struct proc_smaps, ksm, "KSM", 1024),
		FIELD(struct proc_smaps, huge, "AnonHugePages", 1024),
		FIELD(struct proc_smaps, swap, "Swap", 1024),
		FIELD(struct proc_smaps, swap_pss, "SwapPss", 1024),
		FIELD(struct proc_smaps, locked, "Locked", 1024),
	};
	struct proc_smaps smaps;

	if (field_parse_lines(bytes, size, fields, ARRAY_SIZE(fields), &smaps) == 0)
		return -EINVAL;
	*ret = smaps;
	return 0;
}
