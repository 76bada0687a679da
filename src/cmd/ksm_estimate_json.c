/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/str.h"
#include "cmd/ksm_estimate.h"
#include "report/json.h"

#include <math.h>

static void put_uint(struct json *json, const char *key, uint64_t number)
{
	json_key(json, key);
	json_uint(json, number);
}

static void put_text(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_text(json, text);
}

static void put_bool(struct json *json, const char *key, bool value)
{
	json_key(json, key);
	json_bool(json, value);
}

/* NAN: null. */
static void put_bytes(struct json *json, const char *key, double bytes)
{
	json_key(json, key);
	if (isfinite(bytes))
		json_int(json, llround(bytes));
	else
		json_nothing(json);
}

static void put_pages(struct json *json, const char *key, double pages)
{
	put_bytes(json, key, pages * PRINTS_PAGE_SIZE);
}

static void put_figures(struct json *json, const struct estimate_figures *figures)
{
	put_bytes(json, "memory_bytes", figures->memory);
	put_bytes(json, "zero_bytes", figures->zero);
	put_bytes(json, "changing_bytes", figures->changing);
	put_bytes(json, "saved_bytes", figures->saved);
	put_bytes(json, "saved_least_bytes", figures->saved_least);
	put_bytes(json, "saved_most_bytes", figures->saved_most);
	put_bytes(json, "items_bytes", figures->items);
	put_bytes(json, "profit_bytes", figures->profit);
	put_bytes(json, "unmerge_bytes", figures->unmerge);
}

static void put_sample(struct json *json, const struct estimate *estimate)
{
	bool by_position = estimate->positions_ppm != 0, by_content = estimate->modulo > 1;

	json_key(json, "sample");
	json_object_begin(json);
	put_text(json, "by", by_position ? "position" : by_content ? "content" : "nothing");
	json_key(json, "every");
	if (by_content)
		json_uint(json, estimate->modulo);
	else
		json_nothing(json);
	json_key(json, "percent");
	json_double(json, by_position ? estimate->positions_ppm / 1e4 : NAN);
	json_object_end(json);
}

static void put_reading(struct json *json, const struct estimate *estimate)
{
	json_key(json, "reading");
	if (!estimate->live) {
		json_nothing(json);
		return;
	}
	json_object_begin(json);
	put_uint(json, "wait_usec", estimate->settings->wait_usec);
	put_uint(json, "read_bytes", estimate->bytes_read);
	put_uint(json, "took_usec", estimate->took_usec);
	json_object_end(json);
}

static void put_audit(struct json *json, const struct estimate *estimate)
{
	json_key(json, "audit");
	if (estimate->audit.who[0] == '\0') {
		json_nothing(json);
		return;
	}
	json_object_begin(json);
	put_text(json, "who", estimate->audit.who);
	json_key(json, "time");
	json_time(json, estimate->audit.realtime_usec);
	put_bool(json, "logged", estimate->audit.logged);
	json_object_end(json);
}

static void put_ksm(struct json *json, const struct estimate *estimate)
{
	const struct merging *merging = &estimate->merging;
	bool known = estimate->positions_ppm == 0;

	json_key(json, "ksm");
	json_object_begin(json);
	put_uint(json, "max_page_sharing",
		 estimate->prints.max_sharing > 1 ? estimate->prints.max_sharing : MERGING_SHARING_DEFAULT);
	put_bool(json, "use_zero_pages", estimate->prints.zero_pages);
	put_bytes(json, "pages_shared", known ? merging->shared : NAN);
	put_bytes(json, "pages_sharing", known ? merging->sharing : NAN);
	put_bytes(json, "pages_unshared", known ? merging->unshared : NAN);
	put_bytes(json, "zero_pages", known ? merging->zero : NAN);
	json_object_end(json);
}

