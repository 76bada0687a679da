/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's own part of a snapshot: host, logical CPUs, disks, network interfaces.
 * Passive structs; snapshot.h owns, finds and copies them. */
#ifndef MODEL_HOST_H
#define MODEL_HOST_H

#include "model/figures.h"
#include "model/object.h"

#define MODEL_ENUM_HOST(symbol, ...) HOST_##symbol,
#define MODEL_ENUM_CPU(symbol, ...) CPU_##symbol,
#define MODEL_ENUM_DISK(symbol, ...) DISK_##symbol,
#define MODEL_ENUM_NIC(symbol, ...) NIC_##symbol,
#define MODEL_TEXT_HOST(symbol, ...) HOST_TEXT_##symbol,
#define MODEL_TEXT_CPU(symbol, ...) CPU_TEXT_##symbol,
#define MODEL_TEXT_DISK(symbol, ...) DISK_TEXT_##symbol,

enum host_figure { HOST_FIGURES(MODEL_ENUM_HOST) HOST_FIGURE_COUNT };
enum host_text { HOST_TEXTS(MODEL_TEXT_HOST) HOST_TEXT_COUNT };
enum cpu_figure { CPU_FIGURES(MODEL_ENUM_CPU) CPU_FIGURE_COUNT };
enum cpu_text { CPU_TEXTS(MODEL_TEXT_CPU) CPU_TEXT_COUNT };
enum disk_figure { DISK_FIGURES(MODEL_ENUM_DISK) DISK_FIGURE_COUNT };
enum disk_text { DISK_TEXTS(MODEL_TEXT_DISK) DISK_TEXT_COUNT };
enum nic_figure { NIC_FIGURES(MODEL_ENUM_NIC) NIC_FIGURE_COUNT };

struct cpu {
	int number;
	int64_t value[CPU_FIGURE_COUNT];
	uint8_t state[CPU_FIGURE_COUNT];
	char *text[CPU_TEXT_COUNT];
};

struct disk {
	char name[32];
	int64_t value[DISK_FIGURE_COUNT];
	uint8_t state[DISK_FIGURE_COUNT];
	char *text[DISK_TEXT_COUNT];
};

struct nic {
	char name[32];
	int64_t value[NIC_FIGURE_COUNT];
	uint8_t state[NIC_FIGURE_COUNT];
	char *text[1]; /* none */
};

struct host {
	uint64_t sampled_usec[GROUP_COUNT];
	int64_t value[HOST_FIGURE_COUNT];
	uint8_t state[HOST_FIGURE_COUNT];
	char *text[HOST_TEXT_COUNT];
};

struct object_view host_view(const struct host *host);
struct object_view cpu_view(const struct cpu *cpu);
struct object_view disk_view(const struct disk *disk);
struct object_view nic_view(const struct nic *nic);

#endif
