#!/usr/bin/env bash
# Builds the guest's initramfs from assets/guest and the static busybox of this machine: initramfs.sh OUTPUT [KERNEL]
# The same sources, compiler and busybox give the same bytes, whoever builds, wherever and whenever. KERNEL is a Debian
# package with a kernel: with it the initramfs is one for machines that have a disk, and gets the disks' drivers from it.
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
  set -- "$1" "${2:-}"
  # What the result depends on, as one hash: who keeps the result can tell whether it is still right.
  { cat "$checkout"/assets/guest/*.{c,h,sh} "${BASH_SOURCE[0]}" "$busybox" && printf '%s\n' "${2##*/}" && gcc -dumpfullversion -dumpmachine &&
    sha256sum "$(gcc -print-file-name=libc.a)" | cut -d ' ' -f 1; } | sha256sum | cut -d ' ' -f 1
  exit
fi
output=${1:?"usage: initramfs.sh OUTPUT [KERNEL]"}
kernel=${2:-}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{bin,dev,proc,sys,tmp}
gcc -std=gnu17 -O2 -Wall -Wextra -Werror -static -s -Wl,--build-id=none -o "$root/init" "$checkout"/assets/guest/*.c
cp "$busybox" "$root/bin/busybox"
chmod 755 "$root/init" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
ln -s ../init "$root/bin/workload"

# --- drivers -----------------------------------------------------------------------------------------------------------

# Each with what it needs before it. What the package does not have as a module, the kernel has built in. init loads
# them in this order until its disk is there, so the most likely disk comes first.
drivers=(crc32c_generic ext4 virtio_pci virtio_blk sd_mod virtio_scsi ata_piix ahci)
declare -A module_files=() packed=()

unpack_modules() {
  local file name
  dpkg-deb --fsys-tarfile "$kernel" | tar -x -C "$work" --wildcards '*/kernel/*.ko*' 2>/dev/null || true # may have none
  while IFS= read -r file; do
    name=${file##*/}
    name=${name%%.ko*}
    module_files[${name//-/_}]=$file
  done < <(find "$work" -name '*.ko*' | sort)
}

pack_module() {
  local name=${1//-/_} file needed number
  file=${module_files[$name]:-}
  [[ -n $file && -z ${packed[$name]:-} ]] || return 0
  packed[$name]=1
  case $file in
    *.ko) ;;
    *.xz) "$busybox" unxz "$file" && file=${file%.xz} ;;
    *) fail "$file in $kernel is packed in an unknown way" ;;
  esac
  for needed in $(tr '\0' '\n' <"$file" | sed -n 's/^depends=//p' | tr ',' ' '); do
    pack_module "$needed"
  done
  printf -v number %02d ${#order[@]}
  order+=("$name")
  cp "$file" "$root/modules/$number-$name.ko"
}

if [[ -n $kernel ]]; then
  order=()
  mkdir "$root/modules"
  unpack_modules
  for driver in "${drivers[@]}"; do
    pack_module "$driver"
  done
  cp "$checkout/assets/guest/build.sh" "$root/bin/build"
  for command in reboot poweroff halt; do
    ln -s busybox "$root/bin/$command"
  done
fi

# -----------------------------------------------------------------------------------------------------------------------

# Order, times, owners, inode and device numbers are the machine's own unless they are set; gzip would store a time.
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . | sort | cpio --quiet -o -H newc --reproducible -R 0:0) | gzip -n -9 >"$work/image"
part=$(mktemp "$output.XXXXXX")
cp "$work/image" "$part"
chmod 644 "$part"
mv -f "$part" "$output"
