using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using InferMesh.Strategies.Training;

namespace InferMesh.Strategies.Hosting.Wasm;

/// <summary>Places in a WASM plugin. Domains are numbers: nodes of one domain share it, and what is unknown is a domain of its own.</summary>
internal sealed class WasmTraining(WasmPool pool, PluginBudget budget, double[] parameters, bool hints) : ITrainingGuest
{
    private const int NodeColumns = 3;

    private static readonly int GangBytes = Unsafe.SizeOf<WasmGang>();
    private static readonly int HintBytes = Unsafe.SizeOf<WasmHint>();

    public bool Hints { get; } = hints;

    public PluginFailure Place(Gang gang, IReadOnlyList<TrainingNode> nodes, out GangPlacement? placement)
    {
        placement = null;
        if (pool.Rent(out var failure) is not { } instance) return failure;
        instance.Allow(budget.TrainingFuel, budget.TrainingDeadline, 0);
        // In the order of their ids, and domains numbered in that of their paths: ties that the built-in strategies break by name are broken by number.
        nodes = [.. nodes.OrderBy(static n => n.Id, StringComparer.Ordinal)];
        var n = nodes.Count;
        var rooms = GangBytes + 8 * parameters.Length;
        var paces = rooms + 4 * NodeColumns * Even(n);
        var domains = paces + 8 * n;
        var groups = domains + 4 * TopologyLevels.Count * Even(n);
        failure = instance.Reserve(groups + 8 * n);
        if (failure == PluginFailure.None)
        {
            var span = instance.Span;
            var at = (uint)instance.Buffer;
            MemoryMarshal.Write(span, new WasmGang
            {
                Version = WasmAbi.Version,
                Size = (uint)GangBytes,
                Nodes = (uint)n,
                Workers = (uint)gang.Workers,
                MinWorkers = (uint)(gang.MinWorkers > 0 ? Math.Min(gang.MinWorkers, gang.Workers) : gang.Workers),
                GpusPerWorker = (uint)gang.GpusPerWorker,
                Required = gang.Required is { } required ? (int)required : -1,
                Preferred = gang.Preferred is { } preferred ? (int)preferred : -1,
                ParameterCount = (uint)parameters.Length,
                Parameters = at + (uint)GangBytes,
                Room = at + (uint)rooms,
                FreeGpus = at + (uint)(rooms + 4 * Even(n)),
                RoomIfEmpty = at + (uint)(rooms + 8 * Even(n)),
                Pace = at + (uint)paces,
                Domains = at + (uint)domains,
                Groups = at + (uint)groups,
            });
            parameters.CopyTo(MemoryMarshal.Cast<byte, double>(span[GangBytes..]));
            Write(gang, nodes, MemoryMarshal.Cast<byte, uint>(span[rooms..paces]), MemoryMarshal.Cast<byte, double>(span[paces..domains]), MemoryMarshal.Cast<byte, uint>(span[domains..groups]));
            failure = Call(instance, instance.Entry!);
        }
        if (failure == PluginFailure.None) placement = Read(instance.Span, groups, nodes);
        End(instance, failure);
        return failure;
    }

