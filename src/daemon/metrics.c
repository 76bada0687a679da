/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truced's own metrics; doc/format/openmetrics.md lists them beside those of the host. */
#include "daemon/answers.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/policies.h"

#include <inttypes.h>
#include <string.h>

struct writer {
	struct str *out;
	bool openmetrics;
	const char *family;
	bool counter;
};

/* A counter's family is called without _total in OpenMetrics, and with it in the older text. */
static void family(struct writer *writer, const char *name, bool counter, const char *help)
{
	const char *behind = counter && !writer->openmetrics ? "_total" : "";

	writer->family = name;
	writer->counter = counter;
	str_appendf(writer->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, behind, help, name, behind,
		    counter ? "counter" : "gauge");
}

static void append_label(struct str *out, const char *value)
{
	struct str safe;
	size_t i;

	str_init(&safe);
	text_append_printable(&safe, value, strlen(value));
	for (i = 0; i < safe.length; i++) {
		if (safe.data[i] == '"' || safe.data[i] == '\\')
			str_append_char(out, '\\');
		str_append_char(out, safe.data[i]);
	}
	str_done(&safe);
}

static void sample(struct writer *writer, const char *label, const char *value, double number)
{
	str_append(writer->out, writer->family);
	if (writer->counter)
		str_append(writer->out, "_total");
	if (label != NULL) {
		str_appendf(writer->out, "{%s=\"", label);
		append_label(writer->out, value);
		str_append(writer->out, "\"}");
	}
	str_appendf(writer->out, " %.15g\n", number);
}

static void single(struct writer *writer, const char *name, bool counter, const char *help,
		   double number)
{
	family(writer, name, counter, help);
	sample(writer, NULL, NULL, number);
}

static void outcomes(struct writer *writer, const struct daemon *daemon)
{
	static const char *const names[COUNT_COUNT] = { "applied", "refused", "gone", "late", "drift",
							"restored", "held", "cannot" };
	unsigned i;

	family(writer, "truced_adjustments", true,
	       "What came of adjustments, by outcome; held and cannot: each time that it became so.");
	for (i = 0; i < COUNT_COUNT; i++)
		sample(writer, "outcome", names[i], (double)daemon->counts[i]);
}

static void modes(struct writer *writer, const struct daemon *daemon)
{
	unsigned i;

	family(writer, "truced_mode", false, "1 for the mode that truced is in.");
	for (i = 0; i < MODE_COUNT; i++)
		sample(writer, "mode", mode_name(i), daemon->mode == i);
}

static const struct {
	const char *name, *help;
	size_t offset;
} policy_families[] = {
	{ "truced_policy_turns", "Turns of the policy's process that are over.",
	  offsetof(struct loaded, turns) },
	{ "truced_policy_errors", "Turns of single rules that failed.", offsetof(struct loaded, errors) },
	{ "truced_policy_restarts", "Times that the policy's process died or was killed.",
	  offsetof(struct loaded, restarts) },
	{ "truced_policy_adjustments", "Adjustments that this policy caused and that were applied.",
	  offsetof(struct loaded, applied) },
};

static void policies(struct writer *writer, const struct daemon *daemon)
{
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(policy_families); i++) {
		family(writer, policy_families[i].name, true, policy_families[i].help);
		for (j = 0; j < daemon->policy_count; j++) {
			const struct loaded *loaded = daemon->policies[j];
			const char *field = (const char *)loaded + policy_families[i].offset;

			sample(writer, "policy", loaded->name, (double)*(const uint64_t *)field);
		}
	}
	family(writer, "truced_policy_loaded_timestamp_seconds", false,
	       "When the form that runs was loaded.");
	for (j = 0; j < daemon->policy_count; j++)
		sample(writer, "policy", daemon->policies[j]->name,
		       (double)daemon->policies[j]->loaded_usec / 1e6);
}

/* A class whose VMs wait: what an alert is made on. */
static void classes(struct writer *writer, const struct daemon *daemon)
{
	size_t i;

	family(writer, "truced_class_vms", false, "VMs in a class.");
	for (i = 0; i < daemon->class_count; i++)
		sample(writer, "class", daemon->classes[i].name, (double)daemon->classes[i].vms);
	family(writer, "truced_class_waiting_seconds", true,
	       "Time that the vCPUs of a class's VMs waited for others.");
	for (i = 0; i < daemon->class_count; i++)
		sample(writer, "class", daemon->classes[i].name,
		       (double)daemon->classes[i].waiting_usec / 1e6);
	family(writer, "truced_class_cpu_seconds", true, "CPU time that a class's VMs used.");
	for (i = 0; i < daemon->class_count; i++)
		sample(writer, "class", daemon->classes[i].name, (double)daemon->classes[i].cpu_usec / 1e6);
}

static void own(struct writer *writer, const struct daemon *daemon)
{
	const struct budget *budget = &daemon->budget;

	single(writer, "truced_cpu_ratio", false, "CPU that truced used over the last minute, of one CPU.",
	       budget_own_permyriad(budget) / 1e4);
	single(writer, "truced_deciders_cpu_ratio", false,
	       "CPU that the policies' processes used over the last minute, of one CPU.",
	       budget_deciders_permyriad(budget) / 1e4);
	single(writer, "truced_memory_bytes", false, "Resident memory of truced.",
	       (double)budget->own_rss_bytes);
	single(writer, "truced_deciders_memory_bytes", false,
	       "Resident memory of the policies' processes.", (double)budget->deciders_rss_bytes);
	single(writer, "truced_budget_ratio", false, "CPU that truced may use, of one CPU; 0: no cap.",
	       budget->permyriad / 1e4);
	single(writer, "truced_over_budget", false, "1 while truced looks more seldom to stay in its budget.",
	       budget_is_over(budget));
	single(writer, "truced_interval_seconds", false, "Between two looks at the host, now.",
	       (double)(turns_interval_usec(daemon) * budget->stretch) / 1e6);
}

void metrics_append(struct daemon *daemon, bool openmetrics, struct str *out)
{
	struct writer writer = { .out = out, .openmetrics = openmetrics };

	single(&writer, "truced_up", false, "1: truced runs.", 1);
	single(&writer, "truced_paused", false, "1 while a person paused everything.", daemon->hand.paused);
	single(&writer, "truced_journal_full", false,
	       "1 while the journal cannot be written: what is set stays, nothing is adjusted.",
	       daemon->journal_full);
	single(&writer, "truced_ledger_failing", false,
	       "1 while the history of adjustments cannot be written.", daemon->ledger_trouble[0] != '\0');
	single(&writer, "truced_leases", false, "Changes that are in force and have an undo.",
	       (double)leases_count(daemon->leases));
	single(&writer, "truced_holds", false, "Settings that a person holds.",
	       (double)daemon->hand.hold_count);
	modes(&writer, daemon);
	outcomes(&writer, daemon);
	policies(&writer, daemon);
	classes(&writer, daemon);
	own(&writer, daemon);
}
