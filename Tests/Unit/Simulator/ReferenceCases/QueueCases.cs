using InferMesh.Simulator.Engine;

namespace InferMesh.Tests.Unit.Simulator.ReferenceCases;

[TestClass]
public sealed class QueueCases
{
    private static readonly double Sigma = Math.Sqrt(Math.Log(5));

    [TestMethod, TestProperty(ReferenceRow.Property, "mm1-wq")]
    public void OneServer_Exponential_WaitsAsTheLawSays() =>
        ReferenceRow.Check("mm1-wq", Station.Fcfs(1, 8, Exponential(0.1), 4_000_000).MeanWait);

    [TestMethod, TestProperty(ReferenceRow.Property, "mm1-p99")]
    public void OneServer_Exponential_HasTheTailOfTheLaw() =>
        ReferenceRow.Check("mm1-p99", Station.Fcfs(1, 8, Exponential(0.1), 4_000_000).Sojourn.QuantileSeconds(0.99));

    [TestMethod, TestProperty(ReferenceRow.Property, "mmc4-pwait")]
    public void FourServers_Exponential_MakeAsManyWaitAsErlangCSays()
    {
        var stats = Station.Fcfs(4, 3.2, Exponential(1), 4_000_000);
        ReferenceRow.Check("mmc4-pwait", (double)stats.Waited / stats.Arrived);
    }

    [TestMethod, TestProperty(ReferenceRow.Property, "mmc16-wq")]
    public void SixteenServers_HighLoad_WaitAsErlangCSays() =>
        ReferenceRow.Check("mmc16-wq", Station.Fcfs(16, 14.4, Exponential(1), 10_000_000).MeanWait);

    [TestMethod, TestProperty(ReferenceRow.Property, "erlb-50-40")]
    public void FiftyServers_NoRoomToWait_BlockAsErlangBSays()
    {
        var stats = Station.Fcfs(50, 40, Exponential(1), 4_000_000, room: 50);
        ReferenceRow.Check("erlb-50-40", (double)stats.Blocked / stats.Arrived);
    }

    [TestMethod, TestProperty(ReferenceRow.Property, "md1-wq")]
    public void OneServer_EqualService_WaitsHalfAsLong() =>
        ReferenceRow.Check("md1-wq", Station.Fcfs(1, 0.8, static _ => 1, 4_000_000).MeanWait);

    [TestMethod, TestProperty(ReferenceRow.Property, "mg1-cv2-4.0")]
    public void OneServer_LognormalService_WaitsAsPollaczekAndKhinchineSay() =>
        ReferenceRow.Check("mg1-cv2-4.0", Station.Fcfs(1, 0.7, Lognormal, 10_000_000).MeanWait);

    [TestMethod, TestProperty(ReferenceRow.Property, "mg1ps-w")]
    public void SharedServer_AnyService_StaysAsLongAsTheMeanSays() =>
        ReferenceRow.Check("mg1ps-w", Station.ProcessorSharing(0.7, Lognormal, 4_000_000));

    [TestMethod, TestProperty(ReferenceRow.Property, "prio-lo")]
    public void TwoClasses_Priority_WaitAsCobhamSays()
    {
        var (high, low) = Station.Priority(0.4, 4_000_000);
        Assert.AreEqual(4 / 3.0, high, 0.05 * 4 / 3);
        ReferenceRow.Check("prio-lo", low);
    }

    private static Func<RandomStream, double> Exponential(double mean) => random => random.NextExponential(mean);

    private static double Lognormal(RandomStream random) => Math.Exp(Sigma * random.NextNormal() - Sigma * Sigma / 2);
}
