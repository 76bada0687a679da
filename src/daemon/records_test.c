/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"
#include "daemon/daemon.h"
#include "model/synthetic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct daemon host;

static struct vm_record *make(int pid, const char *name, const char *uuid)
{
	struct vm_identity vm = { .pid = pid, .start_ticks = 7 };
	struct vm_record *record = record_make(&host, &vm);

	assert_non_null(record);
	snprintf(record->name, sizeof record->name, "%s", name);
	snprintf(record->uuid, sizeof record->uuid, "%s", uuid);
	return record;
}

static int make_host(void **state)
{
	memset(&host, 0, sizeof host);
	map_init(&host.records);
	host.host = make(0, "host", "");
	return 0;
}

static int end_host(void **state)
{
	struct map_slot *slot;
	size_t at;

	for (at = 0; (slot = map_next(&host.records, &at)) != NULL;)
		record_free(slot->value);
	map_done(&host.records);
	return 0;
}

static void expect(const char *text, const struct vm_record *wanted)
{
	struct vm_record *found;
	struct error err = { 0 };

	if (record_find(&host, text, &found, &err) < 0)
		fail_msg("%s", err.text);
	assert_ptr_equal(found, wanted);
}

static void expect_refused(const char *text, int code)
{
	struct vm_record *found;
	struct error err = { 0 };

	assert_int_equal(record_find(&host, text, &found, &err), code);
	assert_non_null(strstr(err.text, text));
}

static void a_vm_is_found_by_whatever_it_is_called(void **state)
{
	struct vm_record *web = make(10, "web", "c5d50000-0000-4000-8000-000000000001");

	make(20, "db", "");
	expect("web", web);
	expect("10", web);
	expect("10-7-0", web);
	expect("c5d50000-0000-4000-8000-000000000001", web);
	expect("host", host.host);
	expect_refused("mail", -ENOENT);
	expect_refused("0", -ENOENT);
}

/* Or `truce set 10 ...` would be for whoever calls itself 10. */
static void nobody_takes_the_name_of_another(void **state)
{
	struct vm_record *victim = make(10, "web", "c5d50000-0000-4000-8000-000000000001");
	struct vm_record *thief = make(20, "10", "");

	expect_refused("10", -EBUSY);
	snprintf(thief->name, sizeof thief->name, "c5d50000-0000-4000-8000-000000000001");
	expect_refused("c5d50000-0000-4000-8000-000000000001", -EBUSY);
	snprintf(thief->name, sizeof thief->name, "web");
	expect_refused("web", -EBUSY);
	snprintf(thief->name, sizeof thief->name, "10-7-0");
	expect("10-7-0", victim);
	snprintf(thief->name, sizeof thief->name, "host");
	expect("host", host.host);
}

/* Each VM in a class of its own. */
static void describe_classes(struct policy *policy, const struct synthetic *vms)
{
	size_t i;

	policy_init(policy);
	for (i = 0; i < vms->snapshot.vm_count; i++) {
		struct vm *vm = vms->snapshot.vms[i];
		struct vm_record *record = record_make(&host, &vm->identity);
		struct policy_class *class = policy_add_class(policy, vm->text[VM_TEXT_NAME], 1);

		assert_non_null(class);
		assert_non_null(policy_class_add_match(class, POLICY_MATCH_NAME, vm->text[VM_TEXT_NAME]));
		/* As observe was told of it before. */
		text_set(&vm->text[VM_TEXT_CLASS], class->name, strlen(class->name));
		snprintf(record->class_name, sizeof record->class_name, "%s", class->name);
	}
}

static void each_class_has_its_sum_however_many_there_are(void **state)
{
	enum { VMS = 150 };
	struct synthetic vms;
	struct policy policy;
	size_t i;

	assert_int_equal(synthetic_init(&vms, 8, VMS, 1), 0);
	describe_classes(&policy, &vms);
	host.arbiter = arbiter_new(NULL);
	host.snapshot = &vms.snapshot;
	assert_int_equal(arbiter_add_policy(host.arbiter, &policy, NULL), 0);
	records_refresh(&host);
	records_refresh(&host);
	assert_int_equal(host.class_count, VMS);
	for (i = 0; i < VMS; i++) {
		assert_string_equal(host.classes[i].name, vms.snapshot.vms[i]->text[VM_TEXT_NAME]);
		assert_int_equal(host.classes[i].vms, 1);
	}
	free(host.classes);
	arbiter_free(host.arbiter);
	policy_done(&policy);
	synthetic_done(&vms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_vm_is_found_by_whatever_it_is_called, make_host, end_host),
		cmocka_unit_test_setup_teardown(nobody_takes_the_name_of_another, make_host, end_host),
		cmocka_unit_test_setup_teardown(each_class_has_its_sum_however_many_there_are, make_host,
						end_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
