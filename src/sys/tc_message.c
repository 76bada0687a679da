/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/tc_message.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <string.h>

static struct nl_msg *begin(int type, int flags, int index, uint32_t parent, unsigned priority)
{
	struct tcmsg head = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = index,
		.tcm_parent = parent,
		.tcm_info = TC_H_MAKE(priority << 16, htons(ETH_P_ALL)),
	};
	struct nl_msg *message = nlmsg_alloc_simple(type, flags);

	if (message != NULL && nlmsg_append(message, &head, sizeof head, NLMSG_ALIGNTO) < 0) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

/* One key that every packet fits: old kernels want at least one. */
static int put_selector(struct nl_msg *message)
{
	struct {
		struct tc_u32_sel selector;
		struct tc_u32_key key;
	} all;

	memset(&all, 0, sizeof all);
	all.selector.flags = TC_U32_TERMINAL;
	all.selector.nkeys = 1;
	return nla_put(message, TCA_U32_SEL, sizeof all, &all);
}

static int put_redirect(struct nl_msg *message, int index)
{
	struct tc_mirred mirred = {
		.action = TC_ACT_STOLEN,
		.eaction = TCA_EGRESS_REDIR,
		.ifindex = (uint32_t)index,
	};
	struct nlattr *actions = nla_nest_start(message, TCA_U32_ACT);
	struct nlattr *first = actions != NULL ? nla_nest_start(message, 1) : NULL;
	struct nlattr *options;

	if (first == NULL || nla_put_string(message, TCA_ACT_KIND, "mirred") < 0)
		return -NLE_NOMEM;
	options = nla_nest_start(message, TCA_ACT_OPTIONS);
	if (options == NULL || nla_put(message, TCA_MIRRED_PARMS, sizeof mirred, &mirred) < 0)
		return -NLE_NOMEM;
	nla_nest_end(message, options);
	nla_nest_end(message, first);
	nla_nest_end(message, actions);
	return 0;
}

static int put_filter(struct nl_msg *message, const struct tc_filter *filter)
{
	struct nlattr *options;
	int r = nla_put_string(message, TCA_KIND, "u32");

	options = r < 0 ? NULL : nla_nest_start(message, TCA_OPTIONS);
	if (options == NULL)
		return -NLE_NOMEM;
	if (filter->class != 0)
		r = nla_put_u32(message, TCA_U32_CLASSID, filter->class);
	if (r == 0 && filter->from != NULL)
		r = nla_put_string(message, TCA_U32_INDEV, filter->from);
	if (r == 0)
		r = put_selector(message);
	if (r == 0 && filter->redirect != 0)
		r = put_redirect(message, filter->redirect);
	if (r == 0)
		nla_nest_end(message, options);
	return r;
}

int tc_message_add_filter(struct nl_sock *socket, const struct tc_filter *filter)
{
	struct nl_msg *message = begin(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, filter->index,
				       filter->parent, filter->priority);
	int r;

	if (message == NULL)
		return -NLE_NOMEM;
	r = put_filter(message, filter);
	if (r < 0) {
		nlmsg_free(message);
		return r;
	}
	return nl_send_sync(socket, message);
}

int tc_message_delete_filter(struct nl_sock *socket, int index, uint32_t parent, unsigned priority)
{
	struct nl_msg *message = begin(RTM_DELTFILTER, 0, index, parent, priority);

	return message != NULL ? nl_send_sync(socket, message) : -NLE_NOMEM;
}
