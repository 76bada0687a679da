/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/object.h"

#include "base/cleanup.h"
#include "model/figures.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INFO_FIGURE(symbol, name, unit, kind, group, help) \
	{ name, UNIT_##unit, KIND_##kind, GROUP_##group, help },
#define INFO_TEXT(symbol, name, help) { name, help },

static const struct figure_info host_figures[] = { HOST_FIGURES(INFO_FIGURE) };
static const struct figure_info cpu_figures[] = { CPU_FIGURES(INFO_FIGURE) };
static const struct figure_info disk_figures[] = { DISK_FIGURES(INFO_FIGURE) };
static const struct figure_info nic_figures[] = { NIC_FIGURES(INFO_FIGURE) };
static const struct figure_info vm_figures[] = { VM_FIGURES(INFO_FIGURE) };
static const struct figure_info thread_figures[] = { THREAD_FIGURES(INFO_FIGURE) };
static const struct text_info host_texts[] = { HOST_TEXTS(INFO_TEXT) };
static const struct text_info cpu_texts[] = { CPU_TEXTS(INFO_TEXT) };
static const struct text_info disk_texts[] = { DISK_TEXTS(INFO_TEXT) };
static const struct text_info vm_texts[] = { VM_TEXTS(INFO_TEXT) };
static const struct text_info thread_texts[] = { THREAD_TEXTS(INFO_TEXT) };

#define OBJECT_INFO(object)                                                          \
	const struct object_info object##_info = { #object, object##_figures,        \
						   ARRAY_SIZE(object##_figures),     \
						   object##_texts, ARRAY_SIZE(object##_texts) }

OBJECT_INFO(host);
OBJECT_INFO(cpu);
OBJECT_INFO(disk);
OBJECT_INFO(vm);
OBJECT_INFO(thread);
const struct object_info nic_info = { "nic", nic_figures, ARRAY_SIZE(nic_figures), NULL, 0 };

const char *figure_state_name(enum figure_state state)
{
	static const char *const names[FIGURE_STATE_COUNT] = {
		[FIGURE_NOT_ASKED] = "not asked", [FIGURE_PRESENT] = "present",
		[FIGURE_UNSUPPORTED] = "unsupported", [FIGURE_REFUSED] = "refused",
		[FIGURE_VANISHED] = "vanished", [FIGURE_LATE] = "late",
		[FIGURE_TOO_SOON] = "too soon",
	};

	return state < FIGURE_STATE_COUNT ? names[state] : "unknown";
}

const char *figure_group_name(enum figure_group group)
{
	static const char *const names[GROUP_COUNT] = { "hot", "pressure", "cold", "maps", "owner" };

	return group < GROUP_COUNT ? names[group] : "unknown";
}

enum figure_state figure_state_from_errno(int code)
{
	switch (-code) {
	case EACCES:
	case EPERM:
		return FIGURE_REFUSED;
	case ESRCH:
		return FIGURE_VANISHED;
	case ETIMEDOUT:
	case EAGAIN:
		return FIGURE_LATE;
	default:
		return FIGURE_UNSUPPORTED;
	}
}

int object_find_figure(const struct object_info *info, const char *name)
{
	size_t i;

	for (i = 0; i < info->figure_count; i++)
		if (strcmp(info->figures[i].name, name) == 0)
			return (int)i;
	return -1;
}

bool figure_growth(struct object_view now, struct object_view before, unsigned index, int64_t *ret)
{
	if (now.state[index] != FIGURE_PRESENT || before.state[index] != FIGURE_PRESENT)
		return false;
	if (__builtin_sub_overflow(now.value[index], before.value[index], ret))
		return false;
	return *ret >= 0;
}

bool text_set(char **text, const char *value, size_t size)
{
	char *copy;

	if (*text != NULL && strlen(*text) == size && memcmp(*text, value, size) == 0)
		return true;
	copy = strndup(value, size);
	if (copy == NULL)
		return false;
	free(*text);
	*text = copy;
	return true;
}

bool object_copy(struct object_view to, struct object_view from)
{
	size_t i;

	memcpy(to.value, from.value, from.info->figure_count * sizeof *to.value);
	memcpy(to.state, from.state, from.info->figure_count * sizeof *to.state);
	for (i = 0; i < from.info->text_count; i++) {
		if (from.text[i] == NULL) {
			free(to.text[i]);
			to.text[i] = NULL;
		} else if (!text_set(&to.text[i], from.text[i], strlen(from.text[i]))) {
			return false;
		}
	}
	return true;
}

void object_done(struct object_view view)
{
	size_t i;

	for (i = 0; i < view.info->text_count; i++) {
		free(view.text[i]);
		view.text[i] = NULL;
	}
}
