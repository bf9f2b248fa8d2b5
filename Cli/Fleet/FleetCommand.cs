using System.CommandLine;
using InferMesh.Cli.Agent.Config;

namespace InferMesh.Cli.Fleet;

/// <summary><c>infermesh fleet</c>: runs synthetic runtimes until stopped.</summary>
internal static class FleetCommand
{
    /// <summary>Makes the command.</summary>
    /// <param name="observerFor">Makes the observer for <c>--report</c>; null when this build has none.</param>
    public static Command Create(Func<FleetReport, IFleetObserver>? observerFor)
    {
        var defaults = new FleetOptions();
        var nodes = new Option<int>("--nodes") { Description = "Number of nodes, 1 to 2048.", DefaultValueFactory = _ => defaults.Nodes };
        var cells = new Option<int>("--cells") { Description = "Number of cells over which the nodes are spread.", DefaultValueFactory = _ => defaults.Cells };
        var basePort = new Option<int>("--base-port") { Description = "Port of the first node; 0 takes any free ports.", DefaultValueFactory = _ => defaults.BasePort };
        var adminPort = new Option<int>("--admin-port") { Description = "Port of the admin interface on 127.0.0.1; 0 takes any free port.", DefaultValueFactory = _ => defaults.AdminPort };
        var seed = new Option<int>("--seed") { Description = "Seed of the filler text and of the order of the GPU types.", DefaultValueFactory = _ => defaults.Seed };
        var gpuMix = new Option<string>("--gpu-mix") { Description = "GPU types and their weights.", DefaultValueFactory = _ => defaults.GpuMix };
        var model = new Option<string[]>("--model")
        {
            Description = "Model that every node serves; may be repeated.",
            DefaultValueFactory = _ => [.. defaults.Models],
            AllowMultipleArgumentsPerToken = true,
        };
        var timeScale = new Option<double>("--time-scale") { Description = "Multiplies every duration: 2 is half the speed.", DefaultValueFactory = _ => defaults.TimeScale };
        var report = new Option<string[]>("--report")
        {
            Description = "Address of a mesh to which telemetry of every node is reported; given again, of another API of it, for when the first one does not answer.",
            DefaultValueFactory = _ => [],
        };
        var interval = new Option<string>("--interval") { Description = "Time between the reports of a node, 100ms to 1m.", DefaultValueFactory = _ => "1s" };
        var (signIn, tls) = (new SignInOptions(), new TlsOptions());

        var command = new Command("fleet", "Run synthetic GPU nodes with OpenAI-compatible runtimes on 127.0.0.1.")
        {
            nodes, cells, basePort, adminPort, seed, gpuMix, model, timeScale, report, interval,
        };
        foreach (var option in signIn.All.Concat(tls.All))
            command.Options.Add(option);
        command.SetAction((parsed, cancellationToken) =>
        {
            var options = new FleetOptions
            {
                Nodes = parsed.GetValue(nodes),
                Cells = parsed.GetValue(cells),
                BasePort = parsed.GetValue(basePort),
                AdminPort = parsed.GetValue(adminPort),
                Seed = parsed.GetValue(seed),
                GpuMix = parsed.GetValue(gpuMix)!,
                Models = [.. parsed.GetValue(model)!.Distinct(StringComparer.Ordinal)],
                TimeScale = parsed.GetValue(timeScale),
            };
            Uri[] targets = [.. parsed.GetValue(report)!.Select(AddressOf)];
            var reporting = new FleetReport(
                targets, IntervalOf(parsed.GetValue(interval)!), signIn.Read(parsed) ?? Credential.OfEnvironment(Shell.Of(parsed).Variable), tls.Read(parsed, Array.Exists(targets, static target => target.Scheme == "https")));
            return RunAsync(options, ObserverOf(reporting, observerFor), parsed.InvocationConfiguration.Output, cancellationToken);
        });
        return command;
    }

    private static IFleetObserver? ObserverOf(FleetReport report, Func<FleetReport, IFleetObserver>? observerFor) => report.Targets.Count == 0 ? null
        : observerFor is not null ? observerFor(report)
        : throw new UsageException("--report is not available: this build has no telemetry agent; start the fleet without it");

    private static Uri AddressOf(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && (uri.Scheme is "http" or "https")
        ? uri
        : throw new UsageException($"--report must be an http or https address such as http://127.0.0.1:50051, not '{address}'");

    private static TimeSpan IntervalOf(string text)
    {
        var (least, most) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        return DurationText.TryParse(text, out var interval) && interval >= least && interval <= most
            ? interval
            : throw new UsageException($"--interval must be a duration from 100ms to 1m, written like 500ms or 1s, not '{text}'");
    }

    private static async Task<int> RunAsync(FleetOptions options, IFleetObserver? observer, TextWriter output, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var parentGone = ParentWatch.WaitForParentExitAsync(Environment.GetEnvironmentVariable(ParentWatch.Variable), stop.Token);
        await using var fleet = await SyntheticFleet.StartAsync(options, TimeProvider.System, stop.Token);
        await output.WriteLineAsync(
            $"fleet ready: {fleet.Nodes.Count} synthetic nodes in {options.Cells} cells, {Describe(fleet.Nodes)}, {fleet.Nodes[0].Endpoint} to {fleet.Nodes[^1].Endpoint}, admin {fleet.AdminEndpoint}admin/nodes, synthetic=true");

        List<Task> ends = [parentGone];
        if (observer is not null)
            ends.Add(observer.RunAsync(fleet.Nodes, stop.Token));
        var ended = await Task.WhenAny(ends);
        await stop.CancelAsync();
        try
        {
            // An observer that failed says why; one that was cancelled has nothing to say.
            await ended;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }

        return 0;
    }

    private static string Describe(IReadOnlyList<SyntheticNode> nodes)
        => string.Join(" + ", nodes.CountBy(static node => node.GpuProfile.Name).Select(static pair => $"{pair.Value} {pair.Key}"));
}
