#!/bin/sh
# The workload `build`: unpacks a C program from its Debian source package, compiles it file by file, tries the result,
# reads everything back from the disk and deletes it, again and again: build [STEPS]. Ends after so many steps.
#
# A compiler gives the same bytes each time. So whatever a checkpoint or a restore damages, in memory or on the disk,
# shows sooner or later as a CORRUPT line or as a failed step.
set -u
export LC_ALL=C
last=${1:-0}
step=0
round=0
sums=' '
tree=/srv/build

say() {
  step=$((step + 1))
  echo "step $step round $round $*"
  if [ "$step" -eq "$last" ]; then
    exit 0
  fi
}

fail() {
  echo "build: step $((step + 1)) of round $round failed: $*"
  exit 1
}

# Sets sum to the file's checksum, which must be the same in all rounds.
check() {
  sum=$(cksum <"$1") || fail "$1 cannot be read"
  sum=${sum% *}
  case $sums in
    *" $1=$sum "*) ;;
    *" $1="*) echo "CORRUPT $1: sum $sum is not that of the first round" ;;
    *) sums="$sums$1=$sum " ;;
  esac
}

for archive in /usr/src/lua*.orig.tar.gz; do :; done
while :; do
  round=$((round + 1))
  rm -rf "$tree"
  mkdir -p "$tree" || fail "making $tree"
  tar -x -z -f "$archive" -C "$tree" --strip-components=1 || fail "unpacking $archive"
  cd "$tree/src" || fail "there is no $tree/src"
  say "unpacked ${archive##*/}"
  for source in *.c; do
    object=${source%.c}.o
    make -s MYCFLAGS=-O1 SYSCFLAGS=-DLUA_USE_POSIX "$object" || fail "compiling $source"
    sync "$object"
    check "$object"
    say "compiled $object sum $sum"
  done
  make -s MYCFLAGS=-O1 SYSCFLAGS=-DLUA_USE_POSIX SYSLIBS=-Wl,-E AR='ar rc' lua luac || fail 'linking'
  check lua
  say "linked lua sum $sum"
  # The new interpreter reads its own code generator and sums it up as cksum does.
  check lcode.o
  found=$(./lua -e '
    local sum, length = 0, 0
    local function add(byte)
      sum = sum ~ byte << 24
      for _ = 1, 8 do
        sum = (sum & 0x80000000 ~= 0 and sum << 1 ~ 0x04c11db7 or sum << 1) & 0xffffffff
      end
    end
    for byte in io.open("lcode.o", "rb"):read("a"):gmatch(".") do
      add(byte:byte())
      length = length + 1
    end
    while length > 0 do
      add(length & 0xff)
      length = length >> 8
    end
    print(~sum & 0xffffffff)') || fail 'running lua'
  [ "$found" = "$sum" ] || echo "CORRUPT lua: sums lcode.o up to $found, but cksum to $sum"
  say "ran lua sum $found"
  sync
  echo 1 >/proc/sys/vm/drop_caches # what is read now comes from the disk
  for file in *.o lua; do
    check "$file"
  done
  say "read back $(echo *.o lua | wc -w) files"
  cd /
  rm -rf "$tree" || fail "deleting $tree"
  sync
  say "deleted"
done
