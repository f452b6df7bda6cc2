#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# wear.sh PROGRAMS: what a device's logins write to a disk of their own, an
# ext4 file system in a file. PROGRAMS is a build folder. Needs root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/common.sh

programs=$1
logins=256
folder=$(mktemp -d)
loop=

end() {
  mountpoint -q "$folder/disk" && umount "$folder/disk"
  [[ -z $loop ]] || losetup -d "$loop"
  rm -rf "$folder"
}
trap end EXIT

# Sectors of 512 bytes that the disk was told to write.
sectors() {
  sync -f "$folder/disk"
  awk '{ print $7 }' "/sys/block/${loop#/dev/}/stat"
}

((EUID == 0)) || fail "wear: needs root, to mount a disk"
mkdir "$folder/disk"
truncate -s 64M "$folder/image"
mkfs.ext4 -q "$folder/image"
loop=$(losetup -f --show "$folder/image")
mount "$loop" "$folder/disk"

export WHITEKEY_REGISTRY=$folder/registry.db
export WHITEKEY_MASTER_KEY=$folder/master.key
"$programs/cli/whitekey" init >/dev/null
"$programs/cli/whitekey" enrol wear --out "$folder/disk/wear.json" >/dev/null

printf '%8s %14s %24s\n' reserve 'bytes a login' 'a login a minute, a year'
for reserve in 1 4 8 16 64; do
  before=$(sectors)
  "$programs/bench/wear_bench" "$folder/disk/wear.json" "$reserve" "$logins"
  bytes=$((($(sectors) - before) * 512 / logins))
  printf '%8d %14d %21d MB\n' "$reserve" "$bytes" \
    $((bytes * 60 * 24 * 365 / 1000000))
done
