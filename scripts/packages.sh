# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by ./run: what each verb needs from Debian 12 or 13, and how it gets
# there. Once everything is there nothing here touches the network.

packages_of() {
  case $1 in
    build)
      # gcc runs make to optimize at link time on all processors.
      echo gcc libc6-dev make cmake ninja-build pkg-config \
        libcjson-dev libmbedtls-dev libmosquitto-dev libpaho-mqtt-dev \
        libsqlite3-dev libyaml-dev mosquitto mosquitto-dev nettle-dev
      ;;
    attack) echo openssl ;;
    demo) echo jose mosquitto-clients python3 ;;
    dongle)
      # Its firmware is built, run on a simulated chip, and reaches a broker.
      packages_of avr
      echo libelf-dev libsimavr-dev socat
      ;;
    avr) echo avr-libc binutils-avr gcc-avr ;;
    test)
      packages_of dongle
      echo jose libcriterion-dev logrotate mosquitto-clients openssl python3 \
        python3-cryptography python3-jsonschema python3-paho-mqtt \
        python3-prometheus-client python3-yaml valgrind
      # Debian's npm pulls in some 300 packages: only where there is none.
      command -v npm >/dev/null || echo ca-certificates nodejs npm
      ;;
    lint-fast)
      echo cppcheck mandoc python3 shellcheck
      # Formatting is judged by one version only, see scripts/lint.sh.
      if [[ $(debian_release) == 12 ]]; then
        echo clang-format-14
      fi
      ;;
    fuzz) echo clang "libclang-rt-$(clang_version)-dev" ;;
    lint) echo clang-tidy ;;
    matrix) echo debootstrap git ;;
    *) fail "no such package group: $1" ;;
  esac
}

debian_release() {
  (. /etc/os-release && echo "${VERSION_ID:-}")
}

# The version that Debian's package `clang` stands for.
clang_version() {
  if [[ $(debian_release) == 12 ]]; then echo 14; else echo 19; fi
}

# need_packages GROUP...: installs what is missing of these groups.
need_packages() {
  local group package
  local -a missing=()
  command -v dpkg-query >/dev/null || return 0 # not Debian: cmake will tell
  for group in "$@"; do
    for package in $(packages_of "$group"); do
      is_installed "$package" || missing+=("$package")
    done
  done
  ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
}

is_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null) == ?i* ]]
}

install_packages() {
  say "installing with apt: $*"
  as_root scripts/apt-install.sh "$@"
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "these need root, and there is no sudo: ${*:2}"
  fi
}

# need_node_modules [FOLDER]: the npm packages of tests/node, or of another
# folder, go to its node_modules, npm's own cache to build/npm: nothing lands
# in the home folder. A cache that the user already has is read before the
# network is.
need_node_modules() {
  local folder=${1:-tests/node}
  local stamp=$folder/node_modules/.package-lock.json
  [[ -f $folder/package-lock.json ]] || return 0
  [[ $stamp -nt $folder/package-lock.json ]] && return
  say "installing the tests' npm packages into $folder/node_modules"
  npm_ci "$folder" --offline --cache "$PWD/build/npm" 2>/dev/null ||
    { has_npm_cache && npm_ci "$folder" --offline 2>/dev/null; } ||
    npm_ci "$folder" --cache "$PWD/build/npm" ||
    fail "npm could not fetch what $folder/package-lock.json names"
  touch "$stamp"
}

has_npm_cache() {
  [[ -d ${npm_config_cache:-$HOME/.npm}/_cacache ]]
}

npm_ci() {
  local folder=$1
  shift
  npm ci --prefix "$folder" --no-audit --no-fund --no-update-notifier \
    --ignore-scripts --loglevel=error --logs-dir "$PWD/build/npm/_logs" "$@"
}
