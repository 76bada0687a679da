/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "decide/lua_run.h"
#include "decide/lua_text.h"
#include "decide/nice.h"
#include "model/snapshot.h"

#include <math.h>
#include <string.h>

struct lua_policy *lua_policy_of(lua_State *L)
{
	return (struct lua_policy *)lua_sandbox_of(L);
}

/* -- what each kind of object is called ------------------------------------------------- */

enum derived {
	DERIVED_WAITING, DERIVED_DENIED, DERIVED_USED, DERIVED_AGE, DERIVED_VCPU_COUNT,
	DERIVED_CPU_COUNT, DERIVED_VM_COUNT, DERIVED_REALTIME, DERIVED_TIME_OF_DAY,
	DERIVED_INDEX, DERIVED_TID, DERIVED_NUMBER, DERIVED_PID,
};
enum objects {
	OBJECTS_VCPUS, OBJECTS_THREADS, OBJECTS_VMS, OBJECTS_CPUS, OBJECTS_DISKS, OBJECTS_NICS,
	OBJECTS_ID, OBJECTS_CLASS, OBJECTS_NAME, OBJECTS_ROLE,
};

struct named {
	const char *name;
	uint8_t of, index;
};

static const struct named vm_names[] = {
	{ "waiting", READ_DERIVED, DERIVED_WAITING }, { "denied", READ_DERIVED, DERIVED_DENIED },
	{ "used", READ_DERIVED, DERIVED_USED }, { "age", READ_DERIVED, DERIVED_AGE },
	{ "vcpu_count", READ_DERIVED, DERIVED_VCPU_COUNT }, { "pid", READ_DERIVED, DERIVED_PID },
	{ "vcpus", READ_OBJECTS, OBJECTS_VCPUS }, { "all_threads", READ_OBJECTS, OBJECTS_THREADS },
	{ "id", READ_OBJECTS, OBJECTS_ID }, { "class", READ_OBJECTS, OBJECTS_CLASS },
	{ NULL },
};
static const struct named host_names[] = {
	{ "cpu_count", READ_DERIVED, DERIVED_CPU_COUNT },
	{ "vm_count", READ_DERIVED, DERIVED_VM_COUNT },
	{ "realtime", READ_DERIVED, DERIVED_REALTIME },
	{ "time_of_day", READ_DERIVED, DERIVED_TIME_OF_DAY },
	{ "vms", READ_OBJECTS, OBJECTS_VMS }, { "cpus", READ_OBJECTS, OBJECTS_CPUS },
	{ "disks", READ_OBJECTS, OBJECTS_DISKS }, { "nics", READ_OBJECTS, OBJECTS_NICS },
	{ NULL },
};
static const struct named thread_names[] = {
	{ "index", READ_DERIVED, DERIVED_INDEX }, { "tid", READ_DERIVED, DERIVED_TID },
	{ "role", READ_OBJECTS, OBJECTS_ROLE }, { NULL },
};
static const struct named cpu_names[] = {
	{ "number", READ_DERIVED, DERIVED_NUMBER }, { NULL },
};
static const struct named part_names[] = { { "name", READ_OBJECTS, OBJECTS_NAME }, { NULL } };

static const struct {
	const char *name;
	const struct object_info *info;
	const struct named *names;
} kinds[THING_KIND_COUNT] = {
	[THING_VM] = { "vm", &vm_info, vm_names },
	[THING_HOST] = { "host", &host_info, host_names },
	[THING_THREAD] = { "thread", &thread_info, thread_names },
	[THING_CPU] = { "cpu", &cpu_info, cpu_names },
	[THING_DISK] = { "disk", &disk_info, part_names },
	[THING_NIC] = { "nic", &nic_info, part_names },
};

/* The unit is on the value, so a figure may be called without it. */
static size_t size_without_unit(const char *name)
{
	static const char *const suffixes[] = { "_usec", "_bytes", "_permyriad", "_milli" };
	size_t size = strlen(name), i;

	for (i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t suffix = strlen(suffixes[i]);

		if (size > suffix && strcmp(name + size - suffix, suffixes[i]) == 0)
			return size - suffix;
	}
	return size;
}

