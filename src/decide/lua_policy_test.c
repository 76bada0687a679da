/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "decide/lua_run.h"
#include "decide/lua_trial.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void begin(struct lua_trial *trial, unsigned vms, const char *text)
{
	if (lua_trial_begin(trial, vms, text) < 0)
		fail_msg("%s", trial->err.text);
}

static void tick(struct lua_trial *trial)
{
	if (lua_trial_tick(trial) < 0)
		fail_msg("%s", trial->err.text);
}

static void tick_in_peace(struct lua_trial *trial)
{
	tick(trial);
	assert_string_equal(trial->warning, "");
}

static struct vm *vm_at(struct lua_trial *trial, size_t at)
{
	return trial->host.snapshot.vms[at];
}

static char *read_file(const char *path)
{
	CLEANUP_FCLOSE FILE *file = fopen(path, "rb");
	char *bytes = calloc(1, 1 << 16);

	assert_non_null(file);
	assert_non_null(bytes);
	assert_true(fread(bytes, 1, (1 << 16) - 1, file) > 0);
	return bytes;
}

/* -- loading ---------------------------------------------------------------------------- */

static void a_file_becomes_a_description(void **state)
{
	struct lua_trial trial;
	const struct policy *policy;

	begin(&trial, 0,
	      "policy 'p'\ninterval (500 * ms)\nneeds { 'maps', 'pressure' }\n"
	      "class 'gold' { name = { 'gold-*', 'au-*' }, uuid = '123' }\n"
	      "class 'rest' { any = true }\n"
	      "intent 'gold' { cpu = { shares = 400,\n reserve = 2 * cpus } }\n"
	      "drift 'leave' changes_per_minute(60) vm_interval(2 * seconds)\n"
	      "canary(percent(25), 10 * minutes)\n"
	      "rule 'r' { class = 'rest', run = function(vm) end }\n"
	      "rule 'h' { scope = 'host', run = function(host) end }\n");
	policy = lua_policy_description(trial.lua);
	assert_string_equal(policy->name, "p");
	assert_string_equal(policy->path, "test.lua");
	assert_int_equal(policy->interval_usec, 500000);
	assert_int_equal(policy->vm_interval_usec, 2000000);
	assert_int_equal(policy->needs, POLICY_NEED_MAPS | POLICY_NEED_PRESSURE);
	assert_int_equal(policy->drift, POLICY_DRIFT_LEAVE);
	assert_int_equal(policy->changes_per_minute, 60);
	assert_int_equal(policy->canary_permyriad, 2500);
	assert_int_equal(policy->canary_usec, 600000000);
	assert_int_equal(policy->class_count, 2);
	assert_int_equal(policy->classes[0].match_count, 3);
	assert_int_equal(policy->classes[0].line, 4);
	assert_string_equal(policy->classes[0].matches[1].pattern, "au-*");
	assert_int_equal(policy->intent_count, 2);
	assert_int_equal(policy->intents[1].setting, SETTING_CPU_RESERVE);
	assert_int_equal(policy->intents[1].line, 7);
	assert_int_equal(policy->rules[0].class_index, 1);
	assert_int_equal(policy->rules[1].scope, SETTING_SCOPE_HOST);
	assert_string_equal(trial.problems.data != NULL ? trial.problems.data : "", "");
	lua_trial_end(&trial);
}

static void a_policy_without_a_name_has_its_files(void **state)
{
	struct lua_policy *lua;
	struct error err;

	assert_int_equal(lua_policy_new("", 0, "/etc/truce/policies.d/calm.lua", 0, NULL, &lua, &err),
			 0);
	assert_string_equal(lua_policy_description(lua)->name, "calm");
	assert_int_equal(lua_policy_description(lua)->interval_usec, 1000000);
	lua_policy_free(lua);
}

static void all_mistakes_are_told_together(void **state)
{
	struct lua_trial trial;

	assert_int_equal(lua_trial_begin(&trial, 0,
		"class 'gold' { name = 'g*' }\n"
		"intent 'gold' {\n"
		"  ['cpu.share'] = 400,\n"
		"  ['memory.limit'] = 5,\n"
		"}\n"
		"intent 'bronze' { }\n"), -EINVAL);
	assert_string_equal(trial.problems.data,
		"test.lua:3: error: 'cpu.share' is no setting: did you mean cpu.shares?\n"
		"test.lua:4: error: memory.limit is 5 (a plain number); it takes a value as 512 * MiB, "
		"or \"max\" for no limit\n"
		"test.lua:6: error: intent: no class \"bronze\" is declared above\n");
	assert_string_equal(trial.err.text,
			    "test.lua:3: 'cpu.share' is no setting: did you mean cpu.shares?; also line 4: "
			    "memory.limit is 5 (a plain number); it takes a value as 512 * MiB, or \"max\" "
			    "for no limit; also line 6: intent: no class \"bronze\" is declared above");
	lua_trial_end(&trial);
}

