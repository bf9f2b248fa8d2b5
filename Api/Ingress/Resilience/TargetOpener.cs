using InferMesh.Api.Ingress.Forwarding;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Ingress.Resilience;

/// <summary>Sends requests to nodes and learns from what comes of it.</summary>
internal sealed class TargetOpener(Forwarder forwarder, AttemptWatch watch, TargetBreakers breakers)
{
    /// <inheritdoc cref="Forwarder.OpenAsync"/>
    public async Task<OpenAnswer> OpenAsync(ForwardJob job, string model, RouteTarget target, CancellationToken stop)
    {
        using var attempt = watch.Begin(model, target.NodeId, stop);
        var answer = await forwarder.OpenAsync(job, target, attempt.Token);
        if (attempt.IsLost && answer.Failure is not null) answer.Failed(new(AttemptEnd.Failed, "node_lost"));
        breakers.Record(target.NodeId, answer.Failure);
        return answer;
    }

    /// <summary>Streams an answer to the client.</summary>
    public async Task<AttemptResult> RelayAsync(ForwardJob job, OpenAnswer answer, CancellationToken deadline)
    {
        var result = await forwarder.RelayAsync(job, answer, deadline);
        if (result.End == AttemptEnd.Broken) breakers.Record(answer.Target.NodeId, result);
        return result;
    }
}
