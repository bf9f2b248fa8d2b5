#!/usr/bin/env bash
# Writes the reviewed contracts anew: docs/openapi.json and docs/contracts/aliases.txt. Look at the diff before you commit it.
set -euo pipefail
cd "$(dirname "$0")/.."
INFERMESH_UPDATE_OPENAPI=1 INFERMESH_UPDATE_CONTRACTS=1 dotnet run --project Tests/Unit -- --filter "FullyQualifiedName~OpenApiDocument|FullyQualifiedName~WireContract"
git --no-pager diff --stat -- docs
