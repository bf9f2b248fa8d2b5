using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Experiments;
using InferMesh.Strategies.Experiments;

namespace InferMesh.Tests.Unit.Grains.Experiments;

[TestClass]
public sealed class ExperimentPlanValidatorTests
{
    [TestMethod]
    public void Check_GoodPlan_HasNoErrors() => Assert.AreEqual("", Fields(Plan()));

    [TestMethod]
    public void Check_WrongFields_AreNamed()
    {
        Assert.AreEqual("arms", Fields(Plan() with { Arms = [Plan().Arms[0]] }));
        Assert.AreEqual("arms[1].name", Fields(Plan() with { Arms = [Plan().Arms[0], Plan().Arms[1] with { Name = "a/b" }] }));
        Assert.AreEqual("arms", Fields(Plan() with { Arms = [Plan().Arms[0], Plan().Arms[0]] }));
        Assert.AreEqual("arms[1].strategy", Fields(Plan() with { Arms = [Plan().Arms[0], Plan().Arms[1] with { Strategy = "my_plugin" }] }), "a plugin that there is none of");
        Assert.AreEqual("arms[1].parameters.x", Fields(Plan() with { Arms = [Plan().Arms[0], Plan().Arms[1] with { Parameters = new Dictionary<string, double> { ["x"] = 1 } }] }));
        Assert.AreEqual("arms[1].fallback", Fields(Plan() with { Arms = [Plan().Arms[0], Plan().Arms[1] with { Fallback = "mesh" }] }));
        Assert.AreEqual("primary", Fields(Plan() with { Primary = "ttft" }));
        Assert.AreEqual("primary", Fields(Plan() with { Primary = "cost_mean" }), "it needs a cap");
        Assert.AreEqual("primary", Fields(Plan() with { PrimaryCap = 2 }), "it takes none");
        Assert.AreEqual("guardrails[0].metric", Fields(Plan() with { Guardrails = [new() { Metric = "errors" }] }));
        Assert.AreEqual("header", Fields(Plan() with { Unit = SplitUnit.Header, DesignEffect = 2 }));
        Assert.AreEqual("header", Fields(Plan() with { Unit = SplitUnit.Header, DesignEffect = 2, Header = "Authorization" }));
        Assert.AreEqual("", Fields(Plan() with { Unit = SplitUnit.Header, DesignEffect = 2, Header = "X-User" }));
        Assert.AreEqual("designEffect", Fields(Plan() with { Unit = SplitUnit.Session }));
        Assert.AreEqual("maxDurationSeconds", Fields(Plan() with { MaxDurationSeconds = double.NaN }));
        Assert.AreEqual("promotion.minDurationSeconds", Fields(Plan() with { MaxDurationSeconds = 60 }));
        Assert.AreEqual("share,alpha", Fields(Plan() with { Share = 0, Alpha = 1 }));
    }

    [TestMethod]
    public void Stages_AreThePhasesOfTheRules() =>
        CollectionAssert.AreEqual(Enum.GetNames<ExperimentPhase>(), Enum.GetValues<ExperimentStage>().Select(s => s.ToString()).ToArray());

    [TestMethod]
    public void Units_AreThoseOfTheSplit() => CollectionAssert.AreEqual(Enum.GetNames<AssignmentUnit>(), Enum.GetValues<SplitUnit>().Select(s => s.ToString()).ToArray());

    private static ExperimentPlan Plan() => new() { Arms = [new() { Name = "control", Strategy = "least_queue" }, new() { Name = "challenger", Strategy = "mesh" }] };

    private static string Fields(ExperimentPlan plan) => string.Join(',', ExperimentPlanValidator.Check("chat", plan, []).Select(e => e.Field));
}
