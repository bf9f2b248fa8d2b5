using InferMesh.Strategies;
using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

[assembly: StrategyPlugin(1, typeof(InferMesh.Plugins.Hostile.HostilePlugin))]

namespace InferMesh.Plugins.Hostile;

/// <summary>Does what a .NET plugin must not do; what exactly is a parameter.</summary>
public sealed class HostilePlugin : IRoutingPlugin
{
    /// <inheritdoc/>
    public StrategyDescription Description { get; } = new("hostile", "Misbehaves.", [new("kind", "", 0, 0, 100, "Which way.")]);

    /// <inheritdoc/>
    public IRoutingStrategy Create(IReadOnlyDictionary<string, double> parameters) => parameters?["kind"] == 99 ? throw new InvalidOperationException() : new Hostile((int)parameters!["kind"]);
}

internal sealed class Hostile(int kind) : ILearningStrategy
{
    // What a plugin allocates goes with it.
    private readonly byte[] _ballast = new byte[1 << 20];

    private static readonly object Gate = new();

    public string Name => "hostile";

    public int Rank(in RankingInput input, Span<RankedTarget> best)
    {
        switch (kind)
        {
            case 0: break;
            case 1: throw new InvalidOperationException(_ballast.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
            case 2: while (true) ;
            case 3:
                while (true)
                {
                    try
                    {
                        while (true) lock (Gate) _ballast[0]++;
                    }
                    catch (Exception)
                    {
                    }
                }
            case 4: Thread.Sleep(Timeout.Infinite); break;
            case 5: best[0] = new(0, double.NaN); return 1;
            case 6: return 1_000_000;
            case 7: best[0] = new(-1, 1); return 1;
            case 8: return -1;
            case 9: throw new OutOfMemoryException();
            case 10: Thread.Sleep(30); break;
            default: return 0;
        }
        for (var i = 0; i < input.Filter.Length; i++)
        {
            if (input.Filter[i] != FilterReason.None) continue;
            best[0] = new(i, 1);
            return 1;
        }
        return 0;
    }

    public CostTerms Explain(in RankingInput input, int target) => kind == 0 ? default : throw new InvalidOperationException();

    public void Dispatched(in RankingInput input, int target) => throw new InvalidOperationException();

    public void Completed(in Outcome outcome) => throw new InvalidOperationException();
}
