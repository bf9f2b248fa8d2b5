using InferMesh.Adapters.Comm.InfiniBand;
using InferMesh.Cli.Agent;
using InferMesh.Cli.Agent.Config;
using InferMesh.Tests.Unit.Adapters;
using InferMesh.Tests.Unit.Adapters.Comm.InfiniBand;
using InferMesh.Tests.Unit.Adapters.Storage;

namespace InferMesh.Tests.Unit.Cli.Agent;

/// <summary>The keys <c>network</c> and <c>storage</c>, from the file to what a check prints.</summary>
[TestClass]
public sealed class AgentStorageTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Check_NetworkAndStorage_AreTriedOnceAndShown()
    {
        using var folder = new TempFolder();
        using var tree = new SysTree().Port("mlx5_0", 1, SysTree.InfiniBand);
        await using var s3 = await FakeS3.StartAsync();
        s3.Objects["/models/a"] = new byte[1000];
        folder.Write("id", FakeS3.KeyId + "\n");
        folder.Write("secret", FakeS3.Secret + "\n");
        folder.Write("token", FakeS3.Token);
        Directory.CreateDirectory(Path.Combine(folder.Path, "scratch"));
        var config = Read(folder, $$"""
            node: {cell: a}
            network: {infiniband: true}
            storage:
              - {name: scratch, kind: file, folder: scratch, bytes: 65536, timeout: 1m}
              - {name: models, kind: s3, endpoint: "{{s3.Address}}", region: {{FakeS3.Region}}, bucket: models, key: a, accessKeyFile: id, secretKeyFile: secret, sessionTokenFile: token, timeout: 1m}
              - {name: public, kind: s3, endpoint: "{{s3.Address}}", bucket: models, key: a, timeout: 1m}
            """);

        var described = string.Join('\n', AgentCheck.Describe(config));
        StringAssert.Contains(described, "network  infiniband, ports below /sys/class/infiniband");
        StringAssert.Contains(described, $"storage  scratch: file, 65536 bytes in {Path.Combine(folder.Path, "scratch")}, limit 1m");
        StringAssert.Contains(described, $"storage  models: s3, 1048576 bytes of models/a at {s3.Address.GetLeftPart(UriPartial.Authority)}, key {FakeS3.KeyId}, limit 1m");
        StringAssert.Contains(described, ", anonymous, limit 1m");

        var tried = new List<string>();
        await foreach (var line in AgentTrial.ReadAsync(config, new InfiniBandOptions { Root = tree.Root }, TimeProvider.System, TestContext.CancellationToken))
            tried.Add(line);
        Assert.HasCount(4, tried);
        Assert.AreEqual("network  mlx5_0/1 InfiniBand ACTIVE, 400 Gbit/s, sends 0 and receives 0 MB/s, loss 0 and congestion ? per second", tried[0]);
        StringAssert.Matches(tried[1], new(@"^storage  scratch: latency [\d.]+ ms, writes [\d.]+ MB/s, reads [\d.]+ MB/s( \(may be cached\))?, [\d.]+ GB free$"));
        StringAssert.Matches(tried[2], new(@"^storage  models: latency [\d.]+ ms, reads [\d.]+ MB/s$"));
        Assert.AreEqual("storage  public: HEAD /models/a answered 403: it may not be read without keys", tried[3]);
        Assert.DoesNotContain(FakeS3.Secret, described + string.Concat(tried) + config);
        Assert.DoesNotContain(FakeS3.Token, described + string.Concat(tried) + config);
    }

    [TestMethod]
    public async Task Check_NoDevice_SaysSo()
    {
        using var folder = new TempFolder();
        await foreach (var line in AgentTrial.ReadAsync(Read(folder, "node: {cell: a}\nnetwork: {infiniband: true}"), new InfiniBandOptions { Root = folder.Path }, TimeProvider.System, TestContext.CancellationToken))
            Assert.AreEqual("network  there is no InfiniBand or RoCE port", line);
    }

    [TestMethod]
    [DataRow("network: {infiniband: yes}", "network.infiniband: 'yes' must be true or false")]
    [DataRow("network: {roce: true}", "network.roce: unknown key; known keys: infiniband")]
    [DataRow("storage: {name: a}", "storage: must be a list")]
    [DataRow("storage: [{kind: file}]", "storage[0].name: must be set")]
    [DataRow("storage: [{name: a, kind: nfs}]", "storage[0].kind: 'nfs' is not a kind of storage; known kinds: file, s3")]
    [DataRow("storage: [{name: a, kind: file, folder: .}, {name: a, kind: file, folder: .}]", "storage[1].name: 'a' is the name of another storage too")]
    [DataRow("storage: [{name: a, kind: file}]", "storage[0].folder: must be set")]
    [DataRow("storage: [{name: a, kind: file, folder: none}]", "storage[0].folder: 'none' is not a folder")]
    [DataRow("storage: [{name: a, kind: file, folder: ., bytes: 5}]", "storage[0].bytes: '5' must be a whole number from 65536 to 1073741824")]
    [DataRow("storage: [{name: a, kind: file, folder: ., timeout: 1h}]", "storage[0].timeout: '1h' must be a duration from 100ms to 1m")]
    [DataRow("storage: [{name: a, kind: file, folder: ., direct: no}]", "storage[0].direct: 'no' must be true or false")]
    [DataRow("storage: [{name: a, kind: file, folder: ., bucket: b}]", "storage[0].bucket: is for kind: s3 only; remove it")]
    [DataRow("storage: [{name: a, kind: s3}]", "storage[0].endpoint: must be set")]
    [DataRow("storage: [{name: a, kind: s3, endpoint: 'http://h/p', bucket: b, key: k}]", "storage[0].endpoint: 'http://h/p' must not have a path")]
    [DataRow("storage: [{name: a, kind: s3, endpoint: 'http://h', bucket: b/c, key: k}]", "storage[0].bucket: 'b/c' must be one name")]
    [DataRow("storage: [{name: a, kind: s3, endpoint: 'http://h', bucket: b, key: a/../k}]", "storage[0].key: 'a/../k' must not have segments of dots")]
    [DataRow("storage: [{name: a, kind: s3, endpoint: 'http://h', bucket: b, key: k, folder: .}]", "storage[0].folder: is for kind: file only; remove it")]
    [DataRow("storage: [{name: a, kind: s3, endpoint: 'http://h', bucket: b, key: k, accessKeyFile: none}]", "storage[0].accessKeyFile: 'none' cannot be read")]
    [DataRow("storage: [{name: a, kind: s3, endpoint: 'http://h', bucket: b, key: k, accessKeyFile: none}]", "storage[0].secretKeyFile: must be set")]
    [DataRow("storage: [{name: a, kind: s3, endpoint: 'http://h', bucket: b, key: k, credentials: iam}]", "storage[0].credentials: 'iam' must be none, environment or files")]
    [DataRow("storage: [{name: a, kind: s3, endpoint: 'http://h', bucket: b, key: k, credentials: environment, accessKeyFile: f}]", "storage[0].accessKeyFile: is for credentials: files only")]
    [DataRow("storage: [{name: a, kind: s3, endpoint: 'http://h', bucket: b, key: k, tls: {caFile: f}}]", "storage[0].tls: is for an https address only")]
    public void Read_Broken_NamesTheField(string text, string expected)
    {
        using var folder = new TempFolder();
        Assert.IsNull(AgentConfigReader.Read("node: {cell: a}\n" + text, Path.Combine(folder.Path, "a.yaml"), [], out var errors));
        Assert.IsTrue(errors.Any(line => line.Contains(expected, StringComparison.Ordinal)), string.Join('\n', errors));
    }

    [TestMethod]
    public void Read_KeysOfTheEnvironment_AreTakenFromThere()
    {
        var section = ConfigSection.Open(
            Yaml("storage: [{name: a, kind: s3, endpoint: 'http://h', bucket: b, key: k, credentials: environment}]"), "", new ConfigErrors("a.yaml"));
        var (none, some) = (new ConfigErrors("a.yaml"), new ConfigErrors("a.yaml"));
        StorageConfigReader.Read(section, "", none, _ => null);
        var read = StorageConfigReader.Read(section, "", some, name => name switch { "AWS_ACCESS_KEY_ID" => "id", "AWS_SECRET_ACCESS_KEY" => "secret", _ => null });

        StringAssert.Contains(none.Lines.Single(), "storage[0].credentials: the environment has no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
        Assert.IsEmpty(some.Lines);
        Assert.AreEqual(("id", "secret", (string?)null), (read[0].S3!.Keys!.AccessKeyId, read[0].S3!.Keys!.SecretAccessKey, read[0].S3!.Keys!.SessionToken));
    }

    private static YamlDotNet.RepresentationModel.YamlNode Yaml(string text)
    {
        var yaml = new YamlDotNet.RepresentationModel.YamlStream();
        yaml.Load(new StringReader(text));
        return yaml.Documents[0].RootNode;
    }

    private static AgentConfig Read(TempFolder folder, string text) =>
        AgentConfigReader.Read(text, Path.Combine(folder.Path, "a.yaml"), [], out var errors) ?? throw new AssertFailedException(string.Join('\n', errors));
}
