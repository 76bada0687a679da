/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/top_state.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "report/units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct top_set top_sets[] = {
	{ "cpu", { "name", "cpu", "wait", "hurt", "throttled", "vcpus", "rss", "time", "pid", "weight",
		   "where", "quota", "cpus", "vmm", NULL } },
	{ "policy", { "name", "class", "cpu", "wait", "hurt", "last", "reason", NULL } },
	{ "memory", { "name", "rss", "swap", "hurt", "pmem", "major", "minor", "balloon", "pid", "pss",
		      "charged", "limit", "locked", NULL } },
	{ "disk+net", { "name", "read", "write", "rx", "tx", "hurt", "pio", "reads", "writes", "drops",
			"pid", "taps", NULL } },
	{ "ksm", { "name", "ksm", "zero", "profit", "tracked", "rss", "hurt", "cpu", "pid", NULL } },
};
const unsigned top_set_count = ARRAY_SIZE(top_sets);

static void say(struct top_state *state, const char *sentence)
{
	text_copy(state->message, sizeof state->message, sentence, strlen(sentence));
}

void top_state_init(struct top_state *state)
{
	memset(state, 0, sizeof *state);
	state->sort = vm_column_find("cpu");
	state->interval_usec = 1000000;
}

static bool text_contains(const char *text, const char *part)
{
	return text != NULL && strcasestr(text, part) != NULL;
}

static bool vm_matches(const struct vm *vm, const char *filter)
{
	static const enum vm_text texts[] = { VM_TEXT_NAME, VM_TEXT_UUID, VM_TEXT_VMM, VM_TEXT_CLASS,
					      VM_TEXT_OWNER };
	CLEANUP(str_done) struct str id = { 0 };
	size_t i;

	if (*filter == '\0')
		return true;
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (text_contains(vm->text[texts[i]], filter))
			return true;
	vm_append_id(&vm->identity, &id);
	return text_contains(id.data, filter);
}

int top_rows_build(struct top_rows *rows, const struct rates *rates, const struct top_state *state)
{
	size_t i;

	if (!VEC_RESERVE(rows->rows, rows->capacity, rates->now.vm_count))
		return -ENOMEM;
	vm_rows_fill(rates, rows->rows);
	rows->count = 0;
	for (i = 0; rows->told != NULL && i < rates->now.vm_count; i++)
		rows->rows[i].told = vms_told_find(rows->told, &rows->rows[i].sight.now->identity);
	for (i = 0; i < rates->now.vm_count; i++)
		if (vm_matches(rows->rows[i].sight.now, state->filter))
			rows->rows[rows->count++] = rows->rows[i];
	vm_rows_sort(rows->rows, rows->count, state->sort, state->reversed);
	return 0;
}

void top_rows_done(struct top_rows *rows)
{
	free(rows->rows);
	memset(rows, 0, sizeof *rows);
}

size_t top_cursor(const struct top_state *state, const struct top_rows *rows)
{
	size_t i;

	for (i = 0; state->follows && i < rows->count; i++)
		if (vm_identity_compare(&rows->rows[i].sight.now->identity, &state->selected) == 0)
			return i;
	if (rows->count == 0)
		return 0;
	return state->row < rows->count ? state->row : rows->count - 1;
}

/* The top of the list is a place, not a VM: there the cursor stays when the order changes. */
static void move_to(struct top_state *state, const struct top_rows *rows, size_t row)
{
	state->row = rows->count == 0 ? 0 : row < rows->count ? row : rows->count - 1;
	state->follows = state->row > 0;
	if (state->follows)
		state->selected = rows->rows[state->row].sight.now->identity;
}

static size_t moved(const struct top_state *state, size_t from, int key)
{
	size_t page = state->page > 1 ? state->page - 1 : 1;

	switch (key) {
	case TOP_KEY_UP:
		return from > 0 ? from - 1 : 0;
	case TOP_KEY_DOWN:
		return from + 1;
	case TOP_KEY_PAGE_UP:
		return from > page ? from - page : 0;
	case TOP_KEY_PAGE_DOWN:
		return from + page;
	case TOP_KEY_HOME:
		return 0;
	case TOP_KEY_END:
		return SIZE_MAX / 2;
	default:
		return from;
	}
}

static bool key_moves(int key)
{
	return key == TOP_KEY_UP || key == TOP_KEY_DOWN ||
	       (key >= TOP_KEY_PAGE_UP && key <= TOP_KEY_END);
}

static void sort_by(struct top_state *state, const char *column)
{
	state->sort = vm_column_find(column);
	state->reversed = false;
}

