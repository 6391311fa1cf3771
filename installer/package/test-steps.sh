# shellcheck shell=bash
# The steps of installer/package-test.sh, as root in the fresh system. Each line on standard error names what is proven
# next; the first thing that is not as it should be ends it.

here=/opt/test
version=$(dpkg-deb -f $here/freezeframe.deb Version)

step() { printf '  %s\n' "$*" >&2; }
broken() {
  printf 'BROKEN: %s\n' "$*" >&2
  exit 1
}
trap 'printf "BROKEN: in line %s: %s\n" "$LINENO" "$BASH_COMMAND" >&2' ERR

quietly() { "$@" >/tmp/log 2>&1 || { cat /tmp/log >&2; return 1; }; rm -f /tmp/log; }
apt() { quietly apt-get -q -y -o Acquire::Languages=none -o Dpkg::Use-Pty=0 "$@"; }
# As somebody who is not root and has nothing but a home. `user COMMAND…`
user() {
  runuser -u researcher -- env -i -C /home/researcher HOME=/home/researcher PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8 \
    ${DISPLAY:+DISPLAY=$DISPLAY} "$@"
}
expect() { # TEXT COMMAND…: the command succeeds and prints TEXT
  local text=$1 printed
  shift
  printed=$("$@" 2>&1) || { printf '%s\n' "$printed" >&2; broken "$* failed"; }
  [[ $printed == *"$text"* ]] || { printf '%s\n' "$printed" >&2; broken "$* does not print: $text"; }
}
# All files but those of apt's, dpkg's and the system's own bookkeeping, and what belongs to the user.
files() {
  find / -xdev \( -path /home/researcher -o -path /opt/test -o -path /var/log -o -path /var/lib/apt -o -path /var/cache/apt -o \
    -path /proc -o -path '/var/lib/dpkg/*-old' -o -path '/var/cache/debconf/*-old' \) -prune -o -printf '%p %l\n' | sort
}

useradd --create-home --shell /bin/bash researcher
apt update

step "apt installs the package from its file, with what it depends on"
# The short form as on a server, without what only the window on a display needs.
as=(install)
[[ -z $brief ]] || as=(install --no-install-recommends libpangoft2-1.0-0 fonts-dejavu-core)
apt "${as[@]}" $here/freezeframe.deb
# What the test itself needs: tools that ask what the desktop would.
tools=(man-db bash-completion desktop-file-utils shared-mime-info libglib2.0-bin)
[[ -n $brief ]] || tools+=(xvfb x11-utils x11-apps netpbm)
apt install --no-install-recommends "${tools[@]}"

step "purge leaves no file behind"
apt purge freezeframe
left=$(find / -xdev \( -path /proc -o -path /opt/test \) -prune -o -iname '*freezeframe*' ! -path '/var/cache/apt/*' -print)
[[ -z $left ]] || broken "left behind: $left"
left=$(grep -rl freezeframe /usr/share/mime /usr/share/applications 2>/dev/null || true)
[[ -z $left ]] || broken "still registered in: $left"
! man -w freezeframe 2>/dev/null || broken 'man still knows it'
files >/opt/test/files.before

step "an older version records"
apt "${as[@]}" $here/older.deb
user freezeframe record boot-sector --checkpoints 3 --interval 200ms --store older-store >/dev/null
user freezeframe list --json --store older-store >/opt/test/list.before

step "an upgrade reads the stores of the older version, and those of all former formats"
apt "${as[@]}" $here/freezeframe.deb
[[ $(dpkg-query -W -f '${Version}' freezeframe) == "$version" ]] || broken "$version is not what is installed"
user freezeframe list --json --store older-store | cmp - /opt/test/list.before
user freezeframe verify --store older-store >/dev/null
expect 'runs again' user freezeframe restore latest --run 500ms --verify --store older-store
for format in "$here"/stores/*; do
  cp -R "$format" /home/researcher/ && chown -R researcher: "/home/researcher/${format##*/}"
  user freezeframe verify --store "${format##*/}" >/dev/null
done

step "the command is on the PATH, has its own Java, and knows its version"
expect "freezeframe ${version/\~/-}" user freezeframe --version
! type -P java >/dev/null || broken 'there is another Java here'
user freezeframe doctor >/opt/test/doctor || true # TCG alone is no fault
! grep -E '^missing' /opt/test/doctor || broken 'doctor misses something that the package has to bring'

step "records and restores as an ordinary user"
expect '3 checkpoints' user freezeframe record boot-sector --checkpoints 3 --interval 200ms
expect 'RAM verified' user freezeframe restore latest --run 1s --verify
experiment=$(user freezeframe list --json | sed -n 's/.*"experiment":"\([^"]*\)".*/\1/p' | tail -n 1)

step "a bundle travels, and the desktop knows it"
user freezeframe export "$experiment" run.freezeframe >/dev/null
user freezeframe import run.freezeframe --store other-store >/dev/null
expect 'RAM verified' user freezeframe restore latest --run 1s --verify --store other-store
expect 'application/vnd.freezeframe.bundle' user gio info -a standard::content-type run.freezeframe
user cp run.freezeframe without-a-name
expect application/vnd.freezeframe.bundle user gio info -a standard::content-type without-a-name
expect freezeframe.desktop user gio mime application/vnd.freezeframe.bundle
desktop-file-validate /usr/share/applications/freezeframe.desktop
[[ -s /usr/share/icons/hicolor/256x256/apps/freezeframe.png && -s /usr/share/icons/hicolor/scalable/apps/freezeframe.svg ]]