static void what_has_no_effect_is_a_warning(void **state)
{
	struct lua_trial trial;

	begin(&trial, 0,
	      "class 'a' { name = 'x*' }\nclass 'b' { name = 'x*' }\nclass 'c' { any = true }\n"
	      "class 'd' { vmm = 'qemu' }\nintent 'a' {} intent 'b' {} intent 'd' {}\n");
	assert_non_null(strstr(trial.problems.data, "test.lua:2: warning: class \"b\": name \"x*\" is "
						    "in class \"a\" already"));
	assert_non_null(strstr(trial.problems.data, "test.lua:3: warning: class \"c\" is declared, and "
						    "nothing uses it"));
	assert_non_null(strstr(trial.problems.data, "test.lua:4: warning: class \"d\": vmm \"qemu\" is "
						    "in class \"c\" already"));
	lua_trial_end(&trial);
	begin(&trial, 0, "interval (1 * second)");
	assert_string_equal(trial.problems.data, "test.lua:1: warning: the policy asks for nothing: it "
						 "has no intent and no rule\n");
	lua_trial_end(&trial);
}

static void names_that_rules_would_stumble_over_are_warnings(void **state)
{
	struct lua_trial trial;

	begin(&trial, 0,
	      "-- vm.nonsense in a comment\n"
	      "local text = 'vm.nonsense' --[==[ host.nonsense\n ]==]\n"
	      "local t = { vm = { x = 1 } }\n"
	      "rule 'r' { run = function(vm, state, host)\n"
	      "  local a = vm.rss_byte\n"
	      "  local b = t.vm.x, host.vms[1].name, vm:rate('rss')\n"
	      "  vm:sett('cpu.shares', 5)\n"
	      "  vm:set('cpu.share', 5, \"it's vm.nonsense\")\n"
	      "  host:set(name, 5)\n"
	      "end }");
	assert_string_equal(trial.problems.data,
		"test.lua:6: warning: vm.rss_byte: there is no such figure: did you mean rss_bytes?\n"
		"test.lua:8: warning: vm:sett: there is no such method: did you mean setting?\n"
		"test.lua:9: warning: vm:set(\"cpu.share\"): there is no such setting: did you mean "
		"cpu.shares?\n");
	assert_int_equal(lua_policy_description(trial.lua)->note_count, 3);
	lua_trial_end(&trial);
}

static void globals_that_nobody_has_are_warnings(void **state)
{
	struct lua_trial trial;

	begin(&trial, 0,
	      "local text = 'os.time()' -- io.open\n"
	      "local function helper(tools, x) return tools.first(x) end\n"
	      "function shared(x) return x end\n"
	      "rule 'r' { run = function(vm, state, host)\n"
	      "  local late = os.time() + maths.floor(1.5)\n"
	      "  for key, list in pairs({ debug = 1 }) do list.x = key end\n"
	      "  local f = require 'x'\n"
	      "  warn(text..print('a')..helper(state, shared(1)))\n"
	      "  if (late) then return (math.floor(late)) end\n"
	      "end }\n"
	      "rule 'another' { run = function(vm) io.write('x') end }");
	assert_string_equal(trial.problems.data,
		"test.lua:5: warning: 'maths' is not known: did you mean math?\n"
		"test.lua:5: warning: 'os' is not offered to policies: a policy starts nothing; `now` and "
		"host.time_of_day are its clocks\n"
		"test.lua:7: warning: 'require' is not offered to policies: a policy is one file\n"
		"test.lua:8: warning: 'print' is not offered to policies: warn(text) is seen in the log\n"
		"test.lua:11: warning: 'io' is not offered to policies: a policy opens nothing\n");
	lua_trial_end(&trial);
}

static void lists_may_be_long(void **state)
{
	struct lua_trial trial;
	struct str text;
	int i;

	str_init(&text);
	str_append(&text, "needs { ");
	for (i = 0; i < 5000; i++)
		str_append(&text, "'maps', ");
	str_append(&text, "}\nclass 'a' { name = { ");
	for (i = 0; i < POLICY_MATCHES_MAX; i++)
		str_append(&text, "'x', ");
	str_append(&text, "} }\n");
	begin(&trial, 0, text.data);
	assert_int_equal(lua_policy_description(trial.lua)->classes[0].match_count,
			 POLICY_MATCHES_MAX);
	lua_trial_end(&trial);
	str_done(&text);
}

static void loading_has_a_memory_limit(void **state)
{
	const char text[] = "local t = {} for i = 1, 100000 do t[i] = i end";
	struct lua_policy *lua;
	struct error err;

	assert_int_equal(lua_policy_new(text, sizeof text - 1, "p.lua", 256 << 10, NULL, &lua, &err),
			 -ENOMEM);
	assert_string_equal(err.text, "p.lua:1: the policy uses more than 256 KiB of memory");
	assert_int_equal(lua_policy_new(text, sizeof text - 1, "p.lua", 4 << 10, NULL, &lua, &err),
			 -ENOMEM);
}

