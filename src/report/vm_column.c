/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/vm_column.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "base/text.h"
#include "report/units.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

const struct vm_column vm_columns[] = {
	{ "name", "NAME", 16, COLUMN_NAME, 0, "the owner's name of the VM" },
	{ "id", "ID", 20, COLUMN_ID, 0, "pid, start time and ordinal: never used twice" },
	{ "uuid", "UUID", 36, COLUMN_TEXT, VM_TEXT_UUID, "the owner's uuid" },
	{ "pid", "PID", 7, COLUMN_PID, 0, "process id of the VMM" },
	{ "vmm", "VMM", 16, COLUMN_TEXT, VM_TEXT_VMM, "which program runs the VM" },
	{ "accel", "ACCEL", 5, COLUMN_TEXT, VM_TEXT_ACCEL, "kvm, or tcg (emulated)" },
	{ "owner", "OWNER", 8, COLUMN_TEXT, VM_TEXT_OWNER, "who manages the VM" },
	{ "class", "CLASS", 8, COLUMN_TEXT, VM_TEXT_CLASS, "class that the policy gives it" },
	{ "vcpus", "VCPUS", 5, COLUMN_VCPUS, 0, "virtual CPUs" },
	{ "threads", "THREADS", 7, COLUMN_NUMBER, VM_THREADS, "threads of the VMM" },
	{ "cpu", "CPU%", 6, COLUMN_CPU, 0, "CPU used now; 100 is one CPU" },
	{ "guest", "GUEST%", 6, COLUMN_PERCENT, VM_GUEST, "of it, guest code" },
	{ "system", "SYS%", 6, COLUMN_PERCENT, VM_SYSTEM, "of it, the host's kernel" },
	{ "wait", "WAIT%", 6, COLUMN_PERCENT, VM_WAITING,
	  "its vCPUs wanted a CPU that others had; summed over the vCPUs" },
	{ "throttled", "THR%", 6, COLUMN_PERCENT, VM_THROTTLED, "its own quota held it back" },
	{ "hurt", "HURT", 11, COLUMN_HURT, 0, "what hurts it most, and for how much of the time" },
	{ "time", "TIME", 7, COLUMN_CPU_TIME, 0, "CPU used since birth" },
	{ "waited", "WAITED", 7, COLUMN_TIME, VM_WAITING, "waited for a CPU since birth" },
	{ "held", "HELD", 7, COLUMN_TIME, VM_THROTTLED, "held back by its quota since birth" },
	{ "rss", "RSS", 5, COLUMN_BYTES, VM_RSS, "resident memory" },
	{ "swap", "SWAP", 5, COLUMN_BYTES, VM_SWAP, "memory in swap" },
	{ "pss", "PSS", 5, COLUMN_BYTES, VM_PSS, "resident memory, shared pages divided" },
	{ "huge", "HUGE", 5, COLUMN_BYTES, VM_HUGE, "memory in transparent huge pages" },
	{ "locked", "LOCKED", 6, COLUMN_BYTES, VM_LOCKED, "memory locked or pinned" },
	{ "charged", "CHARGED", 7, COLUMN_BYTES, VM_MEMORY_CURRENT, "memory charged to its cgroup" },
	{ "limit", "LIMIT", 5, COLUMN_BYTES, VM_MEMORY_MAX, "memory limit of its cgroup" },
	{ "balloon", "BALLOON", 7, COLUMN_BYTES, VM_BALLOON_ACTUAL, "memory the balloon leaves it" },
	{ "pmem", "PMEM%", 5, COLUMN_PERCENT, VM_PSI_MEMORY_SOME, "time a thread waited for memory" },
	{ "minor", "MINFLT/S", 8, COLUMN_COUNT_RATE, VM_MINOR_FAULTS, "page faults without I/O" },
	{ "major", "MAJFLT/S", 8, COLUMN_COUNT_RATE, VM_MAJOR_FAULTS, "page faults that waited for I/O" },
	{ "read", "READ/S", 6, COLUMN_BYTE_RATE, VM_DISK_READ, "bytes read from disks" },
	{ "write", "WRITE/S", 7, COLUMN_BYTE_RATE, VM_DISK_WRITTEN, "bytes written to disks" },
	{ "reads", "RDOPS/S", 7, COLUMN_COUNT_RATE, VM_BLOCK_READS, "block reads of its cgroup" },
	{ "writes", "WROPS/S", 7, COLUMN_COUNT_RATE, VM_BLOCK_WRITES, "block writes of its cgroup" },
	{ "pio", "PIO%", 5, COLUMN_PERCENT, VM_PSI_IO_SOME, "time a thread waited for I/O" },
	{ "rx", "RX/S", 5, COLUMN_BYTE_RATE, VM_NET_RECEIVED, "bytes the guest received" },
	{ "tx", "TX/S", 5, COLUMN_BYTE_RATE, VM_NET_SENT, "bytes the guest sent" },
	{ "drops", "DROPS/S", 7, COLUMN_COUNT_RATE, VM_NET_DROPS, "packets dropped at its taps" },
	{ "ksm", "KSM", 5, COLUMN_NUMBER, VM_KSM_MERGED, "pages merged by KSM" },
	{ "zero", "ZERO", 5, COLUMN_NUMBER, VM_KSM_ZERO, "of them, zero pages" },
	{ "tracked", "TRACKED", 7, COLUMN_NUMBER, VM_KSM_TRACKED, "pages that KSM keeps book of" },
	{ "profit", "PROFIT", 6, COLUMN_BYTES, VM_KSM_PROFIT, "bytes that KSM saves here" },
	{ "nice", "NICE", 4, COLUMN_NUMBER, VM_NICE, "nice of the main thread" },
	{ "weight", "WEIGHT", 6, COLUMN_NUMBER, VM_WEIGHT, "CPU weight, on the scale of where" },
	{ "where", "WHERE", 10, COLUMN_TEXT, VM_TEXT_WEIGHT_WHERE, "which knob arbitrates for it" },
	{ "quota", "QUOTA%", 6, COLUMN_SHARE, VM_QUOTA, "CPU limit in force; 100 is one CPU" },
	{ "cpus", "CPUS", 8, COLUMN_TEXT, VM_TEXT_AFFINITY, "CPUs that it may use" },
	{ "pcpu", "PCPU%", 5, COLUMN_PERCENT, VM_PSI_CPU_SOME, "time a thread waited for a CPU" },
	{ "exits", "EXITS/S", 7, COLUMN_COUNT_RATE, VM_KVM_EXITS, "exits from guest code" },
	{ "taps", "TAPS", 8, COLUMN_TEXT, VM_TEXT_TAPS, "its network interfaces on the host" },
	{ "cgroup", "CGROUP", 20, COLUMN_TEXT, VM_TEXT_CGROUP, "cgroup of the VM" },
	{ "last", "LAST", 24, COLUMN_LAST, 0, "what truced adjusted last" },
	{ "reason", "REASON", 24, COLUMN_REASON, 0, "which rule asked for that, and why" },
	{ NULL, NULL, 0, COLUMN_NAME, 0, NULL },
};

