using InferMesh.Strategies.Routing;

namespace InferMesh.Tests.Unit.Strategies.Routing;

[TestClass]
public sealed class LocalLoadTests
{
    private const long Second = TimeSpan.TicksPerSecond;
    private const long Start = 1_000_000 * Second;

    [TestMethod]
    public void Settle_MoreThanDispatched_NeverGoesBelowZero()
    {
        var load = new LocalLoad();
        load.Settle(Start);
        load.Dispatch(Start, 10);
        load.Settle(Start);
        load.Settle(Start);
        Assert.AreEqual(0, load.Requests);
    }

    [TestMethod]
    public void Dispatch_Prompts_AreWorkedOffOneAfterTheOther()
    {
        var load = new LocalLoad();
        load.Dispatch(Start, 0.5);
        load.Dispatch(Start, 0.25);
        Assert.AreEqual(Start + 3 * Second / 4, load.PrefillUntilTicks);
        load.Dispatch(Start + 2 * Second, 0.5);
        Assert.AreEqual(Start + 5 * Second / 2, load.PrefillUntilTicks, "the first two are done by then");
        foreach (var odd in new[] { -1, 0, double.NaN, double.NegativeInfinity }) load.Dispatch(Start + 2 * Second, odd);
        Assert.AreEqual(Start + 5 * Second / 2, load.PrefillUntilTicks);
        load.Dispatch(Start + 2 * Second, double.PositiveInfinity);
        Assert.IsLessThanOrEqualTo(Start + 90_000 * Second, load.PrefillUntilTicks);
        while (load.Requests > 0) load.Settle(Start + 3 * Second);
        Assert.AreEqual(0, load.PrefillUntilTicks, "nothing is there any more");
    }

    [TestMethod]
    public void At_NothingHappened_IsZero() => Assert.AreEqual(new LoadBaseline(0), new LocalLoad().At(Start));

    [TestMethod]
    public void At_MomentsInsideTheHistory_GivesTheValuesOfThen()
    {
        var load = new LocalLoad();
        for (var i = 0; i < 10; i++) load.Dispatch(Start + i * Second, 100);
        for (var i = 1; i < 10; i++) Assert.AreEqual(new LoadBaseline(i), load.At(Start + i * Second - Second / 2), $"before dispatch {i}");
    }

    [TestMethod]
    public void At_SlotOfTheReading_CountsAsAfterIt()
    {
        var load = new LocalLoad();
        load.Dispatch(Start, 100);
        load.Dispatch(Start + Second / 10, 100);
        Assert.AreEqual(new LoadBaseline(0), load.At(Start + Second / 5));
    }

    [TestMethod]
    public void At_BeforeTheHistory_IsItsStart()
    {
        var load = new LocalLoad();
        for (var i = 0; i < 400; i++) load.Dispatch(Start + i * Second / 4, 1);
        Assert.AreEqual(new LoadBaseline(336), load.At(Start));
        Assert.AreEqual(new LoadBaseline(336), load.At(0));
    }

    [TestMethod]
    public void At_AfterTheLastChange_IsNow()
    {
        var load = new LocalLoad();
        load.Dispatch(Start, 7);
        Assert.AreEqual(new LoadBaseline(1), load.At(Start + Second));
    }

    [TestMethod]
    public void At_QuietForLongerThanTheHistory_StillKnowsTheLastChange()
    {
        var load = new LocalLoad();
        load.Dispatch(Start, 7);
        load.Settle(Start + 1000 * Second);
        Assert.AreEqual(1, load.At(Start + 500 * Second).Requests);
        Assert.AreEqual(0, load.At(Start + 2000 * Second).Requests);
    }

    [TestMethod]
    public void Dispatch_CallerOvertakenByALaterOne_KeepsTheHistoryInOrder()
    {
        var load = new LocalLoad();
        load.Dispatch(Start + Second / 4, 1);
        load.Dispatch(Start, 1);
        // A reading from before both saw neither of them.
        Assert.AreEqual(0, load.At(Start).Requests);
        Assert.AreEqual(0, load.At(Start + Second / 4).Requests);
        Assert.AreEqual(2, load.At(Start + Second).Requests);
    }

    [TestMethod]
    public void Dispatch_ClockSetBack_ForgetsTheFuture()
    {
        var load = new LocalLoad();
        for (var i = 0; i < 10; i++) load.Dispatch(Start + i * Second, 1);
        var back = Start - 3600 * Second;
        load.Dispatch(back, 1);
        Assert.AreEqual(10, load.At(back).Requests);
        Assert.AreEqual(11, load.At(back + Second).Requests);
    }

    [TestMethod]
    public async Task DispatchAndSettle_FromEightThreads_EndAtZero()
    {
        var load = new LocalLoad();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 5000; i++)
            {
                load.Dispatch(Start + i * Second / 100, 3);
                Assert.IsGreaterThan(0, load.Requests);
                Assert.IsGreaterThanOrEqualTo(0, load.At(Start + i * Second / 200).Requests);
                load.Settle(Start + i * Second / 100 + thread);
            }
        })));
        Assert.AreEqual(0, load.Requests);
        Assert.AreEqual(0, load.PrefillUntilTicks);
    }
}
