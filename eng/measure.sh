#!/usr/bin/env bash
# Measures a fresh mesh (synthetic fleet of 8 nodes) with the requests of a real trace: baseline_rr, mesh, and a switch between them
# under load. Usage: eng/measure.sh TRACE [SPEED] [SECONDS]. Writes artifacts/measure/*.json and prints the tables.
set -euo pipefail
cd "$(dirname "$0")/.."
trace=${1:-${INFERMESH_DATA:?names the folder of the traces, or give the trace as the first argument}/azure-llm-2023/conv.csv.gz}
speed=${2:-8} seconds=${3:-120}
out=artifacts/measure
mkdir -p "$out"
api=http://127.0.0.1:8080

dotnet build Aspire.AppHost/Aspire.AppHost.csproj -c Release -v q
cli=$(find Cli/bin/Release -name InferMesh.Cli.dll | head -n 1)
apphost=$(find Aspire.AppHost/bin/local/Release -name InferMesh.Aspire.AppHost.dll | head -n 1)
data=$(mktemp -d)
dotnet "$apphost" --Mesh:Mode=local "--Mesh:DataDirectory=$data" >"$out/apphost.log" 2>&1 &
mesh=$!
trap 'kill -TERM $mesh 2>/dev/null; wait $mesh 2>/dev/null; rm -rf "$data"' EXIT

for _ in $(seq 120); do
  ready=$(curl -s "$api/api/v1/nodes?health=ready" | grep -o '"total":[0-9]*' | cut -d: -f2 || true)
  [ "${ready:-0}" = 8 ] && break
  sleep 1
done
[ "${ready:-0}" = 8 ] || { cat "$out/apphost.log"; exit 1; }

strategy() {
  local etag condition='if-none-match: *'
  etag=$(curl -s -o /dev/null -D - "$api/api/v1/policies/live" | tr -d '\r' | awk 'tolower($1) == "etag:" {print $2}')
  [ -z "$etag" ] || condition="if-match: $etag"
  curl -sf -o /dev/null -X PUT "$api/api/v1/policies/live" -H 'content-type: application/json' -H "$condition" \
    -d "{\"kind\":\"routing\",\"routing\":{\"strategy\":\"$1\"}}"
}
replay() { dotnet "$cli" replay --trace "$trace" --format azure --target "$api" --speed "$speed" --duration "$2" --warmup 10 --output "$out/$1.json" 2>/dev/null; }
cpu() { for pid in $(pgrep -f "InferMesh.(Silo|Api|Cli).dll"); do echo "$(tr '\0' ' ' <"/proc/$pid/cmdline" | grep -oE 'InferMesh\.[A-Za-z]+\.dll( fleet)?') $(awk '{print ($14 + $15) / 100}' "/proc/$pid/stat")"; done; }

for name in baseline_rr mesh; do
  strategy "$name"
  sleep 2
  printf '\n== %s, speed %s, %s s\n' "$name" "$speed" "$seconds"
  cpu >"$out/cpu-before"
  replay "$name" "$seconds"
  cpu >"$out/cpu-after"
  echo "processor seconds of each process:"
  paste -d ' ' "$out/cpu-before" "$out/cpu-after" | awk '{n = NF / 2; print "  " $1 (n == 3 ? " " $2 : ""), $NF - $(NF / 2)}'
done

printf '\n== baseline_rr -> mesh half way\n'
strategy baseline_rr
(sleep "$((10 + seconds / 4))"; strategy mesh) &
replay switch "$((seconds / 2))"
wait $!
