#!/bin/sh
# The workload `fetch`: takes a file from a TFTP server and prints its first line, again and again:
# fetch ADDRESS SERVER FILE MILLISECONDS [TIMES]. Ends after so many times.
#
# Where the server says something else each time, as QEMU does with a folder of the host's random numbers, each line is
# an input that no guest can know: a run that is executed again has the same ones only if they come from its log.
set -u
address=$1
server=$2
file=$3
pause=$(printf '%d.%03d' $(($4 / 1000)) $(($4 % 1000)))
last=${5:-0}
busybox=/bin/busybox
[ -x "$busybox" ] || busybox=/run/guest/bin/busybox

"$busybox" ifconfig eth0 "$address" up || exit 1
number=0
while [ "$last" -eq 0 ] || [ "$number" -lt "$last" ]; do
  "$busybox" tftp -g -r "$file" -l /tmp/fetched "$server" || {
    echo "fetch: $server does not send $file"
    exit 1
  }
  number=$((number + 1))
  read -r text </tmp/fetched
  echo "fetch $number $text"
  "$busybox" sleep "$pause"
done
