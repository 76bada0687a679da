/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "base/str.h"
#include "lab/spec/spec.h"
#include "lab/spec/spec_trial.h"
#include "lab/spec/spec_work.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct spec *read_as(const char *text, bool quick)
{
	struct spec *spec = NULL;
	struct error err = { 0 };

	if (spec_new(text, strlen(text), "x.lua", quick, &spec, NULL, &err) < 0)
		fail_msg("%s", err.text);
	return spec;
}

static struct spec *read_spec(const char *text)
{
	return read_as(text, false);
}

/* Every sentence of a file that is wrong. */
static const char *refused(const char *text)
{
	static struct str problems;
	struct spec *spec = NULL;
	struct error err = { 0 };

	str_clear(&problems);
	assert_int_equal(spec_new(text, strlen(text), "x.lua", false, &spec, &problems, &err), -EINVAL);
	assert_null(spec);
	assert_non_null(strstr(problems.data, err.text));
	return problems.data;
}

#define HEAD "return experiment { name = 'x', asks = 'Does it?', subject = { work = 'cpu-integer' },\n"

static const struct spec_cell *cell(const struct spec *spec, const char *label)
{
	size_t i;

	for (i = 0; i < spec->cell_count; i++)
		if (strcmp(spec->cells[i].label, label) == 0)
			return &spec->cells[i];
	fail_msg("no cell %s", label);
	return NULL;
}

static void an_experiment_becomes_cells(void **state)
{
	struct spec *spec = read_spec(
		"return experiment {\n"
		"  name = 'isolation-cpu', asks = 'Does it?', predicts = 'no',\n"
		"  vms = { count = 3, vcpus = 1, memory = 256*MiB, pin = 'own' },\n"
		"  subject = { work = 'cpu-integer', threads = 2 },\n"
		"  others = { work = 'memory-hold', size = 64*MiB, visits = 10, duration = 20*ms },\n"
		"  vary = { { 'loaded', 1, 2, 3 }, { 'vms.pin', 'own', 'none' } },\n"
		"  baseline = { loaded = 1 }, boots = 12, warmup = 2*s, duration = 8*s }\n");

	assert_int_equal(spec->cell_count, 8);
	assert_int_equal(spec->machine_count, 1);
	assert_int_equal(cell(spec, "loaded=2, vms.pin=none")->load.pin, SPEC_PIN_NONE);
	assert_int_equal(cell(spec, "loaded=3, vms.pin=own")->load.loaded, 3);
	assert_string_equal(spec->cells[cell(spec, "loaded=3, vms.pin=own")->compared_with].label,
			    "loaded=1, vms.pin=own");
	assert_true(cell(spec, "loaded=1, vms.pin=none")->is_baseline);
	assert_true(cell(spec, "loaded=1, vms.pin=none (again)")->is_aa);
	assert_string_equal(spec->cells[0].load.subject, "cpu-integer threads=2");
	assert_string_equal(spec->cells[0].load.others, "memory-hold duration=20000us size=67108864 "
			    "visits=10");
	assert_int_equal(spec->cells[0].made.memory_bytes, 256 << 20);
	assert_int_equal(spec->warmup_usec, 2000000);
	assert_int_equal(spec->boots, 12);
	assert_string_equal(spec->measures[0], "rate");
	assert_false(spec->factors[0].needs_boot);
	spec_free(spec);
}

static void what_needs_another_boot_is_another_machine(void **state)
{
	struct spec *spec = read_spec(HEAD
		"vms = { count = 2 }, vary = { { 'vms.memory', 128*MiB, 1*GiB },\n"
		"{ 'disk', 'each', 'none' }, { 'loaded', 1, 2 } }, baseline = { loaded = 1 } }");

	assert_int_equal(spec->machine_count, 4);
	assert_true(spec->factors[0].needs_boot);
	assert_true(spec->factors[1].needs_boot);
	assert_false(spec->factors[2].needs_boot);
	assert_int_equal(cell(spec, "vms.memory=1 GiB, disk=none, loaded=1")->made.memory_bytes, 1 << 30);
	/* The control is within the boot, as what is compared is. */
	assert_int_equal(cell(spec, "vms.memory=1 GiB, disk=none, loaded=1 (again)")->machine,
			 cell(spec, "vms.memory=1 GiB, disk=none, loaded=1")->machine);
	spec_free(spec);
}

