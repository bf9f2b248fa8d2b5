using System.Reflection;

namespace InferMesh.Tests.Unit.Simulator.ReferenceCases;

[TestClass]
public sealed class AllRowsTests
{
    [TestMethod]
    public void Rows_OfTheReferenceCases_AreEachClaimedByATest()
    {
        var claimed = typeof(AllRowsTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods())
            .SelectMany(method => method.GetCustomAttributes<TestPropertyAttribute>())
            .Where(property => property.Name == ReferenceRow.Property)
            .Select(property => property.Value);
        Assert.IsEmpty(ReferenceRow.All().Select(r => r.Id).Except(claimed));
    }
}
