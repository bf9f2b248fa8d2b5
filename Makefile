# InferMesh: `make help` lists what there is. All targets work from a clean clone with the .NET 10 SDK.
.DEFAULT_GOAL := help
.PHONY: help run build test test-unit bench fmt lint sim openapi measure clean

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

bench: ## Run the benchmarks of the decision kernel
	dotnet run --project Tests/Benchmarks -c Release -- $(BENCH)

fmt: ## Format the sources
	dotnet format $(SOLUTION)

lint: ## Check format and analysers without changing anything
	dotnet format $(SOLUTION) --verify-no-changes

sim: ## Compare the strategies on a simulated mixed fleet (synthetic)
	dotnet run --project Cli -c Release -- sim

openapi: ## Write the reviewed contracts anew: docs/openapi.json, docs/contracts
	./eng/update-openapi.sh

measure: ## Measure a running mesh with a real trace, and what telemetry costs (INFERMESH_DATA)
	./eng/measure.sh
	./eng/measure-telemetry.sh

clean: ## Remove build output and local state
	rm -rf .infermesh artifacts TestResults
	find . -type d \( -name bin -o -name obj \) -not -path './.git/*' -prune -exec rm -rf {} +
