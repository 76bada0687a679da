/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libpeacemaker: the functions of peacemaker.h over the snapshot of the turn. */
#define PEACEMAKER_LIBRARY
#include "peacemaker.h"

#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "base/varint.h"
#include "decide/asking.h"
#include "decide/nice.h"
#include "decide/peace_list.h"
#include "decide/peacemaker_host.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USEC_PER_TICK (1000000 / HZ)

/* A tick comes a little before or after its time; that much earlier is in time. */
enum { EARLY_MOST_USEC = 50000, EARLY_PART = 8, KEEP_MOST = 1 << 20 };

struct look {
	const char *name;
	long long value;
	enum figure_unit unit;
};

static struct {
	const struct peacemaker_host *host;
	const struct policy *policy;
	int (*policy_main)(void *);

	const struct turn *turn;  /* NULL: nothing can be seen */
	struct peace_list list;
	/* Of when the policy last looked, where that is not the tick before. */
	struct snapshot looked;
	bool has_looked, looked_is_own;
	struct asking *asking;

	int line;
	char reason[CAUSE_TEXT_SIZE];
	struct look looks[CAUSE_INPUTS_MAX];
	size_t look_count;

	void *kept;
	size_t kept_size;
	char *to_restore;         /* what peacemaker_keep will find */
	size_t to_restore_size;
	struct str state_before;
} peace;

/* -- what was looked at ------------------------------------------------------------------------ */

/* The last ones, each name once. */
static void looked_at(const char *name, long long value, enum figure_unit unit)
{
	size_t i;

	for (i = 0; i < peace.look_count; i++)
		if (peace.looks[i].name == name)
			break;
	if (i == CAUSE_INPUTS_MAX) {
		memmove(peace.looks, peace.looks + 1, (i - 1) * sizeof *peace.looks);
		i--;
	}
	if (i == peace.look_count)
		peace.look_count++;
	peace.looks[i] = (struct look){ name, value, unit };
}

static void put_input(const struct look *look, struct cause_input *ret)
{
	snprintf(ret->name, sizeof ret->name, "%s", look->name);
	if (look->value == PEACEMAKER_ABSENT)
		snprintf(ret->value, sizeof ret->value, "absent");
	else if (look->unit == UNIT_PERMYRIAD)
		snprintf(ret->value, sizeof ret->value, "%.2f %%", (double)look->value / 100);
	else if (look->unit == UNIT_MILLI)
		snprintf(ret->value, sizeof ret->value, "%.3f", (double)look->value / 1000);
	else
		snprintf(ret->value, sizeof ret->value, "%lld%s", look->value,
			 look->unit == UNIT_USEC ? " us" : look->unit == UNIT_BYTES ? " bytes" : "");
}

static const struct snapshot *now(void)
{
	return peace.turn != NULL ? peace.turn->now : NULL;
}

static const struct snapshot *before(void)
{
	if (!peace.has_looked || peace.turn == NULL)
		return NULL;
	return peace.looked_is_own ? &peace.looked : peace.turn->before;
}

/* -- reading ------------------------------------------------------------------------------------ */

static struct peace_entry *entry_of(const void *handle)
{
	return peace_list_find(&peace.list, handle);
}

static struct peace_entry *entry_at(size_t at)
{
	return &peace.list.entries[peace.list.order[at]];
}

static int nice_of(const struct vm *vm)
{
	int nice;

	return nice_of_vm(vm, &nice) ? nice : 0;
}

int get_kvm_nice(const struct task_struct *vm)
{
	struct peace_entry *entry = entry_of(vm);
	int nice = entry != NULL ? nice_of(entry->vm) : 0;

	looked_at("nice", nice, UNIT_NUMBER);
	return nice;
}

int task_nice(const struct task_struct *vm)
{
	return get_kvm_nice(vm);
}

int get_nr_kvms(void)
{
	size_t i;
	int count = 0;

	for (i = 0; i < peace.list.order_count; i++)
		count += entry_at(i)->managed;
	return count;
}