const struct vm_column *vm_column_find(const char *name)
{
	const struct vm_column *column;

	for (column = vm_columns; column->name != NULL; column++)
		if (strcasecmp(column->name, name) == 0 || strcasecmp(column->heading, name) == 0)
			return column;
	return NULL;
}

bool vm_column_is_text(const struct vm_column *column)
{
	return column->kind == COLUMN_NAME || column->kind == COLUMN_ID ||
	       column->kind == COLUMN_TEXT || column->kind == COLUMN_LAST ||
	       column->kind == COLUMN_REASON;
}

enum figure_group vm_column_group(const struct vm_column *column)
{
	return column->kind > COLUMN_TEXT ? vm_info.figures[column->figure].group : GROUP_HOT;
}

bool vm_column_is_refused(const struct vm_column *column, const struct vm *vm)
{
	switch (column->kind) {
	case COLUMN_CPU:
	case COLUMN_CPU_TIME:
		return vm->state[VM_USER] == FIGURE_REFUSED;
	case COLUMN_HURT:
		return vm->state[VM_WAITING] == FIGURE_REFUSED;
	default:
		return column->kind > COLUMN_TEXT && vm->state[column->figure] == FIGURE_REFUSED;
	}
}

void vm_append_id(const struct vm_identity *identity, struct str *str)
{
	char id[VM_ID_SIZE];

	vm_identity_format(identity, id);
	str_append(str, id);
}

