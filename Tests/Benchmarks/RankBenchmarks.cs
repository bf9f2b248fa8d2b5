using BenchmarkDotNet.Attributes;
using InferMesh.Strategies;
using InferMesh.Strategies.Routing;

namespace InferMesh.Tests.Benchmarks;

/// <summary>The best three of n targets, by the strategies that have a naive form and by naive LINQ over objects.</summary>
public class RankBenchmarks
{
    private TargetSet _targets = null!;
    private FilterReason[] _filter = null!;
    private IRoutingStrategy _strategy = null!;
    private NaiveRanking _naive = null!;
    private int _sequence;

    [ParamsSource(nameof(Strategies))]
    public string Strategy { get; set; } = "";

    [Params(8, 512, 8_192, 131_072)]
    public int Targets { get; set; }

    public static IEnumerable<string> Strategies => NaiveRanking.Strategies;

    [GlobalSetup]
    public void Setup()
    {
        var rows = Fleet.Rows(Targets);
        _targets = new(Fleet.Model, rows);
        _filter = new FilterReason[Targets];
        _strategy = StrategyCatalog.Create(Strategy);
        _naive = new(rows, Strategy);
    }

    [Benchmark(Baseline = true)]
    public int Linq() => _naive.Rank(_sequence++ & 0xFFFF).Length;

    [Benchmark]
    public int Rank()
    {
        Span<RankedTarget> best = stackalloc RankedTarget[3];
        var sequence = (ulong)_sequence++;
        return _strategy.Rank(new(_targets, Fleet.Request, _filter, Fleet.NowTicks, sequence, sequence), best);
    }
}
