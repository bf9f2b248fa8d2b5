using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd;

/// <summary>Plugins that never come back, and what loading and unloading leaves in memory, in a process that they have to themselves.</summary>
[TestClass]
public sealed class HostilePluginTests
{
    [TestMethod]
    public async Task DotNetPlugins_InAProcessOfTheirOwn_AreAbortedAndUnloaded()
    {
        var output = await ExternalProcess.RunAsync(
            "timeout", "--kill-after=5", "240", "env", "INFERMESH_OWN_PROCESS=1", "dotnet", Repository.Assembly("Tests/Unit", "InferMesh.Tests.Unit"), "--filter", "FullyQualifiedName~HostileDotNetTests");
        StringAssert.Contains(output, "failed: 0");
        StringAssert.Contains(output, "skipped: 0");
    }
}
