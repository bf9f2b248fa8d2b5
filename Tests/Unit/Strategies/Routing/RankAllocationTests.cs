using InferMesh.Strategies;
using InferMesh.Strategies.Routing;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Routing;

[TestClass, DoNotParallelize]
public sealed class RankAllocationTests
{
    public static IEnumerable<object[]> All => Tables.Strategies;

    [TestMethod, DynamicData(nameof(All))]
    public void Rank_SteadyState_AllocatesNothing(string name)
    {
        var targets = new TargetSet(Model, Equal(200));
        var strategy = StrategyCatalog.Create(name);
        var request = Request();
        Rank(50);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Rank(200);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Rank(int times)
        {
            Span<FilterReason> filter = stackalloc FilterReason[targets.Count];
            Span<RankedTarget> best = stackalloc RankedTarget[3];
            for (var i = 0; i < times; i++) _ = strategy.Rank(new(targets, request, filter, NowTicks, (ulong)i, (ulong)i), best);
        }
    }
}
