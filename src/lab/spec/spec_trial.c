/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/spec/spec_trial.h"

#include "base/error.h"
#include "lab/spec/spec.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void read_and_end(const char *bytes, size_t size, const char *path, bool quick)
{
	const struct rlimit time = { SPEC_TRIAL_SECONDS, SPEC_TRIAL_SECONDS }, core = { 0, 0 };
	struct spec *spec = NULL;
	struct error err = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGXCPU, SIG_DFL);
	setrlimit(RLIMIT_CORE, &core);
	if (setrlimit(RLIMIT_CPU, &time) == 0)
		spec_new(bytes, size, path, quick, &spec, NULL, &err);
	_exit(0);
}

int spec_trial(const char *bytes, size_t size, const char *path, bool quick, struct error *err)
{
	pid_t child = fork(), ended;
	int status = 0;

	if (child == 0)
		read_and_end(bytes, size, path, quick);
	if (child < 0)
		return error_errno(err, -errno, "%s: cannot be tried", path);
	do
		ended = waitpid(child, &status, 0);
	while (ended < 0 && errno == EINTR);
	if (ended == child && WIFSIGNALED(status))
		return error_set(err, -ELOOP, "%s: does not come to an end: reading it takes more than %d s",
				 path, SPEC_TRIAL_SECONDS);
	return 0;
}
