/* SPDX-License-Identifier: MIT */
/* expect: undefined reference to */
#include "peacemaker.h"

int get_kvm_happiness(const struct kvm_list *vm);

int peacemaker_policy_main(void *arg)
{
	return get_kvm_happiness(get_first_kvm());
}
