/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/processor.h"

#include "base/cleanup.h"

#include <cpuid.h>
#include <string.h>

#define LEAF_FEATURES 1u
#define FEATURE_HYPERVISOR (1u << 31) /* of ecx */
#define LEAF_HYPERVISOR 0x40000000u

bool processor_virtualises(void)
{
	CLEANUP_FCLOSE FILE *file = fopen("/proc/cpuinfo", "re");
	CLEANUP_FREE char *line = NULL;
	size_t capacity = 0;

	while (file != NULL && getline(&line, &capacity, file) > 0)
		if (strncmp(line, "flags", 5) == 0)
			return strstr(line, " vmx") != NULL || strstr(line, " svm") != NULL;
	return false;
}

/* The signatures that hypervisors put into that leaf, twelve bytes each. */
static const struct signature {
	char bytes[13];
	const char *name;
} signatures[] = {
	{ "KVMKVMKVM\0\0\0", "KVM" },
	{ "Linux KVM Hv", "KVM" },
	{ "TCGTCGTCGTCG", "TCG" },
	{ "VMwareVMware", "VMware" },
	{ "Microsoft Hv", "Hyper-V" },
	{ "XenVMMXenVMM", "Xen" },
	{ "bhyve bhyve ", "bhyve" },
	{ "VBoxVBoxVBox", "VirtualBox" },
	{ "ACRNACRNACRN", "ACRN" },
};

const char *processor_hypervisor(void)
{
	unsigned eax, ebx, ecx, edx, words[3];
	size_t i;

	if (__get_cpuid(LEAF_FEATURES, &eax, &ebx, &ecx, &edx) == 0 ||
	    (ecx & FEATURE_HYPERVISOR) == 0)
		return NULL;
	__cpuid(LEAF_HYPERVISOR, eax, words[0], words[1], words[2]);
	for (i = 0; i < ARRAY_SIZE(signatures); i++)
		if (memcmp(words, signatures[i].bytes, sizeof words) == 0)
			return signatures[i].name;
	return "unknown";
}
