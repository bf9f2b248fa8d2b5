using System.Collections.Concurrent;
using InferMesh.Tests.EndToEnd.Clusters;

namespace InferMesh.Tests.EndToEnd.Consistency;

/// <summary>Kills and stops silos, restarts Redis and PostgreSQL, two at a time at most and some time apart; everything is mended when it ends.</summary>
internal sealed class Nemesis(ProcessCluster mesh, History history, int seed)
{
    private const int AtOnce = 2;
    private const int SignalStop = 19;
    private const int SignalContinue = 18;

    private readonly ConcurrentDictionary<object, bool> _broken = [];

    /// <summary>Breaks and mends until told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        List<Task> running = [];
        for (var turn = 0; !stop.IsCancellationRequested; turn++)
        {
            foreach (var over in running.Where(static t => t.IsCompleted).ToArray())
            {
                await over;
                running.Remove(over);
            }
            if (running.Count < AtOnce) running.Add(BreakAsync(turn));
            await WaitAsync(new(seed - turn), 0.5, 5, stop);
        }
        await Task.WhenAll(running);
    }

    private async Task BreakAsync(int turn)
    {
        var random = new Random(seed + turn);
        var silo = mesh.Silos[random.Next(mesh.Silos.Count)];
        var kind = turn % 7;
        object target = kind switch { 2 or 5 => mesh.Redis, 3 or 4 => mesh.Postgres!, _ => silo };
        // What is broken already is left alone.
        if (!_broken.TryAdd(target, true)) return;
        try
        {
            var from = history.Now;
            var what = await (kind switch
            {
                0 => KillAsync(silo, random),
                2 => RestartRedisAsync(random),
                3 => RestartPostgresAsync("immediate", random),
                4 => RestartPostgresAsync("fast", random),
                5 => StopRedisAsync(random),
                _ => PauseAsync(silo, random),
            });
            history.Interruptions.Enqueue(new(what, from, history.Now));
        }
        finally
        {
            _broken.TryRemove(target, out _);
        }
    }

    private async Task<string> KillAsync(SupervisedProcess silo, Random random)
    {
        var starts = silo.Starts;
        silo.Kill(TimeSpan.FromSeconds(0.5 + (random.NextDouble() * 3)));
        // It is back when it answers, or after a while: meanwhile the rest goes on.
        for (var i = 0; i < 100 && (silo.Starts == starts || !await mesh.IsReadyAsync(silo.Address!)); i++) await Task.Delay(200);
        return $"kill {silo.Name}";
    }

    private static async Task<string> PauseAsync(SupervisedProcess silo, Random random)
    {
        var pid = silo.ProcessId;
        silo.Signal(SignalStop);
        try
        {
            await WaitAsync(random, 1, 15);
        }
        finally
        {
            if (silo.ProcessId == pid) silo.Signal(SignalContinue);
        }
        return $"pause {silo.Name}";
    }

    private async Task<string> RestartRedisAsync(Random random)
    {
        await mesh.Redis.KillAsync();
        await WaitAsync(random, 0.2, 5);
        await mesh.Redis.StartAgainAsync();
        return "restart Redis";
    }

    private async Task<string> StopRedisAsync(Random random)
    {
        MeshProcess.Kill(mesh.Redis.ProcessId, SignalStop);
        await WaitAsync(random, 1, 10);
        MeshProcess.Kill(mesh.Redis.ProcessId, SignalContinue);
        return "pause Redis";
    }

    private async Task<string> RestartPostgresAsync(string mode, Random random)
    {
        await mesh.Postgres!.StopAsync(mode);
        await WaitAsync(random, 0.2, 5);
        await mesh.Postgres.StartAgainAsync();
        return $"restart PostgreSQL ({mode})";
    }

    private static async Task WaitAsync(Random random, double fromSeconds, double toSeconds, CancellationToken stop = default) =>
        await Task.Delay(TimeSpan.FromSeconds(fromSeconds + (random.NextDouble() * (toSeconds - fromSeconds))), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
