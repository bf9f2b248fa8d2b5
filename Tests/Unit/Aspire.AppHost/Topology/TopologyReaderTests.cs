using InferMesh.AppHost;
using InferMesh.AppHost.Topology;
using Microsoft.Extensions.Configuration;

namespace InferMesh.Tests.Unit.AppHost.Topology;

[TestClass, DoNotParallelize]
public sealed class TopologyReaderTests
{
    private static TopologyResult Read(params (string Key, string Value)[] settings) => TopologyReader.Read(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value))).Build(), "/somewhere");

    private static MeshTopology Good(params (string Key, string Value)[] settings)
    {
        var (topology, errors) = Read(settings);
        Assert.IsEmpty(errors);
        return topology!;
    }

    [TestMethod]
    public void Read_NothingSet_GivesTheDocumentedDefaults()
    {
        var mesh = Good();

        Assert.AreEqual(RunMode.Auto, mesh.Mode);
        Assert.AreEqual(2, mesh.Silos);
        Assert.AreEqual(8080, mesh.ApiPort);
        Assert.AreEqual(50051, mesh.GrpcPort);
        Assert.AreEqual(StoreSource.Auto, mesh.RedisSource);
        Assert.AreEqual(StoreSource.Auto, mesh.PostgresSource);
        Assert.AreEqual(Path.GetFullPath("/somewhere/.infermesh"), mesh.DataDirectory);
        Assert.AreEqual(Path.GetFullPath("/somewhere/.infermesh/infermesh.db"), mesh.SqlitePath);
        Assert.AreEqual(new FleetPlan(8, 2, 1), mesh.FleetPlan);
        Assert.AreEqual("infermesh", mesh.ServiceId);
        Assert.IsFalse(mesh.Verbose);
    }

    [TestMethod]
    public void Read_TwiceWithoutClusterId_GivesTwoClusters() => Assert.AreNotEqual(Good().ClusterId, Good().ClusterId);

    [TestMethod]
    public void Read_CommandLineAndEnvironment_BothReachTheSection()
    {
        const string Variable = "TOPOLOGYREADERTESTS_Mesh__GrpcPort";
        Environment.SetEnvironmentVariable(Variable, "6001");
        try
        {
            var configuration = new ConfigurationBuilder().AddEnvironmentVariables("TOPOLOGYREADERTESTS_").AddCommandLine(["--Mesh:Silos=3"]).Build();

            var (mesh, errors) = TopologyReader.Read(configuration, "/");

            Assert.IsEmpty(errors);
            Assert.AreEqual((3, 6001), (mesh!.Silos, mesh.GrpcPort));
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, null);
        }
    }

    [TestMethod]
    public void Read_EmptyValue_IsNotSet() => Assert.AreEqual(2, Good(("Mesh:Silos", ""), ("Mesh:Redis", " ")).Silos);

    [TestMethod]
    public void Read_FleetSwitchedOff_HasNoPlan() => Assert.IsNull(Good(("Mesh:Fleet", "false")).FleetPlan);

    [TestMethod]
    public void Read_Trainers_AreAsManyAsAreWanted()
    {
        Assert.AreEqual(new TrainerPlan(2, 2), Good().TrainerPlan);
        Assert.AreEqual(new TrainerPlan(5, 8), Good(("Mesh:Trainers", "5"), ("Mesh:TrainerGpus", "8")).TrainerPlan);
        Assert.IsNull(Good(("Mesh:Trainers", "0")).TrainerPlan);
    }

    [TestMethod]
    public void Read_OneNode_FitsItsOneCell() => Assert.AreEqual(new FleetPlan(1, 1, 1), Good(("Mesh:FleetNodes", "1")).FleetPlan);

    [TestMethod]
    public void Read_SeveralBadSettings_AreReportedTogetherOneLineEach()
    {
        var (topology, errors) = Read(
            ("Mesh:Silo", "3"), ("Mesh:Silos", "17"), ("Mesh:ApiPort", "http"), ("Mesh:Mode", "docker"), ("Mesh:Fleet", "yes"), ("Mesh:FleetCells", "9"), ("Mesh:Verbose:Too", "true"));

        Assert.IsNull(topology);
        Assert.HasCount(7, errors);
        Assert.IsTrue(errors.All(e => !e.Contains('\n')));
        Assert.Contains("Mesh:Silos is '17': use a whole number from 1 to 16", errors);
        Assert.Contains("Mesh:ApiPort is 'http': use a whole number from 1 to 65535", errors);
        Assert.Contains("Mesh:Mode is 'docker': use auto, aspire or local", errors);
        Assert.Contains("Mesh:Fleet is 'yes': use true or false", errors);
        Assert.Contains("Mesh:FleetCells is '9': use a whole number from 1 to 8", errors);
        Assert.Contains("Mesh:Verbose takes one value and has no keys below it", errors);
        Assert.ContainsSingle(e => e.StartsWith("Mesh:Silo is not a setting; the settings are Mode, Silos,", StringComparison.Ordinal), errors);
    }

    [TestMethod]
    public void Read_OnePortForBothProtocols_IsRejected() =>
        Assert.ContainsSingle(e => e.StartsWith("Mesh:ApiPort and Mesh:GrpcPort are both 9000", StringComparison.Ordinal), Read(("Mesh:ApiPort", "9000"), ("Mesh:GrpcPort", "9000")).Errors);

    [TestMethod]
    [DataRow("Mesh:Redis", "EMBEDDED", "Embedded")]
    [DataRow("Mesh:Redis", "container", "Container")]
    [DataRow("Mesh:Redis", "127.0.0.1:6379", "Connection")]
    [DataRow("ConnectionStrings:redis", "cache.example.org,password=x", "Connection")]
    public void Read_RedisSource_IsUnderstood(string key, string value, string kind) => Assert.AreEqual(kind, Good((key, value)).RedisSource.Kind.ToString());

    [TestMethod]
    [DataRow("Mesh:Postgres", "none", "None")]
    [DataRow("Mesh:Postgres", "executable", "Executable")]
    [DataRow("ConnectionStrings:meshdb", "Host=db;Database=mesh", "Connection")]
    public void Read_PostgresSource_IsUnderstood(string key, string value, string kind) => Assert.AreEqual(kind, Good((key, value)).PostgresSource.Kind.ToString());

    [TestMethod]
    [DataRow("Mesh:Redis", "conatiner")]
    [DataRow("Mesh:Redis", "none")]
    [DataRow("Mesh:Postgres", "embedded")]
    [DataRow("ConnectionStrings:meshdb", "postgres://user:hunter2@db/mesh")]
    public void Read_SourceOfNoKnownForm_IsRejectedWithoutRepeatingIt(string key, string value)
    {
        var error = Assert.ContainsSingle(Read((key, value)).Errors);

        Assert.StartsWith(key + ": use auto, container, executable", error);
        Assert.DoesNotContain("hunter2", error);
    }

    [TestMethod]
    public void Read_SourceGivenTwice_IsRejected() =>
        Assert.AreEqual("Mesh:Redis and ConnectionStrings:redis are both set: remove one", Assert.ContainsSingle(Read(("Mesh:Redis", "embedded"), ("ConnectionStrings:redis", "a:1")).Errors));

    [TestMethod]
    public void ToString_OfASource_HidesTheConnectionString() =>
        Assert.AreEqual("Connection", Good(("Mesh:Postgres", "Host=db;Password=hunter2")).PostgresSource.ToString());
}
