using Orleans.Storage;

namespace InferMesh.Tests.Unit.Silo.Storage;

/// <summary>What every storage of the mesh promises; each database has a class that inherits it.</summary>
public abstract class GrainStorageContract
{
    private const string State = "lease";

    /// <summary>Opens the database of this test once more, as another silo process would.</summary>
    internal abstract Task<StorageHost> OpenAsync();

    [TestMethod]
    public async Task Read_NothingWritten_GivesNewStateWithoutRecord()
    {
        await using var silo = await OpenAsync();

        var state = await ReadAsync(silo, NewGrain());

        Assert.IsFalse(state.RecordExists);
        Assert.IsNull(state.ETag);
        Assert.AreEqual(0, state.State.Count);
    }

    [TestMethod]
    public async Task Write_ThenRead_GivesWhatWasWritten()
    {
        await using var silo = await OpenAsync();
        var grain = NewGrain();

        var written = await WriteAsync(silo, grain, new Lease { Owner = "ü \0 ' \"", Count = 7 });
        var read = await ReadAsync(silo, grain);

        Assert.IsTrue(read.RecordExists);
        Assert.AreEqual(written.ETag, read.ETag);
        Assert.AreEqual(("ü \0 ' \"", 7), (read.State.Owner, read.State.Count));
    }

    [TestMethod]
    public async Task Write_AgainWithOwnETag_ReplacesAndChangesETag()
    {
        await using var silo = await OpenAsync();
        var grain = NewGrain();
        var state = await WriteAsync(silo, grain, new Lease { Count = 1 });
        var first = state.ETag;

        state.State = new Lease { Count = 2 };
        await silo.Storage.WriteStateAsync(State, grain, state);

        Assert.AreNotEqual(first, state.ETag);
        Assert.AreEqual(2, (await ReadAsync(silo, grain)).State.Count);
    }

    [TestMethod]
    public async Task Write_StaleETag_IsRefusedAndChangesNothing()
    {
        await using var silo = await OpenAsync();
        var grain = NewGrain();
        await WriteAsync(silo, grain, new Lease { Count = 1 });
        var stale = await ReadAsync(silo, grain);
        var winner = await ReadAsync(silo, grain);
        winner.State.Count = 2;
        await silo.Storage.WriteStateAsync(State, grain, winner);

        stale.State.Count = 3;
        await Assert.ThrowsExactlyAsync<InconsistentStateException>(() => silo.Storage.WriteStateAsync(State, grain, stale));

        Assert.AreEqual(2, (await ReadAsync(silo, grain)).State.Count);
    }

    [TestMethod]
    public async Task Write_TwoFirstWrites_SecondIsRefused()
    {
        await using var silo = await OpenAsync();
        var grain = NewGrain();
        await WriteAsync(silo, grain, new Lease { Count = 1 });

        await Assert.ThrowsExactlyAsync<InconsistentStateException>(() => WriteAsync(silo, grain, new Lease { Count = 2 }));
    }

    [TestMethod]
    public async Task Clear_ExistingState_RemovesItAndAllowsANewFirstWrite()
    {
        await using var silo = await OpenAsync();
        var grain = NewGrain();
        var state = await WriteAsync(silo, grain, new Lease { Count = 1 });

        await silo.Storage.ClearStateAsync(State, grain, state);

        Assert.IsFalse(state.RecordExists);
        Assert.AreEqual(0, state.State.Count);
        Assert.IsFalse((await ReadAsync(silo, grain)).RecordExists);
        state.State = new Lease { Count = 5 };
        await silo.Storage.WriteStateAsync(State, grain, state);
        Assert.AreEqual(5, (await ReadAsync(silo, grain)).State.Count);
    }

    [TestMethod]
    public async Task Clear_StaleETag_IsRefused()
    {
        await using var silo = await OpenAsync();
        var grain = NewGrain();
        var state = await WriteAsync(silo, grain, new Lease { Count = 1 });
        var stale = await ReadAsync(silo, grain);
        state.State.Count = 2;
        await silo.Storage.WriteStateAsync(State, grain, state);

        await Assert.ThrowsExactlyAsync<InconsistentStateException>(() => silo.Storage.ClearStateAsync(State, grain, stale));

        Assert.IsTrue((await ReadAsync(silo, grain)).RecordExists);
    }

