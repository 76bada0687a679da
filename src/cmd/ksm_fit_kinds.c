/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which VMs are of one kind, and how many of each kind a mix has. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/ksm_fit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- what was said -------------------------------------------------------------------------------- */

static size_t count_of(const char *text, char wanted)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == wanted;
	return count;
}

/* "web=web-1,web-2", "web-1,web-2": without a label, the first VM's name is it. */
static int take_kind(struct ksm_fit_kind *kind, const char *said, struct error *err)
{
	char *rest, *word, *equals;
	size_t count = 0;

	kind->text = strdup(said);
	kind->words = calloc(count_of(said, ',') + 2, sizeof *kind->words);
	if (kind->text == NULL || kind->words == NULL)
		return error_errno(err, -ENOMEM, "--kind");
	rest = kind->text;
	equals = strchr(rest, '=');
	if (equals != NULL) {
		*equals = '\0';
		kind->label = rest;
		rest = equals + 1;
	}
	while ((word = strsep(&rest, ",")) != NULL) {
		if (*word == '\0')
			return error_set(err, -EINVAL, "--kind \"%.80s\" names a VM without a name", said);
		kind->words[count++] = word;
	}
	if (equals == NULL)
		kind->label = kind->words[0];
	return 0;
}

static size_t find_label(const struct ksm_fit *fit, const char *label)
{
	size_t i;

	for (i = 0; i < fit->question.kind_count; i++)
		if (strcmp(fit->kinds[i].label, label) == 0)
			return i;
	return SIZE_MAX;
}

/* "web:3" */
static int take_part(struct ksm_fit *fit, char *part, struct error *err)
{
	char *colon = strrchr(part, ':'), *end;
	size_t kind;
	double number;

	if (colon == NULL)
		return error_set(err, -EINVAL, "--mix \"%.80s\": a kind and a number are wanted, as web:3", part);
	number = strtod(colon + 1, &end);
	if (end == colon + 1 || *end != '\0' || !(number > 0) || number > 1e6)
		return error_set(err, -EINVAL, "--mix \"%.80s\": how many is no number above 0", part);
	*colon = '\0';
	kind = find_label(fit, part);
	if (kind == SIZE_MAX)
		return error_set(err, -EINVAL, "--mix \"%.80s\": no --kind is called that", part);
	fit->mix[kind] = number;
	return 0;
}

static int take_mix(struct ksm_fit *fit, const char *said, struct error *err)
{
	CLEANUP_FREE char *copy = strdup(said);
	char *rest = copy, *part;
	size_t i;
	int r = copy != NULL ? 0 : -ENOMEM;

	for (i = 0; i < fit->question.kind_count; i++)
		fit->mix[i] = 0;
	while (r == 0 && (part = strsep(&rest, ",")) != NULL)
		r = take_part(fit, part, err);
	for (i = 0; r == 0 && i < fit->question.kind_count; i++)
		if (fit->mix[i] == 0)
			r = error_set(err, -EINVAL, "--mix says nothing of the kind \"%.80s\"",
				      fit->kinds[i].label);
	return r;
}

int ksm_fit_take_kinds(struct ksm_fit *fit, struct error *err)
{
	const struct option_list *said = &fit->settings->kinds;
	size_t i, count = said->count > 0 ? said->count : 1;
	int r;

	if (count > POPULATION_KINDS_MOST)
		return error_set(err, -EINVAL, "more than %d kinds", POPULATION_KINDS_MOST);
	if (said->count == 0)
		fit->kinds[0].label = "all";
	for (i = 0; i < count; i++) {
		fit->mix[i] = 1;
		r = said->count > 0 ? take_kind(&fit->kinds[i], said->values[i], err) : 0;
		if (r < 0)
			return r;
		if (find_label(fit, fit->kinds[i].label) != SIZE_MAX)
			return error_set(err, -EINVAL, "two kinds are called \"%.80s\"", fit->kinds[i].label);
		fit->question.kind_count++;
	}
	return fit->settings->mix != NULL ? take_mix(fit, fit->settings->mix, err) : 0;
}

void ksm_fit_drop_kinds(struct ksm_fit *fit)
{
	size_t i;

	for (i = 0; i < POPULATION_KINDS_MOST; i++) {
		free(fit->kinds[i].text);
		free(fit->kinds[i].words);
	}
}

char **ksm_fit_words(const struct ksm_fit *fit)
{
	size_t i, count = 0;
	const char **word;
	char **all;

	for (i = 0; i < fit->question.kind_count; i++)
		for (word = fit->kinds[i].words; word != NULL && *word != NULL; word++)
			count++;
	all = calloc(count + 1, sizeof *all);
	for (i = 0, count = 0; all != NULL && i < fit->question.kind_count; i++)
		for (word = fit->kinds[i].words; word != NULL && *word != NULL; word++)
			all[count++] = (char *)*word;
	return all;
}

/* -- who is meant --------------------------------------------------------------------------------- */

static int assign_word(struct ksm_fit *fit, size_t kind, const char *word, struct error *err)
{
	struct str safe;
	size_t i, found = 0;
	int r = 0;

	str_init(&safe);
	text_append_safe(&safe, word, strlen(word));
	for (i = 0; r == 0 && i < fit->prints.vm_count; i++) {
		if (!prints_vm_is_called(&fit->prints.vms[i], word))
			continue;
		found++;
		if (fit->kind_of[i] < fit->question.kind_count && fit->kind_of[i] != kind)
			r = error_set(err, -EINVAL, "%.80s is of two kinds", safe.data);
		fit->kind_of[i] = kind;
	}
	if (r == 0 && found == 0 && !fit->left_out)
		r = error_set(err, -ENOENT, "nothing was seen of a VM with the name, pid or id %.80s", safe.data);
	str_done(&safe);
	return r;
}

static int check_kind(const struct ksm_fit *fit, size_t kind, struct error *err)
{
	struct str safe;
	size_t i;

	for (i = 0; i < fit->prints.vm_count; i++)
		if (fit->kind_of[i] == kind)
			return 0;
	str_init(&safe);
	text_append_safe(&safe, fit->kinds[kind].label, strlen(fit->kinds[kind].label));
	error_set(err, -ENOENT, "no VM of the kind %.80s could be looked at", safe.data);
	str_done(&safe);
	return -ENOENT;
}

int ksm_fit_assign(struct ksm_fit *fit, struct error *err)
{
	const char **word;
	size_t kind, i;
	int r = 0;

	fit->kind_of = calloc(fit->prints.vm_count + 1, sizeof *fit->kind_of);
	if (fit->kind_of == NULL)
		return error_errno(err, -ENOMEM, "the VMs' kinds");
	if (fit->prints.vm_count == 0)
		return error_set(err, -ENOENT, "there is no VM that could be looked at");
	for (i = 0; i < fit->prints.vm_count; i++)
		fit->kind_of[i] = fit->kinds[0].words == NULL ? 0 : SIZE_MAX;
	for (kind = 0; kind < fit->question.kind_count; kind++)
		for (word = fit->kinds[kind].words; r == 0 && word != NULL && *word != NULL; word++)
			r = assign_word(fit, kind, *word, err);
	for (kind = 0; r == 0 && kind < fit->question.kind_count; kind++)
		r = check_kind(fit, kind, err);
	return r;
}
