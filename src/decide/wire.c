/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/wire.h"

#include "base/error.h"
#include "base/text.h"
#include "base/varint.h"
#include "base/vec.h"
#include "model/snapshot_image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A decision is a row of parts, each behind its letter. */
enum { PART_REQUEST = 'R', PART_WARNING = 'W', PART_STATE = 'S' };
enum { FLAG_RELEASE = 1 };

uint64_t wire_layout(void)
{
	uint64_t mixed = snapshot_image_layout();

	mixed = mixed * 31 + sizeof(struct wire_hello);
	mixed = mixed * 31 + sizeof(struct wire_turn);
	mixed = mixed * 31 + sizeof(struct wire_crash);
	return mixed * 31 + sizeof(struct outcome) + SETTING_COUNT;
}

/* -- written by the child --------------------------------------------------------------------- */

void wire_begin(struct str *out, enum wire_kind kind)
{
	const struct wire_header header = { 0, kind };

	str_clear(out);
	str_append_bytes(out, &header, sizeof header);
}

void wire_end(struct str *out)
{
	struct wire_header header;

	if (out->failed)
		return;
	memcpy(&header, out->data, sizeof header);
	header.size = (uint32_t)(out->length - sizeof header);
	memcpy(out->data, &header, sizeof header);
}

static void put_text(struct str *out, const char *text, size_t capacity)
{
	size_t size = strnlen(text, capacity - 1);

	varint_append(out, size);
	str_append_bytes(out, text, size);
}

void wire_put_sentence(struct str *out, const char *text)
{
	str_append_bytes(out, text, strnlen(text, WIRE_SENTENCE_SIZE - 1));
}

void wire_put_problems(struct str *out, const struct str *lines)
{
	const char *end = lines->data;
	size_t size = lines->length < WIRE_PROBLEMS_MAX ? lines->length : WIRE_PROBLEMS_MAX;

	if (size > 0)
		end = memrchr(lines->data, '\n', size);
	if (end != NULL)
		str_append_bytes(out, lines->data, (size_t)(end - lines->data));
}

