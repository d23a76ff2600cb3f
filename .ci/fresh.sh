#!/usr/bin/env bash
# Runs ./reproduce.sh and ./test.sh on a bare Debian 12 and prints the seconds of each: a root made by debootstrap with
# nothing in it, a clone of HEAD, and what the scripts install. Needs root and debootstrap.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'TEXT'
usage: .ci/fresh.sh [COMMAND...]     default: ./reproduce.sh ./test.sh
       .ci/fresh.sh './reproduce.sh --smoke'
       .ci/fresh.sh --shell          a shell in the clone
Each COMMAND runs in a fresh root of its own. The bare root is made once and kept in $XDG_CACHE_HOME/headcount-fresh;
delete that folder to make it again. FRESH_CPUS=0,1 keeps all of it on those cores. Packages come from where this
machine gets its own: /etc/apt, the configuration of pip and npm, and proxies of the environment are carried in.
TEXT
}

case ${1:-} in --help | -h) usage; exit 0 ;; esac
[ "$(id -u)" -eq 0 ] || { echo "fresh.sh: chroot and debootstrap need root; run it with sudo" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "fresh.sh: apt-get install debootstrap" >&2; exit 2; }
cache=${XDG_CACHE_HOME:-$HOME/.cache}/headcount-fresh
bare=$cache/bookworm.tar

# The archive that this machine uses for bookworm, in either way of writing it down.
mirror() {
  sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb( \[[^]]*\])? +([^ ]+) +bookworm .*/\2/p' /etc/apt/sources.list \
    /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null | grep -v security | head -1
}

# carry ROOT: how this machine reaches the archive, pip's index and npm's registry.
carry() {
  local root=$1 path
  rm -rf "$root/etc/apt/sources.list" "$root/etc/apt/sources.list.d"
  for path in /etc/apt /etc/pip.conf /etc/xdg/pip /etc/npmrc /usr/etc/npmrc "$HOME/.npmrc" "$HOME/.config/pip" \
    /usr/share/keyrings /etc/ssl/certs /usr/share/ca-certificates /usr/local/share/ca-certificates \
    "${SSL_CERT_FILE:-}" "${NODE_EXTRA_CA_CERTS:-}" /etc/resolv.conf /etc/hosts; do
    if [ -n "$path" ] && [ -e "$path" ]; then
      mkdir -p "$root$(dirname "$path")"
      if [ -d "$path" ]; then cp -aT "$path" "$root$path"; else cp -L "$path" "$root$path"; fi
    fi
  done
}

if [ ! -s "$bare" ]; then
  mkdir -p "$cache"
  echo "== making the bare root (once)"
  making=$(mktemp -d "$cache/making.XXXXXX")
  debootstrap --variant=minbase --include=ca-certificates,git bookworm "$making" "$(mirror)" >"$cache/debootstrap.log" ||
    { tail -5 "$cache/debootstrap.log" >&2; exit 4; }
  rm -rf "$making"/var/cache/apt/archives/*.deb
  tar -C "$making" -cf "$bare.part" . && mv "$bare.part" "$bare"
  rm -rf "$making"
fi

# Whatever happens, nothing stays mounted in a folder that is deleted then.
root=
leave() {
  local path
  [ -n "$root" ] || return 0
  for path in dev/shm dev/pts dev sys/fs/cgroup sys proc; do
    if mountpoint -q "$root/$path"; then umount "$root/$path" 2>/dev/null || umount -l "$root/$path" || true; fi
  done
  if findmnt -rno TARGET | grep -qF "$root/"; then echo "fresh.sh: still mounted below $root; left there" >&2; return; fi
  rm -rf --one-file-system "$root"
}
trap leave EXIT

enter() {
  root=$(mktemp -d "${TMPDIR:-/tmp}/headcount-fresh.XXXXXX")
  tar -C "$root" -xf "$bare"
  chmod 755 "$root"  # apt fetches as a user of its own
  carry "$root"
  mount -t proc proc "$root/proc"
  mount --bind /sys "$root/sys"
  [ ! -d /sys/fs/cgroup ] || mount --bind /sys/fs/cgroup "$root/sys/fs/cgroup"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  mkdir "$root/dev/shm" "$root/dev/pts"
  mount -t tmpfs tmpfs "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  local device
  for device in null zero full random urandom tty; do
    cp -a "/dev/$device" "$root/dev/$device"
  done
  ln -s /proc/self/fd "$root/dev/fd"
  ln -s /proc/self/fd/1 "$root/dev/stdout"
  ln -s /proc/self/fd/2 "$root/dev/stderr"
  git clone -q --no-hardlinks "$PWD" "$root/headcount"
}

inside() {
  local kept=() name
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR \
    NODE_EXTRA_CA_CERTS REQUESTS_CA_BUNDLE PIP_CERT; do
    [ -z "${!name:-}" ] || kept+=("$name=${!name}")
  done
  local on=()
  [ -z "${FRESH_CPUS:-}" ] || on=(taskset -c "$FRESH_CPUS")
  "${on[@]}" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "${kept[@]}" \
    chroot "$root" /bin/bash -c "cd /headcount && $1"
}

if [ "${1:-}" = --shell ]; then
  enter
  inside "exec bash -i"
  exit
fi
[ $# -gt 0 ] || set -- ./reproduce.sh ./test.sh
report=()
failed=0
for command in "$@"; do
  enter
  echo "== $command"
  parts=$(mktemp)
  status=0
  started=$EPOCHSECONDS
  # Each part of the scripts begins with "== "; its seconds are those until the next.
  inside "$command" 2>&1 | {
    part=start since=$EPOCHSECONDS
    while IFS= read -r line; do
      printf '%s\n' "$line"
      if [[ $line == "== "* ]]; then
        echo "$((EPOCHSECONDS - since)) $part" >>"$parts"
        part=${line#== } since=$EPOCHSECONDS
      fi
    done
    echo "$((EPOCHSECONDS - since)) $part" >>"$parts"
  } || status=$?
  # 3: a measured claim is inconclusive, which says something about this machine.
  [ "$status" -eq 0 ] || [ "$status" -eq 3 ] || failed=1
  report+=("$((EPOCHSECONDS - started)) s  $command (exit $status)")
  while read -r seconds part; do report+=("    $seconds s  $part"); done <"$parts"
  rm -f "$parts"
  leave
  root=
done
printf '\n== seconds from nothing, on %s cores\n' "$(nproc)"
printf '%s\n' "${report[@]}"
exit $failed