static int per_cent(enum host_figure figure, const char *name)
{
	const struct snapshot *snapshot = now();

	if (snapshot == NULL || snapshot->host.state[figure] != FIGURE_PRESENT)
		return -1;
	looked_at(name, snapshot->host.value[figure], UNIT_PERMYRIAD);
	return (int)((snapshot->host.value[figure] + 50) / 100);
}

void get_physical_cpus_loadavg(struct cpu_loadavg *ret)
{
	if (ret == NULL)
		return;
	ret->one_minute = per_cent(HOST_UTILISATION_1MIN, "utilisation, 1 min");
	ret->five_minutes = per_cent(HOST_UTILISATION_5MIN, "utilisation, 5 min");
	ret->fifteen_minutes = per_cent(HOST_UTILISATION_15MIN, "utilisation, 15 min");
}

int get_physical_cpus_loadavg_seen(void)
{
	const struct snapshot *snapshot = now();

	if (snapshot == NULL || snapshot->host.state[HOST_UTILISATION_SEEN] != FIGURE_PRESENT)
		return 0;
	return (int)(snapshot->host.value[HOST_UTILISATION_SEEN] / 1000000);
}

static int host_milli(enum host_figure figure)
{
	const struct snapshot *snapshot = now();

	return snapshot != NULL && snapshot->host.state[figure] == FIGURE_PRESENT ?
		       (int)snapshot->host.value[figure] : -1;
}

void get_kernel_loadavg(struct kernel_loadavg *ret)
{
	if (ret == NULL)
		return;
	ret->one_minute_milli = host_milli(HOST_LOAD_1MIN);
	ret->five_minutes_milli = host_milli(HOST_LOAD_5MIN);
	ret->fifteen_minutes_milli = host_milli(HOST_LOAD_15MIN);
}

static long long figure_of(struct object_view view, unsigned figure)
{
	if (figure >= view.info->figure_count || view.state[figure] != FIGURE_PRESENT)
		return PEACEMAKER_ABSENT;
	return view.value[figure];
}

static long long growth_of(struct object_view view, struct object_view earlier, unsigned figure)
{
	int64_t growth;

	if (figure >= view.info->figure_count || !figure_growth(view, earlier, figure, &growth))
		return PEACEMAKER_ABSENT;
	return growth;
}

long long get_kvm_figure(const struct kvm_list *vm, enum peace_kvm_figure figure)
{
	struct peace_entry *entry = entry_of(vm);
	long long value;

	if (entry == NULL || (unsigned)figure >= VM_FIGURE_COUNT)
		return PEACEMAKER_ABSENT;
	value = figure_of(vm_view(entry->vm), figure);
	looked_at(vm_info.figures[figure].name, value, vm_info.figures[figure].unit);
	return value;
}

long long get_kvm_growth(const struct kvm_list *vm, enum peace_kvm_figure figure)
{
	struct peace_entry *entry = entry_of(vm);
	const struct vm *earlier;
	long long growth;

	if (entry == NULL || before() == NULL || (unsigned)figure >= VM_FIGURE_COUNT)
		return PEACEMAKER_ABSENT;
	earlier = snapshot_find_vm(before(), &entry->identity);
	if (earlier == NULL)
		return PEACEMAKER_ABSENT;
	growth = growth_of(vm_view(entry->vm), vm_view(earlier), figure);
	looked_at(vm_info.figures[figure].name, growth, vm_info.figures[figure].unit);
	return growth;
}

const char *get_kvm_text(const struct kvm_list *vm, enum peace_kvm_text text)
{
	struct peace_entry *entry = entry_of(vm);

	return entry != NULL && (unsigned)text < VM_TEXT_COUNT ? entry->vm->text[text] : NULL;
}

pid_t get_kvm_pid(const struct kvm_list *vm)
{
	struct peace_entry *entry = entry_of(vm);

	return entry != NULL ? entry->identity.pid : 0;
}

