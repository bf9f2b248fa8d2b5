using InferMesh.Adapters.Tls;
using InferMesh.Simulator.Workload.Traces;

namespace InferMesh.Cli.Replay;

/// <summary>What to replay, against what, and how fast.</summary>
internal sealed record ReplayOptions
{
    public required string TracePath { get; init; }

    public required TraceFormat Format { get; init; }

    /// <summary>Base address, without <c>/v1</c>.</summary>
    public required Uri Target { get; init; }

    /// <summary>Divides the trace's times: 10 sends ten times as fast; above 0.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>Time of measured sending; above zero.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time of sending before it, left out of every figure.</summary>
    public TimeSpan Warmup { get; init; }

    public string Model { get; init; } = Fleet.FleetOptions.DefaultModel;

    /// <summary>Requests in flight beyond which sending waits, which shows as schedule lag; 1 to 100,000.</summary>
    public int MaxInFlight { get; init; } = 2000;

    public bool Stream { get; init; } = true;

    public bool Chat { get; init; }

    public int Seed { get; init; }

    /// <summary>Longest time from sending to the last byte; above zero.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(300);

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Key or token that is sent with each request; null for none.</summary>
    public Credential? Credential { get; init; }

    /// <summary>Certificates for an https address; null trusts what this machine trusts and shows none.</summary>
    public ClientTls? Tls { get; init; }
}
