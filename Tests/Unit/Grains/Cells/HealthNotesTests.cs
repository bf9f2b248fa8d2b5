using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Cells;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferMesh.Tests.Unit.Grains.Cells;

[TestClass]
public sealed class HealthNotesTests
{
    private readonly FakeJournal _journal = new();
    private readonly HealthNotes _notes;

    public HealthNotesTests() => _notes = new(_journal, "c", 7, NullLogger.Instance);

    [TestMethod]
    public void Send_JournalFails_SendsTheSameAgain()
    {
        _notes.Add("a", NodeHealth.Ready, null, default);
        _journal.Fails = true;
        _notes.Send();
        Assert.AreEqual(1, _notes.Waiting);

        _journal.Fails = false;
        _notes.Add("a", NodeHealth.Suspect, null, default);
        _notes.Send();

        Assert.AreEqual(0, _notes.Waiting);
        CollectionAssert.AreEqual(new[] { "1 a Ready", "2 a Suspect" }, _journal.Taken);
    }

    [TestMethod]
    public void Add_TenThousandNodesFlapWhileNothingCanBeStored_KeepsTheLastOfEachOnly()
    {
        _journal.Fails = true;
        for (var round = 0; round < 20; round++)
        {
            for (var node = 0; node < 10_000; node++) _notes.Add($"n{node}", round % 2 == 0 ? NodeHealth.Suspect : NodeHealth.Ready, null, default);
            _notes.Send();
        }
        Assert.IsLessThanOrEqualTo(20_000, _notes.Waiting);

        _journal.Fails = false;
        _notes.Send();

        var last = _journal.Taken.Select(static n => n.Split(' ')).GroupBy(static n => n[1]).ToDictionary(static n => n.Key, static n => n.Last()[2]);
        Assert.HasCount(10_000, last);
        Assert.IsTrue(last.Values.All(static health => health == "Ready"));
        CollectionAssert.AreEqual(_journal.Taken.Select(Sequence).Order().ToArray(), _journal.Taken.Select(Sequence).ToArray());

        static long Sequence(string note) => long.Parse(note.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    [GrainType("fake-cell-journal")]
    private sealed class FakeJournal : ICellJournalGrain
    {
        public bool Fails { get; set; }

        public List<string> Taken { get; } = [];

        public Task Note(long incarnation, IReadOnlyList<HealthNote> notes)
        {
            if (Fails) throw new TimeoutException();
            Taken.AddRange(notes.Select(static n => $"{n.Sequence} {n.NodeId} {n.Health}"));
            return Task.CompletedTask;
        }
    }
}
