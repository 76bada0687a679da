/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/run/lab_kernels.h"

#include "base/error.h"
#include "lab/guest/guest_kernel.h"
#include "lab/spec/spec.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct spec_machine *machine_of(const struct spec *spec, unsigned machine)
{
	size_t i;

	for (i = 0; spec->cells[i].machine != machine; i++)
		;
	return &spec->cells[i].made;
}

static bool boots_ours(const struct spec_machine *made)
{
	return !made->no_vm && made->domain == NULL;
}

static bool same_kernel(const struct spec_machine *a, const struct spec_machine *b)
{
	return a->kernel == b->kernel ||
	       (a->kernel != NULL && b->kernel != NULL && strcmp(a->kernel, b->kernel) == 0);
}

/* NULL: no machine before this one boots it. */
static const struct guest_kernel *known(const struct lab_kernels *kernels, const struct spec *spec,
					unsigned machine)
{
	unsigned i;

	for (i = 0; i < machine; i++)
		if (kernels->of[i] != NULL &&
		    same_kernel(machine_of(spec, i), machine_of(spec, machine)))
			return kernels->of[i];
	return NULL;
}

static int find(struct lab_kernels *kernels, const struct spec *spec, unsigned machine,
		int cancel_fd, struct error *err)
{
	const struct spec_machine *made = machine_of(spec, machine);
	struct guest_kernel *next = &kernels->found[kernels->found_count];
	int r;

	if (!boots_ours(made))
		return 0;
	kernels->of[machine] = known(kernels, spec, machine);
	if (kernels->of[machine] != NULL)
		return 0;
	r = guest_kernel_find(made->kernel, NULL, true, cancel_fd, next, err);
	if (r < 0)
		return r;
	kernels->of[machine] = next;
	kernels->found_count++;
	return 0;
}

int lab_kernels_find(struct lab_kernels *ret, const struct spec *spec, int cancel_fd,
		     struct error *err)
{
	struct lab_kernels kernels = {
		.found = calloc(spec->machine_count, sizeof *kernels.found),
		.of = calloc(spec->machine_count, sizeof *kernels.of),
	};
	unsigned machine;
	int r = kernels.found != NULL && kernels.of != NULL ? 0 : error_set(err, -ENOMEM, "no memory");

	for (machine = 0; r == 0 && machine < spec->machine_count; machine++)
		r = find(&kernels, spec, machine, cancel_fd, err);
	if (r < 0)
		lab_kernels_done(&kernels);
	else
		*ret = kernels;
	return r;
}

void lab_kernels_done(struct lab_kernels *kernels)
{
	size_t i;

	for (i = 0; i < kernels->found_count; i++)
		guest_kernel_done(&kernels->found[i]);
	free(kernels->found);
	free(kernels->of);
	*kernels = (struct lab_kernels){ 0 };
}
