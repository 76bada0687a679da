/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /sys/kernel/mm/ksm. The files came over the years: one that this kernel lacks is FIELD_ABSENT,
 * and all are where KSM is not built in. The descriptors stay open between reads.
 */
#ifndef SYS_KSM_H
#define SYS_KSM_H

#include "sys/field.h"

struct root;

/* Symbol (also the member), and the file's name is the member's name. */
#define KSM_FILES(F)                                                                               \
	F(run) F(pages_to_scan) F(sleep_millisecs) F(pages_shared) F(pages_sharing)                \
	F(pages_unshared) F(pages_volatile) F(pages_scanned) F(pages_skipped) F(full_scans)        \
	F(general_profit) F(ksm_zero_pages) F(use_zero_pages) F(merge_across_nodes)                \
	F(max_page_sharing) F(stable_node_chains) F(stable_node_dups) F(smart_scan)                \
	F(advisor_target_scan_time) F(advisor_max_cpu) F(advisor_min_pages_to_scan)                \
	F(advisor_max_pages_to_scan) F(stable_node_chains_prune_millisecs)

#define KSM_ENUM(name) KSM_FILE_##name,
#define KSM_MEMBER(name) int64_t name;

enum ksm_file { KSM_FILES(KSM_ENUM) KSM_FILE_COUNT };

struct ksm {
	KSM_FILES(KSM_MEMBER)
	char advisor[32]; /* the mode in brackets: "none", "scan-time"; "" where absent */
};

struct ksm_reader {
	struct root *root;
	int fd[KSM_FILE_COUNT]; /* negative errno where it could not be opened */
	int advisor_fd;
};

void ksm_reader_init(struct ksm_reader *reader, struct root *root);
void ksm_reader_done(struct ksm_reader *reader);
/* -ENOENT when this kernel has no KSM, -EACCES when nothing may be read. */
int ksm_read(struct ksm_reader *reader, struct ksm *ret);

#endif