    [TestMethod]
    public async Task Clear_NothingWritten_DoesNothing()
    {
        await using var silo = await OpenAsync();
        var grain = NewGrain();

        await silo.Storage.ClearStateAsync(State, grain, new LeaseState(new Lease()));

        Assert.IsFalse((await ReadAsync(silo, grain)).RecordExists);
    }

    [TestMethod]
    public async Task Write_RowDeletedAndWrittenAgainMeanwhile_OldETagIsRefused()
    {
        await using var silo = await OpenAsync();
        var grain = NewGrain();
        var state = await WriteAsync(silo, grain, new Lease { Count = 1 });
        var old = await ReadAsync(silo, grain);
        await silo.Storage.ClearStateAsync(State, grain, state);
        await WriteAsync(silo, grain, new Lease { Count = 2 });

        await Assert.ThrowsExactlyAsync<InconsistentStateException>(() => silo.Storage.WriteStateAsync(State, grain, old));
    }

    [TestMethod]
    [DataRow("7", "07")]
    [DataRow("a", "A")]
    [DataRow("0123456789abcdef0123456789abcdef", "0123456789ABCDEF0123456789ABCDEF")]
    [DataRow("7+x", "07+x")]
    public async Task Write_KeysThatLookAlike_AreDifferentGrains(string first, string second)
    {
        await using var silo = await OpenAsync();
        var type = $"node{Guid.NewGuid():N}";

        await WriteAsync(silo, GrainId.Create(type, first), new Lease { Count = 1 });
        await WriteAsync(silo, GrainId.Create(type, second), new Lease { Count = 2 });

        Assert.AreEqual(1, (await ReadAsync(silo, GrainId.Create(type, first))).State.Count);
        Assert.AreEqual(2, (await ReadAsync(silo, GrainId.Create(type, second))).State.Count);
    }

    [TestMethod]
    public async Task Write_SameKeyAndStateNameOfTwoGrainTypes_AreDifferentRows()
    {
        await using var silo = await OpenAsync();
        var key = Guid.NewGuid().ToString("N");

        await WriteAsync(silo, GrainId.Create("job", key), new Lease { Count = 1 });
        await WriteAsync(silo, GrainId.Create("policy", key), new Lease { Count = 2 });

        Assert.AreEqual(1, (await ReadAsync(silo, GrainId.Create("job", key))).State.Count);
    }

    [TestMethod]
    public async Task Write_64GrainsAtOnce_AllAreKept()
    {
        await using var silo = await OpenAsync();
        var grains = Enumerable.Range(0, 64).Select(_ => NewGrain()).ToArray();

        await Task.WhenAll(grains.Select((grain, i) => Task.Run(async () =>
        {
            var state = await WriteAsync(silo, grain, new Lease { Count = i });
            for (var round = 1; round <= 5; round++)
            {
                state.State.Count = i + (1000 * round);
                await silo.Storage.WriteStateAsync(State, grain, state);
            }
        })));

        for (var i = 0; i < grains.Length; i++)
            Assert.AreEqual(i + 5000, (await ReadAsync(silo, grains[i])).State.Count);
    }

