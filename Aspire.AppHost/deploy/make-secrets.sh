#!/usr/bin/env bash
# Makes random secrets, one file each, as docker-compose.yml and `kubectl create secret generic --from-file` take them.
# Usage: make-secrets.sh [FOLDER] (default: secrets beside this script). Files that are there already stay as they are.
set -euo pipefail
folder=${1:-$(dirname "$0")/secrets}
umask 022

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
write() { [ -e "$folder/$1" ] || printf '%s' "$2" >"$folder/$1"; }

mkdir -p "$folder"/{silo,api,agent,monitoring,stores}
# Containers read the files as other users; on this machine nobody else gets into the folder.
chmod 700 "$folder"

write stores/postgres_password "$(random)"
write stores/redis.conf "requirepass $(random)"
postgres=$(cat "$folder/stores/postgres_password")
redis=$(sed -n 's/^requirepass //p' "$folder/stores/redis.conf")

write silo/ConnectionStrings__redis "redis:6379,password=$redis"
write silo/ConnectionStrings__meshdb "Host=postgres;Database=infermesh;Username=infermesh;Password=$postgres;Maximum Pool Size=50"
write api/ConnectionStrings__redis "redis:6379,password=$redis"
# The admin's key is for operators, the agents' for reports of nodes, that of monitoring may only read.
write agent/api_key "$(random)"
write monitoring/api_key "$(random)"
write api/InferMesh__Api__AdminKeys__0 "$(random)"
write api/InferMesh__Api__AgentKeys__0 "$(cat "$folder/agent/api_key")"
write api/InferMesh__Api__ViewerKeys__0 "$(cat "$folder/monitoring/api_key")"