static lua_Integer packed(uint8_t of, size_t index)
{
	return (lua_Integer)of << 8 | (lua_Integer)index;
}

static struct reading unpacked(lua_Integer code)
{
	return (struct reading){ (uint8_t)(code >> 8), (uint8_t)code };
}

/* Names into the table on top: what is derived goes before a figure without its unit. */
static void add_names(lua_State *L, enum thing_kind kind)
{
	const struct object_info *info = kinds[kind].info;
	const struct named *named;
	size_t i;

	for (i = 0; i < info->figure_count; i++) {
		lua_pushlstring(L, info->figures[i].name, size_without_unit(info->figures[i].name));
		lua_pushinteger(L, packed(READ_FIGURE, i));
		lua_rawset(L, -3);
	}
	for (i = 0; i < info->figure_count; i++) {
		lua_pushinteger(L, packed(READ_FIGURE, i));
		lua_setfield(L, -2, info->figures[i].name);
	}
	for (i = 0; i < info->text_count; i++) {
		lua_pushinteger(L, packed(READ_TEXT, i));
		lua_setfield(L, -2, info->texts[i].name);
	}
	for (named = kinds[kind].names; named->name != NULL; named++) {
		lua_pushinteger(L, packed(named->of, named->index));
		lua_setfield(L, -2, named->name);
	}
}

const char *lua_reading_name(enum thing_kind kind, struct reading reading)
{
	const struct named *named;

	if (reading.of == READ_SETTING)
		return setting_info[reading.index].name;
	if (reading.of == READ_TEXT)
		return kinds[kind].info->texts[reading.index].name;
	if (reading.of != READ_DERIVED && reading.of != READ_OBJECTS)
		return kinds[kind].info->figures[reading.index].name;
	for (named = kinds[kind].names; named->name != NULL; named++)
		if (named->of == reading.of && named->index == reading.index)
			return named->name;
	return "?";
}

/* -- reading ---------------------------------------------------------------------------- */

static uint8_t unit_of_figure(const struct thing *thing, unsigned index, double *ret_factor)
{
	*ret_factor = 1;
	switch (thing->now.info->figures[index].unit) {
	case UNIT_USEC:
		return QUANTITY_TIME;
	case UNIT_BYTES:
		return QUANTITY_BYTES;
	case UNIT_MILLI:
		*ret_factor = 1e-3;
		return QUANTITY_PLAIN;
	case UNIT_PERMYRIAD:
		*ret_factor = 1e-4;
		/* A quota is told in tenthousandths of a CPU, all others of a whole. */
		if ((thing->kind == THING_VM && index == VM_QUOTA) ||
		    (thing->kind == THING_THREAD && index == THREAD_QUOTA))
			return QUANTITY_CPUS;
		return QUANTITY_SHARE;
	default:
		return QUANTITY_PLAIN;
	}
}

static enum figure_state read_value(const struct thing *thing, struct object_view view,
				    unsigned index, struct quantity *ret)
{
	double factor;

	if (view.value == NULL)
		return FIGURE_TOO_SOON;
	if (view.state[index] != FIGURE_PRESENT)
		return (enum figure_state)view.state[index];
	ret->unit = unit_of_figure(thing, index, &factor);
	/* A knob that limits nothing. */
	ret->number = view.value[index] == INT64_MAX ? INFINITY :
						       (double)view.value[index] * factor;
	return FIGURE_PRESENT;
}

/* Since the turn before; TOO_SOON where the group was not sampled since. */
static enum figure_state read_growth(const struct thing *thing, unsigned index,
				     struct quantity *ret, double *ret_elapsed)
{
	enum figure_group group = thing->now.info->figures[index].group;
	struct quantity before;
	enum figure_state state = read_value(thing, thing->now, index, ret);

	if (state != FIGURE_PRESENT)
		return state;
	if (thing->before.value == NULL || thing->sampled[group] <= thing->sampled_before[group] ||
	    read_value(thing, thing->before, index, &before) != FIGURE_PRESENT)
		return FIGURE_TOO_SOON;
	*ret_elapsed = (double)(thing->sampled[group] - thing->sampled_before[group]);
	ret->number -= before.number;
	/* A counter that went back belongs to something new. */
	if (isnan(ret->number) || (thing->now.info->figures[index].kind == KIND_COUNTER &&
				   ret->number < 0))
		return FIGURE_TOO_SOON;
	return FIGURE_PRESENT;
}

