using InferMesh.Simulator.Calibration;
using InferMesh.Simulator.Service;

namespace InferMesh.Tests.Unit.Simulator.Service;

internal static class Engines
{
    public static EngineProfile Llama8BOnH100 => Profile("H100-80G");

    public static EngineProfile Profile(string gpu, string model = "llama-3.1-8b", int degree = 1) =>
        EngineProfiles.TryGet(gpu, model, degree, out var profile) ? profile : throw new AssertFailedException($"no profile {gpu} {model} {degree}");

    public static SimRequest Request(int id, long atNs, int prompt, int output, ReadOnlyMemory<ulong> prefix = default) =>
        new(id, atNs, RequestType.Llm, prompt, output, 0, -1, 0, -1, prefix);

    public static void Drain(ContinuousEngine engine, IEngineEvents log)
    {
        while (engine.NextNs < long.MaxValue) engine.Advance(engine.NextNs, log);
    }

    public static ulong[] Prefix(ulong salt, int blocks) => [.. Enumerable.Range(0, blocks).Select(i => salt * 1_000_003 + (ulong)i + 1)];
}
