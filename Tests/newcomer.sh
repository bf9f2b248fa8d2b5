#!/usr/bin/env bash
# The first quarter of an hour of somebody new, unattended: clone, run, route, replay, look at the console and Swagger, submit a job, simulate, compare.
# Needs git, curl and the .NET 10 SDK. Usage: Tests/newcomer.sh [REPOSITORY]; by default the one that this file is in. Fails when a step does, or when all of it takes longer than 15 minutes.
set -euo pipefail
repository=${1:-$(cd "$(dirname "$0")/.." && git rev-parse --show-toplevel)}
limit=900
api=http://127.0.0.1:8080
work=$(mktemp -d)
mesh=
began=$SECONDS

finish() {
  status=$?
  if [ -n "$mesh" ]; then
    kill -TERM "$mesh" 2>/dev/null || true
    for _ in $(seq 60); do kill -0 "$mesh" 2>/dev/null || break; sleep 0.5; done
    kill -KILL "$mesh" 2>/dev/null || true
  fi
  [ "$status" = 0 ] || { echo "FAILED after $((SECONDS - began)) s"; tail -n 40 "$work/mesh.log" 2>/dev/null || true; }
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT

step() { printf '\n== %4d s  %s\n' "$((SECONDS - began))" "$*"; }
get() { curl -sf --max-time 20 "$@"; }
# Reads all of its input: a grep that leaves at the first match would break the pipe of a curl that still writes.
expect() { grep -i -- "$1" >/dev/null || { echo "expected: $1"; exit 1; }; }

step "clone"
git clone -q "$repository" "$work/InferMesh"
cd "$work/InferMesh"

step "run: dotnet run --project Aspire.AppHost"
dotnet run --project Aspire.AppHost -- "--Mesh:DataDirectory=$work/data" >"$work/mesh.log" 2>&1 &
mesh=$!
# Agents of the trainer report as nodes too: those that serve a model are the eight of the synthetic fleet.
until get "$api/api/v1/nodes?health=ready&model=llama-3.1-8b-instruct" 2>/dev/null | grep '"total":8[,}]' >/dev/null; do
  kill -0 "$mesh" 2>/dev/null || exit 1
  [ $((SECONDS - began)) -lt $limit ] || exit 1
  sleep 1
done

step "route: who would serve, and why"
get -X POST "$api/api/v1/route:dryRun" -H 'content-type: application/json' -d '{"model":"llama-3.1-8b-instruct","promptTokens":800,"outputTokens":200}' >"$work/route.json"
head -c 600 "$work/route.json"
expect '"coldStart"' <"$work/route.json"
echo
get "$api/v1/chat/completions" -H 'content-type: application/json' -d '{"model":"llama-3.1-8b-instruct","max_tokens":16,"messages":[{"role":"user","content":"Hello"}]}' | tee "$work/answer.json"
expect '"choices"' <"$work/answer.json"

infermesh() { dotnet "$work/InferMesh/$(cd "$work/InferMesh" && find Cli/bin -name InferMesh.Cli.dll -print -quit)" "$@"; }

step "replay: sixty requests of a made-up trace, at their own times"
{ echo TIMESTAMP,ContextTokens,GeneratedTokens; for i in $(seq 0 59); do printf '2023-11-16 18:00:%02d.000,%d,%d\n' "$((i / 2))" "$((200 + 17 * i))" "$((8 + i % 32))"; done; } >"$work/trace.csv"
infermesh replay --trace "$work/trace.csv" --format azure --target "$api" --speed 4 --output "$work/replay.json"

step "look: the console and Swagger"
get "$api/" | expect '<html'
get "$api/swagger/index.html" | expect swagger
get "$api/openapi/v1.json" | expect '"openapi"'

step "train: a job of two ranks in real processes"
id=$(infermesh job submit --name newcomer --workers 2 --gpus 1 --output json -- infermesh-trainer --steps 20 | sed -nE 's/^\{"id": *"([^"]+)".*/\1/p')
[ -n "$id" ]
infermesh job watch "$id"
infermesh job explain "$id"

step "simulate and compare (synthetic)"
infermesh sim generate --example-type mixed --output "$work/mixed.yaml"
infermesh sim run --config "$work/mixed.yaml" --seeds 1 --output "$work/sim"
infermesh sim compare --results "$work/sim"

took=$((SECONDS - began))
step "done in $took s"
[ $took -le $limit ] || { echo "longer than $limit s"; exit 1; }
