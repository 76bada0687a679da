/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints include/peacemaker_figures.h from the lists of src/model. A test holds the two equal;
 * `peacemaker_figures > include/peacemaker_figures.h` after a figure or a setting was added. */
#include "model/host.h"
#include "model/setting.h"
#include "model/vm.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const units[] = {
	[UNIT_NUMBER] = "", [UNIT_COUNT] = "", [UNIT_USEC] = ", us", [UNIT_BYTES] = ", bytes",
	[UNIT_PERMYRIAD] = ", 1/10000", [UNIT_MILLI] = ", 1/1000",
};
static const char *const setting_units[] = {
	[SETTING_UNIT_NUMBER] = "", [SETTING_UNIT_SHARES] = "",
	[SETTING_UNIT_CPUS] = ", 10000 is one CPU", [SETTING_UNIT_USEC] = ", us",
	[SETTING_UNIT_BYTES] = ", bytes", [SETTING_UNIT_BYTES_PER_SECOND] = ", bytes/s",
	[SETTING_UNIT_PER_SECOND] = ", 1/s", [SETTING_UNIT_TEXT] = ", a text",
};

/* cpu.weight -> cpu_weight or CPU_WEIGHT */
static const char *identifier(const char *name, int (*change)(int))
{
	static char text[2][80];
	static unsigned turn;
	char *to = text[turn ^= 1];
	size_t i;

	for (i = 0; name[i] != '\0' && i + 1 < sizeof text[0]; i++)
		to[i] = (char)(name[i] == '.' ? '_' : change((unsigned char)name[i]));
	to[i] = '\0';
	return to;
}

static void print_enum(const char *what, const char *tag, const struct figure_info *figures,
		       size_t count)
{
	size_t i;

	printf("\n/* %s */\nenum peace_%s_figure {\n", what, tag);
	for (i = 0; i < count; i++)
		printf("\tPEACE_%s_%s = %zu, /* %s%s%s */\n", strcmp(tag, "kvm") == 0 ? "KVM" : "HOST",
		       identifier(figures[i].name, toupper), i, figures[i].help,
		       units[figures[i].unit],
		       figures[i].kind == KIND_COUNTER ? ", only grows" : "");
	printf("};\n");
}

static void print_texts(void)
{
	size_t i;

	printf("\n/* Texts of a VM. */\nenum peace_kvm_text {\n");
	for (i = 0; i < vm_info.text_count; i++)
		printf("\tPEACE_TEXT_%s = %zu, /* %s */\n",
		       identifier(vm_info.texts[i].name, toupper), i, vm_info.texts[i].help);
	printf("};\n");
}

static void print_settings(void)
{
	size_t i;

	printf("\n/* What can be set. */\nenum peace_setting {\n");
	for (i = 0; i < SETTING_COUNT; i++)
		printf("\tPEACE_SET_%s = %zu, /* %s%s */\n", identifier(setting_info[i].name, toupper),
		       i, setting_info[i].help, setting_units[setting_info[i].unit]);
	printf("};\n");
}

/* get_kvm_nice is one of the thirteen. */
static void print_getters(void)
{
	size_t i;

	for (i = 0; i < vm_info.figure_count; i++)
		printf("PEACE_KVM_GETTER(%s%s, PEACE_KVM_%s)\n",
		       strcmp(vm_info.figures[i].name, "nice") == 0 ? "main_thread_" : "",
		       identifier(vm_info.figures[i].name, tolower),
		       identifier(vm_info.figures[i].name, toupper));
	for (i = 0; i < host_info.figure_count; i++)
		printf("PEACE_HOST_GETTER(%s, PEACE_HOST_%s)\n",
		       identifier(host_info.figures[i].name, tolower),
		       identifier(host_info.figures[i].name, toupper));
	for (i = 0; i < vm_info.text_count; i++)
		printf("PEACE_TEXT_GETTER(%s, PEACE_TEXT_%s)\n",
		       identifier(vm_info.texts[i].name, tolower),
		       identifier(vm_info.texts[i].name, toupper));
}

/* As macros, so that each knows the line that it stands in. */
static void print_setters(void)
{
	size_t i;

	printf("\n/* set_kvm_cpu_weight(vm, 400); set_host_ksm_run(1); PEACEMAKER_UNLIMITED lifts a "
	       "limit. */\n");
	for (i = 0; i < SETTING_COUNT; i++) {
		const char *name = setting_info[i].name;

		if (setting_info[i].scope == SETTING_SCOPE_HOST)
			printf("#define set_host_%s(value) set_host_setting(PEACE_SET_%s, value)\n",
			       identifier(strncmp(name, "host.", 5) == 0 ? name + 5 : name, tolower),
			       identifier(name, toupper));
		else
			printf("#define set_kvm_%s(vm, value) \\\n\tset_kvm_setting%s(vm, "
			       "PEACE_SET_%s, value)\n", identifier(name, tolower),
			       setting_info[i].unit == SETTING_UNIT_TEXT ? "_text" : "",
			       identifier(name, toupper));
	}
}

int main(void)
{
	printf("/* SPDX-License-Identifier: MIT */\n"
	       "/* Every figure and every setting, by number: part of peacemaker.h. Made by\n"
	       " * src/decide/peacemaker_figures.c; numbers never change. */\n"
	       "#ifndef PEACEMAKER_FIGURES_H\n#define PEACEMAKER_FIGURES_H\n");
	print_enum("Figures of a VM.", "kvm", vm_info.figures, vm_info.figure_count);
	print_texts();
	print_enum("Figures of the machine.", "host", host_info.figures, host_info.figure_count);
	print_settings();
	printf("\nlong long get_kvm_figure(const struct kvm_list *vm, enum peace_kvm_figure figure);\n"
	       "long long get_host_figure(enum peace_host_figure figure);\n"
	       "const char *get_kvm_text(const struct kvm_list *vm, enum peace_kvm_text text);\n"
	       "\n/* get_kvm_waiting_usec(vm), get_host_psi_cpu_some_usec(), get_kvm_class(vm). */\n"
	       "#define PEACE_KVM_GETTER(name, number) \\\n"
	       "\tstatic inline long long get_kvm_##name(const struct kvm_list *vm) \\\n"
	       "\t{ return get_kvm_figure(vm, number); }\n"
	       "#define PEACE_HOST_GETTER(name, number) \\\n"
	       "\tstatic inline long long get_host_##name(void) { return get_host_figure(number); }\n"
	       "#define PEACE_TEXT_GETTER(name, number) \\\n"
	       "\tstatic inline const char *get_kvm_##name(const struct kvm_list *vm) \\\n"
	       "\t{ return get_kvm_text(vm, number); }\n\n");
	print_getters();
	print_setters();
	printf("\n#endif\n");
	return 0;
}