void vm_append_name(const struct vm *vm, struct str *str)
{
	const char *name = vm->text[VM_TEXT_NAME];

	if (name != NULL && *name != '\0')
		text_append_safe(str, name, strlen(name));
	else
		str_appendf(str, "pid %d", (int)vm->identity.pid);
}

static double cpu_time(const struct vm *vm)
{
	/* Of several VMs in one process only the first has the process's own count. */
	if (vm->state[VM_USER] != FIGURE_PRESENT)
		return figure_number(vm_view(vm), VM_RUN);
	return figure_number(vm_view(vm), VM_USER) + figure_number(vm_view(vm), VM_SYSTEM);
}

/* A limit that is not set: the largest number. */
static bool column_is_unlimited(const struct vm_column *column, const struct vm *vm)
{
	if (column->kind != COLUMN_NUMBER && column->kind != COLUMN_BYTES && column->kind != COLUMN_SHARE)
		return false;
	return vm->state[column->figure] == FIGURE_PRESENT && vm->value[column->figure] == INT64_MAX;
}

/* What a column of numbers shows, before it is written; NAN where it is absent. */
static double column_number(const struct vm_column *column, const struct vm_row *row)
{
	struct vm_sight sight = row->sight;

	switch (column->kind) {
	case COLUMN_PID:
		return sight.now->identity.pid;
	case COLUMN_VCPUS:
		return vm_vcpus_are_known(sight.now) ? (double)sight.now->vcpu_count : NAN;
	case COLUMN_CPU:
		return vm_cpu_percent(sight);
	case COLUMN_CPU_TIME:
		return cpu_time(sight.now);
	case COLUMN_HURT:
		return row->hurt.kind == HURT_NOTHING ? NAN : row->hurt.percent;
	case COLUMN_NUMBER:
	case COLUMN_BYTES:
	case COLUMN_TIME:
		return figure_number(vm_view(sight.now), column->figure);
	case COLUMN_SHARE:
		return figure_number(vm_view(sight.now), column->figure) / 100;
	case COLUMN_PERCENT:
		return vm_percent(sight, column->figure);
	default:
		return vm_rate(sight, column->figure);
	}
}

static void append_text(const char *text, struct str *str)
{
	if (text == NULL || *text == '\0')
		text = "-";
	text_append_safe(str, text, strlen(text));
}

/* The column's of what truced tells: safe already; NULL where it tells nothing. */
static const char *told_text(const struct vm_column *column, const struct vm_row *row)
{
	const char *text = NULL;

	if (row->told != NULL)
		text = column->kind == COLUMN_LAST ? row->told->last : row->told->reason;
	return text != NULL && *text != '\0' ? text : NULL;
}

static void append_hurt(struct hurt hurt, struct str *str)
{
	str_append(str, hurt_name(hurt.kind));
	if (hurt.kind != HURT_NOTHING)
		str_appendf(str, " %.0f%%", hurt.percent);
}

static void append_whole(double number, struct str *str)
{
	if (isnan(number))
		str_append_char(str, '-');
	else
		str_append_int(str, (int64_t)number);
}

static void append_percent(double number, struct str *str)
{
	if (isnan(number))
		str_append_char(str, '-');
	else
		units_append_percent(str, number);
}

void vm_column_append(const struct vm_column *column, const struct vm_row *row, struct str *str)
{
	double number;

	switch (column->kind) {
	case COLUMN_NAME:
		vm_append_name(row->sight.now, str);
		return;
	case COLUMN_ID:
		vm_append_id(&row->sight.now->identity, str);
		return;
	case COLUMN_TEXT:
		append_text(row->sight.now->text[column->figure], str);
		return;
	case COLUMN_HURT:
		append_hurt(row->hurt, str);
		return;
	case COLUMN_LAST:
	case COLUMN_REASON:
		str_append(str, told_text(column, row) != NULL ? told_text(column, row) : "-");
		return;
	default:
		break;
	}
	if (column_is_unlimited(column, row->sight.now)) {
		str_append(str, "max");
		return;
	}
	number = column_number(column, row);
	switch (column->kind) {
	case COLUMN_CPU:
	case COLUMN_SHARE:
	case COLUMN_PERCENT:
		append_percent(number, str);
		break;
	case COLUMN_BYTES:
	case COLUMN_BYTE_RATE:
		units_append_bytes(str, number);
		break;
	case COLUMN_CPU_TIME:
	case COLUMN_TIME:
		units_append_duration(str, number);
		break;
	case COLUMN_COUNT_RATE:
		units_append_count(str, number);
		break;
	default:
		append_whole(number, str);
	}
}