/* What is turned from run to run may leave something behind that the next run feels. */
static void a_factor_may_ask_for_boots_of_its_own(void **state)
{
	struct spec *spec = read_spec(HEAD "vms = { count = 2 },\n"
		"vary = { { 'loaded', 1, 2 }, { 'policy', 'none', 'a.lua', needs = 'boot' } },\n"
		"baseline = { loaded = 1 } }");

	assert_int_equal(spec->machine_count, 2);
	assert_false(spec->factors[0].needs_boot);
	assert_true(spec->factors[1].needs_boot);
	assert_int_equal(cell(spec, "loaded=1, policy=none")->machine,
			 cell(spec, "loaded=2, policy=none")->machine);
	assert_int_not_equal(cell(spec, "loaded=1, policy=none")->machine,
			     cell(spec, "loaded=1, policy=a.lua")->machine);
	spec_free(spec);
	spec = read_spec(HEAD "vms = { count = 2 }, vary = { { 'loaded', 1, 2, needs = 'boot' } } }");
	/* What is compared is in different boots, and so is the control. */
	assert_int_equal(spec->machine_count, 3);
	assert_int_equal(cell(spec, "loaded=1 (again)")->machine, 2);
	spec_free(spec);
	spec = read_spec(HEAD "vms = { count = 2 }, vary = { { 'loaded', 1, 2, needs = 'run' } } }");
	assert_int_equal(spec->machine_count, 1);
	spec_free(spec);
}

static void the_control_of_what_boots_differ_in_has_boots_of_its_own(void **state)
{
	struct spec *spec = read_spec(HEAD "vary = { { 'vms.memory', 128*MiB, 1*GiB } } }");

	assert_int_equal(spec->machine_count, 3);
	assert_int_equal(cell(spec, "vms.memory=128 MiB (again)")->machine, 2);
	assert_int_equal(cell(spec, "vms.memory=1 GiB")->compared_with, 0);
	spec_free(spec);
}

static void an_experiment_without_factors_has_its_control(void **state)
{
	struct spec *spec = read_spec(HEAD "vms = { count = 2 } }");

	assert_int_equal(spec->cell_count, 2);
	assert_true(spec->cells[0].is_baseline);
	assert_true(spec->cells[1].is_aa);
	assert_int_equal(spec->cells[0].load.loaded, 2);
	spec_free(spec);
}

static void a_value_may_be_several_entries_under_a_name(void **state)
{
	struct spec *spec = read_spec(HEAD
		"vary = { { 'configuration', { name = 'vanilla', ['vms.kind'] = 'process' },\n"
		"  { name = 'guests', vms = { count = 2, vcpus = 2 } } } },\n"
		"baseline = { configuration = 'vanilla' } }");

	assert_true(cell(spec, "configuration=vanilla")->made.no_vm);
	assert_false(cell(spec, "configuration=guests")->made.no_vm);
	assert_int_equal(cell(spec, "configuration=guests")->made.vcpus, 2);
	assert_int_equal(spec->cells[1].compared_with, 0);
	spec_free(spec);
}

static void lists_and_sections_vary_as_a_whole(void **state)
{
	struct spec *spec = read_spec(HEAD
		"vms = { count = 2, pin = { 0, 1 } }, ksm = { state = 'on', pages = 1000, sleep = 20*ms },\n"
		"vary = { { 'vms.pin', { 0, 1 }, 'none', { 1 } } } }");
	const struct spec_cell *one = cell(spec, "vms.pin=1");

	assert_int_equal(one->load.pin, SPEC_PIN_CPUS);
	assert_int_equal(one->load.pin_cpu_count, 1);
	assert_int_equal(one->load.pin_cpus[0], 1);
	assert_int_equal(cell(spec, "vms.pin=none")->load.pin, SPEC_PIN_NONE);
	assert_int_equal(cell(spec, "vms.pin=0,1")->load.pin_cpu_count, 2);
	assert_int_equal(one->made.ksm, SPEC_KSM_ON);
	assert_int_equal(one->made.ksm_pages, 1000);
	assert_int_equal(one->made.ksm_sleep_usec, 20000);
	spec_free(spec);
}

static void a_word_for_a_section_goes_over_what_its_table_says(void **state)
{
	static const char text[] = HEAD
		"ksm = { state = 'on', pages = 1000 }, vary = { { 'ksm', 'off', 'on' } },\n"
		"others = { work = 'cpu-prime', threads = 2 }, quick = { others = 'cpu-float', vary = {\n"
		"{ 'disk', 'none', 'each' } }, disk = { share = 'shared' }, ksm = 'leave' } }";
	struct spec *spec = read_spec(text), *quick = read_as(text, true);

	assert_int_equal(cell(spec, "ksm=off")->made.ksm, SPEC_KSM_OFF);
	assert_int_equal(cell(spec, "ksm=off")->made.ksm_pages, 1000);
	assert_int_equal(cell(spec, "ksm=on")->made.ksm, SPEC_KSM_ON);
	assert_string_equal(spec->cells[0].load.others, "cpu-prime threads=2");
	assert_int_equal(cell(quick, "disk=none")->made.disk.share, SPEC_DISK_NONE);
	assert_int_equal(cell(quick, "disk=each")->made.disk.share, SPEC_DISK_EACH);
	assert_int_equal(quick->cells[0].made.ksm, SPEC_KSM_LEAVE);
	assert_string_equal(quick->cells[0].load.others, "cpu-float");
	spec_free(spec);
	spec_free(quick);
}