/* -- requests --------------------------------------------------------------------------- */

static void a_request_says_line_reason_and_inputs(void **state)
{
	struct lua_trial trial;
	const struct request *request;

	begin(&trial, 2,
	      "policy 'p'\n"
	      "rule 'r' { run = function(vm, state, host)\n"
	      "  if vm.rss > 0 and host.cpu_count == 4 then\n"
	      "    vm:set('cpu.shares', 50, 'it has ' .. 5 * MiB)\n"
	      "  end\n"
	      "end }");
	vm_at(&trial, 0)->value[VM_RSS] = 5 << 20;
	tick_in_peace(&trial);
	assert_int_equal(trial.request_count, 2);
	request = lua_trial_request(&trial, 0, SETTING_CPU_SHARES);
	assert_int_equal(request->value.number, 50);
	assert_string_equal(request->cause.policy, "p");
	assert_string_equal(request->cause.path, "test.lua");
	assert_string_equal(request->cause.rule, "r");
	assert_int_equal(request->cause.line, 4);
	assert_string_equal(request->cause.because, "it has 5 MiB");
	assert_int_equal(request->cause.input_count, 2);
	assert_string_equal(request->cause.inputs[0].name, "rss_bytes");
	assert_string_equal(request->cause.inputs[1].name, "host cpu_count");
	assert_string_equal(request->cause.inputs[1].value, "4");
	lua_trial_end(&trial);
}

/* Where the stack grows within such a chain, Lua 5.4.4 would call nothing. */
static void a_long_chain_of_texts_and_quantities_is_joined(void **state)
{
	struct lua_trial trial;

	begin(&trial, 1,
	      "local a, b = 60 * seconds, 5 * seconds\n"
	      "local function deep(n, x)\n"
	      "  if n > 0 then local r = deep(n - 1, x) return r end\n"
	      "  return 'one ' .. x .. ': ' .. x .. ' for it ' .. x .. ', ' .. x\n"
	      "end\n"
	      "rule 'r' { run = function(vm, state)\n"
	      "  for n = 1, 60 do deep(n, a) end\n"
	      "  vm:set('cpu.shares', 50, deep(61, b))\n"
	      "end }");
	tick_in_peace(&trial);
	assert_string_equal(lua_trial_request(&trial, 0, SETTING_CPU_SHARES)->cause.because,
			    "one 5 s: 5 s for it 5 s, 5 s");
	lua_trial_end(&trial);
}

static void the_same_request_is_sent_once(void **state)
{
	struct lua_trial trial;

	begin(&trial, 1,
	      "rule 'r' { run = function(vm, state)\n"
	      "  state.n = (state.n or 0) + 1\n"
	      "  if state.n < 3 then vm:set('cpu.shares', 50)\n"
	      "  elseif state.n < 5 then vm:set('cpu.shares', 60)\n"
	      "  elseif state.n < 7 then vm:release('cpu.shares', 'enough') end\n"
	      "end }");
	tick_in_peace(&trial);
	assert_int_equal(trial.request_count, 1);
	tick_in_peace(&trial);
	assert_int_equal(trial.request_count, 0);
	tick_in_peace(&trial);
	assert_int_equal(trial.requests[0].value.number, 60);
	tick_in_peace(&trial);
	assert_int_equal(trial.request_count, 0);
	tick_in_peace(&trial);
	assert_true(trial.requests[0].release);
	assert_string_equal(trial.requests[0].cause.because, "enough");
	tick_in_peace(&trial);
	assert_int_equal(trial.request_count, 0);
	lua_trial_end(&trial);
}

static void the_last_word_of_a_run_counts(void **state)
{
	struct lua_trial trial;

	begin(&trial, 1,
	      "rule 'r' { run = function(vm)\n"
	      "  vm:set('cpu.shares', 50)\n  vm:set('cpu.shares', 70)\n"
	      "  assert(vm:asked('cpu.shares') == 70 and vm:asked('cpu.nice') == nil)\n"
	      "end }");
	tick_in_peace(&trial);
	assert_int_equal(trial.request_count, 1);
	assert_int_equal(trial.requests[0].value.number, 70);
	assert_int_equal(trial.requests[0].cause.line, 3);
	lua_trial_end(&trial);
}

static void the_host_is_asked_for_as_well(void **state)
{
	struct lua_trial trial;

	begin(&trial, 3,
	      "rule 'r' { scope = 'host', run = function(host, state, vms)\n"
	      "  host:set('ksm.run', 1)\n"
	      "  for i, vm in ipairs(vms) do vm:set('cpu.shares', 10 * i) end\n"
	      "end }");
	tick_in_peace(&trial);
	assert_int_equal(trial.request_count, 4);
	assert_non_null(lua_trial_request(&trial, -1, SETTING_KSM_RUN));
	assert_int_equal(lua_trial_request(&trial, 2, SETTING_CPU_SHARES)->value.number, 30);
	lua_trial_end(&trial);
}