static enum figure_state read_rate(const struct thing *thing, unsigned index,
				   struct quantity *ret)
{
	double elapsed;
	enum figure_state state = read_growth(thing, index, ret, &elapsed);

	if (state != FIGURE_PRESENT)
		return state;
	ret->number /= elapsed;
	ret->unit = ret->unit == QUANTITY_TIME ? QUANTITY_SHARE :
		ret->unit == QUANTITY_BYTES ? QUANTITY_BYTES_PER_TIME : QUANTITY_PER_TIME;
	return FIGURE_PRESENT;
}

static enum figure_state read_waiting(const struct thing *thing, struct quantity *ret)
{
	const struct vm *vm = thing->object;
	enum figure_state state = read_rate(thing, VM_WAITING, ret);

	if (state == FIGURE_PRESENT && vm->vcpu_count > 1)
		ret->number /= (double)vm->vcpu_count;
	return state;
}

/* Of the time that it wanted a CPU, the part in which others had it. */
static enum figure_state read_denied(const struct thing *thing, struct quantity *ret)
{
	struct quantity run;
	double elapsed;
	enum figure_state state = read_growth(thing, VM_WAITING, ret, &elapsed);

	if (state == FIGURE_PRESENT)
		state = read_growth(thing, VM_RUN, &run, &elapsed);
	if (state != FIGURE_PRESENT)
		return state;
	ret->number = ret->number + run.number > 0 ? ret->number / (ret->number + run.number) : 0;
	ret->unit = QUANTITY_SHARE;
	return FIGURE_PRESENT;
}

static double age_of(const struct lua_policy *lua, const struct vm *vm)
{
	uint64_t now = lua->turn->now->realtime_usec;

	return vm->born_usec < now ? (double)(now - vm->born_usec) : 0;
}

static enum figure_state read_derived_vm(const struct lua_policy *lua, const struct thing *thing,
					 enum derived derived, struct quantity *ret)
{
	const struct vm *vm = thing->object;
	enum figure_state state;

	switch (derived) {
	case DERIVED_WAITING:
		return read_waiting(thing, ret);
	case DERIVED_DENIED:
		return read_denied(thing, ret);
	case DERIVED_USED:
		state = read_rate(thing, VM_RUN, ret);
		ret->unit = QUANTITY_CPUS;
		return state;
	case DERIVED_AGE:
		*ret = (struct quantity){ age_of(lua, vm), QUANTITY_TIME };
		return FIGURE_PRESENT;
	case DERIVED_PID:
		*ret = (struct quantity){ vm->identity.pid, QUANTITY_PLAIN };
		return FIGURE_PRESENT;
	default:
		if (!vm_vcpus_are_known(vm))
			return FIGURE_UNSUPPORTED;
		*ret = (struct quantity){ (double)vm->vcpu_count, QUANTITY_PLAIN };
		return FIGURE_PRESENT;
	}
}

static enum figure_state read_derived(const struct lua_policy *lua, const struct thing *thing,
				      enum derived derived, struct quantity *ret)
{
	const struct snapshot *now = lua->turn->now;

	if (thing->kind == THING_VM)
		return read_derived_vm(lua, thing, derived, ret);
	ret->unit = QUANTITY_PLAIN;
	switch (derived) {
	case DERIVED_CPU_COUNT:
		ret->number = (double)now->cpu_count;
		break;
	case DERIVED_VM_COUNT:
		ret->number = (double)now->vm_count;
		break;
	case DERIVED_REALTIME:
		*ret = (struct quantity){ (double)now->realtime_usec, QUANTITY_TIME };
		break;
	case DERIVED_TIME_OF_DAY:
		*ret = (struct quantity){ (double)(now->realtime_usec % 86400000000u),
					  QUANTITY_TIME };
		break;
	case DERIVED_INDEX:
		ret->number = ((const struct thread *)thing->object)->index;
		break;
	case DERIVED_TID:
		ret->number = ((const struct thread *)thing->object)->tid;
		break;
	default:
		ret->number = ((const struct cpu *)thing->object)->number;
		break;
	}
	return FIGURE_PRESENT;
}

