/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual machine and its threads. Threads are sorted by role, index, tid: vCPUs first. */
#ifndef MODEL_VM_H
#define MODEL_VM_H

#include "model/figures.h"
#include "model/object.h"

#include <sys/types.h>

#define MODEL_ENUM_VM(symbol, ...) VM_##symbol,
#define MODEL_ENUM_THREAD(symbol, ...) THREAD_##symbol,
#define MODEL_TEXT_VM(symbol, ...) VM_TEXT_##symbol,
#define MODEL_TEXT_THREAD(symbol, ...) THREAD_TEXT_##symbol,

enum vm_figure { VM_FIGURES(MODEL_ENUM_VM) VM_FIGURE_COUNT };
enum vm_text { VM_TEXTS(MODEL_TEXT_VM) VM_TEXT_COUNT };
enum thread_figure { THREAD_FIGURES(MODEL_ENUM_THREAD) THREAD_FIGURE_COUNT };
enum thread_text { THREAD_TEXTS(MODEL_TEXT_THREAD) THREAD_TEXT_COUNT };

/* With the host's boot id: never the same for two VMs, whatever the kernel reuses. */
struct vm_identity {
	pid_t pid;
	uint32_t ordinal;      /* of the VM within its process, from 0 */
	uint64_t start_ticks;  /* of the process after boot, in USER_HZ */
};

enum thread_role {
	ROLE_VCPU,
	ROLE_EMULATOR,
	ROLE_IO,
	ROLE_VHOST,
	ROLE_COUNT,
};

struct thread {
	enum thread_role role;
	int index; /* the vCPU's number; -1 where there is none */
	pid_t tid; /* 0: the vCPU exists, its thread is not known (yet) */
	int64_t value[THREAD_FIGURE_COUNT];
	uint8_t state[THREAD_FIGURE_COUNT];
	char *text[THREAD_TEXT_COUNT];
};

struct vm {
	struct vm_identity identity;
	uint64_t born_usec;                 /* realtime; by the process's start where not watched */
	uint64_t sampled_usec[GROUP_COUNT]; /* monotonic; 0: never */
	struct thread *threads;
	size_t thread_count;
	size_t thread_capacity;
	size_t vcpu_count;                  /* the first of threads */
	int64_t value[VM_FIGURE_COUNT];
	uint8_t state[VM_FIGURE_COUNT];
	char *text[VM_TEXT_COUNT];
	/* Whether somebody can be asked for VM_TEXT_STATE, and when that was last done (monotonic; 0:
	 * never), with an answer or without. Not where the snapshot is a recording's. */
	bool tells_state;
	uint64_t state_usec;
};

#define VM_ID_SIZE 48

int vm_identity_compare(const struct vm_identity *a, const struct vm_identity *b);
/* "PID-STARTTICKS-ORDINAL": the VM's id in everything that is printed. */
void vm_identity_format(const struct vm_identity *identity, char ret[static VM_ID_SIZE]);
/* All figures not asked, no threads, no texts. */
struct vm *vm_new(const struct vm_identity *identity);
void vm_free(struct vm *vm);
/* A deep copy that reuses what `to` has. -ENOMEM. */
int vm_copy(struct vm *to, const struct vm *from);

/* The VM's thread with that tid, else its vCPU with that index and no tid yet; NULL if none. */
struct thread *vm_find_thread(const struct vm *vm, enum thread_role role, int index, pid_t tid);
/* Finds as above (and fills in the tid), else inserts; NULL when memory is out. A pointer to a
 * thread holds until the next insertion or removal. */
struct thread *vm_thread(struct vm *vm, enum thread_role role, int index, pid_t tid);
void vm_remove_thread(struct vm *vm, size_t at);
/* So many threads: texts of dropped ones freed, new ones all zeros for the caller to fill in. */
bool vm_resize_threads(struct vm *vm, size_t count);

/* Whether vcpu_count says how many there are: not where a VMM that emulates has threads without
 * names, as QEMU without debug-threads=on. */
bool vm_vcpus_are_known(const struct vm *vm);

struct object_view vm_view(const struct vm *vm);
struct object_view thread_view(const struct thread *thread);
const char *thread_role_name(enum thread_role role);

#endif
