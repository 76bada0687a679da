/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first byte says who speaks: fio, iperf3, or lines that a rule reads. */
#include "work/command_rule.h"
#include "work/command_said.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char rule[] = "operations=([0-9]+);;+bytes=did ([0-9.eE+-]+);;+lines=^.;;p99=p99: *(.*)";

static void take_objects(int (*take)(struct command_said *, const char *, size_t, struct error *),
			 struct command_said *said, const char *bytes, size_t size)
{
	size_t begin, end;

	while ((end = said_object_end(bytes, size, &begin)) > 0) {
		if (begin >= end || end > size || bytes[begin] != '{' || bytes[end - 1] != '}')
			abort();
		take(said, bytes + begin, end - begin, NULL);
		bytes += end;
		size -= end;
	}
}

static void take_lines(struct command_said *said, const char *bytes, size_t size)
{
	static struct command_rules rules;

	if (rules.count == 0 && command_rules_init(&rules, rule, NULL) < 0)
		abort();
	while (size > 0) {
		const char *newline = memchr(bytes, '\n', size);
		size_t line = newline != NULL ? (size_t)(newline - bytes) : size;

		command_rules_take(&rules, bytes, line, said);
		line += newline != NULL;
		bytes += line;
		size -= line;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct command_said said;

	memset(&said, 0, sizeof said);
	if (size == 0)
		return 0;
	if (*data == 'f')
		take_objects(said_take_fio, &said, (const char *)data + 1, size - 1);
	else if (*data == 'i')
		take_objects(said_take_iperf3, &said, (const char *)data + 1, size - 1);
	else
		take_lines(&said, (const char *)data + 1, size - 1);
	if (said.result_count > SAID_RESULTS_MOST)
		abort();
	return 0;
}
