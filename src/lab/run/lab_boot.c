/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/run/lab_boot.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "lab/guest/guest.h"
#include "lab/guest/guest_storage.h"
#include "lab/net/lab_net.h"
#include "lab/run/lab_hands.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VHOST "/dev/vhost-net"

/* A stock kernel takes 2 s to its agent under TCG on a quiet machine; a user's image with a
 * distribution in it takes a minute. */
enum { BUILT_IN_SECONDS = 40, IMAGE_SECONDS = 240 };

/* -- what a guest is to be ------------------------------------------------------------------------ */

static struct guest_disk disk_of(const struct spec_disk *spec, struct guest_storage *storage)
{
	return (struct guest_disk){
		.format = spec->format == SPEC_DISK_RAW ? GUEST_DISK_RAW : GUEST_DISK_QCOW2,
		.cache = spec->direct ? GUEST_CACHE_DIRECT : GUEST_CACHE_HOST,
		.bytes = spec->size_bytes,
		.bytes_per_sec = spec->speed_bytes_per_sec,
		.operations_per_sec = spec->speed_operations_per_sec,
		.storage = storage,
	};
}

static int start_storage(struct lab_boot *boot, struct error *err)
{
	const struct spec_machine *made = boot->plan->made;
	const struct spec_disk *disk = &made->disk;
	struct guest_storage_plan plan = {
		.format = disk->format == SPEC_DISK_RAW ? GUEST_DISK_RAW : GUEST_DISK_QCOW2,
		.cache = disk->direct ? GUEST_CACHE_DIRECT : GUEST_CACHE_HOST,
		.disk_bytes = disk->size_bytes,
		.disk_count = made->count,
		.bytes_per_sec = disk->speed_bytes_per_sec,
		.operations_per_sec = disk->speed_operations_per_sec,
		.scratch = boot->ground->scratch,
	};

	if (made->no_vm || disk->share != SPEC_DISK_SHARED)
		return 0;
	return guest_storage_new(&plan, &boot->storage, err);
}

static int start_net(struct lab_boot *boot, struct error *err)
{
	const struct spec_machine *made = boot->plan->made;
	struct lab_net_plan plan = { .ports = made->count,
				     .bytes_per_sec = made->net.speed_bytes_per_sec };

	return made->net.on ? lab_net_new(&plan, &boot->net, err) : 0;
}

static int find_image(struct lab_boot *boot, struct error *err)
{
	const char *image = boot->plan->made->image;

	return image != NULL ? lab_image_find(image, &boot->image, err) : 0;
}

static enum accelerator accelerator_of(const struct lab_boot *boot)
{
	enum accelerator accelerator = boot->ground->accelerator;

	if (boot->plan->made->accel != NULL)
		accelerator_parse(boot->plan->made->accel, &accelerator);
	return accelerator;
}

static struct guest_nic nic_of(const struct lab_boot *boot, unsigned vm)
{
	const struct lab_net_port *port;
	struct guest_nic nic = { .tap_fd = -1 };

	if (boot->net == NULL)
		return nic;
	port = lab_net_port(boot->net, vm);
	nic.tap_fd = port->tap_fd;
	memcpy(nic.mac, port->mac, sizeof nic.mac);
	nic.address = port->address;
	nic.vhost = accelerator_of(boot) == ACCELERATOR_KVM && access(VHOST, R_OK | W_OK) == 0;
	return nic;
}

/* VM n's is that with n in the place of '%'. NULL where memory is out, or for no domain. */
static char *domain_of(const struct spec_machine *made, unsigned vm)
{
	const char *mark = made->domain != NULL ? strchr(made->domain, '%') : NULL;
	char *name = NULL;

	if (mark == NULL)
		return made->domain != NULL ? strdup(made->domain) : NULL;
	if (asprintf(&name, "%.*s%u%s", (int)(mark - made->domain), made->domain, vm + 1, mark + 1) < 0)
		return NULL;
	return name;
}

static void fill_plan(const struct lab_boot *boot, const struct lab_member *member,
		      const char *domain, const struct guest_disk *disk,
		      const struct guest_nic *nic, struct guest_plan *ret)
{
	const struct spec_machine *made = boot->plan->made;
	const struct lab_ground *ground = boot->ground;
	bool boots_itself = made->domain != NULL ||
			    (boot->image.disk != NULL && !boot->image.is_root);

	*ret = (struct guest_plan){
		.name = member->name,
		.accelerator = accelerator_of(boot),
		.cpus = boot->plan->vcpus,
		.memory_bytes = made->memory_bytes,
		.kernel = boots_itself ? NULL : ground->kernels[boot->plan->machine],
		.image = boot->image.disk,
		.domain = domain,
		.disks = disk,
		.disk_count = made->disk.share != SPEC_DISK_NONE,
		.nics = nic,
		.nic_count = boot->net != NULL,
		.network_fd = boot->net != NULL ? lab_net_guests_fd(boot->net) : 0,
		.no_merge = made->ksm == SPEC_KSM_OFF,
		.monitor = true,
		.agent = ground->agent,
		.scratch = ground->scratch,
	};
}

