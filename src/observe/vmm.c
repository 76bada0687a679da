/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/vmm.h"

#include "base/cursor.h"

#include <string.h>

const struct vmm *const vmm_kinds[] = {
	&vmm_qemu,
	&vmm_firecracker,
	&vmm_cloud_hypervisor,
	&vmm_crosvm,
	&vmm_kvmtool,
	NULL,
};

const struct vmm *vmm_of(const struct process *process)
{
	size_t i;

	for (i = 0; vmm_kinds[i] != NULL; i++)
		if (vmm_kinds[i]->is(process))
			return vmm_kinds[i];
	return &vmm_other;
}

bool vmm_numbered_name(const char *comm, const char *prefix, const char *suffix, int *ret_index)
{
	struct cursor c = cursor_over(comm, strlen(comm));
	uint64_t number;

	if (!cursor_take_text(&c, prefix) || cursor_at_end(&c) || *c.at == ' ' ||
	    !cursor_take_u64(&c, &number) || number > 65535 || !cursor_take_text(&c, suffix) ||
	    !cursor_at_end(&c))
		return false;
	*ret_index = (int)number;
	return true;
}

const char *vmm_option(const struct process *process, const char *option)
{
	const char *position = NULL;

	return cmdline_option(process->cmdline, option, &position);
}

/* Base name of the first argument. */
const char *vmm_first_argument(const struct process *process)
{
	const char *first = cmdline_next(process->cmdline, NULL);
	const char *slash;

	if (first == NULL)
		return "";
	slash = strrchr(first, '/');
	return slash != NULL ? slash + 1 : first;
}

bool vmm_program_is(const struct process *process, const char *program)
{
	if (process->exe[0] != '\0')
		return strcmp(process->exe, program) == 0;
	return strcmp(vmm_first_argument(process), program) == 0 ||
	       strncmp(process->comm, program, 15) == 0;
}
