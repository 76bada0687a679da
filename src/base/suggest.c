/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/suggest.h"

#include <stdint.h>
#include <string.h>

#define LONGEST_WORD 31

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, changes and swaps of neighbours that lead from one to the other. */
static unsigned word_distance(const char *from, const char *to)
{
	unsigned rows[LONGEST_WORD + 1][LONGEST_WORD + 1];
	size_t from_size = strlen(from), to_size = strlen(to), i, j;

	if (from_size > LONGEST_WORD || to_size > LONGEST_WORD)
		return UINT32_MAX;
	for (i = 0; i <= from_size; i++)
		rows[i][0] = (unsigned)i;
	for (j = 0; j <= to_size; j++)
		rows[0][j] = (unsigned)j;
	for (i = 1; i <= from_size; i++) {
		for (j = 1; j <= to_size; j++) {
			unsigned cost = from[i - 1] != to[j - 1];

			rows[i][j] = smaller(rows[i - 1][j - 1] + cost,
					     smaller(rows[i - 1][j], rows[i][j - 1]) + 1);
			if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
				rows[i][j] = smaller(rows[i][j], rows[i - 2][j - 2] + 1);
		}
	}
	return rows[from_size][to_size];
}

void suggest_init(struct suggest *suggest, const char *wrong)
{
	size_t size = strlen(wrong);

	suggest->wrong = wrong;
	suggest->nearest = NULL;
	/* One letter in three may be wrong, one in a short word; beyond that it is a guess. */
	suggest->distance = (unsigned)(size < 3 ? 2 : size / 3 + 1);
}

void suggest_offer(struct suggest *suggest, const char *word)
{
	unsigned distance = word_distance(suggest->wrong, word);

	/* What was cut short ("ev" for events) is nearer than any slip. */
	if (*suggest->wrong != '\0' && strncmp(word, suggest->wrong, strlen(suggest->wrong)) == 0)
		distance = 0;
	if (distance < suggest->distance) {
		suggest->nearest = word;
		suggest->distance = distance;
	}
}
