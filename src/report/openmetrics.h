/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot as metrics, in the two texts that scrapers read: OpenMetrics 1.0, and Prometheus'
 * older format, which node_exporter's text files still are. Names come from figures.h: times in
 * seconds, sizes in bytes, shares as ratios; counters end in _total. An absent figure has no
 * sample. doc/format/openmetrics.md lists the families.
 */
#ifndef REPORT_OPENMETRICS_H
#define REPORT_OPENMETRICS_H

#include "model/snapshot.h"

struct str;

enum openmetrics_format { OPENMETRICS_1, OPENMETRICS_CLASSIC };

#define OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define OPENMETRICS_CLASSIC_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct openmetrics_options {
	enum openmetrics_format format;
	bool per_vcpu;     /* series of each vCPU: many */
	bool bare;         /* samples alone, without their families' description */
	bool timed;        /* each sample with the snapshot's time */
	bool (*wanted)(const struct vm *vm, void *context); /* NULL: all VMs */
	void *context;
};

/* What the exporter tells of itself. */
struct openmetrics_self {
	uint64_t snapshots;  /* taken since it started */
	uint64_t cpu_usec;   /* CPU time of its process since then */
	uint64_t rss_peak_bytes;
};

/* `self` may be NULL. */
void openmetrics_append(const struct snapshot *snapshot, const struct openmetrics_options *options,
			const struct openmetrics_self *self, struct str *out);
/* "# EOF", which ends an OpenMetrics text. */
void openmetrics_append_end(struct str *out);

/* Calls `each` with name, type, unit ("" where none) and help of each family. */
void openmetrics_list(void (*each)(const char *name, const char *type, const char *unit,
				   const char *help, void *context), void *context);

#endif
