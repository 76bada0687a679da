/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "config/config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	struct error err = { 0 };
	int r;

	config_init(&config);
	r = config_parse(&config, "truce.conf", (const char *)data, size, &err);
	if ((r < 0) != (err.text[0] != '\0') || config.mode >= MODE_COUNT ||
	    config.interval_usec < 100000 || config.budget_permyriad < 0)
		abort();
	config_is_managed(&config, "db-1", NULL, "1-2-3");
	config_done(&config);
	return 0;
}
