#!/usr/bin/env bash
# Builds the guest's initramfs from assets/guest and a static busybox: initramfs.sh OUTPUT [KERNEL]
# The same sources, compiler and busybox give the same bytes, whoever builds, wherever and whenever. KERNEL is a Debian
# package with a kernel: with it the initramfs is one for machines that have a disk or a network card, and gets their
# drivers from it.
#
# initramfs.sh --init OUTPUT compiles only the guest's init. An installed program has it as assets/guest/prebuilt/init, and
# then needs no compiler here.
set -euo pipefail
umask 022
export LC_ALL=C TZ=UTC
installer=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=installer/common.sh
source "$installer/common.sh"

sources=$checkout/assets/guest
prebuilt=$sources/prebuilt/init

# This machine's own, or the one that guest.sh fetched.
find_static_busybox() {
  type -P ldd >/dev/null || return
  for busybox in /bin/busybox /usr/bin/busybox /bin/busybox.static /usr/bin/busybox-static /sbin/busybox \
    /usr/lib/initramfs-tools/bin/busybox "$cache/guest/busybox"; do
    # ldd succeeds only for what needs shared libraries, of which the guest has none
    [[ -f $busybox && -x $busybox ]] && ! ldd "$busybox" >/dev/null 2>&1 && return 0
  done
  return 1
}

need_compiler() {
  [[ -n $(type -P gcc) && $(gcc -print-file-name=libc.a) == /* ]] ||
    fail 'no C compiler with a static C library here: sudo apt-get install gcc libc6-dev'
}

compile_init() {
  need_compiler
  gcc -std=gnu17 -O2 -Wall -Wextra -Werror -static -s -Wl,--build-id=none -o "$1" "$sources"/*.c
}

# What init is made of: a compiler and its C library, or nothing but the finished program.
init_inputs() {
  if [[ -r $prebuilt ]]; then
    cat "$prebuilt"
  else
    cat "$sources"/*.{c,h}
    gcc -dumpfullversion -dumpmachine
    sha256sum "$(gcc -print-file-name=libc.a)" | cut -d ' ' -f 1
  fi
}

case ${1:-} in
  --init)
    compile_init "${2:?"usage: initramfs.sh --init OUTPUT"}"
    exit
    ;;
  --busybox) # tells which one is used
    find_static_busybox && printf '%s\n' "$busybox"
    exit
    ;;
esac
find_static_busybox || fail 'no static busybox found: installer/guest.sh fetches one, or install the package busybox-static'
[[ -r $prebuilt ]] || need_compiler
if [[ ${1:-} == --inputs ]]; then
  set -- "$1" "${2:-}"
  # What the result depends on, as one hash: who keeps the result can tell whether it is still right.
  { init_inputs && cat "$sources"/*.sh "${BASH_SOURCE[0]}" "$busybox" && printf '%s\n' "${2##*/}"; } |
    sha256sum | cut -d ' ' -f 1
  exit
fi
output=${1:?"usage: initramfs.sh OUTPUT [KERNEL]"}
kernel=${2:-}

work=$(mktemp -d "$output.XXXXXX.part")
trap 'rm -rf "$work"' EXIT
trap 'exit 143' INT TERM HUP
root=$work/root
mkdir -p "$root"/{bin,dev,proc,sys,tmp}
if [[ -r $prebuilt ]]; then
  cp "$prebuilt" "$root/init"
else
  compile_init "$root/init"
fi
cp "$busybox" "$root/bin/busybox"
chmod 755 "$root/init" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
ln -s ../init "$root/bin/workload"

# --- drivers -----------------------------------------------------------------------------------------------------------

# Each with what it needs before it. What the package does not have as a module, the kernel has built in. init loads
# them in this order until its disk, or its network card, is there, so the most likely disk comes first.
drivers=(crc32c_generic ext4 virtio_pci virtio_blk sd_mod virtio_scsi ata_piix ahci virtio_net)
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
  cp "$sources/build.sh" "$root/bin/build"
  cp "$sources/fetch.sh" "$root/bin/fetch"
  for command in reboot poweroff halt; do
    ln -s busybox "$root/bin/$command"
  done
fi

# --- archive -----------------------------------------------------------------------------------------------------------

# In cpio's format "newc" (Linux, Documentation/driver-api/early-userspace/buffer-format.rst). Not by cpio, which is not
# everywhere, and stores the machine's own times, owners, inode and device numbers.
entries=0

zeros() {
  local count
  for ((count = $1; count > 0; count--)); do
    printf '\0'
  done
}

# One entry: MODE NAME SIZE, and its content on standard input
entry() {
  local number=$((++entries)) name_size=$((${#2} + 1))
  printf '070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X' "$number" "$1" 0 0 1 0 "$3" 0 0 0 0 "$name_size" 0
  printf '%s\0' "$2"
  zeros $(((4 - (110 + name_size) % 4) % 4))
  cat
  zeros $(((4 - $3 % 4) % 4))
}

# shellcheck disable=SC2094 # size and content of a file are read, nothing is written
archive() {
  local name file target
  while IFS= read -r name; do
    file=$root/$name
    if [[ -L $file ]]; then
      target=$(readlink "$file")
      printf '%s' "$target" | entry 0120777 "$name" "${#target}"
    elif [[ -d $file ]]; then
      entry 040755 "$name" 0 </dev/null
    elif [[ -x $file ]]; then
      entry 0100755 "$name" "$(stat -c %s "$file")" <"$file"
    else
      entry 0100644 "$name" "$(stat -c %s "$file")" <"$file"
    fi
  done < <(cd "$root" && find . -mindepth 1 -printf '%P\n' | sort)
  entry 0 'TRAILER!!!' 0 </dev/null
}

archive | gzip -n -9 >"$work/image"
chmod 644 "$work/image"
mv -f "$work/image" "$output"
