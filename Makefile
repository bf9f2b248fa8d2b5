# InferMesh: `make help` lists what there is. All targets work from a clean clone with the .NET 10 SDK.
.DEFAULT_GOAL := help
.PHONY: help run build test test-unit bench fmt lint sim study study-full openapi measure chaos soak overload rolling agents clean

SOLUTION := InferMesh.sln

help: ## List the targets
	@grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*?## "}; {printf "  %-10s %s\n", $$1, $$2}'

run: ## Run the mesh: Redis, 2 silos, API and a synthetic fleet (Ctrl+C stops it)
	dotnet run --project Aspire.AppHost

build: ## Build everything
	dotnet build $(SOLUTION) -v q

test: ## Install what the tests need (when it may), build, run all tests
	./eng/install-test-tools.sh
	dotnet build $(SOLUTION) -v q
	dotnet test --solution $(SOLUTION) --no-build --max-parallel-test-modules 1

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

rolling: ## Restart two silos and two APIs one after another under load: no stream is dropped
	dotnet run --project Tests/EndToEnd -c Release -- rolling

clean: ## Remove build output and local state
	rm -rf .infermesh artifacts TestResults
	find . -type d \( -name bin -o -name obj \) -not -path './.git/*' -prune -exec rm -rf {} +
