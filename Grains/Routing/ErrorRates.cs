using System.Collections.Concurrent;
using System.Globalization;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Nodes;

namespace InferMesh.Grains.Routing;

/// <summary>Tells nodes when most of what this silo's router sent to them failed. Thread-safe.</summary>
internal sealed class ErrorRates : ILifecycleParticipant<ISiloLifecycle>
{
    // Fewer say nothing about a node.
    private const int Least = 20;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Counts> _nodes = new(StringComparer.Ordinal);
    private readonly IGrainFactory _grains;
    private readonly HealthRules _rules;
    private readonly TimeProvider _time;

    public ErrorRates(ReservationLedger ledger, IGrainFactory grains, HealthRules rules, TimeProvider time)
    {
        (_grains, _rules, _time) = (grains, rules, time);
        ledger.Answered += Count;
    }

    // It lives as long as the ledger; the silo only has to make it.
    public void Participate(ISiloLifecycle observer)
    {
    }

    private void Count(string node, bool failed)
    {
        if (node.Length == 0) return;
        var now = _time.GetUtcNow();
        var counts = _nodes.GetOrAdd(node, static _ => new());
        (int Failed, int All) found;
        lock (counts)
        {
            if (now - counts.Since >= Window) (counts.Since, counts.All, counts.Failed) = (now, 0, 0);
            counts.All++;
            if (failed) counts.Failed++;
            if (counts.All < Least || counts.Failed < counts.All * _rules.Faults.ErrorShare) return;
            found = (counts.Failed, counts.All);
            (counts.Since, counts.All, counts.Failed) = (now, 0, 0);
        }
        var evidence = string.Create(CultureInfo.InvariantCulture, $"{found.Failed} of the last {found.All} requests failed.");
        _ = _grains.GetGrain<INodeGrain>(node).ReportFault(new(FaultKind.ErrorRate, "", evidence, now));
    }

    private sealed class Counts
    {
        public DateTimeOffset Since { get; set; }

        public int All { get; set; }

        public int Failed { get; set; }
    }
}
