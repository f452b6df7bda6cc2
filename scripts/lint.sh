#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# lint.sh [fast|format]: looks at the sources without running them.
#   fast    what is over in seconds; the ctest case `lint` runs this
#   format  rewrites the C sources instead of looking at them
# Without an argument clang-tidy follows, which needs build/dev configured.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/common.sh

# Debian's own Python sees Debian's packages.
python=/usr/bin/python3

# sources PATTERN...: files of the checkout, without what is built or fetched.
sources() {
  local -a names=()
  local pattern
  for pattern in "$@"; do
    names+=(-o -name "$pattern")
  done
  find . \( -name build -o -name node_modules -o -name .git \) -prune \
    -o -type f \( "${names[@]:1}" \) -print | sort
}

# Without tests: Criterion's macros mean nothing to the analysers. And without
# the faults that are seeded to be found.
program_sources() {
  sources '*.c' | grep -v /seeded/ | xargs grep -LE '\bcr_(assert|expect)'
}

# Another version breaks lines elsewhere, so only the pinned one may judge.
clang_format() {
  local tool
  for tool in clang-format-14 clang-format; do
    if "$tool" --version 2>/dev/null | grep -q 'version 14\.'; then
      sources '*.c' '*.h' | xargs "$tool" "$@"
      return
    fi
  done
  say "no clang-format 14 here: the format was not looked at"
}

shell_scripts() {
  echo run .ci/run
  sources '*.sh'
}

check_shell() {
  say "shellcheck"
  shell_scripts | xargs shellcheck -x
}

check_manuals() {
  local -a pages
  mapfile -t pages < <(sources '*.[1578]')
  ((${#pages[@]} > 0)) || return 0
  say "mandoc"
  mandoc -T lint -W warning "${pages[@]}"
}

check_bans() {
  say "local bans"
  "$python" scripts/lint_bans.py .
}

check_format() {
  say "clang-format"
  clang_format --dry-run -Werror
}

# Suppressions stand in scripts/cppcheck.txt, each with its reason.
check_cppcheck() {
  say "cppcheck"
  # shellcheck disable=SC2046 # our paths have no spaces
  cppcheck --quiet -j "$(nproc)" --std=c11 --error-exitcode=1 --inline-suppr \
    --enable=warning,performance,portability \
    --suppressions-list=scripts/cppcheck.txt \
    --library=scripts/cppcheck.cfg \
    $(printf -- '-I%s ' */include) $(program_sources)
}

# What only avr-gcc compiles is no business of clang's.
check_tidy() {
  say "clang-tidy"
  program_sources | grep -vE '^\./firmware/(crypto|dongle|probe)/' |
    xargs -n 4 -P "$(nproc)" \
      clang-tidy -p build/dev --quiet --warnings-as-errors='*' 2>&1 |
    { grep -vE '^[0-9]+ warnings? generated\.$' || true; } # of foreign headers
}

case ${1:-all} in
  format) clang_format -i ;;
  fast | all)
    check_bans
    check_shell
    check_manuals
    check_format
    check_cppcheck
    [[ ${1:-all} == fast ]] || check_tidy
    say "lint: nothing found"
    ;;
  *) fail "no such kind of lint: $1" ;;
esac
