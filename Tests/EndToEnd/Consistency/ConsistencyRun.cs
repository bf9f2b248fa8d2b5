using System.Diagnostics;
using System.Globalization;
using Grpc.Net.Client;
using InferMesh.Tests.EndToEnd.Clusters;
using InferMesh.Tests.EndToEnd.Consistency.Checks;
using InferMesh.Tests.EndToEnd.Endurance;

namespace InferMesh.Tests.EndToEnd.Consistency;

/// <summary>
/// Clients change policies, tenants and jobs and use quotas through two APIs while silos are killed and stopped and Redis and PostgreSQL restarted. It holds when what they saw is what an
/// atomic object could have shown each of them, nothing that was acknowledged is lost, no quota is oversold, and all is well again soon after the last fault.
/// </summary>
internal static class ConsistencyRun
{
    public static readonly ClusterPlan Plan = new() { Nodes = 2 };

    private static readonly TimeSpan CheckPeriod = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HealthyWithin = TimeSpan.FromSeconds(60);

    public static async Task<RunReport> RunAsync(ProcessCluster mesh, TimeSpan duration, int seed = 1)
    {
        using var clients = new Clients(mesh);
        var quota = QuotaWorkload.TokensFor(duration);
        var day = DateTime.UtcNow.Date;
        await QuotaWorkload.PrepareAsync(clients.Rest[0], quota);
        var history = new History();
        var report = new RunReport($"Consistency: policies, tenants, jobs and quotas while silos are killed and paused, Redis and PostgreSQL restarted (3 silos, 2 APIs, seed {seed})");
        var objects = new ObjectWorkload(history, clients.Ways);
        var events = new EventReader(history, clients.Rest);

        using var stop = new CancellationTokenSource(duration);
        using var stopEvents = new CancellationTokenSource();
        var nemesis = new Nemesis(mesh, history, seed).RunAsync(stop.Token);
        var reading = events.RunAsync(stopEvents.Token);
        var working = Task.WhenAll(
            objects.RunAsync(stop.Token), new JobWorkload(history, clients.Rest, clients.Grpc).RunAsync(stop.Token), new QuotaWorkload(history, clients.Rest).RunAsync(stop.Token));
        await WatchAsync(history, stop);
        await nemesis;
        var mended = Stopwatch.StartNew();
        await working;
        await AwaitHealthyAsync(mesh, report, mended);

        var final = await FinalState.ReadAsync(clients.Rest, objects, history);
        await events.CatchUpAsync();
        await stopEvents.CancelAsync();
        await reading;

        new Availability(history).AddTo(report);
        Judge(report, history, final, events, DateTime.UtcNow.Date == day ? quota : quota * 2);
        if (report.Violations.Count > 0) Save(history, final, mesh, report);
        return report;
    }

    /// <summary>Checks what there is so far, and ends the run when something is wrong; the end says what.</summary>
    private static async Task WatchAsync(History history, CancellationTokenSource stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(CheckPeriod, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (ObjectsOf(history).Any(static o => ObjectCheck.Run([.. o], goesOn: true).Count > 0) || JobCheck.Run([.. history.Submissions]).Count > 0) await stop.CancelAsync();
        }
    }

    private static void Judge(RunReport report, History history, FinalState final, EventReader events, long quota)
    {
        report.Forbid("unequal through the APIs", final.Differences);
        report.Forbid("violations of policies and tenants", [.. ObjectsOf(history).SelectMany(o => ObjectCheck.Run([.. o], final.Histories.GetValueOrDefault(o.Key)).Select(f => $"{o.Key}: {f}"))]);
        report.Forbid("submissions that were refused", [.. history.Submissions.Where(static s => s.Outcome == Outcome.Refused).Select(static s => s.ToString())]);
        report.Forbid("violations of jobs", JobCheck.Run([.. history.Submissions], final.Jobs));
        var uses = history.Uses.ToLookup(static u => u.Tenant);
        report.Add("most in flight of a limit", $"{QuotaCheck.MostAtOnce(uses[QuotaWorkload.InFlightTenant]).Most} of {QuotaWorkload.InFlightLimit}");
        // A silo that dies may have held all of it, and what it held is given out again while it is still in use.
        report.Forbid("violations of a limit in flight", QuotaCheck.AtOnce([.. uses[QuotaWorkload.InFlightTenant]], QuotaWorkload.InFlightLimit, QuotaWorkload.InFlightLimit));
        report.Add("tokens spent of a limit", $"{uses[QuotaWorkload.TokensTenant].Where(static u => u.Outcome == Outcome.Ok).Sum(static u => u.Tokens)} of {quota}");
        // A lease is at most an eighth of what is left beside what requests in flight need.
        report.Forbid("violations of a limit of tokens", QuotaCheck.Spent([.. uses[QuotaWorkload.TokensTenant]], quota, (quota / 8) + (5 * QuotaWorkload.MostTokensOfARequest)));
        EventVerdict.AddTo(report, history, events);
    }

    private static IEnumerable<IGrouping<string, Operation>> ObjectsOf(History history) => history.Operations.ToArray().GroupBy(static o => o.Key);

    private static async Task AwaitHealthyAsync(ProcessCluster mesh, RunReport report, Stopwatch mended)
    {
        try
        {
            await mesh.UntilReadyAsync(HealthyWithin);
            report.Add("all healthy after the last fault", $"{mended.Elapsed.TotalSeconds:0.0} s (at most {HealthyWithin.TotalSeconds:0} s)");
        }
        catch (TimeoutException)
        {
            report.Violations.Add($"not healthy {HealthyWithin.TotalSeconds:0} s after the last fault: {string.Join(", ", await mesh.NotReadyAsync())}");
        }
    }

    private static void Save(History history, FinalState final, ProcessCluster mesh, RunReport report)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "consistency", DateTime.UtcNow.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture))).FullName;
        history.Save(folder);
        final.Save(folder);
        mesh.SaveLogs(folder);
        report.Violations.Add($"history and logs: {folder}");
        File.WriteAllText(Path.Combine(folder, "report.txt"), report.ToString());
    }

    private sealed class Clients : IDisposable
    {
        public Clients(ProcessCluster mesh)
        {
            Rest = [.. mesh.Rest.Select(static a => new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = a, Timeout = Timeout.InfiniteTimeSpan })];
            Grpc = [.. mesh.Grpc.Select(static a => GrpcChannel.ForAddress(a))];
            Ways = [.. Rest.Select(static (c, i) => new RestCalls(c, i)), .. Grpc.Select(static (c, i) => new GrpcCalls(c, i))];
        }

        public IReadOnlyList<HttpClient> Rest { get; }

        public IReadOnlyList<GrpcChannel> Grpc { get; }

        public IReadOnlyList<ObjectCalls> Ways { get; }

        public void Dispose()
        {
            foreach (var client in Rest) client.Dispose();
            foreach (var channel in Grpc) channel.Dispose();
        }
    }
}
