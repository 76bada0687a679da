/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/top_header.h"

#include "base/clock.h"
#include "base/text.h"
#include "report/units.h"

#include <math.h>
#include <string.h>

/* A line that is put together from pieces; a piece that does not fit is left out. */
struct pieces {
	struct line *line;
	struct str piece;
};

static void pieces_begin(struct pieces *pieces, struct screen *screen)
{
	pieces->line = screen_line(screen);
	str_init(&pieces->piece);
}

/* Puts what was appended to `piece`, two blanks before it. */
static bool pieces_put(struct pieces *pieces, enum style style)
{
	struct line *line = pieces->line;
	size_t gap = line->columns > 0 ? 2 : 0;
	bool fits = pieces->piece.length > 0 &&
		    line->columns + gap + text_columns(pieces->piece.data) <= line->width;

	if (fits) {
		line_fill(line, line->columns + gap, STYLE_PLAIN);
		line_put(line, style, pieces->piece.data);
	}
	str_clear(&pieces->piece);
	return fits;
}

static void pieces_end(struct pieces *pieces)
{
	str_done(&pieces->piece);
}

static void append_percent(struct str *str, double percent)
{
	if (isnan(percent))
		str_append_char(str, '-');
	else
		units_append_percent(str, percent);
}

static void append_host_text(const struct rates *rates, enum host_text text, struct str *str)
{
	const char *value = rates->now.host.text[text];

	if (value != NULL)
		text_append_safe(str, value, strlen(value));
}

static void append_load(const struct rates *rates, struct str *str)
{
	struct object_view host = host_view(&rates->now.host);
	unsigned figure;

	str_append(str, "load");
	for (figure = HOST_LOAD_1MIN; figure <= HOST_LOAD_15MIN; figure++) {
		if (host.state[figure] == FIGURE_PRESENT)
			str_appendf(str, " %.2f", (double)host.value[figure] / 1000);
		else
			str_append(str, " -");
	}
}

static void append_machines(const struct rates *rates, struct str *str)
{
	size_t i, vcpus = 0;

	for (i = 0; i < rates->now.vm_count; i++)
		vcpus += rates->now.vms[i]->vcpu_count;
	str_appendf(str, "%zu VM%s, %zu vCPU%s on %zu CPU%s", rates->now.vm_count,
		    rates->now.vm_count == 1 ? "" : "s", vcpus, vcpus == 1 ? "" : "s",
		    rates->now.cpu_count, rates->now.cpu_count == 1 ? "" : "s");
}

static void header_clock(struct pieces *pieces, const struct rates *rates,
			 const struct top_state *state)
{
	if (state->replay)
		units_append_time(&pieces->piece, rates->now.realtime_usec);
	else
		units_append_clock(&pieces->piece, rates->now.realtime_usec);
	pieces_put(pieces, STYLE_STRONG);
	if (state->paused)
		str_append(&pieces->piece, state->replay ? "stopped" : "PAUSED");
	else if (state->replay)
		str_append(&pieces->piece, "playing");
	pieces_put(pieces, STYLE_WARNING);
	append_host_text(rates, HOST_TEXT_HOSTNAME, &pieces->piece);
	pieces_put(pieces, STYLE_STRONG);
	append_machines(rates, &pieces->piece);
	pieces_put(pieces, STYLE_PLAIN);
	append_load(rates, &pieces->piece);
	pieces_put(pieces, STYLE_PLAIN);
	str_append(&pieces->piece, "up ");
	units_append_duration(&pieces->piece, (double)rates->now.monotonic_usec);
	pieces_put(pieces, STYLE_PLAIN);
}

/* The VM that suffers most among those that pass the filter. */
static const struct vm_row *hurt_most(const struct top_rows *rows)
{
	const struct vm_row *worst = NULL;
	size_t i;

	for (i = 0; i < rows->count; i++)
		if (rows->rows[i].hurt.kind != HURT_NOTHING &&
		    (worst == NULL || rows->rows[i].hurt.percent > worst->hurt.percent))
			worst = &rows->rows[i];
	return worst;
}

/* By its pid where the name has no room. */
static void put_hurt(struct pieces *pieces, const struct vm_row *row)
{
	enum style style = row->hurt.percent >= 25 ? STYLE_BAD : STYLE_WARNING;
	bool by_name;

	for (by_name = true;; by_name = false) {
		str_append(&pieces->piece, "hurt most: ");
		if (by_name)
			vm_append_name(row->sight.now, &pieces->piece);
		else
			str_appendf(&pieces->piece, "pid %d", (int)row->sight.now->identity.pid);
		str_appendf(&pieces->piece, " %s %.0f%%", hurt_name(row->hurt.kind),
			    row->hurt.percent);
		if (pieces_put(pieces, style) || !by_name)
			return;
	}
}

