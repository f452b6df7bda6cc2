# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts: how they speak and how they fail.

say() {
  printf '==> %s\n' "$*"
}

# A usage or set-up error: 2, so that it is not taken for a failed test.
fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 2
}