/* The neighbour of the sort column in what is shown. */
static void sort_beside(struct top_state *state, int direction)
{
	const char *const *columns = top_sets[state->set].columns;
	int count = 0, at = -1;

	for (; columns[count] != NULL; count++)
		if (strcmp(columns[count], state->sort->name) == 0)
			at = count;
	if (at < 0)
		at = direction > 0 ? -1 : count;
	at += direction;
	if (at >= 0 && at < count)
		sort_by(state, columns[at]);
}

static void open_prompt(struct top_state *state, enum top_prompt prompt)
{
	state->prompt = prompt;
	state->input[0] = '\0';
	if (prompt == PROMPT_FILTER)
		memcpy(state->input, state->filter, sizeof state->input);
}

static void open_detail(struct top_state *state, const struct top_rows *rows)
{
	if (rows->count == 0)
		return;
	state->selected = rows->rows[top_cursor(state, rows)].sight.now->identity;
	state->follows = true;
	state->mode = TOP_DETAIL;
	state->scroll = 0;
}

static void open_menu(struct top_state *state)
{
	state->mode = TOP_SORT;
	state->menu = (size_t)(state->sort - vm_columns);
}

static void delete_character(char *text)
{
	size_t size = strlen(text);

	while (size > 0 && ((unsigned char)text[size - 1] & 0xc0) == 0x80)
		size--;
	text[size > 0 ? size - 1 : 0] = '\0';
}

