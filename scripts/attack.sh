#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# attack.sh PROGRAMS [NAME] [OPTION...]: attacks a broker and a registry that
# are made for it, on a free port of loopback, and leaves nothing behind.
# PROGRAMS is a build folder; NAME is all unless given. Options are
# whitekey-sim's.
set -euo pipefail

programs=$(realpath "$1")
shift
name=all
if (($# > 0)) && [[ $1 != -* ]]; then
  name=$1
  shift
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# For "localhost"; it signs itself, and is its own authority.
make_certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$folder/broker.key" -out "$folder/broker.crt" -days 2 \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
}

# A port nobody listens on, outside the range of outgoing connections.
free_port() {
  local port
  while :; do
    port=$((RANDOM % 20000 + 10000))
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

port=$(free_port)
tls_port=$(free_port)
while [[ $tls_port == "$port" ]]; do tls_port=$(free_port); done
make_certificate
export WHITEKEY_REGISTRY=$folder/registry.db
export WHITEKEY_MASTER_KEY=$folder/master.key
cat >"$folder/mosquitto.conf" <<END
user $(id -un)
log_dest file $folder/mosquitto.log
listener $port 127.0.0.1
listener $tls_port 127.0.0.1
certfile $folder/broker.crt
keyfile $folder/broker.key
allow_anonymous false
plugin $programs/plugin/mosquitto_whitekey.so
plugin_opt_registry $WHITEKEY_REGISTRY
plugin_opt_master_key_file $WHITEKEY_MASTER_KEY
END

"$programs/cli/whitekey" init >/dev/null
PATH=$PATH:/usr/sbin "$programs/device-sim/whitekey-sim" attack "$name" \
  --port "$port" --tls-port "$tls_port" --cafile "$folder/broker.crt" \
  --broker "$folder/mosquitto.conf" "$@"
