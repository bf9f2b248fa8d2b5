using CsCheck;
using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Grains.Tenancy;

namespace InferMesh.Tests.Unit.Grains.Tenancy;

/// <summary>Whatever happens to messages, silos and the grain: what is settled and what is reserved never exceed the limit together.</summary>
[TestClass]
public sealed class BudgetLawTests
{
    private const long Limit = 1000;
    private static readonly MeterKey Key = new(TenantScope.Tenant, "", LimitKind.TokensPerDay);
    private static readonly TenantPlan Plan = new(1, new() { Limits = new() { TokensPerDay = Limit } });
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    private enum Step
    {
        Take,
        Settle,
        Exchange,
        LoseRequest,
        LoseAnswer,
        Die,
        RestartGrain,
        Wait,
    }

    [TestMethod]
    public void SettledAndReserved_AnyOrderOfEvents_StayWithinTheLimit() => Gen.Select(Gen.Enum<Step>(), Gen.Int[0, 3], Gen.Int[1, 200]).Array[1, 200].Sample(
        steps =>
        {
            var world = new World();
            foreach (var (step, silo, amount) in steps)
            {
                world.Do(step, silo, amount);
                Assert.IsLessThanOrEqualTo(Limit, world.Used);
            }
        },
        iter: 2000,
        print: static steps => string.Join(", ", steps));

    private sealed class World
    {
        private readonly Silo[] _silos = [.. Enumerable.Range(0, 4).Select(i => new Silo($"s{i}"))];
        private readonly TenantState _state = new();
        private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        private long _settled;

        /// <summary>Truly used, and reserved by requests that may still use it.</summary>
        public long Used => _settled + _silos.Sum(s => s.Open.Sum(o => o.Amount));

        public void Do(Step step, int number, int amount)
        {
            var silo = _silos[number];
            if (step == Step.Take && silo.Waiting > 0)
            {
                silo.Meter.StopWaiting(silo.Waiting);
                silo.Waiting = 0;
            }
            switch (step)
            {
                case Step.Take when silo.Meter.Has(amount, _now.UtcTicks):
                    silo.Open.Enqueue((silo.Meter.Take(amount), amount));
                    break;
                case Step.Take:
                    silo.Meter.Wait(silo.Waiting = amount);
                    break;
                case Step.Settle when silo.Open.TryDequeue(out var open):
                    var used = open.Amount * amount / 200;
                    silo.Meter.Settle(open.Window, open.Amount, used);
                    silo.Unsent += used;
                    _settled += used;
                    break;
                case Step.Exchange:
                    silo.Apply(Exchange(silo), _now);
                    break;
                case Step.LoseRequest:
                    silo.Next(_now);
                    break;
                case Step.LoseAnswer:
                    Exchange(silo);
                    break;
                case Step.Die:
                    // What nobody was told is stored is charged by other silos, beyond this law; so is what its requests in flight use.
                    _settled -= silo.Unsent + silo.Unstored;
                    _silos[number] = new Silo($"{silo.Name}'");
                    break;
                case Step.RestartGrain:
                    Book().Resume(_now);
                    break;
                case Step.Wait:
                    // At most a third of the lease: so often a silo that runs renews what it holds.
                    _now += Lease * (amount / 600.0);
                    foreach (var other in _silos)
                    {
                        other.Meter.EndPeriod();
                        if (other.Meter.IsInUse) other.Apply(Exchange(other), _now);
                    }
                    break;
                default:
                    break;
            }
        }

        private LeaseAnswer Exchange(Silo silo)
        {
            var request = silo.Next(_now);
            silo.Unstored = 0;
            return Book().Exchange(request, Plan, _now, out _);
        }

        private TenantBook Book() => new(_state, Lease);
    }

    private sealed class Silo(string name)
    {
        private LeaseRequest? _unacked;
        private long _sequence;

        public string Name => name;

        public MeterLease Meter { get; } = new(Key);

        public Queue<(long Window, long Amount)> Open { get; } = [];

        /// <summary>A request waits for this; 0 for none.</summary>
        public long Waiting { get; set; }

        /// <summary>Used, and in no report yet.</summary>
        public long Unsent { get; set; }

        /// <summary>Used, and in a report that has not reached the grain.</summary>
        public long Unstored { get; set; }

        /// <summary>An exchange that was not answered is repeated as it was.</summary>
        public LeaseRequest Next(DateTimeOffset now)
        {
            if (_unacked is not null) return _unacked;
            (Unstored, Unsent) = (Unsent, 0);
            return _unacked = new() { Silo = name, Sequence = ++_sequence, Meters = [Meter.Report(now.UtcTicks)] };
        }

        public void Apply(LeaseAnswer answer, DateTimeOffset sent)
        {
            _unacked = null;
            foreach (var grant in answer.Meters) Meter.Apply(grant, sent.UtcTicks);
        }
    }
}
