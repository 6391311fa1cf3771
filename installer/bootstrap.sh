#!/usr/bin/env bash
# Makes a bare Debian or Ubuntu machine ready for Freezeframe, then does what VERB says. What is there already is
# left alone, so that a second run needs no network and takes seconds.
set -euo pipefail
installer=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=installer/common.sh
source "$installer/common.sh"

usage() {
  cat <<'TEXT'
usage: installer/bootstrap.sh VERB
  run      the main job: the workbench on a display, without one the same demo experiment in the terminal
  test     all tests (further arguments go to Maven: test -Dtest=StoreFaultsTest)
  build    the program only; run it with installer/freezeframe
  app      the workbench; needs a display
  package  the packages to install Freezeframe from, into target/package: .deb, an archive for any folder, .rpm if rpmbuild is here
  guest    the guest's kernel and initramfs only; "guest debian": also the disk of the profile debian-build
TEXT
}

# --- Debian packages -------------------------------------------------------------------------------------------------

have() { type -P "$1" >/dev/null; }
have_libc_archive() { have gcc && [[ $(gcc -print-file-name=libc.a) == /* ]]; }
offered() { [[ -n $(apt-cache --quiet=0 show --no-all-versions "$1" 2>/dev/null) ]]; }

have_library() { [[ $(/sbin/ldconfig -p 2>/dev/null) == *"$1"* ]]; }
have_font() { [[ -n $(find -L /usr/share/fonts ~/.fonts ~/.local/share/fonts -name '*.[to]tf' -print -quit 2>/dev/null) ]]; }
on_display() { [[ -n ${DISPLAY:-}${WAYLAND_DISPLAY:-} ]]; }
gtk_package() { if offered libgtk-3-0t64; then echo libgtk-3-0t64; else echo libgtk-3-0; fi; }

have_ext4_tools() { [[ -x /sbin/mke2fs && -x /sbin/e2fsck ]]; }
with_disk() { [[ $1 == test || $1 == 'guest debian' ]]; }
have_lists() { compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null; }
as_root() { [[ $EUID -eq 0 ]]; }

apt() { DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 -o APT::Sandbox::User=root "$@" >&2; }

update_lists() {
  as_root || fail "apt has no package lists here. Run once: sudo apt-get update"
  note 'fetching the package lists (apt-get update)'
  apt update
}

missing_packages=()
missing_reasons=()
miss() {
  missing_packages+=("$1")
  missing_reasons+=("$2")
}

find_missing_packages() {
  have gcc || miss gcc "compiles the guest's init and workloads"
  have_libc_archive || miss libc6-dev "the C library that they are linked with"
  if with_disk "$1"; then
    have mmdebstrap || miss mmdebstrap "makes Debian's root file system for the guest's disk"
    have_ext4_tools || miss e2fsprogs 'makes the disk of it'
    [[ -r /usr/share/keyrings/debian-archive-keyring.gpg ]] || miss debian-archive-keyring "checks Debian's packages"
    if ! as_root; then
      have newuidmap || miss uidmap 'lets mmdebstrap work without root'
      have fakeroot || miss fakeroot 'gives the files on the disk their owners without root'
    fi
  fi
  [[ $1 != guest* ]] || return 0
  if [[ $1 == package ]]; then
    have fakeroot || miss fakeroot 'jpackage gives the files of the package to root by it'
    have xz || miss xz-utils 'compresses the archive'
  else
    have qemu-system-x86_64 || miss qemu-system-x86 'runs the machines'
    have_library libpangoft2-1.0.so.0 || miss libpangoft2-1.0-0 "shapes the window's text"
    have_font || miss fonts-dejavu-core 'the letters of it'
    if [[ $1 == run || $1 == app ]] && on_display; then
      have_library libgtk-3.so.0 || miss "$(gtk_package)" 'opens the window'
      have_library libXtst.so.6 || miss libxtst6 'opens the window'
      have_library libGL.so.1 || miss libgl1 'draws the window by the graphics card'
      have_library libXxf86vm.so.1 || miss libxxf86vm1 'draws the window by the graphics card'
    fi
    have qemu-img || miss qemu-utils "makes and converts the machines' disks"
    [[ $1 != test ]] || have nbdinfo || miss libnbd-bin 'another NBD client, to test ours with'
    if [[ $1 == test ]]; then
      have bindfs || miss bindfs 'a store by two paths'
      have gocryptfs || miss gocryptfs 'a file system that cannot do what others can'
      have faketime || miss faketime 'a clock that steps'
    fi
    have setpriv || miss util-linux 'ends a machine together with the workbench'
  fi
  have mvn || miss maven 'builds the program'
  if ! find_jdk; then
    have_lists || ! as_root || update_lists # only lists tell whether this release has the JDK
    ! offered openjdk-$jdk_version-jdk-headless || miss openjdk-$jdk_version-jdk-headless 'compiles and runs it'
  fi
}

install_packages() {
  find_missing_packages "$1"
  [[ ${#missing_packages[@]} -gt 0 ]] || return 0
  have apt-get || fail "this machine has no apt-get; install what these Debian packages hold: ${missing_packages[*]}"
  note 'missing here, and why it is needed:'
  for i in "${!missing_packages[@]}"; do
    printf '  %-24s %s\n' "${missing_packages[i]}" "${missing_reasons[i]}" >&2
  done
  as_root || fail "not root: run this line, then this script again:
  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing_packages[*]}"
  have_lists || update_lists
  apt install -y --no-install-recommends "${missing_packages[@]}" || {
    update_lists # lists that are too old name packages that are gone
    apt install -y --no-install-recommends "${missing_packages[@]}"
  } || fail "apt-get could not install ${missing_packages[*]}: its messages are above"
}

need_jdk() {
  find_jdk || fail "no JDK $jdk_version found (looked at JAVA_HOME, PATH, /usr/lib/jvm, /opt, ~/.sdkman, ~/.jdks). Get one from" \
    "https://adoptium.net/temurin/releases/?version=$jdk_version or with: sdk install java $jdk_version-tem"
}

# --- program -----------------------------------------------------------------------------------------------------------

maven() {
  # One build per checkout at a time; -o keeps the lock from what Maven starts. The two options silence JDK 25 about
  # the libraries of older Mavens.
  local quiet='--sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED'
  MAVEN_OPTS="$quiet ${MAVEN_OPTS:-}" JAVA_HOME=$jdk PATH=$jdk/bin:$PATH \
    flock -o "$checkout/pom.xml" mvn -f "$checkout/pom.xml" -B -Dstyle.color=never "$@"
}

build_plugins() { "$installer/plugins.sh" "$checkout/target/plugins"; }

build_program() {
  local jar=("$checkout"/target/freezeframe-*.jar)
  if [[ ! -f ${jar[0]} || ! -d $checkout/target/lib ||
    -n $(find "$checkout/pom.xml" "$checkout/src/main" -newer "${jar[0]}" -print -quit) ]]; then
    note 'building the program'
    maven -q -DskipTests package
    jar=("$checkout"/target/freezeframe-*.jar)
  fi
  build_plugins
  [[ $checkout/target/window.aot -nt ${jar[0]} ]] || "$installer/train.sh" "$installer/freezeframe"
}

build_package() {
  note 'building the packages'
  maven -q -Ppackage -Dmaven.test.skip=true clean package
}

# As much of it as is quick, where the machine allows it; installer/package-test.sh has the rest.
test_package() {
  local status=0
  if ! have fakeroot || ! have mmdebstrap; then
    note 'package test skipped: fakeroot or mmdebstrap is not here'
    return
  fi
  note 'building a package to try'
  # what was compiled and tested just now is what is packed
  rm -rf "$checkout/target/package-build"
  mkdir -p "$checkout/target/package-build"
  cp -a "$checkout/target/classes" "$checkout/target/package-build/"
  maven -q -Ppackage -Dmaven.test.skip=true -Dmaven.main.skip=true -Dpackages=trial -Dformatter.skip=true package
  "$installer/package-test.sh" --brief --package "$checkout/target/package-build/trial.deb" trixie || status=$?
  [[ $status -eq 0 || $status -eq 77 ]] || exit "$status"
}

# -----------------------------------------------------------------------------------------------------------------------

[[ $# -eq 1 || ($# -gt 1 && $1 == test) || $* == 'guest debian' ]] || { usage >&2; exit 2; }
verb=$1
shift
[[ $verb != guest || $# -eq 0 ]] || verb="guest debian"
case $verb in
  run | test | build | guest | 'guest debian') ;;
  package) [[ $(uname -sm) == 'Linux x86_64' ]] || exec "$installer/package.sh" ;; # which says why not
  app) on_display || fail 'no display (DISPLAY and WAYLAND_DISPLAY are not set): log in to a desktop or use ssh -X, or see' \
    'the same work in the terminal with "installer/bootstrap.sh run"' ;;
  -h | --help | help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac

install_packages "$verb"
[[ $verb == guest* ]] || need_jdk
case $verb in
  package) ;;
  test | 'guest debian') "$installer/guest.sh" debian ;;
  *) "$installer/guest.sh" ;;
esac
case $verb in
  guest) note "guest ready: $cache/guest/vmlinuz and initramfs.cpio.gz" ;;
  'guest debian') note "guest ready: $cache/guest/vmlinuz, initramfs-disk.cpio.gz and debian.img" ;;
  test)
    build_plugins
    maven verify "$@"
    [[ $# -gt 0 ]] || test_package
    ;;
  package)
    build_package
    note "packages ready: $checkout/target/package"
    ;;
  build)
    build_program
    note 'built: installer/freezeframe --help'
    ;;
  run)
    build_program
    if on_display; then
      exec "$installer/freezeframe" app
    fi
    note 'no display: the demo runs in this terminal'
    exec "$installer/freezeframe" demo
    ;;
  app)
    build_program
    exec "$installer/freezeframe" app
    ;;
esac
