/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/boot_net.h"

#include "agent/boot_words.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define INTERFACES "/sys/class/net"

static int control_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

void boot_net_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	CLEANUP_CLOSE int fd = control_socket();

	/* A kernel without a network has no loopback, and no use for one. */
	if (fd >= 0)
		ioctl(fd, SIOCSIFFLAGS, &request);
}

static bool interface_has_mac(const char *name, const char *mac)
{
	char path[sizeof INTERFACES + 300], text[64];
	CLEANUP_CLOSE int fd = -1;
	ssize_t size;

	snprintf(path, sizeof path, INTERFACES "/%.255s/address", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
	text[size > 0 ? size : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return strcasecmp(text, mac) == 0;
}

static int interface_of_mac(const char *mac, char name[IFNAMSIZ])
{
	CLEANUP_CLOSEDIR DIR *dir = opendir(INTERFACES);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && interface_has_mac(entry->d_name, mac)) {
			text_copy(name, IFNAMSIZ, entry->d_name, strlen(entry->d_name));
			return 0;
		}
	return -ENODEV;
}

static void address_put(struct sockaddr *to, uint32_t address)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_addr = { address } };

	memcpy(to, &four, sizeof four);
}

static int interface_set(int fd, const char *name, const struct boot_address *address)
{
	struct ifreq request = { 0 };

	text_copy(request.ifr_name, sizeof request.ifr_name, name, strlen(name));
	address_put(&request.ifr_addr, address->address);
	if (ioctl(fd, SIOCSIFADDR, &request) < 0)
		return -errno;
	address_put(&request.ifr_netmask, address->mask);
	if (ioctl(fd, SIOCSIFNETMASK, &request) < 0)
		return -errno;
	request.ifr_flags = IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

static int gateway_set(int fd, uint32_t gateway)
{
	struct rtentry route = { .rt_flags = RTF_UP | RTF_GATEWAY };

	address_put(&route.rt_dst, 0);
	address_put(&route.rt_genmask, 0);
	address_put(&route.rt_gateway, gateway);
	return ioctl(fd, SIOCADDRT, &route) < 0 && errno != EEXIST ? -errno : 0;
}

int boot_net_address(const struct boot_address *address, struct error *err)
{
	CLEANUP_CLOSE int fd = control_socket();
	char name[IFNAMSIZ];
	int code = 0;

	text_copy(name, sizeof name, address->device, strlen(address->device));
	if (strchr(address->device, ':') != NULL)
		code = interface_of_mac(address->device, name);
	if (code == 0)
		code = fd >= 0 ? interface_set(fd, name, address) : -errno;
	if (code < 0)
		return error_errno(err, code, "network interface %s", address->device);
	code = address->gateway != 0 ? gateway_set(fd, address->gateway) : 0;
	return code < 0 ? error_errno(err, code, "gateway of %s", address->device) : 0;
}
