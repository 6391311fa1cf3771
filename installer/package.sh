#!/usr/bin/env bash
# Packs the built program with a Java runtime of its own: package.sh BUILD VERSION TIME [KIND…], called by Maven's profile `package`
# (installer/bootstrap.sh package). BUILD is Maven's build folder, TIME what every file gets as its time, ISO 8601.
# KIND is deb (a Debian package), archive (which runs from any folder) or rpm (where there is rpmbuild); without one: all,
# into target/package. The kind "trial" is BUILD/trial.deb: the Debian package, hardly compressed, for a test of it. The same
# sources, libraries and JDK give the same bytes, whoever builds, wherever and whenever.
set -euo pipefail
case $(uname -sm) in
  'Linux x86_64') ;;
  *)
    echo "freezeframe: no packages for $(uname -sm): Freezeframe needs a Linux host on x86-64, because it finds the pages that a" \
      "guest wrote by userfaultfd and PAGEMAP_SCAN and shares the guest's memory by memfd, which no other kernel has" >&2
    exit 1
    ;;
esac
umask 022
export LC_ALL=C TZ=UTC
installer=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=installer/common.sh
source "$installer/common.sh"

[[ $# -ge 3 ]] || fail 'usage: package.sh BUILD VERSION TIME [KIND…]; you want "installer/bootstrap.sh package"'
build=$(cd "$1" && pwd)
version=$2
time=$3
kinds=" ${*:4} "
[[ $kinds == *[!\ ]* ]] || kinds=' deb archive rpm '
wanted() { [[ $kinds == *" $1 "* ]]; }
export SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH=$(date -d "$time" +%s)
# A snapshot comes before its release: 0.1.0~SNAPSHOT sorts before 0.1.0, for dpkg and rpm alike.
package_version=${version/-SNAPSHOT/\~SNAPSHOT}
resources=$installer/package
output=$checkout/target/package
work=$build/pack
image=$work/freezeframe
program=("$build/freezeframe-$version.jar")
find_jdk || fail "no JDK $jdk_version found: installer/bootstrap.sh package says how to get one"

# What the program and its libraries ask for, by jdeps, but without what they use for nothing that is done here: H2's
# server and its functions in Java, JLine's terminal in a browser. javafx.swing, which writes the pictures, is not loaded
# without jdk.unsupported.desktop.
modules=java.base,java.desktop,java.logging,java.management,java.sql,jdk.unsupported,jdk.unsupported.desktop

# --- the image ---------------------------------------------------------------------------------------------------------

make_runtime() {
  "$jdk/bin/jlink" --add-modules "$modules" --strip-debug --no-man-pages --no-header-files --compress zip-0 --output "$1"
  # Other tools than java; what only those need; and certificates, which differ from host to host: nothing here uses TLS.
  find "$1/bin" -type f ! -name java -delete
  rm -rf "$1"/lib/{jrt-fs.jar,jexec,security/cacerts,security/public_suffix_list.dat}
}

make_image() {
  local home=$image/lib file
  note 'linking the Java runtime'
  make_runtime "$work/runtime"
  "$jdk/bin/java" "$resources/SlimLibraries.java" "$SOURCE_DATE_EPOCH" "$work/jars" "$work/native" \
    "${program[@]}" "$build"/lib/*.jar
  "$jdk/bin/jpackage" --type app-image --name freezeframe --app-version "$package_version" --runtime-image "$work/runtime" \
    --input "$work/jars" --main-jar "${program[0]##*/}" --main-class dev.freezeframe.cli.Main \
    --icon "$checkout/assets/icon/freezeframe-256.png" --temp "$work/jpackage" --dest "$work"

  # The start script instead of jpackage's: the window needs other options than the commands, and the user's cache of classes.
  rm "$image/bin/freezeframe" "$home/libapplauncher.so" "$home/app/freezeframe.cfg" "$home/freezeframe.png"
  ln -s ../lib/installer/freezeframe "$image/bin/freezeframe"
  # In lib the same folders as in a checkout: of others jpackage would put none into its packages.
  mkdir "$home/installer"
  for file in freezeframe common.sh initramfs.sh guest.sh debian-image.sh train.sh; do
    cp "$installer/$file" "$home/installer/"
  done
  mv "$work/native" "$home/native"
  cp -R "$checkout/qemu-profiles" "$checkout/LICENSE" "$home/"
  mkdir -p "$home/assets/guest/prebuilt"
  cp "$checkout"/assets/guest/*.{c,h,sh,md} "$home/assets/guest/"
  "$installer/initramfs.sh" --init "$home/assets/guest/prebuilt/init"
  "$installer/plugins.sh" "$home/plugins"
  make_share "$home/share"
  # Tells builds apart: the caches of classes of one are of no use to another.
  printf '%s-%s\n' "$version" "$(cd "$home" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-12)" \
    >"$work/build-id"
  mv "$work/build-id" "$home/"
}

# What the system looks for in folders of its own.
make_share() {
  local share=$1 size page warnings
  if type -P groff >/dev/null; then
    if ! warnings=$(groff -man -ww -z "$build"/man/*.1 2>&1) || [[ -n $warnings ]]; then
      fail "groff has something to say against the manual pages: $warnings"
    fi
  fi
  mkdir -p "$share"/{applications,mime/packages,doc/freezeframe,icons/hicolor/scalable/apps,man/man1,bash-completion/completions}
  cp "$resources/freezeframe.desktop" "$share/applications/"
  cp "$resources/freezeframe.xml" "$share/mime/packages/"
  cp "$resources/copyright" "$share/doc/freezeframe/"
  for size in 16 24 32 48 64 128 256 512; do
    mkdir -p "$share/icons/hicolor/${size}x$size/apps"
    cp "$checkout/assets/icon/freezeframe-$size.png" "$share/icons/hicolor/${size}x$size/apps/freezeframe.png"
  done
  cp "$checkout/assets/icon/freezeframe.svg" "$share/icons/hicolor/scalable/apps/"
  for page in "$build"/man/*.1; do
    gzip -9 -n <"$page" >"$share/man/man1/${page##*/}.gz"
  done
  cp "$build/handbook/completion/freezeframe" "$share/bash-completion/completions/"
}

