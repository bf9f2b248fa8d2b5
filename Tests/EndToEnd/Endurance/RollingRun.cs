using System.Globalization;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Endurance;

/// <summary>
/// Two silos and two APIs are restarted one after another (SIGTERM) under load; clients use both APIs, as behind a balancer. It holds when every request got its whole answer: all of them are
/// shorter than the time to drain.
/// </summary>
internal static class RollingRun
{
    private const double RequestsPerSecond = 12;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static async Task<RunReport> RunAsync()
    {
        await using var mesh = await MeshProcess.StartAsync(readyNodes: 0, settings: ["--Mesh:Fleet=false"]);
        var environment = EnvironmentOf(mesh.ApiPid());
        environment["InferMesh__Http__Port"] = ExternalProcess.FreePort().ToString(CultureInfo.InvariantCulture);
        environment["InferMesh__Http__GrpcPort"] = ExternalProcess.FreePort().ToString(CultureInfo.InvariantCulture);
        var address = new Uri($"http://127.0.0.1:{environment["InferMesh__Http__Port"]}");
        ChildProcess StartApi() => new(Repository.Assembly("Api", "InferMesh.Api"), [], environment);

        var firstPid = mesh.ApiPid();
        var second = StartApi();
        await using var fleet = new ChildProcess(
            Repository.Assembly("Cli", "InferMesh.Cli"),
            ["fleet", "--base-port", "0", "--admin-port", mesh.AdminPort.ToString(CultureInfo.InvariantCulture), "--report", mesh.Grpc.ToString(), "--report", $"http://127.0.0.1:{environment["InferMesh__Http__GrpcPort"]}"], []);
        try
        {
            await UntilReadyAsync(address);
            await mesh.UntilReadyAsync(8);
            using var load = new Load([mesh.Api.BaseAddress!, address], RequestsPerSecond, (20, 200));
            using var stop = new CancellationTokenSource();
            var sending = load.RunAsync(stop.Token);
            var report = new RunReport("Rolling restart: 2 silos and 2 APIs, one after another (synthetic fleet)");

            await Task.Delay(Pause);
            foreach (var pid in mesh.SiloPids())
            {
                // It keeps its ports.
                var ready = new Uri(EnvironmentOf(pid)["ASPNETCORE_URLS"]);
                MeshProcess.Kill(pid, 15);
                await ExternalProcess.UntilAsync(() => Task.FromResult(mesh.SiloPids() is { Count: 2 } now && !now.Contains(pid)), Patience, "the silo is started again");
                await UntilReadyAsync(ready);
                await Task.Delay(Pause);
            }
            report.Add("silos restarted at", $"{load.Elapsed.TotalSeconds:0} s");

            MeshProcess.Kill(firstPid, 15);
            await ExternalProcess.UntilAsync(() => Task.FromResult(!mesh.Descendants().Contains(firstPid)), Patience, "the first API has stopped");
            await UntilReadyAsync(mesh.Api.BaseAddress!);
            await Task.Delay(Pause);
            var exitCode = await second.TerminateAsync();
            await second.DisposeAsync();
            second = StartApi();
            await UntilReadyAsync(address);
            await Task.Delay(Pause);
            report.Add("APIs restarted at", $"{load.Elapsed.TotalSeconds:0} s");

            await stop.CancelAsync();
            await sending;
            report.AddLoad(load);
            report.Add("requests that an API did not accept and the other did", $"{load.Moved}");
            report.Forbid("dropped or refused", load.Over.Where(static r => r.End != RequestEnd.Complete));
            if (exitCode != 0) report.Violations.Add($"the API ended with {exitCode}");
            return report;
        }
        finally
        {
            await second.DisposeAsync();
        }
    }

    private static async Task UntilReadyAsync(Uri address)
    {
        using var client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(5) };
        await ExternalProcess.UntilAsync(
            async () =>
            {
                try
                {
                    using var response = await client.GetAsync("/health/ready");
                    return response.IsSuccessStatusCode;
                }
                catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
                {
                    return false;
                }
            },
            Patience, $"{address} is ready");
    }

    private static Dictionary<string, string> EnvironmentOf(int pid) =>
        File.ReadAllText($"/proc/{pid}/environ").Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(static v => v.Split('=', 2)).Where(static v => v.Length == 2)
            .ToDictionary(static v => v[0], static v => v[1]);
}
