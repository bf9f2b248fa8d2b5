using InferMesh.Grains.Abstractions.Models;

namespace InferMesh.Grains.Models;

/// <summary>Commands of one node: what is under way, what is done but may not show yet, and what failed. Not thread-safe.</summary>
internal sealed class CommandBook
{
    /// <summary>How long readings may take to show what was done.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);

    /// <summary>When no result comes any more: agents wait for ten minutes themselves.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LastRetry = TimeSpan.FromMinutes(5);

    private readonly List<Entry> _entries = [];
    private readonly List<CommandFailure> _failures = [];
    private long _lastId;

    /// <summary>What an agent has to do.</summary>
    public IReadOnlyList<ModelCommand> Open => [.. _entries.Where(e => e.DoneAt is null).Select(e => e.Command)];

    /// <summary>What is under way, or done so lately that readings may not show it yet.</summary>
    public IReadOnlyList<ModelCommand> UnderWay => [.. _entries.Select(e => e.Command)];

    public IReadOnlyList<CommandFailure> Failures => [.. _failures];

    /// <summary>Begins a command unless the same is under way, or failed too lately.</summary>
    /// <param name="command">Command.</param>
    /// <param name="life">Life of the grain, so that ids are never given twice.</param>
    /// <param name="now">Now.</param>
    /// <param name="anyway">Whatever failed before.</param>
    /// <param name="id">Id of the command that is under way, or was done so lately that it is not done again.</param>
    /// <returns>True when a new one began.</returns>
    public bool Begin(ModelCommand command, long life, DateTimeOffset now, bool anyway, out string? id)
    {
        var known = _entries.FirstOrDefault(e => e.Command.IsSame(command));
        id = known?.Command.Id;
        if (known is not null) return false;
        if (!anyway && _failures.Any(f => f.Command.IsSame(command) && f.RetryAt > now)) return false;
        id = FormattableString.Invariant($"{life:x}-{++_lastId}");
        _entries.Add(new() { Command = command with { Id = id }, Since = now });
        return true;
    }

    /// <summary>Takes a result.</summary>
    /// <returns>The command; null when it is not under way.</returns>
    public ModelCommand? End(CommandResult result, DateTimeOffset now)
    {
        if (_entries.FirstOrDefault(e => e.DoneAt is null && e.Command.Id == result.Id) is not { } entry) return null;
        var failed = _failures.FirstOrDefault(f => f.Command.IsSame(entry.Command));
        // What is done undoes the failure of its opposite too: a model that is loaded now is no failed unload.
        _failures.RemoveAll(f => IsAbout(f.Command, entry.Command));
        if (result.IsDone)
        {
            entry.DoneAt = now;
            _entries.RemoveAll(e => e != entry && e.DoneAt is not null && IsAbout(e.Command, entry.Command));
            return entry.Command;
        }
        _entries.Remove(entry);
        var attempts = (failed?.Attempts ?? 0) + 1;
        _failures.Add(new(entry.Command, result.Error, now, attempts, now + (result.Unsupported ? LastRetry : Backoff(attempts))));
        return entry.Command;
    }

    /// <summary>Forgets what has settled and what failed long ago.</summary>
    /// <returns>Ids of commands that have waited too long; the caller ends them.</returns>
    public IReadOnlyList<string> Expire(DateTimeOffset now, bool agentGone)
    {
        _entries.RemoveAll(e => now - e.DoneAt > Settling);
        _failures.RemoveAll(f => now - f.RetryAt > LastRetry);
        return [.. _entries.Where(e => e.DoneAt is null && (agentGone || now - e.Since > Limit)).Select(e => e.Command.Id)];
    }

    private static bool IsAbout(ModelCommand one, ModelCommand other) => (one.Endpoint, one.Model, one.Adapter) == (other.Endpoint, other.Model, other.Adapter);

    private static TimeSpan Backoff(int attempts)
    {
        var wait = FirstRetry * (1 << Math.Min(attempts - 1, 16));
        return wait < LastRetry ? wait : LastRetry;
    }

    private sealed class Entry
    {
        public required ModelCommand Command { get; init; }

        public DateTimeOffset Since { get; init; }

        public DateTimeOffset? DoneAt { get; set; }
    }
}
