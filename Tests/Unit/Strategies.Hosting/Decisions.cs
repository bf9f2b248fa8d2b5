using InferMesh.Strategies.Routing;

namespace InferMesh.Tests.Unit.Strategies.Hosting;

/// <summary>Generated decisions: fleets with gaps in what is known of them, mixed requests, verdicts and answers; the same for the same seed.</summary>
internal sealed class Decisions(int seed)
{
    private readonly Random _random = new(seed);

    public TargetSet Set(int count) => new("m", Enumerable.Range(0, count).Select(Row));

    public RoutingRequest Request() => new()
    {
        Model = "m",
        PromptTokens = _random.Next(4) == 0 ? 0 : _random.Next(8_000),
        OutputTokens = _random.Next(3) == 0 ? 0 : _random.Next(2_000),
        PayloadBytes = _random.Next(2) == 0 ? 0 : _random.Next(1_000_000),
        Origin = new($"zone-{_random.Next(3)}", "region", _random.Next(2) == 0 ? "" : "rack-1"),
    };

    public FilterReason[] Verdicts(int count)
    {
        var share = _random.NextDouble();
        var verdicts = Enumerable.Range(0, count).Select(_ => _random.NextDouble() < share ? FilterReason.None : FilterReason.QueueFull).ToArray();
        verdicts[_random.Next(count)] = FilterReason.None;
        return verdicts;
    }

    public Outcome Answer(TargetSet targets)
    {
        var target = _random.Next(targets.Count);
        return new(targets.Identity[target], 700, 200, 2, targets.Load(target), 0.05 + _random.NextDouble(), 1 + 3 * _random.NextDouble(), _random.Next(10) > 0, Tables.NowTicks, default);
    }

    public ulong Seed() => (ulong)_random.NextInt64();

    public int Next(int limit) => _random.Next(limit);

    private TargetRow Row(int i)
    {
        var local = new LocalLoad();
        for (var n = _random.Next(4); n > 0; n--) local.Dispatch(Tables.Before(0.2), 0.3 * _random.NextDouble());
        // Few kinds, so that scores are often equal.
        var kind = _random.Next(3);
        return new()
        {
            Identity = new($"n{i:0000}", $"c{i / 50}", $"zone-{i % 3}", "region", $"d{i}", "vllm", $"http://n{i}", $"gpu-{kind}", true, new Dictionary<string, string>()) { Rack = $"rack-{i % 5}" },
            Local = local,
            Running = Maybe(_random.Next(100)),
            Waiting = Maybe(_random.Next(4) == 0 ? _random.Next(30) : 0),
            KvCacheUsage = Maybe(_random.NextDouble()),
            MaxConcurrency = Maybe(32 << kind),
            PrefillTokensPerSecond = Maybe(5_000 << kind),
            DecodeTokensPerSecond = Maybe(1_000 << kind),
            MinSecondsPerToken = Maybe(0.02 / (1 + kind)),
            RttSeconds = Maybe(0.001 * _random.Next(1, 4)),
            ColdStartSeconds = _random.Next(20) == 0 ? double.PositiveInfinity : _random.Next(10) == 0 ? 30 : 0,
            PricePerHour = Maybe(1 + kind),
            SampledAtTicks = _random.Next(10) == 0 ? 0 : Tables.Before(3 * _random.NextDouble()),
        };
    }

    private double Maybe(double value) => _random.Next(12) == 0 ? double.NaN : value;
}
