using System.Collections.Concurrent;

namespace InferMesh.Tests.Cluster;

/// <summary>Lets calls that a test has named fail, each once, before they reach their grain.</summary>
internal sealed class FailingCalls : IIncomingGrainCallFilter
{
    private static readonly ConcurrentDictionary<(string Grain, string Method), byte> s_next = new();

    public static void FailNext(string grain, string method) => s_next[(grain, method)] = 0;

    public Task Invoke(IIncomingGrainCallContext context) =>
        !s_next.IsEmpty && s_next.TryRemove((context.TargetId.ToString(), context.MethodName), out _)
            ? throw new TimeoutException("A test made this call fail.")
            : context.Invoke();
}
