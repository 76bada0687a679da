/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/budget.h"

#include <string.h>

#define CALM_STEPS 3

void budget_init(struct budget *budget, int permyriad, uint64_t monotonic_usec)
{
	memset(budget, 0, sizeof *budget);
	budget->permyriad = permyriad;
	budget->stretch = 1;
	budget->step_begin_usec = monotonic_usec;
}

static uint64_t growth(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0; /* of children that ended the sum may shrink */
}

static bool judge(struct budget *budget, uint64_t cpu_usec, uint64_t usec)
{
	uint64_t permyriad = cpu_usec * 10000 / usec;
	unsigned before = budget->stretch;

	if (budget->permyriad == 0) {
		budget->stretch = 1;
	} else if (permyriad > (uint64_t)budget->permyriad) {
		budget->calm_steps = 0;
		if (budget->stretch < BUDGET_STRETCH_MOST)
			budget->stretch *= 2;
	} else if (permyriad * 3 > (uint64_t)budget->permyriad || budget->stretch == 1) {
		budget->calm_steps = 0;
	} else if (++budget->calm_steps >= CALM_STEPS) {
		budget->calm_steps = 0;
		budget->stretch /= 2;
	}
	return budget->stretch != before;
}

bool budget_add(struct budget *budget, uint64_t monotonic_usec, uint64_t own_cpu_usec,
		uint64_t clients_cpu_usec, uint64_t deciders_cpu_usec)
{
	uint64_t usec = monotonic_usec - budget->step_begin_usec;
	uint64_t own = growth(own_cpu_usec, budget->own_begin_usec);
	uint64_t clients = growth(clients_cpu_usec, budget->clients_begin_usec);
	uint64_t deciders = growth(deciders_cpu_usec, budget->deciders_begin_usec);

	if (usec < BUDGET_STEP_USEC)
		return false;
	budget->own[budget->next] = own;
	budget->deciders[budget->next] = deciders;
	budget->length[budget->next] = usec;
	budget->next = (budget->next + 1) % BUDGET_STEPS;
	budget->step_begin_usec = monotonic_usec;
	budget->own_begin_usec = own_cpu_usec;
	budget->clients_begin_usec = clients_cpu_usec;
	budget->deciders_begin_usec = deciders_cpu_usec;
	return judge(budget, growth(own, clients) + deciders, usec);
}

bool budget_is_over(const struct budget *budget)
{
	return budget->stretch > 1;
}

static int share(const uint64_t *cpu, const uint64_t *length)
{
	uint64_t used = 0, usec = 0;
	unsigned i;

	for (i = 0; i < BUDGET_STEPS; i++) {
		used += cpu[i];
		usec += length[i];
	}
	return usec == 0 ? 0 : (int)(used * 10000 / usec);
}

int budget_own_permyriad(const struct budget *budget)
{
	return share(budget->own, budget->length);
}

int budget_deciders_permyriad(const struct budget *budget)
{
	return share(budget->deciders, budget->length);
}