enum figure_state lua_thing_read(const struct lua_policy *lua, const struct thing *thing,
				 struct reading reading, struct quantity *ret)
{
	double elapsed;

	switch (reading.of) {
	case READ_FIGURE:
		return read_value(thing, thing->now, reading.index, ret);
	case READ_RATE:
		return read_rate(thing, reading.index, ret);
	case READ_GROWTH:
		return read_growth(thing, reading.index, ret, &elapsed);
	case READ_BEFORE:
		return read_value(thing, thing->before, reading.index, ret);
	default:
		return read_derived(lua, thing, (enum derived)reading.index, ret);
	}
}

/* -- inputs ----------------------------------------------------------------------------- */

static void note_other(struct lua_policy *lua, struct vm_entry *entry)
{
	if (lua->others[0] == entry)
		return;
	lua->others[1] = lua->others[0];
	lua->others[0] = entry;
}

void lua_note(struct lua_policy *lua, const struct thing *thing, struct reading reading,
	      struct quantity value, const char *text)
{
	struct vm_entry *entry = thing->entry;
	struct notes *notes = &entry->notes;
	struct noted *item;
	unsigned i;

	if (entry != lua->subject && entry != &lua->host)
		note_other(lua, entry);
	if (notes->run != lua->run_number) {
		notes->run = lua->run_number;
		notes->count = 0;
	}
	for (i = 0; i < notes->count; i++) {
		item = &notes->items[i];
		if (item->object == thing->object && item->reading.of == reading.of &&
		    item->reading.index == reading.index)
			return;
	}
	if (notes->count == CAUSE_INPUTS_MAX)
		return;
	item = &notes->items[notes->count++];
	item->kind = (uint8_t)thing->kind;
	item->reading = reading;
	item->object = thing->object;
	item->value = value;
	if (text != NULL)
		strncpy(item->text, text, sizeof item->text - 1)[sizeof item->text - 1] = '\0';
}

/* What a sentence says of a figure that is not there. */
static const char *reason_of(const struct thing *thing, struct reading reading,
			     enum figure_state state)
{
	static const char *const needs[GROUP_COUNT] = {
		[GROUP_MAPS] = "not asked: needs { \"maps\" } asks",
		[GROUP_OWNER] = "not asked: needs { \"owner\" } asks",
		[GROUP_PRESSURE] = "not asked: needs { \"pressure\" } asks",
	};
	enum figure_group group;

	if (state != FIGURE_NOT_ASKED || reading.of > READ_BEFORE)
		return figure_state_name(state);
	group = thing->now.info->figures[reading.index].group;
	return needs[group] != NULL ? needs[group] : figure_state_name(state);
}

static int push_read(lua_State *L, struct lua_policy *lua, const struct thing *thing,
		     struct reading reading)
{
	struct quantity value;
	enum figure_state state = lua_thing_read(lua, thing, reading, &value);

	if (state != FIGURE_PRESENT) {
		lua->sandbox.absent_of = kinds[thing->kind].name;
		lua->sandbox.absent_name = lua_reading_name(thing->kind, reading);
		lua->sandbox.absent_why = reason_of(thing, reading, state);
		lua_pushnil(L);
		return 1;
	}
	lua_note(lua, thing, reading, value, NULL);
	quantity_push(L, value.number, value.unit);
	return 1;
}

/* -- parts ------------------------------------------------------------------------------ */

struct thing *lua_thing_push(lua_State *L, enum thing_kind kind)
{
	struct lua_policy *lua = lua_policy_of(L);
	struct thing *thing = lua_newuserdatauv(L, sizeof *thing, 0);

	memset(thing, 0, sizeof *thing);
	thing->kind = kind;
	thing->turn = lua->turn_number;
	lua_rawgeti(L, LUA_REGISTRYINDEX, lua->metatables[kind]);
	lua_setmetatable(L, -2);
	return thing;
}

