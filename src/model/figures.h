/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every figure that Truce knows, once. From these lists come the arrays in the snapshot's
 * structs, their bytes, JSON, CSV, OpenMetrics, and the tables of doc/format. A new figure is
 * a line here and the line that samples it. Lines are added at the end of a list, never renamed.
 *
 * F(symbol, name, unit, kind, group, help). Counters only grow while the object lives. A knob
 * is a setting: its change by somebody is an event. T(symbol, name, help) is a text.
 */
#ifndef MODEL_FIGURES_H
#define MODEL_FIGURES_H

#include "model/host_figures.h"
#include "model/vm_figures.h"

#endif
