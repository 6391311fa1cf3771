#!/usr/bin/env bash
# Prepares the guests of the program's own profiles: guest.sh [--plan | --progress] [debian]
# Without "debian" tiny-linux's kernel and initramfs; with it also the disk of debian-build. Works from a checkout and from
# an installed program, without root: Debian packages are fetched and unpacked, never installed. What is there already is
# left alone. Each file is either whole or not there, however this ends.
#
# --plan      changes nothing and uses no network. Prints a line for each thing to be done, and none if all is there:
#               fetch <tab> what <tab> bytes, with ~ in front where they are a guess <tab> from where <tab> what for
#               make <tab> file
# --progress  prints what it does, for a program:
#               step <tab> what is done now
#               at <tab> percent of that
# The last line on standard error says why, if the exit status is not 0.
set -euo pipefail
umask 022
export LC_ALL=C
installer=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=installer/common.sh
source "$installer/common.sh"

guest=$cache/guest
work=$guest/preparing.part
kernel=$guest/vmlinuz
origin=$guest/vmlinuz.origin # the Debian package that it came from
remedy_for_kernel="put a bootable x86-64 Linux kernel at $kernel"

mode=notes
with_disk=
for argument in "$@"; do
  case $argument in
    --plan) mode=plan ;;
    --progress) mode=progress ;;
    debian) with_disk=1 ;;
    *)
      note 'usage: guest.sh [--plan | --progress] [debian]'
      exit 2
      ;;
  esac
done

have() { type -P "$1" >/dev/null; }

step() {
  if [[ $mode == progress ]]; then
    printf 'step\t%s\n' "$*"
  else
    note "$*"
  fi
}

# --- apt ---------------------------------------------------------------------------------------------------------------

# Root needs no second user to fetch files with, who could not write here.
apt_options=(-q -o APT::Sandbox::User=root)
own_lists=

have_lists() {
  local folder file
  folder=$(apt-config shell folder Dir::State::lists/d)
  eval "$folder"
  for file in "$folder"*Packages*; do
    [[ ! -r $file ]] || return 0
  done
  return 1
}

# Package lists of our own, where this machine's are missing or too old and only root could fetch them. They go with the
# work folder.
fetch_lists() {
  [[ -z $own_lists ]] || return
  own_lists=1
  mkdir -p "$work/lists/partial" "$work/apt/archives/partial"
  # Hooks are root's business; other architectures and translations are not needed.
  {
    [[ ! -r ${APT_CONFIG:-} ]] || cat "$APT_CONFIG"
    cat <<TEXT
Dir::State::lists "$work/lists";
Dir::Cache "$work/apt";
Acquire::Languages "none";
Acquire::GzipIndexes "true";
#clear APT::Architectures;
APT::Architectures { "amd64"; };
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
TEXT
  } >"$work/apt.conf"
  apt_options+=(-c "$work/apt.conf")
  export APT_CONFIG=$work/apt.conf # for the scripts that this calls
  step 'fetching package lists'
  # One source of several that fails is no reason to stop; whether the others do is seen next.
  run_apt update || true
}

# apt-get, with its progress as ours and its messages in a file.
run_apt() {
  local last=
  apt-get "${apt_options[@]}" -o APT::Status-Fd=3 "$@" 3>&1 >>"$work/log" 2>&1 </dev/null | while IFS=: read -r kind _ percent _; do
    percent=${percent%%.*}
    [[ $mode != progress || $kind != dlstatus || $percent == "$last" ]] || printf 'at\t%s\n' "$percent"
    last=$percent
  done
}

apt_reason() {
  local kind reason
  for kind in E W; do
    reason=$(sed -n "s/^$kind: *//p" "$work/log" 2>/dev/null | head -n 1)
    [[ -z $reason ]] || break
  done
  printf '%s' "${reason:-no source of this machine has it}"
}

# The package that holds the kernel: the names without a version only depend on it. The cloud kernel comes first: it
# is small, and boots under emulation in a second and a half.
kernel_package() {
  local name real
  for name in linux-image-cloud-amd64 linux-image-kvm linux-image-virtual linux-image-generic linux-image-amd64; do
    real=$(apt-cache "${apt_options[@]}" depends --no-recommends --no-suggests "$name" 2>/dev/null |
      sed -n 's/^ *|\{0,1\}Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
    [[ -n $real ]] && printf '%s\n' "$real" && return
  done
  return 1
}

busybox_package() { printf 'busybox-static\n'; }

# Sets package, uri, archive (its file name), bytes and digest of what NAMER names; fails where apt does not know it.
locate() {
  package=$("$1") &&
    read -r uri archive bytes digest < <(apt-get "${apt_options[@]}" download --print-uris "$package" 2>/dev/null) || return
  uri=${uri#\'}
  uri=${uri%\'}
}

is_whole() {
  local tool
  case $digest in
    SHA256:*) tool=sha256sum ;;
    SHA512:*) tool=sha512sum ;;
    *) return 1 ;;
  esac
  [[ -r $1 && $("$tool" <"$1") == "${digest#*:} "* ]]
}

