using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using InferMesh.Tests.Benchmarks;
using InferMesh.Tests.Benchmarks.Kernel;
using InferMesh.Tests.Benchmarks.Proxies;
using InferMesh.Tests.Benchmarks.Recording;
using InferMesh.Tests.Benchmarks.Simulated;
using InferMesh.Tests.Benchmarks.Training;
using Perfolizer.Horology;

// A server of the benchmarks, in a process of its own.
if (args is ["serve", "upstream", .. var ports])
{
    await Upstream.RunAsync([.. ports.Select(Port)]);
    return 0;
}
if (args is ["serve", "yarp", var own, .. var upstreams])
{
    await YarpServer.RunAsync(Port(own), upstreams.Select(Port));
    return 0;
}

// The goals by number, each with its own runner and table; all other arguments are BenchmarkDotNet's.
if (args is ["goals", ..])
{
    var goals = args.Length > 1 ? args[1..] : ["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p9", "p13", "p14"];
    if (goals.Contains("p4")) await RouteReport.RunAsync();
    if (goals.Contains("p5") || goals.Contains("p6")) ProxyReport.Run(goals);
    if (goals.Contains("training")) TrainingReport.Run();
    if (goals.Contains("training")) QueueReport.Run();
    if (goals.Contains("plugins")) PluginReport.Run();
    if (goals.Contains("replay")) ReplayReport.Run();
    foreach (var goal in goals.Except(["p4", "p5", "p6", "training", "plugins", "replay"]))
    {
        if (goal is "p7" or "p9" or "p14") SimulatorReport.Run(goal);
        else KernelReport.Run(goal);
    }
    return 0;
}

// In this process and with short iterations: a run is for ratios and allocated bytes, which are the same on any machine.
var job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
    .WithWarmupCount(8).WithIterationCount(5).WithIterationTime(TimeInterval.FromMilliseconds(120)).WithId("Short");
var config = ManualConfig.CreateEmpty()
    .AddJob(job)
    .AddLogger(ConsoleLogger.Default)
    .AddColumnProvider(DefaultColumnProviders.Instance)
    .AddColumn(StatisticColumn.Median)
    .HideColumns(Column.Error, Column.StdDev, Column.RatioSD, Column.Gen0, Column.Gen1, Column.Gen2, Column.AllocRatio)
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddExporter(MarkdownExporter.GitHub)
    .WithArtifactsPath(Path.Combine("artifacts", "benchmarks"));

return BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args.Length > 0 ? args : ["--filter", "*"], config).Any(s => s.HasCriticalValidationErrors) ? 1 : 0;

static int Port(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
