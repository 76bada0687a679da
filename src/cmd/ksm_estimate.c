/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce ksm estimate: what page sharing would save, before anything is merged. */
#include "cmd/ksm_estimate.h"

#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/ksm.h"
#include "cmd/verb.h"
#include "model/setting.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PPM 1000000

/* -- options ---------------------------------------------------------------------------------------- */

static bool parse_percent(const char *text, uint32_t *ret_ppm)
{
	char *end;
	double percent = strtod(text, &end);

	if (end == text || strcmp(end, "%") != 0 || !(percent >= 0.0001) || !(percent <= 100))
		return false;
	*ret_ppm = (uint32_t)lround(percent * PPM / 100);
	return true;
}

/* "content:20", "position:5%" */
static int parse_sample(struct estimate *estimate, struct error *err)
{
	const char *text = estimate->settings->sample;
	struct cursor at = cursor_over(text, strlen(text));

	if (cursor_take_text(&at, "position:") && parse_percent(at.at, &estimate->positions_ppm))
		return 0;
	at = cursor_over(text, strlen(text));
	if (cursor_take_text(&at, "content:") && cursor_take_u64(&at, &estimate->modulo) &&
	    cursor_at_end(&at) && estimate->modulo >= 1 && estimate->modulo <= PRINTS_MODULO_MOST)
		return 0;
	return error_set(err, -EINVAL,
			 "--sample takes content:20 (every 20th content) or position:5%% (of the positions)");
}

static int parse_limit(struct estimate *estimate, struct error *err)
{
	struct setting_value rate;

	if (setting_parse(SETTING_DISK_LIMIT, estimate->settings->limit, &rate, NULL) < 0 ||
	    rate.number < 4096)
		return error_set(err, -EINVAL, "--limit takes a rate as 500MB/s or 1GiB/s, or max");
	estimate->limit = rate.number == SETTING_UNLIMITED ? 0 : (uint64_t)rate.number;
	return 0;
}

static int refuse_together(const struct estimate *estimate, struct error *err)
{
	const struct estimate_settings *settings = estimate->settings;
	size_t i;

	if (settings->from.count > 0 && (settings->sample != NULL || settings->group != NULL ||
					 settings->key != NULL))
		return error_set(err, -EINVAL, "--sample, --group and --key are for when fingerprints are "
				 "made; those of --from are");
	if (estimate->positions_ppm == 0)
		return 0;
	if (settings->save != NULL || settings->sketch != NULL)
		return error_set(err, -EINVAL, "positions of one VM cannot be compared with another's "
				 "later: --save and --sketch take --sample content:N or none");
	for (i = 0; i < settings->what_if.count; i++)
		if (settings->what_if.values[i][0] == '+')
			return error_set(err, -EINVAL, "of positions it is not known what a VM shares with "
					 "its copy: --what-if +NAME takes --sample content:N or none");
	return 0;
}

static int parse(struct estimate *estimate, struct error *err)
{
	enum group_by by;
	int r = parse_limit(estimate, err);

	if (r == 0 && estimate->settings->sample != NULL)
		r = parse_sample(estimate, err);
	if (r == 0 && estimate->settings->group != NULL)
		r = group_by_parse(estimate->settings->group, &by, err);
	return r < 0 ? r : refuse_together(estimate, err);
}

/* -- the run ---------------------------------------------------------------------------------------- */

static int gather(struct estimate *estimate, char **words, struct error *err)
{
	int r = estimate->settings->from.count > 0 ? estimate_read_files(estimate, words, err) :
						     estimate_look(estimate, words, err);

	if (r < 0 || estimate->prints.vm_count > 0)
		return r;
	return error_set(err, -ENOENT, estimate->unread_count > 0 ?
			 "no VM is left whose memory could be told of" : "there is no VM");
}

static int print(const struct estimate *estimate)
{
	struct str text;
	int code;

	str_init(&text);
	if (estimate->settings->json)
		estimate_append_json(estimate, &text);
	else
		estimate_append_text(estimate, &text);
	code = verb_print(estimate->verb, &text);
	str_done(&text);
	return code == VERB_FINE && estimate->partly ? VERB_PARTLY : code;
}

static int ksm_estimate_run(const struct verb *verb, const void *settings, char **operands)
{
	struct estimate estimate = { .verb = verb, .settings = settings, .modulo = 1 };
	struct error err = { 0 };
	int code;

	prints_init(&estimate.prints);
	if (parse(&estimate, &err) < 0)
		code = verb_misuse(verb, "%s", err.text);
	else if (gather(&estimate, operands, &err) < 0 || estimate_save(&estimate, &err) < 0 ||
		 estimate_compute(&estimate, &err) < 0)
		code = verb_fail(verb, &err);
	else
		code = print(&estimate);
	estimate_done(&estimate);
	return code;
}

static const struct estimate_settings defaults = {
	.limit = "128MiB/s",
	.wait_usec = 5000000,
	.pairs = 10,
};

static const struct option_info options[] = {
	OPTION_JSON(struct estimate_settings, json),
	OPTION_TEXT(struct estimate_settings, sample, 0, "sample", "HOW",
		    "content:20, every 20th content; position:5%, so much of the memory"),
	OPTION_DURATION(struct estimate_settings, wait_usec, 0, "wait", "TIME",
			"until the second look (5s), which tells what changes; 0: one look"),
	OPTION_TEXT(struct estimate_settings, limit, 0, "limit", "RATE",
		    "read no faster than this (128MiB/s); max: as fast as it goes"),
	OPTION_TEXT(struct estimate_settings, group, 0, "group", "BY",
		    "VMs that belong together: owner, class, metadata, cgroup, user or name"),
	OPTION_LIST(struct estimate_settings, what_if, 0, "what-if", "CHANGE",
		    "+NAME: that VM once more; -NAME: without it; group=NAME: only these"),
	OPTION_COUNT(struct estimate_settings, pairs, 0, "pairs", "N", "show so many pairs (10)"),
	OPTION_TEXT(struct estimate_settings, save, 0, "save", "FILE", "write the fingerprints into FILE"),
	OPTION_LIST(struct estimate_settings, from, 0, "from", "FILE",
		    "take the fingerprints of FILE, not of VMs that run"),
	OPTION_TEXT(struct estimate_settings, sketch, 0, "sketch", "FILE",
		    "write a sketch of each VM into FILE, for truce ksm match"),
	OPTION_TEXT(struct estimate_settings, key, 0, "key", "FILE",
		    "the key of fingerprints that are to be compared; else one is drawn"),
	OPTIONS_END,
};

const struct verb ksm_estimate_verb = {
	.name = "ksm estimate",
	.operands = "[VM...]",
	.most_operands = OPERANDS_ANY,
	.summary = "what page sharing would save, before anything is merged",
	.notes = "VM is a VM's name, uuid, pid or id; of --from, its name, pid or id. The memory of VMs is\n"
		 "read, not changed, and the guests are not told; a line in the system's log says whose was\n"
		 "read, and for whom. A VM opts out in truce.conf(5).\n"
		 "\n"
		 "ZERO and CHANGING are of MEMORY, what KSM looks at; SHARED is what others or the VM itself\n"
		 "have too; ALONE what it would save were it the only VM; FREES what comes free when it\n"
		 "leaves. Of a sample of positions neither is known.",
	.options = options,
	.settings_size = sizeof(struct estimate_settings),
	.defaults = &defaults,
	.run = ksm_estimate_run,
};
