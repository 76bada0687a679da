/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the agent tells of the machine that it is in. */
#ifndef AGENT_MACHINE_H
#define AGENT_MACHINE_H

#include <stdint.h>

struct machine {
	char kernel[128];
	uint32_t cpus;
	uint64_t memory_bytes;
	uint8_t boot_id[16]; /* zeros where the kernel does not tell */
};

void machine_read(struct machine *ret);

/* "01234567-89ab-cdef-..." to bytes; what is no hexadecimal digit or dash ends it. */
void machine_parse_boot_id(const char *text, uint8_t ret[16]);

#endif
