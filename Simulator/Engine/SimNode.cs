using InferMesh.Simulator.World;

namespace InferMesh.Simulator.Engine;

/// <summary>What a node said of itself, and when.</summary>
internal readonly record struct NodeReading(long AtTicks, int Running, int Waiting, double KvCacheUsage);

/// <summary>One node: a batch that steps while it has work.</summary>
internal sealed class SimNode(GpuProfile profile)
{
    private readonly ContinuousBatch _batch = new(profile);
    private StepResult _step;

    public bool Stepping { get; private set; }

    /// <summary>Requests on the node. Those in their last step have left the batch already, but are here until the step ends.</summary>
    public int Held => _batch.Running + _batch.Waiting + (Stepping ? _step.Finished.Length : 0);

    public void Submit(in Arrival request)
    {
        if (_batch.Submit(new(request.Id, request.PromptTokens, request.OutputTokens)) is var result and not SubmitResult.Accepted)
            throw new InvalidOperationException($"Request {request.Id} does not fit {profile.Name}: {result}.");
    }

    /// <summary>Begins a step; null when there is nothing to do.</summary>
    public TimeSpan? BeginStep()
    {
        _step = _batch.Step();
        Stepping = !_step.IsEmpty;
        return Stepping ? _step.Duration : null;
    }

    /// <summary>Ends the step; its lists hold until the next begins.</summary>
    public StepResult EndStep()
    {
        Stepping = false;
        return _step;
    }

    public NodeReading Read(long atTicks) => new(atTicks, Held - _batch.Waiting, _batch.Waiting, _batch.KvUsage);
}
