/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Figures of a result as people read them, in the C locale. What is not known is "-". Labels stay
 * as they were stored: whoever prints makes them safe. */
#ifndef LAB_RESULT_WORDS_H
#define LAB_RESULT_WORDS_H

#include "lab/result/result.h"

struct str;

/* "12.3 k/s", "4.20 MB/s", "1.3 ms", "12.5 %", "17.2". */
void words_append_amount(struct str *out, double value, enum result_unit unit);
/* A share as "12.5 %". */
void words_append_percent(struct str *out, double share);
/* "19.0 % lower", "no different", "4.2 times as high". */
void words_append_change(struct str *out, double ratio);
/* "18.2 to 19.8 % lower", "0.4 % lower to 0.9 % higher". */
void words_append_interval(struct str *out, const struct measure_comparison *numbers);
/* "-19.0 %", "+1.2 %"; and "-19.8 to -18.2 %": for tables. */
void words_append_signed(struct str *out, double ratio);
void words_append_signed_interval(struct str *out, const struct measure_comparison *numbers);
/* "0.012", "< 0.001" (of so many draws). */
void words_append_p(struct str *out, double p);
/* "VM1's rate", "VM1's p99 latency", "host figure psi_cpu_some_usec". */
void words_append_measure(struct str *out, const char *measure);
/* What differs between the two: "3 loaded VMs", "vms.pin=none"; then what they share. */
void words_append_contrast(struct str *out, const struct stored_experiment *experiment, size_t cell,
			   size_t base);
/* A verdict as words of a table: "differs", "none found", ... */
const char *words_of_verdict(enum result_verdict verdict);
/* "emulated (TCG): ratios and counts only", "KVM on hardware". */
const char *words_of_platform(const struct result *result);

#endif
