#!/usr/bin/env bash
# Runs the tests against other QEMU versions than the installed one: takes QEMU and every library that it needs from
# other Debian releases, unpacked into the cache. Nothing is installed, and root is not needed.
set -euo pipefail
installer=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=installer/common.sh
source "$installer/common.sh"

usage() {
  cat <<'TEXT'
usage: installer/other-qemus.sh VERB [RELEASE…]
  wrappers  makes a qemu-system-x86_64 of each release and prints its path and version
  test      the same, then all tests with each of them (mvn verify -Dfreezeframe.qemu=PATH)
  update    the same as wrappers, with the newest packages
RELEASE is a Debian release (bookworm, bookworm-backports, trixie, sid …); without one: trixie sid.
TEXT
}

mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# An apt of its own, for which nothing is installed yet: its plan for qemu-system-x86 is everything down to libc.
private_apt() {
  local folder=$1
  shift
  DEBIAN_FRONTEND=noninteractive apt-get -q -c "$folder/apt.conf" -o APT::Sandbox::User= "$@" >&2
}

unpack_qemu() {
  local release=$1 folder=$2 part=$2.part
  local target=("$release")
  local pick=()
  if [[ $release == *-backports ]]; then
    target+=("${release%-backports}")
    pick=(-t "$release")
  fi
  [[ -r $keyring ]] || fail "no $keyring to check Debian's packages with: install the package debian-archive-keyring"
  rm -rf "$part"
  mkdir -p "$part"/apt/{lists/partial,archives/partial,etc} "$part/root"
  : >"$part/apt/status"
  printf "deb [signed-by=$keyring] $mirror %s main\n" "${target[@]}" >"$part/apt/sources.list"
  cat >"$part/apt.conf" <<TEXT
Dir::State "$part/apt";
Dir::State::lists "$part/apt/lists";
Dir::State::status "$part/apt/status";
Dir::Cache "$part/apt";
Dir::Cache::archives "$part/apt/archives";
Dir::Etc::sourcelist "$part/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::trustedparts "/dev/null";
APT::Architecture "amd64";
APT::Architectures "amd64";
APT::Install-Recommends "false";
Acquire::Languages "none";
TEXT
  note "fetching QEMU of Debian $release"
  private_apt "$part" update
  private_apt "$part" install -y --download-only "${pick[@]}" qemu-system-x86
  local archive
  for archive in "$part"/apt/archives/*.deb; do
    dpkg-deb -x "$archive" "$part/root"
  done
  rm -rf "$part/apt" "$part/apt.conf" "$part"/root/usr/share/{doc,man,locale} "$folder"
  mv "$part" "$folder"
}

# The release's own loader starts its QEMU on this system: same process, same files, same process id. No chroot.
write_wrapper() {
  local folder=$1 loader libraries
  loader=$(find "$folder/root" -name 'ld-linux-x86-64.so.2' -print -quit)
  [[ -n $loader && -x $folder/root/usr/bin/qemu-system-x86_64 ]] || fail "$folder is not whole: delete it and run this again"
  libraries=$(find "$folder/root" -name '*.so*' -printf '%h\n' | grep -vE '/(qemu|gconv)$' | sort -u | paste -s -d :)
  cat >"$folder/qemu-system-x86_64" <<TEXT
#!/bin/sh
export QEMU_MODULE_DIR='$folder/root/usr/lib/x86_64-linux-gnu/qemu'
exec '$loader' --library-path '$libraries' \\
  '$folder/root/usr/bin/qemu-system-x86_64' -L '$folder/root/usr/share/qemu' -L '$folder/root/usr/share/seabios' "\$@"
TEXT
  chmod 755 "$folder/qemu-system-x86_64"
}

[[ $# -ge 1 ]] || { usage >&2; exit 2; }
verb=$1
shift
case $verb in
  wrappers | test | update) ;;
  -h | --help | help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac
releases=("$@")
[[ $# -gt 0 ]] || releases=(trixie sid)

mkdir -p "$cache/qemu"
exec {lock}>"$cache/qemu/lock"
flock "$lock"
for release in "${releases[@]}"; do
  folder=$cache/qemu/$release
  [[ $verb != update && -x $folder/qemu-system-x86_64 ]] || unpack_qemu "$release" "$folder"
  write_wrapper "$folder"
  version=$("$folder/qemu-system-x86_64" --version | head -n 1) || fail "the QEMU of $release does not start here: see above"
  printf '%s  %s\n' "$folder/qemu-system-x86_64" "$version"
done
exec {lock}>&-

[[ $verb == test ]] || exit 0
failed=()
for release in "${releases[@]}"; do
  note "testing with the QEMU of $release"
  "$installer/bootstrap.sh" test "-Dfreezeframe.qemu=$cache/qemu/$release/qemu-system-x86_64" || failed+=("$release")
done
[[ ${#failed[@]} -eq 0 ]] || fail "tests failed with the QEMU of: ${failed[*]}"
note "all tests passed with the QEMUs of: ${releases[*]}"