long long get_host_figure(enum peace_host_figure figure)
{
	long long value;

	if (now() == NULL || (unsigned)figure >= HOST_FIGURE_COUNT)
		return PEACEMAKER_ABSENT;
	value = figure_of(host_view(&now()->host), figure);
	looked_at(host_info.figures[figure].name, value, host_info.figures[figure].unit);
	return value;
}

long long get_host_growth(enum peace_host_figure figure)
{
	long long growth;

	if (before() == NULL || (unsigned)figure >= HOST_FIGURE_COUNT)
		return PEACEMAKER_ABSENT;
	growth = growth_of(host_view(&now()->host), host_view(&before()->host), figure);
	looked_at(host_info.figures[figure].name, growth, host_info.figures[figure].unit);
	return growth;
}

int get_nr_cpus(void)
{
	return now() != NULL ? (int)now()->cpu_count : 0;
}

long get_jiffies(void)
{
	return now() != NULL ? (long)(now()->monotonic_usec / USEC_PER_TICK) : 0;
}

/* -- choosing ----------------------------------------------------------------------------------- */

static int64_t measure_nice(const struct peace_entry *entry)
{
	return nice_of(entry->vm);
}

/* A real-time VM is before every weight. */
static int64_t measure_prio(const struct peace_entry *entry)
{
	const struct vm *vm = entry->vm;
	const char *where = vm->text[VM_TEXT_WEIGHT_WHERE];

	if (where != NULL && strcmp(where, "realtime") == 0)
		return INT64_MAX / 2 + vm->value[VM_RT_PRIORITY];
	if (vm->state[VM_WEIGHT_RELATIVE] == FIGURE_PRESENT)
		return vm->value[VM_WEIGHT_RELATIVE];
	return weight_relative_of_nice(nice_of(vm));
}

static int64_t measure_usage(const struct peace_entry *entry)
{
	const struct vm *vm = entry->vm;
	const struct vm *earlier = before() != NULL ? snapshot_find_vm(before(), &entry->identity) :
						      NULL;
	int64_t used = vm->value[VM_USER] + vm->value[VM_SYSTEM];

	return earlier != NULL ? used - earlier->value[VM_USER] - earlier->value[VM_SYSTEM] : used;
}

/* sign 1: the largest; -1: the smallest. Identities go upwards, so the first of equals stays. */
static struct kvm_list *choose(int64_t (*measure)(const struct peace_entry *), int sign)
{
	struct peace_entry *best = NULL;
	int64_t best_value = 0;
	size_t i;

	for (i = 0; i < peace.list.order_count; i++) {
		struct peace_entry *entry = entry_at(i);
		int64_t value;

		if (!entry->managed)
			continue;
		value = sign * measure(entry);
		if (best == NULL || value > best_value) {
			best = entry;
			best_value = value;
		}
	}
	return peace_list_handle(&peace.list, best);
}

struct kvm_list *get_max_kvms_nice(void)
{
	return choose(measure_nice, 1);
}

struct kvm_list *get_min_kvms_nice(void)
{
	return choose(measure_nice, -1);
}

struct kvm_list *get_max_kvms_prio(void)
{
	return choose(measure_prio, 1);
}

struct kvm_list *get_min_kvms_prio(void)
{
	return choose(measure_prio, -1);
}

struct kvm_list *get_max_kvms_usage(void)
{
	return choose(measure_usage, 1);
}

struct kvm_list *get_min_kvms_usage(void)
{
	return choose(measure_usage, -1);
}

static struct kvm_list *managed_from(size_t at)
{
	for (; at < peace.list.order_count; at++)
		if (entry_at(at)->managed)
			return peace_list_handle(&peace.list, entry_at(at));
	return NULL;
}

struct kvm_list *get_first_kvm(void)
{
	return managed_from(0);
}

struct kvm_list *get_next_kvm(const struct kvm_list *vm)
{
	struct peace_entry *entry = entry_of(vm);
	size_t low = 0, high = peace.list.order_count;

