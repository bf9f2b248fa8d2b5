using InferMesh.Api.Options;
using InferMesh.Api.Problems;
using InferMesh.Api.Security.Callers;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Security.Limits;

/// <summary>
/// Places for calls that stay open: event streams of the mesh and of jobs, streams of the fleet, and subscriptions over gRPC. One caller has an eighth of them at most and one tenant a quarter,
/// and a quarter is kept from all tenants together, so that who runs the mesh can always look. Thread-safe.
/// </summary>
internal sealed class StreamPlaces(IOptionsMonitor<ApiSettings> settings)
{
    /// <summary>Says to a caller of gRPC what <see cref="Full"/> says to one of REST.</summary>
    public const string IsFull = "Too many event streams are open, of all callers or of this one: close one.";

    // A small pool is for somebody who knows his callers.
    private const int LeastShare = 4;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _open = new(StringComparer.Ordinal);

    /// <summary>Takes a place, which is given back by disposing it; null when there is none for the caller.</summary>
    public IDisposable? TryOpen(Caller caller)
    {
        var counted = Counted(caller, settings.CurrentValue.MaxEventStreams);
        lock (_gate)
        {
            if (counted.Any(c => _open.GetValueOrDefault(c.Who) >= c.Most)) return null;
            foreach (var (who, _) in counted) _open[who] = _open.GetValueOrDefault(who) + 1;
        }
        return new Place(this, counted);
    }

    public static ProblemResult Full() =>
        new(Problem.Of(StatusCodes.Status429TooManyRequests, "too-many-streams", "Too many event streams are open", "Close one, or read pages with \"Accept: application/json\"."));

    /// <summary>As whose a stream of a caller counts, and how many those may have.</summary>
    private static (string Who, int Most)[] Counted(Caller caller, int all)
    {
        var own = ($"caller/{caller.Kind}/{caller.Scope}/{caller.Name}", Math.Max(all / 8, LeastShare));
        return caller.Scope.IsMesh ? [("", all), own] : [("", all), ("tenants", all - (all / 4)), ($"tenant/{caller.Scope.Tenant}", Math.Max(all / 4, LeastShare)), own];
    }

    private void Close((string Who, int Most)[] counted)
    {
        lock (_gate)
        {
            foreach (var (who, _) in counted)
            {
                if (--_open[who] == 0) _open.Remove(who);
            }
        }
    }

    private sealed class Place(StreamPlaces places, (string Who, int Most)[] counted) : IDisposable
    {
        private int _closed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _closed, 1) == 0) places.Close(counted);
        }
    }
}
