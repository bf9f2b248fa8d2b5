using System.Collections.Concurrent;
using InferMesh.Grains.Abstractions.Routing;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Ingress.Routing;

/// <summary>Asks the routers of the cluster, patiently enough to outlive a silo that dies under the call.</summary>
internal sealed partial class IngressRouter(
    IGrainFactory grains, IOptionsMonitor<IngressSettings> settings, TimeProvider time, IngressMetrics metrics, ILogger<IngressRouter> logger)
{
    // Routers are stateless workers; the key only decides over which gateway the call enters the cluster.
    private const uint Keys = 64;
    private const int MaxTries = 3;

    // Grows with each try, so that a rejecting gateway is not hammered.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    // To make a reference costs more than to call it: each is made once, at its first use, because an API that waits for its cluster cannot.
    private readonly IRouterGrain?[] _routers = new IRouterGrain?[Keys];
    private readonly ConcurrentDictionary<string, bool> _prefixModels = new(StringComparer.Ordinal);
    private uint _next;

    /// <summary>Whether the last decision for the model asked for the blocks of prompts. Before the first one nobody knows: that prompt goes without.</summary>
    public bool WantsPrefix(string model) => !_prefixModels.IsEmpty && _prefixModels.ContainsKey(model);

    /// <summary>A decision, or null when no router answered in any try.</summary>
    /// <remarks>A try that timed out may have reserved a place: its lease gives the place back.</remarks>
    public async Task<RouteDecision?> RouteAsync(RouteQuery query, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var decision = await Router().Route(query).AsTask().WaitAsync(settings.CurrentValue.RouteTimeout, time, cancellationToken);
                if (decision.Status == RouteStatus.Routed) Note(query.Model, decision.PrefixWanted);
                return decision;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                metrics.RouteFailed(e.GetType().Name);
                RouteTryFailed(query.RequestId, attempt, e.Message);
                if (attempt == MaxTries) return null;
            }
            await Task.Delay(Pause * attempt, time, cancellationToken);
        }
    }

    /// <summary>Takes charge of the reservation of a decision.</summary>
    public Reservation Take(RouteDecision decision) => new(this, decision.DecisionId);

    /// <summary>One try: what does not arrive is counted, and the lease of the reservation makes up for it.</summary>
    internal async Task SendAsync(string call, string reservationId, Func<IRouterGrain, ValueTask<bool>> send)
    {
        try
        {
            await send(Router()).AsTask().WaitAsync(settings.CurrentValue.RouteTimeout, time);
        }
        catch (Exception e)
        {
            metrics.ReportLost(call);
            CallLost(call, reservationId, e.Message);
        }
    }

    /// <summary>Grows no further than the models that are served: a decision that routes nothing is not noted.</summary>
    private void Note(string model, bool prefixWanted)
    {
        if (prefixWanted) _prefixModels.TryAdd(model, true);
        else if (!_prefixModels.IsEmpty) _prefixModels.TryRemove(model, out _);
    }

    private IRouterGrain Router()
    {
        var key = Interlocked.Increment(ref _next) % Keys;
        return _routers[key] ??= grains.GetGrain<IRouterGrain>(key);
    }

    [LoggerMessage(LogLevel.Debug, "Request {RequestId}: routing try {Attempt} failed: {Reason}")]
    private partial void RouteTryFailed(string requestId, int attempt, string reason);

    [LoggerMessage(LogLevel.Debug, "{Call} of reservation {ReservationId} was lost: {Reason}")]
    private partial void CallLost(string call, string reservationId, string reason);
}
