using System.Net;
using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Grains.Options;
using InferMesh.Grains.Routing;
using InferMesh.Grains.Tenancy;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Microsoft.Extensions.Options;

namespace InferMesh.Tests.Unit.Grains.Tenancy;

[TestClass]
public sealed class TenantLedgerTests : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    private readonly ManualTime _time = new();
    private readonly List<TenantLedger> _ledgers = [];

    public void Dispose() => _ledgers.ForEach(l => l.Dispose());

    [TestMethod]
    public async Task Reserve_NoSuchTenant_IsUnlimited()
    {
        var ledger = Ledger(new(_time, null));
        Assert.AreEqual(TenantVerdictStatus.Unlimited, (await ledger.ReserveAsync(Request())).Status);
        Assert.AreEqual(0, ledger.Open);
    }

    [TestMethod]
    public async Task Settle_LessThanReserved_CountsWhatWasUsed()
    {
        var grain = new FakeTenantGrain(_time, new() { Limits = new() { TokensPerDay = 1000 } });
        var ledger = Ledger(grain);
        var verdict = await ledger.ReserveAsync(Request(prompt: 40, output: 60));
        Assert.AreEqual(TenantVerdictStatus.Granted, verdict.Status);
        Assert.AreEqual((1000L, 900L), (verdict.Tokens!.Limit, verdict.Tokens.Remaining));
        Assert.IsTrue(await SettleAsync(ledger, verdict, 40, 5));
        Assert.IsFalse(await SettleAsync(ledger, verdict, 40, 5), "once");
        await TickUntilAsync(() => grain.Total() is { TokensToday: 45, Leased.TokensPerDay: 0, InFlight: 0 } && ledger.Open == 0, "what is not used goes back");
    }

    [TestMethod]
    public async Task Reserve_MoreThanIsLeft_NamesTheLimitAndWhenToComeBack()
    {
        var grain = new FakeTenantGrain(_time, new() { Limits = new() { TokensPerMinute = 100 } });
        var ledger = Ledger(grain);
        var first = await ledger.ReserveAsync(Request(prompt: 80));
        var second = await ledger.ReserveAsync(Request(prompt: 80));
        Assert.AreEqual((TenantVerdictStatus.Refused, new MeterKey(TenantScope.Tenant, "", LimitKind.TokensPerMinute), 100.0), (second.Status, second.Limit, second.Allowed));
        Assert.AreEqual(TimeSpan.FromSeconds(1), second.RetryAfter, "the first may give back what it does not use");
        await SettleAsync(ledger, first, 80, 0);
        var third = await ledger.ReserveAsync(Request(prompt: 80));
        Assert.AreEqual(TenantVerdictStatus.Refused, third.Status);
        Assert.IsGreaterThan(TimeSpan.FromSeconds(50), third.RetryAfter, "the minute is used up");
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.AreEqual(TenantVerdictStatus.Granted, (await ledger.ReserveAsync(Request(prompt: 80))).Status, "a new minute");
    }

    [TestMethod]
    public async Task Reserve_ManyAtOnceWithinTheLimits_AreAllGranted()
    {
        // The races between a look and an exchange are rare: many rounds, each with books of its own.
        for (var round = 0; round < 200; round++)
        {
            var grain = new FakeTenantGrain(TimeProvider.System, new() { Limits = new() { TokensPerDay = 100_000, ConcurrentRequests = 1000, RequestsPerSecond = 1000 } });
            var ledgers = Enumerable.Range(1, 4).Select(i => Ledger(grain, i, TimeProvider.System)).ToArray();
            var verdicts = await Task.WhenAll(Enumerable.Range(0, 800).Select(i => Task.Run(() => ledgers[i % 4].ReserveAsync(Request(prompt: 100)).AsTask())));
            Assert.IsEmpty(verdicts.Where(v => v.Status != TenantVerdictStatus.Granted), $"round {round}");
            foreach (var ledger in ledgers) ledger.Dispose();
        }
    }

    [TestMethod]
    public async Task Reserve_WhatAnotherSiloHoldsWithoutUse_IsWaitedFor()
    {
        var grain = new FakeTenantGrain(_time, new() { Limits = new() { ConcurrentRequests = 8 } });
        var (a, b) = (Ledger(grain, 1), Ledger(grain, 2));
        var open = new List<TenantVerdict>();
        for (var i = 0; i < 5; i++) open.Add(await a.ReserveAsync(Request()));
        foreach (var verdict in open) Assert.IsTrue(await SettleAsync(a, verdict, 1, 1));
        for (var i = 0; i < 8; i++) Assert.AreEqual(TenantVerdictStatus.Granted, (await ReserveInTimeAsync(b, Request())).Status, $"place {i + 1} of 8");
        Assert.AreEqual(TenantVerdictStatus.Refused, (await ReserveInTimeAsync(b, Request())).Status);
    }

    [TestMethod]
    public async Task Reserve_ProjectAndKey_HaveLimitsOfTheirOwn()
    {
        var ledger = Ledger(new(_time, new()
        {
            Limits = new() { TokensPerDay = 1000 },
            Projects = new Dictionary<string, TenantLimits> { ["p"] = new() { TokensPerDay = 150 } },
            Keys = new Dictionary<string, TenantLimits> { ["k"] = new() { ConcurrentRequests = 1 } },
        }));
        Assert.AreEqual(TenantVerdictStatus.Granted, (await ledger.ReserveAsync(Request(prompt: 100) with { Project = "p" })).Status);
        Assert.AreEqual(new MeterKey(TenantScope.Project, "p", LimitKind.TokensPerDay), (await ledger.ReserveAsync(Request(prompt: 100) with { Project = "p" })).Limit);
        Assert.AreEqual(TenantVerdictStatus.Granted, (await ledger.ReserveAsync(Request(prompt: 100) with { Project = "q", KeyId = "k" })).Status);
        Assert.AreEqual(new MeterKey(TenantScope.Key, "k", LimitKind.ConcurrentRequests), (await ledger.ReserveAsync(Request(prompt: 100) with { KeyId = "k" })).Limit);
    }

    [TestMethod]
    public async Task Money_UsedUp_IsRefused()
    {
        var grain = new FakeTenantGrain(_time, new() { Limits = new() { MoneyPerDay = 1 }, Price = new() { PromptPer1000 = 1, OutputPer1000 = 2 } });
        var ledger = Ledger(grain);
        var first = await ledger.ReserveAsync(Request(prompt: 200, output: 200));
        await SettleAsync(ledger, first, 200, 100);
        Assert.AreEqual(0.4, grain.Total().MoneyToday, 1e-9);
        Assert.AreEqual(LimitKind.MoneyPerDay, (await ledger.ReserveAsync(Request(prompt: 200, output: 300))).Limit?.Kind);
        Assert.AreEqual(TenantVerdictStatus.Granted, (await ledger.ReserveAsync(Request(prompt: 200, output: 200))).Status);
    }

    [TestMethod]
    public async Task Concurrent_PlaceGivenBackOnOneSilo_IsFreeOnAnotherAtOnce()
    {
        var grain = new FakeTenantGrain(_time, new() { Limits = new() { ConcurrentRequests = 2 } });
        var (a, b) = (Ledger(grain, 1), Ledger(grain, 2));
        var first = await a.ReserveAsync(Request());
        await a.ReserveAsync(Request());
        Assert.AreEqual(LimitKind.ConcurrentRequests, (await ReserveInTimeAsync(b, Request())).Limit?.Kind);
        Assert.AreEqual(2, grain.Total().Leased.Requests);
        // The limit is used up: the place goes back without waiting for the end of a period.
        Assert.IsTrue(await a.SettleAsync(Number(first), 1, 1));
        Assert.AreEqual(TenantVerdictStatus.Granted, (await b.ReserveAsync(Request())).Status);
    }

    [TestMethod]
    public async Task Rate_BurstThenPace_IsKept()
    {
        var ledger = Ledger(new(_time, new() { Limits = new() { RequestsPerSecond = 10, Burst = 5 } }));
        for (var i = 0; i < 5; i++) Assert.AreEqual(TenantVerdictStatus.Granted, (await ledger.ReserveAsync(Request())).Status, $"{i}");
        var refused = await ledger.ReserveAsync(Request());
        Assert.AreEqual((TenantVerdictStatus.Refused, 10.0, 5L, 0L), (refused.Status, refused.Allowed, refused.Requests!.Limit, refused.Requests.Remaining));
        Assert.IsLessThan(TimeSpan.FromMilliseconds(101), refused.RetryAfter);
        _time.Advance(TimeSpan.FromMilliseconds(200));
        for (var i = 0; i < 2; i++) Assert.AreEqual(TenantVerdictStatus.Granted, (await ledger.ReserveAsync(Request())).Status, $"after a pause {i}");
        Assert.AreEqual(TenantVerdictStatus.Refused, (await ledger.ReserveAsync(Request())).Status);
    }

    [TestMethod]
    public async Task Exchange_AnswerLost_IsRepeatedAndCountsOnce()
    {
        var grain = new FakeTenantGrain(_time, new() { Limits = new() { TokensPerDay = 1000 } });
        var ledger = Ledger(grain);
        var verdict = await ledger.ReserveAsync(Request(prompt: 100));
        grain.LoseAnswers = 1;
        await Assert.ThrowsExactlyAsync<TimeoutException>(() => SettleAsync(ledger, verdict, 100, 0));
        Assert.IsTrue(await SettleAsync(ledger, verdict, 100, 0), "whoever settles may try again");
        Assert.AreEqual(100, grain.Total().TokensToday);
    }

    [TestMethod]
    public async Task Grain_Restarted_KnowsWhatWasSettledAndWhatIsLeased()
    {
        var grain = new FakeTenantGrain(_time, new() { Limits = new() { TokensPerDay = 200 } });
        var (a, b) = (Ledger(grain, 1), Ledger(grain, 2));
        await SettleAsync(a, await a.ReserveAsync(Request(prompt: 100)), 90, 0);
        await a.ReserveAsync(Request(prompt: 100));
        grain.Restart();
        Assert.AreEqual(90, grain.Total().TokensToday);
        Assert.AreEqual(TenantVerdictStatus.Refused, (await ReserveInTimeAsync(b, Request(prompt: 50))).Status, "100 are leased to the other silo");
        Assert.AreEqual(TenantVerdictStatus.Granted, (await b.ReserveAsync(Request(prompt: 10))).Status);
    }

    [TestMethod]
    public async Task Tenant_CannotStore_WhatWasLeftGoesOn_AndIsCountedAfterwards()
    {
        var grain = new FakeTenantGrain(_time, new() { Limits = new() { ConcurrentRequests = 4, TokensPerMinute = 1000 } });
        var ledger = Ledger(grain);
        List<TenantVerdict> open = [await ledger.ReserveAsync(Request(prompt: 100))];
        grain.IsDown = true;
        _time.Advance(TimeSpan.FromSeconds(3));
        for (var i = 0; i < 3; i++) open.Add(await ReserveInTimeAsync(ledger, Request(prompt: 100)));
        Assert.IsEmpty(open.Where(v => v.Status != TenantVerdictStatus.Granted));
        Assert.AreEqual(TenantVerdictStatus.Unavailable, (await ReserveInTimeAsync(ledger, Request(prompt: 100))).Status, "the fifth at once");
        foreach (var verdict in open) _ = ledger.SettleAsync(Number(verdict), 100, 0);
        Assert.AreEqual(TenantVerdictStatus.Unavailable, (await ReserveInTimeAsync(ledger, Request(prompt: 700))).Status, "600 of the minute are left");
        Assert.AreEqual(TenantVerdictStatus.Granted, (await ReserveInTimeAsync(ledger, Request(prompt: 600))).Status);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.AreEqual(TenantVerdictStatus.Granted, (await ReserveInTimeAsync(ledger, Request(prompt: 900))).Status, "a new minute");
        Assert.AreEqual(TenantVerdictStatus.Unavailable, (await ReserveInTimeAsync(ledger, Request(prompt: 200))).Status);
        grain.IsDown = false;
        await TickUntilAsync(() => grain.Total() is { InFlight: 1, Leased.TokensPerMinute: >= 900 }, "what was let in meanwhile is in the books");
        Assert.AreEqual(TenantVerdictStatus.Refused, (await ReserveInTimeAsync(ledger, Request(prompt: 200))).Status);
    }

    [TestMethod]
    [DataRow(LimitKind.ConcurrentRequests, 12, 5, 4)]
    [DataRow(LimitKind.TokensPerMinute, 12, 5, 4)]
    [DataRow(LimitKind.TokensPerDay, 2, 0, 0)]
    public void Lease_AloneAmongThree_IsAThirdOfWhatWasFree(LimitKind kind, long limit, long used, long left)
    {
        const long Now = TimeSpan.TicksPerHour;
        var window = MeterAccount.WindowTicks(kind) is > 0 and var length ? Now / length : 0;
        var meter = new MeterLease(new(TenantScope.Tenant, "", kind));
        meter.GoOnAlone(new(limit, 0), Now, 3);
        Assert.IsFalse(meter.Has(1, Now), "nobody has told of it");
        meter.Apply(new(meter.Key, window, used, TimeSpan.FromSeconds(10), limit, limit, TimeSpan.Zero, 0), Now);
        meter.Take(used);
        for (var i = 0; i < 3; i++) meter.GoOnAlone(new(limit, 0), Now + i, 3);
        Assert.AreEqual(left, meter.Free(Now + TimeSpan.TicksPerMinute / 2));
        meter.EndAlone();
        Assert.AreEqual(0, meter.Free(Now), "until the tenant has told");
    }

    [TestMethod]
    public async Task Silo_Dead_KeepsItsLeaseUntilItEnds()
    {
        var grain = new FakeTenantGrain(_time, new() { Limits = new() { TokensPerDay = 200, ConcurrentRequests = 1 } });
        var (dead, other) = (Ledger(grain, 1), Ledger(grain, 2));
        await dead.ReserveAsync(Request(prompt: 150));
        dead.Dispose();
        Assert.AreEqual(TenantVerdictStatus.Refused, (await ReserveInTimeAsync(other, Request(prompt: 100))).Status);
        _time.Advance(FakeTenantGrain.LeaseTime);
        Assert.AreEqual(TenantVerdictStatus.Granted, (await other.ReserveAsync(Request(prompt: 100))).Status);
        await TickUntilAsync(() => grain.Total().InFlight == 1, "one in flight");
    }

    [TestMethod]
    public async Task Charge_ForASiloThatIsGone_CountsWithoutAReservation()
    {
        var grain = new FakeTenantGrain(_time, new() { Limits = new() { TokensPerDay = 200 } });
        var ledger = Ledger(grain);
        Assert.IsTrue(await ledger.ChargeAsync(new("1-127.0.0.1:1@1", Request(prompt: 100), 90, 10)));
        Assert.AreEqual(100, grain.Total().TokensToday);
    }

    [TestMethod]
    public async Task Reservation_NobodySettles_EndsAndCountsItsEstimate()
    {
        var grain = new FakeTenantGrain(_time, new() { Limits = new() { TokensPerDay = 1000, ConcurrentRequests = 1 } });
        var ledger = Ledger(grain);
        var verdict = await ledger.ReserveAsync(Request(prompt: 100));
        for (var i = 0; i < 10; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(40));
            ledger.Renew([Number(verdict)]);
        }
        Assert.AreEqual(1, ledger.Open, "renewed as long as it runs");
        _time.Advance(TimeSpan.FromMinutes(1));
        await TickUntilAsync(() => grain.Total() is { InFlight: 0, TokensToday: 100 } && ledger.Open == 0, "the reservation ends");
    }

    [TestMethod]
    public async Task Limits_Changed_AreInForceWithinSeconds()
    {
        var grain = new FakeTenantGrain(_time, new() { Limits = new() { TokensPerDay = 1_000_000 } });
        var ledger = Ledger(grain);
        await SettleAsync(ledger, await ledger.ReserveAsync(Request(prompt: 100)), 100, 0);
        grain.Change(new() { Limits = new() { TokensPerDay = 150 } });
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.AreEqual(150, (await ledger.ReserveAsync(Request(prompt: 100))).Allowed);
        grain.Change(null);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.AreEqual(TenantVerdictStatus.Unlimited, (await ledger.ReserveAsync(Request(prompt: 100))).Status);
    }

    [TestMethod]
    public async Task Share_WithoutUse_IsForgottenAndMadeAnew()
    {
        var grain = new FakeTenantGrain(_time, new() { Limits = new() { TokensPerDay = 1000 } });
        var ledger = Ledger(grain);
        await SettleAsync(ledger, await ledger.ReserveAsync(Request(prompt: 100)), 100, 0);
        for (var i = 0; i < 5; i++) _time.Advance(TimeSpan.FromMinutes(1));
        await SettleAsync(ledger, await ledger.ReserveAsync(Request(prompt: 100)), 100, 0);
        Assert.AreEqual(200, grain.Total().TokensToday);
    }

    [TestMethod]
    public async Task Budget_SixtyFourCallersOnFourSilos_IsSpentAndNeverExceeded()
    {
        const int limit = 100_000;
        var grain = new FakeTenantGrain(TimeProvider.System, new() { Limits = new() { TokensPerDay = limit } });
        var ledgers = Enumerable.Range(1, 4).Select(i => Ledger(grain, i, TimeProvider.System)).ToArray();
        var used = 0L;
        await Task.WhenAll(Enumerable.Range(0, 64).Select(caller => Task.Run(async () =>
        {
            var (ledger, random) = (ledgers[caller % 4], new Random(caller));
            while (await ledger.ReserveAsync(Request(prompt: 50, output: 100)) is { Status: TenantVerdictStatus.Granted } verdict)
            {
                var output = random.Next(0, 101);
                Interlocked.Add(ref used, 50 + output);
                Assert.IsTrue(await ledger.SettleAsync(Number(verdict), 50, output));
            }
        })));
        Assert.AreEqual(used, grain.Total().TokensToday);
        Assert.IsLessThanOrEqualTo(limit, used);
        Assert.IsGreaterThan(limit * 9 / 10, used, "what one silo did not use, another one did");
    }

    private TenantLedger Ledger(FakeTenantGrain grain, int silo = 1, TimeProvider? time = null)
    {
        var settings = new TenancySettings { ReportPeriod = time is null ? Period : TimeSpan.FromMilliseconds(20) };
        var ledger = new TenantLedger(new LocalSilo(silo), new FakeGrains().Add<ITenantGrain>(_ => grain), time ?? _time, Options.Create(settings));
        _ledgers.Add(ledger);
        return ledger;
    }

    private async Task<bool> SettleAsync(TenantLedger ledger, TenantVerdict verdict, int prompt, int output)
    {
        var settled = ledger.SettleAsync(Number(verdict), prompt, output);
        _time.Advance(Period);
        return await settled.WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>Reserves while time goes on: before it refuses, a silo waits for the others to give back what they do not use.</summary>
    private async Task<TenantVerdict> ReserveInTimeAsync(TenantLedger ledger, TenantRequest request)
    {
        var verdict = ledger.ReserveAsync(request).AsTask();
        while (!verdict.IsCompleted)
        {
            _time.Advance(Period);
            await Task.WhenAny(verdict, Task.Delay(TimeSpan.FromMilliseconds(50)));
        }
        return await verdict;
    }

    /// <summary>Period after period, until it holds.</summary>
    private Task TickUntilAsync(Func<bool> condition, string what) => Eventually.HoldsAsync(
        () =>
        {
            _time.Advance(Period);
            return condition();
        },
        what);

    private static long Number(TenantVerdict verdict)
    {
        Assert.IsTrue(ReservationLedger.TryParse(verdict.Id, out var number, out _));
        return number;
    }

    private static TenantRequest Request(int prompt = 1, int output = 0) => new() { Tenant = "t", Model = "m", PromptTokens = prompt, OutputTokens = output };

    private sealed class LocalSilo(int number) : ILocalSiloDetails
    {
        public string Name => "silo";

        public string ClusterId => "cluster";

        public string DnsHostName => "localhost";

        public SiloAddress SiloAddress { get; } = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11111), number);

        public SiloAddress GatewayAddress => SiloAddress;
    }
}
