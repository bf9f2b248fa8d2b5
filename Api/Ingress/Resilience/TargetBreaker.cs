namespace InferMesh.Api.Ingress.Resilience;

/// <summary>
/// What one node's answers say of it. Closed: it is asked. Open after failures in a row, or when half of many fail: it is left alone, each time twice as long. Then half open: one request
/// at a time tries it, and its answer closes the breaker or opens it again. Thread-safe.
/// </summary>
internal sealed class TargetBreaker
{
    private const int FewAnswers = 20;
    private const double BadShare = 0.5;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    // So long without a failure, and those before are forgotten.
    private static readonly TimeSpan Forgiven = TimeSpan.FromMinutes(2);

    private readonly Lock _gate = new();
    private bool _open;
    private bool _probing;
    private DateTimeOffset _until;
    private DateTimeOffset _failedAt;
    private DateTimeOffset _windowSince;
    private int _opened;
    private int _inARow;
    private double _answers;
    private double _failures;

    /// <summary>Whether requests should go elsewhere now.</summary>
    public bool IsShut(DateTimeOffset now)
    {
        lock (_gate) return now < _until || (_open && _probing);
    }

    /// <summary>Whether nothing is held against the node any more.</summary>
    public bool IsForgiven(DateTimeOffset now)
    {
        lock (_gate) return !_open && now >= _until && now - _failedAt > Forgiven;
    }

    /// <summary>Asks to send a request; false when the node is to be left alone, or another request is trying it.</summary>
    public bool TryEnter(DateTimeOffset now)
    {
        lock (_gate)
        {
            if (now < _until || (_open && _probing)) return false;
            _probing = _open;
            return true;
        }
    }

    /// <summary>The node answered. True when that closes the breaker.</summary>
    public bool Succeeded(DateTimeOffset now)
    {
        lock (_gate)
        {
            Count(now, failed: false);
            _inARow = 0;
            if (!_open) return false;
            (_open, _probing) = (false, false);
            (_answers, _failures) = (0, 0);
            return true;
        }
    }

    /// <summary>The node failed. Returns for how long that opens the breaker; null when it does not.</summary>
    public TimeSpan? Failed(DateTimeOffset now, IngressSettings settings)
    {
        lock (_gate)
        {
            Count(now, failed: true);
            _inARow++;
            if (!_open && now - _failedAt > Forgiven) _opened = 0;
            _failedAt = now;
            // Requests that were on their way when it opened say nothing new.
            if (_open && !_probing) return null;
            if (!_open && _inARow < settings.EjectAfterFailures && !(_answers >= FewAnswers && _failures >= BadShare * _answers)) return null;
            var time = settings.EjectTime * Math.Pow(2, Math.Min(_opened++, 20));
            if (time > settings.MaxEjectTime) time = settings.MaxEjectTime;
            (_open, _probing, _until) = (true, false, now + time);
            return time;
        }
    }

    /// <summary>The node asked to be left alone for a while: that is no failure.</summary>
    public void Rest(DateTimeOffset until)
    {
        lock (_gate)
        {
            _probing = false;
            if (until > _until) _until = until;
        }
    }

    /// <summary>The request ended without saying anything of the node.</summary>
    public void Left()
    {
        lock (_gate) _probing = false;
    }

    private void Count(DateTimeOffset now, bool failed)
    {
        if (now - _windowSince > Window) (_windowSince, _answers, _failures) = (now, _answers / 2, _failures / 2);
        _answers++;
        if (failed) _failures++;
    }
}
