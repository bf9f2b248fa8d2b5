using InferMesh.Strategies.Admission;

namespace InferMesh.Tests.Unit.Strategies.Admission;

[TestClass]
public sealed class AccessRuleTests
{
    [TestMethod]
    [DataRow("", false, "acme", true)]
    [DataRow("", false, "", true)]
    [DataRow("", true, "acme", true)]
    [DataRow("", true, "", false)]
    [DataRow("acme", false, "acme", true)]
    [DataRow("acme", false, "other", false)]
    [DataRow("acme", false, "", false)]
    [DataRow("acme", false, "Acme", false)]
    public void Admits_ListAndRequirement_DecideTogether(string allowed, bool require, string tenant, bool admitted) =>
        Assert.AreEqual(admitted, new AccessRule(allowed.Length == 0 ? [] : [allowed], require).Admits(tenant));
}