static void header_hurt(struct pieces *pieces, const struct rates *rates,
			const struct top_rows *rows, const struct top_state *state)
{
	const struct vm_row *worst = hurt_most(rows);
	double tick = figure_number(host_view(&rates->now.host), HOST_OWN_TICK);

	if (worst == NULL) {
		str_append(&pieces->piece, "hurt: nobody");
		pieces_put(pieces, STYLE_PLAIN);
	} else {
		put_hurt(pieces, worst);
	}
	if (isnan(tick) || state->replay)
		return;
	str_append(&pieces->piece, "own cost ");
	str_appendf(&pieces->piece, "%.2f%%", tick * 100 / (double)state->interval_usec);
	pieces_put(pieces, STYLE_DIM);
}

static void append_bar(struct str *bar, size_t length, double percent)
{
	size_t full = isnan(percent) || percent < 0 ? 0 : (size_t)(percent * (double)length / 100 + 0.5);
	size_t i;

	str_append_char(bar, '[');
	for (i = 0; i < length; i++)
		str_append_char(bar, i < full ? '|' : ' ');
	str_append(bar, "] ");
}

static size_t bar_length(const struct pieces *pieces)
{
	return pieces->line->width / 5 < 30 ? pieces->line->width / 5 : 30;
}

static enum style load_style(double percent)
{
	return percent >= 90 ? STYLE_BAD : percent >= 70 ? STYLE_WARNING : STYLE_GOOD;
}

static void put_percent(struct pieces *pieces, const char *what, double percent)
{
	str_appendf(&pieces->piece, "%s ", what);
	append_percent(&pieces->piece, percent);
	pieces_put(pieces, STYLE_PLAIN);
}

static void header_cpu(struct pieces *pieces, const struct rates *rates)
{
	double busy = cpus_busy_percent(rates);
	double user = cpus_percent(rates, CPU_USER), nice = cpus_percent(rates, CPU_NICE);

	str_append(&pieces->piece, "CPU      ");
	append_bar(&pieces->piece, bar_length(pieces), busy);
	append_percent(&pieces->piece, busy);
	str_append(&pieces->piece, "%");
	pieces_put(pieces, load_style(busy));
	put_percent(pieces, "guests", cpus_percent(rates, CPU_GUEST));
	put_percent(pieces, "user", user + (isnan(nice) ? 0 : nice));
	put_percent(pieces, "system", cpus_percent(rates, CPU_SYSTEM));
	put_percent(pieces, "iowait", cpus_percent(rates, CPU_IOWAIT));
	put_percent(pieces, "steal", cpus_percent(rates, CPU_STEAL));
}

/* Over the time between the sights; the kernel's 10 s average after a first sight. */
static double pressure(const struct rates *rates, enum host_figure counter, enum host_figure average)
{
	double percent = host_percent(rates, counter);

	if (isnan(percent))
		percent = figure_number(host_view(&rates->now.host), average) / 100;
	return percent;
}

static void header_pressure(struct pieces *pieces, const struct rates *rates)
{
	double cpu = pressure(rates, HOST_PSI_CPU_SOME, HOST_PSI_CPU_SOME_10S);
	double memory = pressure(rates, HOST_PSI_MEMORY_SOME, HOST_PSI_MEMORY_SOME_10S);
	double io = pressure(rates, HOST_PSI_IO_SOME, HOST_PSI_IO_SOME_10S);

	put_percent(pieces, "pressure cpu", cpu);
	put_percent(pieces, "memory", memory);
	put_percent(pieces, "io", io);
	put_percent(pieces, "all wait: memory",
		    pressure(rates, HOST_PSI_MEMORY_FULL, HOST_PSI_MEMORY_FULL_10S));
	put_percent(pieces, "io", pressure(rates, HOST_PSI_IO_FULL, HOST_PSI_IO_FULL_10S));
}

static void header_memory(struct pieces *pieces, const struct rates *rates)
{
	struct object_view host = host_view(&rates->now.host);
	double total = figure_number(host, HOST_MEMORY_TOTAL);
	double used = total - figure_number(host, HOST_MEMORY_AVAILABLE);
	double swap = figure_number(host, HOST_SWAP_TOTAL);

	str_append(&pieces->piece, "memory   ");
	append_bar(&pieces->piece, bar_length(pieces), 100 * used / total);
	units_append_bytes(&pieces->piece, used);
	str_append(&pieces->piece, " of ");
	units_append_bytes(&pieces->piece, total);
	pieces_put(pieces, load_style(100 * used / total));
	str_append(&pieces->piece, "swap ");
	units_append_bytes(&pieces->piece, swap - figure_number(host, HOST_SWAP_FREE));
	str_append(&pieces->piece, " of ");
	units_append_bytes(&pieces->piece, swap);
	pieces_put(pieces, STYLE_PLAIN);
	str_append(&pieces->piece, "committed ");
	units_append_bytes(&pieces->piece, figure_number(host, HOST_MEMORY_COMMITTED));
	pieces_put(pieces, STYLE_PLAIN);
}

