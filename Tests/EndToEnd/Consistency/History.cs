using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using InferMesh.Tests.EndToEnd.Consistency.Checks;

namespace InferMesh.Tests.EndToEnd.Consistency;

/// <summary>All that clients did and saw, on one clock. Thread-safe.</summary>
internal sealed class History
{
    private static readonly JsonSerializerOptions Lines = new() { Converters = { new JsonStringEnumConverter() }, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _lastId;

    public TimeSpan Now => _clock.Elapsed;

    public ConcurrentQueue<Operation> Operations { get; } = [];

    public ConcurrentQueue<Submission> Submissions { get; } = [];

    public ConcurrentQueue<QuotaUse> Uses { get; } = [];

    public ConcurrentQueue<LoggedEvent> Events { get; } = [];

    public ConcurrentQueue<Interruption> Interruptions { get; } = [];

    public long NextId() => Interlocked.Increment(ref _lastId);

    /// <summary>Writes everything as lines of JSON, to be read by people and programs.</summary>
    public void Save(string folder)
    {
        Write("operations", Operations.OrderBy(static o => o.Invoked));
        Write("submissions", Submissions.OrderBy(static s => s.Invoked));
        Write("quota", Uses);
        Write("events", Events);
        Write("interruptions", Interruptions.OrderBy(static i => i.From));

        void Write<T>(string name, IEnumerable<T> items) => File.WriteAllLines(Path.Combine(folder, name + ".jsonl"), items.Select(static item => JsonSerializer.Serialize(item, Lines)));
    }
}

/// <summary>Something that was broken, and until when.</summary>
internal sealed record Interruption(string What, TimeSpan From, TimeSpan To);
