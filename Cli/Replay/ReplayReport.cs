using System.Text.Json.Serialization;

namespace InferMesh.Cli.Replay;

/// <summary>Result of a replay; its JSON is a contract: fields may be added, never renamed or removed within one <see cref="Schema"/>.</summary>
/// <remarks>Figures cover requests due after the warm-up. Latencies are of successful requests, from the scheduled send time.</remarks>
internal sealed record ReplayReport
{
    public const string CurrentSchema = "infermesh.replay/1";

    /// <summary>Name and version of this shape.</summary>
    public string Schema { get; init; } = CurrentSchema;

    /// <summary>The command line as given, header values left out.</summary>
    public required string CommandLine { get; init; }

    /// <summary>When the first request was due, UTC.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>File name of the trace.</summary>
    public required string Trace { get; init; }

    /// <summary>azure, mooncake or csv.</summary>
    public required string Format { get; init; }

    /// <summary>Base address of the target.</summary>
    public required string Target { get; init; }

    public required string Model { get; init; }

    /// <summary>completions or chat.</summary>
    public required string Api { get; init; }

    public required bool Stream { get; init; }

    /// <summary>Factor by which the trace's times were divided.</summary>
    public required double Speed { get; init; }

    public required int Seed { get; init; }

    /// <summary>Seconds left out at the beginning.</summary>
    public required double WarmupSeconds { get; init; }

    /// <summary>Seconds of measured sending: as asked for, or less when the trace ended or the run was interrupted.</summary>
    public required double DurationSeconds { get; init; }

    /// <summary>Whether a signal ended the run early.</summary>
    public required bool Interrupted { get; init; }

    /// <summary>Whether any connection to the target succeeded, the warm-up included.</summary>
    public required bool TargetReached { get; init; }

    public required int Requests { get; init; }

    public required int Succeeded { get; init; }

    public required int Errors { get; init; }

    /// <summary>Errors by kind: http_STATUS, connect, no_answer, broken_stream, bad_answer, timeout, interrupted.</summary>
    public required IReadOnlyDictionary<string, int> ErrorsByKind { get; init; }

    /// <summary>Requests sent per second.</summary>
    public required double RequestsPerSecond { get; init; }

    /// <summary>Prompt tokens of successful requests.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Generated tokens of successful requests.</summary>
    public required long CompletionTokens { get; init; }

    /// <summary>Generated tokens per second, from the first due request to the last completion.</summary>
    public required double CompletionTokensPerSecond { get; init; }

    public required Quantiles Ttft { get; init; }

    public required Quantiles Tpot { get; init; }

    public required Quantiles E2e { get; init; }

    /// <summary>Greatest delay of a send behind its schedule, in milliseconds.</summary>
    public required double MaxScheduleLagMs { get; init; }

    /// <summary>Sends more than 50 ms behind their schedule.</summary>
    public required int LateSends { get; init; }

    /// <summary>Requests by the node that answered; <c>direct</c> when the answer named none.</summary>
    public required IReadOnlyList<NodeShare> Nodes { get; init; }

    /// <summary>One entry per second since the measured part began.</summary>
    public required IReadOnlyList<SecondCount> Seconds { get; init; }
}

/// <summary>What one node answered.</summary>
/// <param name="Node">Its id.</param>
/// <param name="Requests">Requests.</param>
/// <param name="Share">Part of all requests that got an answer, 0 to 1.</param>
/// <param name="Errors">Errors among them.</param>
/// <param name="E2eP95Ms">95th percentile of end-to-end time, null without a success.</param>
internal sealed record NodeShare(string Node, int Requests, double Share, int Errors, double? E2eP95Ms);

/// <summary>One second of the run: sends due in it, and what ended in it.</summary>
internal sealed record SecondCount(int Second, int Sent, int Completed, int Errors);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ReplayReport))]
internal sealed partial class ReplayJson : JsonSerializerContext;
