#!/usr/bin/env bash
# Draws the icons in assets/icon from their SVG sources; needs rsvg-convert (package librsvg2-bin). Only for who changes
# the sources: the pictures are kept with them.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../assets/icon"
for size in 16 24 32; do
  rsvg-convert -w "$size" -h "$size" freezeframe-small.svg -o "freezeframe-$size.png"
done
for size in 48 64 128 256 512; do
  rsvg-convert -w "$size" -h "$size" freezeframe.svg -o "freezeframe-$size.png"
done
