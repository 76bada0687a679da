/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host and every VM of a boot while something is measured: a snapshot each second by the
 * observer that the rest of Truce uses, what the experiment's own network has carried, lost and
 * holds back, and the counters that the guests have of themselves. A figure is written down when it
 * has changed, and absent figures are not.
 */
#ifndef LAB_RUN_LAB_SAMPLE_H
#define LAB_RUN_LAB_SAMPLE_H

#include "lab/run/lab_member.h"
#include "lab/store/store_record.h"

#include <stdbool.h>

struct error;
struct lab_net;
struct lab_sampler;
struct root;

#define LAB_SAMPLE_NSEC NSEC_PER_SEC

/* Whether the figure of a measure ("vm:FIGURE", "host:FIGURE") is written down; true where it is of
 * none. */
bool lab_sampler_has(const char *measure);

/* Of these members, which are all up, and of their network where they have one. */
int lab_sampler_new(struct root *root, const struct lab_member *members, size_t count,
		    struct lab_net *net, struct lab_sampler **ret, struct error *err);
void lab_sampler_free(struct lab_sampler *sampler);
/* What is sampled from now on belongs to this run. */
int lab_sampler_begin(struct lab_sampler *sampler, struct store_run *run, struct error *err);
/* All figures, slow ones too. */
int lab_sampler_tick(struct lab_sampler *sampler, struct error *err);
/* What a guest counted of itself. */
void lab_sampler_hear(struct lab_sampler *sampler, const struct lab_member *member,
		      const struct link_event *event);

#endif
