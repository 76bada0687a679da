/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce ksm fit: how many VMs of a kind fit into a host, with KSM off and on. */
#include "base/error.h"
#include "base/str.h"
#include "cmd/interrupt.h"
#include "cmd/ksm.h"
#include "cmd/ksm_fit.h"
#include "cmd/verb.h"
#include "model/setting.h"
#include "report/units.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RESERVE_SHARE 0.05

/* -- numbers -------------------------------------------------------------------------------------- */

/* "1%", "0.01" */
static bool parse_share(const char *text, double *ret)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text)
		return false;
	if (strcmp(end, "%") == 0)
		number /= 100;
	else if (*end != '\0')
		return false;
	*ret = number;
	return number >= 0 && number < 1;
}

/* NAN where nothing was said. */
static int take_size(const char *option, const char *text, double *ret, struct error *err)
{
	uint64_t bytes;

	*ret = NAN;
	if (text == NULL)
		return 0;
	if (units_parse_bytes(text, &bytes) < 0)
		return error_set(err, -EINVAL, "--%s takes a size such as 512M or 2G, not \"%.40s\"", option, text);
	*ret = (double)bytes;
	return 0;
}

static int take_share(const char *option, const char *text, double least, double *ret, struct error *err)
{
	if (!parse_share(text, ret) || *ret < least)
		return error_set(err, -EINVAL, "--%s takes a share such as 1%% or 0.01, not \"%.40s\"", option, text);
	return 0;
}

/* "5%" of the host, or a size: a share is told by a percent sign. */
static int take_reserve(const char *text, double *ret_bytes, double *ret_share, struct error *err)
{
	*ret_bytes = NAN;
	*ret_share = RESERVE_SHARE;
	if (text == NULL)
		return 0;
	if (strchr(text, '%') != NULL)
		return take_share("reserve", text, 0, ret_share, err);
	return take_size("reserve", text, ret_bytes, err);
}

/* "all", or a number of VMs. */
static int take_rewriting(const char *text, uint64_t *ret, struct error *err)
{
	char *end;

	*ret = UINT64_MAX;
	if (strcmp(text, "all") == 0)
		return 0;
	*ret = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || *ret > FIT_VMS_MOST)
		return error_set(err, -EINVAL, "--rewriting takes a number of VMs, or all, not \"%.40s\"", text);
	return 0;
}

static int take_limit(const char *text, uint64_t *ret, struct error *err)
{
	struct setting_value rate;

	if (setting_parse(SETTING_DISK_LIMIT, text, &rate, NULL) < 0 || rate.number == 0)
		return error_set(err, -EINVAL, "--limit takes a rate as 500MB/s or 1GiB/s, or max, not \"%.40s\"", text);
	*ret = rate.number == SETTING_UNLIMITED ? 0 : (uint64_t)rate.number;
	return 0;
}

static int take_numbers(struct ksm_fit *fit, double *ret_reserve_share, struct error *err)
{
	const struct ksm_fit_settings *said = fit->settings;
	struct fit_question *question = &fit->question;
	int r = take_size("host-memory", said->host_memory, &question->host_bytes, err);

	if (r == 0)
		r = take_size("used", said->used, &question->used_bytes, err);
	if (r == 0)
		r = take_size("overhead", said->overhead, &fit->overhead_bytes, err);
	if (r == 0)
		r = take_size("size", said->size, &fit->size_bytes, err);
	if (r == 0)
		r = take_reserve(said->reserve, &question->reserve_bytes, ret_reserve_share, err);
	if (r == 0)
		r = take_share("risk", said->risk, 1e-9, &question->risk, err);
	if (r == 0)
		r = take_share("spread", said->spread, 0, &question->spread, err);
	if (r == 0)
		r = take_rewriting(said->rewriting, &question->rewriting, err);
	return r == 0 ? take_limit(said->limit, &fit->limit, err) : r;
}

static int check_numbers(const struct ksm_fit *fit, struct error *err)
{
	const struct ksm_fit_settings *said = fit->settings;

	if (said->prints != NULL && said->horizon_usec > 0)
		return error_set(err, -EINVAL, "--horizon needs VMs that run: fingerprints in a file do not grow");
	if (said->wait_usec == 0 && said->horizon_usec > 0)
		return error_set(err, -EINVAL, "--horizon needs a --wait in which growth is seen");
	if (said->prints != NULL && said->host_memory != NULL && said->used == NULL)
		return error_set(err, -EINVAL, "of another host it must be said what it uses beside these VMs: "
				 "--used SIZE");
	return 0;
}

/* -- the whole ------------------------------------------------------------------------------------ */

/* What was told goes before what was seen. */
static void fill_in(struct ksm_fit *fit, double reserve_share)
{
	struct fit_question *question = &fit->question;
	size_t i;

	for (i = 0; i < fit->prints.vm_count; i++) {
		if (!isnan(fit->overhead_bytes))
			fit->vms[i].other_bytes = fit->overhead_bytes;
		if (!isnan(fit->size_bytes))
			fit->vms[i].most_bytes = fit->size_bytes;
	}
	if (isnan(question->reserve_bytes))
		question->reserve_bytes = question->host_bytes * reserve_share;
	question->prints = &fit->prints;
	question->kind_of = fit->kind_of;
	question->vms = fit->vms;
	question->mix = fit->mix;
}

