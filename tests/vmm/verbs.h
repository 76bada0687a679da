/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tiny_vmm does, a file for each verb. A verb gets a fleet whose seats are all free,
 * prints its result on stdout, and leaves it to its caller to kill the VMs that it leaves. The
 * end being asked for is no failure.
 */
#ifndef VMM_VERBS_H
#define VMM_VERBS_H

struct error;
struct fleet;
struct settings;

int verb_run(const struct settings *settings, struct fleet *fleet, struct error *err);
int verb_churn(const struct settings *settings, struct fleet *fleet, struct error *err);
int verb_births(const struct settings *settings, struct fleet *fleet, struct error *err);

#endif
