/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/lab_told.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/lab_place.h"
#include "cmd/lab_source.h"
#include "cmd/verb.h"
#include "lab/result/result_text.h"

#include <errno.h>
#include <stdio.h>

static int tell(const struct verb *verb, const char *word, const char *directory, struct error *err)
{
	CLEANUP_FREE char *undrawn = NULL;
	struct lab_source source;
	struct str text;
	int r = lab_source_read(word, &source, err);

	if (r < 0)
		return r;
	str_init(&text);
	str_append_char(&text, '\n');
	result_append_text(source.result, 0, &text);
	r = lab_source_write_report(&source, directory, &undrawn, err);
	if (r == 0)
		str_appendf(&text, "\nreport: %s/report.html\n", directory);
	verb_print(verb, &text);
	str_done(&text);
	if (undrawn != NULL)
		verb_warn(verb, "%s", undrawn);
	lab_source_done(&source);
	return r;
}

void lab_tell_result(const struct verb *verb, const struct lab_place *place, const char *name,
		     int64_t experiment)
{
	CLEANUP_FREE char *word = NULL, *directory = NULL;
	struct error err = { 0 };
	int r = 0;

	if (asprintf(&word, "%s:%lld", place->store, (long long)experiment) < 0)
		word = NULL;
	if (asprintf(&directory, "%s/%s-%lld", place->directory, name, (long long)experiment) < 0)
		directory = NULL;
	if (word == NULL || directory == NULL)
		r = error_errno(&err, -ENOMEM, "cannot tell what was found");
	else
		r = tell(verb, word, directory, &err);
	if (r < 0)
		verb_warn(verb, "%s", err.text);
}
