using InferMesh.AppHost.Local;

namespace InferMesh.Tests.Unit.AppHost.Local;

[TestClass]
public sealed class InheritedEnvironmentTests
{
    [TestMethod]
    public void Replace_VariablesOfTheAppHost_AreRemovedAndOthersKept()
    {
        var environment = InheritedEnvironment.Replace(
            ["PATH", "ASPNETCORE_URLS", "ASPNETCORE_ENVIRONMENT", "DOTNET_URLS", "Orleans__GrainStorage__Default__ProviderType", "Mesh__Silos", "InferMesh__Log", "ConnectionStrings__meshdb"],
            new Dictionary<string, string> { ["ASPNETCORE_URLS"] = "http://127.0.0.1:1", ["MESH_PARENT_PID"] = "7" });

        Assert.AreEqual(
            "ASPNETCORE_ENVIRONMENT= ASPNETCORE_URLS=http://127.0.0.1:1 ConnectionStrings__meshdb= DOTNET_URLS= MESH_PARENT_PID=7 Mesh__Silos= Orleans__GrainStorage__Default__ProviderType=",
            string.Join(' ', environment.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"{e.Key}={e.Value}")));
    }
}
