using InferMesh.Strategies;

namespace InferMesh.Tests.Unit.Strategies;

[TestClass]
public sealed class StrategyCatalogTests
{
    [TestMethod]
    public void All_Names_AreUniqueAndCreateThatStrategy()
    {
        Assert.HasCount(StrategyCatalog.All.Count, StrategyCatalog.All.Select(s => s.Name).Distinct());
        foreach (var strategy in StrategyCatalog.All)
        {
            Assert.IsEmpty(StrategyCatalog.Validate(strategy.Name, null));
            Assert.AreEqual(strategy.Name, StrategyCatalog.Create(strategy.Name).Name);
        }
    }

    [TestMethod]
    public void All_Parameters_HaveDefaultsWithinTheirRange()
    {
        foreach (var p in StrategyCatalog.All.SelectMany(s => s.Parameters)) Assert.IsTrue(p.Min <= p.Default && p.Default <= p.Max && p.Min < p.Max, $"{p}");
    }

    [TestMethod]
    public void All_ExtremesOfEveryParameter_CanBeCreated()
    {
        foreach (var s in StrategyCatalog.All)
        {
            StrategyCatalog.Create(s.Name, s.Parameters.ToDictionary(p => p.Name, p => p.Min));
            StrategyCatalog.Create(s.Name, s.Parameters.ToDictionary(p => p.Name, p => p.Max));
        }
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow("")]
    [DataRow("Mesh")]
    [DataRow("random")]
    public void Validate_UnknownStrategy_NamesTheKnownOnes(string? name)
    {
        var error = StrategyCatalog.Validate(name, null).Single();
        Assert.AreEqual("strategy", error.Field);
        StringAssert.Contains(error.Message, "baseline_rr, power_of_two, least_queue, heuristic, mesh, mesh_hedge");
    }

    [TestMethod]
    [DataRow("mesh", "network_weigth", 1.0, "network_weight")]
    [DataRow("mesh", "network_weight", -1.0, "0..100")]
    [DataRow("mesh", "network_weight", 100.5, "0..100")]
    [DataRow("mesh", "uncertainty_per_second", double.NaN, "0..1")]
    [DataRow("heuristic", "kv_weight", double.PositiveInfinity, "0..100")]
    [DataRow("baseline_rr", "weight", 1.0, "takes no parameters")]
    public void Validate_BadParameter_NamesTheFieldAndTheFix(string strategy, string parameter, double value, string fix)
    {
        var error = StrategyCatalog.Validate(strategy, new Dictionary<string, double> { [parameter] = value }).Single();
        Assert.AreEqual($"parameters.{parameter}", error.Field);
        StringAssert.Contains(error.Message, fix);
        Assert.ThrowsExactly<ArgumentException>(() => StrategyCatalog.Create(strategy, new Dictionary<string, double> { [parameter] = value }));
    }

    [TestMethod]
    public void Validate_SeveralErrors_ReportsThemAll() =>
        Assert.HasCount(2, StrategyCatalog.Validate("mesh", new Dictionary<string, double> { ["network_weight"] = -1, ["x"] = 1, ["cold_start_weight"] = 2 }));
}
