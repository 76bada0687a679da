/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/top_detail.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "report/table.h"
#include "report/units.h"

#include <math.h>
#include <string.h>

/* The page's part of `count` lines, from *scroll on, which is held within them. */
static size_t page_clamp(const struct screen *screen, size_t count, size_t scroll, size_t *ret_page)
{
	size_t page = screen_room(screen) > 1 ? screen_room(screen) - 1 : 1;
	size_t last = count > page ? count - page : 0;

	*ret_page = page;
	return scroll < last ? scroll : last;
}

static void put_text(struct screen *screen, enum style style, struct str *text)
{
	line_put(screen_line(screen), style, text->data != NULL ? text->data : "");
	str_clear(text);
}

/* "  word cell", for what one line of the head shows of a VM. */
static void append_fact(struct str *text, const char *word, const char *column,
			const struct vm_row *row)
{
	str_appendf(text, "%s%s ", text->length > 0 ? "  " : "", word);
	vm_column_append(vm_column_find(column), row, text);
}

static void put_identity(const struct vm_row *row, struct screen *screen, struct str *text)
{
	vm_append_name(row->sight.now, text);
	append_fact(text, "id", "id", row);
	append_fact(text, "uuid", "uuid", row);
	put_text(screen, STYLE_STRONG, text);
	append_fact(text, "vmm", "vmm", row);
	append_fact(text, "accel", "accel", row);
	append_fact(text, "owner", "owner", row);
	append_fact(text, "class", "class", row);
	append_fact(text, "hurt", "hurt", row);
	put_text(screen, row->hurt.kind != HURT_NOTHING ? STYLE_WARNING : STYLE_PLAIN, text);
}

/* Only where truced tells: elsewhere the line is not there. */
static void put_told(const struct vm_row *row, struct screen *screen, struct str *text)
{
	if (row->told == NULL)
		return;
	append_fact(text, "last adjusted", "last", row);
	append_fact(text, "by", "reason", row);
	put_text(screen, STYLE_PLAIN, text);
}

static void put_knobs(const struct vm_row *row, struct screen *screen, struct str *text)
{
	append_fact(text, "weight", "weight", row);
	append_fact(text, "by", "where", row);
	append_fact(text, "nice", "nice", row);
	append_fact(text, "quota%", "quota", row);
	append_fact(text, "CPUs", "cpus", row);
	put_text(screen, STYLE_PLAIN, text);
	append_fact(text, "cgroup", "cgroup", row);
	put_text(screen, STYLE_PLAIN, text);
}

static void put_use(const struct vm_row *row, struct screen *screen, struct str *text)
{
	append_fact(text, "CPU%", "cpu", row);
	append_fact(text, "guest%", "guest", row);
	append_fact(text, "waited", "waited", row);
	append_fact(text, "held", "held", row);
	append_fact(text, "RSS", "rss", row);
	append_fact(text, "swap", "swap", row);
	append_fact(text, "balloon", "balloon", row);
	put_text(screen, STYLE_PLAIN, text);
	append_fact(text, "read/s", "read", row);
	append_fact(text, "written/s", "write", row);
	append_fact(text, "received/s", "rx", row);
	append_fact(text, "sent/s", "tx", row);
	append_fact(text, "taps", "taps", row);
	put_text(screen, STYLE_PLAIN, text);
}

enum thread_column {
	SHOW_ROLE, SHOW_INDEX, SHOW_TID, SHOW_RUN, SHOW_WAIT, SHOW_THROTTLED, SHOW_GUEST, SHOW_USER,
	SHOW_SYSTEM, SHOW_CPU, SHOW_NICE, SHOW_AFFINITY, SHOW_COMM,
};

static const struct {
	const char *heading;
	size_t width;
	bool left;
} thread_columns[] = {
	[SHOW_ROLE] = { "THREAD", 8, true }, [SHOW_INDEX] = { "N", 3, false },
	[SHOW_TID] = { "TID", 7, false }, [SHOW_RUN] = { "CPU%", 6, false },
	[SHOW_WAIT] = { "WAIT%", 6, false }, [SHOW_THROTTLED] = { "THR%", 6, false },
	[SHOW_GUEST] = { "GUEST%", 6, false }, [SHOW_USER] = { "USER%", 6, false },
	[SHOW_SYSTEM] = { "SYS%", 6, false }, [SHOW_CPU] = { "ON", 3, false },
	[SHOW_NICE] = { "NICE", 4, false }, [SHOW_AFFINITY] = { "CPUS", 8, true },
	[SHOW_COMM] = { "NAME", 15, true },
};

static void append_percent(struct str *cell, double percent)
{
	if (isnan(percent))
		str_append_char(cell, '-');
	else
		units_append_percent(cell, percent);
}

static void append_number(struct str *cell, const struct thread *thread, enum thread_figure figure)
{
	if (thread->state[figure] == FIGURE_PRESENT)
		str_append_int(cell, thread->value[figure]);
	else
		str_append_char(cell, '-');
}

static void append_text(struct str *cell, const char *text)
{
	text = text != NULL ? text : "-";
	text_append_safe(cell, text, strlen(text));
}

static void append_whole(struct str *cell, int64_t number, bool known)
{
	if (known)
		str_append_int(cell, number);
	else
		str_append_char(cell, '-');
}