static int find_out(struct ksm_fit *fit, double reserve_share, struct error *err)
{
	int r = fit->settings->prints != NULL ? ksm_fit_read(fit, err) : ksm_fit_look(fit, err);

	if (r == 0 && !prints_sort(&fit->prints))
		r = error_errno(err, -ENOMEM, "the fingerprints");
	if (r == 0)
		r = ksm_fit_assign(fit, err);
	if (r == 0)
		r = ksm_fit_look_at_host(fit, err);
	if (r < 0)
		return r;
	fill_in(fit, reserve_share);
	r = fit_compute(&fit->question, &fit->fit);
	return r < 0 ? error_errno(err, r, "cannot compute what fits") : 0;
}

static int print(struct ksm_fit *fit)
{
	struct str text;
	int code;

	str_init(&text);
	if (fit->settings->json)
		ksm_fit_append_json(fit, &text);
	else
		ksm_fit_append_text(fit, &text);
	code = verb_print(fit->verb, &text);
	str_done(&text);
	return code == VERB_FINE && fit->partly ? VERB_PARTLY : code;
}

static void fit_all_done(struct ksm_fit *fit)
{
	fit_done(&fit->fit);
	prints_done(&fit->prints);
	ksm_fit_drop_kinds(fit);
	free(fit->kind_of);
	free(fit->vms);
}

static int ksm_fit_run(const struct verb *verb, const void *settings, char **operands)
{
	struct ksm_fit fit = { .verb = verb, .settings = settings };
	double reserve_share = 0;
	struct error err = { 0 };
	int code;

	(void)operands;
	interrupt_catch();
	prints_init(&fit.prints);
	if (take_numbers(&fit, &reserve_share, &err) < 0 || check_numbers(&fit, &err) < 0 ||
	    ksm_fit_take_kinds(&fit, &err) < 0)
		code = verb_misuse(verb, "%s", err.text);
	else if (find_out(&fit, reserve_share, &err) < 0)
		code = verb_fail(verb, &err);
	else
		code = print(&fit);
	fit_all_done(&fit);
	return code;
}

static const struct ksm_fit_settings defaults = {
	.risk = "1%", .spread = "2%", .rewriting = "1", .wait_usec = 2000000, .limit = "128MiB/s",
};

static const struct option_info options[] = {
	OPTION_JSON(struct ksm_fit_settings, json),
	OPTION_LIST(struct ksm_fit_settings, kinds, 'k', "kind", "[LABEL=]VM,VM",
		    "VMs that are alike; again for another kind (all VMs)"),
	OPTION_TEXT(struct ksm_fit_settings, mix, 0, "mix", "LABEL:N,...",
		    "how many of each kind go together (one of each)"),
	OPTION_TEXT(struct ksm_fit_settings, host_memory, 0, "host-memory", "SIZE",
		    "the host's memory (this one's)"),
	OPTION_TEXT(struct ksm_fit_settings, used, 0, "used", "SIZE",
		    "what it uses beside these VMs (what this one does)"),
	OPTION_TEXT(struct ksm_fit_settings, reserve, 0, "reserve", "SIZE",
		    "what stays free, a size or a share of the host (5%)"),
	OPTION_TEXT(struct ksm_fit_settings, risk, 0, "risk", "SHARE",
		    "that they need more than the host has (1%)"),
	OPTION_TEXT(struct ksm_fit_settings, rewriting, 0, "rewriting", "N",
		    "room for so many VMs, or all, that write to all they share (1)"),
	OPTION_TEXT(struct ksm_fit_settings, spread, 0, "spread", "SHARE",
		    "by which VMs of a kind differ, before any was seen (2%)"),
	OPTION_DURATION(struct ksm_fit_settings, wait_usec, 0, "wait", "TIME",
			"between two looks; 0: one look, and what changes is not known (2s)"),
	OPTION_DURATION(struct ksm_fit_settings, horizon_usec, 0, "horizon", "TIME",
			"VMs grow as in one more wait, for so long (0: not)"),
	OPTION_TEXT(struct ksm_fit_settings, limit, 0, "limit", "RATE",
		    "reads memory no faster (128MiB/s); max: any"),
	OPTION_TEXT(struct ksm_fit_settings, prints, 0, "prints", "FILE",
		    "fingerprints in FILE, not VMs that run"),
	OPTION_TEXT(struct ksm_fit_settings, overhead, 0, "overhead", "SIZE",
		    "of a VM beside its guest's memory (as seen; of a file 0)"),
	OPTION_TEXT(struct ksm_fit_settings, size, 0, "size", "SIZE",
		    "of memory that a guest may come to have (as seen)"),
	OPTIONS_END,
};

const struct verb ksm_fit_verb = {
	.name = "ksm fit",
	.summary = "how many VMs of a kind, or of a mix, fit into a host with KSM off and on",
	.notes = "VM is a name, pid or id. From one or two VMs of each kind it tells what n of them take: what\n"
		 "one VM alone has is taken to be its own, what two have to be in all. Two tell much more\n"
		 "than one. Sizes are as 512M or 2G, shares as 1% or 0.01.",
	.options = options,
	.settings_size = sizeof(struct ksm_fit_settings),
	.defaults = &defaults,
	.run = ksm_fit_run,
};