/* -- errors ----------------------------------------------------------------------------- */

static void an_error_costs_that_vms_turn_alone(void **state)
{
	struct lua_trial trial;

	begin(&trial, 3,
	      "rule 'r' { run = function(vm, state)\n"
	      "  state.n = (state.n or 0) + 1\n"
	      "  vm:set('cpu.shares', 50 + state.n)\n"
	      "  if vm.name == 'vm001' then error('no luck') end\n"
	      "end }");
	tick(&trial);
	assert_int_equal(trial.request_count, 2);
	assert_null(lua_trial_request(&trial, 1, SETTING_CPU_SHARES));
	assert_int_equal(trial.warning_count, 1);
	assert_string_equal(trial.warning, "test.lua:4: no luck");
	text_set(&vm_at(&trial, 1)->text[VM_TEXT_NAME], "good", 4);
	tick_in_peace(&trial);
	/* What the failed run had counted is not counted. */
	assert_int_equal(lua_trial_request(&trial, 1, SETTING_CPU_SHARES)->value.number, 51);
	assert_int_equal(lua_trial_request(&trial, 0, SETTING_CPU_SHARES)->value.number, 52);
	lua_trial_end(&trial);
}

static void a_rule_that_overruns_leaves_time_for_the_others(void **state)
{
	struct lua_trial trial;

	begin(&trial, 50,
	      "rule 'bad' { run = function(vm) while true do end end }\n"
	      "rule 'good' { run = function(vm) vm:set('cpu.shares', 50) end }");
	tick(&trial);
	assert_int_equal(trial.warning_count, 3);
	assert_int_equal(trial.request_count, 50);
	lua_trial_end(&trial);
}

static void locals_of_the_file_are_put_back(void **state)
{
	struct lua_trial trial;

	begin(&trial, 1,
	      "local n, names = 5, { 'a' }\n"
	      "local function count() n = n + 1 return n end\n"
	      "rule 'r' { scope = 'host', run = function(host)\n"
	      "  assert(count() == 6 and #names == 1 and names[1] == 'a')\n"
	      "  for i, name in ipairs(names) do assert(i == 1 and name == 'a') end\n"
	      "  for i, name in pairs(names) do assert(i == 1 and name == 'a') end\n"
	      "end }");
	tick(&trial);
	assert_non_null(strstr(trial.warning, "changed the file's local 'n'"));
	tick(&trial);
	assert_non_null(strstr(trial.warning, "changed the file's local 'n'"));
	lua_trial_end(&trial);
}

static void an_object_lives_for_its_turn(void **state)
{
	struct lua_trial trial;

	begin(&trial, 2,
	      "local kept\n"
	      "rule 'a' { scope = 'host', run = function(host, state, vms) kept = kept or vms[1] end }\n"
	      "rule 'b' { scope = 'host', run = function(host, state)\n"
	      "  assert(kept.rss and kept.id == host.vms[1].id)\n"
	      "end }\n");
	tick(&trial);
	assert_non_null(strstr(trial.warning, "changed the file's local 'kept'"));
	synthetic_death(&trial.host, 0);
	tick(&trial);
	assert_int_equal(trial.warning_count, 1);
	assert_non_null(strstr(trial.warning, "changed the file's local 'kept'"));
	lua_trial_end(&trial);
}

/* -- figures ---------------------------------------------------------------------------- */