	if (entry == NULL)
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (vm_identity_compare(&entry_at(middle)->identity, &entry->identity) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return managed_from(low);
}

/* Of several VMs in one process the first. */
static struct peace_entry *entry_of_pid(pid_t pid)
{
	size_t i;

	for (i = 0; i < peace.list.order_count; i++)
		if (entry_at(i)->identity.pid == pid)
			return entry_at(i);
	return NULL;
}

struct kvm_list *search_pid_from_peace_list(pid_t pid)
{
	struct peace_entry *entry = entry_of_pid(pid);

	return peace_list_handle(&peace.list, entry != NULL && entry->managed ? entry : NULL);
}

struct task_struct *find_kvm_task(pid_t pid)
{
	return peace_list_handle(&peace.list, entry_of_pid(pid));
}

struct task_struct *kvm_list_task(const struct kvm_list *vm)
{
	return (struct task_struct *)vm;
}

struct kvm_list *task_kvm_list(const struct task_struct *task)
{
	return (struct kvm_list *)task;
}

struct task_struct *peacemaker_same_task(const struct task_struct *task)
{
	return (struct task_struct *)task;
}

/* -- asking -------------------------------------------------------------------------------------- */

void peacemaker_at(const char *function, int line)
{
	peace.line = line;
	if (peace.host != NULL)
		peace.host->place(function, line);
}

void set_kvm_reason(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(peace.reason, sizeof peace.reason, format, args);
	va_end(args);
}

static void fill_cause(struct cause *cause)
{
	size_t i;

	snprintf(cause->rule, sizeof cause->rule, "%s", PEACEMAKER_RULE);
	memcpy(cause->because, peace.reason, sizeof cause->because);
	cause->line = peace.line;
	for (i = 0; i < peace.look_count; i++)
		put_input(&peace.looks[i], &cause->inputs[i]);
	cause->input_count = peace.look_count;
}

static void ask(const struct vm_identity *vm, enum setting setting, bool release,
		const struct setting_value *value)
{
	struct request request = { .setting = setting, .release = release };

	if (vm != NULL)
		request.vm = *vm;
	if (value != NULL)
		request.value = *value;
	fill_cause(&request.cause);
	if (asking_note(peace.asking, 0, &request) > 0)
		peace.turn->sink.request(peace.turn->sink.context, &request);
	peace.look_count = 0;
}

static void warn(const struct vm_identity *vm, const char *what)
{
	static const struct vm_identity host;
	char text[400];

	snprintf(text, sizeof text, "%s:%d: %s", peace.policy->path, peace.line, what);
	peace.turn->sink.warning(peace.turn->sink.context, vm != NULL ? vm : &host, text);
}

/* What the parent would not believe is not sent: one wrong number must not cost the turn. */
static bool is_askable(const struct vm_identity *vm, enum peace_setting setting, bool is_text,
		       long long value)
{
	struct error err;

	if (peace.turn == NULL)
		return false;
	if ((unsigned)setting >= SETTING_COUNT ||
	    (setting_info[setting].scope == SETTING_SCOPE_HOST) != (vm == NULL)) {
		warn(vm, "there is no such setting");
		return false;
	}
	if ((setting_info[setting].unit == SETTING_UNIT_TEXT) != is_text) {
		warn(vm, is_text ? "this setting is a number" : "this setting is a text");
		return false;
	}
	if (!is_text && setting_check((enum setting)setting, value, &err) < 0) {
		warn(vm, err.text);
		return false;
	}
	return true;
}

void set_kvm_setting(struct kvm_list *vm, enum peace_setting setting, long long value)
{
	struct peace_entry *entry = entry_of(vm);

	if (entry == NULL || !is_askable(&entry->identity, setting, false, value))
		return;
	ask(&entry->identity, (enum setting)setting, false,
	    &(struct setting_value){ .number = value });
}

void set_kvm_setting_text(struct kvm_list *vm, enum peace_setting setting, const char *value)
{
	struct peace_entry *entry = entry_of(vm);
	struct setting_value wanted = { 0 };

	if (entry == NULL || value == NULL || !is_askable(&entry->identity, setting, true, 0))
		return;
	text_copy(wanted.text, sizeof wanted.text, value, strlen(value));
	if (wanted.text[strspn(wanted.text, "0123456789,-")] != '\0') {
		warn(&entry->identity, "this is no list of CPUs");
		return;
	}
	ask(&entry->identity, (enum setting)setting, false, &wanted);
}

static void release(struct peace_entry *entry, unsigned setting)
{
	if (asking_find(peace.asking, 0, &entry->identity, (enum setting)setting) != NULL)
		ask(&entry->identity, (enum setting)setting, true, NULL);
}

void release_kvm_setting(struct kvm_list *vm, enum peace_setting setting)
{
	struct peace_entry *entry = entry_of(vm);

	if (entry != NULL && peace.turn != NULL && (unsigned)setting < SETTING_COUNT)
		release(entry, setting);
}

void set_host_setting(enum peace_setting setting, long long value)
{
	if (is_askable(NULL, setting, false, value))
		ask(NULL, (enum setting)setting, false, &(struct setting_value){ .number = value });
}

void release_host_setting(enum peace_setting setting)
{
	if (peace.turn != NULL && (unsigned)setting < SETTING_COUNT &&
	    setting_info[setting].scope == SETTING_SCOPE_HOST)
		ask(NULL, (enum setting)setting, true, NULL);
}

void set_kvm_nice(struct task_struct *vm, long nice)
{
	set_kvm_setting(task_kvm_list(vm), PEACE_SET_CPU_NICE, nice);
}

void add_kvm_list(struct task_struct *vm)
{
	struct peace_entry *entry = entry_of(vm);

	if (entry != NULL)
		entry->managed_next = true;
}

void del_kvm_list(pid_t pid)
{
	struct peace_entry *entry = entry_of_pid(pid);
	unsigned setting;

	if (entry == NULL || peace.turn == NULL)
		return;
	entry->managed_next = false;
	for (setting = 0; setting < SETTING_COUNT; setting++)
		release(entry, setting);
}

/* -- turns --------------------------------------------------------------------------------------- */

static int look(const struct turn *turn)
{
	int r = peace_list_follow(&peace.list, turn->now);

	peace.turn = turn;
	peace.look_count = 0;
	peace.reason[0] = '\0';
	asking_keep_alive(peace.asking, turn->now);
	return r;
}

/* The policy sleeps on: what it saw last is kept, for it will ask what has grown since. */
static void keep_looked(const struct turn *turn)
{
	if (peace.has_looked && !peace.looked_is_own && turn->before != NULL)
		peace.looked_is_own = snapshot_copy(&peace.looked, turn->before) == 0;
}

/* It has looked. At a birth between two ticks, nobody else keeps what it saw. */
static void has_looked(void)
{
	peace.has_looked = true;
	peace.looked_is_own = peace.turn->occasion == DECIDER_BIRTH &&
			      snapshot_copy(&peace.looked, now()) == 0;
}

static bool is_woken_by(const struct turn *turn)
{
	return turn->occasion == DECIDER_TICK ||
	       (turn->occasion == DECIDER_BIRTH && peace.policy->rules[0].at_birth);
}

/* In 1/HZ s, from 1 on: 0 is said when the time is over. */
static long ticks_left(uint64_t now_usec, uint64_t due_usec)
{
	return now_usec < due_usec ? (long)((due_usec - now_usec + USEC_PER_TICK - 1) / USEC_PER_TICK) : 1;
}

long schedule_timeout(long timeout)
{
	uint64_t sleep_usec = timeout > 0 ? (uint64_t)timeout * USEC_PER_TICK : 0;
	uint64_t early = sleep_usec / EARLY_PART < EARLY_MOST_USEC ? sleep_usec / EARLY_PART :
								     EARLY_MOST_USEC;
	uint64_t begin, end;

	if (peace.turn == NULL)
		return 0;
	begin = now()->monotonic_usec;
	end = begin + sleep_usec;
	has_looked();
	for (;;) {
		const struct turn *turn = peace.host->next();
		uint64_t at = turn->now->monotonic_usec;
		/* A clock that goes back is that of another recording. */
		bool over = at >= end - early || at < begin;

		if (is_woken_by(turn) && (over || turn->occasion == DECIDER_BIRTH)) {
			if (look(turn) < 0)
				abort();
			return over ? 0 : ticks_left(at, end);
		}
		if (turn->occasion == DECIDER_TICK)
			keep_looked(turn);
	}
}

/* The first sample of a host has no rates: a policy would take that for an idle machine. */
static bool is_worth_a_look(const struct turn *turn)
{
	return is_woken_by(turn) && turn->now->vm_count > 0 &&
	       turn->now->host.state[HOST_UTILISATION_15MIN] != FIGURE_TOO_SOON;
}

int peacemaker_turn(const struct turn *turn, struct error *err)
{
	if (!is_worth_a_look(turn))
		return 0;
	if (look(turn) < 0)
		return error_set(err, -ENOMEM, "no memory for the list of VMs");
	peace.policy_main(NULL);
	has_looked();
	return 0;
}

int peacemaker_begin(const struct peacemaker_host *host, const struct policy *policy,
		     int (*policy_main)(void *))
{
	peace.host = host;
	peace.policy = policy;
	peace.policy_main = policy_main;
	peace.asking = asking_new();
	str_init(&peace.state_before);
	return peace.asking != NULL ? 0 : -ENOMEM;
}

void peacemaker_end(void)
{
	peace_list_done(&peace.list);
	snapshot_done(&peace.looked);
	asking_free(peace.asking);
	free(peace.to_restore);
	str_done(&peace.state_before);
	memset(&peace, 0, sizeof peace);
}

/* -- what is found again -------------------------------------------------------------------------- */

void peacemaker_keep(void *memory, size_t size)
{
	if (memory == NULL || size == 0 || size > KEEP_MOST)
		return;
	peace.kept = memory;
	peace.kept_size = size;
	/* Of another size it is another policy's. */
	if (peace.to_restore != NULL && peace.to_restore_size == size)
		memcpy(memory, peace.to_restore, size);
	free(peace.to_restore);
	peace.to_restore = NULL;
}

static void append_kept(struct str *out)
{
	const char *bytes = peace.kept != NULL ? peace.kept : peace.to_restore;
	size_t size = peace.kept != NULL ? peace.kept_size : peace.to_restore_size;

	if (bytes == NULL)
		size = 0;
	varint_append(out, size);
	str_append_bytes(out, bytes != NULL ? bytes : "", size);
}

bool peacemaker_state_append(struct str *out)
{
	size_t begin = out->length, size;

	append_kept(out);
	asking_append(peace.asking, peace.policy, out);
	size = out->length - begin;
	if (out->failed || (size == peace.state_before.length &&
			    memcmp(out->data + begin, peace.state_before.data, size) == 0)) {
		out->length = begin;
		return false;
	}
	str_clear(&peace.state_before);
	str_append_bytes(&peace.state_before, out->data + begin, size);
	return true;
}

/* What the policy held of VMs that live still can be released again. */
int peacemaker_state_take(const char *bytes, size_t size, struct error *err)
{
	struct cursor c = cursor_over(bytes, size);
	uint64_t kept;

	if (!varint_take(&c, &kept) || kept > KEEP_MOST || kept > cursor_left(&c))
		return error_set(err, -EBADMSG, "the state is none of a policy in C");
	free(peace.to_restore);
	peace.to_restore = NULL;
	if (kept > 0) {
		peace.to_restore = malloc(kept);
		if (peace.to_restore == NULL)
			return error_set(err, -ENOMEM, "no memory for the state");
		memcpy(peace.to_restore, c.at, kept);
		peace.to_restore_size = kept;
	}
	c.at += kept;
	if (asking_take(peace.asking, peace.policy, &c) < 0)
		return error_set(err, -EBADMSG, "the state is none of a policy in C");
	return 0;
}