static void push_part(lua_State *L, const struct thing *whole, enum thing_kind kind,
		      const void *object, struct object_view now, struct object_view before)
{
	struct thing *part = lua_thing_push(L, kind);

	part->now = now;
	part->before = before;
	part->sampled = whole->sampled;
	part->sampled_before = whole->sampled_before;
	part->object = object;
	part->entry = whole->entry;
}

static struct object_view view_of_thread_before(const struct lua_policy *lua,
						const struct thing *whole,
						const struct thread *thread)
{
	const struct vm *before = whole->before.value == NULL || lua->turn->before == NULL ? NULL :
		snapshot_find_vm(lua->turn->before, &whole->entry->identity);
	const struct thread *old = before == NULL ? NULL :
		vm_find_thread(before, thread->role, thread->index, thread->tid);

	return old != NULL ? thread_view(old) : (struct object_view){ .info = &thread_info };
}

static void push_threads(lua_State *L, const struct thing *whole, size_t count)
{
	const struct lua_policy *lua = lua_policy_of(L);
	const struct vm *vm = whole->object;
	size_t i;

	lua_createtable(L, (int)count, 0);
	for (i = 0; i < count; i++) {
		const struct thread *thread = &vm->threads[i];

		push_part(L, whole, THING_THREAD, thread, thread_view(thread),
			  view_of_thread_before(lua, whole, thread));
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
}

static void push_cpus(lua_State *L, const struct thing *whole)
{
	const struct turn *turn = lua_policy_of(L)->turn;
	size_t i, old = 0, old_count = turn->before != NULL ? turn->before->cpu_count : 0;

	lua_createtable(L, (int)turn->now->cpu_count, 0);
	for (i = 0; i < turn->now->cpu_count; i++) {
		const struct cpu *cpu = &turn->now->cpus[i];
		struct object_view before = { .info = &cpu_info };

		while (old < old_count && turn->before->cpus[old].number < cpu->number)
			old++;
		if (old < old_count && turn->before->cpus[old].number == cpu->number)
			before = cpu_view(&turn->before->cpus[old]);
		push_part(L, whole, THING_CPU, cpu, cpu_view(cpu), before);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
}

static struct object_view view_of_disk_before(const struct snapshot *before, const char *name)
{
	size_t i;

	for (i = 0; before != NULL && i < before->disk_count; i++)
		if (strcmp(before->disks[i].name, name) == 0)
			return disk_view(&before->disks[i]);
	return (struct object_view){ .info = &disk_info };
}

static void push_disks(lua_State *L, const struct thing *whole)
{
	const struct turn *turn = lua_policy_of(L)->turn;
	size_t i;

	lua_createtable(L, (int)turn->now->disk_count, 0);
	for (i = 0; i < turn->now->disk_count; i++) {
		const struct disk *disk = &turn->now->disks[i];

		push_part(L, whole, THING_DISK, disk, disk_view(disk),
			  view_of_disk_before(turn->before, disk->name));
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
}

static struct object_view view_of_nic_before(const struct snapshot *before, const char *name)
{
	size_t i;

	for (i = 0; before != NULL && i < before->nic_count; i++)
		if (strcmp(before->nics[i].name, name) == 0)
			return nic_view(&before->nics[i]);
	return (struct object_view){ .info = &nic_info };
}

static void push_nics(lua_State *L, const struct thing *whole)
{
	const struct turn *turn = lua_policy_of(L)->turn;
	size_t i;

	lua_createtable(L, (int)turn->now->nic_count, 0);
	for (i = 0; i < turn->now->nic_count; i++) {
		const struct nic *nic = &turn->now->nics[i];

		push_part(L, whole, THING_NIC, nic, nic_view(nic),
			  view_of_nic_before(turn->before, nic->name));
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
}

static void push_id(lua_State *L, const struct thing *thing)
{
	char id[VM_ID_SIZE];

	vm_identity_format(&thing->entry->identity, id);
	lua_pushstring(L, id);
}

/* By this policy's classes; a policy that has none sees what others put the VM in. */
static void push_class(lua_State *L, const struct thing *thing)
{
	const struct lua_policy *lua = lua_policy_of(L);
	const struct vm *vm = thing->object;
	const char *class = vm->text[VM_TEXT_CLASS];

	if (lua->description.class_count > 0)
		class = thing->entry->class_index < 0 ? NULL :
			lua->description.classes[thing->entry->class_index].name;
	lua_pushstring(L, class != NULL && class[0] != '\0' ? class : NULL);
}

static int push_objects(lua_State *L, const struct thing *thing, enum objects objects)
{
	switch (objects) {
	case OBJECTS_VCPUS:
		push_threads(L, thing, ((const struct vm *)thing->object)->vcpu_count);
		break;
	case OBJECTS_THREADS:
		push_threads(L, thing, ((const struct vm *)thing->object)->thread_count);
		break;
	case OBJECTS_VMS:
		lua_vms_push_all(L);
		break;
	case OBJECTS_CPUS:
		push_cpus(L, thing);
		break;
	case OBJECTS_DISKS:
		push_disks(L, thing);
		break;
	case OBJECTS_NICS:
		push_nics(L, thing);
		break;
	case OBJECTS_ID:
		push_id(L, thing);
		break;
	case OBJECTS_CLASS:
		push_class(L, thing);
		break;
	case OBJECTS_NAME:
		lua_pushstring(L, thing->kind == THING_DISK ?
			       ((const struct disk *)thing->object)->name :
			       ((const struct nic *)thing->object)->name);
		break;
	case OBJECTS_ROLE:
		lua_pushstring(L, thread_role_name(((const struct thread *)thing->object)->role));
		break;
	}
	return 1;
}

static int push_text(lua_State *L, struct lua_policy *lua, const struct thing *thing,
		     struct reading reading)
{
	const char *text = thing->now.text[reading.index];

	/* What it is called is no reason; everything else may be. */
	if (text != NULL && !(thing->kind == THING_VM && reading.index == VM_TEXT_NAME))
		lua_note(lua, thing, reading, (struct quantity){ 0, QUANTITY_PLAIN }, text);
	lua_pushstring(L, text);
	return 1;
}

/* -- the metatables --------------------------------------------------------------------- */

/* "" or ": did you mean ...?", on the stack. */
static const char *push_suggestion(lua_State *L, int names, const char *wrong)
{
	const char *near;

	lua_pushvalue(L, names);
	near = lua_text_nearest(L, wrong, lua_gettop(L), 0);
	return near == NULL ? "" : lua_pushfstring(L, ": did you mean %s?", near);
}

static int fail_unknown(lua_State *L, const struct thing *thing)
{
	const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : NULL;

	if (name == NULL)
		return luaL_error(L, "%s[%s]: a figure has a name", kinds[thing->kind].name,
				  lua_text_push_described(L, 2));
	return luaL_error(L, "%s.%s: there is no such figure%s", kinds[thing->kind].name, name,
			  push_suggestion(L, lua_upvalueindex(1), name));
}

static void check_turn(lua_State *L, const struct lua_policy *lua, const struct thing *thing)
{
	if (thing->turn != lua->turn_number || lua->turn == NULL)
		luaL_error(L, "this %s is of an earlier turn: rules are given their objects each time",
			   kinds[thing->kind].name);
}

/* Upvalue: names -> packed readings, and methods. */
static int thing_index(lua_State *L)
{
	const struct thing *thing = lua_touserdata(L, 1);
	struct lua_policy *lua = lua_policy_of(L);
	struct reading reading;
	int type;

	lua_pushvalue(L, 2);
	type = lua_rawget(L, lua_upvalueindex(1));
	if (type == LUA_TFUNCTION)
		return 1;
	if (type != LUA_TNUMBER)
		return fail_unknown(L, thing);
	check_turn(L, lua, thing);
	reading = unpacked(lua_tointeger(L, -1));
	if (reading.of == READ_TEXT)
		return push_text(L, lua, thing, reading);
	if (reading.of == READ_OBJECTS)
		return push_objects(L, thing, (enum objects)reading.index);
	return push_read(L, lua, thing, reading);
}

static int thing_write(lua_State *L)
{
	const struct thing *thing = lua_touserdata(L, 1);
	const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";

	return luaL_error(L, "%s.%s is not to be written: %s:set(\"setting\", value) asks for a "
			  "change, and `state` remembers", kinds[thing->kind].name, name,
			  kinds[thing->kind].name);
}

static int thing_to_text(lua_State *L)
{
	const struct thing *thing = lua_touserdata(L, 1);
	const struct lua_policy *lua = lua_policy_of(L);
	const char *name = NULL;

	check_turn(L, lua, thing);
	if (thing->kind == THING_VM)
		name = ((const struct vm *)thing->object)->text[VM_TEXT_NAME];
	lua_pushstring(L, name != NULL ? name : kinds[thing->kind].name);
	return 1;
}

struct thing *lua_thing_check(lua_State *L, int at, enum thing_kind kind)
{
	struct lua_policy *lua = lua_policy_of(L);
	bool right = false;

	if (lua_type(L, at) == LUA_TUSERDATA && lua_getmetatable(L, at) != 0) {
		lua_rawgeti(L, LUA_REGISTRYINDEX, lua->metatables[kind]);
		right = lua_rawequal(L, -1, -2) != 0;
		lua_pop(L, 2);
	}
	if (!right)
		luaL_error(L, "a method is called with a colon, as %s:set(...), not with a dot",
			   kinds[kind].name);
	check_turn(L, lua, lua_touserdata(L, at));
	return lua_touserdata(L, at);
}

/* -- methods of all of them ------------------------------------------------------------- */

/* The thing of the method whose second upvalue says of which kind. */
static struct thing *self(lua_State *L)
{
	return lua_thing_check(L, 1, (enum thing_kind)lua_tointeger(L, lua_upvalueindex(2)));
}

static struct reading name_in(lua_State *L, enum thing_kind kind, int names, int at,
			      const char *what)
{
	struct reading reading;
	const char *name;

	if (lua_type(L, at) != LUA_TSTRING)
		luaL_error(L, "%s takes the name of a figure, not %s", what,
			   lua_text_push_described(L, at));
	name = lua_tostring(L, at);
	lua_pushvalue(L, at);
	if (lua_rawget(L, names) != LUA_TNUMBER)
		luaL_error(L, "%s(\"%s\"): %s has no such figure%s", what, name, kinds[kind].name,
			   push_suggestion(L, names, name));
	reading = unpacked(lua_tointeger(L, -1));
	lua_pop(L, 1);
	if (reading.of == READ_OBJECTS)
		luaL_error(L, "%s(\"%s\"): that is no figure", what, name);
	return reading;
}

struct reading lua_thing_name(lua_State *L, enum thing_kind kind, int at, const char *what)
{
	struct reading reading;

	at = lua_absindex(L, at);
	lua_rawgeti(L, LUA_REGISTRYINDEX, lua_policy_of(L)->metatables[kind]);
	lua_getfield(L, -1, "names");
	reading = name_in(L, kind, lua_gettop(L), at, what);
	lua_pop(L, 2);
	if (reading.of == READ_TEXT)
		luaL_error(L, "%s(\"%s\"): that is a text", what, lua_tostring(L, at));
	return reading;
}

static int method_over_time(lua_State *L, enum read_of of, const char *what)
{
	struct thing *thing = self(L);
	struct reading reading = name_in(L, thing->kind, lua_upvalueindex(1), 2, what);

	if (reading.of != READ_FIGURE)
		return luaL_error(L, "%s(\"%s\"): only sampled figures have one", what,
				  lua_tostring(L, 2));
	if (of == READ_RATE && thing->now.info->figures[reading.index].kind != KIND_COUNTER)
		return luaL_error(L, "rate(\"%s\"): it does not count, it goes up and down: growth "
				  "tells by how much", lua_tostring(L, 2));
	reading.of = (uint8_t)of;
	return push_read(L, lua_policy_of(L), thing, reading);
}

static int method_rate(lua_State *L)
{
	return method_over_time(L, READ_RATE, "rate");
}

static int method_growth(lua_State *L)
{
	return method_over_time(L, READ_GROWTH, "growth");
}

static int method_before(lua_State *L)
{
	return method_over_time(L, READ_BEFORE, "before");
}

/* "present", or the reason of its absence. */
static int method_why(lua_State *L)
{
	struct thing *thing = self(L);
	struct reading reading = name_in(L, thing->kind, lua_upvalueindex(1), 2, "why");
	struct quantity value;

	if (reading.of == READ_TEXT)
		lua_pushstring(L, thing->now.text[reading.index] != NULL ? "present" : "not known");
	else
		lua_pushstring(L, figure_state_name(lua_thing_read(lua_policy_of(L), thing, reading,
								   &value)));
	return 1;
}

static const luaL_Reg methods[] = {
	{ "rate", method_rate }, { "growth", method_growth }, { "before", method_before },
	{ "why", method_why }, { NULL, NULL },
};

static void add_methods(lua_State *L, enum thing_kind kind)
{
	const luaL_Reg *method;

	for (method = methods; method->name != NULL; method++) {
		lua_pushvalue(L, -1);
		lua_pushinteger(L, kind);
		lua_pushcclosure(L, method->func, 2);
		lua_setfield(L, -2, method->name);
	}
	if (kind == THING_VM || kind == THING_HOST)
		lua_asks_open(L);
}

void lua_things_open(lua_State *L)
{
	struct lua_policy *lua = lua_policy_of(L);
	int kind;

	for (kind = 0; kind < THING_KIND_COUNT; kind++) {
		lua_createtable(L, 0, 6);
		lua_pushstring(L, kinds[kind].name);
		lua_setfield(L, -2, "__name");
		lua_createtable(L, 0, 128);
		add_names(L, (enum thing_kind)kind);
		add_methods(L, (enum thing_kind)kind);
		lua_pushvalue(L, -1);
		lua_setfield(L, -3, "names");
		lua_pushcclosure(L, thing_index, 1);
		lua_setfield(L, -2, "__index");
		lua_pushcfunction(L, thing_write);
		lua_setfield(L, -2, "__newindex");
		lua_pushcfunction(L, thing_to_text);
		lua_setfield(L, -2, "__tostring");
		lua->metatables[kind] = luaL_ref(L, LUA_REGISTRYINDEX);
	}
	lua_newtable(L);
	lua->things = luaL_ref(L, LUA_REGISTRYINDEX);
	lua_newtable(L);
	lua->states = luaL_ref(L, LUA_REGISTRYINDEX);
	lua_vms_open(L);
}

static void bind_host(const struct turn *turn, struct thing *thing)
{
	thing->object = &turn->now->host;
	thing->now = host_view(&turn->now->host);
	thing->sampled = turn->now->host.sampled_usec;
	thing->before = (struct object_view){ .info = &host_info };
	if (turn->before == NULL)
		return;
	thing->before = host_view(&turn->before->host);
	thing->sampled_before = turn->before->host.sampled_usec;
}

static void bind_vm(const struct vm_entry *entry, struct thing *thing)
{
	thing->object = entry->vm;
	thing->now = vm_view(entry->vm);
	thing->sampled = entry->vm->sampled_usec;
	thing->before = (struct object_view){ .info = &vm_info };
	if (entry->before == NULL)
		return;
	thing->before = vm_view(entry->before);
	thing->sampled_before = entry->before->sampled_usec;
}

void lua_entry_bind(struct lua_policy *lua, struct vm_entry *entry)
{
	if (entry->thing == NULL)
		return;
	entry->thing->turn = lua->turn_number;
	if (entry == &lua->host)
		bind_host(lua->turn, entry->thing);
	else
		bind_vm(entry, entry->thing);
}

void lua_entry_push(lua_State *L, struct vm_entry *entry)
{
	struct lua_policy *lua = lua_policy_of(L);

	lua_rawgeti(L, LUA_REGISTRYINDEX, lua->things);
	if (entry->ref == 0) {
		struct thing *thing = lua_thing_push(L, entry == &lua->host ? THING_HOST :
										 THING_VM);

		thing->entry = entry;
		entry->ref = luaL_ref(L, -2);
		entry->thing = thing;
		lua_entry_bind(lua, entry);
	}
	lua_rawgeti(L, -1, entry->ref);
	lua_replace(L, -2);
}
