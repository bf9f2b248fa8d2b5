using System.Runtime.CompilerServices;
using InferMesh.Strategies.Learning;
using InferMesh.Strategies.Routing;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Learning;

[TestClass]
public sealed class TargetMemoryTests
{
    [TestMethod]
    public void For_NewTable_MovesRowsAlongAndForgetsWhoLeft()
    {
        var memory = new TargetMemory<int, List<int[]>>(() => [], static (_, _) => -1, static (moves, to) => moves.Add(to));
        // In order of cell, then node: c2 stands before c1 by its cell.
        var first = memory.For(Set(("b", "c1"), ("a", "c2"), ("b", "c3"), ("a", "c4")));
        for (var i = 0; i < 4; i++) first.Rows[i] = i;
        CollectionAssert.AreEqual(new[] { "c2", "c4", "c1", "c3" }, first.Targets.Identity.Select(t => t.NodeId).ToArray());

        var second = memory.For(Set(("b", "c3"), ("a", "c2"), ("a", "c9"), ("c", "c0")));
        CollectionAssert.AreEqual(new[] { "c2", "c9", "c3", "c0" }, second.Targets.Identity.Select(t => t.NodeId).ToArray());
        CollectionAssert.AreEqual(new[] { 0, -1, 3, -1 }, second.Rows);
        CollectionAssert.AreEqual(new[] { 0, -1, -1, 2 }, second.Model.Single());
        Assert.AreEqual(2, second.RowOf(second.Targets.Identity[2]));
        Assert.AreEqual(-1, second.RowOf(first.Targets.Identity[1]));
        Assert.AreSame(second, memory.For(second.Targets));
    }

    [TestMethod]
    public void For_ManyTablesOfOneModel_KeepsTheLastOnly()
    {
        var memory = new TargetMemory<int, object>(static () => new());
        var first = Forget();
        for (var i = 0; i < 1000; i++) memory.For(new(Model, [Row("x"), Row("y")]));
        GC.Collect();
        Assert.AreEqual(1, memory.Views.Length);
        Assert.IsFalse(first.IsAlive, "an old table is not held");
        Assert.AreEqual(5, memory.Views[0].Rows[0]);

        [MethodImpl(MethodImplOptions.NoInlining)]
        WeakReference Forget()
        {
            var targets = new TargetSet(Model, [Row("x"), Row("y")]);
            memory.For(targets).Rows[0] = 5;
            return new(targets);
        }
    }

    [TestMethod]
    public void RowOf_AnswerOfAnotherModelOfTheTarget_IsNone()
    {
        var memory = new TargetMemory<int, object>(static () => new());
        var view = memory.For(new(Model, [Row("x")]));
        var answer = new Outcome(Identity("x"), 1, 1, 1, 0, 1, 1, true, NowTicks, default);
        Assert.AreEqual((0, 0, -1), (view.RowOf(answer), view.RowOf(answer with { Model = Model }), view.RowOf(answer with { Model = "other" })));
    }

    [TestMethod]
    public void For_MoreModelsThanItRemembers_ForgetsTheOldest()
    {
        var memory = new TargetMemory<int, object>(static () => new());
        var kept = new TargetSet("kept", [Row("x")]);
        for (var i = 0; i < 200; i++) memory.For(new($"m{i}", [Row("x")]));
        memory.For(kept).Rows[0] = 7;
        Assert.AreEqual(TargetMemory<int, object>.MaxModels, memory.Views.Length);
        Assert.AreEqual(7, memory.For(kept).Rows[0]);
    }

    private static TargetSet Set(params (string Cell, string Node)[] targets) =>
        new(Model, targets.Select(t => Row(t.Node) with { Identity = Identity(t.Node) with { CellId = t.Cell } }));
}
