/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who else turns knobs here: daemons, by the names of their processes, and by systemd's word
 * where it may be asked. */
#include "observe/doctor_check.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "sys/host.h"
#include "sys/libvirt.h"
#include "sys/sdbus.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SYSTEMD_USEC 2000000ull
#define LIBVIRT_SECONDS 3

/* comm: the name of its process as the kernel cuts it, 15 bytes. */
static const struct {
	const char *name, *comm, *unit, *knobs;
} known[] = {
	{ "ksmtuned", "ksmtuned", "ksmtuned.service", "KSM: run, pages_to_scan, sleep_millisecs" },
	{ "MoM", "momd", "mom-vdsm.service", "balloons, KSM, CPU quotas of VMs" },
	{ "VDSM", "vdsmd", "vdsmd.service", "CPU quotas, balloons and I/O limits of oVirt's VMs" },
	{ "tuned", "tuned", "tuned.service", "sysctls, governor, huge pages, disk schedulers, KSM" },
	{ "numad", "numad", "numad.service", "affinity and memory nodes of VMs" },
	{ "systemd-oomd", "systemd-oomd", "systemd-oomd.service", "kills cgroups under memory pressure" },
	{ "earlyoom", "earlyoom", "earlyoom.service", "kills processes when memory is short" },
	{ "kubelet", "kubelet", "kubelet.service", "weights, quotas and limits below kubepods" },
	{ "libvirtd", "libvirtd", "libvirtd.service", "every knob of its domains" },
	{ "virtqemud", "virtqemud", "virtqemud.service", "every knob of its domains" },
	{ "nova-compute", "nova-compute", "nova-compute.service", "weights and affinity at a VM's start" },
	{ "Proxmox VE", "pvestatd", "pvestatd.service", "balloons of its VMs; weights at their start" },
	{ "irqbalance", "irqbalance", "irqbalance.service", "affinity of interrupts" },
};

struct search {
	struct doctor_context *context;
	struct doctor *doctor;
};

static struct doctor_manager *add_manager(struct doctor *doctor, size_t which)
{
	struct doctor_manager *manager = &doctor->managers[doctor->manager_count++];

	manager->name = known[which].name;
	manager->knobs = known[which].knobs;
	return manager;
}

static struct doctor_manager *find_manager(struct doctor *doctor, const char *name)
{
	size_t i;

	for (i = 0; i < doctor->manager_count; i++)
		if (strcmp(doctor->managers[i].name, name) == 0)
			return &doctor->managers[i];
	return NULL;
}

static int look_at_process(const char *name, void *context)
{
	struct search *search = context;
	char path[48], comm[32];

	if (!isdigit((unsigned char)name[0]))
		return 0;
	snprintf(path, sizeof path, "/proc/%.16s/comm", name);
	if (host_text_read(search->context->root, path, comm, sizeof comm) < 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(comm, known[i].comm) == 0 &&
		    find_manager(search->doctor, known[i].name) == NULL)
			add_manager(search->doctor, i)->pid = atoi(name);
	return 0;
}

static void take_unit(struct doctor *doctor, size_t which, const struct sdbus_unit *unit)
{
	struct doctor_manager *manager = find_manager(doctor, known[which].name);

	if (manager == NULL && strcmp(unit->active, "active") == 0)
		manager = add_manager(doctor, which);
	if (manager != NULL && strcmp(unit->load, "not-found") != 0)
		snprintf(manager->unit, sizeof manager->unit, "%s %s", known[which].unit, unit->active);
}

