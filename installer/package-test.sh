#!/usr/bin/env bash
# Installs the Debian package with apt into fresh Debian systems, each in a folder of its own, and proves there what it
# promises, as an ordinary user. Nothing is installed on this system. Exit status 77: this machine allows no such systems.
set -euo pipefail
umask 022
export LC_ALL=C
installer=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=installer/common.sh
source "$installer/common.sh"

usage() {
  cat <<'TEXT'
usage: installer/package-test.sh [--brief] [--package FILE.deb] [--upgrade-from FILE.deb] [--pictures FOLDER] [RELEASE…]
RELEASE is bookworm or trixie; without one: both. Without --package it takes the package in target/package.
  --brief         only what fits in a minute or two: no display and no demo guest
  --upgrade-from  an older package; without it one is made of the package by a lower version number
  --pictures      where the pictures of the windows are to be kept
TEXT
}

mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
storage=$cache/package-test

# --- the outside: a fresh system -----------------------------------------------------------------------------------------

# A system of Debian's essential packages and apt, as an archive that every test starts from.
fetch_base() {
  local release=$1 base=$storage/$1.tar
  [[ -z $(find "$base" -mtime -30 2>/dev/null) ]] || return 0
  note "fetching Debian $release"
  mmdebstrap --variant=minbase --format=tar --mode=auto "$release" "$base.part" "$mirror" >"$storage/$release.log" 2>&1 || {
    cat "$storage/$release.log" >&2
    fail "mmdebstrap could not make Debian $release: its messages are above"
  }
  mv -f "$base.part" "$base"
}

# Everything that is started in there ends with it, and its mounts go with it: they are in namespaces of their own.
apart=(unshare --mount --pid --fork --kill-child)
[[ $EUID -eq 0 ]] || apart+=(--map-root-user --map-auto)

test_release() {
  local release=$1 root=$work/$1
  fetch_base "$release"
  mkdir "$root"
  note "testing on Debian $release"
  "${apart[@]}" "${BASH_SOURCE[0]}" --inside "$root" "$storage/$release.tar" "$storage/archives-$release"
}

inside() {
  local root=$1 base=$2 archives=$3 device
  mount --make-rprivate /
  tar -x -C "$root" --numeric-owner --exclude='./dev/*' -f "$base"
  mount -t proc proc "$root/proc"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  for device in null zero full random urandom tty kvm userfaultfd; do
    [[ ! -e /dev/$device ]] || { : >"$root/dev/$device" && mount --bind "/dev/$device" "$root/dev/$device"; }
  done
  mkdir "$root"/dev/{shm,pts}
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  mkdir -p "$archives/partial" "$root/var/cache/apt/archives"
  mount --bind "$archives" "$root/var/cache/apt/archives"
  cp /etc/resolv.conf "$root/etc/"
  # Nothing here has to survive a loss of power. The test's own packages stay out of the way of the program's.
  echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/test"
  printf 'APT::Sandbox::User "root";\nAPT::Keep-Downloaded-Packages "true";\n' >"$root/etc/apt/apt.conf.d/test"
  mkdir "$root/opt/test"
  cp -R "$work"/parcel/. "$root/opt/test/"
  exec chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive brief="$brief" /bin/bash -euo pipefail /opt/test/steps.sh
}

if [[ ${1:-} == --inside ]]; then
  shift
  inside "$@"
fi

# --- what is tested ------------------------------------------------------------------------------------------------------

brief=
package=
older=
pictures=
releases=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --brief) brief=1 ;;
    --package | --upgrade-from | --pictures)
      [[ $# -gt 1 ]] || { usage >&2; exit 2; }
      case $1 in
        --package) package=$2 ;;
        --upgrade-from) older=$2 ;;
        --pictures) pictures=$2 ;;
      esac
      shift
      ;;
    bookworm | trixie) releases+=("$1") ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
[[ ${#releases[@]} -gt 0 ]] || releases=(bookworm trixie)
if [[ -z $package ]]; then
  packages=("$checkout"/target/package/freezeframe_*_amd64.deb)
  package=${packages[0]}
fi
[[ -f $package ]] || fail "no package $package: make it with installer/bootstrap.sh package"
# What the test does first of all, to see whether it may.
probe=$(mktemp -d)
allowed=
# shellcheck disable=SC2016
if "${apart[@]}" sh -c 'mount --make-rprivate / && mount -t tmpfs tmpfs "$1" && mkdir "$1/proc" "$1/pts" &&
  mount -t proc proc "$1/proc" && mount -t devpts -o newinstance devpts "$1/pts"' sh "$probe" 2>/dev/null; then
  allowed=1
fi
rmdir "$probe"
[[ -n $allowed ]] || {
  note 'package test skipped: this machine allows no mount namespaces (be root, or allow user namespaces and have subuids)'
  exit 77
}
[[ -n $(type -P mmdebstrap) ]] || { note 'package test skipped: install mmdebstrap'; exit 77; }

mkdir -p "$storage"
exec {lock}>"$storage/lock"
flock "$lock" # two at once would share apt's archives
work=$(mktemp -d "$storage/run.XXXXXX")
trap '"${apart[@]}" rm -rf "$work"' EXIT # as there, since the files may belong to users who are only known there
trap 'exit 143' INT TERM HUP
export work brief

# What goes along into the system: the package, an older one, stores of former versions, and the steps.
mkdir -p "$work/parcel/stores"
cp "$package" "$work/parcel/freezeframe.deb"
cp -R "$checkout"/src/test/resources/dev/freezeframe/store/format-* "$work/parcel/stores/"
cp "$installer/package/test-steps.sh" "$work/parcel/steps.sh"
if [[ -n $older ]]; then
  cp "$older" "$work/parcel/older.deb"
else
  dpkg-deb -R "$package" "$work/older"
  sed -i 's/^Version: .*/Version: 0.0.1/' "$work/older/DEBIAN/control"
  dpkg-deb --root-owner-group -Znone --build "$work/older" "$work/parcel/older.deb" >/dev/null
  rm -rf "$work/older"
fi

failed=()
for release in "${releases[@]}"; do
  started=$SECONDS
  test_release "$release" || failed+=("$release")
  if [[ -n $pictures ]]; then
    mkdir -p "$pictures"
    for picture in "$work/$release"/home/researcher/*.png; do
      [[ ! -f $picture ]] || cp "$picture" "$pictures/$release-${picture##*/}"
    done
  fi
  note "Debian $release: $((SECONDS - started)) s"
done
[[ ${#failed[@]} -eq 0 ]] || fail "the package fails on Debian: ${failed[*]}"
note "the package works on Debian: ${releases[*]}"
