using CsCheck;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Nodes;
using InferMesh.Grains.Options;

namespace InferMesh.Tests.Unit.Grains.Nodes;

[TestClass]
public sealed class QuarantineMachineTests
{
    private static readonly FaultSettings Settings = new();
    private static readonly NodeFault Fault = new(FaultKind.Xid, "GPU-1", "XID 79.", Fleet.Start);

    [TestMethod]
    public void Next_OneFault_IsOutThenOnTrialThenBack()
    {
        var state = At(new(), 0, Fault);
        Assert.AreEqual((false, 1, 60.0), (state.Current!.Probing, state.Current.Times, (state.Current.Until - Fleet.Start).TotalSeconds));
        Assert.AreSame(state, At(state, 59), "not yet");
        state = At(state, 60);
        Assert.IsTrue(state.Current!.Probing);
        Assert.AreSame(state, At(state, 89), "on trial");
        Assert.IsNull(At(state, 90).Current);
    }

    [TestMethod]
    public void Next_FaultThatLasts_KeepsItOutUntilAPeriodAfterItsEnd()
    {
        var state = At(new(), 0, Fault);
        for (var second = 1; second <= 300; second++) state = At(state, second, Fault);
        Assert.AreEqual(1, state.Current!.Times, "one quarantine, not three hundred");
        Assert.IsFalse(At(state, 329).Current!.Probing);
        Assert.IsTrue(At(state, 361).Current!.Probing);
    }

    [TestMethod]
    public void Next_FaultThatLasts_ChangesTheStateOnlyNowAndThen()
    {
        var (state, changes) = (At(new(), 0, Fault), 0);
        for (var second = 1; second <= 600; second++)
        {
            var next = At(state, second, Fault);
            if (!ReferenceEquals(next, state)) changes++;
            state = next;
        }
        Assert.IsLessThanOrEqualTo(20, changes, "each one is written to storage");
    }

    [TestMethod]
    public void Next_FaultOnTrial_LastsTwiceAsLong()
    {
        var (state, now) = (new QuarantineState(), 0.0);
        foreach (var expected in new[] { 60, 120, 240, 480, 960, 1920, 3600, 3600 })
        {
            state = At(state, now, Fault);
            Assert.AreEqual(expected, (state.Current!.Until - state.Current.Since).TotalSeconds);
            now = (state.Current.Until - Fleet.Start).TotalSeconds;
            state = At(state, now);
            Assert.IsTrue(state.Current!.Probing);
            now++;
        }
    }

    [TestMethod]
    public void Next_LongWithoutFaults_BeginsAnew()
    {
        var free = At(At(At(At(new(), 0, Fault), 60), 61, Fault), 500);
        free = At(free, 600);
        Assert.IsNull(free.Current);
        Assert.AreEqual(3, At(free, 4000, Fault).Current!.Times, "within the window");
        Assert.AreEqual(1, At(free, 4300, Fault).Current!.Times, "after it");
    }

    [TestMethod]
    public void ByOperator_HasNoEnd()
    {
        var state = QuarantineMachine.ByOperator(new(), "wrong answers", Fleet.Start);
        Assert.AreSame(state, At(state, 1e6));
        Assert.AreEqual("wrong answers", state.Current!.Fault.Evidence);
    }

    [TestMethod]
    public void Next_AnyFaults_FlapNoMoreThanTheDampingAllows() =>
        Gen.Int[0, 100].Array[200, 400].Sample(static draws =>
        {
            // Seconds between looks, and whether a fault is seen. The n-th return since the first fault must be at least the sum of the quarantines before it away.
            var (state, now, returns, floor) = (new QuarantineState(), 0.0, 0, 0.0);
            foreach (var draw in draws)
            {
                now += draw % 10;
                var before = state.Current;
                state = At(state, now, draw > 80 ? [Fault] : []);
                if (before is null && state.Current is { } current)
                {
                    Assert.IsGreaterThanOrEqualTo(floor, now);
                    floor = now + (current.Until - current.Since).TotalSeconds + Settings.Probation.TotalSeconds;
                }
                if (before is not null && state.Current is null)
                {
                    returns++;
                    Assert.IsGreaterThanOrEqualTo(floor - 1e-6, now);
                }
            }
            Assert.IsLessThanOrEqualTo(1 + now / 90, returns);
        }, iter: 500);

    private static QuarantineState At(QuarantineState state, double seconds, params NodeFault[] faults) => QuarantineMachine.Next(state, faults, Fleet.Start.AddSeconds(seconds), Settings);
}
