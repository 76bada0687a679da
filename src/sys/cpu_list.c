/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/cpu_list.h"

#include "base/cursor.h"

#include <errno.h>
#include <string.h>

static bool cpu_list_take(struct cursor *c, unsigned *ret)
{
	uint64_t number;

	if (!cursor_take_u64(c, &number) || number >= CPU_LIST_LIMIT)
		return false;
	*ret = (unsigned)number;
	return true;
}

/* The next range, both ends in it; false at the end or at the first mistake. */
static bool cpu_list_next(struct cursor *c, unsigned *ret_first, unsigned *ret_last)
{
	struct cursor at = *c;
	unsigned first, last;

	if (!cpu_list_take(&at, &first))
		return false;
	last = first;
	if (cursor_take_text(&at, "-") && (!cpu_list_take(&at, &last) || last < first))
		return false;
	if (!cursor_at_end(&at) && *at.at == '\n')
		at.at = at.end;
	else if (!cursor_at_end(&at) && !cursor_take_text(&at, ","))
		return false;
	*c = at;
	*ret_first = first;
	*ret_last = last;
	return true;
}

int cpu_list_count(const char *bytes, size_t size)
{
	struct cursor c = cursor_over(bytes, size);
	unsigned first, last;
	unsigned count = 0;

	while (cpu_list_next(&c, &first, &last) && count <= CPU_LIST_LIMIT)
		count += last - first + 1;
	cursor_skip_blanks(&c);
	if (!cursor_at_end(&c) && *c.at != '\n')
		return -EINVAL;
	return count <= CPU_LIST_LIMIT ? (int)count : -EINVAL;
}

int cpu_list_mark(const char *bytes, size_t size, bool *ret_cpus, size_t count)
{
	struct cursor c = cursor_over(bytes, size);
	unsigned first, last;

	if (cpu_list_count(bytes, size) < 0)
		return -EINVAL;
	memset(ret_cpus, 0, count * sizeof *ret_cpus);
	while (cpu_list_next(&c, &first, &last)) {
		if (last >= count)
			return -ERANGE;
		memset(ret_cpus + first, true, last - first + 1);
	}
	return 0;
}
