using InferMesh.Simulator.Service;

namespace InferMesh.Tests.Unit.Simulator.Service;

/// <summary>Writes down what an engine says. Gaps are kept as sums: how a run of them is told is the engine's affair.</summary>
internal sealed class EngineLog : IEngineEvents
{
    public List<string> Lines { get; } = [];

    public Dictionary<int, long> FirstNs { get; } = [];

    public Dictionary<int, long> FinishedNs { get; } = [];

    public Dictionary<int, long> GapCount { get; } = [];

    public Dictionary<int, long> GapSumNs { get; } = [];

    public List<int> StartOrder { get; } = [];

    public Dictionary<int, (long ArrivesNs, int Blocks)> Fetches { get; } = [];

    public int Preemptions { get; private set; }

    public void Started(int request, long atNs)
    {
        StartOrder.Add(request);
        Lines.Add($"{atNs} started {request}");
    }

    public void FirstToken(int request, long atNs)
    {
        FirstNs.Add(request, atNs);
        Lines.Add($"{atNs} first {request}");
    }

    public void Gaps(int request, long gapNs, int count)
    {
        GapCount[request] = GapCount.GetValueOrDefault(request) + count;
        GapSumNs[request] = GapSumNs.GetValueOrDefault(request) + gapNs * count;
    }

    public void Finished(int request, long atNs)
    {
        FinishedNs.Add(request, atNs);
        Lines.Add($"{atNs} finished {request} {GapCount.GetValueOrDefault(request)} {GapSumNs.GetValueOrDefault(request)}");
    }

    public void Preempted(int request, long atNs)
    {
        Preemptions++;
        Lines.Add($"{atNs} preempted {request}");
    }
    public void Fetching(int request, long atNs, long arrivesNs, int blocks)
    {
        Fetches.Add(request, (arrivesNs, blocks));
        Lines.Add($"{atNs} fetching {request}");
    }
}
