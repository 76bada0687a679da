/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel that built-in guests boot: the one that was asked for, else the best one of the
 * cache, else this machine's own (/boot), else one that is fetched as a package. With it goes
 * what it does not have built in, found by its index of modules.
 */
#ifndef LAB_GUEST_GUEST_KERNEL_H
#define LAB_GUEST_GUEST_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

struct error;

struct guest_kernel {
	char *release; /* 6.12.117+deb12-cloud-amd64 */
	char *image;   /* what QEMU boots */
	char *modules; /* the directory .../lib/modules/RELEASE; NULL: it has none */
	char *from;    /* "given", "cache", "/boot", "fetched" */
};

/* image and modules_dir (has lib/modules/RELEASE) as a user gave them, NULL: not given. fetch:
 * a package may be downloaded. -ENOENT with what to do. */
int guest_kernel_find(const char *image, const char *modules_dir, bool fetch, int cancel_fd,
		      struct guest_kernel *ret, struct error *err);
void guest_kernel_done(struct guest_kernel *kernel);

/* The paths of the modules that these need (and they), below kernel->modules, each after what it
 * depends on; none for what is built in. -ENOENT: "the kernel RELEASE has no module NAME". Free
 * with guest_modules_done. */
struct guest_modules {
	char **paths;
	size_t count, capacity;
};

int guest_kernel_modules(const struct guest_kernel *kernel, const char *const *names,
			 struct guest_modules *ret, struct error *err);
void guest_modules_done(struct guest_modules *modules);

#endif
