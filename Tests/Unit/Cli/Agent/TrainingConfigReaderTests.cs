using InferMesh.Cli.Agent;
using InferMesh.Cli.Agent.Config;

namespace InferMesh.Tests.Unit.Cli.Agent;

[TestClass]
public sealed class TrainingConfigReaderTests
{
    [TestMethod]
    public void Read_NoSection_RunsNoJobs()
    {
        var config = Read("node: {cell: a}");
        Assert.IsFalse(config.Training.Enabled);
        Assert.AreEqual("127.0.0.1", config.Training.Host);
        Assert.AreEqual(Path.Combine(Path.GetTempPath(), "infermesh-jobs"), config.Training.WorkDir);
        Assert.IsEmpty(config.Training.Commands);
        Assert.DoesNotContain("training", string.Join('\n', AgentCheck.Describe(config)));
    }

    [TestMethod]
    public void Read_EverythingSet_TakesItAndDescribesIt()
    {
        var config = Read("node: {cell: a}\ntraining: {enabled: true, host: gpu-1.local, workDir: jobs, commands: [torchrun, /opt/run.sh]}");
        var training = config.Training;
        Assert.IsTrue(training.Enabled);
        Assert.AreEqual("gpu-1.local", training.Host);
        Assert.AreEqual("/etc/infermesh/jobs", training.WorkDir);
        CollectionAssert.AreEqual(new[] { "torchrun", "/opt/run.sh" }, training.Commands.ToArray());
        StringAssert.Contains(
            string.Join('\n', AgentCheck.Describe(config)), "training ranks are reached at gpu-1.local, work in /etc/infermesh/jobs, programs infermesh-trainer, torchrun, /opt/run.sh");
    }

    [TestMethod]
    public void Describe_LoopbackHostAndMeshElsewhere_SaysThatOthersCannotReachIt()
    {
        var said = string.Join('\n', AgentCheck.Describe(Read("node: {cell: a}\ntarget: http://10.0.0.1:1\ntraining: {enabled: true}")));
        StringAssert.Contains(said, "note: ranks on other machines cannot reach 127.0.0.1; set training.host");
    }

    [TestMethod]
    public void Read_ManyErrors_NamesEachWithItsPlace()
    {
        var file = Path.GetTempFileName();
        AgentConfigReader.Read(
            $"node: {{cell: a}}\ntraining:\n  enabled: maybe\n  host: \"a b\"\n  workDir: {file}\n  commands: ['', ./run.sh, [x], ok]\n  gpus: 8\n  topology: /no/such.xml\n", "/etc/infermesh/a.yaml", [], out var errors);
        File.Delete(file);

        string[] expected =
        [
            "/etc/infermesh/a.yaml:3:12: training.enabled: 'maybe' must be true or false", "/etc/infermesh/a.yaml:4:9: training.host: 'a b' must be a name or an address",
            "/etc/infermesh/a.yaml:5:12: training.workDir: '" + file + "' is a file", "/etc/infermesh/a.yaml:6:14: training.commands[0]: must be the name or path of a program",
            "/etc/infermesh/a.yaml:6:18: training.commands[1]: './run.sh' must be a bare name", "/etc/infermesh/a.yaml:6:28: training.commands[2]: must be the name",
            "/etc/infermesh/a.yaml:7:3: training.gpus: unknown key; known keys: enabled, host, workDir, commands, topology",
            "/etc/infermesh/a.yaml:8:13: training.topology: '/no/such.xml' must be auto, none or a file that is there",
        ];
        Assert.HasCount(expected.Length, errors, string.Join('\n', errors));
        foreach (var (line, start) in errors.Zip(expected)) Assert.StartsWith(start, line);
    }

    [TestMethod]
    [DataRow("training: [a]", "training: must be a group of keys: enabled, host, workDir, commands, topology")]
    [DataRow("training: {host: 'http://a'}", "training.host: 'http://a' must be a name or an address")]
    [DataRow("training: {host: 'a:80'}", "training.host: 'a:80' must be a name or an address")]
    [DataRow("training: {commands: torchrun}", "training.commands: must be a list")]
    [DataRow("training: {workDir: ''}", "training.workDir: must be a folder")]
    public void Read_Broken_SaysWhy(string text, string expected)
    {
        Assert.IsNull(AgentConfigReader.Read("node: {cell: a}\n" + text, "/etc/infermesh/a.yaml", [], out var errors));
        Assert.IsTrue(errors.Any(line => line.Contains(expected, StringComparison.Ordinal)), string.Join('\n', errors));
    }

    private static AgentConfig Read(string text)
    {
        var config = AgentConfigReader.Read(text, "/etc/infermesh/a.yaml", [], out var errors);
        Assert.IsEmpty(errors, string.Join('\n', errors));
        return config!;
    }
}