/* One line a column of the table above. */
static void append_thread_cell(struct str *cell, enum thread_column column, struct vm_sight vm,
			       const struct thread *thread)
{
	switch (column) {
	case SHOW_ROLE:
		str_append(cell, thread_role_name(thread->role));
		return;
	case SHOW_INDEX:
		append_whole(cell, thread->index, thread->index >= 0);
		return;
	case SHOW_TID:
		append_whole(cell, thread->tid, thread->tid != 0);
		return;
	case SHOW_RUN:
		append_percent(cell, thread_percent(vm, thread, THREAD_RUN));
		return;
	case SHOW_WAIT:
		append_percent(cell, thread_percent(vm, thread, THREAD_WAITING));
		return;
	case SHOW_THROTTLED:
		append_percent(cell, thread_percent(vm, thread, THREAD_THROTTLED));
		return;
	case SHOW_GUEST:
		append_percent(cell, thread_percent(vm, thread, THREAD_GUEST));
		return;
	case SHOW_USER:
		append_percent(cell, thread_percent(vm, thread, THREAD_USER));
		return;
	case SHOW_SYSTEM:
		append_percent(cell, thread_percent(vm, thread, THREAD_SYSTEM));
		return;
	case SHOW_CPU:
		append_number(cell, thread, THREAD_CPU);
		return;
	case SHOW_NICE:
		append_number(cell, thread, THREAD_NICE);
		return;
	case SHOW_AFFINITY:
		append_text(cell, thread->text[THREAD_TEXT_AFFINITY]);
		return;
	case SHOW_COMM:
		append_text(cell, thread->text[THREAD_TEXT_COMM]);
		return;
	}
}

/* A row of cells as far as they fit; thread NULL: the headings. */
static void put_thread(struct screen *screen, struct vm_sight vm, const struct thread *thread,
		       struct str *cell)
{
	enum style style = thread == NULL ? STYLE_HEADING : STYLE_PLAIN;
	struct line *line = screen_line(screen);
	struct str padded;
	size_t i;

	str_init(&padded);
	for (i = 0; i < ARRAY_SIZE(thread_columns); i++) {
		str_clear(cell);
		str_clear(&padded);
		if (thread == NULL)
			str_append(cell, thread_columns[i].heading);
		else
			append_thread_cell(cell, i, vm, thread);
		table_append_cell(&padded, cell->data != NULL ? cell->data : "-",
				  thread_columns[i].width, thread_columns[i].left);
		if (padded.data == NULL || !line_put_whole(line, style, padded.data))
			break;
		line_put(line, style, " ");
	}
	if (thread == NULL)
		line_fill(line, screen->width, style);
	str_done(&padded);
}

static void put_threads(const struct vm_row *row, const struct top_state *state,
			struct screen *screen, size_t *ret_scroll, size_t *ret_page,
			struct str *text)
{
	const struct vm *vm = row->sight.now;
	size_t i;

	put_thread(screen, row->sight, NULL, text);
	*ret_scroll = page_clamp(screen, vm->thread_count, state->scroll, ret_page);
	for (i = *ret_scroll; i < vm->thread_count && i < *ret_scroll + *ret_page; i++)
		put_thread(screen, row->sight, &vm->threads[i], text);
	if (vm->thread_count == 0)
		line_put(screen_line(screen), STYLE_DIM, "its threads are not known");
	str_clear(text);
}

void top_detail(const struct rates *rates, const struct top_rows *rows,
		const struct top_state *state, struct screen *screen, size_t *ret_scroll,
		size_t *ret_page)
{
	const struct vm *vm = snapshot_find_vm(&rates->now, &state->selected);
	struct vm_row row;
	struct str text;

	if (vm == NULL) {
		line_put(screen_line(screen), STYLE_WARNING,
			 "this VM is gone; Esc leads back to the others");
		return;
	}
	row.sight = rates_vm(rates, vm);
	row.hurt = hurt_of_vm(row.sight, disks_read_latency(rates));
	row.told = vms_told_find(rows->told, &vm->identity);
	str_init(&text);
	put_identity(&row, screen, &text);
	put_told(&row, screen, &text);
	/* On a small screen the threads matter more than the rest of the head. */
	if (screen->height >= 16) {
		put_knobs(&row, screen, &text);
		put_use(&row, screen, &text);
	}
	put_threads(&row, state, screen, ret_scroll, ret_page, &text);
	str_done(&text);
}

static const char *const help_lines[] = {
	"truce top: every VM of this host, and what hurts it",
	"",
	"  up down PgUp PgDn Home End   move; Enter, e, H: the vCPUs and threads of a VM",
	"  P M T W N U                  sort by CPU, memory, time, waiting, pid, hurt",
	"  < >  F6                      sort by the column beside; choose the column",
	"  r I                          the other way round",
	"  / o F4                       only VMs with this in name, uuid, class or id",
	"  c                            other columns: cpu, policy, memory, disk+net, ksm",
	"  Space p                      pause, go on",
	"  d s                          change the interval",
	"  left right  g                in a recording: a step; go to a time",
	"  h ? F1   q F10               this help; back, quit",
	"",
	"  CPU%   100 is one CPU; the whole VMM with its I/O threads",
	"  WAIT%  its vCPUs wanted a CPU and others had it (its own quota not counted)",
	"  THR%   its own quota held it back: no harm done by others",
	"  HURT   the worst of cpu (waiting), quota, memory, io, swap, paging: percent of",
	"         the time, of its worst vCPU; - is under 2 %",
	"  -      not known: the kernel does not tell it, or not yet",
	"  pressure: share of the time in which some task of the host waited",
};

void top_help(const struct top_state *state, struct screen *screen, size_t *ret_scroll,
	      size_t *ret_page)
{
	size_t i;

	*ret_scroll = page_clamp(screen, ARRAY_SIZE(help_lines), state->scroll, ret_page);
	for (i = *ret_scroll; i < ARRAY_SIZE(help_lines) && i < *ret_scroll + *ret_page; i++)
		line_put(screen_line(screen), i == 0 ? STYLE_STRONG : STYLE_PLAIN,
			 help_lines[i]);
}