step "manual pages and completion are found"
# The smallest systems of Debian are told by dpkg to leave manual pages out; these are not told so.
expect FREEZEFRAME user env MANPAGER=cat MANWIDTH=100 man freezeframe
for page in /usr/share/man/man1/freezeframe*.1.gz; do
  quietly man --warnings -E UTF-8 -l -Tutf8 -Z "$page"
done
# shellcheck disable=SC2016
expect record user bash -c 'source /usr/share/bash-completion/bash_completion; _completion_loader freezeframe || true
  COMP_WORDS=(freezeframe rec) COMP_CWORD=1 COMP_LINE="freezeframe rec" COMP_POINT=15
  "$(complete -p freezeframe | sed "s/.*-F \([^ ]*\).*/\1/")"; echo "${COMPREPLY[@]}"'

step "the window is drawn without a display"
user freezeframe app --screenshot headless.png
[[ $(od -A n -t x1 -N 4 /home/researcher/headless.png) == ' 89 50 4e 47' ]]

if [[ -z $brief ]]; then
  step "the demo guest is prepared by the program itself, recorded and restored"
  user freezeframe guest --yes >/dev/null
  expect 'runs again' user bash -c 'freezeframe record tiny-linux --checkpoints 3 --interval 1s --store linux-store &&
    freezeframe restore latest --run 5s --console --verify --store linux-store'
  compgen -G "/home/researcher/.cache/freezeframe/aot/freezeframe-$(</usr/lib/freezeframe/lib/build-id).aot" >/dev/null ||
    broken 'the guest was prepared without the cache of classes'

  step "the window opens on a display, by GTK"
  Xvfb :7 -screen 0 1400x900x24 -nolisten tcp >/dev/null 2>&1 &
  server=$!
  export DISPLAY=:7
  for ((i = 0; i < 50; i++)); do
    [[ ! -S /tmp/.X11-unix/X7 ]] || break
    sleep 0.1
  done
  user freezeframe app --store linux-store >/opt/test/window.log 2>&1 &
  window=$!
  for ((i = 0; i < 60; i++)); do
    id=$(user xwininfo -root -tree 2>/dev/null | sed -n 's/^ *\(0x[0-9a-f]*\) ".*Freezeframe.*/\1/p' | head -n 1)
    [[ -z $id ]] || break
    kill -0 $window 2>/dev/null || break
    sleep 0.5
  done
  [[ -n $id ]] || { cat /opt/test/window.log >&2; broken 'no window appeared'; }
  # How long it takes to draw itself depends on the machine.
  for ((i = 0; i < 60; i++)); do
    sleep 1
    user xwd -silent -root | xwdtopnm 2>/dev/null >/opt/test/display.pnm
    colours=$(ppmhist -noheader /opt/test/display.pnm 2>/dev/null | wc -l)
    [[ $colours -lt 200 ]] || break
  done
  [[ $colours -ge 200 ]] || { cat /opt/test/window.log >&2; broken "the window shows $colours colours only"; }
  pnmtopng /opt/test/display.pnm 2>/dev/null >/home/researcher/display.png
  expect "$(sed -n 's/^StartupWMClass=//p' /usr/share/applications/freezeframe.desktop)" user xprop -id "$id" WM_CLASS
  # The program itself: runuser, asked to end, gives it no more than two seconds.
  program=$(tr -d " " <"/proc/$window/task/$window/children")
  kill "$program"
  wait $window || true

  step "a double click on a bundle opens the window, which asks whether to import it"
  command=$(sed -n 's/^Exec=\(.*\) %f$/\1/p' /usr/share/applications/freezeframe.desktop)
  # shellcheck disable=SC2086
  user env XDG_DATA_HOME=/home/researcher/elsewhere $command /home/researcher/run.freezeframe >/opt/test/window.log 2>&1 &
  window=$!
  for ((i = 0; i < 60; i++)); do
    question=$(user xwininfo -root -tree 2>/dev/null | grep -c '"Import an experiment"') || true
    [[ $question -eq 0 ]] || break
    sleep 0.5
  done
  [[ $question -gt 0 ]] || { cat /opt/test/window.log >&2; broken 'nobody asks'; }
  program=$(tr -d " " <"/proc/$window/task/$window/children")
  kill "$program"
  wait $window || true
  kill $server
  wait $server || true
  rm -rf /tmp/.X11-unix
  unset DISPLAY
fi

step "no run leaves anything outside the user's home"
left=$(find /tmp /dev/shm /var/tmp -user researcher)
[[ -z $left ]] || broken "left behind: $left"

step "purge leaves what the user has, and nothing else"
user find . -type f -printf '%p %s\n' | sort >/opt/test/home.before
apt purge freezeframe
files >/opt/test/files.after
diff /opt/test/files.before /opt/test/files.after >&2 || broken 'the package leaves files behind'
user find . -type f -printf '%p %s\n' | sort | cmp - /opt/test/home.before
