using System.Collections.Concurrent;
using System.Threading.Channels;
using InferMesh.Adapters.Runtimes;
using InferMesh.State.V1;
using Wire = InferMesh.State.V1.RuntimeCommand;

namespace InferMesh.Cli.Agent.Models;

/// <summary>
/// Carries out commands, each once, one at a time per runtime, and keeps their results until they are reported. The same command under a new id, as a mesh gives it that has
/// forgotten the first, waits for the first one's end instead of beginning again.
/// </summary>
internal sealed class CommandRunner(ControlledRuntimes runtimes, TimeProvider time, CancellationToken stop)
{
    private const int MaxErrorText = 1000;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Task> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<(ModelAction, string, string, string), Task<CommandResult>> _running = [];
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<CommandResult> _results = new();
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Begins what is new of an assignment, and forgets what is no longer in it.</summary>
    public void Take(IReadOnlyCollection<Wire> commands)
    {
        lock (_gate)
        {
            foreach (var gone in _known.Where(k => k.Value.IsCompleted).Select(k => k.Key).Except(commands.Select(c => c.Id)).ToArray()) _known.Remove(gone);
            foreach (var command in commands)
            {
                if (!_known.ContainsKey(command.Id)) _known[command.Id] = FollowAsync(command.Id, Begin(command));
            }
        }
    }

    /// <summary>Results that are not reported yet, as soon as there are any.</summary>
    public async Task<IReadOnlyList<CommandResult>> ResultsAsync(CancellationToken cancellationToken)
    {
        while (_results.IsEmpty) await _news.Reader.ReadAsync(cancellationToken);
        return [.. _results];
    }

    /// <summary>The first results are reported.</summary>
    public void Reported(int count)
    {
        for (var i = 0; i < count; i++) _results.TryDequeue(out _);
    }

    private Task<CommandResult> Begin(Wire command)
    {
        var key = (command.Action, command.Endpoint, command.Model, command.Adapter);
        if (_running.TryGetValue(key, out var same) && !same.IsCompleted) return same;
        return _running[key] = Task.Run(() => RunAsync(command), CancellationToken.None);
    }

    private async Task FollowAsync(string id, Task<CommandResult> run)
    {
        var result = await run;
        _results.Enqueue(new(result) { Id = id });
        _news.Writer.TryWrite(true);
    }

    private async Task<CommandResult> RunAsync(Wire command)
    {
        if (runtimes.Find(command.Endpoint) is not { } control) return Failure($"The agent does not control the runtime {command.Endpoint}.", unsupported: true);
        if (RuntimeActions.ToControl(command) is not { } order) return Failure($"This agent does not know the action {(int)command.Action}.", unsupported: true);
        var turn = _turns.GetOrAdd(command.Endpoint, _ => new(1));
        try
        {
            await turn.WaitAsync(stop);
            try
            {
                // From its own beginning: time in line is no time to load.
                var started = time.GetTimestamp();
                var outcome = await control.ExecuteAsync(order, stop);
                return outcome.Done
                    ? new() { Seconds = time.GetElapsedTime(started).TotalSeconds }
                    : Failure(outcome.Error ?? $"{control.Runtime}: {order.Operation} failed", outcome.Outcome == RuntimeControlOutcome.Unsupported, time.GetElapsedTime(started));
            }
            finally
            {
                turn.Release();
            }
        }
        catch (OperationCanceledException)
        {
            return Failure("The agent stops.", unsupported: false);
        }
        catch (Exception exception)
        {
            // A command that lacks something, or a control that is broken: the mesh hears of it, and the agent goes on.
            return Failure($"{control.Runtime}: {order.Operation} failed: {exception.Message}", unsupported: false);
        }
    }

    private static CommandResult Failure(string error, bool unsupported, TimeSpan took = default)
    {
        error = error.ReplaceLineEndings(" ");
        return new() { Error = error.Length <= MaxErrorText ? error : error[..MaxErrorText] + "...", Unsupported = unsupported, Seconds = took.TotalSeconds };
    }
}
