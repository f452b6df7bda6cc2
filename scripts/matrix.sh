#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# matrix.sh [bookworm|trixie]...: what a newcomer does on a fresh machine, done
# in a root folder that debootstrap has just made. The checkout as it stands
# is copied in; `./run demo` and `./run test` install what they need, build and
# run. Roots are made in $WK_MATRIX_DIR (build/matrix) and removed at the end;
# the log of each stays beside them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/common.sh

mirror=${WK_MATRIX_MIRROR:-http://deb.debian.org/debian}
folder=${WK_MATRIX_DIR:-$PWD/build/matrix}
root=

cleanup() {
  [[ -z $root ]] || rm -rf --one-file-system "$root"
}

make_root() {
  local release=$1
  root=$(mktemp -d "$folder/$release.XXXXXX")
  chmod 755 "$root" # others walk through "/" too
  say "$release: making a fresh root"
  debootstrap --variant=minbase "$release" "$root" "$mirror" >/dev/null
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  # The installer writes this file, debootstrap alone does not.
  echo "127.0.0.1 localhost" >"$root/etc/hosts"
  # Where a company's proxy signs with its own authority, npm must know it.
  mkdir -p "$root/usr/local/share/ca-certificates"
  cp -r /usr/local/share/ca-certificates/. \
    "$root/usr/local/share/ca-certificates"
}

# What git would give somebody who cloned this state.
copy_checkout() {
  mkdir "$root/whitekey"
  git ls-files -z --cached --others --exclude-standard |
    xargs -0 tar cf - -- | tar xf - -C "$root/whitekey"
}

# In namespaces of its own: mounts and processes are gone when this returns.
in_root() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare --mount --pid --fork --kill-child bash -c '
    mount -t proc proc "$0/proc"
    mount --rbind /dev "$0/dev"
    exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
      LANG=C.UTF-8 "$@"' "$root" "$@"
}

test_release() {
  local release=$1
  local log=$folder/$release.log
  make_root "$release"
  copy_checkout
  local status=0
  say "$release: ./run demo, ./run test (log: $log)"
  {
    in_root /whitekey/run demo --for 10 && in_root /whitekey/run test
  } >"$log" 2>&1 || status=$?
  tail -n 12 "$log"
  cleanup
  root=
  ((status == 0)) || {
    say "$release: failed with $status"
    exit 1
  }
}

((EUID == 0)) || fail "only root can make a root folder: sudo ./run matrix"
for release in "$@"; do
  case $release in
    bookworm | trixie) ;;
    *) fail "no such release: $release (bookworm or trixie)" ;;
  esac
done
(($# > 0)) || set -- bookworm trixie

trap cleanup EXIT
mkdir -p "$folder"
for release in "$@"; do
  test_release "$release"
done
say "fresh machines: $* passed"