static void quick_goes_over_the_rest_only_when_it_is_asked_for(void **state)
{
	static const char text[] = HEAD
		"vms = { count = 3 }, boots = 30, duration = 8*s, vary = { { 'loaded', 1, 2, 3 } },\n"
		"quick = { boots = 10, duration = 2*s, vary = { { 'loaded', 1, 3 } } } }";
	struct spec *whole = read_spec(text), *quick = read_as(text, true);

	assert_int_equal(whole->boots, 30);
	assert_int_equal(whole->cell_count, 4);
	assert_int_equal(quick->boots, 10);
	assert_int_equal(quick->duration_usec, 2000000);
	assert_int_equal(quick->cell_count, 3);
	spec_free(whole);
	spec_free(quick);
}

static void a_hold_is_a_setting_with_its_value_as_text(void **state)
{
	struct spec *spec = read_spec(HEAD
		"vms = { count = 2 }, hold = { others = { ['disk.read_max'] = 10*MB/second } } }");

	assert_int_equal(spec->cells[0].load.hold_count, 1);
	assert_true(spec->cells[0].load.holds[0].of_others);
	assert_string_equal(spec->cells[0].load.holds[0].setting, "disk.read_max");
	assert_string_equal(spec->cells[0].load.holds[0].value, "10 MB/s");
	spec_free(spec);
}

