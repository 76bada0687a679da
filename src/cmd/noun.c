/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/noun.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "base/suggest.h"
#include "cmd/policy.h"
#include "cmd/verb.h"
#include "cmd/verbs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct noun nouns[] = {
	{ "policy", "what VMs deserve, by rules: check, try out, load policies", policy_verbs },
	{ "lab", "experiments on real VMs that can be repeated and believed", NULL },
	{ "ksm", "page sharing: what it saves and costs, who shares with whom, how fast it goes", NULL },
	{ NULL, NULL, NULL },
};

const struct noun *noun_find(const char *name)
{
	const struct noun *noun;

	for (noun = nouns; noun->name != NULL; noun++)
		if (strcmp(noun->name, name) == 0)
			return noun;
	return NULL;
}

/* The directory of the running program, without its last slash. */
static bool own_directory(char *ret, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", ret, size - 1);
	char *slash;

	if (length <= 0)
		return false;
	ret[length] = '\0';
	slash = strrchr(ret, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	return true;
}

/* Returns only when there is no such program there. */
static int exec_in(const char *directory, const struct noun *noun, char **arguments)
{
	CLEANUP_FREE char *path = NULL;

	if (asprintf(&path, "%s/truce-%s", directory, noun->name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	arguments[0] = path;
	execv(path, arguments);
	return -errno;
}

static int exec_anywhere(const struct noun *noun, char **arguments)
{
	const char *chosen = getenv("TRUCE_LIBEXEC");
	char beside[PATH_MAX];
	int r = -ENOENT;

	if (chosen != NULL && *chosen != '\0')
		r = exec_in(chosen, noun, arguments);
	if (r == -ENOENT && own_directory(beside, sizeof beside))
		r = exec_in(beside, noun, arguments);
	if (r == -ENOENT)
		r = exec_in(TRUCE_LIBEXECDIR, noun, arguments);
	return r;
}

/* Returns an exit code, having said why, when it cannot. */
static int become_program(const struct noun *noun, char **arguments)
{
	size_t count = 0;
	char **all;
	int r;

	while (arguments[count] != NULL)
		count++;
	all = calloc(count + 2, sizeof *all);
	if (all == NULL)
		return VERB_FAILED;
	memcpy(all + 1, arguments, count * sizeof *all);
	r = exec_anywhere(noun, all);
	free(all);
	fprintf(stderr, "truce %s: cannot start truce-%s: %s%s\n", noun->name, noun->name, strerror(-r),
		r == -ENOENT ? "; it is neither in " TRUCE_LIBEXECDIR
			       " nor beside truce: is that part installed?" : "");
	return VERB_FAILED;
}

static int print_verbs(const struct noun *noun, bool asked)
{
	struct str text;
	int r;

	str_init(&text);
	str_appendf(&text, "usage: truce %s VERB [OPTION...] [ARGUMENT...]\n\n%s\n\n", noun->name,
		    noun->summary);
	verbs_append_summaries(noun->verbs, &text);
	str_appendf(&text, "\ntruce %s VERB --help tells more; so does the manual page truce-%s(1).\n",
		    noun->name, noun->name);
	r = verbs_print_help(&text, asked);
	str_done(&text);
	return r;
}

static int refuse_verb(const struct noun *noun, const char *word)
{
	char program[64], help[64];
	struct suggest suggest;

	suggest_init(&suggest, word);
	verbs_offer(noun->verbs, &suggest);
	snprintf(program, sizeof program, "truce %s", noun->name);
	snprintf(help, sizeof help, "truce %s --help", noun->name);
	return verbs_refuse(program, help, &suggest);
}

int noun_call(const struct noun *noun, char **arguments)
{
	const struct verb *verb;

	if (noun->verbs == NULL)
		return become_program(noun, arguments);
	if (arguments[0] == NULL)
		return print_verbs(noun, false);
	if (strcmp(arguments[0], "--help") == 0 || strcmp(arguments[0], "-h") == 0)
		return print_verbs(noun, true);
	verb = verbs_find(noun->verbs, arguments[0]);
	if (verb == NULL)
		return refuse_verb(noun, arguments[0]);
	return verb_call(verb, arguments + 1);
}

int noun_help(const struct noun *noun, char **arguments)
{
	static char option[] = "--help";
	char *help[] = { arguments[0] != NULL ? arguments[0] : option,
			 arguments[0] != NULL ? option : NULL, NULL };

	return noun_call(noun, help);
}
