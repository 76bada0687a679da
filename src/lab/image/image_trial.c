/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/image/image_trial.h"

#include "base/clock.h"
#include "base/error.h"
#include "lab/guest/guest.h"
#include "lab/guest/guest_plan.h"
#include "lab/host/scratch.h"
#include "lab/image/lab_image.h"
#include "lab/link/link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#define TELL_USEC (3 * USEC_PER_SEC)
#define LOOK_USEC (200 * USEC_PER_MSEC)

struct trial {
	const struct image_trial_plan *plan;
	struct scratch *scratch;
	struct guest *guest;
	struct link *link;
	uint64_t end_usec;
	char trouble[256]; /* what the agent told while it was the first process */
};

static int begin(struct trial *trial, struct error *err)
{
	const struct image_trial_plan *plan = trial->plan;
	struct guest_plan guest = {
		.name = "image-trial",
		.accelerator = plan->accelerator,
		.cpus = plan->cpus,
		.memory_bytes = plan->memory_bytes,
		.kernel = plan->image->is_root ? plan->kernel : NULL,
		.image = plan->image->disk,
	};
	int code = scratch_new(NULL, &trial->scratch, err);

	guest.scratch = trial->scratch;
	if (code == 0)
		code = guest_new(&guest, &trial->guest, err);
	if (code == 0)
		code = link_new(guest_take_channel(trial->guest), guest.name, &trial->link, err);
	if (code == 0)
		link_set_silence(trial->link, 0);
	return code;
}

static int hear(struct trial *trial, struct error *err)
{
	struct link_event event;

	while (link_next(trial->link, &event)) {
		if (event.kind == LINK_LOST)
			return error_set(err, -EIO, "%s", event.text);
		if (event.kind == LINK_FAILURE)
			snprintf(trial->trouble, sizeof trial->trouble, "%s", event.text);
	}
	return 0;
}

static int turn(struct trial *trial, struct error *err)
{
	struct pollfd watched[] = { { guest_fd(trial->guest), POLLIN, 0 },
				    { link_fd(trial->link), link_wants(trial->link), 0 },
				    { trial->plan->cancel_fd, POLLIN, 0 } };
	int code;

	poll(watched, 3, (int)(LOOK_USEC / USEC_PER_MSEC));
	if (watched[2].revents != 0)
		return error_set(err, -ECANCELED, "stopped");
	code = guest_turn(trial->guest, err);
	if (code < 0)
		return code;
	link_turn(trial->link, watched[1].revents);
	return hear(trial, err);
}

static int timed_out(struct trial *trial, struct error *err)
{
	const char *last = guest_last_words(trial->guest);

	return error_set(err, -ETIMEDOUT, "its agent does not answer%s%s",
			 *last != '\0' ? "; its console said last: " : "", last);
}

/* The agent that was to enter it goes on, and tells what went wrong soon after its greeting. */
static int not_entered(struct trial *trial, struct error *err)
{
	uint64_t end = clock_monotonic_usec() + TELL_USEC;
	int code = 0;

	while (code == 0 && trial->trouble[0] == '\0' && clock_monotonic_usec() < end)
		code = turn(trial, err);
	return code < 0 ? code :
	       error_set(err, -EIO, "its root was not entered: %s",
			 trial->trouble[0] != '\0' ? trial->trouble : "its agent does not say why");
}

static int await(struct trial *trial, struct image_trial *ret, struct error *err)
{
	const struct link_guest *said;
	int code = 0;

	while (code == 0 && !link_is_ready(trial->link)) {
		code = turn(trial, err);
		if (code == 0 && clock_monotonic_usec() > trial->end_usec)
			code = timed_out(trial, err);
	}
	if (code < 0)
		return code;
	said = link_guest(trial->link);
	ret->ready_usec = clock_monotonic_usec() - guest_started_usec(trial->guest);
	snprintf(ret->kernel, sizeof ret->kernel, "%s", said->kernel);
	snprintf(ret->agent, sizeof ret->agent, "%s", said->agent);
	return said->first_process ? not_entered(trial, err) : 0;
}

static int switch_off(struct trial *trial, struct error *err)
{
	int code = link_power_off(trial->link);

	if (code < 0)
		return error_errno(err, code, "its agent cannot be told to switch it off");
	while (code == 0 && clock_monotonic_usec() <= trial->end_usec)
		code = turn(trial, err);
	if (code == 0)
		return error_set(err, -ETIMEDOUT, "it does not switch itself off");
	/* The link may be seen to end before QEMU is. */
	while (code == -EIO && clock_monotonic_usec() <= trial->end_usec) {
		struct pollfd end = { guest_fd(trial->guest), POLLIN, 0 };

		poll(&end, 1, (int)(LOOK_USEC / USEC_PER_MSEC));
		code = guest_turn(trial->guest, err) == -ESHUTDOWN ? -ESHUTDOWN : -EIO;
	}
	return code == -ESHUTDOWN ? 0 : code;
}

int image_trial_run(const struct image_trial_plan *plan, struct image_trial *ret, struct error *err)
{
	struct trial trial = { .plan = plan,
			       .end_usec = clock_monotonic_usec() + plan->limit_usec };
	int code = begin(&trial, err);

	if (code == 0)
		code = await(&trial, ret, err);
	if (code == 0)
		code = switch_off(&trial, err);
	link_free(trial.link);
	guest_free(trial.guest);
	scratch_free(trial.scratch);
	return code;
}
