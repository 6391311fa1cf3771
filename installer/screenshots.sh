#!/usr/bin/env bash
# Makes the pictures of the window that README shows, without a display: records the demo machine at two intervals, records
# a restored machine, and renders the window's pages in both themes.   installer/screenshots.sh [FOLDER]
set -euo pipefail
installer=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=installer/common.sh
source "$installer/common.sh"

folder=${1:-$checkout/assets/screenshots}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
# the pictures show where the store is
cd "$work"
store=lab/store

freezeframe() { "$installer/freezeframe" "$@"; }
shot() {
  local name=$1
  shift
  for theme in light dark; do
    local dark=()
    [[ $theme == light ]] || dark=(--dark)
    note "$name-$theme.png"
    freezeframe app --store "$store" --screenshot "$folder/$name-$theme.png" --size 1440x900 "${dark[@]}" "$@"
  done
}
newest() { freezeframe list --store "$store" --json | tail -n 1 | sed 's/.*"experiment":"\([^"]*\)".*/\1/'; }

mkdir -p lab/new
store=lab/new shot welcome
freezeframe record vga-linux --checkpoints 8 --interval 1s --store "$store" >&2
screen=$(newest)
freezeframe record tiny-linux --checkpoints 40 --interval 500ms --store "$store" >&2
first=$(newest)
freezeframe annotate "$first/12" --note 'The counter has found its pace; simulate from here.' --tag interval --store "$store"
freezeframe annotate "$first/30" --tag interval --store "$store"
freezeframe record --from "$first/12" --checkpoints 20 --interval 500ms --store "$store" >&2
freezeframe record tiny-linux --checkpoints 50 --interval 500ms --store "$store" >&2
freezeframe record tiny-linux --checkpoints 13 --interval 2s --store "$store" >&2

shot experiment --checkpoint "$first/30"
shot screen --checkpoint "$screen/8"
shot library --page library
shot family --page family --checkpoint "$first/30"
shot compare --page compare --checkpoint "$first/30"
shot overlay --page overlay
shot profile --page profile
shot doctor --page doctor