static const struct {
	const char *text, *told;
} wrong[] = {
	{ HEAD "vms = {\n  cuont = 3 } }", "x.lua:3:3: \"vms.cuont\" is not known: did you mean \"vms.count\"?" },
	{ HEAD "  otehrs = { work = 'cpu-prime' } }", "x.lua:2:3: \"otehrs\" is not known: did you mean \"others\"?" },
	{ HEAD " lodaed = 2 }", "x.lua:2:2: \"lodaed\" is not known: did you mean \"loaded\"?" },
	{ HEAD "vms = { memory = 256 } }", "x.lua:2:9: vms.memory is a size, as 256*MiB, not 256, a plain" },
	{ HEAD "vms = { count = 0 } }", "x.lua:2:9: vms.count is 1 to 64, not 0" },
	{ HEAD "vms = { count = 1.5 } }", "vms.count is 1 to 64, not 1.5" },
	{ HEAD "duration = 3 }", "duration is a time, as 2*s, not 3, a plain number" },
	{ HEAD "vms = { pin = 'onw' } }", "\"onw\" is not known: did you mean \"own\"?" },
	{ HEAD "where = 'mars' }", "where is \"here\" or \"box\", not \"mars\"" },
	{ HEAD "vms = { count = 2 }, vary = { { 'laoded', 1, 2 } } }",
	  "x.lua:2:33: vary: \"laoded\" is not known: did you mean \"loaded\"?" },
	{ HEAD "vary = { { 'boots', 1, 2 } } }", "boots is the same in all of an experiment" },
	{ HEAD "vary = { { 'loaded', 1, 2 } } }", "loaded is 2, of 1 VMs" },
	{ HEAD "vary = { { 'loaded' } } }", "vary: loaded has no values" },
	{ HEAD "vary = { { 'vms.count', 2, 2 } } }", "vary: vms.count has the value 2 twice" },
	{ HEAD "vary = { { 'vms.count', 1, 2 } }, baseline = { ['vms.count'] = 3 } }",
	  "baseline: vms.count has no value 3 in vary" },
	{ HEAD "vms = { count = 2 },\nvary = { { 'loaded', 1, 2, needs = 'bot' } } }",
	  "x.lua:3:28: vary.1.needs: \"bot\" is not known: did you mean \"boot\"?" },
	{ HEAD "vms = { count = 2 },\nvary = { { 'loaded', 1, 2, need = 'boot' } } }",
	  "x.lua:3:28: vary: a factor has a path, its values and \"needs\", not \"need\": did you mean \"needs\"?" },
	{ HEAD "vms = { count = 2 },\nvary = { { 'loaded', 1, 2, needs = true } } }",
	  "x.lua:3:28: vary: needs is \"boot\" or \"run\"" },
	{ HEAD "\nvary = { { 'ksm', 'off', 'on', needs = 'run' } } }",
	  "x.lua:3:32: vary: ksm cannot change from run to run: its values are other machines" },
	{ HEAD "vms = { count = 2 }, duet = true, vary = { { 'policy', 'none', 'a.lua' } } }",
	  "a duet has both its cells at once, and a policy is of the whole host" },
	{ HEAD "hold = { subject = { ['cpu.quoat'] = 1 } } }", "cpu.quota" },
	{ HEAD "measures = { 'speed' } }", "measures: \"speed\" is not rate" },
	{ HEAD "measures = { 'rate', 'vm:run_dealy_usec' } }", "x.lua:2:22: measures: \"vm:run_dealy_usec\" is no "
	  "figure of doc/format/figures.md: did you mean \"run_delay_usec\"?" },
	{ HEAD "asks = function() end }", "an experiment has texts, numbers, switches" },
	{ HEAD "vms = coutn }", "x.lua:2:7: 'coutn' is not known" },
	{ HEAD "vms = }", "x.lua:2:7: " },
	{ HEAD "vms = io.open('x') }", "'io' is not offered to experiments: an experiment opens nothing" },
	{ "while true do end", "does not come to an end" },
	{ "local t = {} for i = 1, 1e9 do t[i] = i end", "the experiment uses more than 16 MiB of memory" },
	{ "local t = {} t.t = t return experiment(t)", "is a table inside itself" },
	{ "experiment { name = 'x' }", "the file ends with: return experiment" },
	{ "return experiment 'x'", "experiment takes a table" },
	{ "return experiment { name = '../x', asks = 'a', subject = { work = 'cpu-prime' } }", "a name has letters" },
	{ "return experiment { name = 'x', subject = { work = 'cpu-prime' } }", "what the experiment asks is missing" },
	{ "return experiment { name = 'x', asks = 'a' }", "what VM1 does is missing" },
	{ "return experiment { name = 'x', asks = 'a', subject = 'cpu-prime',\n"
	  "vary = { { 'subject.threads', 1, 2 } } }",
	  "x.lua:2:31: subject is a line of text, to which subject.threads cannot be added" },
	{ "\33Lua", "is bytecode: an experiment is text" },
	{ "return experiment { name = 'x', asks = 'a', subject = { work = 'net-send', to = 'peer' } }",
	  "x.lua:1:57: a workload of the network needs one: net = \"on\"" },
	{ "return experiment { name = 'x', asks = 'a', net = 'on',\n"
	  "subject = { work = 'net-send', to = 'peer' }, peer = { rat = 3 } }", "x.lua:2:56: peer: net-receive has no" },
	{ HEAD "duet = true }", "a duet is of two loaded VMs" },
	{ HEAD "others = { thraeds = 2,\n  work = 'cpu-integr' } }",
	  "x.lua:3:3: others: there is no workload \"cpu-integr\"; did you mean cpu-integer?" },
	{ HEAD "others = { work = 'cpu-integer',\n thraeds = 2 } }",
	  "x.lua:3:2: others: cpu-integer has no parameter \"thraeds\"" },
	{ HEAD "others = { work = 'cpu-integer', threads = 900 } }", "x.lua:2:34: others: threads=900 is out" },
	{ HEAD "vms = { count = 2 }, vary = { { 'subject.thread', 1, 2 } } }", "x.lua:2:51: subject: cpu-integer has no "
	  "parameter \"thread\"" },
};

static void a_mistake_is_told_with_line_column_and_suggestion(void **state)
{
	size_t i;

	for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (strstr(refused(wrong[i].text), wrong[i].told) == NULL)
			fail_msg("%s\nis told: %s\nnot: %s", wrong[i].text, refused(wrong[i].text),
				 wrong[i].told);
}

static void all_mistakes_are_told_at_once_and_each_once(void **state)
{
	const char *told = refused(HEAD
		"vms = { cuont = 3, memory = 1 },\nvary = { { 'loaded', 1, 2, 3 } } }");
	const char *first = strstr(told, "vms.memory");

	assert_non_null(strstr(told, "vms.cuont"));
	assert_non_null(first);
	assert_null(strstr(first + 1, "vms.memory"));
	assert_non_null(strstr(told, "loaded is 3, of 1 VMs"));
}

static void what_is_made_by_code_is_found_by_its_name(void **state)
{
	assert_non_null(strstr(refused("local machine = {\n count = 99 }\n" HEAD "vms = machine }"),
			       "x.lua:2:2: vms.count"));
}

