#!/usr/bin/env bash
# Makes the caches of classes that Java starts quicker with: train.sh PROGRAM, which is the start script that is to use
# them. A short recording, and a picture of the window on it, show Java which classes a start needs. Only speed depends on
# it: where it fails the program is complete, and this says so. `train.sh --missing` does nothing; it succeeds where a
# cache is missing.
set -euo pipefail
umask 077
installer=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=installer/common.sh
source "$installer/common.sh"

freezeframe_file=$(aot_file freezeframe)
window_file=$(aot_file window)
if [[ ${1:-} == --missing ]]; then
  [[ ! -s $freezeframe_file || ! -s $window_file ]]
  exit
fi
program=${1:?"usage: train.sh PROGRAM"}

train_one() {
  local file=$1
  shift
  # --foreground: Ctrl-C is to end it too
  FREEZEFRAME_JAVA_OPTS="-XX:AOTCacheOutput=$work/aot -Xlog:disable" timeout --foreground 120 "$program" "$@" \
    >/dev/null 2>&1 && [[ -s $work/aot ]] && mv -f "$work/aot" "$file"
}

folder=${freezeframe_file%/*}
mkdir -p "$folder"
# Java makes no cache while it uses one; and one of another build is of no use any more.
rm -rf "$folder"/*.aot "$folder"/train.*.part
work=$(mktemp -d "$folder/train.XXXXXX.part")
trap 'rm -rf "$work"' EXIT
trap 'exit 143' INT TERM HUP
{ train_one "$freezeframe_file" record boot-sector --interval 200ms --checkpoints 3 --store "$work/store" &&
  train_one "$window_file" app --store "$work/store" --screenshot "$work/window.png"; } ||
  note 'the training run failed: the program starts a little slower, and is complete'