/* A guest's name has letters, digits, '-' and '.'. */
static void name_member(struct lab_member *member, const char *experiment, bool peer,
			unsigned number)
{
	char *c;

	snprintf(member->name, sizeof member->name, "%.40s-%s%u", experiment, peer ? "peer" : "vm",
		 number + 1);
	for (c = member->name; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && *c != '.')
			*c = '-';
}

static int start_member(struct lab_boot *boot, struct lab_member *member, struct error *err)
{
	const struct spec_machine *made = boot->plan->made;
	const struct lab_ground *ground = boot->ground;
	bool peer = boot->member_count >= made->count;
	unsigned vm = peer ? boot->member_count - made->count : boot->member_count;
	struct guest_disk disk = disk_of(&made->disk, boot->storage);
	struct guest_nic nic = nic_of(boot, vm);
	CLEANUP_FREE char *domain = peer ? NULL : domain_of(made, vm);
	struct guest_plan plan;
	int r;

	if (!peer && made->domain != NULL && domain == NULL)
		return error_set(err, -ENOMEM, "no memory");
	name_member(member, ground->plan->spec->name, peer, vm);
	if (peer)
		return member_start_process(member, ground->agent, lab_net_peer_fd(boot->net), err);
	if (made->no_vm) {
		r = member_start_process(member, ground->agent, 0, err);
	} else {
		fill_plan(boot, member, domain, &disk, &nic, &plan);
		r = member_start_guest(member, &plan, err);
	}
	if (r == 0 && ground->silence_usec > 0)
		link_set_silence(member->link, ground->silence_usec * NSEC_PER_USEC);
	return r;
}

static int start_members(struct lab_boot *boot, member_heard heard, void *user, struct error *err)
{
	unsigned count = boot->vm_count * (boot->net != NULL ? 2 : 1);
	int r = 0;

	while (r == 0 && boot->member_count < count) {
		struct lab_member *member = &boot->members[boot->member_count];

		child_init(&member->child);
		member->number = boot->member_count;
		member->heard = heard;
		member->user = user;
		r = start_member(boot, member, err);
		if (r == 0)
			boot->member_count++;
		else
			member_end(member);
	}
	return r;
}

/* KSM is the host's: as this machine wants it from before its VMs are there, and as it was again
 * for the next machine. */
static int turn_host(const struct lab_boot *boot, struct error *err)
{
	const struct spec_machine *made = boot->plan->made;
	struct lab_hands *hands = boot->ground->hands;
	int r = hands != NULL ? lab_hands_give_back(hands, err) : 0;

	if (r == 0 && made->ksm != SPEC_KSM_LEAVE)
		r = lab_hands_set_host(hands, "ksm.run", made->ksm == SPEC_KSM_ON, err);
	if (r == 0 && made->ksm_pages > 0)
		r = lab_hands_set_host(hands, "ksm.pages_to_scan", made->ksm_pages, err);
	if (r == 0 && made->ksm_sleep_usec > 0)
		r = lab_hands_set_host(hands, "ksm.sleep_millisecs", made->ksm_sleep_usec / USEC_PER_MSEC,
				       err);
	return r;
}

/* -- the loop ---------------------------------------------------------------------------------------- */

static int first_failure(struct lab_boot *boot, struct error *err)
{
	unsigned i;

	for (i = 0; i < boot->member_count; i++)
		if (boot->members[i].state == MEMBER_FAILED)
			return error_set(err, boot->members[i].code, "%s", boot->members[i].why);
	return 0;
}

