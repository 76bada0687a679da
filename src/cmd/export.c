/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce export: metrics for Prometheus and its relatives, by HTTP or as a text file. */
#include "base/clock.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/http_server.h"
#include "cmd/need.h"
#include "cmd/source.h"
#include "cmd/told.h"
#include "cmd/verb.h"
#include "control/control.h"
#include "cmd/warnings.h"
#include "model/snapshot.h"
#include "report/openmetrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define LISTEN_USUALLY "127.0.0.1:9823"

struct export_settings {
	const char *listen, *textfile, *with, *root;
	uint64_t interval_usec, for_usec;
	bool per_vcpu;
};

struct export {
	const struct verb *verb;
	const struct export_settings *settings;
	struct source *source;
	struct http_server *server; /* NULL: a text file only */
	struct told *told;          /* NULL: a captured host */
	struct snapshot classed;    /* the source's, with the classes that truced tells */
	struct str openmetrics, classic;
	uint64_t count;
	bool textfile_failed, partly;
};

static struct openmetrics_self look_at_self(const struct export *export)
{
	struct openmetrics_self self = { .snapshots = export->count };
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) == 0) {
		self.cpu_usec = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
				USEC_PER_SEC +
				(uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
		self.rss_peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
	}
	return self;
}

static int write_textfile(const char *temporary, const struct str *text)
{
	CLEANUP_CLOSE int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
				    0644);
	size_t at = 0;

	if (fd < 0)
		return -errno;
	while (at < text->length) {
		ssize_t done = write(fd, text->data + at, text->length - at);

		if (done < 0 && errno != EINTR)
			return -errno;
		at += done > 0 ? (size_t)done : 0;
	}
	return 0;
}

/* Under another name first, so that whoever reads FILE finds it whole. That would put a file in
 * the place of a device or a pipe, too. */
