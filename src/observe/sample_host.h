/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's own figures. Its files stay open; what a kernel lacks is absent for good. */
#ifndef OBSERVE_SAMPLE_HOST_H
#define OBSERVE_SAMPLE_HOST_H

#include "observe/observer.h"

/* Opens the files and reads what never changes. -ENOMEM. */
int sample_host_open(struct observe *observe);
void sample_host_close(struct observe *observe);
void sample_host_hot(struct observe *observe, uint64_t monotonic_usec);
void sample_host_cold(struct observe *observe, uint64_t monotonic_usec);

#endif
