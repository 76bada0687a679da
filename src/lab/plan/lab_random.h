/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chance that can be had again: the same seed gives the same numbers on every machine, whatever
 * this program's version. (splitmix64, Steele and others 2014.)
 */
#ifndef LAB_PLAN_LAB_RANDOM_H
#define LAB_PLAN_LAB_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct lab_random {
	uint64_t state;
};

/* `of` keeps the chance of one thing (a boot) apart from that of another. */
void lab_random_init(struct lab_random *random, uint64_t seed, uint64_t of);
/* 0 to below - 1, each as likely; below is not 0. */
uint64_t lab_random_below(struct lab_random *random, uint64_t below);
void lab_random_shuffle(struct lab_random *random, void *items, size_t count, size_t item_size);

#endif