/* 0 is the host, 1 the first VM; -1: not there. */
static int64_t vm_place(const struct snapshot *now, const struct vm_identity *vm)
{
	size_t low = 0, high = now->vm_count;

	if (vm->pid == 0)
		return 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = vm_identity_compare(&now->vms[middle]->identity, vm);

		if (order == 0)
			return (int64_t)middle + 1;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

static void put_cause(struct str *out, const struct cause *cause)
{
	size_t i;

	put_text(out, cause->rule, sizeof cause->rule);
	varint_append(out, varint_fold(cause->line));
	put_text(out, cause->because, sizeof cause->because);
	varint_append(out, cause->input_count);
	for (i = 0; i < cause->input_count; i++) {
		put_text(out, cause->inputs[i].name, sizeof cause->inputs[i].name);
		put_text(out, cause->inputs[i].value, sizeof cause->inputs[i].value);
	}
}

bool wire_put_request(struct str *out, const struct snapshot *now, const struct request *request)
{
	int64_t place = vm_place(now, &request->vm);

	if (place < 0)
		return false;
	str_append_char(out, PART_REQUEST);
	varint_append(out, (uint64_t)place);
	varint_append(out, request->setting);
	varint_append(out, request->release ? FLAG_RELEASE : 0);
	varint_append(out, varint_fold(request->value.number));
	put_text(out, request->value.text, sizeof request->value.text);
	put_cause(out, &request->cause);
	return true;
}

void wire_put_warning(struct str *out, const struct snapshot *now, const struct vm_identity *vm,
		      const char *text)
{
	int64_t place = vm_place(now, vm);

	str_append_char(out, PART_WARNING);
	varint_append(out, place < 0 ? 0 : (uint64_t)place);
	put_text(out, text, WIRE_SENTENCE_SIZE);
}

void wire_put_state(struct str *out, const char *state, size_t size)
{
	str_append_char(out, PART_STATE);
	varint_append(out, size);
	str_append_bytes(out, state, size);
}

/* -- read by the parent ----------------------------------------------------------------------- */

void wire_decision_init(struct wire_decision *decision)
{
	memset(decision, 0, sizeof *decision);
	str_init(&decision->state);
}

void wire_decision_done(struct wire_decision *decision)
{
	free(decision->requests);
	free(decision->warnings);
	str_done(&decision->state);
	wire_decision_init(decision);
}

void wire_decision_clear(struct wire_decision *decision)
{
	decision->request_count = decision->warning_count = 0;
	decision->has_state = false;
	str_clear(&decision->state);
}

/* A text of less than `capacity` bytes without NUL; control characters become blanks. */
static bool take_text(struct cursor *c, char *ret, size_t capacity)
{
	uint64_t size, i;

	if (!varint_take(c, &size) || size >= capacity || size > cursor_left(c))
		return false;
	for (i = 0; i < size; i++)
		ret[i] = (unsigned char)c->at[i] < ' ' || c->at[i] == 0x7f ? ' ' : c->at[i];
	ret[size] = '\0';
	c->at += size;
	return true;
}

static bool take_below(struct cursor *c, uint64_t limit, uint64_t *ret)
{
	return varint_take(c, ret) && *ret < limit;
}

static bool take_signed(struct cursor *c, int64_t *ret)
{
	uint64_t folded;

	if (!varint_take(c, &folded))
		return false;
	*ret = varint_unfold(folded);
	return true;
}

static bool take_inputs(struct cursor *c, struct cause *ret)
{
	uint64_t count;

	if (!take_below(c, CAUSE_INPUTS_MAX + 1, &count))
		return false;
	for (ret->input_count = 0; ret->input_count < count; ret->input_count++) {
		struct cause_input *input = &ret->inputs[ret->input_count];

		if (!take_text(c, input->name, sizeof input->name) ||
		    !take_text(c, input->value, sizeof input->value))
			return false;
	}
	return true;
}

static int take_cause(struct cursor *c, const struct policy *policy, struct cause *ret,
		      struct error *err)
{
	int64_t line;

	if (!take_text(c, ret->rule, sizeof ret->rule) || !take_signed(c, &line) || line < 0 ||
	    line > INT32_MAX || !take_text(c, ret->because, sizeof ret->because) ||
	    !take_inputs(c, ret))
		return error_set(err, -EBADMSG, "a request without a whole reason");
	if (!policy_has_rule(policy, ret->rule))
		return error_set(err, -EBADMSG, "a request of a rule that the policy does not have");
	ret->line = (int)line;
	text_copy(ret->policy, sizeof ret->policy, policy->name, strlen(policy->name));
	text_copy(ret->path, sizeof ret->path, policy->path, strlen(policy->path));
	return 0;
}

/* A list of CPUs is all that is text. */
static bool is_plain_text(const char *text)
{
	return text[strspn(text, "0123456789,-")] == '\0';
}

static int check_value(const struct request *request, struct error *err)
{
	if (request->release)
		return 0;
	if (setting_info[request->setting].unit != SETTING_UNIT_TEXT) {
		if (request->value.text[0] != '\0')
			return error_set(err, -EBADMSG, "a text where %s has a number",
					 setting_info[request->setting].name);
		return setting_check(request->setting, request->value.number, err);
	}
	if (!is_plain_text(request->value.text))
		return error_set(err, -EBADMSG, "%s is no list of CPUs",
				 setting_info[request->setting].name);
	return 0;
}

static int take_request(struct cursor *c, const struct wire_world *world, struct request *ret,
			struct error *err)
{
	uint64_t place, setting, flags;
	int r;

	memset(ret, 0, sizeof *ret);
	if (!take_below(c, world->vm_count + 1, &place))
		return error_set(err, -EBADMSG, "a request about a VM that is not there");
	if (!take_below(c, SETTING_COUNT, &setting) ||
	    (setting_info[setting].scope == SETTING_SCOPE_HOST) != (place == 0))
		return error_set(err, -EBADMSG, "a request for no setting of a VM or of the host");
	if (!take_below(c, FLAG_RELEASE + 1, &flags) || !take_signed(c, &ret->value.number) ||
	    !take_text(c, ret->value.text, sizeof ret->value.text))
		return error_set(err, -EBADMSG, "a request without a value");
	if (place > 0)
		ret->vm = world->vms[place - 1];
	ret->setting = (enum setting)setting;
	ret->release = (flags & FLAG_RELEASE) != 0;
	r = take_cause(c, world->policy, &ret->cause, err);
	return r < 0 ? r : check_value(ret, err);
}

/* What a policy can make its parent hold: eight settings of each VM in one turn is plenty. */
static int take_another_request(struct cursor *c, const struct wire_world *world,
				struct wire_decision *ret, struct error *err)
{
	int r;

	if (ret->request_count >= 1024 + 8 * world->vm_count)
		return error_set(err, -EBADMSG, "more than %zu requests in one turn",
				 ret->request_count);
	if (!VEC_RESERVE(ret->requests, ret->request_capacity, ret->request_count + 1))
		return error_set(err, -ENOMEM, "no memory for its requests");
	r = take_request(c, world, &ret->requests[ret->request_count], err);
	if (r == 0)
		ret->request_count++;
	return r;
}

static int take_warning(struct cursor *c, const struct wire_world *world,
			struct wire_decision *ret, struct error *err)
{
	struct decider_warning warning = { .vm = { 0 } };
	uint64_t place;

	if (!take_below(c, world->vm_count + 1, &place) ||
	    !take_text(c, warning.text, sizeof warning.text))
		return error_set(err, -EBADMSG, "a warning that is none");
	if (place > 0)
		warning.vm = world->vms[place - 1];
	if (ret->warning_count >= WIRE_WARNINGS_MAX)
		return 0;
	if (!VEC_RESERVE(ret->warnings, ret->warning_capacity, ret->warning_count + 1))
		return error_set(err, -ENOMEM, "no memory for its warnings");
	ret->warnings[ret->warning_count++] = warning;
	return 0;
}

static int take_state(struct cursor *c, struct wire_decision *ret, struct error *err)
{
	uint64_t size;

	if (ret->has_state || !take_below(c, WIRE_STATE_MAX + 1, &size) || size > cursor_left(c))
		return error_set(err, -EBADMSG, "a state that is too large");
	str_append_bytes(&ret->state, c->at, size);
	if (ret->state.failed)
		return error_set(err, -ENOMEM, "no memory for its state");
	ret->has_state = true;
	c->at += size;
	return 0;
}

int wire_take_decision(const char *bytes, size_t size, const struct wire_world *world,
		       struct wire_decision *ret, struct error *err)
{
	struct cursor c = cursor_over(bytes, size);
	int r = 0;

	wire_decision_clear(ret);
	while (r == 0 && !cursor_at_end(&c)) {
		switch (*c.at++) {
		case PART_REQUEST:
			r = take_another_request(&c, world, ret, err);
			break;
		case PART_WARNING:
			r = take_warning(&c, world, ret, err);
			break;
		case PART_STATE:
			r = take_state(&c, ret, err);
			break;
		default:
			r = error_set(err, -EBADMSG, "bytes that say nothing");
		}
	}
	if (r < 0)
		wire_decision_clear(ret);
	return r;
}

void wire_take_sentence(const char *bytes, size_t size, char ret[static WIRE_SENTENCE_SIZE])
{
	struct str safe;

	str_init(&safe);
	text_append_printable(&safe, bytes, strnlen(bytes, size));
	text_copy(ret, WIRE_SENTENCE_SIZE, safe.data != NULL ? safe.data : "", safe.length);
	str_done(&safe);
}

void wire_take_problems(const char *bytes, size_t size, struct str *out)
{
	struct cursor c = cursor_over(bytes, size < WIRE_PROBLEMS_MAX ? size : WIRE_PROBLEMS_MAX);

	while (!cursor_at_end(&c)) {
		const char *end = memchr(c.at, '\n', cursor_left(&c));
		size_t length = end != NULL ? (size_t)(end - c.at) : cursor_left(&c);

		text_append_printable(out, c.at, length);
		str_append_char(out, '\n');
		c.at += length + (end != NULL);
	}
}