static void put_vm(struct json *json, const struct estimate *estimate, size_t at)
{
	const struct prints_vm *vm = &estimate->prints.vms[at];
	const struct estimate_figures *alone = &estimate->alone[at];
	const struct merging_vm *merged = estimate->positions_ppm == 0 ? &estimate->merging.vms[at] : NULL;

	json_object_begin(json);
	put_text(json, "id", vm->id);
	put_text(json, "name", vm->name);
	put_text(json, "group", vm->group);
	put_bytes(json, "memory_bytes", alone->memory);
	put_bytes(json, "zero_bytes", alone->zero);
	put_bytes(json, "changing_bytes", alone->changing);
	put_pages(json, "gone_bytes", (double)vm->gone);
	put_pages(json, "swapped_bytes", (double)vm->swapped);
	put_pages(json, "apart_bytes", (double)vm->apart);
	put_pages(json, "merged_now_bytes", vm->merged != UINT64_MAX ? (double)vm->merged : NAN);
	put_bytes(json, "alone_bytes", merged != NULL ? alone->saved : NAN);
	put_bytes(json, "alone_least_bytes", alone->saved_least);
	put_bytes(json, "alone_most_bytes", alone->saved_most);
	put_pages(json, "shared_bytes", merged != NULL ? merged->merged : NAN);
	put_pages(json, "freed_bytes", merged != NULL ? merged->freed : NAN);
	json_object_end(json);
}

static void put_vms(struct json *json, const struct estimate *estimate)
{
	size_t i;

	json_key(json, "vms");
	json_array_begin(json);
	for (i = 0; i < estimate->vm_count; i++)
		put_vm(json, estimate, i);
	json_array_end(json);
}

/* Those that share nothing are left out. */
static void put_pairs(struct json *json, const struct estimate *estimate)
{
	const struct merging *merging = &estimate->merging;
	size_t a, b;

	json_key(json, "pairs");
	if (estimate->positions_ppm != 0) {
		json_nothing(json);
		return;
	}
	json_array_begin(json);
	for (a = 0; a < estimate->vm_count; a++)
		for (b = a + 1; b < estimate->vm_count; b++) {
			double saved = merging->pairs[a * merging->vm_count + b];

			if (saved < 1)
				continue;
			json_object_begin(json);
			put_text(json, "a", estimate->prints.vms[a].id);
			put_text(json, "b", estimate->prints.vms[b].id);
			put_pages(json, "saved_bytes", saved);
			json_object_end(json);
		}
	json_array_end(json);
}

static void put_groups(struct json *json, const struct estimate *estimate)
{
	size_t i;

	json_key(json, "groups");
	json_array_begin(json);
	for (i = 0; i < estimate->group_count; i++) {
		json_object_begin(json);
		put_text(json, "name", estimate->groups[i].name);
		put_uint(json, "vms", estimate->groups[i].vm_count);
		put_figures(json, &estimate->groups[i].figures);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_what_if(struct json *json, const struct estimate *estimate)
{
	const struct option_list *words = &estimate->settings->what_if;
	size_t i;

	json_key(json, "what_if");
	if (words->count == 0) {
		json_nothing(json);
		return;
	}
	json_object_begin(json);
	json_key(json, "changes");
	json_array_begin(json);
	for (i = 0; i < words->count; i++)
		json_text(json, words->values[i]);
	json_array_end(json);
	put_figures(json, &estimate->what_if);
	json_object_end(json);
}

static void put_unread(struct json *json, const struct estimate *estimate)
{
	size_t i;

	json_key(json, "unread");
	json_array_begin(json);
	for (i = 0; i < estimate->unread_count; i++) {
		json_object_begin(json);
		put_text(json, "id", estimate->unread[i].id);
		put_text(json, "name", estimate->unread[i].name);
		put_bool(json, "opted_out", estimate->unread[i].opted_out);
		put_text(json, "why", estimate->unread[i].why);
		json_object_end(json);
	}
	json_array_end(json);
}

void estimate_append_json(const struct estimate *estimate, struct str *text)
{
	struct json json;

	json_begin(&json, text);
	json_object_begin(&json);
	put_text(&json, "schema", "truce.ksm-estimate/1");
	json_key(&json, "time");
	json_time(&json, estimate->prints.realtime_usec);
	put_text(&json, "host", estimate->prints.host);
	put_sample(&json, estimate);
	put_reading(&json, estimate);
	put_audit(&json, estimate);
	json_key(&json, "all");
	json_object_begin(&json);
	put_figures(&json, &estimate->all);
	json_object_end(&json);
	put_ksm(&json, estimate);
	put_vms(&json, estimate);
	put_pairs(&json, estimate);
	put_groups(&json, estimate);
	put_what_if(&json, estimate);
	put_unread(&json, estimate);
	json_object_end(&json);
	str_append_char(text, '\n');
}
