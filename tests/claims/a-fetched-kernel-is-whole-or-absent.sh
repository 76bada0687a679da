#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The cache of kernels, with an apt that is a few scripts: no network, no root.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

release=6.12.34+deb12-cloud-amd64
TRUCE_CACHE=$scratch/cache
kernels=$TRUCE_CACHE/kernels
export TRUCE_CACHE scratch

# tool NAME: a program of that name, its text from stdin, found before the real one.
mkdir "$scratch/bin"
PATH=$scratch/bin:$PATH
tool() {
	{ echo '#!/bin/sh'; cat; } >"$scratch/bin/$1"
	chmod +x "$scratch/bin/$1"
}

tool apt-cache <<'END'
echo "linux-image-6.1.0-9-cloud-amd64-unsigned - Linux 6.1 for x86-64 cloud"
echo "linux-image-6.12.34+deb12-cloud-amd64-unsigned - Linux 6.12 for x86-64 cloud"
echo "linux-image-6.12.9+deb12-cloud-amd64-unsigned - Linux 6.12 for x86-64 cloud"
END

honest_apt_get() {
	tool apt-get <<'END'
echo "$*" >>"$scratch/downloads"
for package; do :; done
echo "$package" >"$package.deb"
END
}

# dpkg_deb CONFIG-LINE: unpacks a kernel whose configuration ends in this line.
dpkg_deb() {
	tool dpkg-deb <<END
name=\$(sed 's/^linux-image-//; s/-unsigned\$//' "\$2")
mkdir -p "\$3/boot" "\$3/lib/modules/\$name/kernel"
for option in VIRTIO_PCI VIRTIO_FS VIRTIO_CONSOLE DEVTMPFS CGROUPS; do
	echo "CONFIG_\$option=y"
done >"\$3/boot/config-\$name"
echo "$1" >>"\$3/boot/config-\$name"
echo kernel >"\$3/boot/vmlinuz-\$name"
END
}

tool depmod <<'END'
: >"$2/lib/modules/$3/modules.dep"
END

fetch() { expect_exit "$1" "$TRUCE" lab box --fetch; }
entries() { find "$kernels" -mindepth 1 -maxdepth 1 ! -name .lock -printf "%f\n" 2>/dev/null; }

# The newest 6.12 comes, whole, and once.
honest_apt_get
dpkg_deb CONFIG_SERIAL_8250_CONSOLE=y
fetch 0
expect_equal "the answer" "$kernels/$release" "$(cat "$scratch/out")"
expect_match "what is said" "linux-image-6.12.34[+]deb12-cloud-amd64-unsigned" "$(cat "$scratch/err")"
expect_equal "the cache" "$release" "$(entries)"
[ -f "$kernels/$release/lib/modules/$release/modules.dep" ] || fail "modules have no index"
fetch 0
expect_equal "what is said of a cached kernel" "" "$(cat "$scratch/err")"
expect_equal "downloads" 1 "$(wc -l <"$scratch/downloads")"

# A kernel that could not boot a box is named with what it lacks, and is not kept.
rm -r "$kernels"
dpkg_deb CONFIG_SERIAL_8250_CONSOLE=m
fetch 125
expect_match "the sentence" "no CONFIG_SERIAL_8250_CONSOLE built in" "$(cat "$scratch/err")"
expect_equal "the cache" "" "$(entries)"
dpkg_deb CONFIG_SERIAL_8250_CONSOLE=y

# A download that fails says why.
tool apt-get <<'END'
echo "E: Failed to fetch it" >&2
exit 100
END
fetch 125
expect_match "the sentence" "apt-get download failed: E: Failed to fetch it" "$(cat "$scratch/err")"
expect_equal "the cache" "" "$(entries)"

# Interrupted, it leaves nothing; killed, it leaves nothing that the next fetch keeps.
tool apt-get <<'END'
echo half >half.deb
: >"$scratch/downloading"
exec sleep 1000
END
downloading() { [ -e "$scratch/downloading" ]; }
for signal in TERM KILL; do
	rm -f "$scratch/downloading"
	background "$TRUCE" lab box --fetch 2>/dev/null
	poll_until 20 downloading || fail "no download has begun"
	kill -$signal "$pid"
	wait "$pid" 2>/dev/null
	[ $signal = TERM ] && expect_equal "the cache after SIG$signal" "" "$(entries)"
	expect_match "the cache after SIG$signal" "^(|[.]make-.*)$" "$(entries)"
done
honest_apt_get
fetch 0
expect_equal "the cache" "$release" "$(entries)"

# Two at once: one downloads, the other waits and finds it.
rm -r "$kernels" "$scratch/downloads"
background "$TRUCE" lab box --fetch >"$scratch/first" 2>&1
first=$pid
fetch 0
wait "$first" || fail "the first of two fetches: $(cat "$scratch/first")"
expect_equal "downloads" 1 "$(wc -l <"$scratch/downloads")"
expect_equal "the cache" "$release" "$(entries)"

# Without a package, the sentence says what to do.
tool apt-cache </dev/null
rm -r "$kernels"
fetch 125
expect_match "the sentence" "run apt-get update, or give --kernel" "$(cat "$scratch/err")"
