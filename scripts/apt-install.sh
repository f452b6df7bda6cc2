#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs Debian packages as root and asks nothing. A broker that the
# mosquitto package would start is kept down while this runs: a service on
# port 1883 is not what somebody who wants to try a program has asked for.
set -euo pipefail

guard=/usr/sbin/policy-rc.d

if [[ ! -e $guard ]]; then
  trap 'rm -f "$guard"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$guard"
  chmod 755 "$guard"
fi

export DEBIAN_FRONTEND=noninteractive
# Somebody else's broken repository in the list need not be in our way.
apt-get update -q || echo "apt-get update failed: trying with what is known"
apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