static void ask_systemd(struct doctor *doctor)
{
	struct sdbus_unit units[ARRAY_SIZE(known)];
	const char *names[ARRAY_SIZE(known)];
	struct sdbus *bus;

	if (sdbus_open(NULL, SYSTEMD_USEC, &bus, NULL) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		names[i] = known[i].unit;
	if (sdbus_unit_states(bus, names, ARRAY_SIZE(known), units, NULL) >= 0)
		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			take_unit(doctor, i, &units[i]);
	sdbus_close(bus);
}

int doctor_find_managers(struct doctor_context *context, struct doctor *doctor)
{
	struct search search = { context, doctor };

	doctor->managers = calloc(ARRAY_SIZE(known), sizeof *doctor->managers);
	if (doctor->managers == NULL)
		return -ENOMEM;
	root_list(context->root, "/proc", look_at_process, &search);
	if (context->services)
		ask_systemd(doctor);
	context->managers = doctor->managers;
	context->manager_count = doctor->manager_count;
	return 0;
}

/* -- who is to be asked for knobs */

void check_systemd(const struct doctor_context *context, struct doctor_row *row)
{
	struct error err = { 0 };
	struct sdbus *bus;

	if (!root_exists(context->root, "/run/systemd/system"))
		return doctor_say(row, DOCTOR_OFF, "not running here: knobs are set in the cgroup files");
	if (!context->services)
		return doctor_say(row, DOCTOR_OK, "runs here");
	if (sdbus_open(NULL, SYSTEMD_USEC, &bus, &err) < 0) {
		doctor_say(row, DOCTOR_LIMITED, "runs here, but does not answer: %.150s", err.text);
		return doctor_fix(row, "look at systemctl status dbus");
	}
	sdbus_close(bus);
	doctor_say(row, DOCTOR_OK, "runs here and answers");
}

/* A libvirt that hangs may keep its caller for ever: it is asked on a thread that is left
 * behind then. The question is freed by whoever looks at it last. */
struct libvirt_question {
	pthread_mutex_t lock;
	bool answered, left;
	int answer;
	struct error err;
};

static void *ask_libvirt_here(void *context)
{
	struct libvirt_question *question = context;
	struct libvirt *libvirt = NULL;
	struct error err = { 0 };
	int r = libvirt_open(NULL, &libvirt, &err);
	bool left;

	if (r >= 0)
		libvirt_close(libvirt);
	pthread_mutex_lock(&question->lock);
	question->answered = true;
	question->answer = r;
	question->err = err;
	left = question->left;
	pthread_mutex_unlock(&question->lock);
	if (left)
		free(question);
	return NULL;
}

/* False where the thread has the question now. */
static bool question_is_answered(struct libvirt_question *question)
{
	bool answered;

	pthread_mutex_lock(&question->lock);
	answered = question->answered;
	question->left = !answered;
	pthread_mutex_unlock(&question->lock);
	return answered;
}

/* 0, or why not: -ENOSYS without the plugin, -ETIMEDOUT. */
static int ask_libvirt(struct error *err)
{
	struct libvirt_question *question = calloc(1, sizeof *question);
	struct timespec until;
	pthread_t thread;
	int r;

	if (question == NULL)
		return error_errno(err, -ENOMEM, "libvirt");
	pthread_mutex_init(&question->lock, NULL);
	r = pthread_create(&thread, NULL, ask_libvirt_here, question);
	if (r != 0) {
		free(question);
		return error_errno(err, -r, "libvirt");
	}
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LIBVIRT_SECONDS;
	if (pthread_timedjoin_np(thread, NULL, &until) != 0)
		pthread_detach(thread);
	if (!question_is_answered(question))
		return error_set(err, -ETIMEDOUT, "no answer within %d s", LIBVIRT_SECONDS);
	r = question->answer;
	*err = question->err;
	free(question);
	return r < 0 ? r : 0;
}

void check_libvirt(const struct doctor_context *context, struct doctor_row *row)
{
	struct error err = { 0 };
	int r;

	if (doctor_manager(context, "libvirtd") == NULL &&
	    doctor_manager(context, "virtqemud") == NULL)
		return doctor_say(row, DOCTOR_OFF, "not running here");
	if (!context->services)
		return doctor_say(row, DOCTOR_OK, "runs here");
	r = ask_libvirt(&err);
	if (r == 0)
		return doctor_say(row, DOCTOR_OK, "runs here and answers");
	doctor_say(row, DOCTOR_LIMITED, "runs here, but its balloons cannot be read: %.150s", err.text);
	if (r == -ENOSYS)
		doctor_fix(row, "install Truce's libvirt plugin");
	else
		doctor_fix(row, "look at virsh -c qemu:///system version");
}
