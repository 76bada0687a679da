/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of the kernel's command line: WORD or NAME=VALUE, blanks between them. */
#ifndef AGENT_BOOT_WORDS_H
#define AGENT_BOOT_WORDS_H

#include "base/cursor.h"

/* The next value behind `name` ("truce.ip="), cut where it does not fit; false: no more. */
bool boot_word_next(struct cursor *words, const char *name, char *ret, size_t size);

/* DEVICE,ADDRESS/BITS[,GATEWAY], all within their bounds. */
struct boot_address {
	char device[32]; /* a name or a MAC */
	uint32_t address, mask, gateway; /* network order; gateway 0: none */
};

bool boot_address_parse(const char *value, struct boot_address *ret);

#endif