    [TestMethod]
    public async Task Write_64WritersOfOneGrain_ExactlyOneWins()
    {
        await using var silo = await OpenAsync();
        var grain = NewGrain();
        await WriteAsync(silo, grain, new Lease());
        var readers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => ReadAsync(silo, grain)));

        var wins = await Task.WhenAll(readers.Select((state, i) => Task.Run(async () =>
        {
            state.State.Count = i + 1;
            try
            {
                await silo.Storage.WriteStateAsync(State, grain, state);
                return i + 1;
            }
            catch (InconsistentStateException)
            {
                return 0;
            }
        })));

        Assert.AreEqual(1, wins.Count(win => win > 0));
        Assert.AreEqual(wins.Max(), (await ReadAsync(silo, grain)).State.Count);
    }

    [TestMethod]
    public async Task Read_AfterReopen_GivesWhatWasWritten()
    {
        var grain = NewGrain();
        string? etag;
        await using (var first = await OpenAsync())
            etag = (await WriteAsync(first, grain, new Lease { Count = 9 })).ETag;

        await using var second = await OpenAsync();
        var read = await ReadAsync(second, grain);

        Assert.AreEqual((9, etag), (read.State.Count, read.ETag));
    }

    [TestMethod]
    public async Task Write_ThroughAnotherSilo_IsSeenAndItsConflictIsDetected()
    {
        await using var one = await OpenAsync();
        await using var two = await OpenAsync();
        var grain = NewGrain();
        var stateOfOne = await WriteAsync(one, grain, new Lease { Count = 1 });

        var stateOfTwo = await ReadAsync(two, grain);
        stateOfTwo.State.Count = 2;
        await two.Storage.WriteStateAsync(State, grain, stateOfTwo);

        Assert.AreEqual(2, (await ReadAsync(one, grain)).State.Count);
        await Assert.ThrowsExactlyAsync<InconsistentStateException>(() => one.Storage.WriteStateAsync(State, grain, stateOfOne));
    }

    [TestMethod]
    public async Task Write_TwoSilosCountTogether_NoIncrementIsLost()
    {
        await using var one = await OpenAsync();
        await using var two = await OpenAsync();
        var grain = NewGrain();
        await WriteAsync(one, grain, new Lease());

        await Task.WhenAll(new[] { one, two }.SelectMany(silo => Enumerable.Range(0, 4).Select(_ => Task.Run(() => IncrementAsync(silo, grain, 10)))));

        Assert.AreEqual(80, (await ReadAsync(one, grain)).State.Count);
    }

    [TestMethod]
    public async Task Reminders_UpsertReadRemove_FollowTheirETags()
    {
        await using var silo = await OpenAsync();
        await silo.Reminders.StartAsync(CancellationToken.None);
        var grain = NewGrain();
        var entry = new ReminderEntry { GrainId = grain, ReminderName = "tick", StartAt = new DateTime(2030, 1, 2, 3, 4, 5, DateTimeKind.Utc), Period = TimeSpan.FromMinutes(3) };

        var etag = await silo.Reminders.UpsertRow(entry);
        var read = await silo.Reminders.ReadRow(grain, "tick");
        var all = await silo.Reminders.ReadRows(0, 0);

        Assert.AreEqual((entry.StartAt, entry.Period, etag), (read!.StartAt, read.Period, read.ETag));
        Assert.IsTrue(all.Reminders.Any(row => row.GrainId == grain));
        Assert.AreEqual(1, (await silo.Reminders.ReadRows(grain)).Reminders.Count);
        var newer = await silo.Reminders.UpsertRow(entry);
        Assert.IsFalse(await silo.Reminders.RemoveRow(grain, "tick", etag!), "a stale remove must not apply");
        Assert.IsTrue(await silo.Reminders.RemoveRow(grain, "tick", newer!));
        Assert.IsNull(await silo.Reminders.ReadRow(grain, "tick"));
    }

    private static async Task IncrementAsync(StorageHost silo, GrainId grain, int times)
    {
        while (times > 0)
        {
            var state = await ReadAsync(silo, grain);
            state.State.Count++;
            try
            {
                await silo.Storage.WriteStateAsync(State, grain, state);
                times--;
            }
            catch (InconsistentStateException)
            {
                await Task.Yield(); // Another one was faster: read again, as a grain would.
            }
        }
    }

    private static GrainId NewGrain() => GrainId.Create("tenant", Guid.NewGuid().ToString("N"));

    private static async Task<LeaseState> ReadAsync(StorageHost silo, GrainId grain)
    {
        var state = new LeaseState(new Lease());
        await silo.Storage.ReadStateAsync(State, grain, state);
        return state;
    }

    private static async Task<LeaseState> WriteAsync(StorageHost silo, GrainId grain, Lease lease)
    {
        var state = new LeaseState(lease);
        await silo.Storage.WriteStateAsync(State, grain, state);
        return state;
    }

    internal sealed class LeaseState(Lease lease) : IGrainState<Lease>
    {
        public Lease State { get; set; } = lease;

        public string? ETag { get; set; }

        public bool RecordExists { get; set; }

        Lease? IGrainState<Lease>.State { get => State; set => State = value!; }

        string? IGrainState<Lease>.ETag { get => ETag; set => ETag = value; }
    }

    public sealed class Lease
    {
        public string? Owner { get; set; }

        public int Count { get; set; }
    }
}
