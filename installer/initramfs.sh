#!/usr/bin/env bash
# Builds the guest's initramfs from assets/guest and the static busybox of this machine: initramfs.sh OUTPUT
# The same sources, compiler and busybox give the same bytes, whoever builds, wherever and whenever.
set -euo pipefail
umask 022
export LC_ALL=C TZ=UTC
installer=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=installer/common.sh
source "$installer/common.sh"

find_static_busybox() {
  for busybox in /bin/busybox /usr/bin/busybox /bin/busybox.static /usr/lib/initramfs-tools/bin/busybox; do
    # ldd succeeds only for what needs shared libraries, of which the guest has none
    [[ -x $busybox ]] && ! ldd "$busybox" >/dev/null 2>&1 && return 0
  done
  return 1
}

find_static_busybox || fail 'no static busybox found: install the package busybox-static'
if [[ ${1:-} == --inputs ]]; then
  # What the result depends on, as one hash: who keeps the result can tell whether it is still right.
  { cat "$checkout"/assets/guest/*.[ch] "${BASH_SOURCE[0]}" "$busybox" && gcc -dumpfullversion -dumpmachine &&
    sha256sum "$(gcc -print-file-name=libc.a)" | cut -d ' ' -f 1; } | sha256sum | cut -d ' ' -f 1
  exit
fi
output=${1:?"usage: initramfs.sh OUTPUT"}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{bin,dev,proc,sys,tmp}
gcc -std=gnu17 -O2 -Wall -Wextra -Werror -static -s -Wl,--build-id=none -o "$root/init" "$checkout"/assets/guest/*.c
cp "$busybox" "$root/bin/busybox"
chmod 755 "$root/init" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
ln -s ../init "$root/bin/workload"

# Order, times, owners, inode and device numbers are the machine's own unless they are set; gzip would store a time.
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . | sort | cpio --quiet -o -H newc --reproducible -R 0:0) | gzip -n -9 >"$work/image"
part=$(mktemp "$output.XXXXXX")
cp "$work/image" "$part"
chmod 644 "$part"
mv -f "$part" "$output"
