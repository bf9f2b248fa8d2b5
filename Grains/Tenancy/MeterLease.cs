using InferMesh.Grains.Abstractions.Tenancy;

namespace InferMesh.Grains.Tenancy;

/// <summary>
/// This silo's part of one meter: what it may hand out without asking. Pure; time is an argument, in ticks of UTC; used under the lock of its <see cref="TenantShare"/>.
/// </summary>
internal sealed class MeterLease(MeterKey key)
{
    // A silo holds ahead what twice its last period took.
    private const int Ahead = 2;

    private long _lease;
    private long _open;
    private long _unreported;
    private long _validUntilTicks;
    private long _taken;
    private long _takenBefore;
    private long _waiting;
    private long _waiters;
    private long _least;
    private bool _news;
    private long? _aloneIn;

    public MeterKey Key => key;

    /// <summary>Window that open and unreported amounts are of.</summary>
    public long Window { get; private set; }

    /// <summary>Limit; null when there is none.</summary>
    public long? Limit { get; private set; }

    /// <summary>What nobody held when the tenant last answered, and what this silo has given back since.</summary>
    public long FreeElsewhere { get; private set; }

    /// <summary>What other silos held without use when the tenant last answered.</summary>
    public long IdleElsewhere { get; private set; }

    /// <summary>When to come back, as the tenant last said.</summary>
    public TimeSpan RetryAfter { get; private set; }

    /// <summary>So little is left that what this silo holds and does not use may be what another one waits for.</summary>
    public bool IsScarce => Limit is { } limit && FreeElsewhere <= limit / 8;

    /// <summary>Something to tell: used, reserved, released or held without use.</summary>
    public bool HasNews => _news || _waiting > 0 || _unreported != 0 || _lease > _open;

    /// <summary>The tenant must go on hearing of it.</summary>
    public bool IsInUse => HasNews || _open > 0;

    private bool IsRate => key.Kind == LimitKind.RequestsPerSecond;

    private bool IsWindow => MeterAccount.WindowTicks(key.Kind) > 0;

    /// <summary>What is left here.</summary>
    public long Free(long nowTicks) => nowTicks >= _validUntilTicks ? 0 : Limit is null ? long.MaxValue : Math.Max(0, _lease - _open - _unreported);

    /// <summary>Whether an amount may be taken now. Nothing costs nothing, but only of a window that runs.</summary>
    /// <param name="amount">Units.</param>
    /// <param name="nowTicks">Now.</param>
    /// <param name="waited">The request has waited: those that have not do not overtake those that wait.</param>
    public bool Has(long amount, long nowTicks, bool waited = true) => nowTicks < _validUntilTicks && (amount == 0 || amount <= Free(nowTicks) - (waited ? 0 : _waiting));

    /// <summary>Reserves; the window it is of.</summary>
    public long Take(long amount)
    {
        _taken += amount;
        _news = true;
        if (IsRate) _unreported += amount;
        else _open += amount;
        return Window;
    }

    /// <summary>What was reserved in a window is used, or not. Of a window gone by nothing counts any more.</summary>
    public void Settle(long window, long reserved, long used)
    {
        if (IsRate || window != Window) return;
        _news = true;
        _open = Math.Max(0, _open - reserved);
        if (IsWindow) _unreported += used;
    }

    /// <summary>Used without a reservation here.</summary>
    public void Charge(long used)
    {
        if (IsWindow) _unreported += used;
    }

    /// <summary>The next report asks how the meter stands.</summary>
    public void Look() => _news = true;

    /// <summary>A request waits for this amount, until <see cref="StopWaiting"/>.</summary>
    public void Wait(long amount)
    {
        _least = _waiters++ == 0 ? amount : Math.Min(_least, amount);
        _waiting += amount;
        _news = true;
    }

    /// <summary>It looks again, or no longer waits.</summary>
    public void StopWaiting(long amount)
    {
        _waiters--;
        _waiting -= amount;
    }

    /// <summary>A report period is over.</summary>
    public void EndPeriod() => (_takenBefore, _taken) = (_taken, 0);

    /// <summary>The silo stops: whoever settles what is in flight will charge it elsewhere.</summary>
    public void Close() => (_open, _taken, _takenBefore, _news) = (0, 0, 0, true);

    /// <summary>What to tell the tenant now. What is given back is no longer here.</summary>
    public MeterReport Report(long nowTicks)
    {
        var ahead = Ahead * Math.Max(_taken, _takenBefore);
        var settled = _unreported;
        _unreported = 0;
        _lease = Math.Max(0, _lease - settled);
        var free = nowTicks < _validUntilTicks ? Math.Max(0, _lease - _open) : 0;
        // What came for those who wait stays until they have looked.
        var spare = Limit is null ? 0 : Math.Min(free, Math.Max(_waiting, IsScarce ? 0 : ahead));
        var need = Math.Max(0, _waiting - free);
        // Until the answer comes it is neither here nor in what was free elsewhere: a request that looks meanwhile would be refused for nothing.
        if (Limit is not null) FreeElsewhere += free - spare;
        _lease = _open + spare;
        _news = false;
        return new(key, Window, settled, _open, _lease, need, need == 0 ? 0 : Math.Max(1, _least - free), Limit is null || IsScarce ? 0 : Math.Max(0, ahead - spare));
    }

    /// <summary>
    /// The tenant cannot be asked: of what nobody held when it last answered this silo takes its part, and in windows that begin meanwhile its part of the limit, so that all silos together
    /// stay within it. What is used is reported when the tenant is back.
    /// </summary>
    /// <param name="limit">Limit in force.</param>
    /// <param name="nowTicks">Now; windows go on by this silo's clock.</param>
    /// <param name="silos">Silos that share.</param>
    public void GoOnAlone(MeterLimit limit, long nowTicks, int silos)
    {
        // A meter of which the tenant has never told stays empty.
        if (_validUntilTicks == 0) return;
        _validUntilTicks = long.MaxValue;
        if (limit.Limit is not { } most) return;
        var length = IsRate ? TimeSpan.TicksPerSecond : MeterAccount.WindowTicks(key.Kind);
        var window = length == 0 ? 0 : nowTicks / length;
        if (_aloneIn == window) return;
        if (IsRate)
        {
            _lease = _unreported + (long)(Math.Min(most, limit.PerSecond) / silos);
        }
        else if (window > Window)
        {
            (Window, _open, _unreported) = (window, 0, 0);
            _lease = most / silos;
        }
        else if (_aloneIn is null)
        {
            _lease += FreeElsewhere / silos;
        }
        FreeElsewhere = 0;
        _aloneIn = window;
    }

    /// <summary>The tenant answers again: until it has told of this meter nothing may be taken.</summary>
    public void EndAlone()
    {
        if (_aloneIn is null && _validUntilTicks != long.MaxValue) return;
        (_aloneIn, _validUntilTicks, _news) = (null, 1, true);
    }

    /// <summary>The tenant's answer to the report sent at <paramref name="sentTicks"/>.</summary>
    public void Apply(MeterGrant grant, long sentTicks)
    {
        if (grant.Window != Window)
        {
            // Places in flight have no window; what is of the old one is no longer counted.
            (Window, _open, _unreported) = (grant.Window, 0, 0);
        }
        _lease = grant.Held;
        _validUntilTicks = sentTicks + grant.ValidFor.Ticks;
        (Limit, FreeElsewhere, IdleElsewhere, RetryAfter) = (grant.Limit, grant.Free, grant.Idle, grant.RetryAfter);
    }
}
