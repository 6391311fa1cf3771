#!/usr/bin/env bash
# Builds the plugins in assets/plugins that count and trace what a simulated guest does:
#   plugins.sh FOLDER   each as FOLDER/NAME-VERSION.so, for the versions of QEMU's plugin interface: 1 (QEMU 7.2),
#                       2 (9.0 to 11.0) and 7 (11.1)
#   plugins.sh check    tests what they are made of, without QEMU
# Needs a C compiler: $CC, or gcc. The same sources and compiler give the same bytes.
set -euo pipefail
export LC_ALL=C
installer=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=installer/common.sh
source "$installer/common.sh"

versions=(1 2 7)
plugins=(count mix cache branch bbv trace)
shared=(progress.c physical.c spaces.c x86.c output.c)
compiler=${CC:-gcc}
flags=(-std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror)

[[ $# -eq 1 ]] || {
  note 'usage: plugins.sh FOLDER | check'
  exit 2
}
type -P "$compiler" >/dev/null || fail "there is no C compiler '$compiler' here: install gcc, or set CC"
target=$1
[[ $target == check ]] || target=$(mkdir -p "$target" && cd "$target" && pwd) || fail "cannot make the folder $1"
# Relative names, so that no path of this machine gets into the files.
cd "$checkout/assets/plugins"

if [[ $target == check ]]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  for version in "${versions[@]}"; do
    "$compiler" "${flags[@]}" -g -fsanitize=address,undefined "-DPLUGIN_API=$version" -o "$work/test" test.c "${shared[@]}"
    ASAN_OPTIONS=detect_leaks=0 "$work/test" "$work" # a plugin keeps what it has until QEMU ends
  done
  exit
fi

exec 9>"$target/.lock"
flock 9
for version in "${versions[@]}"; do
  for plugin in "${plugins[@]}"; do
    name=$plugin-$version.so
    # what is newer than all sources stays
    [[ ! -f $target/$name || -n $(find . "$installer/plugins.sh" -newer "$target/$name" -print -quit) ]] || continue
    "$compiler" "${flags[@]}" -fPIC -shared -fvisibility=hidden -Wl,--build-id=none -s "-DPLUGIN_API=$version" \
      -o "$target/$name.part" "$plugin.c" "${shared[@]}"
    mv -f "$target/$name.part" "$target/$name"
  done
done