static void figures_have_their_units_and_rates_their_time(void **state)
{
	struct lua_trial trial;
	struct vm *vm;

	begin(&trial, 1,
	      "rule 'r' { run = function(vm, state, host)\n"
	      "  state.n = (state.n or 0) + 1\n"
	      "  if state.n == 1 then\n"
	      "    assert(vm.waiting == nil and vm:why('waiting') == 'too soon')\n"
	      "    return\n"
	      "  end\n"
	      "  assert(vm.rss == 7 * MiB and vm.rss_bytes == vm.rss)\n"
	      "  assert(vm:rate('waiting_usec') == percent(50), tostring(vm:rate('waiting_usec')))\n"
	      "  assert(vm.waiting == percent(25))\n"
	      "  assert(vm.used == 1.5 * cpus and vm.denied == percent(25))\n"
	      "  assert(vm:growth('run_usec') == 1.5 * seconds)\n"
	      "  assert(vm:rate('disk_read') == 3 * MB / second)\n"
	      "  assert(vm:rate('major_faults') == 40 / second)\n"
	      "  assert(vm.vcpu_count == 2 and #vm.vcpus == 2 and vm.vcpus[2].index == 1)\n"
	      "  assert(vm.vcpus[1].role == 'vcpu' and vm.vcpus[1].run)\n"
	      "  assert(vm.weight_relative == percent(100) and vm.nice == 3)\n"
	      "  assert(vm:setting('cpu.weight') == 100 and vm:setting('cpu.nice') == 0)\n"
	      "  assert(vm.pss == nil and vm:why('pss') == 'not asked')\n"
	      "  assert(vm.quota == nil and vm:why('quota') == 'unsupported')\n"
	      "  assert(host.cpu_count == 4 and #host.cpus == 4 and host.cpus[4].number == 3)\n"
	      "  assert(#host.disks == 2 and host.disks[1].name == 'nvme0n1')\n"
	      "  assert(host.nics[2].name == 'eth1' and host.vms[1].id == vm.id)\n"
	      "  assert(host.memory_total == 256 * GiB and type(host.load_1min) == 'number')\n"
	      "  assert(type(host.cpus[1]:rate('idle')) == 'quantity')\n"
	      "  assert(host.time_of_day < 24 * hours and now > 1 * day)\n"
	      "end }");
	tick_in_peace(&trial);
	vm = vm_at(&trial, 0);
	synthetic_tick(&trial.host);
	vm->sampled_usec[GROUP_HOT] = trial.before.vms[0]->sampled_usec[GROUP_HOT] + 1000000;
	vm->value[VM_RSS] = 7 << 20;
	vm->value[VM_NICE] = 3;
	vm->value[VM_WAITING] = trial.before.vms[0]->value[VM_WAITING] + 500000;
	vm->value[VM_RUN] = trial.before.vms[0]->value[VM_RUN] + 1500000;
	vm->value[VM_DISK_READ] = trial.before.vms[0]->value[VM_DISK_READ] + 3000000;
	vm->value[VM_MAJOR_FAULTS] = trial.before.vms[0]->value[VM_MAJOR_FAULTS] + 40;
	assert_int_equal(lua_trial_turn(&trial, DECIDER_TICK, NULL, 0), 0);
	assert_string_equal(trial.warning, "");
	lua_trial_end(&trial);
}

static void lists_of_vms_are_taken_together(void **state)
{
	struct lua_trial trial;

	begin(&trial, 4,
	      "class 'even' { name = { 'vm000', 'vm002' } }\n"
	      "class 'odd' { any = true }\n"
	      "rule 'r' { scope = 'host', run = function(host, state, vms)\n"
	      "  local rss, vm = vms:class('even'):most('rss')\n"
	      "  assert(rss == 30 * MiB and vm.name == 'vm002' and vm.class == 'even')\n"
	      "  local least, first = vms:least('weight_relative')\n"
	      "  assert(first.name == 'vm000', 'ties go to the lowest identity')\n"
	      "  assert(vms:sum('rss') == 100 * MiB and vms:mean('rss') == 25 * MiB)\n"
	      "  assert(#vms:where(function(vm) return vm.rss > 15 * MiB end) == 3)\n"
	      "  assert(vms:sum('pss') == nil)\n"
	      "  vm:set('cpu.shares', 50)\n"
	      "end }");
	for (size_t i = 0; i < 4; i++)
		vm_at(&trial, i)->value[VM_RSS] = (int64_t)(10 * (i + 1)) << 20;
	assert_int_equal(lua_trial_turn(&trial, DECIDER_TICK, NULL, 0), 0);
	assert_string_equal(trial.warning, "");
	assert_string_equal(trial.requests[0].cause.inputs[0].name, "rss_bytes");
	lua_trial_end(&trial);
}

static void outcomes_are_seen_and_survive_a_restart(void **state)
{
	const char text[] =
		"rule 'r' { run = function(vm, state)\n"
		"  local o = vm:outcome('memory.high')\n"
		"  if not o then return end\n"
		"  assert(o.status == 'drift' and o.from == 5 * GiB and o.to == 6 * GiB)\n"
		"  assert(o.where == 'memory.high' and o.text == 'somebody' and o.age >= 0)\n"
		"  assert(vm:outcome('cpu.quota') == nil)\n"
		"  vm:set('cpu.shares', 50)\n"
		"end }";
	struct outcome outcome = {
		.setting = SETTING_MEMORY_HIGH, .status = OUTCOME_DRIFT, .from_known = true,
		.from.number = (int64_t)5 << 30, .to.number = (int64_t)6 << 30,
		.where = "memory.high", .text = "somebody",
	};
	struct lua_trial trial;

	begin(&trial, 1, text);
	outcome.vm = vm_at(&trial, 0)->identity;
	assert_int_equal(lua_trial_turn(&trial, DECIDER_TICK, &outcome, 1), 0);
	assert_string_equal(trial.warning, "");
	assert_int_equal(trial.request_count, 1);
	assert_int_equal(lua_trial_replace(&trial, text), 0);
	tick_in_peace(&trial);
	assert_int_equal(trial.request_count, 0); /* it asks for that already */
	lua_trial_end(&trial);
}

/* -- births ----------------------------------------------------------------------------- */

