namespace InferMesh.Tests.EndToEnd.Consistency.Checks;

/// <summary>Histories made by hand: what an atomic object could have produced passes, each planted fault is found.</summary>
[TestClass]
public sealed class ObjectCheckTests
{
    private const string Key = "policy/p";

    [TestMethod]
    public void Run_OneAfterAnother_FindsNothing() => AssertHolds(
        [
            Create(1, 0, 10, version: 1),
            Read(2, 11, 12, version: 1, "w-1"),
            Replace(3, 13, 20, expected: 1, version: 2),
            Delete(4, 21, 30, expected: 2),
            Absent(5, 31, 32),
            Rollback(6, 33, 40, source: 2, expected: 0, version: 4),
            Read(7, 41, 42, version: 4, "w-3"),
            Refused(8, 43, 44, expected: 2, current: 4),
        ],
        [new(1, "w-1", false, "w-1"), new(2, "w-3", false, "w-3"), new(3, "w-3", true, "w-4"), new(4, "w-3", false, "w-6")]);

    [TestMethod]
    public void Run_ReadBesideAWrite_MaySeeEitherVersion() => AssertHolds(
        [Create(1, 0, 10, version: 1), Replace(2, 11, 20, expected: 1, version: 2), Read(3, 12, 13, version: 2, "w-2"), Read(4, 11, 19, version: 1, "w-1")],
        [new(1, "w-1", false, "w-1"), new(2, "w-2", false, "w-2")]);

    [TestMethod]
    public void Run_UnknownOutcome_MayBeDoneLateOrNever()
    {
        Operation[] operations = [Create(1, 0, 10, version: 1), Unknown(2, OperationKind.Replace, 11, expected: 1), Read(3, 30, 31, version: 1, "w-1"), Unknown(4, OperationKind.Delete, 40, expected: 1)];
        AssertHolds(operations, [new(1, "w-1", false, "w-1"), new(2, "w-2", false, "w-2")]);
        AssertHolds(operations, [new(1, "w-1", false, "w-1")]);
        AssertHolds([.. operations, Absent(5, 50, 51)], [new(1, "w-1", false, "w-1"), new(2, "w-1", true, "w-4")]);
        AssertHolds([.. operations, Absent(5, 50, 51)], null);
    }

    [TestMethod]
    public void Run_LostAcknowledgedWrite_IsFound() => AssertFinds(
        "lost", [Create(1, 0, 10, version: 1), Replace(2, 11, 20, expected: 1, version: 2)], [new(1, "w-1", false, "w-1")]);

    [TestMethod]
    public void Run_AcknowledgedWriteWithOthersContent_IsFound() => AssertFinds(
        "lost", [Create(1, 0, 10, version: 1), Replace(2, 11, 20, expected: 1, version: 2), Unknown(3, OperationKind.Replace, 11, expected: 1)],
        [new(1, "w-1", false, "w-1"), new(2, "w-3", false, "w-3")]);

    [TestMethod]
    public void Run_TwoWinnersOfOneVersion_AreFound()
    {
        Operation[] operations = [Create(1, 0, 10, version: 1), Replace(2, 11, 20, expected: 1, version: 2), Replace(3, 11, 20, expected: 1, version: 2)];
        AssertFinds("two winners of version 2", operations, null);
    }

    [TestMethod]
    public void Run_TwoDeletionsOfOneVersion_AreFound() => AssertFinds("two winners", [Create(1, 0, 10, version: 1), Delete(2, 11, 20, expected: 1), Delete(3, 11, 21, expected: 1)], null);

    [TestMethod]
    public void Run_WriteOverAVersionThatWasNotExpected_IsFound() => AssertFinds("a write over version 1 became version 3", [Create(1, 0, 10, version: 1), Replace(2, 11, 20, expected: 1, version: 3)], null);

    [TestMethod]
    public void Run_StaleRead_IsFound() => AssertFinds(
        "stale", [Create(1, 0, 10, version: 1), Replace(2, 11, 20, expected: 1, version: 2), Read(3, 21, 22, version: 1, "w-1")], null);

    [TestMethod]
    public void Run_ReadsThatGoBack_AreFound_ThoughTheWriterHasNoAnswer() => AssertFinds(
        "stale", [Create(1, 0, 10, version: 1), Unknown(2, OperationKind.Replace, 11, expected: 1), Read(3, 12, 13, version: 2, "w-2"), Read(4, 14, 15, version: 1, "w-1")], null);

    [TestMethod]
    public void Run_StaleRefusal_IsFound() => AssertFinds(
        "stale", [Create(1, 0, 10, version: 1), Replace(2, 11, 20, expected: 1, version: 2), Refused(3, 21, 22, expected: 2, current: 1)], null);

    [TestMethod]
    public void Run_AbsentWithoutDeletion_IsFound()
    {
        AssertFinds("nobody had deleted it", [Create(1, 0, 10, version: 1), Absent(2, 11, 12)], null);
        AssertFinds("nobody had deleted it", [Create(1, 0, 10, version: 1), Absent(2, 11, 12), Delete(3, 13, 14, expected: 1)], null);
    }

