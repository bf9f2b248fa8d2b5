using BenchmarkDotNet.Attributes;
using InferMesh.Strategies.Routing;

namespace InferMesh.Tests.Benchmarks;

/// <summary>A whole decision: policies, filter, ranking, terms of each pick, hedge plan.</summary>
public class DecideBenchmarks
{
    private readonly RoutingTable _table = Fleet.Table(100);
    private ulong _sequence;

    [Benchmark]
    public int Decide100()
    {
        var sequence = _sequence++;
        return DecisionKernel.Decide(_table, Fleet.Request, Fleet.NowTicks, sequence, sequence).Choices.Count;
    }
}