static void add_character(char *text, size_t text_size, int key)
{
	char bytes[5] = { 0 };
	size_t length = strlen(text), size = 0;
	unsigned c = (unsigned)key;

	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c >= TOP_KEY_NONE)
		return;
	if (c < 0x80) {
		bytes[size++] = (char)c;
	} else if (c < 0x800) {
		bytes[size++] = (char)(0xc0 | c >> 6);
	} else {
		bytes[size++] = (char)(c < 0x10000 ? 0xe0 | c >> 12 : 0xf0 | c >> 18);
		if (c >= 0x10000)
			bytes[size++] = (char)(0x80 | (c >> 12 & 0x3f));
		bytes[size++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	if (c >= 0x80)
		bytes[size++] = (char)(0x80 | (c & 0x3f));
	if (length + size < text_size)
		memcpy(text + length, bytes, size + 1);
}

static enum top_action accept_interval(struct top_state *state)
{
	uint64_t usec;

	if (units_parse_duration(state->input, &usec) < 0 || usec < TOP_INTERVAL_LEAST_USEC) {
		say(state, "the interval is a time of at least 100ms: 0.5, 200ms, 2s");
		return TOP_GO_ON;
	}
	state->interval_usec = usec;
	return TOP_INTERVAL;
}

static enum top_action accept_time(struct top_state *state, uint64_t now_usec)
{
	if (units_parse_time(state->input, now_usec, &state->jump_usec) < 0) {
		say(state, "a time is 14:05, 14:05:30, 2026-03-01 14:05, -5m or +30s");
		return TOP_GO_ON;
	}
	return TOP_JUMP;
}

static enum top_action accept_prompt(struct top_state *state, uint64_t now_usec)
{
	enum top_prompt prompt = state->prompt;

	state->prompt = PROMPT_NONE;
	if (state->input[0] == '\0' || prompt == PROMPT_FILTER)
		return TOP_GO_ON;
	return prompt == PROMPT_INTERVAL ? accept_interval(state) : accept_time(state, now_usec);
}

static enum top_action key_in_prompt(struct top_state *state, int key, uint64_t now_usec)
{
	switch (key) {
	case TOP_KEY_ENTER:
		return accept_prompt(state, now_usec);
	case TOP_KEY_ESCAPE:
		if (state->prompt == PROMPT_FILTER)
			state->filter[0] = '\0';
		state->prompt = PROMPT_NONE;
		return TOP_GO_ON;
	case TOP_KEY_BACKSPACE:
		delete_character(state->input);
		break;
	default:
		add_character(state->input, sizeof state->input, key);
	}
	if (state->prompt == PROMPT_FILTER)
		memcpy(state->filter, state->input, sizeof state->filter);
	return TOP_GO_ON;
}

/* Also what `q` and Escape do there: back to the list. */
static enum top_action key_in_menu(struct top_state *state, int key)
{
	size_t count = 0;

	while (vm_columns[count].name != NULL)
		count++;
	state->menu = moved(state, state->menu, key);
	if (state->menu >= count)
		state->menu = count - 1;
	if (key == TOP_KEY_ENTER)
		sort_by(state, vm_columns[state->menu].name);
	if (key == TOP_KEY_ENTER || key == TOP_KEY_ESCAPE || key == 'q' || key == TOP_KEY_F6)
		state->mode = TOP_LIST;
	return TOP_GO_ON;
}

/* Detail and help: they scroll, and several keys lead back. True when the key is used up. */
static bool key_in_pages(struct top_state *state, int key)
{
	if (key_moves(key)) {
		state->scroll = moved(state, state->scroll, key);
		return true;
	}
	if (key == TOP_KEY_ESCAPE || key == TOP_KEY_ENTER || key == 'q' ||
	    (state->mode == TOP_HELP ? key == '?' || key == 'h' || key == TOP_KEY_F1
				     : key == 'e' || key == 'H')) {
		state->mode = TOP_LIST;
		return true;
	}
	return state->mode == TOP_HELP && key != TOP_KEY_F10;
}

static enum top_action key_in_replay(struct top_state *state, int key)
{
	if (!state->replay)
		return TOP_GO_ON;
	switch (key) {
	case TOP_KEY_LEFT:
	case TOP_KEY_RIGHT:
		state->paused = true;
		return key == TOP_KEY_LEFT ? TOP_STEP_BACK : TOP_STEP_FORWARD;
	case 'g':
		open_prompt(state, PROMPT_TIME);
		return TOP_GO_ON;
	default:
		return TOP_GO_ON;
	}
}

/* Keys that mean the same over the list and over one VM. */
static enum top_action key_anywhere(struct top_state *state, int key)
{
	switch (key) {
	case 'q':
	case TOP_KEY_F10:
		return TOP_QUIT;
	case 'h':
	case '?':
	case TOP_KEY_F1:
		state->mode = TOP_HELP;
		state->scroll = 0;
		return TOP_GO_ON;
	case ' ':
	case 'p':
		state->paused = !state->paused;
		return TOP_GO_ON;
	case 'd':
	case 's':
		open_prompt(state, PROMPT_INTERVAL);
		return TOP_GO_ON;
	default:
		return key_in_replay(state, key);
	}
}

static bool key_sorts(struct top_state *state, int key)
{
	static const struct {
		int key;
		const char *column;
	} letters[] = { { 'P', "cpu" }, { 'M', "rss" }, { 'T', "time" }, { 'W', "wait" }, { 'N', "pid" },
			{ 'U', "hurt" } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(letters); i++)
		if (letters[i].key == key)
			sort_by(state, letters[i].column);
	if (key == '<' || key == '>')
		sort_beside(state, key == '>' ? 1 : -1);
	if (key == 'r' || key == 'I')
		state->reversed = !state->reversed;
	return key == '<' || key == '>' || key == 'r' || key == 'I' ||
	       (key < 0x80 && key > 0 && strchr("PMTWNU", key) != NULL);
}

static enum top_action key_in_list(struct top_state *state, int key, const struct top_rows *rows)
{
	if (key_moves(key)) {
		move_to(state, rows, moved(state, top_cursor(state, rows), key));
		return TOP_GO_ON;
	}
	if (key_sorts(state, key))
		return TOP_GO_ON;
	switch (key) {
	case TOP_KEY_ENTER:
	case 'e':
	case 'H':
		open_detail(state, rows);
		return TOP_GO_ON;
	case TOP_KEY_F6:
		open_menu(state);
		return TOP_GO_ON;
	case '/':
	case 'o':
	case TOP_KEY_F4:
		open_prompt(state, PROMPT_FILTER);
		return TOP_GO_ON;
	case TOP_KEY_ESCAPE:
		state->filter[0] = '\0';
		return TOP_GO_ON;
	case 'c':
		state->set = (state->set + 1) % top_set_count;
		if (state->set == TOP_SET_POLICY && rows->told == NULL)
			state->set++;
		return TOP_GO_ON;
	default:
		return key_anywhere(state, key);
	}
}

enum top_action top_key(struct top_state *state, int key, const struct top_rows *rows,
			uint64_t now_realtime_usec)
{
	state->message[0] = '\0';
	if (state->prompt != PROMPT_NONE)
		return key_in_prompt(state, key, now_realtime_usec);
	switch (state->mode) {
	case TOP_SORT:
		return key_in_menu(state, key);
	case TOP_DETAIL:
	case TOP_HELP:
		return key_in_pages(state, key) ? TOP_GO_ON : key_anywhere(state, key);
	default:
		return key_in_list(state, key, rows);
	}
}