static int replace_textfile(const char *path, const struct str *text, struct error *err)
{
	struct str temporary;
	struct stat there;
	int r;

	if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
		return error_set(err, -EINVAL, "cannot replace %s: it is not a regular file", path);
	str_init(&temporary);
	str_append(&temporary, path);
	str_append(&temporary, ".new");
	if (temporary.failed)
		return error_errno(err, -ENOMEM, "cannot write %s", path);
	r = write_textfile(temporary.data, text);
	if (r == 0 && rename(temporary.data, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary.data);
	str_done(&temporary);
	return r < 0 ? error_errno(err, r, "cannot write %s", path) : 0;
}

/* Said when it begins, not each time. */
static void keep_textfile(struct export *export)
{
	struct error err = { 0 };
	bool failed = replace_textfile(export->settings->textfile, &export->classic, &err) < 0;

	if (failed && !export->textfile_failed)
		verb_warn(export->verb, "%s; it is tried again each time", err.text);
	export->partly |= failed;
	export->textfile_failed = failed;
}

/* A truced that does not answer at once is a truced without metrics. */
#define TRUCED_ANSWERS_USEC (500 * USEC_PER_MSEC)

/* What truced tells of itself, where one runs. Of a captured host nothing. */
static void append_truced(struct export *export)
{
	json_t *request, *answer;
	const char *classic, *openmetrics;

	if (export->settings->root != NULL)
		return;
	request = json_pack("{s:s}", "do", "metrics");
	if (request != NULL && control_call(NULL, request, TRUCED_ANSWERS_USEC, &answer, NULL) == 0) {
		classic = json_string_value(json_object_get(answer, "text"));
		openmetrics = json_string_value(json_object_get(answer, "openmetrics"));
		if (classic != NULL && openmetrics != NULL) {
			str_append(&export->classic, classic);
			str_append(&export->openmetrics, openmetrics);
		}
		json_decref(answer);
	}
	json_decref(request);
}

/* The snapshot with the classes of policies; without truced the one that was given. */
static const struct snapshot *with_classes(struct export *export, const struct snapshot *snapshot)
{
	if (export->told == NULL || !told_ask(export->told))
		return snapshot;
	told_take(export->told, TRUCED_ANSWERS_USEC);
	if (snapshot_copy(&export->classed, snapshot) < 0)
		return snapshot;
	told_fill(export->told, &export->classed);
	return &export->classed;
}

static int publish(struct export *export, const struct snapshot *snapshot, struct error *err)
{
	struct openmetrics_options options = { .per_vcpu = export->settings->per_vcpu };
	struct openmetrics_self self = look_at_self(export);

	str_clear(&export->openmetrics);
	str_clear(&export->classic);
	openmetrics_append(snapshot, &options, &self, &export->openmetrics);
	options.format = OPENMETRICS_CLASSIC;
	openmetrics_append(snapshot, &options, &self, &export->classic);
	append_truced(export);
	openmetrics_append_end(&export->openmetrics);
	if (export->openmetrics.failed || export->classic.failed)
		return error_errno(err, -ENOMEM, "cannot write the metrics");
	if (export->settings->textfile != NULL)
		keep_textfile(export);
	if (export->server == NULL)
		return 0;
	return http_server_publish(export->server, export->openmetrics.data,
				   export->openmetrics.length, export->classic.data,
				   export->classic.length, err);
}

/* By the clock on the wall, for a captured host too. */
static int follow(struct export *export, struct error *err)
{
	uint64_t end = clock_monotonic_usec() + export->settings->for_usec;
	const struct snapshot *snapshot;
	int r;

	do {
		r = source_take(export->source, &snapshot, err);
		if (r != 1)
			return r;
		export->count++;
		r = publish(export, with_classes(export, snapshot), err);
		warnings_tell(export->verb, export->source);
		if (export->settings->for_usec != 0 && clock_monotonic_usec() >= end)
			return r;
	} while (r == 0 && source_wait(export->source, -1) == 1);
	return r;
}

static int export_all(struct export *export, const struct source_spec *spec, struct error *err)
{
	const char *listen = export->settings->listen;
	int r;

	if (listen == NULL && export->settings->textfile == NULL)
		listen = LISTEN_USUALLY;
	/* Before anything is opened: the endpoint inherits nothing. */
	if (listen != NULL) {
		export->server = http_server_new(listen, err);
		if (export->server == NULL)
			return err->code;
		fprintf(stderr, "truce export: metrics at http://%s/metrics\n",
			http_server_address(export->server));
	}
	r = source_open(spec, &export->source, err);
	return r < 0 ? r : follow(export, err);
}

static int export_run(const struct verb *verb, const void *settings, char **operands)
{
	struct export export = { .verb = verb, .settings = settings };
	struct source_spec spec = { .root = export.settings->root, .watch = true,
				    .interval_usec = export.settings->interval_usec };
	struct error err = { 0 };
	bool misused;
	int r;

	if (need_parse(export.settings->with, &spec, &err) < 0)
		return verb_misuse(verb, "%s", err.text);
	if (export.settings->for_usec != 0 && export.settings->for_usec < spec.interval_usec)
		spec.interval_usec = export.settings->for_usec;
	str_init(&export.openmetrics);
	str_init(&export.classic);
	snapshot_init(&export.classed);
	if (export.settings->root == NULL)
		export.told = told_new();
	r = export_all(&export, &spec, &err);
	misused = r == -EINVAL && export.server == NULL && export.source == NULL;
	source_close(export.source);
	http_server_free(export.server);
	told_free(export.told);
	snapshot_done(&export.classed);
	str_done(&export.openmetrics);
	str_done(&export.classic);
	if (misused)
		return verb_misuse(verb, "%s", err.text);
	if (r < 0)
		return verb_fail(verb, &err);
	return export.partly ? VERB_PARTLY : VERB_FINE;
}

static const struct export_settings export_defaults = { .interval_usec = 10 * USEC_PER_SEC };

static const struct option_info export_options[] = {
	OPTION_TEXT(struct export_settings, listen, 0, "listen", "ADDRESS:PORT",
		    "where to answer scrapers (" LISTEN_USUALLY ")"),
	OPTION_TEXT(struct export_settings, textfile, 0, "textfile", "FILE",
		    "for node_exporter: replace FILE each time; listen only with --listen"),
	OPTION_FLAG(struct export_settings, per_vcpu, 0, "per-vcpu", "series of each vCPU as well"),
	OPTION_INTERVAL(struct export_settings, interval_usec, "between two samples (10s)"),
	OPTION_DURATION(struct export_settings, for_usec, 0, "for", "TIME", "end after that time"),
	OPTION_WITH(struct export_settings, with),
	OPTION_ROOT(struct export_settings, root),
	OPTIONS_END,
};

const struct verb export_verb = {
	.name = "export",
	.summary = "metrics for Prometheus, by HTTP on localhost or as a text file",
	.notes = "A scrape gets the last sample: truce_sample_timestamp_seconds says when it was taken.\n"
		 "Where truced runs, its own metrics (truced_*) are among them.\n"
		 "How often somebody scrapes costs the host nothing. The process that answers is a user\n"
		 "without rights, and the one that samples reads nothing from the network.\n"
		 "OpenMetrics goes to who accepts it, Prometheus' older text to others and to FILE.",
	.options = export_options,
	.settings_size = sizeof(struct export_settings),
	.defaults = &export_defaults,
	.run = export_run,
};
