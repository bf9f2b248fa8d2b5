using InferMesh.AppHost.Tools;

namespace InferMesh.Tests.Unit.AppHost.Tools;

[TestClass]
[OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
public sealed class ContainerEngineTests
{
    private static readonly TimeSpan Patient = TimeSpan.FromSeconds(30);

    [TestMethod]
    public async Task Answers_ClientWithoutEngine_IsNo()
    {
        using var directory = new TestDirectory();
        directory.Script("docker", "exit 1");

        Assert.IsFalse(await ContainerEngine.AnswersAsync(new PathExecutables(directory.Path), ContainerEngine.Clients, Patient));
    }

    [TestMethod]
    public async Task Answers_SecondClientHasAnEngine_IsYes()
    {
        using var directory = new TestDirectory();
        directory.Script("docker", "exit 1");
        directory.Script("podman", "test \"$1\" = info");

        Assert.IsTrue(await ContainerEngine.AnswersAsync(new PathExecutables(directory.Path), ContainerEngine.Clients, Patient));
    }

    [TestMethod]
    public async Task Answers_ClientThatHangs_IsNoAfterTheLimit()
    {
        using var directory = new TestDirectory();
        directory.Script("docker", "exec sleep 600");

        Assert.IsFalse(await ContainerEngine.AnswersAsync(new PathExecutables(directory.Path), ContainerEngine.Clients, TimeSpan.FromMilliseconds(300)));
    }

    [TestMethod]
    public async Task Answers_NoClient_IsNo() => Assert.IsFalse(await ContainerEngine.AnswersAsync(new PathExecutables(null), ContainerEngine.Clients, Patient));
}