static void a_birth_has_its_rule_once(void **state)
{
	struct lua_trial trial;
	const char text[] =
		"rule 'new' { on = 'birth', run = function(vm) vm:set('cpu.shares', 70) end }\n"
		"rule 'each' { run = function(vm, state)\n"
		"  state.n = (state.n or 0) + 1 vm:set('cpu.nice', state.n) end }";

	begin(&trial, 1, text);
	tick_in_peace(&trial);
	assert_int_equal(trial.request_count, 2);
	assert_int_equal(synthetic_birth(&trial.host), 0);
	assert_int_equal(lua_trial_turn(&trial, DECIDER_BIRTH, NULL, 0), 0);
	assert_int_equal(trial.request_count, 1);
	assert_non_null(lua_trial_request(&trial, 1, SETTING_CPU_SHARES));
	assert_int_equal(lua_trial_replace(&trial, text), 0);
	assert_int_equal(lua_trial_turn(&trial, DECIDER_BIRTH, NULL, 0), 0);
	assert_int_equal(trial.request_count, 0);
	tick_in_peace(&trial);
	assert_null(lua_trial_request(&trial, 1, SETTING_CPU_SHARES));
	assert_int_equal(lua_trial_request(&trial, 0, SETTING_CPU_NICE)->value.number, 2);
	lua_trial_end(&trial);
}

static void the_dead_are_forgotten(void **state)
{
	struct lua_trial trial;
	struct str before, after;

	str_init(&before);
	str_init(&after);
	begin(&trial, 3, "rule 'r' { run = function(vm, state) state.x = 1 vm:set('cpu.shares', 50) end }");
	tick_in_peace(&trial);
	lua_policy_state_append(trial.lua, &before);
	synthetic_death(&trial.host, 1);
	tick_in_peace(&trial);
	lua_policy_state_append(trial.lua, &after);
	assert_true(after.length < before.length);
	assert_int_equal(trial.request_count, 0);
	str_done(&before);
	str_done(&after);
	lua_trial_end(&trial);
}

/* -- state ------------------------------------------------------------------------------ */

static const char stateful[] =
	"rule 'r' { run = function(vm, state, host)\n"
	"  state.n = (state.n or 0) + 1\n"
	"  state.list = state.list or {}\n"
	"  state.list[#state.list + 1] = vm.rss\n"
	"  if #state.list > 4 then table.remove(state.list, 1) end\n"
	"  state.text, state.yes, state.half = vm.name, state.n % 2 == 0, state.n / 2\n"
	"  vm:set('cpu.shares', 10 + state.n + #state.list + number(state.list[1], byte) % 7)\n"
	"end }";

/* The same host twice, one of them loaded anew before each turn. */
static void a_restart_before_each_turn_changes_nothing(void **state)
{
	struct lua_trial a, b;
	struct str x, y;
	unsigned turn;

	str_init(&x);
	str_init(&y);
	begin(&a, 5, stateful);
	begin(&b, 5, stateful);
	for (turn = 0; turn < 10; turn++) {
		tick_in_peace(&a);
		assert_int_equal(lua_trial_replace(&b, stateful), 0);
		tick_in_peace(&b);
		str_clear(&x);
		str_clear(&y);
		assert_true(lua_policy_state_append(a.lua, &x));
		assert_true(lua_policy_state_append(b.lua, &y));
		assert_int_equal(x.length, y.length);
		assert_memory_equal(x.data, y.data, x.length);
		assert_int_equal(a.request_count, b.request_count);
		assert_memory_equal(a.requests, b.requests, a.request_count * sizeof a.requests[0]);
	}
	str_clear(&x);
	assert_false(lua_policy_state_append(a.lua, &x)); /* nothing happened since */
	str_done(&x);
	str_done(&y);
	lua_trial_end(&a);
	lua_trial_end(&b);
}

static void a_state_that_is_cut_short_is_refused(void **state)
{
	struct lua_trial trial;
	struct str str;
	size_t size;

	str_init(&str);
	begin(&trial, 2, stateful);
	tick_in_peace(&trial);
	lua_policy_state_append(trial.lua, &str);
	for (size = 0; size < str.length; size++) {
		struct lua_policy *lua;
		struct error err;

		assert_int_equal(lua_policy_new(stateful, sizeof stateful - 1, "p.lua", 0, NULL, &lua,
						&err), 0);
		assert_int_equal(lua_policy_state_take(lua, str.data, size, &err), -EBADMSG);
		lua_policy_free(lua);
	}
	str_done(&str);
	lua_trial_end(&trial);
}

