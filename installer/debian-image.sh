#!/usr/bin/env bash
# Builds the disk of the profile debian-build, an ext4 file system without a partition table: debian-image.sh OUTPUT
# In it: Debian's essential packages, a C compiler, and the source package of a small C program. Needs no root.
set -euo pipefail
umask 022
export LC_ALL=C TZ=UTC PATH=$PATH:/usr/sbin:/sbin
installer=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=installer/common.sh
source "$installer/common.sh"

size=2G
packages=gcc,make,libc6-dev
source_package=lua5.4 # assets/guest/build.sh compiles it
default_mirror=http://deb.debian.org/debian
default_release=stable
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# This machine's own Debian sources as apt itself understands them, from its lists; elsewhere Debian's.
# shellcheck disable=SC2016 # it is apt-get that puts the values in
source_lines() {
  local mirror=${DEBIAN_MIRROR:-} release uri lines=()
  if [[ -z $mirror ]]; then
    while read -r uri release; do
      lines+=("$uri $release main")
    done < <(apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(ARCHITECTURE) $(REPO_URI) $(RELEASE)' \
      'Created-By: Packages' 2>/dev/null | sed -n 's/^Debian main amd64 //p' | grep -vE -e '-(backports|proposed)' | sort -u)
  fi
  if [[ ${#lines[@]} -eq 0 ]]; then
    release=$default_release
    [[ ! -r /etc/debian_version ]] || release=$(. /etc/os-release && [[ $ID == debian ]] && echo "${VERSION_CODENAME:-sid}") ||
      release=$default_release
    lines=("${mirror:-$default_mirror} $release main")
  fi
  printf 'deb %s\n' "${lines[@]}"
  printf 'deb-src %s\n' "${lines[@]}"
}

# The release that the updates and security fixes in a list of sources belong to.
release_of() { sed -n 's/^deb [^ ]* \([^ /-]*\) .*/\1/p' | head -n 1; }

# Proxies, passwords, timeouts and what else this machine's apt needs to reach its mirrors.
apt_settings() {
  apt-config dump | grep -E '^Acquire::([Hh]ttps?|[Ff]tp|Check-|Allow|Retries|Force|Queue|By-Hash)' || true
  local folder=/etc/apt/auth.conf.d
  [[ ! -r /etc/apt/auth.conf ]] || echo 'Dir::Etc::netrc "/etc/apt/auth.conf";'
  [[ ! -r $folder ]] || echo "Dir::Etc::netrcparts \"$folder\";"
  echo 'Acquire::Languages "none";'
  echo 'APT::Sandbox::User "root";'
}

make_root_archive() {
  local work=$1 option options=()
  # What nothing in the guest reads; the licences stay.
  for option in 'path-exclude=/usr/share/doc/*' 'path-include=/usr/share/doc/*/copyright' 'path-exclude=/usr/share/man/*' \
    'path-exclude=/usr/share/info/*' 'path-exclude=/usr/share/locale/*' 'path-exclude=*/lto1' 'path-exclude=*lto-dump*' \
    force-unsafe-io; do
    options+=("--dpkgopt=$option")
  done
  # The source package is fetched like the others. Nothing stays that tells of the machine that this is built on.
  # shellcheck disable=SC2016 # these are for the shell that mmdebstrap starts
  mmdebstrap --mode=auto --variant=essential --include="$packages" --format=tar --keyring="$work/keys" \
    --skip=check/signed-by --hook-dir=/usr/share/mmdebstrap/hooks/maybe-merged-usr --aptopt="$work/apt.conf" "${options[@]}" \
    --customize-hook='mkdir -p "$1/usr/src" && cd "$1/usr/src" &&
      APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -q source --download-only '"$source_package" \
    --customize-hook=': >"$1/etc/resolv.conf" && echo debian-build >"$1/etc/hostname"' \
    "$(release_of <"$work/sources.list")" "$work/root.tar" "$work/sources.list"
}

# Puts the archive's files into a file system. The owners of the files are right only for root, or under fakeroot.
make_file_system() {
  local work=$1
  mkdir "$work/root"
  tar -x -f "$work/root.tar" -C "$work/root" --numeric-owner --same-permissions --exclude='./dev/*' --exclude='./etc/apt/*' \
    --exclude='./var/log/*' --exclude='./var/cache/*' || return
  rm "$work/root.tar"
  # Inode tables and journal are zero already, since the file is sparse: no guest writes them in the background.
  truncate -s "$size" "$work/image" || return
  mke2fs -q -t ext4 -b 4096 -i 32768 -m 0 -J size=16 -L debian-build -U 5ec0de00-0000-4000-8000-000000000001 \
    -E lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0 -d "$work/root" "$work/image"
}

case ${1:-} in
  --inputs)
    # What the result depends on, as one hash. Newer packages alone are no reason to build it again.
    { cat "${BASH_SOURCE[0]}" && source_lines | release_of; } | sha256sum | cut -d ' ' -f 1
    exit
    ;;
  --file-system)
    make_file_system "$2"
    exit
    ;;
  -* | '') fail 'usage: debian-image.sh OUTPUT' ;;
esac
output=$1

work=$output.part
trap 'rm -rf "$work"' EXIT
rm -rf "$work"
mkdir "$work" "$work/keys"
source_lines >"$work/sources.list"
apt_settings >"$work/apt.conf"
# Newer Debians keep their keys only in the second place.
cp -t "$work/keys" /etc/apt/trusted.gpg.d/*.{gpg,asc} "$keyring" 2>/dev/null || true
note "downloading some 100 MB (lists and packages) for the disk, from: $(awk '$1 == "deb" { print $2, $3 }' "$work/sources.list" | paste -s -d ',' | sed 's/,/, /g')"
make_root_archive "$work" >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  reason=$(sed -n 's/^E: *//p' "$work/log" | head -n 1)
  fail "mmdebstrap could not build the guest's root file system: ${reason:-its messages are above}; check the network, and" \
    'without root that /etc/subuid and /etc/subgid name you'
}
note 'making the file system'
if [[ $EUID -eq 0 ]]; then
  make_file_system "$work"
else
  fakeroot "${BASH_SOURCE[0]}" --file-system "$work"
fi || fail "the file system could not be made: is the disk full? See above"
mv -f "$work/image" "$output"
