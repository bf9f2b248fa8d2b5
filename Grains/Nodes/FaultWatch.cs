using System.Globalization;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Options;

namespace InferMesh.Grains.Nodes;

/// <summary>
/// Finds faults in the readings of one node. Errors that are counted (XID, ECC) are faults when the count moves, states (a lost GPU, heat, a silent runtime) as long as they last. What was
/// already there when the watch began is no news: only an XID that nobody has seen yet is.
/// </summary>
/// <param name="seenXids">Last XID by GPU that has had its consequences; kept up to date.</param>
internal sealed class FaultWatch(Dictionary<string, int> seenXids)
{
    private readonly Dictionary<string, GpuTrack> _gpus = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Endpoint, string Model), RuntimeTrack> _runtimes = [];
    private List<NodeFault> _gpuStates = [];
    private List<NodeFault> _runtimeStates = [];
    private long _epoch = -1;

    /// <summary>What is wrong now. A batch that is not about one part leaves what is known of that part.</summary>
    public IReadOnlyList<NodeFault> Look(NodeTelemetry batch, FaultSettings settings)
    {
        var events = new List<NodeFault>();
        if (batch.Gpus is { } gpus) LookAtGpus(gpus, batch, settings, events);
        if (batch.Runtimes is { } runtimes) LookAtRuntimes(runtimes, batch.SampledAt, settings);
        return [.. events, .. _gpuStates, .. _runtimeStates];
    }

    private void LookAtGpus(IReadOnlyList<GpuSample> gpus, NodeTelemetry batch, FaultSettings settings, List<NodeFault> events)
    {
        // A restarted agent may see other GPUs, and counts anew.
        if (batch.Epoch != _epoch) _gpus.Clear();
        _epoch = batch.Epoch;
        _gpuStates = [];
        foreach (var gpu in gpus)
        {
            var isNew = !_gpus.TryGetValue(gpu.GpuUuid, out var track);
            track ??= _gpus[gpu.GpuUuid] = new() { IsSlice = gpu.MigProfile.Length > 0 };
            LookAtGpu(gpu, track, isNew, batch.SampledAt, settings, events);
        }
        foreach (var (uuid, track) in _gpus)
        {
            // Slices come and go as they are cut; boards do not.
            if (!track.IsSlice && !gpus.Any(g => g.GpuUuid == uuid)) _gpuStates.Add(new(FaultKind.GpuLost, uuid, "It is no longer reported.", batch.SampledAt));
        }
        foreach (var gone in _gpus.Where(g => g.Value.IsSlice && !gpus.Any(s => s.GpuUuid == g.Key)).Select(g => g.Key).ToArray()) _gpus.Remove(gone);
    }

    private void LookAtGpu(GpuSample gpu, GpuTrack track, bool isNew, DateTimeOffset at, FaultSettings settings, List<NodeFault> events)
    {
        void State(FaultKind kind, string evidence) => _gpuStates.Add(new(kind, gpu.GpuUuid, evidence, at));
        void Event(FaultKind kind, string evidence) => events.Add(new(kind, gpu.GpuUuid, evidence, at));

        if (gpu.Lost) State(FaultKind.GpuLost, "It fell off the bus.");
        if (gpu.LastXid is { } xid)
        {
            // One that nobody has seen, or the same number once more.
            var again = !isNew && track.XidErrors is { } before && gpu.XidErrors > before;
            track.XidErrors = gpu.XidErrors;
            if ((again || xid != seenXids.GetValueOrDefault(gpu.GpuUuid)) && settings.IsFatalXid(xid)) Event(FaultKind.Xid, Text($"XID {xid}."));
            if (xid == 0) seenXids.Remove(gpu.GpuUuid);
            else seenXids[gpu.GpuUuid] = xid;
        }
        if (gpu.EccUncorrectedErrors is { } errors)
        {
            if (!isNew && track.EccErrors is { } before && errors > before) Event(FaultKind.EccUncorrected, Text($"{errors - before} more uncorrectable memory errors, {errors} since the driver was loaded."));
            track.EccErrors = errors;
        }
        if (gpu.MemoryRepairFailed == true) State(FaultKind.MemoryRepairFailed, "A row of its memory could not be remapped.");

        track.HotSince = gpu.ThermalThrottled switch { true => track.HotSince ?? at, false => null, null => track.HotSince };
        if (track.HotSince is { } hot && at - hot >= settings.ThrottleAfter) State(FaultKind.ThermalThrottle, Text($"Heat has held its clocks down since {hot:O}{(gpu.TemperatureCelsius is { } c ? Text($", {c:0} °C") : "")}."));

        if (gpu.NvLinkActiveLinks is { } links)
        {
            track.MostLinks = Math.Max(track.MostLinks, links);
            if (links < track.MostLinks) State(FaultKind.NvLinkDown, Text($"{links} of {track.MostLinks} NVLink links are up."));
        }
        if (gpu.NvLinkErrors is { } linkErrors)
        {
            if (track.LinkErrors is var (count, since) && at > since && (linkErrors - count) / (at - since).TotalSeconds is var rate && rate >= settings.NvLinkErrorsPerSecond)
                State(FaultKind.NvLinkErrors, Text($"{rate:0} NVLink errors per second."));
            track.LinkErrors = (linkErrors, at);
        }
    }

    private void LookAtRuntimes(IReadOnlyList<RuntimeSample> runtimes, DateTimeOffset at, FaultSettings settings)
    {
        _runtimeStates = [];
        foreach (var runtime in runtimes)
        {
            // One that does not answer its probes is filtered by itself, and says nothing here.
            if (!runtime.Healthy) continue;
            foreach (var model in runtime.Models.Where(m => m.Loaded))
            {
                if (!_runtimes.TryGetValue((runtime.Endpoint, model.Model), out var track)) _runtimes[(runtime.Endpoint, model.Model)] = track = new();
                track.HasSpoken |= model.Running is not null;
                track.SilentSince = track.HasSpoken && model.Running is null && model.Waiting is null ? track.SilentSince ?? at : null;
                track.StalledSince = model is { Running: > 0, GenerationTokensPerSecond: 0, PromptTokensPerSecond: null or 0 } ? track.StalledSince ?? at : null;
                if (track.SilentSince is { } silent && at - silent >= settings.SilentAfter)
                    _runtimeStates.Add(new(FaultKind.SilentSignals, runtime.Endpoint, Text($"It is healthy and has not said what {model.Model} does since {silent:O}."), at));
                if (track.StalledSince is { } stalled && at - stalled >= settings.StalledAfter)
                    _runtimeStates.Add(new(FaultKind.EngineStalled, runtime.Endpoint, Text($"{model.Model} has {model.Running:0} requests in its batch and has generated nothing since {stalled:O}."), at));
            }
        }
        foreach (var gone in _runtimes.Keys.Where(k => !runtimes.Any(r => r.Endpoint == k.Endpoint && r.Models.Any(m => m.Model == k.Model))).ToArray()) _runtimes.Remove(gone);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed class GpuTrack
    {
        public bool IsSlice { get; init; }

        public long? XidErrors { get; set; }

        public long? EccErrors { get; set; }

        public DateTimeOffset? HotSince { get; set; }

        public int MostLinks { get; set; }

        public (long Count, DateTimeOffset At)? LinkErrors { get; set; }
    }

    private sealed class RuntimeTrack
    {
        public bool HasSpoken { get; set; }

        public DateTimeOffset? SilentSince { get; set; }

        public DateTimeOffset? StalledSince { get; set; }
    }
}