static void order_is_the_same_each_time(void **state)
{
	struct lua_trial trial;

	begin(&trial, 1,
	      "rule 'r' { scope = 'host', run = function(host, state)\n"
	      "  local t, seen = { 10, 20, z = 1, a = 2, m = 3, [-5] = 0 }, {}\n"
	      "  for key in pairs(t) do seen[#seen + 1] = tostring(key) end\n"
	      "  assert(table.concat(seen, ' ') == '-5 1 2 a m z', table.concat(seen, ' '))\n"
	      "  local list = {}\n"
	      "  for i = 1, 200 do list[i] = { i % 3, i } end\n"
	      "  table.sort(list, function(a, b) return a[1] < b[1] end)\n"
	      "  for i = 2, 200 do\n"
	      "    local a, b = list[i - 1], list[i]\n"
	      "    assert(a[1] < b[1] or a[1] == b[1] and a[2] < b[2], 'not stable')\n"
	      "  end\n"
	      "  local numbers = { 5, 3, 9, 1 }\n"
	      "  table.sort(numbers)\n"
	      "  assert(table.concat(numbers, ' ') == '1 3 5 9')\n"
	      "  assert(tostring({}) == 'table' and is_empty({}) and not is_empty(t))\n"
	      "  for key, value in pairs(t) do t[key] = nil end\n"
	      "  assert(is_empty(t))\n"
	      "end }");
	tick_in_peace(&trial);
	lua_trial_end(&trial);
}

/* -- shipped and faulty ----------------------------------------------------------------- */

static void set_load(struct lua_trial *trial, int64_t permyriad)
{
	figure_set(trial->host.snapshot.host.value, trial->host.snapshot.host.state,
		   HOST_UTILISATION_15MIN, permyriad);
}

static void figure7_takes_from_the_lowest_and_gives_to_the_highest(void **state)
{
	CLEANUP_FREE char *text = read_file(SOURCE_ROOT "/policies/figure7.lua");
	struct lua_trial trial;

	begin(&trial, 4, text);
	for (size_t i = 0; i < 4; i++)
		vm_at(&trial, i)->value[VM_WEIGHT_RELATIVE] = i == 3 ? 12207 : 8008;
	set_load(&trial, 9050);
	assert_int_equal(lua_trial_turn(&trial, DECIDER_TICK, NULL, 0), 0);
	assert_int_equal(trial.request_count, 1);
	assert_int_equal(lua_trial_request(&trial, 0, SETTING_CPU_NICE)->value.number, 2);
	set_load(&trial, 9049);
	assert_int_equal(lua_trial_turn(&trial, DECIDER_TICK, NULL, 0), 0);
	assert_int_equal(trial.request_count, 0);
	set_load(&trial, 949);
	assert_int_equal(lua_trial_turn(&trial, DECIDER_TICK, NULL, 0), 0);
	assert_int_equal(lua_trial_request(&trial, 3, SETTING_CPU_NICE)->value.number, -2);
	lua_trial_end(&trial);
}

static void figure7_stops_at_fifteen(void **state)
{
	CLEANUP_FREE char *text = read_file(SOURCE_ROOT "/policies/figure7.lua");
	struct lua_trial trial;

	begin(&trial, 1, text);
	set_load(&trial, 9900);
	vm_at(&trial, 0)->value[VM_WEIGHT_RELATIVE] = 352; /* nice 15 */
	assert_int_equal(lua_trial_turn(&trial, DECIDER_TICK, NULL, 0), 0);
	assert_int_equal(trial.request_count, 0);
	set_load(&trial, 100);
	vm_at(&trial, 0)->value[VM_WEIGHT_RELATIVE] = 284707; /* nice -15 */
	assert_int_equal(lua_trial_turn(&trial, DECIDER_TICK, NULL, 0), 0);
	assert_int_equal(trial.request_count, 0);
	assert_string_equal(trial.warning, "");
	lua_trial_end(&trial);
}

static void no_vm_is_no_reason_to_fail(void **state)
{
	CLEANUP_FREE char *text = read_file(SOURCE_ROOT "/policies/figure7.lua");
	struct lua_trial trial;

	begin(&trial, 0, text);
	set_load(&trial, 9900);
	assert_int_equal(lua_trial_turn(&trial, DECIDER_TICK, NULL, 0), 0);
	assert_string_equal(trial.warning, "");
	lua_trial_end(&trial);
}

/* Only the process can end what runs within one function of Lua's library. */
static bool needs_the_process(const char *expected)
{
	return strstr(expected, "CPU time") != NULL || strstr(expected, "too long") != NULL;
}

static void check_faulty(const char *name, unsigned *checked)
{
	CLEANUP_FREE char *path = NULL, *text = NULL;
	char expected[200], *at;
	struct lua_trial trial;
	unsigned turn;

	assert_true(asprintf(&path, SOURCE_ROOT "/tests/policies/faulty/%s", name) > 0);
	text = read_file(path);
	at = strstr(text[0] == '\033' ? text + 6 : text, "expect: ");
	assert_non_null(at);
	snprintf(expected, sizeof expected, "%.*s", (int)strcspn(at + 8, "\n"), at + 8);
	if (needs_the_process(expected))
		return;
	trial.warning[0] = '\0';
	if (lua_trial_begin(&trial, 12, text) == 0)
		for (turn = 0; turn < 3 && trial.warning_count == 0; turn++)
			tick(&trial);
	if (strstr(trial.warning, expected) == NULL && strstr(trial.err.text, expected) == NULL)
		fail_msg("%s: expected '%s', got '%s%s'", name, expected, trial.err.text,
			 trial.warning);
	(*checked)++;
	lua_trial_end(&trial);
}

