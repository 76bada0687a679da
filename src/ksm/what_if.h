/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fingerprints as they would be with other VMs on the host: "+NAME", that VM a second time (all of its
 * contents again, as a clone of it has); "-NAME", without it; "group=NAME", with the VMs of one group
 * alone. NAME is a VM's name, id or pid; VMs of one name are all meant.
 */
#ifndef KSM_WHAT_IF_H
#define KSM_WHAT_IF_H

#include "ksm/prints.h"

struct error;

/* Adds copies at the end of prints. *ret_part: who takes part then, one bool a VM, to be freed.
 * -EINVAL for a word that is none of these, -ENOENT where nobody is called that. */
int what_if_apply(struct prints *prints, const char *const *words, bool **ret_part,
		  struct error *err);

#endif
