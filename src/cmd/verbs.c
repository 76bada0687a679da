/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/verbs.h"

#include "base/str.h"
#include "base/suggest.h"
#include "base/text.h"
#include "cmd/verb.h"

#include <stdio.h>
#include <string.h>

static const char *last_word(const struct verb *verb)
{
	const char *blank = strrchr(verb->name, ' ');

	return blank != NULL ? blank + 1 : verb->name;
}

const struct verb *verbs_find(const struct verb *const *verbs, const char *word)
{
	for (; *verbs != NULL; verbs++)
		if (strcmp(last_word(*verbs), word) == 0)
			return *verbs;
	return NULL;
}

void verbs_append_summaries(const struct verb *const *verbs, struct str *text)
{
	for (; *verbs != NULL; verbs++)
		str_appendf(text, "  %-10s %s\n", last_word(*verbs), (*verbs)->summary);
}

void verbs_offer(const struct verb *const *verbs, struct suggest *suggest)
{
	for (; *verbs != NULL; verbs++)
		suggest_offer(suggest, last_word(*verbs));
}

int verbs_refuse(const char *program, const char *help, const struct suggest *suggest)
{
	struct str safe;

	str_init(&safe);
	text_append_safe(&safe, suggest->wrong, strlen(suggest->wrong));
	fprintf(stderr, "%s: there is no verb \"%s\"; ", program, safe.data != NULL ? safe.data : "");
	if (suggest->nearest != NULL)
		fprintf(stderr, "did you mean %s?\n", suggest->nearest);
	else
		fprintf(stderr, "%s lists them\n", help);
	str_done(&safe);
	return VERB_USAGE;
}

int verbs_print_help(const struct str *text, bool asked)
{
	fputs(text->data != NULL ? text->data : "", asked ? stdout : stderr);
	if (!asked)
		return VERB_USAGE;
	if (!ferror(stdout) && fflush(stdout) == 0)
		return VERB_FINE;
	fprintf(stderr, "truce: cannot write to standard output: %m\n");
	return VERB_FAILED;
}
