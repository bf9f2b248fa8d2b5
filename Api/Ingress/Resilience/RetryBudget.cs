using Microsoft.Extensions.Options;

namespace InferMesh.Api.Ingress.Resilience;

/// <summary>
/// How many further attempts may be made: each request earns a share of one. A node that dies is outlived from what was saved; where everything fails, attempts stay that share of the
/// requests instead of multiplying the load. The count is this process's own.
/// </summary>
internal sealed class RetryBudget(IOptionsMonitor<IngressSettings> settings)
{
    // What is there at the start, and the most that is saved.
    private const double Most = 100;

    private readonly Lock _gate = new();
    private double _left = Most;

    /// <summary>A request came.</summary>
    public void Earn()
    {
        var share = settings.CurrentValue.RetryBudgetShare;
        lock (_gate) _left = Math.Min(Most, _left + share);
    }

    /// <summary>Takes one attempt out; false when there is none.</summary>
    public bool TryTake()
    {
        lock (_gate)
        {
            if (_left < 1) return false;
            _left--;
            return true;
        }
    }
}
