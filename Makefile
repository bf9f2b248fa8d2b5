# InferMesh: `make help` lists what there is. All targets work from a clean clone with the .NET 10 SDK.
.DEFAULT_GOAL := help
.PHONY: help run build plugins test test-unit bench fmt lint sim study study-full console openapi measure chaos soak overload rolling agents coldstart consistency fuzz cli tool pack cli-scale images lock sbom licences manifests newcomer clean

SOLUTION := InferMesh.sln

help: ## List the targets
	@grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*?## "}; {printf "  %-12s %s\n", $$1, $$2}'

run: ## Run the mesh: Redis, 2 silos, API and a synthetic fleet (Ctrl+C stops it)
	dotnet run --project Aspire.AppHost

build: ## Build everything
	dotnet build $(SOLUTION) -v q

plugins: ## Build the example WASM plugins from source into Plugins/prebuilt (clang and lld, rustc with wasm32-unknown-unknown, npm)
	$(MAKE) -C Plugins

test: ## Install what the tests need (when it may), build, run all tests (TEST_FLAGS="--output Detailed" names each with its time)
	./eng/install-test-tools.sh
	dotnet build $(SOLUTION) -v q
	dotnet test --solution $(SOLUTION) --no-build --max-parallel-test-modules 1 $(TEST_FLAGS)

test-unit: ## Run the fast tests: no cluster, no servers
	dotnet run --project Tests/Unit

bench: ## Run the benchmarks of the decision kernel; BENCH="goals p4 p5 p6" measures the data plane beside other proxies
	dotnet run --project Tests/Benchmarks -c Release -- $(BENCH)

fmt: ## Format the sources
	dotnet format $(SOLUTION)

lint: ## Check format and analysers without changing anything
	dotnet format $(SOLUTION) --verify-no-changes

sim: ## Compare the strategies on a simulated mixed fleet (synthetic): artifacts/sim/report.html
	dotnet build Cli -c Release -v q
	dotnet run --project Cli -c Release --no-build -- sim generate --example-type mixed --output artifacts/sim/mixed.yaml
	dotnet run --project Cli -c Release --no-build -- sim run --config artifacts/sim/mixed.yaml --seeds 3 --output artifacts/sim

study: ## Run the quick form of the strategy study (synthetic, minutes): artifacts/study-quick/summary.md
	dotnet run --project Cli -c Release -- sim study --quick --output artifacts/study-quick

study-full: ## Run the whole strategy study (synthetic, up to two hours) and write docs/results.md anew
	dotnet run --project Cli -c Release -- sim study --full --output artifacts/study-full --docs docs/results.md

console: ## Build the web console anew into Api/Console/wwwroot (npm; the result is committed)
	cd Api/Console/web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && npm run --silent check && npm run --silent build

openapi: ## Write the reviewed contracts anew: docs/openapi.json, docs/contracts
	./eng/update-openapi.sh

measure: ## Measure a running mesh with a real trace, and what telemetry costs (INFERMESH_DATA)
	./eng/measure.sh
	./eng/measure-telemetry.sh

chaos: ## Break runtimes and kill a silo under load for MINUTES=10: nothing accepted is lost, nothing stays in flight
	dotnet run --project Tests/EndToEnd -c Release -- chaos $(or $(MINUTES),10)

overload: ## Ask the mesh for twice what it can do, MINUTES=1 each at the most and at twice that
	dotnet run --project Tests/EndToEnd -c Release -- overload $(or $(MINUTES),1)

soak: ## Steady load for MINUTES=15: the memory of API and silos stays flat
	dotnet run --project Tests/EndToEnd -c Release -- soak $(or $(MINUTES),15)

agents: ## A thousand agents report once a second for MINUTES=10: what the routing table knows is at most two seconds old
	dotnet run --project Tests/EndToEnd -c Release -- agents $(or $(MINUTES),10)

consistency: ## Kill and pause silos, restart Redis and PostgreSQL under writes for MINUTES=10: nothing acknowledged is lost, nobody reads what is stale
	dotnet run --project Tests/EndToEnd -c Release -- consistency $(or $(MINUTES),10)

rolling: ## Restart two silos and two APIs one after another under load: no stream is dropped
	dotnet run --project Tests/EndToEnd -c Release -- rolling

coldstart: ## Stop a mesh of 10,000 nodes, 1,000 policies and 10,000 jobs on PostgreSQL and Redis and start it again: it routes within 30 s
	dotnet run --project Tests/EndToEnd -c Release -- coldstart

cli: ## Make the command line as one file for this machine's kind, with all it needs: artifacts/cli/infermesh (RID=linux-x64)
	dotnet publish Cli -c Release -r $(or $(RID),linux-x64) --self-contained -v q -o artifacts/cli \
	  -p:NuGetLockFilePath=obj/cli.lock.json -p:PublishSingleFile=true -p:IncludeNativeLibrariesForSelfExtract=true -p:DebugType=none -p:GenerateDocumentationFile=false -p:PackAsTool=false
	mv artifacts/cli/InferMesh.Cli artifacts/cli/infermesh

tool: ## Make the .NET tool package: artifacts/tool/InferMesh.Cli.*.nupkg
	dotnet pack Cli -c Release -v q -o artifacts/tool

pack: ## Make the package that authors of .NET plugins reference: artifacts/packages/InferMesh.Strategies.*.nupkg
	dotnet pack Strategies -c Release -v q -o artifacts/packages

cli-scale: ## Measure the command line against an API with 10,000 nodes (synthetic): list-nodes' first page, frames of top
	dotnet run --project Tests/EndToEnd -c Release -- cli-scale

fuzz: ## Send REQUESTS=50000 random and broken calls of REST and gRPC to a mesh, twice (SEED=1; ONLY=number sends one of them again): nothing breaks, nothing grows
	dotnet run --project Tests/EndToEnd -c Release -- fuzz $(or $(REQUESTS),50000) $(or $(SEED),1) $(ONLY)

images: ## Make the container images of silo, API and command line; REGISTRY=host pushes them, ARCHIVE=folder writes archives instead
	set -e; for project in Silo Api Cli; do \
	  dotnet publish $$project -c Release -t:PublishContainer -v q $(if $(REGISTRY),-p:ContainerRegistry=$(REGISTRY)) \
	    $(if $(ARCHIVE),-p:ContainerArchiveOutputPath=$(abspath $(ARCHIVE))/$$project.tar.gz); \
	done

manifests: ## Print the Kubernetes manifests as they are applied (kubectl, no cluster needed)
	kubectl kustomize Aspire.AppHost/deploy

lock: ## Write the lock files anew after a change of packages
	dotnet restore $(SOLUTION) --force-evaluate -p:RestoreLockedMode=false

sbom: ## Write the bill of materials of all packages, CycloneDX 1.6: artifacts/sbom/infermesh.cdx.json
	dotnet restore $(SOLUTION) -v q
	dotnet run --project eng/SupplyChain -- sbom artifacts/sbom/infermesh.cdx.json

licences: ## Write docs/licences.md anew; fails on a licence that eng/licences.json does not allow
	dotnet restore $(SOLUTION) -v q
	dotnet run --project eng/SupplyChain -- licences docs/licences.md

newcomer: ## Walk through the first quarter of an hour of somebody new, unattended: a clone of what is committed, from run to compare
	./Tests/newcomer.sh

clean: ## Remove build output and local state
	rm -rf .infermesh artifacts TestResults
	find . -type d \( -name bin -o -name obj \) -not -path './.git/*' -prune -exec rm -rf {} +
