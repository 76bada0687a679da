/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a capacity model needs of a live host beside fingerprints: the memory of VMs' processes and
 * of the host as they are now.
 */
#ifndef KSM_FIT_LIVE_H
#define KSM_FIT_LIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct root;

struct fit_process {
	uint64_t monotonic_usec;
	/* Memory that is this process's own: anonymous, shared memory, hugetlb, and page tables, twice
	 * where KVM has a second set. Files are the page cache's; what is in swap is not in memory. */
	uint64_t bytes;
	uint64_t most_bytes; /* of what KSM may merge, were all of it touched; 0: not known */
};

struct fit_host {
	uint64_t total_bytes, available_bytes;
	uint64_t saved_bytes;  /* KSM saves now */
	uint64_t merged_pages; /* that KSM has merged now, the first of each included */
};

/* -ESRCH: it ended. */
int fit_process_read(struct root *root, pid_t pid, bool with_kvm, struct fit_process *ret, struct error *err);
int fit_host_read(struct root *root, struct fit_host *ret, struct error *err);

#endif
