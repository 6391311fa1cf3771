# shellcheck shell=bash
# What the scripts of this folder share: where things are, how they speak, and how a JDK is found.
# To be sourced; `installer` must be set to this folder.
# shellcheck disable=SC2034,SC2154 # set here for, or by, the script that sources this

jdk_version=25
checkout=${installer%/*}
# A service may be started without HOME; then it is what the user database says.
[[ -n ${HOME:-} ]] || {
  unset HOME
  export HOME=~
}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/freezeframe

note() { printf 'freezeframe: %s\n' "$*" >&2; }

fail() {
  note "$@"
  exit 1
}

# Sets jdk to a JDK $jdk_version; fails without one. Reads the `release` file that every JDK has, because asking
# `java -version` of each candidate would cost more than the rest of a program start.
find_jdk() {
  local candidate line
  if candidate=$(type -P javac); then
    candidate=$(readlink -f "$candidate")
    candidate=${candidate%/bin/javac}
  fi
  for jdk in "${JAVA_HOME:-}" "$candidate" /usr/lib/jvm/* /opt/*jdk* /opt/java/* \
    "${SDKMAN_DIR:-${HOME:-}/.sdkman}"/candidates/java/* "${HOME:-}"/.jdks/*; do
    [[ -n $jdk && -x $jdk/bin/javac && -r $jdk/release ]] || continue
    while IFS= read -r line; do
      [[ $line != "JAVA_VERSION=\"$jdk_version"[\".-]* ]] || return 0
    done <"$jdk/release"
  done
  jdk=
  return 1
}

# Where the cache NAME (freezeframe or window) of classes is that Java starts quicker with: in a checkout beside the jars;
# for an installed program, whose build names itself in the file build-id, in the user's own cache.
aot_file() {
  if [[ -r $checkout/build-id ]]; then
    printf '%s/aot/%s-%s.aot' "$cache" "$1" "$(<"$checkout/build-id")"
  else
    printf '%s/target/%s.aot' "$checkout" "$1"
  fi
}
