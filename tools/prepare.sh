# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What ./run and ./test have in common: see that the packages are there, find a place to
# build in, and build. They source it. Everything said here goes to standard error, so that
# `./run list --json | jq` reads JSON and nothing else.

set -uo pipefail
source_root=$(readlink -f "${BASH_SOURCE[0]%/*}/..")

say() { printf 'truce: %s\n' "$*" >&2; }

give_up() {
	say "$*"
	exit 1
}

is_root() { [ "$(id -u)" -eq 0 ]; }

on_apt() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }

# show_progress LOG: keeps what ninja or apt-get says in LOG; on a terminal, one line shows
# what they are at.
show_progress() {
	local line terminal=
	[ -t 2 ] && terminal=yes
	while IFS= read -r line; do
		printf '%s\n' "$line"
		if [ -n "$terminal" ] && [[ $line =~ ^(\[|Get:|Unpacking|Setting up) ]]; then
			printf '\rtruce: %s\033[K' "${line:0:70}" >&2
		fi
	done >>"$1"
	[ -z "$terminal" ] || printf '\r\033[K' >&2
}

# Lines of packages/LIST..., without comments.
package_lines() {
	local list
	for list in "$@"; do
		grep -v -e '^#' -e '^[[:space:]]*$' "$source_root/packages/$list"
	done
}

# The lines of packages/LIST... of which dpkg has no alternative installed. One dpkg-query
# answers for all of them: it takes 10 ms, and as much for each one asked separately.
package_lines_missing() {
	local lines installed names
	lines=$(package_lines "$@")
	names=$(awk '{ gsub(/\|/, "\n", $1); print $1 }' <<<"$lines")
	# shellcheck disable=SC2086,SC2016
	installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $names 2>/dev/null || :)
	awk '
		NR == FNR { if ($2 == "installed") have[$1] = 1; next }
		{
			count = split($1, choice, "|")
			for (i = 1; i <= count; i++)
				if (choice[i] in have)
					next
			print
		}' <(printf '%s\n' "$installed") <(printf '%s\n' "$lines")
}

# Whether this machine has what the second column of a line asks for, by whatever means.
evidence_found() {
	local evidence=${1#\?}
	local name=${evidence#*:}
	case $evidence in
	program:*) command -v "$name" >/dev/null || [ -x "/usr/sbin/$name" ] ||
		[ -x "/usr/libexec/$name" ] || [ -x "/usr/lib/qemu/$name" ] ;;
	pkgconfig:*)
		# Distributions call the same library by different names: any of them will do.
		for name in ${name//,/ }; do
			pkg-config --exists "$name" 2>/dev/null && return
		done
		return 1
		;;
	header:*) printf '#include <%s>\n' "$name" | cc -E - >/dev/null 2>&1 ;;
	esac
}

# Of the lines read, those whose evidence is not found.
lines_without_evidence() {
	local package evidence reason
	while read -r package evidence reason; do
		evidence_found "$evidence" || printf '%s %s %s\n' "$package" "$evidence" "$reason"
	done
}

# "meson (describes the build), gcc (compiles)": the first alternative of each line.
lines_as_sentence() {
	awk '{
		package = $1
		sub(/\|.*/, "", package)
		$1 = $2 = ""
		sub(/^ +/, "")
		printf "%s%s (%s)", separator, package, $0
		separator = ", "
	}'
}

lines_as_names() { awk '{ sub(/\|.*/, "", $1); print $1 }' | tr '\n' ' ' | sed 's/ $//'; }

