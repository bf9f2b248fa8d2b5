using System.Text.Json.Serialization;
using InferMesh.Simulator.Engine;

namespace InferMesh.Cli.Sim;

/// <summary>Result of <c>infermesh sim</c> as JSON. It holds no times of this machine: equal options give equal bytes.</summary>
internal sealed record SimReport(
    bool Synthetic, int Nodes, IReadOnlyDictionary<string, int> GpuMix, double Rho, double DurationSeconds, double SignalPeriodSeconds, double SignalDelaySeconds,
    ulong Seed, IReadOnlyList<SimulationResult> Strategies);

[JsonSerializable(typeof(SimReport))]
[JsonSourceGenerationOptions(WriteIndented = true, NewLine = "\n", PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class SimJson : JsonSerializerContext;