static void the_same_file_gives_the_same_cells(void **state)
{
	static const char text[] = HEAD "vms = { count = 2 }, others = { work = 'memory-hold', visits = 1, "
		"seed = 2, threads = 3, size = 1*MiB }, vary = { { 'loaded', 1, 2 } } }";
	struct spec *a = read_spec(text), *b = read_spec(text);
	size_t i;

	assert_int_equal(a->cell_count, b->cell_count);
	for (i = 0; i < a->cell_count; i++) {
		assert_string_equal(a->cells[i].label, b->cells[i].label);
		assert_string_equal(a->cells[i].load.others, b->cells[i].load.others);
	}
	spec_free(a);
	spec_free(b);
}

static void a_network_s_workload_has_its_other_half_at_the_peer(void **state)
{
	char *vm = spec_work_of_vm("net-send to=peer protocol=udp rate=4M", "10.117.0.1", 7501);
	char *peer = spec_work_of_peer("net-send to=peer protocol=udp rate=4M", "10.117.0.3", 7501, NULL);
	char *sender = spec_work_of_peer("net-receive", "10.117.0.3", 7502, "block=8388608");

	assert_string_equal(vm, "net-send to=10.117.0.1 protocol=udp rate=4M port=7501");
	assert_string_equal(peer, "net-receive protocol=udp port=7501");
	assert_string_equal(sender, "net-send to=10.117.0.3 port=7502 block=8388608");
	assert_false(spec_work_is_net("cpu-integer to=peer"));
	free(vm);
	free(peer);
	free(sender);
}

static void a_domain_is_there_once_and_as_libvirt_has_it(void **state)
{
	struct spec *spec = read_spec(HEAD "vms = { domain = 'vm-%', count = 3 } }");

	assert_string_equal(spec->cells[0].made.domain, "vm-%");
	spec_free(spec);
	assert_non_null(strstr(refused(HEAD "vms = { domain = 'vm', count = 3 } }"),
			       "x.lua:2:9: 3 VMs need as many domains: a % in the name"));
	assert_non_null(strstr(refused(HEAD "vms = { domain = 'vm' }, disk = 'each' }"),
			       "that it is defined with: leave out disk"));
	assert_non_null(strstr(refused(HEAD "vms = { domain = 'vm' }, net = 'on' }"), "leave out net"));
	assert_non_null(strstr(refused(HEAD "vms = { domain = 'vm', kernel = './k' } }"),
			       "vms.domain and vms.kernel are two guests"));
}

static int tried(const char *text)
{
	struct error err = { 0 };
	int r = spec_trial(text, strlen(text), "x.lua", false, &err);

	assert_true(r == 0 || strstr(err.text, "x.lua: does not come to an end") != NULL);
	return r;
}

/* None of these takes many steps. */
static void what_never_ends_within_one_step_is_found_out(void **state)
{
	assert_int_equal(tried("local s = ('a'):rep(30000) return s:find(('a*'):rep(100) .. 'b')"), -ELOOP);
	assert_int_equal(tried("local below = {} for i = 1, 4 do local t = {} for j = 1, 900 do t[j] = below end\n"
			       "below = t end return experiment(below)"), -ELOOP);
	assert_int_equal(tried("while true do end"), 0);
	assert_int_equal(tried(HEAD "}"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_experiment_becomes_cells),
		cmocka_unit_test(what_needs_another_boot_is_another_machine),
		cmocka_unit_test(a_factor_may_ask_for_boots_of_its_own),
		cmocka_unit_test(the_control_of_what_boots_differ_in_has_boots_of_its_own),
		cmocka_unit_test(an_experiment_without_factors_has_its_control),
		cmocka_unit_test(a_value_may_be_several_entries_under_a_name),
		cmocka_unit_test(lists_and_sections_vary_as_a_whole),
		cmocka_unit_test(a_word_for_a_section_goes_over_what_its_table_says),
		cmocka_unit_test(quick_goes_over_the_rest_only_when_it_is_asked_for),
		cmocka_unit_test(a_hold_is_a_setting_with_its_value_as_text),
		cmocka_unit_test(a_mistake_is_told_with_line_column_and_suggestion),
		cmocka_unit_test(all_mistakes_are_told_at_once_and_each_once),
		cmocka_unit_test(what_is_made_by_code_is_found_by_its_name),
		cmocka_unit_test(the_same_file_gives_the_same_cells),
		cmocka_unit_test(a_network_s_workload_has_its_other_half_at_the_peer),
		cmocka_unit_test(a_domain_is_there_once_and_as_libvirt_has_it),
		cmocka_unit_test(what_never_ends_within_one_step_is_found_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
