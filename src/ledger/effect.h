/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened around an adjustment: some figures of the VM and of its host, as rates over the
 * time before against the time after. It tells what followed, not what was caused.
 */
#ifndef LEDGER_EFFECT_H
#define LEDGER_EFFECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* F(symbol, name, help): rates in the figure's unit a second; rss_bytes as it was at the end. */
#define EFFECT_FIGURES(F)                                                                   \
	F(CPU, "cpu_permyriad", "CPU that the VM used, 10000 is one CPU")                   \
	F(WAITING, "waiting_permyriad", "time that its vCPUs waited for others, 10000 is one vCPU") \
	F(RSS, "rss_bytes", "resident memory at the end of the time")                       \
	F(DISK, "disk_bytes_per_second", "bytes read and written")                          \
	F(NET, "net_bytes_per_second", "bytes received and sent")                           \
	F(HOST, "host_permyriad", "busy share of all CPUs of the host")

#define EFFECT_ENUM(symbol, ...) EFFECT_##symbol,
enum effect_figure { EFFECT_FIGURES(EFFECT_ENUM) EFFECT_COUNT };

struct effect {
	uint64_t before_usec, after_usec; /* how long was looked at; 0 before: it was just born */
	bool before_known[EFFECT_COUNT], after_known[EFFECT_COUNT];
	int64_t before[EFFECT_COUNT], after[EFFECT_COUNT];
};

const char *effect_figure_name(enum effect_figure figure);
/* "CPU 98 % -> 43 %, waiting 2 % -> 51 %", of what is known of both; "" where nothing is. */
struct str;
void effect_append(struct str *str, const struct effect *effect);

#endif
