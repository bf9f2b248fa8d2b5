using InferMesh.AppHost.Topology;

namespace InferMesh.Tests.Unit.AppHost.Topology;

[TestClass]
public sealed class MeshArgumentsTests
{
    [TestMethod]
    public void Check_SettingsInBothForms_AreAccepted() =>
        Assert.IsEmpty(MeshArguments.Check(["--Mesh:Silos=3", "--mesh:fleet", "false", "--ConnectionStrings:redis=127.0.0.1:6379"]));

    [TestMethod]
    public void Check_UnknownArgumentAndMissingValue_AreBothNamed()
    {
        var errors = MeshArguments.Check(["--Silos=3", "--Mesh:Verbose", "--Mesh:Silos"]);

        Assert.HasCount(3, errors);
        Assert.StartsWith("'--Silos=3' is not understood", errors[0]);
        Assert.AreEqual("--Mesh:Verbose has no value: write --Mesh:Verbose=...", errors[1]);
        Assert.AreEqual("--Mesh:Silos has no value: write --Mesh:Silos=...", errors[2]);
    }

    [TestMethod]
    public void Help_NamesEverySetting()
    {
        var help = MeshSettings.Help();

        foreach (var setting in MeshSettings.All) Assert.Contains($"--Mesh:{setting.Key} ", help);
    }
}
