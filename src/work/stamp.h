/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data that says where it belongs: each sector of 512 bytes begins and ends with words made of
 * its place, so that a block that was lost, torn or put elsewhere is found when it is read. What
 * is between is noise that no layer below can compress.
 */
#ifndef WORK_STAMP_H
#define WORK_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECTOR_BYTES 512u

/* Once for a buffer. */
void stamp_noise(void *bytes, size_t size);
/* `key` tells one file from another, `generation` one writing of a block from the next; the
 * size is in whole sectors. */
void stamp_put(void *bytes, size_t size, uint64_t key, uint64_t offset, uint32_t generation);
bool stamp_is(const void *bytes, size_t size, uint64_t key, uint64_t offset, uint32_t generation);
/* As stamp_is, whatever the generation of each sector. */
bool stamp_is_any(const void *bytes, size_t size, uint64_t key, uint64_t offset);

#endif