static int sample_when_due(struct lab_boot *boot, struct error *err)
{
	uint64_t now = clock_monotonic_nsec();
	unsigned i;

	if (boot->sample_nsec == 0 || now < boot->sample_nsec)
		return 0;
	/* What is late is not made up for: a burst of samples would say nothing more. */
	boot->sample_nsec += LAB_SAMPLE_NSEC;
	if (boot->sample_nsec <= now)
		boot->sample_nsec = now + LAB_SAMPLE_NSEC;
	for (i = 0; i < boot->member_count; i++)
		link_count(boot->members[i].link);
	return lab_sampler_tick(boot->sampler, err);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When something is due, as poll wants it: never early, so that the loop does not spin. */
static int timeout_of(const struct lab_boot *boot, uint64_t until_nsec)
{
	uint64_t now = clock_monotonic_nsec(), at = until_nsec;
	unsigned i;

	for (i = 0; i < boot->member_count; i++)
		at = least(at, member_deadline(&boot->members[i]));
	if (boot->sample_nsec > 0)
		at = least(at, boot->sample_nsec);
	if (at <= now)
		return 0;
	return (int)least((at - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC, 60000);
}

enum { POLL_CANCEL, POLL_STORAGE, POLL_MEMBERS };

static int turn(struct lab_boot *boot, uint64_t until_nsec, struct error *err)
{
	struct pollfd polls[POLL_MEMBERS + LAB_MEMBERS_MOST * MEMBER_POLLS];
	unsigned i;

	polls[POLL_CANCEL] = (struct pollfd){ boot->ground->cancel_fd, POLLIN, 0 };
	polls[POLL_STORAGE] = (struct pollfd){
		boot->storage != NULL ? guest_storage_fd(boot->storage) : -1, POLLIN, 0 };
	for (i = 0; i < boot->member_count; i++)
		member_fill_poll(&boot->members[i], polls + POLL_MEMBERS + i * MEMBER_POLLS);
	if (poll(polls, POLL_MEMBERS + boot->member_count * MEMBER_POLLS,
		 timeout_of(boot, until_nsec)) < 0 && errno != EINTR)
		return error_errno(err, -errno, "poll");
	if (polls[POLL_CANCEL].revents != 0)
		return error_set(err, -ECANCELED, "stopped");
	if (polls[POLL_STORAGE].revents != 0 && guest_storage_turn(boot->storage, err) < 0)
		return err->code < 0 ? err->code : -EIO;
	for (i = 0; i < boot->member_count; i++)
		member_turn(&boot->members[i], polls + POLL_MEMBERS + i * MEMBER_POLLS);
	return first_failure(boot, err);
}

int lab_boot_live(struct lab_boot *boot, bool (*done)(const struct lab_boot *boot),
		  uint64_t until_nsec, struct error *err)
{
	int r = 0;

	while (r == 0) {
		if (done != NULL && done(boot))
			return 1;
		if (clock_monotonic_nsec() >= until_nsec)
			return 0;
		r = turn(boot, until_nsec, err);
		if (r == 0)
			r = sample_when_due(boot, err);
	}
	return r;
}

bool lab_boot_all_in(const struct lab_boot *boot, enum member_state state)
{
	unsigned i;

	for (i = 0; i < boot->member_count; i++)
		if (boot->members[i].state != MEMBER_IDLE && boot->members[i].state != state)
			return false;
	return true;
}

/* -- start and end ------------------------------------------------------------------------------------- */

static bool all_up(const struct lab_boot *boot)
{
	unsigned i;

	for (i = 0; i < boot->member_count; i++)
		if (!boot->members[i].settled)
			return false;
	return true;
}

static int not_up(const struct lab_boot *boot, struct error *err)
{
	const char *last;
	unsigned i;

	for (i = 0; i + 1 < boot->member_count && boot->members[i].settled; i++)
		;
	last = boot->members[i].guest != NULL ? guest_last_words(boot->members[i].guest) : "";
	return error_set(err, -ETIMEDOUT, "%s: its agent does not answer%s%s", boot->members[i].name,
			 *last != '\0' ? "; its console said last: " : "", last);
}

static int wait_until_up(struct lab_boot *boot, struct error *err)
{
	const struct spec_machine *made = boot->plan->made;
	bool built_in = made->image == NULL && made->domain == NULL;
	uint64_t seconds = built_in ? BUILT_IN_SECONDS + 5 * made->count : IMAGE_SECONDS;
	uint64_t began = clock_monotonic_nsec();
	int r = lab_boot_live(boot, all_up, began + seconds * NSEC_PER_SEC, err);

	boot->ready_usec = (clock_monotonic_nsec() - began) / NSEC_PER_USEC;
	return r == 0 ? not_up(boot, err) : r < 0 ? r : 0;
}

/* A domain is run by what its XML says, whatever was planned: a figure would be labelled wrongly. */
static int check_accelerators(const struct lab_boot *boot, struct error *err)
{
	enum accelerator is, wanted = accelerator_of(boot);
	unsigned i;

	for (i = 0; boot->plan->made->domain != NULL && i < boot->vm_count; i++) {
		is = guest_accelerator(boot->members[i].guest);
		if (is != wanted)
			return error_set(err, -ENOTSUP, "%s: the domain is run by %s, not by %s: say "
					 "vms.accel = \"%s\"", boot->members[i].name,
					 accelerator_name(is), accelerator_name(wanted),
					 accelerator_name(is));
	}
	return 0;
}

int lab_boot_start(struct lab_boot *boot, const struct lab_ground *ground,
		   const struct lab_plan_boot *plan, member_heard heard, void *user,
		   struct error *err)
{
	int r;

	memset(boot, 0, sizeof *boot);
	boot->ground = ground;
	boot->plan = plan;
	boot->vm_count = plan->made->count;
	r = turn_host(boot, err);
	if (r == 0)
		r = start_storage(boot, err);
	if (r == 0)
		r = start_net(boot, err);
	if (r == 0)
		r = find_image(boot, err);
	if (r == 0)
		r = start_members(boot, heard, user, err);
	if (r == 0)
		r = wait_until_up(boot, err);
	if (r == 0)
		r = check_accelerators(boot, err);
	if (r == 0)
		r = lab_sampler_new(ground->root, boot->members, boot->vm_count, boot->net, &boot->sampler,
				    err);
	return r;
}

void lab_boot_end(struct lab_boot *boot)
{
	unsigned i;

	lab_sampler_free(boot->sampler);
	for (i = 0; i < boot->member_count; i++)
		member_end(&boot->members[i]);
	guest_storage_free(boot->storage);
	lab_net_free(boot->net);
	lab_image_done(&boot->image);
	boot->net = NULL;
	boot->sampler = NULL;
	boot->storage = NULL;
	boot->member_count = 0;
}
