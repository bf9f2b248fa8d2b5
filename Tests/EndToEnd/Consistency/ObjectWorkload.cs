using System.Globalization;
using InferMesh.Tests.EndToEnd.Consistency.Checks;

namespace InferMesh.Tests.EndToEnd.Consistency;

/// <summary>Clients that read and write a few policies and tenants at the same time, so that they meet; each call goes another way.</summary>
internal sealed class ObjectWorkload(History history, IReadOnlyList<ObjectCalls> ways)
{
    private const int Clients = 6;
    private const int PolicySlots = 5;
    private const int TenantSlots = 3;

    // The mesh keeps the last 50 versions of a policy: before that a slot goes on with another one, so that each history can be checked from its first version.
    private const long MostVersions = 36;

    private readonly Slot[] _slots =
    [
        .. Enumerable.Range(0, PolicySlots).Select(static i => new Slot($"{ObjectCalls.Policies}/check-{i}", MostVersions)),
        .. Enumerable.Range(0, TenantSlots).Select(static i => new Slot($"{ObjectCalls.Tenants}/check-{i}", long.MaxValue)),
    ];

    /// <summary>Works until told to stop; ends when all calls are over.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Run(() => ClientAsync(new Random(i), stop), CancellationToken.None)));

    /// <summary>Reads an object by every way, at the end of it all.</summary>
    public async Task ReadAllAsync(string key)
    {
        foreach (var way in ways) await DoAsync(new Slot(key, long.MaxValue), way, new() { Id = history.NextId(), Key = key, Kind = OperationKind.Read, Invoked = history.Now });
    }

    private async Task ClientAsync(Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var slot = _slots[random.Next(_slots.Length)];
            var operation = Next(slot, random);
            var possible = ways.Where(w => w.Has(operation.Kind)).ToArray();
            await DoAsync(slot, possible[random.Next(possible.Length)], operation);
            await Task.Delay(random.Next(20, 200), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task DoAsync(Slot slot, ObjectCalls way, Operation operation)
    {
        operation = operation with { Through = way.Through, Invoked = history.Now };
        operation = await way.CallAsync(operation) with { Completed = history.Now };
        history.Operations.Enqueue(operation);
        slot.Learn(operation);
    }

    private Operation Next(Slot slot, Random random)
    {
        var (key, highest, current) = slot.Now();
        var dice = random.Next(100);
        var kind = current == Operation.None
            ? dice switch { < 30 => OperationKind.Read, < 45 when highest > 1 => OperationKind.Rollback, _ => OperationKind.Create }
            : dice switch { < 38 => OperationKind.Read, < 80 => OperationKind.Replace, < 88 => OperationKind.Rollback, < 95 => OperationKind.Delete, _ => OperationKind.Create };
        // Tenants have no rollback.
        if (kind == OperationKind.Rollback && key.StartsWith(ObjectCalls.Tenants, StringComparison.Ordinal)) kind = OperationKind.Create;
        // Sometimes a version that is no longer current, and sometimes any.
        var seen = random.Next(8) == 0 && current > 1 ? current - 1 : current;
        return new()
        {
            Id = history.NextId(),
            Key = key,
            Kind = kind,
            Invoked = history.Now,
            Expected = kind switch { OperationKind.Read => null, OperationKind.Create => Operation.None, OperationKind.Replace when random.Next(10) == 0 => null, _ => seen },
            Source = kind == OperationKind.Rollback ? random.NextInt64(1, Math.Max(2, highest)) : null,
        };
    }

    /// <summary>What clients believe of one object.</summary>
    private sealed class Slot(string name, long mostVersions)
    {
        private readonly Lock _gate = new();
        private int _generation;
        private long _highest;
        private long _current;

        private string Key => mostVersions == long.MaxValue ? name : string.Create(CultureInfo.InvariantCulture, $"{name}-{_generation}");

        public (string Key, long Highest, long Current) Now()
        {
            lock (_gate) return (Key, _highest, _current);
        }

        public void Learn(Operation operation)
        {
            lock (_gate)
            {
                if (operation.Key != Key || operation.Version is not { } version) return;
                if (version == Operation.None)
                {
                    _current = Operation.None;
                    return;
                }
                if (version < _highest) return;
                _highest = version;
                _current = operation.Kind == OperationKind.Delete && operation.Outcome == Outcome.Ok ? Operation.None : version;
                if (version < mostVersions) return;
                (_generation, _highest, _current) = (_generation + 1, 0, Operation.None);
            }
        }
    }
}