    [TestMethod]
    public void Run_ThereAfterItsDeletion_IsFound() => AssertFinds("stale", [Create(1, 0, 10, version: 1), Delete(2, 11, 12, expected: 1), Read(3, 13, 14, version: 1, "w-1")], null);

    [TestMethod]
    public void Run_SeenBeforeItsWriterBegan_IsFound() => AssertFinds(
        "before its writer began", [Create(1, 0, 10, version: 1), Read(2, 11, 12, version: 2, "w-3"), Replace(3, 13, 14, expected: 1, version: 2)], null);

    [TestMethod]
    public void Run_WrongContent_IsFound()
    {
        AssertFinds("was read as", [Create(1, 0, 10, version: 1), Read(2, 11, 12, version: 1, "w-9")], [new(1, "w-1", false, "w-1")]);
        AssertFinds("was seen as", [Create(1, 0, 10, version: 1), Read(2, 11, 12, version: 1, "w-9")], null);
    }

    [TestMethod]
    public void Run_RefusedWriteThatWasDone_IsFound()
    {
        Operation[] operations = [Create(1, 0, 10, version: 1), Refused(2, 11, 12, expected: 1, current: 1)];
        AssertFinds("a refused write has been done", operations, [new(1, "w-1", false, "w-1"), new(2, "w-2", false, "w-2")]);
        AssertFinds("a refused write was read", [.. operations, Read(3, 13, 14, version: 2, "w-2")], null);
    }

    [TestMethod]
    public void Run_UnknownWriteDoneTwice_IsFound() => AssertFinds(
        "one write made versions 2, 3", [Create(1, 0, 10, version: 1), Unknown(2, OperationKind.Replace, 11, expected: null)],
        [new(1, "w-1", false, "w-1"), new(2, "w-2", false, "w-2"), new(3, "w-2", false, "w-2")]);

    [TestMethod]
    public void Run_HoleInTheHistory_AndVersionsByNobody_AreFound()
    {
        AssertFinds("after version 1 comes version 3", [Create(1, 0, 10, version: 1)], [new(1, "w-1", false, "w-1"), new(3, "w-1", false, "w-9")]);
        AssertFinds("is by nobody", [Create(1, 0, 10, version: 1)], [new(1, "w-1", false, "w-1"), new(2, "x", false, "x")]);
    }

    [TestMethod]
    public void Run_RollbackWithAnotherContent_IsFound() => AssertFinds(
        "has the content", [Create(1, 0, 10, version: 1), Replace(2, 11, 20, expected: 1, version: 2), Rollback(3, 21, 30, source: 1, expected: 2, version: 3)],
        [new(1, "w-1", false, "w-1"), new(2, "w-2", false, "w-2"), new(3, "w-2", false, "w-3")]);

    private static void AssertHolds(Operation[] operations, StoredVersion[]? history) => Assert.IsEmpty(ObjectCheck.Run(operations, history));

    private static void AssertFinds(string what, Operation[] operations, StoredVersion[]? history) =>
        Assert.IsTrue(ObjectCheck.Run(operations, history).Any(f => f.Contains(what, StringComparison.Ordinal)), $"not found: {what}; found: {string.Join("\n", ObjectCheck.Run(operations, history))}");

    private static Operation Create(long id, int from, int to, long version) => Of(id, OperationKind.Create, from, to, Outcome.Ok, 0, version, $"w-{id}");

    private static Operation Replace(long id, int from, int to, long? expected, long version) => Of(id, OperationKind.Replace, from, to, Outcome.Ok, expected, version, $"w-{id}");

    private static Operation Delete(long id, int from, int to, long expected) => Of(id, OperationKind.Delete, from, to, Outcome.Ok, expected, expected + 1, null);

    private static Operation Rollback(long id, int from, int to, long source, long expected, long version) =>
        Of(id, OperationKind.Rollback, from, to, Outcome.Ok, expected, version, null) with { Source = source };

    private static Operation Read(long id, int from, int to, long version, string content) => Of(id, OperationKind.Read, from, to, Outcome.Ok, null, version, content);

    private static Operation Absent(long id, int from, int to) => Of(id, OperationKind.Read, from, to, Outcome.Ok, null, Operation.None, null);

    private static Operation Refused(long id, int from, int to, long expected, long current) => Of(id, OperationKind.Replace, from, to, Outcome.Refused, expected, current, null);

    private static Operation Unknown(long id, OperationKind kind, int from, long? expected) => Of(id, kind, from, from + 5, Outcome.Unknown, expected, null, null);

    private static Operation Of(long id, OperationKind kind, int from, int to, Outcome outcome, long? expected, long? version, string? content) => new()
    {
        Id = id,
        Key = Key,
        Kind = kind,
        Invoked = TimeSpan.FromSeconds(from),
        Completed = TimeSpan.FromSeconds(to),
        Outcome = outcome,
        Expected = expected,
        Version = version,
        Content = content,
    };
}
