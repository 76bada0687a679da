/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An experiment as somebody wrote it (doc/format/experiment.md), checked: what differs between
 * its cells is in the cells already, each of which says the whole machine and the whole load.
 * Passive and never changed after spec_new; all texts and lists belong to the spec. The same
 * bytes give the same spec.
 *
 * A cell is one combination of the values in `vary`. Two cells of the same machine (an equal
 * `machine` number) can be measured in the same boot, one run after the other.
 */
#ifndef LAB_SPEC_SPEC_H
#define LAB_SPEC_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct str;

enum { SPEC_VMS_MOST = 64, SPEC_CELLS_MOST = 256, SPEC_FACTORS_MOST = 8, SPEC_MEASURES_MOST = 8 };

enum spec_where { SPEC_HERE, SPEC_BOX };
enum spec_stop { SPEC_STOP_FIXED, SPEC_STOP_SEQUENCE };
/* OWN: a core each; SHARED: all on the same cores; NONE: wherever the host puts them. */
enum spec_pin { SPEC_PIN_NONE, SPEC_PIN_OWN, SPEC_PIN_SHARED, SPEC_PIN_CPUS };
enum spec_ksm { SPEC_KSM_LEAVE, SPEC_KSM_OFF, SPEC_KSM_ON };
enum spec_disk_share { SPEC_DISK_NONE, SPEC_DISK_EACH, SPEC_DISK_SHARED };
enum spec_disk_format { SPEC_DISK_RAW, SPEC_DISK_QCOW2 };

struct spec_disk {
	enum spec_disk_share share;
	enum spec_disk_format format;
	bool direct;                   /* O_DIRECT on the host */
	uint64_t size_bytes;
	uint64_t speed_bytes_per_sec;  /* of the device; 0: as fast as it is */
	uint64_t speed_operations_per_sec;
};

struct spec_net {
	bool on;
	uint64_t speed_bytes_per_sec;  /* of the link that all share; 0: as fast as it is */
};

/* What cannot be changed without another boot. */
struct spec_machine {
	bool no_vm;                    /* processes on the host in the place of VMs */
	unsigned count, vcpus;         /* VMs, and processors of each */
	uint64_t memory_bytes;
	const char *kernel;            /* a file; NULL: the lab chooses */
	const char *image;             /* a disk image with the agent in it; NULL: the built-in guest */
	const char *domain;            /* a libvirt domain with the agent in it; NULL */
	const char *accel;             /* "tcg", "kvm"; NULL: what is usable */
	struct spec_disk disk;
	struct spec_net net;
	enum spec_ksm ksm;
	uint64_t ksm_pages, ksm_sleep_usec; /* a scan's; 0: left as they are */
};

struct spec_hold {                     /* as `truce set VM SETTING=VALUE` */
	bool of_subject, of_others;
	const char *setting, *value;
};

/* What can be changed from one run to the next. */
struct spec_load {
	unsigned loaded;               /* VMs with load, VM1 among them; the others are idle */
	enum spec_pin pin;
	const unsigned *pin_cpus;      /* SPEC_PIN_CPUS: VM n has the n-th, and so on in turn */
	size_t pin_cpu_count;
	const char *policy;            /* a policy's file; NULL: none */
	const char *subject, *others;  /* workloads as one line; others NULL: the subject's */
	const char *peer;              /* parameters of the peer's half of a network's; NULL: none */
	const struct spec_hold *holds;
	size_t hold_count;
};

struct spec_factor {
	const char *path;              /* "vms.memory" */
	const char **values;           /* as they are printed */
	size_t value_count;
	bool asks_boot, asks_run;      /* needs = "boot" or "run" is said */
	bool needs_boot;               /* its values are in different boots, said or not */
};

struct spec_cell {
	const char *label;             /* "loaded=2, vms.pin=own"; unique */
	size_t values[SPEC_FACTORS_MOST]; /* which value of each factor */
	unsigned machine;              /* equal: the same machine */
	struct spec_machine made;
	struct spec_load load;
	bool is_baseline, is_aa;       /* is_aa: the baseline's second copy */
	size_t compared_with;          /* a cell's index; its own where it is a baseline */
};

struct spec {
	const char *name, *asks, *predicts; /* predicts may be NULL */
	enum spec_where where;
	enum spec_stop stop;
	bool duet;                     /* a cell and its baseline at the same time, in VM1 and VM2 */
	unsigned boots, runs;          /* boots of each machine; runs of each cell in each boot */
	uint64_t warmup_usec, duration_usec, interval_usec;
	uint64_t proof_usec;           /* a VM that does nothing for so long was not loaded */
	double precision;              /* SEQUENCE: half of the width at which it stops, of the ratio */
	/* What is compared, the first above all: "rate", "bytes", "latency-p99", "lost",
	 * "result:NAME", "vm:FIGURE", "host:FIGURE". */
	const char *measures[SPEC_MEASURES_MOST];
	size_t measure_count;
	struct spec_factor factors[SPEC_FACTORS_MOST];
	size_t factor_count;
	struct spec_cell *cells;
	size_t cell_count;
	unsigned machine_count;
	size_t line_of_vms, line_of_vary; /* where a sentence about resources points */
	const char *path;
	char *bytes;                   /* the file, as it was read */
	size_t size;
	void *owned;                   /* what the pointers above point to */
};

/* `path` is what sentences say, nothing is opened. -EINVAL: every sentence into problems (may be
 * NULL), a line each, "PATH:LINE:COLUMN: ..."; the first into err. */
int spec_new(const char *bytes, size_t size, const char *path, bool quick, struct spec **ret,
	     struct str *problems, struct error *err);
/* Reads the file first: at most 256 KiB. -ELOOP: that comes to no end (spec_trial.h). */
int spec_read(const char *path, bool quick, struct spec **ret, struct str *problems,
	      struct error *err);
void spec_free(struct spec *spec);

#endif