    public PluginFailure Hint(GangPlacement placement, TrainingStep step, CollectiveFabric fabric, out CollectiveHint? hint)
    {
        hint = null;
        if (pool.Rent(out var failure) is not { } instance) return failure;
        instance.Allow(budget.TrainingFuel, budget.TrainingDeadline, 0);
        var links = CollectiveHints.Links(placement, fabric);
        failure = instance.Reserve(HintBytes + 8 * parameters.Length);
        if (failure == PluginFailure.None)
        {
            MemoryMarshal.Write(instance.Span, new WasmHint
            {
                Version = WasmAbi.Version,
                Size = (uint)HintBytes,
                Nodes = (uint)placement.Groups.Count,
                RanksPerNode = (uint)(placement.Groups.Max(static g => g.Workers) * step.GpusPerWorker),
                ComputeSeconds = step.ComputeSeconds,
                GradientBytes = step.GradientBytes,
                WithinAlphaSeconds = links.Within.AlphaSeconds,
                WithinSecondsPerByte = links.Within.SecondsPerByte,
                BetweenAlphaSeconds = links.Between.AlphaSeconds,
                BetweenSecondsPerByte = links.Between.SecondsPerByte,
                ParameterCount = (uint)parameters.Length,
                Parameters = (uint)(instance.Buffer + HintBytes),
            });
            parameters.CopyTo(MemoryMarshal.Cast<byte, double>(instance.Span[HintBytes..]));
            failure = Call(instance, instance.Function("im_hint")!);
        }
        if (failure == PluginFailure.None)
        {
            var answer = MemoryMarshal.Read<WasmHint>(instance.Span);
            var ranges = new CollectiveRange[Math.Min(answer.RangeCount, WasmRanges.Length)];
            for (var i = 0; i < ranges.Length; i++) ranges[i] = new(answer.Ranges[i].FromBytes, (CollectiveAlgorithm)answer.Ranges[i].Algorithm, answer.Ranges[i].Seconds);
            hint = CollectiveHints.Of(placement, step, fabric, ranges, answer.FusionBytes > 0 ? answer.FusionBytes : null, answer.Compress != 0, answer.ExchangeSeconds);
        }
        End(instance, failure);
        return failure;
    }

    private static int Even(int count) => (count + 1) & ~1;

    private static void Write(Gang gang, IReadOnlyList<TrainingNode> nodes, Span<uint> counts, Span<double> paces, Span<uint> domains)
    {
        var n = Even(nodes.Count);
        var paths = new string[TopologyLevels.Count][];
        for (var level = 0; level < paths.Length; level++)
        {
            var above = level > 0 ? paths[level - 1] : null;
            paths[level] = [.. nodes.Select((node, i) => $"{above?[i]}/{(node.DomainOf((TopologyLevel)level) is { Length: > 0 } label ? label : $"?{node.Id}")}")];
            var numbers = paths[level].Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(static (path, number) => (path, number)).ToDictionary(static p => p.path, static p => (uint)p.number, StringComparer.Ordinal);
            for (var i = 0; i < nodes.Count; i++) domains[level * n + i] = numbers[paths[level][i]];
        }
        for (var i = 0; i < nodes.Count; i++)
        {
            var node = nodes[i];
            (counts[i], counts[n + i], counts[2 * n + i]) = ((uint)gang.RoomOn(node), (uint)Math.Max(0, node.FreeGpus), (uint)gang.RoomOn(node with { FreeGpus = node.Gpus }));
            paces[i] = gang.Throughput.TryGetValue(node.GpuType, out var pace) ? pace : gang.Throughput.Count == 0 ? 1 : 0;
        }
    }

    /// <summary>Groups of the answer; null where they name no node.</summary>
    private static GangPlacement? Read(Span<byte> span, int groups, IReadOnlyList<TrainingNode> nodes)
    {
        var answer = MemoryMarshal.Read<WasmGang>(span);
        if (answer.GroupCount > nodes.Count) return null;
        if (answer.GroupCount == 0) return answer.Failure <= byte.MaxValue ? GangPlacement.Failed((PlacementFailure)answer.Failure) : null;
        var pairs = MemoryMarshal.Cast<byte, uint>(span.Slice(groups, 8 * (int)answer.GroupCount));
        var made = new WorkerGroup[answer.GroupCount];
        for (var i = 0; i < made.Length; i++)
        {
            if (pairs[2 * i] >= nodes.Count || pairs[2 * i + 1] > int.MaxValue) return null;
            made[i] = new(nodes[(int)pairs[2 * i]].Id, (int)pairs[2 * i + 1]);
        }
        return new() { Groups = made };
    }

    private static PluginFailure Call(WasmInstance instance, Func<int, int> function)
    {
        // The buffer is no ranking's any more.
        instance.Layout = null;
        var failure = instance.Call(function, instance.Buffer, out var status);
        return failure == PluginFailure.None && status != 0 ? PluginFailure.Invalid : failure;
    }

    private void End(WasmInstance instance, PluginFailure failure)
    {
        if (failure == PluginFailure.None) pool.Return(instance);
        else pool.Drop(instance);
    }
}
