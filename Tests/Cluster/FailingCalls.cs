using System.Collections.Concurrent;

namespace InferMesh.Tests.Cluster;

/// <summary>Lets calls that a test has named fail, each once, before they reach their grain.</summary>
internal sealed class FailingCalls : IIncomingGrainCallFilter
{
    private static readonly ConcurrentDictionary<(string Grain, string Method), byte> s_next = new();

    private static readonly ConcurrentDictionary<(string Grain, string Method), byte> s_down = new();

    public static void FailNext(string grain, string method) => s_next[(grain, method)] = 0;

    /// <summary>Lets all such calls fail until the returned object is disposed.</summary>
    public static IDisposable FailAll(string grain, string method)
    {
        s_down[(grain, method)] = 0;
        return new Repair(grain, method);
    }

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (s_next.IsEmpty && s_down.IsEmpty) return context.Invoke();
        var call = (context.TargetId.ToString(), context.MethodName);
        return s_next.TryRemove(call, out _) || s_down.ContainsKey(call) ? throw new TimeoutException("A test made this call fail.") : context.Invoke();
    }

    private sealed class Repair(string grain, string method) : IDisposable
    {
        public void Dispose() => s_down.TryRemove((grain, method), out _);
    }
}
