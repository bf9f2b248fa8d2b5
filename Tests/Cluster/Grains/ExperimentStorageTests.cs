using System.Text;
using System.Text.RegularExpressions;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Policies;
using Microsoft.Data.Sqlite;
using static InferMesh.Tests.Cluster.Grains.ExperimentMesh;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>Experiments whose stored state cannot be read, such as one that a newer version wrote.</summary>
[TestClass]
[DoNotParallelize]
public sealed class ExperimentStorageTests
{
    private static IExperimentIndexGrain Index => Client.GetGrain<IExperimentIndexGrain>(IExperimentIndexGrain.Key);

    [TestMethod]
    public async Task StateThatCannotBeRead_KeepsNoOtherFromBeingListedAndServed()
    {
        await using var mesh = await StartAsync();
        var (broken, sound) = (mesh.Name(), await mesh.BeginAsync(Plan(mesh.Model)));
        await Client.GetGrain<IExperimentGrain>(broken).Create(Plan("nobody"), "test");
        CollectionAssert.IsSubsetOf(new[] { broken, sound }, await NamesAsync());

        var payload = await StoredAsync(broken, null);
        await EventuallyAsync(() => ReplaceAsync(broken, "no state"u8.ToArray()), static read => read is null, "a state that cannot be read");
        // The listing is built anew, as when the silo that had it is lost.
        await Silos.DeactivateAsync(Index);
        var names = await NamesAsync();
        CollectionAssert.Contains(names, sound);
        CollectionAssert.DoesNotContain(names, broken);
        await Client.GetGrain<IExperimentGrain>(sound).Delete(PolicyVersions.Any, "", "test");
        await EventuallyAsync(() => mesh.RouteAsync(), d => d.Experiment.Length == 0, "tables that follow the listing");
        await mesh.BeginAsync(Plan(mesh.Model));

        await StoredAsync(broken, payload);
        await Silos.DeactivateAsync(Index);
        CollectionAssert.Contains(await NamesAsync(), broken, "it is asked for again");
    }

    [TestMethod]
    public async Task OutcomesThatCannotBeRead_BeginAnewWithAWarning()
    {
        await using var mesh = await StartAsync();
        var name = await mesh.BeginAsync(Plan(mesh.Model));
        await mesh.RunAsync(name, static _ => 100, static r => r.Arms.Sum(a => a.Requests) >= 300);
        // With all that it has: what an activation stores at its end would mend it.
        await Client.GetGrain<IExperimentGrain>(name).Stop(PolicyVersions.Any, "", "test");
        var payload = Encoding.UTF8.GetString(await StoredAsync(name, null));
        Assert.Contains("\"Requests\":", payload);
        var negative = Regex.Replace(payload, "\"Counts\":\\[[0-9]+", "\"Counts\":[-5").Replace("\"Stage\":1", "\"Stage\":0", StringComparison.Ordinal);
        await EventuallyAsync(() => ReplaceAsync(name, Encoding.UTF8.GetBytes(negative)), static e => e is { Standing.IsOpen: true }, "other outcomes");

        var report = await EventuallyAsync(() => Client.GetGrain<IExperimentGrain>(name).Read(), r => r!.Experiment.Standing.Warning.Length > 0, "the warning");
        Assert.AreEqual(ExperimentStage.Running, report!.Experiment.Standing.Stage);
        Assert.Contains("could not be read", report.Experiment.Standing.Warning);
        Assert.AreEqual(PolicyStatus.Conflict, (await Client.GetGrain<IExperimentGrain>(name).Promote(PolicyVersions.Any, "", "test")).Status);
    }

    /// <summary>Stores something else, and what the next activation has of it; null when it has nothing. An activation may store what it knows just before it ends.</summary>
    private static async Task<MeshExperiment?> ReplaceAsync(string name, byte[] payload)
    {
        await StoredAsync(name, payload);
        await Silos.DeactivateAsync(Client.GetGrain<IExperimentGrain>(name));
        try
        {
            return await Client.GetGrain<IExperimentGrain>(name).Get();
        }
        catch (Exception)
        {
            return null;
        }
    }

    private static async Task<string[]> NamesAsync() => [.. (await Index.List()).Experiments.Select(static e => e.Name)];

    /// <summary>What is stored of an experiment; and puts something else in its place.</summary>
    private static async Task<byte[]> StoredAsync(string name, byte[]? payload)
    {
        await using var connection = new SqliteConnection($"Data Source={StoragePath};Pooling=False;Default Timeout=30");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "select payload from grain_state where state_name = 'experiment' and grain_id = $grain";
        command.Parameters.AddWithValue("$grain", $"experiment/{name}");
        var before = (byte[])(await command.ExecuteScalarAsync())!;
        if (payload is null) return before;
        command.CommandText = "update grain_state set payload = $payload where state_name = 'experiment' and grain_id = $grain";
        command.Parameters.AddWithValue("$payload", payload);
        Assert.AreEqual(1, await command.ExecuteNonQueryAsync());
        return before;
    }
}
