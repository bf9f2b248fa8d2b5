namespace InferMesh.AppHost.Local;

/// <summary>Runs the whole mesh as supervised processes: no container engine, no orchestrator.</summary>
internal sealed class LocalRunner(MeshTopology mesh, LocalHost host)
{
    private static readonly TimeSpan LeftoverGrace = TimeSpan.FromSeconds(10);

    /// <summary>Runs until stopped.</summary>
    /// <param name="stop">Stops tier by tier.</param>
    /// <param name="hurry">Kills what still runs.</param>
    /// <returns>0 after a stop, 1 where a process did not come up, 2 for settings that cannot be met.</returns>
    public async Task<int> RunAsync(CancellationToken stop, CancellationToken hurry)
    {
        var (taken, refusal) = DataDirectoryLock.Take(mesh.DataDirectory);
        if (refusal is not null) return Refuse([refusal]);
        using var dataLock = taken;

        var pidFiles = new PidFiles(Path.Combine(mesh.DataDirectory, "run"));
        foreach (var name in await pidFiles.StopLeftoversAsync(LeftoverGrace)) await host.Out.WriteLineAsync($"[{name}] left behind by an earlier run, stopped");

        var preflight = Preflight.Check(mesh, host.Executables);
        if (preflight is not { Redis: { } redis, Storage: { } storage, Errors: [] }) return Refuse(preflight.Errors);

        Directory.CreateDirectory(mesh.LogDirectory);
        using var supervisor = new Supervisor(
            host.Options, new ConsoleNotices(host.Out, mesh.LogDirectory), spec => ProcessLog.Open(mesh.LogDirectory, spec, host.Out, mesh.Verbose), pidFiles);
        var inherited = Environment.GetEnvironmentVariables().Keys.Cast<string>().ToList();
        var processes = new MeshProcesses(mesh, host.Built, inherited, Environment.ProcessId);
        return await RunAsync(new LocalMesh(mesh, redis, storage, processes, host.Built, supervisor), supervisor, stop, hurry);
    }

    private async Task<int> RunAsync(LocalMesh local, Supervisor supervisor, CancellationToken stop, CancellationToken hurry)
    {
        try
        {
            await host.Out.WriteLineAsync(await local.StartAsync(stop));
            await Task.Delay(Timeout.InfiniteTimeSpan, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return 0;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception e) when (e is ProcessFailedException or InvalidOperationException)
        {
            await host.Error.WriteLineAsync($"{e.Message}{Environment.NewLine}Logs: {mesh.LogDirectory}");
            return 1;
        }
        finally
        {
            await supervisor.StopAsync(hurry);
        }
    }

    private int Refuse(IReadOnlyList<string> errors)
    {
        foreach (var error in errors) host.Error.WriteLine(error);
        return 2;
    }
}
