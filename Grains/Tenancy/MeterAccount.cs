using InferMesh.Grains.Abstractions.Tenancy;

namespace InferMesh.Grains.Tenancy;

/// <summary>What one silo holds of a meter.</summary>
/// <param name="Held">Its lease, open reservations included.</param>
/// <param name="Open">Of that, what requests in flight have reserved.</param>
[GenerateSerializer, Immutable, Alias("infermesh.SiloHold")]
internal readonly record struct SiloHold([property: Id(0)] long Held, [property: Id(1)] long Open);

/// <summary>
/// The account of one meter: what is settled, what is leased to whom. It never leases more than the limit leaves; time is an argument. Windows are those of UTC, and go forward only: a
/// clock that is behind cannot bring a spent window back.
/// </summary>
[GenerateSerializer, Alias("infermesh.MeterAccount")]
internal sealed class MeterAccount
{
    // A silo that asks ahead gets at most this part of what is free: near the limit leases shrink.
    private const int Shares = 8;

    private static readonly TimeSpan Shortly = TimeSpan.FromSeconds(1);

    [Id(0)] public required MeterKey Key { get; init; }

    /// <summary>Number of the window; 0 for kinds that have none.</summary>
    [Id(1)] public long Window { get; set; }

    /// <summary>Settled in the window.</summary>
    [Id(2)] public long Spent { get; set; }

    /// <summary>Of a rate, what is in the bucket; below 0 when more was used than leased.</summary>
    [Id(3)] public double Level { get; set; }

    /// <summary>When <see cref="Level"/> was true.</summary>
    [Id(4)] public long LevelAtTicks { get; set; }

    /// <summary>Leases by silo.</summary>
    [Id(5)] public Dictionary<string, SiloHold> Holds { get; set; } = [];

    private bool IsRate => Key.Kind == LimitKind.RequestsPerSecond;

    /// <summary>Leased and not settled.</summary>
    internal long Held => Holds.Values.Sum(h => h.Held);

    /// <summary>Reserved by requests in flight.</summary>
    internal long Open => Holds.Values.Sum(h => h.Open);

    /// <summary>Length of a kind's window, ticks; 0 when it has none.</summary>
    public static long WindowTicks(LimitKind kind) => kind switch
    {
        LimitKind.TokensPerMinute => TimeSpan.TicksPerMinute,
        LimitKind.TokensPerDay or LimitKind.MoneyPerDay => TimeSpan.TicksPerDay,
        _ => 0,
    };

    /// <summary>The same without leases.</summary>
    public MeterAccount Settled() => new() { Key = Key, Window = Window, Spent = Spent, Level = Level, LevelAtTicks = LevelAtTicks };

    /// <summary>Goes on to the present: a new window starts empty, a bucket fills. True when something that was counted is gone.</summary>
    public bool Roll(DateTimeOffset now, MeterLimit limit)
    {
        if (IsRate)
        {
            var burst = limit.Limit ?? 0;
            var elapsed = LevelAtTicks == 0 ? double.PositiveInfinity : Math.Max(0, now.UtcTicks - LevelAtTicks) / (double)TimeSpan.TicksPerSecond;
            Level = double.IsInfinity(elapsed) ? burst : Math.Min(burst, Level + (elapsed * limit.PerSecond));
            LevelAtTicks = Math.Max(LevelAtTicks, now.UtcTicks);
            return false;
        }
        if (WindowTicks(Key.Kind) is not (> 0 and var length) || now.UtcTicks / length is var window && window <= Window) return false;
        var counted = Spent != 0 || Holds.Count > 0;
        Window = window;
        Spent = 0;
        Holds.Clear();
        return counted;
    }

    /// <summary>What a silo used and what it keeps. True when the account changed.</summary>
    public bool Report(string silo, MeterReport report, MeterLimit limit)
    {
        var isOld = report.Window != Window;
        var (settled, open, keep) = isOld ? (0, 0, 0) : (report.Settled, report.Open, report.Keep);
        var before = Holds.GetValueOrDefault(silo);
        // What is in flight is a fact, also when the lease behind it has ended.
        var held = limit.Limit is null ? keep : Math.Max(Math.Min(before.Held, keep), open);
        if (IsRate) Level = Math.Min(limit.Limit ?? 0, Level + (before.Held - held - settled));
        else Spent += settled;
        return Set(silo, new(held, open)) || settled != 0;
    }

    /// <summary>Leases more to a silo, as far as there is more; takes back from it what a lowered limit no longer covers. True when the account changed.</summary>
    public bool Grant(string silo, MeterReport report, MeterLimit limit)
    {
        var free = Free(limit);
        var hold = Holds.GetValueOrDefault(silo);
        if (free < 0 && !IsRate) return Set(silo, hold with { Held = Math.Max(hold.Open, hold.Held + free) });
        if (limit.Limit is null || free <= 0 || free < report.Least || report.Need + report.Want <= 0) return false;
        var granted = Math.Min(free, Math.Max(report.Need, Math.Min(report.Need + report.Want, free / Shares)));
        if (IsRate) Level -= granted;
        return Set(silo, hold with { Held = hold.Held + granted });
    }

    /// <summary>The silo is gone or silent: what it held is free again. True when it held something.</summary>
    public bool Drop(string silo) => Holds.Remove(silo);

    /// <summary>What a silo holds now.</summary>
    public MeterGrant View(string silo, MeterReport report, MeterLimit limit, DateTimeOffset now, TimeSpan lease)
    {
        var length = WindowTicks(Key.Kind);
        var ends = length == 0 ? TimeSpan.MaxValue : new TimeSpan(((Window + 1) * length) - now.UtcTicks);
        var free = Free(limit);
        var retry = limit.Limit is null ? TimeSpan.Zero : IsRate ? TimeSpan.FromSeconds((Math.Max(1, report.Least) - Level) / limit.PerSecond)
            : length > 0 && report.Least > (limit.Limit ?? long.MaxValue) - Spent ? ends
            : Shortly;
        // Places of a rate that are kept for long would add up to a burst of their own.
        var valid = IsRate ? Shortly : lease < ends ? lease : ends;
        var idle = Holds.Sum(h => h.Key == silo ? 0 : h.Value.Held - h.Value.Open);
        return new(Key, Window, Holds.GetValueOrDefault(silo).Held, valid, limit.Limit, Math.Max(0, free), retry < TimeSpan.Zero ? TimeSpan.Zero : retry, idle);
    }

    private long Free(MeterLimit limit) => limit.Limit is not { } most ? long.MaxValue : IsRate ? (long)Math.Floor(Level) : most - Spent - Held;

    private bool Set(string silo, SiloHold hold)
    {
        var before = Holds.GetValueOrDefault(silo);
        if (before == hold) return false;
        if (hold == default) Holds.Remove(silo);
        else Holds[silo] = hold;
        return true;
    }
}