# Fetches the package that NAMER names, unless it was fetched before: fetch NAMER WHAT REMEDY
fetch() {
  local round name=$2
  for round in first second; do
    if locate "$1"; then
      name=$package
      ! is_whole "$cache/downloads/$archive" || return 0
      step "fetching $package ($((bytes / 1000000)).$((bytes / 100000 % 10)) MB) from $(host "$uri")"
      mkdir -p "$work/downloads" "$cache/downloads"
      (cd "$work/downloads" && run_apt download "$package") && mv -f "$work/downloads/$archive" "$cache/downloads/" && return
    fi
    # this machine's own lists may be too old
    [[ $round == second ]] || fetch_lists || break
  done
  fail "cannot fetch $name with apt-get: $(apt_reason); check the network and apt's sources, or $3"
}

host() {
  local rest=${1#*://}
  printf '%s' "${rest%%/*}"
}

need_amd64() {
  [[ $(dpkg --print-architecture) == amd64 ]] || fail "the guest is x86-64, this machine's packages are not: $remedy_for_kernel"
}

# --- plan --------------------------------------------------------------------------------------------------------------

plan_fetch() { # NAMER GUESSED_NAME GUESSED_BYTES WHAT_FOR
  if locate "$1"; then
    ! is_whole "$cache/downloads/$archive" || return 0
    printf 'fetch\t%s\t%s\t%s\t%s\n' "$package" "$bytes" "$(host "$uri")" "$4"
  else
    lists_needed=1
    printf 'fetch\t%s\t~%s\t%s\t%s\n' "$2" "$3" "this machine's package sources" "$4"
  fi
}

plan() {
  local lists_needed='' make_kernel='' make_busybox=''
  [[ -s $kernel ]] || make_kernel=1
  "$installer/initramfs.sh" --busybox >/dev/null || make_busybox=1
  if [[ -n $make_kernel$make_busybox ]] && have apt-get; then
    need_amd64
    [[ -z $make_kernel ]] || plan_fetch kernel_package linux-image 30000000 "the guest's kernel"
    [[ -z $make_busybox ]] || plan_fetch busybox_package busybox-static 1000000 "the guest's shell"
    [[ -z $lists_needed ]] || printf 'fetch\t%s\t~%s\t%s\t%s\n' 'package lists' 10000000 "this machine's package sources" \
      'they tell where the others are'
  elif [[ -n $make_kernel$make_busybox ]]; then
    [[ -z $make_kernel ]] || host_kernel >/dev/null
    [[ -z $make_busybox ]] || no_busybox
  fi
  [[ -z $make_kernel ]] || printf 'make\t%s\n' "$kernel"
  plan_make initramfs.cpio.gz "$make_busybox" "$installer/initramfs.sh"
  if [[ -n $with_disk ]]; then
    need_disk_tools
    local drivers=()
    [[ ! -r $origin ]] || drivers=("$cache/downloads/$(<"$origin")")
    plan_make initramfs-disk.cpio.gz "$make_busybox$make_kernel" "$installer/initramfs.sh" "${drivers[@]}"
    if ! is_made debian.img "$installer/debian-image.sh"; then
      printf 'fetch\t%s\t~%s\t%s\t%s\n' "Debian's essential packages and a C compiler" 100000000 \
        "this machine's package sources" "the guest's disk"
      printf 'make\t%s\n' "$guest/debian.img"
    fi
  fi
  ! starts_slowly || printf 'make\t%s\n' "$(aot_file freezeframe)"
}

plan_make() { # FILE NOT_YET SCRIPT ARGS…
  [[ -z $2 ]] && is_made "$1" "${@:3}" || printf 'make\t%s\n' "$guest/$1"
}

# --- kernel and shell --------------------------------------------------------------------------------------------------

make_kernel() {
  [[ ! -s $kernel ]] || return 0
  if ! have apt-get; then
    local own
    own=$(host_kernel)
    step "taking this machine's own kernel, $own"
    cp "$own" "$work/vmlinuz"
    chmod 644 "$work/vmlinuz"
    mv -f "$work/vmlinuz" "$kernel"
    return
  fi
  need_amd64
  need_room 100
  fetch kernel_package "the guest's kernel" "$remedy_for_kernel"
  step 'unpacking the kernel'
  dpkg-deb --fsys-tarfile "$cache/downloads/$archive" | tar -x -C "$work" --wildcards './boot/vmlinuz-*' ||
    fail "cannot unpack $cache/downloads/$archive: delete it, make room if the disk is full, and run this again"
  chmod 644 "$work"/boot/vmlinuz-*
  printf '%s\n' "$archive" >"$origin"
  mv -f "$work"/boot/vmlinuz-* "$kernel"
}

# Where there is no apt: the kernel that this machine itself runs.
host_kernel() {
  local file
  [[ $(uname -m) == x86_64 ]] || fail "the guest is x86-64, this machine is not: $remedy_for_kernel"
  for file in "/boot/vmlinuz-$(uname -r)" "/lib/modules/$(uname -r)/vmlinuz"; do
    [[ -r $file ]] && printf '%s\n' "$file" && return
  done
  fail "no apt-get here to fetch a guest kernel with, and this machine's own in /boot cannot be read: $remedy_for_kernel"
}

no_busybox() {
  fail "no apt-get here to fetch a static busybox with: install one (dnf install busybox, pacman -S busybox, zypper install" \
    "busybox-static) or put it at $guest/busybox"
}

make_busybox() {
  ! "$installer/initramfs.sh" --busybox >/dev/null || return 0
  have apt-get || no_busybox
  need_amd64
  fetch busybox_package busybox-static "put a static busybox at $guest/busybox"
  mkdir -p "$work/busybox"
  dpkg-deb --fsys-tarfile "$cache/downloads/$archive" | tar -x -C "$work/busybox" --wildcards '*bin/busybox' ||
    fail "cannot unpack $cache/downloads/$archive: delete it, make room if the disk is full, and run this again"
  find "$work/busybox" -name busybox -type f -exec mv -f {} "$guest/busybox" \;
  rm -f "$cache/downloads/$archive"
  "$installer/initramfs.sh" --busybox >/dev/null || fail "the busybox of $package does not run here"
}

need_room() {
  local free
  free=$(df --output=avail -B1000000 "$guest" | tail -n 1)
  [[ $free -ge $1 ]] || fail "only ${free// /} MB are free in $guest and the guest needs $1 MB: make room, or set XDG_CACHE_HOME"
}

# --- files that scripts build ------------------------------------------------------------------------------------------

# Whether the file is there and made of what is there now: is_made FILE SCRIPT ARGS…
is_made() {
  local file=$guest/$1 script=$2 stamp=$guest/${1%%.*}.inputs inputs
  shift 2
  inputs=$("$script" --inputs "$@") && [[ -s $file && -r $stamp && $(<"$stamp") == "$inputs" ]]
}

# Makes a file of the guest by a script that tells by a hash what its result depends on: make_once FILE SCRIPT ARGS…
make_once() {
  local file=$1 script=$2
  ! is_made "$@" || return 0
  shift 2
  case $file in
    debian.img) step "building $file, with some 100 MB to download; that takes a minute or two" ;;
    *) step "building $file" ;;
  esac
  local inputs
  inputs=$("$script" --inputs "$@")
  "$script" "$work/$file" "$@" >&2
  rm -f "$guest/${file%%.*}.inputs"
  mv -f "$work/$file" "$guest/$file"
  printf '%s\n' "$inputs" >"$guest/${file%%.*}.inputs"
}

