using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using InferMesh.Cli.Agent.Training;
using InferMesh.Cli.Trainer;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.Unit.Cli.Trainer;

/// <summary>Ranks of the trainer as processes, and what one rank makes of another that is not as it should be.</summary>
[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class TrainerTests
{
    private const int Limit = 120_000;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("infermesh-trainer-");
    private readonly List<Process> _processes = [];
    private int _port = ExternalProcess.FreePort();

    public required TestContext TestContext { get; set; }

    [TestCleanup]
    public void Cleanup()
    {
        foreach (var process in _processes.Where(process => !process.HasExited)) process.Kill();
        foreach (var process in _processes) process.Dispose();
        _folder.Delete(recursive: true);
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Trainer_FourRanks_RunToTheEndWithCheckpointsOfRankZero()
    {
        var ranks = Start(4, 1, "--steps", "40", "--step-ms", "1");
        var outputs = await Task.WhenAll(ranks.Select(EndAsync));

        foreach (var (code, output) in outputs)
        {
            Assert.AreEqual(0, code, output);
            StringAssert.Contains(output, "INFERMESH {\"step\":40,\"stepSeconds\":");
            Assert.IsTrue(output.Split('\n', StringSplitOptions.RemoveEmptyEntries).All(line => line.Contains("synthetic", StringComparison.Ordinal)), output);
        }

        Assert.AreEqual(2, outputs[0].Output.Split("\"checkpoint\":").Length - 1, outputs[0].Output);
        Assert.IsFalse(outputs.Skip(1).Any(rank => rank.Output.Contains("\"checkpoint\":", StringComparison.Ordinal)));
        var (last, why) = TrainerCheckpoints.Read(Ref(outputs[0].Output, 40));
        Assert.IsNotNull(last, why);
        Assert.IsTrue(last.Synthetic);
        CollectionAssert.AreEqual(Expected(40, 4), last.Vector);
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Trainer_RankKilled_OthersEndWithFour()
    {
        var ranks = Start(3, 1, "--steps", "1000000", "--step-ms", "5");
        await LineAsync(ranks[2], "\"step\":");
        ranks[2].Kill();
        var others = await Task.WhenAll(EndAsync(ranks[0]), EndAsync(ranks[1]));

        foreach (var (code, output) in others) Assert.AreEqual(TrainerExit.LostPeer, code, output);
        StringAssert.Contains(others[0].Output, "rank 2 is lost");
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Trainer_CheckpointAskedForThenTerminated_GoesOnAtTheNextStep()
    {
        var ranks = Start(2, 1, "--steps", "1000000", "--step-ms", "5", "--checkpoint-every", "0");
        await LineAsync(ranks[0], "\"step\":");
        await ranks[0].StandardInput.WriteLineAsync("checkpoint");
        await ranks[0].StandardInput.FlushAsync();
        var said = await LineAsync(ranks[0], "\"checkpoint\":");
        foreach (var rank in ranks) ProcessGroup.SendOne(rank.Id, GroupSignal.Terminate);
        var ended = await Task.WhenAll(ranks.Select(EndAsync));
        // Whoever hears the signal late may see first that the other one has gone.
        Assert.IsTrue(ended.All(static e => e.Code is TrainerExit.Terminated or TrainerExit.LostPeer) && ended.Any(static e => e.Code == TrainerExit.Terminated), string.Join("\n", ended.Select(static e => e.Output)));

        var message = RankMessage.Read(said)!;
        var end = (message.Step + 10).ToString(CultureInfo.InvariantCulture);
        _port = ExternalProcess.FreePort();
        ranks = Start(2, 2, message, "--steps", end, "--step-ms", "1", "--checkpoint-every", end);
        var outputs = await Task.WhenAll(ranks.Select(EndAsync));

        foreach (var (code, output) in outputs)
        {
            Assert.AreEqual(0, code, output);
            var first = RankMessage.Read(output.Split('\n').First(line => line.StartsWith(RankMessage.Prefix, StringComparison.Ordinal)))!;
            Assert.AreEqual(message.Step + 1, first.Step);
        }

        CollectionAssert.AreEqual(Expected(message.Step + 10, 2), TrainerCheckpoints.Read(Ref(outputs[0].Output, message.Step + 10)).Checkpoint!.Vector, "as if it had never stopped");
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Trainer_CheckpointMissing_BeginsAnewAndSaysSo()
    {
        var output = new StringWriter();
        var options = Options() with { Steps = 3, ResumeFrom = Path.Combine(_folder.FullName, "gone.json"), ResumeStep = 20 };
        Assert.AreEqual(0, await new TrainerRun(options, output).RunAsync(TestContext.CancellationToken));
        StringAssert.Contains(output.ToString(), "begins anew");
        StringAssert.Contains(output.ToString(), "INFERMESH {\"step\":1,");
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Trainer_LaterPlacementHasWritten_RefusesToWrite()
    {
        var newer = new TrainerCheckpoints(_folder.FullName, "job-1").Write(new(7, 6, 1, new double[TrainerSum.Length]));
        var output = new StringWriter();
        var code = await new TrainerRun(Options() with { Steps = 30, Fence = 5, CheckpointEvery = 10 }, output).RunAsync(TestContext.CancellationToken);

        Assert.AreEqual(TrainerExit.Fenced, code, output.ToString());
        CollectionAssert.AreEqual(new[] { newer }, Directory.GetFiles(_folder.FullName));
        Assert.AreEqual(0, await new TrainerRun(Options() with { Steps = 30, Fence = 5, Job = "other", CheckpointEvery = 10 }, output).RunAsync(TestContext.CancellationToken), "another job is no matter");
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Trainer_WrongSum_EndsWithThree()
    {
        var output = new StringWriter();
        var run = new TrainerRun(Options() with { WorldSize = 2, MasterPort = _port, Fence = 1 }, output).RunAsync(TestContext.CancellationToken);
        TcpClient? liar = null;
        await Eventually.HoldsAsync(() => (liar = Connect(_port)) is not null, "rank 0 listens");
        using var connected = liar!;
        var stream = connected.GetStream();
        await WriteAsync(stream, 0x494e_4645_524d_5348, 1, 2, 1);
        await WriteAsync(stream, [.. Enumerable.Repeat(BitConverter.DoubleToInt64Bits(0.5), TrainerSum.Length)]);

        Assert.AreEqual(TrainerExit.WrongSum, await run, output.ToString());
        StringAssert.Contains(output.ToString(), "the sum of step 1 is wrong");
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Trainer_NobodyComes_EndsWithFourAndNamesThem()
    {
        var output = new StringWriter();
        var options = Options() with { WorldSize = 3, MasterPort = _port, PeerLimit = TimeSpan.FromMilliseconds(200) };
        Assert.AreEqual(TrainerExit.LostPeer, await new TrainerRun(options, output).RunAsync(TestContext.CancellationToken));
        StringAssert.Contains(output.ToString(), "rank 1, 2 did not come");
        output = new StringWriter();
        Assert.AreEqual(TrainerExit.LostPeer, await new TrainerRun(options with { Rank = 1 }, output).RunAsync(TestContext.CancellationToken));
        StringAssert.Contains(output.ToString(), "rank 0 did not come");
    }

    [TestMethod]
    [DataRow("WORLD_SIZE=2", "MASTER_PORT must be set")]
    [DataRow("WORLD_SIZE=x", "WORLD_SIZE must be a whole number")]
    [DataRow("WORLD_SIZE=2 MASTER_PORT=1 RANK=2", "RANK must be a whole number from 0 to 1")]
    [DataRow("INFERMESH_CHECKPOINT_TO=s3://x/y", "INFERMESH_CHECKPOINT_TO must be a path")]
    public void Options_WrongVariable_IsNamed(string variables, string expected)
    {
        var given = variables.Split(' ').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        var exception = Assert.ThrowsExactly<InferMesh.Cli.UsageException>(() => new TrainerOptions().With(name => given.GetValueOrDefault(name), "/x"));
        StringAssert.Contains(exception.Message, expected);
    }

    [TestMethod]
    public void Checkpoints_Many_KeepsTheNewestFew()
    {
        var checkpoints = new TrainerCheckpoints(_folder.FullName, "job-1");
        for (var step = 1; step <= 12; step++) checkpoints.Write(new(step, step / 7, 1, new double[TrainerSum.Length]));
        CollectionAssert.AreEqual(
            new[] { "job-1.checkpoint-1-10.json", "job-1.checkpoint-1-11.json", "job-1.checkpoint-1-12.json" }, _folder.GetFiles().Select(file => file.Name).Order(StringComparer.Ordinal).ToArray());
    }

    private TrainerOptions Options() => new() { StepLength = TimeSpan.Zero, Job = "job-1", CheckpointTo = _folder.FullName };

    private Process[] Start(int worldSize, long fence, params string[] arguments) => Start(worldSize, fence, null, arguments);

    private Process[] Start(int worldSize, long fence, RankMessage? resume, params string[] arguments)
    {
        var (file, first) = TrainerProgram.Find();
        var started = Enumerable.Range(0, worldSize).Select(rank =>
        {
            var start = new ProcessStartInfo(file, [.. first, .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder.FullName };
            foreach (var (name, value) in new[]
            {
                ("RANK", $"{rank}"), ("WORLD_SIZE", $"{worldSize}"), ("MASTER_ADDR", "127.0.0.1"), ("MASTER_PORT", $"{_port}"), ("INFERMESH_JOB_ID", "job-1"), ("INFERMESH_FENCE", $"{fence}"),
                ("INFERMESH_CHECKPOINT_TO", _folder.FullName), ("INFERMESH_RESUME_FROM", resume?.CheckpointRef ?? ""), ("INFERMESH_RESUME_STEP", $"{resume?.Step ?? 0}"),
            })
                start.Environment[name] = value;
            return Process.Start(start)!;
        }).ToArray();
        _processes.AddRange(started);
        return started;
    }

    private async Task<(int Code, string Output)> EndAsync(Process process)
    {
        var texts = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(TestContext.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.CancellationToken));
        await process.WaitForExitAsync(TestContext.CancellationToken);
        return (process.ExitCode, string.Concat(texts));
    }

    private async Task<string> LineAsync(Process process, string part)
    {
        while (await process.StandardOutput.ReadLineAsync(TestContext.CancellationToken) is { } line)
        {
            if (line.Contains(part, StringComparison.Ordinal)) return line;
        }

        throw new InvalidOperationException($"It ended without a line with {part}.");
    }

    private static string Ref(string output, long step) => output.Split('\n').Select(RankMessage.Read).Single(message => message is { CheckpointRef: not null } && message.Step == step)!.CheckpointRef!;

    private static double[] Expected(long steps, int worldSize)
    {
        var vector = new double[TrainerSum.Length];
        for (var step = 1L; step <= steps; step++)
        {
            foreach (var (i, value) in TrainerSum.Whole(step, worldSize).Index()) vector[i] += value;
        }

        return vector;
    }

    private static TcpClient? Connect(int port)
    {
        try
        {
            return new("127.0.0.1", port);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static async Task WriteAsync(NetworkStream stream, params long[] numbers) => await stream.WriteAsync(numbers.SelectMany(BitConverter.GetBytes).ToArray());
}
