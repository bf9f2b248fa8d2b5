using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Common;
using InferMesh.Grains.Events;

namespace InferMesh.Grains.Models;

/// <inheritdoc cref="INodeModelsGrain"/>
[GrainType("node-models")]
internal sealed partial class NodeModelsGrain(TimeProvider time, EventSink events, ILogger<NodeModelsGrain> logger) : Grain, INodeModelsGrain
{
    /// <summary>An agent that has not asked for so long is gone.</summary>
    internal static readonly TimeSpan AgentLimit = TimeSpan.FromSeconds(45);

    private static readonly TimeSpan TickPeriod = TimeSpan.FromSeconds(5);
    private const int KeptResults = 256;

    private readonly CommandBook _book = new();
    private readonly ChangeSignal _assigned = new(time);
    private readonly ChangeSignal _ended = new(time);
    private readonly OrderedDictionary<string, CommandResult> _results = [];
    private IReadOnlyList<ControlledRuntime> _runtimes = [];
    private DateTimeOffset? _seenAt;
    private long _life;
    private long _version;

    private string NodeId => this.GetPrimaryKeyString();

    private NodeModels State => new() { NodeId = NodeId, Runtimes = _runtimes, UnderWay = _book.UnderWay, Failures = _book.Failures };

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // A life begins later than all before, so that no version and no id comes twice.
        _version = _life = time.GetUtcNow().UtcTicks;
        this.RegisterGrainTimer(TickAsync, new GrainTimerCreationOptions(TickPeriod, TickPeriod) { Interleave = true });
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _assigned.Pulse();
        _ended.Pulse();
        return Task.CompletedTask;
    }

    public Task<NodeModels> Assign(IReadOnlyList<ModelCommand> commands)
    {
        var began = false;
        foreach (var command in commands)
        {
            // What no agent can carry out would only be waited for.
            if (Lack(command) is null) began |= _book.Begin(command, _life, time.GetUtcNow(), anyway: false, out _);
        }
        if (began) Changed();
        return Task.FromResult(State);
    }

    public async Task<IReadOnlyList<CommandResult?>> Execute(IReadOnlyList<ModelCommand> commands, TimeSpan wait)
    {
        var until = time.GetUtcNow() + wait;
        var outcomes = new CommandResult?[commands.Count];
        var ids = new string?[commands.Count];
        var began = false;
        foreach (var (i, command) in commands.Index())
        {
            if (Lack(command) is { } lack) outcomes[i] = lack;
            else began |= _book.Begin(command, _life, time.GetUtcNow(), anyway: true, out ids[i]);
        }
        if (began) Changed();
        while (true)
        {
            foreach (var (i, id) in ids.Index())
            {
                if (id is not null) outcomes[i] ??= _results.GetValueOrDefault(id);
            }
            var left = until - time.GetUtcNow();
            if (left <= TimeSpan.Zero || outcomes.All(o => o is not null)) return outcomes;
            await _ended.WaitAsync(left);
        }
    }

    public async Task<NodeAssignment?> Watch(long version, IReadOnlyList<ControlledRuntime> runtimes, TimeSpan wait)
    {
        (_runtimes, _seenAt) = (runtimes, time.GetUtcNow());
        Announce();
        if (_version == version) await _assigned.WaitAsync(wait);
        _seenAt = time.GetUtcNow();
        return _version == version ? null : new(_version, _book.Open);
    }

    public Task Done(IReadOnlyList<CommandResult> results)
    {
        foreach (var result in results) End(result);
        Changed();
        return Task.CompletedTask;
    }

    public Task<NodeModels> Get() => Task.FromResult(State);

    /// <summary>Why a command cannot be carried out; null when it can.</summary>
    private CommandResult? Lack(ModelCommand command)
    {
        if (_runtimes.FirstOrDefault(r => r.Endpoint == command.Endpoint) is not { } runtime)
            return new("", $"No agent controls the runtime {command.Endpoint} on node {NodeId}.", true, 0);
        return runtime.Actions.Contains(command.Action) ? null : new("", $"{runtime.Runtime} does not support the operation {command.Action}.", true, 0);
    }

    private void End(CommandResult result)
    {
        if (_book.End(result, time.GetUtcNow()) is not { } command) return;
        _results[result.Id] = result;
        if (_results.Count > KeptResults) _results.RemoveAt(0);
        var facts = new Dictionary<string, string> { ["node"] = NodeId, ["runtime"] = command.Endpoint, ["action"] = command.Action.ToString() };
        if (command.Adapter.Length > 0) facts["adapter"] = command.Adapter;
        if (result.IsDone)
        {
            events.Post(new() { Type = EventTypes.ModelCommandDone, Subject = command.Model, Data = facts });
            if (command.Action == ModelAction.Load) _ = LearnAsync(command, result.Seconds);
            return;
        }
        ModelMetrics.Failed(command.Action);
        Failed(NodeId, command.Action, command.Model, command.Endpoint, result.Error);
        facts["error"] = result.Error;
        events.Post(new() { Type = EventTypes.ModelCommandFailed, Subject = command.Model, Reason = result.Error, Data = facts });
    }

    private async Task LearnAsync(ModelCommand command, double seconds)
    {
        ModelMetrics.Loaded(command.Model, seconds);
        try
        {
            await GrainFactory.GetGrain<IModelGrain>(command.Model).Learn(_runtimes.FirstOrDefault(r => r.Endpoint == command.Endpoint)?.Gpu ?? "", seconds);
        }
        catch (Exception e)
        {
            // The next load teaches as much.
            NotTold(NodeId, "the model", e.Message);
        }
    }

    private Task TickAsync(CancellationToken cancellationToken)
    {
        var gone = time.GetUtcNow() - _seenAt > AgentLimit;
        var before = _book.UnderWay.Count;
        foreach (var id in _book.Expire(time.GetUtcNow(), gone)) End(new(id, gone ? $"The agent of node {NodeId} is gone." : $"No result within {CommandBook.Limit.TotalMinutes:0} minutes.", false, 0));
        var left = gone && _runtimes.Count > 0;
        if (left) _runtimes = [];
        if (left || _book.UnderWay.Count != before) Changed();
        return Task.CompletedTask;
    }

    private void Changed()
    {
        _version++;
        _assigned.Pulse();
        _ended.Pulse();
        Announce();
    }

    private void Announce() => _ = AnnounceAsync();

    private async Task AnnounceAsync()
    {
        try
        {
            await GrainFactory.GetGrain<IModelPlannerGrain>(IModelPlannerGrain.Key).Announce(State);
        }
        catch (Exception e)
        {
            // The agent asks again within seconds, and then it is told again.
            NotTold(NodeId, "the planner", e.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Node {Node}: {Action} of {Model} at {Endpoint} failed: {Reason}")]
    private partial void Failed(string node, ModelAction action, string model, string endpoint, string reason);

    [LoggerMessage(LogLevel.Warning, "Node {Node} could not tell {Whom} about its models: {Reason}")]
    private partial void NotTold(string node, string whom, string reason);
}