static void each_faulty_policy_gets_its_sentence(void **state)
{
	CLEANUP_CLOSEDIR DIR *dir = opendir(SOURCE_ROOT "/tests/policies/faulty");
	struct dirent *entry;
	unsigned checked = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		if (strstr(entry->d_name, ".lua") != NULL)
			check_faulty(entry->d_name, &checked);
	assert_true(checked >= 100);
}

/* -- the page --------------------------------------------------------------------------- */

static unsigned run_examples(char *page)
{
	char *at = page, *end;
	unsigned count = 0;

	while ((at = strstr(at, "```lua\n")) != NULL && (end = strstr(at + 7, "```\n")) != NULL) {
		struct lua_trial trial;

		*end = '\0';
		begin(&trial, 4, at + 7);
		text_set(&vm_at(&trial, 0)->text[VM_TEXT_NAME], "gold-1", 6);
		tick_in_peace(&trial);
		tick_in_peace(&trial);
		lua_trial_end(&trial);
		at = end + 1;
		count++;
	}
	return count;
}

static void the_pages_examples_run(void **state)
{
	CLEANUP_FREE char *page = read_file(SOURCE_ROOT "/doc/format/policy-lua.md");

	assert_true(run_examples(page) >= 2);
}

static void expect_words_of_table(lua_State *L, const char *page)
{
	int table = lua_gettop(L);

	lua_pushnil(L);
	while (lua_next(L, table) != 0) {
		const char *word = lua_tostring(L, -2);
		size_t size = strlen(word);

		if (size > 1 && word[size - 1] == 's') /* minutes: "minute(s)" */
			size--;
		if (memmem(page, strlen(page), word, size) == NULL)
			fail_msg("policy-lua.md does not name '%s'", word);
		if (lua_type(L, -1) == LUA_TTABLE && lua_getmetatable(L, -1) != 0) {
			lua_getfield(L, -1, "__index");
			expect_words_of_table(L, page);
			lua_pop(L, 2);
		}
		lua_pop(L, 1);
	}
}

static void the_page_names_every_word(void **state)
{
	CLEANUP_FREE char *page = read_file(SOURCE_ROOT "/doc/format/policy-lua.md");
	struct lua_trial trial;

	begin(&trial, 1, "rule 'r' { run = function(vm) end }");
	tick_in_peace(&trial);
	lua_sandbox_push_names(trial.lua->sandbox.L);
	expect_words_of_table(trial.lua->sandbox.L, page);
	lua_pop(trial.lua->sandbox.L, 1);
	lua_trial_end(&trial);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_becomes_a_description),
		cmocka_unit_test(a_policy_without_a_name_has_its_files),
		cmocka_unit_test(all_mistakes_are_told_together),
		cmocka_unit_test(what_has_no_effect_is_a_warning),
		cmocka_unit_test(names_that_rules_would_stumble_over_are_warnings),
		cmocka_unit_test(globals_that_nobody_has_are_warnings),
		cmocka_unit_test(lists_may_be_long),
		cmocka_unit_test(loading_has_a_memory_limit),
		cmocka_unit_test(a_request_says_line_reason_and_inputs),
		cmocka_unit_test(a_long_chain_of_texts_and_quantities_is_joined),
		cmocka_unit_test(the_same_request_is_sent_once),
		cmocka_unit_test(the_last_word_of_a_run_counts),
		cmocka_unit_test(the_host_is_asked_for_as_well),
		cmocka_unit_test(an_error_costs_that_vms_turn_alone),
		cmocka_unit_test(a_rule_that_overruns_leaves_time_for_the_others),
		cmocka_unit_test(locals_of_the_file_are_put_back),
		cmocka_unit_test(an_object_lives_for_its_turn),
		cmocka_unit_test(figures_have_their_units_and_rates_their_time),
		cmocka_unit_test(lists_of_vms_are_taken_together),
		cmocka_unit_test(outcomes_are_seen_and_survive_a_restart),
		cmocka_unit_test(a_birth_has_its_rule_once),
		cmocka_unit_test(the_dead_are_forgotten),
		cmocka_unit_test(a_restart_before_each_turn_changes_nothing),
		cmocka_unit_test(a_state_that_is_cut_short_is_refused),
		cmocka_unit_test(order_is_the_same_each_time),
		cmocka_unit_test(figure7_takes_from_the_lowest_and_gives_to_the_highest),
		cmocka_unit_test(figure7_stops_at_fifteen),
		cmocka_unit_test(no_vm_is_no_reason_to_fail),
		cmocka_unit_test(each_faulty_policy_gets_its_sentence),
		cmocka_unit_test(the_pages_examples_run),
		cmocka_unit_test(the_page_names_every_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
