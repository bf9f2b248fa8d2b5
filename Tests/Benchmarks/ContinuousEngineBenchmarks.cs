using BenchmarkDotNet.Attributes;
using InferMesh.Simulator.Calibration;
using InferMesh.Simulator.Service;

namespace InferMesh.Tests.Benchmarks;

/// <summary>19,366 requests of the Azure conversation trace through one simulated engine; needs the environment variable INFERMESH_DATA.</summary>
public class ContinuousEngineBenchmarks
{
    private EngineProfile _profile = null!;
    private IReadOnlyList<SimRequest> _requests = [];

    [GlobalSetup]
    public void Setup()
    {
        var folder = Environment.GetEnvironmentVariable("INFERMESH_DATA") ?? throw new InvalidOperationException("INFERMESH_DATA is not set.");
        _requests = new CalibrationData(folder).Peer("azconv_1x").Requests;
        if (!EngineProfiles.TryGet("H100-80G", "llama-3.1-8b", 1, out var profile)) throw new InvalidOperationException("There is no such profile.");
        _profile = profile;
    }

    [Benchmark]
    public RequestTimes[] AzureConversation() => EngineReplay.Open(new ContinuousEngine(_profile, new EngineSettings()), _requests);
}
