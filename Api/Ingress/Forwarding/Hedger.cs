using InferMesh.Api.Ingress.Resilience;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Ingress.Forwarding;

/// <summary>
/// Waits for the first byte of one target and, when it is late, asks a second one too (Dean and Barroso, The Tail at Scale, 2013). Whose first byte comes first answers; the other is
/// cancelled at once, which closes its connection, so that its runtime stops. After the first byte nothing is hedged.
/// </summary>
internal sealed class Hedger(TargetOpener opener, HedgeBudget budget, IngressMetrics metrics, TimeProvider time)
{
    /// <summary>The answer, and who else was asked.</summary>
    /// <param name="job">The request.</param>
    /// <param name="first">Target of the decision.</param>
    /// <param name="second">Target of the copy.</param>
    /// <param name="plan">When to send it.</param>
    /// <param name="model">Model that is asked for.</param>
    /// <param name="tenant">Whose budget it is sent from; "" for none.</param>
    /// <param name="sending">Told just before the copy is sent.</param>
    /// <param name="deadline">Ends with the client or with the request's time.</param>
    public async Task<HedgedAnswer> OpenAsync(ForwardJob job, RouteTarget first, RouteTarget second, RouteHedge plan, string model, string tenant, Action sending, CancellationToken deadline)
    {
        budget.Earn(tenant, plan.BudgetShare);
        var original = Open(job, model, first, deadline);
        if (await IsLateAsync(original.Answer, plan.Delay, deadline) is false) return new(await original.Answer, null, original.Limit);
        if (!budget.TryTake(tenant))
        {
            metrics.HedgeSuppressed("budget");
            return new(await original.Answer, null, original.Limit);
        }
        sending();
        var copy = Open(job, model, second, deadline);
        var (winner, other) = await Task.WhenAny(original.Answer, copy.Answer) == original.Answer ? (original, copy) : (copy, original);
        if ((await winner.Answer).Failure is not null && !deadline.IsCancellationRequested)
        {
            // The one that failed first leaves the other one to wait for.
            (winner, other) = (other, winner);
            await winner.Answer;
        }
        var answer = await winner.Answer;
        Abandon(other);
        metrics.Hedged(answer.Failure is not null ? "failed" : winner == copy ? "won" : "wasted");
        return new(answer, winner == copy ? first : second, winner.Limit);
    }

    private Opening Open(ForwardJob job, string model, RouteTarget target, CancellationToken deadline)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(deadline);
        return new(limit, opener.OpenAsync(job, model, target, limit.Token));
    }

    private async Task<bool> IsLateAsync(Task answer, TimeSpan delay, CancellationToken deadline)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(deadline);
        var late = Task.Delay(delay, time, timer.Token);
        var isLate = await Task.WhenAny(answer, late) == late && !answer.IsCompleted && !deadline.IsCancellationRequested;
        await timer.CancelAsync();
        return isLate;
    }

    private static void Abandon(Opening other)
    {
        other.Limit.Cancel();
        // Opening never throws: it says what failed.
        _ = other.Answer.ContinueWith(static (answer, limit) => { answer.Result.Dispose(); ((IDisposable)limit!).Dispose(); }, other.Limit, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private sealed record Opening(CancellationTokenSource Limit, Task<OpenAnswer> Answer);
}

/// <summary>An answer that may have had a rival.</summary>
/// <param name="Answer">The answer, or why there is none.</param>
/// <param name="Rival">The target that was asked too; null when none was.</param>
/// <param name="Limit">What its connection lives under; null for the request itself.</param>
internal sealed record HedgedAnswer(OpenAnswer Answer, RouteTarget? Rival, IDisposable? Limit) : IDisposable
{
    public void Dispose()
    {
        Answer.Dispose();
        Limit?.Dispose();
    }
}