# The first alternative of each line that apt knows; the first one if it knows none.
lines_as_apt_names() {
	local package evidence reason choice found
	while read -r package evidence reason; do
		found=
		for choice in ${package//|/ }; do
			if apt-cache show --no-all-versions "$choice" >/dev/null 2>&1; then
				found=$choice
				break
			fi
		done
		printf '%s\n' "${found:-${package%%|*}}"
	done
}

# Debian starts and enables the services of what it installs. Truce wants prometheus for
# its promtool, and must not leave a server running, now or after the next boot.
policy_file=/usr/sbin/policy-rc.d
services_hold() {
	policy_written=
	[ -e "$policy_file" ] && return
	printf '#!/bin/sh\nexit 101\n' >"$policy_file" && chmod 755 "$policy_file"
	policy_written=yes
	trap 'services_release' EXIT
}

services_release() {
	[ -z "$policy_written" ] || rm -f "$policy_file"
	policy_written=
	trap - EXIT
}

# Only where systemd runs; elsewhere nothing is started at the next boot.
services_disable() {
	local unit place='\(/usr\)\?/lib/systemd/system' kinds='service\|socket\|timer'
	[ -d /run/systemd/system ] || return 0
	dpkg -L "$@" 2>/dev/null | sed -n "s,^$place/\(.*[^@]\.\($kinds\)\)\$,\2,p" |
		while read -r unit; do
			systemctl disable --quiet "$unit" 2>/dev/null || :
		done
}

# apt_get VERB ARGUMENT...: asks nothing, and waits for whoever else is installing.
apt_get() {
	DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Use-Pty=0 "$@" </dev/null 2>&1 | show_progress "$apt_log"
}

# --no-remove: never at the cost of something that is there already.
apt_install() { apt_get install --no-install-recommends --no-remove "$@"; }

# As apt_install, and once more with fresh package lists when that fails.
apt_install_patiently() {
	apt_install "$@" && return
	[ -n "$apt_updated" ] && return 1
	apt_updated=yes
	say "reading the package lists (apt-get update)"
	apt_get update && apt_install "$@"
}

packages_install() {
	local lines=$1 names name
	apt_log=$(mktemp) apt_updated=
	names=$(lines_as_apt_names <<<"$lines")
	services_hold
	# shellcheck disable=SC2086
	if ! apt_install_patiently $names; then
		# One that this release does not have must not cost all the others.
		names=$(lines_as_apt_names <<<"$lines")
		for name in $names; do
			apt_install_patiently "$name" || say "apt-get could not install $name:" \
				"$(grep '^E:' "$apt_log" | tail -n 1)"
		done
	fi
	services_release
	# shellcheck disable=SC2086
	services_disable $names
	rm -f "$apt_log"
}

# packages_need PURPOSE LIST...: what PURPOSE needs is there afterwards, or has been named.
# Fails when something is missing that is not optional.
packages_need() {
	local purpose=$1 lines=
	shift
	if on_apt; then
		lines=$(package_lines_missing "$@")
		[ -z "$lines" ] && return
		if is_root; then
			say "installing what $purpose needs: $(lines_as_sentence <<<"$lines")"
			packages_install "$lines"
			lines=$(package_lines_missing "$@")
		else
			say "$purpose needs packages that only root can install:" \
				"apt-get install --no-install-recommends $(lines_as_names <<<"$lines")"
		fi
	else
		lines=$(package_lines "$@")
	fi
	lines=$(lines_without_evidence <<<"$lines")
	[ -z "$lines" ] && return
	on_apt || say "this machine has no apt-get; $purpose needs, by their Debian names:" \
		"$(lines_as_sentence <<<"$lines")"
	! grep -qE '^[^ ]+ [^?]' <<<"$lines"
}

# Where this user keeps the build of a checkout that cannot be written to: one directory a
# checkout, and when there is no home either, one in /tmp that nobody else has a hand in.
private_directory() {
	local base=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/truce
	if ! mkdir -p "$base" 2>/dev/null || [ ! -w "$base" ]; then
		base=${TMPDIR:-/tmp}/truce-$(id -u)
		mkdir -m 700 "$base" 2>/dev/null || :
		if [ ! -O "$base" ] || [ -L "$base" ]; then
			give_up "neither this checkout, nor a home directory, nor $base is this user's to build in"
		fi
	fi
	printf '%s/%s' "$base" "$(printf '%s' "$source_root" | cksum | cut -d ' ' -f 1)"
}

# build_directory NAME: the absolute path of the build directory called NAME.
build_directory() {
	local place=$source_root/$1
	if [ -d "$place" ] && [ -w "$place" ] || [ ! -e "$place" ] && [ -w "$source_root" ]; then
		printf '%s' "$place"
	else
		printf '%s/%s' "$(private_directory)" "$1"
	fi
}

# build_is_fresh DIR: nothing that goes into a build has changed since the last one. Reading
# the times of the sources takes 5 ms; asking ninja takes 50. The time of change is compared
# (not of modification), which a copied file or a checkout cannot carry over from elsewhere. git
# writes to logs/HEAD with each commit: what is built says of which one it is.
build_is_fresh() {
	[ -e "$1/.built" ] || return 1
	local inputs=() entry
	for entry in src include uapi tests/vmm tests/meson.build meson.build meson_options.txt tools/commit \
		.git/logs/HEAD; do
		[ -e "$source_root/$entry" ] && inputs+=("$source_root/$entry")
	done
	[ -z "$(find "${inputs[@]}" -cnewer "$1/.built" -print -quit 2>/dev/null || echo unknown)" ]
}

# Only one builds in a directory at a time; who comes second waits, and then finds it built.
build_lock() {
	mkdir -p "$1" || give_up "cannot make the build directory $1"
	exec 9>"$1/.lock"
	flock -n 9 && return
	say "waiting for another build in $1"
	flock 9
}

build_unlock() { exec 9>&-; }

# The value of the build's option `tests`: the unit tests are built where their library is.
unit_tests_possible() { pkg-config --exists cmocka && echo true || echo false; }

# build_configure DIR [OPTION...]: once; again when the options are others than last time;
# and from the beginning when the checkout was moved, or meson left the directory half-made.
build_configure() {
	local build=$1 wanted now step
	shift
	wanted=$(printf '%s\n' "$source_root" "$@")
	now=$(cat "$build/.configured" 2>/dev/null || :)
	step=(meson setup "$build" "$source_root")
	if [ -e "$build/build.ninja" ] && [ "${now%%$'\n'*}" = "$source_root" ]; then
		[ "$now" = "$wanted" ] && return
		step=(meson configure "$build")
	else
		rm -rf "$build/meson-private" "$build/meson-info" "$build/build.ninja" "$build/.built"
	fi
	if ! "${step[@]}" "$@" >"$build/setup.log" 2>&1 </dev/null; then
		tail -n 40 "$build/setup.log" >&2
		rm -f "$build/.configured"
		say "meson could not configure $build (the whole log: $build/setup.log)"
		return 1
	fi
	printf '%s\n' "$wanted" >"$build/.configured"
}

# build_compile DIR [TARGET...]: quiet unless it fails, and then it shows where it began to.
build_compile() {
	local build=$1
	shift
	[ -e "$build/.built" ] || say "building in $build (the first time takes about a minute)"
	: >"$build/.built.next"
	: >"$build/build.log"
	if ! ninja -C "$build" "$@" </dev/null 2>&1 | show_progress "$build/build.log"; then
		grep -vE '^\[[0-9]+/[0-9]+\]|^ninja: Entering' "$build/build.log" | head -n 60 >&2
		say "the build failed (the whole log: $build/build.log)"
		return 1
	fi
	mv "$build/.built.next" "$build/.built"
}
