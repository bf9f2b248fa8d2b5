#!/usr/bin/env bash
# What telemetry costs the cluster: processor time of silos and API with an idle synthetic fleet of N nodes reporting once a second,
# and without a fleet, one after the other. Usage: eng/measure-telemetry.sh [NODES] [SECONDS].
set -euo pipefail
cd "$(dirname "$0")/.."
nodes=${1:-100} seconds=${2:-60}
api=http://127.0.0.1:8080

dotnet build Aspire.AppHost/Aspire.AppHost.csproj -c Release -v q
apphost=$(find Aspire.AppHost/bin/local/Release -name InferMesh.Aspire.AppHost.dll | head -n 1)
data=$(mktemp -d)
mesh=
stop() { [ -z "$mesh" ] || { kill -TERM "$mesh" 2>/dev/null; wait "$mesh" 2>/dev/null || true; }; mesh=; }
trap 'stop; rm -rf "$data"' EXIT

# Processor seconds of all processes of one kind.
cpu() { for pid in $(pgrep -f "$1"); do awk '{print ($14 + $15) / 100}' "/proc/$pid/stat"; done | awk '{sum += $1} END {print sum + 0}'; }

run() {
  dotnet "$apphost" --Mesh:Mode=local "--Mesh:DataDirectory=$data/$1" "${@:2}" >"$data/log" 2>&1 &
  mesh=$!
  until grep -q "InferMesh is up" "$data/log"; do sleep 1; kill -0 $mesh || { cat "$data/log"; exit 1; }; done
  until [ "$(curl -s "$api/api/v1/nodes?health=ready&limit=1" | grep -o '"total":[0-9]*' | cut -d: -f2)" = "$1" ]; do sleep 1; done
  sleep 30 # the first code runs before it is optimised
  local silos apis
  silos=$(cpu InferMesh.Silo.dll) apis=$(cpu InferMesh.Api.dll)
  sleep "$seconds"
  awk -v n="$1" -v s="$seconds" -v a="$silos" -v b="$(cpu InferMesh.Silo.dll)" -v c="$apis" -v d="$(cpu InferMesh.Api.dll)" \
    'BEGIN {printf "%4d nodes: silos %.3f core, API %.3f core, together %.3f core\n", n, (b - a) / s, (d - c) / s, (b - a + d - c) / s}'
  stop
}

run 0 --Mesh:Fleet=false
run "$nodes" "--Mesh:FleetNodes=$nodes" --Mesh:FleetCells=4