need_disk_tools() {
  local missing=()
  have mmdebstrap || missing+=(mmdebstrap)
  [[ -x /sbin/mke2fs ]] || missing+=(e2fsprogs)
  [[ -r /usr/share/keyrings/debian-archive-keyring.gpg ]] || missing+=(debian-archive-keyring)
  if [[ $EUID -ne 0 ]]; then
    have newuidmap || missing+=(uidmap)
    have fakeroot || missing+=(fakeroot)
  fi
  [[ ${#missing[@]} -eq 0 ]] || fail "the disk of debian-build is made by tools that are missing here; run:" \
    "sudo apt-get install --no-install-recommends ${missing[*]}"
}

make_disk() {
  local drivers=() # a kernel that somebody put there has to have them built in
  if [[ -r $origin ]]; then
    drivers=("$cache/downloads/$(<"$origin")")
    if [[ ! -r ${drivers[0]} ]]; then
      step "the package of the guest's kernel is gone, and with it the drivers of its disk"
      rm -f "$kernel"
      make_kernel
      drivers=("$cache/downloads/$(<"$origin")")
    fi
  fi
  make_once initramfs-disk.cpio.gz "$installer/initramfs.sh" "${drivers[@]}"
  is_made debian.img "$installer/debian-image.sh" || need_room 1500
  have_lists || fetch_lists # they tell the mirrors
  make_once debian.img "$installer/debian-image.sh"
}

# --- start of the program ----------------------------------------------------------------------------------------------

# A checkout has its caches from its build.
starts_slowly() { [[ -r $checkout/build-id ]] && "$installer/train.sh" --missing; }

# -----------------------------------------------------------------------------------------------------------------------

if [[ $mode == plan ]]; then
  plan
  exit
fi

[[ -z $with_disk ]] || need_disk_tools
mkdir -p "$guest" 2>/dev/null || true
[[ -w $guest ]] || fail "cannot write to $guest: correct its permissions, or set XDG_CACHE_HOME"
# Two of these scripts at once: the second waits and then finds everything there.
exec {lock}>"$guest/lock"
flock -n "$lock" || {
  step 'waiting for another preparation of the guest'
  flock "$lock"
}
rm -rf "$guest"/*.part # of one that was killed
mkdir "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
make_kernel
make_busybox
make_once initramfs.cpio.gz "$installer/initramfs.sh"
[[ -z $with_disk ]] || make_disk
if starts_slowly; then
  step 'letting Java learn what a start of the program needs'
  "$installer/train.sh" "$installer/freezeframe" || true
fi
