extern alias cli;

using System.Text;
using cli::InferMesh.State.V1;
using InferMesh.Cli.Agent.Training;
using InferMesh.Tests.Unit.Adapters;

namespace InferMesh.Tests.Unit.Cli.Agent.Training;

[TestClass]
public sealed class TrainingPartsTests
{
    [TestMethod]
    [DataRow("INFERMESH {\"step\":12,\"stepSeconds\":0.1}", 12L, 0.1, null)]
    [DataRow("INFERMESH {\"step\":0}", 0L, null, null)]
    [DataRow("INFERMESH {\"step\":1,\"stepSeconds\":-1}", 1L, null, null)]
    [DataRow("INFERMESH {\"checkpoint\":10,\"ref\":\"/p\"}", 10L, null, "/p")]
    public void Message_ThatCounts_IsRead(string line, long step, double? seconds, string? at) => Assert.AreEqual(new RankMessage(step, seconds, at), RankMessage.Read(line));

    [TestMethod]
    [DataRow("step 12")]
    [DataRow("INFERMESH")]
    [DataRow("INFERMESH {")]
    [DataRow("INFERMESH 5")]
    [DataRow("INFERMESH {\"step\":-1}")]
    [DataRow("INFERMESH {\"step\":\"1\"}")]
    [DataRow("INFERMESH {\"step\":1.5}")]
    [DataRow("INFERMESH {\"checkpoint\":10}")]
    [DataRow("INFERMESH {\"checkpoint\":10,\"ref\":\"\"}")]
    [DataRow("INFERMESH {\"checkpoint\":10,\"ref\":\"\\ud800\"}")]
    public void Message_Otherwise_IsALineLikeAnyOther(string line) => Assert.IsNull(RankMessage.Read(line));

    [TestMethod]
    public void Log_Full_IsSetAsideOnce()
    {
        var folder = Directory.CreateTempSubdirectory("infermesh-log-");
        var file = Path.Combine(folder.FullName, "rank-0.log");
        using (var log = new RankLog(file, limit: 10))
        {
            foreach (var line in new[] { "aaaa", "bbbb", "cccc", "dddd", "eeee" }) Assert.IsTrue(log.Write(Encoding.UTF8.GetBytes(line)));
        }

        Assert.AreEqual("eeee\n", File.ReadAllText(file));
        Assert.AreEqual("cccc\ndddd\n", File.ReadAllText(file + ".1"));
        using (var log = new RankLog(file)) log.Write("ffff"u8);
        Assert.AreEqual("eeee\nffff\n", File.ReadAllText(file), "a later run adds to it");
        folder.Delete(recursive: true);
    }

    [TestMethod]
    public void Folder_Topology_IsMadeNamedOrNone()
    {
        var root = Directory.CreateTempSubdirectory("infermesh-topology-");
        var device = root.CreateSubdirectory("sys/bus/pci/devices/0000:01:00.0").FullName;
        File.WriteAllText(Path.Combine(device, "class"), "0x030200\n");
        File.WriteAllText(Path.Combine(device, "vendor"), "0x10de\n");
        var sysfs = Path.Combine(root.FullName, "sys");
        var folder = new JobFolder(root.FullName, "job-1", "n1");
        folder.Create();

        string? Given(string topology, string where, JobAssignment? job = null)
        {
            folder.DescribeTopology(topology, where);
            return RankEnvironment.Of(job ?? new JobAssignment(), new JobRank(), "n1", folder, new Dictionary<string, string>()).GetValueOrDefault("NCCL_TOPO_FILE");
        }

        StringAssert.Contains(File.ReadAllText(Given("auto", sysfs)!), "busid=\"0000:01:00.0\"");
        Assert.IsNull(Given("none", sysfs));
        Assert.IsNull(Given("auto", root.FullName), "no GPU to be seen");
        Assert.AreEqual("/etc/nccl/vendor.xml", Given("/etc/nccl/vendor.xml", sysfs));
        Assert.AreEqual("/mine.xml", Given("auto", sysfs, new JobAssignment { Environment = { ["NCCL_TOPO_FILE"] = "/mine.xml" } }), "the job's own");
        root.Delete(recursive: true);
    }

    [TestMethod]
    public void Queue_Steps_OnlyTheNewestAndOneASecond()
    {
        var time = new ManualTime();
        var queue = new JobReportQueue(time);
        Assert.IsTrue(queue.Add(Step(1)).Idle);
        var first = queue.Next().Report!;
        Assert.AreEqual(1, first.Step);
        queue.Sent(first);
        var replaced = queue.Add(Step(2)).Taken;
        queue.Add(Step(3));
        Assert.IsTrue(replaced.IsCompleted);
        var turn = queue.Next();
        Assert.IsNull(turn.Report);
        Assert.AreEqual(TimeSpan.FromSeconds(1), turn.Wait);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.AreEqual(3, queue.Next().Report!.Step);
    }

    [TestMethod]
    public void Queue_OtherReports_KeepTheirOrderAndComeAfterTheStepBeforeThem()
    {
        var queue = new JobReportQueue(new ManualTime());
        queue.Add(new() { Kind = JobReportKind.Started });
        queue.Add(Step(1));
        queue.Add(new() { Kind = JobReportKind.Checkpoint });
        queue.Add(Step(2));
        var finished = queue.Add(new() { Kind = JobReportKind.Finished }).Taken;

        var order = new List<string>();
        for (JobReportQueue.Turn turn; (turn = queue.Next()).Report is { } report; queue.Sent(report)) order.Add(report.Kind == JobReportKind.Step ? $"{report.Step}" : $"{report.Kind}");
        Assert.AreEqual("Started 1 Checkpoint 2 Finished", string.Join(' ', order));
        Assert.IsTrue(finished.IsCompleted);
        Assert.IsTrue(queue.Add(Step(3)).Idle, "whoever sent has ended");
    }

    [TestMethod]
    public void Error_LongAndOfManyLines_BecomesOneThatTheMeshTakes()
    {
        Assert.AreEqual("a  b", JobTeller.OneLine("a\r\nb\n"));
        Assert.AreEqual(2047, JobTeller.OneLine(new string('x', 2047) + "\ud83d\ude00").Length, "no half characters");
    }

    [TestMethod]
    public void Trainer_Program_IsThisOneHoweverItRuns()
    {
        Assert.AreEqual("/bin/x trainer", Text(TrainerProgram.Find("/bin/x", "")));
        Assert.AreEqual("/usr/bin/dotnet /a/InferMesh.Cli.dll trainer", Text(TrainerProgram.Find("/usr/bin/dotnet", "/a/InferMesh.Cli.dll")));
        Assert.AreEqual("/a/other trainer", Text(TrainerProgram.Find("/a/other", "/no/such/InferMesh.Cli.dll")));
        StringAssert.EndsWith(Text(TrainerProgram.Find()), "InferMesh.Cli trainer");

        static string Text((string File, IReadOnlyList<string> Arguments) program) => string.Join(' ', [program.File, .. program.Arguments]);
    }

    private static ReportJobRequest Step(long step) => new() { Kind = JobReportKind.Step, Step = step };
}
