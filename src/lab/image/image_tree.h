/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What makes a tree of packages a guest of the laboratory: the agent as a service, a host name, and
 * nothing that would do something of its own accord while something is measured.
 */
#ifndef LAB_IMAGE_IMAGE_TREE_H
#define LAB_IMAGE_IMAGE_TREE_H

struct error;

/* `agent`: the program. */
int image_tree_finish(const char *tree, const char *agent, struct error *err);

#endif
