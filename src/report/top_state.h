/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the live view remembers between two keys, and what a key does to it. Neither a terminal
 * nor a clock is known here: keys come as characters or as the codes below, and what only the
 * program can do (end, step, jump) is asked of it by the action that is returned.
 */
#ifndef REPORT_TOP_STATE_H
#define REPORT_TOP_STATE_H

#include "report/vm_column.h"

#include <stdbool.h>
#include <stdint.h>

enum top_mode { TOP_LIST, TOP_DETAIL, TOP_SORT, TOP_HELP };
enum top_prompt { PROMPT_NONE, PROMPT_FILTER, PROMPT_INTERVAL, PROMPT_TIME };

/* Above all characters. */
enum top_key_code {
	TOP_KEY_NONE = 0x110000,
	TOP_KEY_UP,
	TOP_KEY_DOWN,
	TOP_KEY_LEFT,
	TOP_KEY_RIGHT,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_ENTER,
	TOP_KEY_ESCAPE,
	TOP_KEY_BACKSPACE,
	TOP_KEY_F1,
	TOP_KEY_F4,
	TOP_KEY_F6,
	TOP_KEY_F10,
};

enum top_action {
	TOP_GO_ON,
	TOP_QUIT,
	TOP_STEP_BACK,    /* a recording: one snapshot */
	TOP_STEP_FORWARD,
	TOP_JUMP,         /* a recording: to jump_usec */
	TOP_INTERVAL,     /* interval_usec has changed */
};

struct top_set {
	const char *name;
	const char *columns[16]; /* the first is the name; ended by NULL */
};

struct top_state {
	enum top_mode mode;
	const struct vm_column *sort;
	bool reversed;
	bool paused;
	bool replay;
	unsigned set;               /* in top_sets */
	struct vm_identity selected;
	bool follows;               /* selected was chosen: the cursor stays with that VM */
	size_t row;                 /* the cursor, where it does not follow */
	size_t first, page;         /* rows on the screen, as drawn last */
	size_t scroll;              /* of the detail and the help */
	size_t menu;                /* cursor in the menu of columns */
	char filter[64];
	enum top_prompt prompt;
	char input[64];
	char message[128];          /* until the next key */
	uint64_t interval_usec;
	uint64_t jump_usec;
};

/* The VMs that pass the filter, sorted. */
struct top_rows {
	const struct vms_told *told; /* the caller's; NULL: no truced tells, its columns are left out */
	struct vm_row *rows;
	size_t count, capacity;
};

#define TOP_INTERVAL_LEAST_USEC 100000

#define TOP_SET_POLICY 1 /* passed over where no truced tells */

extern const struct top_set top_sets[];
extern const unsigned top_set_count;

void top_state_init(struct top_state *state);
int top_rows_build(struct top_rows *rows, const struct rates *rates, const struct top_state *state);
void top_rows_done(struct top_rows *rows);
/* Where the cursor is; 0 for no rows. */
size_t top_cursor(const struct top_state *state, const struct top_rows *rows);
enum top_action top_key(struct top_state *state, int key, const struct top_rows *rows,
			uint64_t now_realtime_usec);

#endif
