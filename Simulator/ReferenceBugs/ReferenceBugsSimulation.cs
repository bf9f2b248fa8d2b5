using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Service;
using InferMesh.Simulator.Workload;

namespace InferMesh.Simulator.ReferenceBugs;

/// <summary>
/// The original's simulation as it really is, to show where its published figures come from: no network time, fresh signals, latencies of the few completed requests in whole milliseconds, a
/// second copy for a tenth of the requests. Not a model of anything; see docs/simulator.md.
/// </summary>
public static class ReferenceBugsSimulation
{
    private const ulong NodeStream = 900, HedgeStream = 901;
    private const double HedgedShare = 0.1, HedgeAtSloShare = 0.7;
    private const long RecentNs = 5_000_000_000;
    private const int MaxRecent = 100;

    /// <summary>Runs one strategy.</summary>
    /// <param name="config">Configuration; the first GPU profile counts, as in the original.</param>
    /// <param name="strategy">One of the original's strategies.</param>
    /// <exception cref="ArgumentException">The original has no such strategy.</exception>
    public static ReferenceBugsResult Run(SimConfig config, string strategy)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (!OriginalScore.Knows(strategy)) throw new ArgumentException($"The original has no strategy {strategy}.", nameof(strategy));
        return new Course(config, strategy).Execute();
    }

    private sealed class Course
    {
        private readonly SimConfig _config;
        private readonly OriginalScore _score;
        private readonly OriginalNode[] _nodes;
        private readonly Queue<(long AtNs, int Node)> _recent = new();
        private readonly int[] _recentOf, _hundredOf;
        private readonly Queue<int> _hundred = new();
        private readonly TokenRateSettings _gpu;
        private readonly RandomStream _random, _hedges;
        private readonly PriorityQueue<(int Kind, SimRequest Request, int Node, IReadOnlyList<SimRequest>? Batch), (long AtNs, long Order)> _events = new();
        private readonly List<double> _latencyMs = [];
        private readonly HashSet<int> _done = [];
        private double _busySum, _busySquares;
        private long _order, _arrived, _dropped;

        public Course(SimConfig config, string strategy)
        {
            _config = config;
            var profile = config.Topology.GpuProfiles[0];
            // No weights: the original charges requests only.
            _gpu = new(profile.TokensPerS ?? 240_000, profile.Concurrency ?? 16, (long)(profile.BatchWindowMs * 1e6), profile.VramTotalGb ?? 80, profile.KvCacheGbPerReq);
            _score = new(strategy, _gpu.TokensPerSecond);
            _nodes = [.. Enumerable.Range(0, config.Topology.Cells * config.Topology.NodesPerCell).Select(_ => new OriginalNode(_gpu))];
            (_recentOf, _hundredOf) = (new int[_nodes.Length], new int[_nodes.Length]);
            (_random, _hedges) = (new(config.Seed, NodeStream), new(config.Seed, HedgeStream));
        }

        public ReferenceBugsResult Execute()
        {
            var source = WorkloadSource.Open(_config, _config.Workload.Arrival.Rps);
            var horizon = (long)(_config.DurationS * 1e9);
            var more = source.TryNext(out var next);
            while (true)
            {
                var hasEvent = _events.TryPeek(out _, out var due);
                if (more && (!hasEvent || next.AtNs <= due.AtNs))
                {
                    if (next.AtNs > horizon) break;
                    Arrive(next);
                    more = source.TryNext(out next);
                    continue;
                }
                if (!hasEvent || due.AtNs > horizon) break;
                var what = _events.Dequeue();
                Handle(what.Kind, what.Request, what.Node, what.Batch, due.AtNs);
            }
            _latencyMs.Sort();
            return new(_arrived, _latencyMs, _dropped);
        }

        private void Arrive(in SimRequest request)
        {
            _arrived++;
            // It decides on arrival and dispatches later: two requests that come within that time choose by the same view.
            Add(0, request, Choose(request.AtNs), null, request.AtNs + (long)(_score.DecisionSeconds * 1e9));
            if (_hedges.NextUnit() >= HedgedShare) return;
            var slo = (request.Type switch { RequestType.Vision => 2.0, RequestType.Asr => 3.0, _ => 5.0 }) * Math.Max(1, (request.PromptTokens + request.OutputTokens) / 1000.0);
            Add(1, request, -1, null, request.AtNs + (long)(slo * HedgeAtSloShare * 1e9));
        }

        private void Handle(int kind, in SimRequest request, int node, IReadOnlyList<SimRequest>? batch, long nowNs)
        {
            switch (kind)
            {
                case 0:
                    Dispatch(node, request, nowNs);
                    break;
                case 1 when !_done.Contains(request.Id):
                    Dispatch(SecondShortest(), request, nowNs);
                    break;
                case 2:
                    foreach (var finished in batch!)
                    {
                        if (_done.Add(finished.Id)) _latencyMs.Add(Math.Floor((nowNs - finished.AtNs) / 1e6));
                    }
                    break;
                default:
                    break;
            }
        }

        private void Dispatch(int node, in SimRequest request, long nowNs)
        {
            if (!_nodes[node].Enqueue(request, nowNs))
            {
                _dropped++;
                return;
            }
            var before = Busy(node);
            var (batch, serviceNs) = _nodes[node].Close(request.Type, nowNs);
            if (batch.Count == 0) return;
            _busySum += Busy(node) - before;
            _busySquares += Busy(node) * Busy(node) - before * before;
            Add(2, request, node, batch, nowNs + serviceNs);
        }

        private int Choose(long nowNs)
        {
            while (_recent.TryPeek(out var old) && nowNs - old.AtNs > RecentNs) Forget();
            var pick = _score.Random ? (int)(_random.NextUnit() * _nodes.Length) : Least();
            _score.Decide();
            _recent.Enqueue((nowNs, pick));
            _recentOf[pick]++;
            _hundred.Enqueue(pick);
            _hundredOf[pick]++;
            if (_hundred.Count > MaxRecent) _hundredOf[_hundred.Dequeue()]--;
            return pick;
        }

        private int Least()
        {
            double n = _nodes.Length, mean = _busySum / n, best = double.PositiveInfinity;
            var variance = _busySquares / n - mean * mean;
            int pick = 0, ties = 0;
            for (var i = 0; i < _nodes.Length; i++)
            {
                var busy = Busy(i);
                var raisedMean = (_busySum + 0.1) / n;
                var raised = (_busySquares + 0.2 * busy + 0.01) / n - raisedMean * raisedMean;
                var score = _score.Of(
                    new(_nodes[i].Waiting, _nodes[i].UsedGb / _gpu.MemoryGb, busy, i >= _config.Topology.NodesPerCell ? 1 : 0, Math.Min(MaxRecent, _recentOf[i]), _hundredOf[i]), mean, raised, variance);
                if (score < best) (best, pick, ties) = (score, i, 1);
                // The original walks its nodes in a random order, so each of equal ones is as likely.
                else if (score == best && _random.NextUnit() * ++ties < 1) pick = i;
            }
            return pick;
        }

        private int SecondShortest()
        {
            int first = 0, second = Math.Min(1, _nodes.Length - 1);
            for (var i = 1; i < _nodes.Length; i++)
            {
                if (_nodes[i].Waiting < _nodes[first].Waiting) (first, second) = (i, first);
                else if (second == first || _nodes[i].Waiting < _nodes[second].Waiting) second = i;
            }
            return second;
        }

        private double Busy(int node) => (double)_nodes[node].Batches / _gpu.Concurrency;

        private void Forget() => _recentOf[_recent.Dequeue().Node]--;

        private void Add(int kind, in SimRequest request, int node, IReadOnlyList<SimRequest>? batch, long atNs) => _events.Enqueue((kind, request, node, batch), (atNs, _order++));
    }
}
