/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first byte is the setting, the rest what somebody typed. A value that was read must be in
 * its range, and be written as what is read as the same. */
#include "base/error.h"
#include "base/str.h"
#include "model/setting.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(enum setting setting, const char *text)
{
	struct setting_value value, again;
	struct error err = { 0 };
	struct str written;

	if (setting_parse(setting, text, &value, &err) < 0) {
		if (err.text[0] == '\0')
			abort();
		return;
	}
	if (setting_check(setting, value.number, NULL) < 0)
		abort();
	str_init(&written);
	setting_append(&written, setting, &value);
	/* Numbers of more than 18 digits can be made with a unit, but are not read. */
	if (value.number < 1000000000000000000 || value.number == SETTING_UNLIMITED)
		if (setting_parse(setting, written.data, &again, NULL) < 0 ||
		    !setting_value_equal(setting, &value, &again))
			abort();
	str_done(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	text = malloc(size);
	if (text == NULL)
		abort();
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	check((enum setting)(data[0] % SETTING_COUNT), text);
	free(text);
	return 0;
}