static const struct disk *busiest_disk(const struct rates *rates, double *ret_percent)
{
	const struct disk *busiest = NULL;
	size_t i;

	*ret_percent = NAN;
	for (i = 0; i < rates->now.disk_count; i++) {
		double percent = disk_rate(rates, &rates->now.disks[i], DISK_BUSY) / 1e4;

		if (isnan(percent) || (busiest != NULL && percent <= *ret_percent))
			continue;
		busiest = &rates->now.disks[i];
		*ret_percent = percent;
	}
	return busiest;
}

/* Mean time of a request, reads and writes. */
static double disk_latency(const struct rates *rates, const struct disk *disk)
{
	double count = disk_rate(rates, disk, DISK_READS) + disk_rate(rates, disk, DISK_WRITES);
	double time = disk_rate(rates, disk, DISK_READ_TIME) + disk_rate(rates, disk, DISK_WRITE_TIME);

	return count > 0 ? time / count : NAN;
}

static void put_disk(struct pieces *pieces, const struct rates *rates)
{
	double percent;
	const struct disk *disk = busiest_disk(rates, &percent);

	if (disk == NULL)
		return;
	str_append(&pieces->piece, "disk ");
	text_append_safe(&pieces->piece, disk->name, strlen(disk->name));
	str_append_char(&pieces->piece, ' ');
	append_percent(&pieces->piece, fmin(percent, 100));
	str_append(&pieces->piece, "% busy");
	pieces_put(pieces, percent >= 90 ? STYLE_WARNING : STYLE_PLAIN);
	str_append(&pieces->piece, "read ");
	units_append_bytes(&pieces->piece, disk_rate(rates, disk, DISK_READ_BYTES));
	str_append(&pieces->piece, "/s written ");
	units_append_bytes(&pieces->piece, disk_rate(rates, disk, DISK_WRITE_BYTES));
	str_append(&pieces->piece, "/s");
	pieces_put(pieces, STYLE_PLAIN);
	if (isnan(disk_latency(rates, disk)))
		return;
	str_appendf(&pieces->piece, "%.2fms each", disk_latency(rates, disk) / 1000);
	pieces_put(pieces, STYLE_PLAIN);
}

static void put_ksm(struct pieces *pieces, const struct rates *rates)
{
	struct object_view host = host_view(&rates->now.host);
	double run = figure_number(host, HOST_KSM_RUN);

	if (isnan(run))
		return;
	str_append(&pieces->piece, "KSM ");
	if (!isnan(figure_number(host, HOST_KSM_PROFIT))) {
		str_append(&pieces->piece, "saves ");
		units_append_bytes(&pieces->piece, figure_number(host, HOST_KSM_PROFIT));
	} else {
		units_append_count(&pieces->piece, figure_number(host, HOST_KSM_PAGES_SHARING));
		str_append(&pieces->piece, " pages saved");
	}
	if (run != 1)
		str_append(&pieces->piece, run == 0 ? ", stopped" : ", unmerging");
	pieces_put(pieces, STYLE_PLAIN);
}

static void header_devices(struct pieces *pieces, const struct rates *rates)
{
	put_disk(pieces, rates);
	put_ksm(pieces, rates);
}

void top_header(const struct rates *rates, const struct top_rows *rows,
		const struct top_state *state, size_t lines, struct screen *screen)
{
	size_t i;

	for (i = 0; i < lines && i < TOP_HEADER_LINES; i++) {
		struct pieces pieces;

		pieces_begin(&pieces, screen);
		switch (i) {
		case 0:
			header_clock(&pieces, rates, state);
			break;
		case 1:
			header_hurt(&pieces, rates, rows, state);
			break;
		case 2:
			header_cpu(&pieces, rates);
			break;
		case 3:
			header_pressure(&pieces, rates);
			break;
		case 4:
			header_memory(&pieces, rates);
			break;
		default:
			header_devices(&pieces, rates);
		}
		pieces_end(&pieces);
	}
}

void host_summary_append(const struct rates *rates, struct str *str)
{
	struct object_view host = host_view(&rates->now.host);
	double busy = cpus_busy_percent(rates);

	append_machines(rates, str);
	str_append(str, "; host ");
	if (!isnan(busy)) {
		str_append(str, "CPU ");
		append_percent(str, busy);
		str_append(str, "%, ");
	}
	append_load(rates, str);
	str_append(str, "\npressure cpu ");
	append_percent(str, pressure(rates, HOST_PSI_CPU_SOME, HOST_PSI_CPU_SOME_10S));
	str_append(str, "% memory ");
	append_percent(str, pressure(rates, HOST_PSI_MEMORY_SOME, HOST_PSI_MEMORY_SOME_10S));
	str_append(str, "% io ");
	append_percent(str, pressure(rates, HOST_PSI_IO_SOME, HOST_PSI_IO_SOME_10S));
	str_append(str, "%; memory ");
	units_append_bytes(str, figure_number(host, HOST_MEMORY_AVAILABLE));
	str_append(str, " of ");
	units_append_bytes(str, figure_number(host, HOST_MEMORY_TOTAL));
	str_append(str, " available\n");
}
