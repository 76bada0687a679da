/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A workload's line, as it comes to the agent from its host. */
#include "work/lane.h"
#include "work/setting.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1);
	const struct workload *workload;
	const struct common_settings *common;
	void *settings;

	if (line == NULL)
		return 0;
	memcpy(line, data, size);
	line[size] = '\0';
	if (setting_parse_line(line, &workload, &settings, NULL) == 0) {
		common = settings;
		if (common->threads < 1 || common->threads > WORKLOAD_THREADS_MOST)
			abort();
		if (workload->actions->check != NULL)
			workload->actions->check(settings, NULL);
		free(settings);
	}
	free(line);
	return 0;
}
