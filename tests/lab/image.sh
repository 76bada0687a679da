# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A user's own disk image, made without root or mounts: an ext4 of a shell, the agent, and what a
# claim puts into $tree; sourced after lib.sh. Its /sbin/init runs what own_init was given.

tree=$scratch/tree

own_image_begin() {
	need_program mke2fs e2fsprogs
	need_program busybox busybox
	for directory in bin sbin tmp proc sys dev run var/tmp; do
		mkdir -p "$tree/$directory"
	done
	ln -s busybox "$tree/bin/sh"
	cp "$BUILD_ROOT/src/agent/truce-agent" "$tree/bin/" || fail "no agent"
	own_program "$(command -v busybox)"
	own_init '/bin/truce-agent --may-power-off &'
}

# own_program FILE: it, what it is linked with, and its loader.
own_program() {
	{
		echo "$1"
		ldd "$1" 2>/dev/null | grep -o '/[^ ]*'
	} | while read -r file; do
		mkdir -p "$tree${file%/*}"
		cp -L "$file" "$tree$file"
	done
	[ -e "$tree/bin/${1##*/}" ] || cp "$1" "$tree/bin/"
}

# own_init TEXT: what the first process does; then it waits.
own_init() {
	{
		printf '#!/bin/sh\nexport PATH=/bin:/usr/bin\n%s\n' "$1"
		printf 'while :; do wait; busybox sleep 1; done\n'
	} >"$tree/sbin/init"
	chmod +x "$tree/sbin/init"
}

# own_image_end FILE
own_image_end() {
	truncate -s 256M "$1"
	mke2fs -q -t ext4 -E root_owner=0:0 -d "$tree" "$1" || fail "no image"
}
