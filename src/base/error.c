/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *err, int code, const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return code;
	err->code = code;
	va_start(args, format);
	vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	return code;
}

int error_errno(struct error *err, int code, const char *format, ...)
{
	va_list args;
	int length;

	if (err == NULL)
		return code;
	err->code = code;
	va_start(args, format);
	length = vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	if (length >= 0 && (size_t)length < sizeof err->text)
		snprintf(err->text + length, sizeof err->text - (size_t)length, ": %s",
			 strerror(-code));
	return code;
}

int error_prefix(struct error *err, const char *format, ...)
{
	char kept[sizeof err->text];
	va_list args;
	int length;

	if (err == NULL)
		return 0;
	memcpy(kept, err->text, sizeof kept);
	va_start(args, format);
	length = vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	if (length >= 0 && (size_t)length < sizeof err->text)
		snprintf(err->text + length, sizeof err->text - (size_t)length, ": %s", kept);
	return err->code;
}
