/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program of truce does before anything else: its three standard descriptors are taken
 * from then on, so that no file that it opens becomes one of them, and a limit on the size of
 * files is an error of the write, not a signal that kills.
 */
#ifndef CMD_STREAMS_H
#define CMD_STREAMS_H

void streams_prepare(void);

#endif
