/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the processor says of itself. Never changes while the machine runs. */
#ifndef LAB_HOST_PROCESSOR_H
#define LAB_HOST_PROCESSOR_H

#include <stdbool.h>

/* vmx or svm among the flags of /proc/cpuinfo: what KVM needs to be more than a crawl. */
bool processor_virtualises(void);

/* Who is below this kernel: "KVM", "TCG", "VMware", ..., "unknown"; NULL: nobody that shows
 * itself. */
const char *processor_hypervisor(void);

#endif
