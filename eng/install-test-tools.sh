#!/usr/bin/env bash
# Installs the servers that the full test suite uses, from Debian's packages, and the npm packages of its JavaScript client and of the
# console's build, where they are missing and this user may. A test whose server or client is missing reports itself as skipped, with the reason.
set -euo pipefail
cd "$(dirname "$0")/.."

install_npm() {
  for folder in Tests/EndToEnd/Clients/javascript Api/Console/web; do
    [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] && continue
    command -v npm >/dev/null || { echo "Not installed: the npm packages of $folder (no npm). Their tests will be skipped." >&2; continue; }
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
  done
}
trap 'status=$?; [ $status -ne 0 ] || install_npm' EXIT

missing=()
command -v redis-server >/dev/null || missing+=(redis-server)
command -v initdb >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || missing+=(postgresql)
# In /usr/sbin, which is not on everybody's PATH.
command -v haproxy >/dev/null || [ -x /usr/sbin/haproxy ] || missing+=(haproxy)
compgen -G "/usr/lib/*/faketime/libfaketime.so.1" >/dev/null || missing+=(libfaketime)
command -v prometheus >/dev/null || missing+=(prometheus)
command -v chromium >/dev/null || missing+=(chromium)
command -v npm >/dev/null || missing+=(nodejs npm)
command -v zsh >/dev/null || missing+=(zsh)
command -v fish >/dev/null || missing+=(fish)
# In /usr/sbin too.
command -v nft >/dev/null || [ -x /usr/sbin/nft ] || missing+=(nftables)
command -v gcc >/dev/null || missing+=(gcc libc6-dev)
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "Not installed: ${missing[*]} (no apt-get here). The tests that need them will be skipped." >&2
  exit 0
fi
sudo=()
if [ "$(id -u)" -ne 0 ]; then
  if ! sudo -n true 2>/dev/null; then
    echo "Not installed: ${missing[*]} (needs root). The tests that need them will be skipped." >&2
    exit 0
  fi
  sudo=(sudo -n)
fi
# A service that Debian's packages start by themselves is of no use here: the tests start their own servers.
policy=/usr/sbin/policy-rc.d
made_policy=false
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null && "${sudo[@]}" chmod +x "$policy" && made_policy=true
fi
"${sudo[@]}" apt-get update -q
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
if $made_policy; then "${sudo[@]}" rm -f "$policy"; fi
