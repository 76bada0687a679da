/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/boot_kernel.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/host/boot_image.h"
#include "lab/host/cache_place.h"
#include "lab/host/tool.h"

#include <errno.h>

static int package_download(const char *release, const char *work, int cancel_fd,
			    struct error *err)
{
	CLEANUP_FREE char *package = boot_kernel_package(release);
	/* apt would step down to a user that cannot write here, and say so each time. */
	const char *download[] = { "apt-get", "download", "-q", "-o", "APT::Sandbox::User=root",
				   package, NULL };

	if (package == NULL)
		return error_errno(err, -ENOMEM, "%s", release);
	return tool_run(download, work, cancel_fd, NULL, err);
}

static int package_unpack(const char *work, int cancel_fd, struct error *err)
{
	static const char *const unpack[] = { "sh", "-c", "dpkg-deb -x ./*.deb tree && rm ./*.deb",
					      NULL };

	return tool_run(unpack, work, cancel_fd, NULL, err);
}

/* Debian's package makes modules.dep when it is installed, which this one never is. */
static int modules_index(const char *release, const char *work, int cancel_fd, struct error *err)
{
	const char *index[] = { "depmod", "-b", "tree", release, NULL };

	return tool_run(index, work, cancel_fd, NULL, err);
}

static int fetch_into(const struct cache_place *place, const char *release, int cancel_fd,
		      struct error *err)
{
	CLEANUP_FREE char *boot = NULL;
	int code = package_download(release, place->work, cancel_fd, err);

	if (asprintf(&boot, "%s/tree/boot", place->work) < 0)
		return error_errno(err, -ENOMEM, "%s", place->work);
	if (code == 0)
		code = package_unpack(place->work, cancel_fd, err);
	if (code == 0)
		code = boot_image_check(boot, release, err);
	if (code == 0)
		code = modules_index(release, place->work, cancel_fd, err);
	if (code == 0)
		code = boot_image_unpack(boot, release, err);
	if (code == 0)
		code = cache_place_put(place, "tree", release, err);
	return code;
}

int boot_kernel_fetch(const char *cache, const char *release, int cancel_fd, struct error *err)
{
	struct cache_place place;
	int code = cache_place_take(cache, cancel_fd, &place, err);

	if (code == 0 && !boot_kernel_is_cached(cache, release))
		code = fetch_into(&place, release, cancel_fd, err);
	else if (code < 0)
		return code;
	cache_place_done(&place);
	if (code < 0)
		error_prefix(err, "cannot fetch the kernel %s", release);
	return code;
}