void vm_rows_fill(const struct rates *rates, struct vm_row *ret)
{
	double read_latency = disks_read_latency(rates);
	size_t i, j = 0;

	for (i = 0; i < rates->now.vm_count; i++) {
		const struct vm *now = rates->now.vms[i];

		/* Both lists are sorted by identity. */
		while (j < rates->before.vm_count &&
		       vm_identity_compare(&rates->before.vms[j]->identity, &now->identity) < 0)
			j++;
		ret[i].sight.now = now;
		ret[i].sight.before = NULL;
		ret[i].told = NULL;
		if (j < rates->before.vm_count &&
		    vm_identity_compare(&rates->before.vms[j]->identity, &now->identity) == 0)
			ret[i].sight.before = rates->before.vms[j];
		ret[i].hurt = hurt_of_vm(ret[i].sight, read_latency);
	}
}

/* Digits as the number that they make, so that vm10 comes behind vm9. */
int vm_name_compare(const char *a, const char *b)
{
	while (*a != '\0' && *b != '\0') {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			size_t a_zeros = strspn(a, "0"), b_zeros = strspn(b, "0");
			size_t a_size = strspn(a += a_zeros, "0123456789");
			size_t b_size = strspn(b += b_zeros, "0123456789");
			int order = a_size != b_size ? (a_size < b_size ? -1 : 1)
						     : memcmp(a, b, a_size);

			if (order != 0)
				return order;
			a += a_size;
			b += b_size;
			continue;
		}
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return tolower((unsigned char)*a) - tolower((unsigned char)*b);
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

/* What rows are compared by, taken out once a row. */
struct sort_key {
	struct vm_row row;
	double number;
	const char *text;
};

struct sort_order {
	bool text, reversed;
};

static const char *sort_text(const struct vm_column *column, const struct vm_row *row)
{
	const struct vm *vm = row->sight.now;

	if (column->kind == COLUMN_LAST || column->kind == COLUMN_REASON)
		return told_text(column, row);
	if (column->kind == COLUMN_NAME)
		return vm->text[VM_TEXT_NAME];
	return column->kind == COLUMN_TEXT ? vm->text[column->figure] : NULL;
}

/* What is absent stands last in both directions. */
static int compare_numbers(double a, double b, bool reversed)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return reversed ? (a > b) - (a < b) : (a < b) - (a > b);
}

static int compare_texts(const char *a, const char *b, bool reversed)
{
	if (a == NULL || b == NULL)
		return (a == NULL) - (b == NULL);
	return reversed ? vm_name_compare(b, a) : vm_name_compare(a, b);
}

static int compare_keys(const void *one, const void *other, void *context)
{
	const struct sort_key *a = one, *b = other;
	const struct sort_order *order = context;
	int r = order->text ? compare_texts(a->text, b->text, order->reversed)
			    : compare_numbers(a->number, b->number, order->reversed);

	if (r != 0)
		return r;
	r = vm_identity_compare(&a->row.sight.now->identity, &b->row.sight.now->identity);
	return order->text && order->reversed ? -r : r;
}

void vm_rows_sort(struct vm_row *rows, size_t count, const struct vm_column *column, bool reversed)
{
	struct sort_order order = { vm_column_is_text(column), reversed };
	CLEANUP_FREE struct sort_key *keys = calloc(count + 1, sizeof *keys);
	size_t i;

	/* Without memory the rows stay in the order of their identities. */
	if (keys == NULL)
		return;
	for (i = 0; i < count; i++) {
		keys[i].row = rows[i];
		if (order.text)
			keys[i].text = sort_text(column, &rows[i]);
		else
			keys[i].number = column_number(column, &rows[i]);
	}
	qsort_r(keys, count, sizeof *keys, compare_keys, &order);
	for (i = 0; i < count; i++)
		rows[i] = keys[i].row;
}