# Modes and times are the machine's own unless they are set.
settle() {
  find "$1" -type d -exec chmod 755 {} +
  find "$1" -type f -perm /111 -exec chmod 755 {} +
  find "$1" -type f ! -perm /111 -exec chmod 644 {} +
  find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

# --- packages ----------------------------------------------------------------------------------------------------------

jpackage() {
  "$jdk/bin/jpackage" --name freezeframe --app-version "$package_version" --app-image "$image" --install-dir /usr/lib \
    --resource-dir "$resources" --temp "$work/jpackage-$2" --dest "$work" "$@" >"$work/jpackage.log" ||
    { cat "$work/jpackage.log" >&2; return 1; }
}

# jpackage knows no place for man pages and the like, and would register the desktop entry by scripts that run as root. So
# its package, not compressed yet, gets them as files, which dpkg's triggers register, and loses the scripts.
make_deb() {
  local to=$1 tree=$work/deb
  shift
  DPKG_DEB_COMPRESSOR_TYPE=none jpackage --type deb
  dpkg-deb -R "$work/freezeframe_${package_version}_amd64.deb" "$tree"
  rm -f "$tree"/DEBIAN/{pre,post}{inst,rm}
  rm -rf "${tree:?}/usr/share"
  mv "$tree/usr/lib/freezeframe/lib/share" "$tree/usr/share"
  mkdir "$tree/usr/bin"
  ln -s ../lib/freezeframe/bin/freezeframe "$tree/usr/bin/freezeframe"
  settle "$tree"
  sed -i "s/^Installed-Size:.*/Installed-Size: $(installed_size "$tree")/" "$tree/DEBIAN/control"
  (cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
  settle "$tree/DEBIAN"
  dpkg-deb --root-owner-group "$@" --build "$tree" "$to" >/dev/null
}

# In KiB, each file rounded up, as deb-substvars(5) has it; what `du` says depends on the file system.
installed_size() {
  find "$1" -path "$1/DEBIAN" -prune -o \( -type f -printf '%s\n' -o -printf '1\n' \) |
    awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }'
}

make_archive() {
  tar -c -C "$work" --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
    --transform "s:^freezeframe:freezeframe-$version:S" freezeframe | xz -6 -T2 >"$output/freezeframe-$version-linux-x64.tar.xz"
}

make_rpm() {
  jpackage --type rpm
  mv "$work"/freezeframe-*.rpm "$output/"
}

# -----------------------------------------------------------------------------------------------------------------------

rm -rf "$work"
mkdir -p "$work" "$output"
make_image
settle "$image"
note 'packing'
if wanted trial; then
  make_deb "$build/trial.deb" -Zgzip -z1
  rm -rf "$work"
  exit
fi
rm -f "$output"/freezeframe[-_]*
archive=
if wanted archive; then
  make_archive &
  archive=$!
fi
! wanted deb || make_deb "$output/freezeframe_${package_version}_amd64.deb" -Zxz -z6
[[ -z $archive ]] || wait "$archive" || fail 'tar or xz failed: see above'
if wanted rpm; then
  if type -P rpmbuild >/dev/null; then
    make_rpm
  else
    note 'no rpmbuild here, so no RPM package'
  fi
fi
rm -rf "$work"
(cd "$output" && sha256sum freezeframe[-_]*)
