using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace InferMesh.Tests.EndToEnd;

/// <summary>A mesh with three agents that start real processes for jobs, two synthetic GPUs each, started once.</summary>
public static class TrainingMesh
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly Lazy<Task<MeshProcess>> Started = new(() => MeshProcess.StartAsync(readyNodes: 3, settings: ["--Mesh:Fleet=false", "--Mesh:Trainers=3", "--Mesh:TrainerGpus=2"]));

    internal static Task<MeshProcess> GetAsync() => Started.Value;

    /// <summary>Called when all tests are over.</summary>
    public static async Task StopAsync()
    {
        if (Started is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }) await (await Started.Value).DisposeAsync();
    }

    /// <summary>Submits a job over REST and gives its id.</summary>
    internal static async Task<string> SubmitAsync(this MeshProcess mesh, object job)
    {
        using var response = await mesh.Api.PostAsJsonAsync("/api/v1/jobs", job);
        var text = await response.Content.ReadAsStringAsync();
        Assert.AreEqual(201, (int)response.StatusCode, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("id").GetString()!;
    }

    internal static Task<JsonElement> JobAsync(this MeshProcess mesh, string id) => mesh.Api.GetFromJsonAsync<JsonElement>($"/api/v1/jobs/{id}");

    /// <summary>The job as soon as the condition holds.</summary>
    internal static async Task<JsonElement> UntilJobAsync(this MeshProcess mesh, string id, Func<JsonElement, bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var job = await mesh.JobAsync(id);
            if (condition(job)) return job;
            if (watch.Elapsed > Patience) Assert.Fail($"{what}: {job}\n{await mesh.Api.GetStringAsync($"/api/v1/jobs/{id}/events")}");
            await Task.Delay(100);
        }
    }

    internal static string State(this JsonElement job) => job.GetProperty("state").GetString()!;

    /// <summary>Processes of the ranks of a job, by rank.</summary>
    internal static IReadOnlyDictionary<int, int> RanksOf(string job)
    {
        var ranks = new Dictionary<int, int>();
        foreach (var folder in Directory.GetDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _)))
        {
            try
            {
                var variables = File.ReadAllText(Path.Combine(folder, "environ")).Split('\0');
                if (!variables.Contains($"INFERMESH_JOB_ID={job}") || !File.ReadAllText(Path.Combine(folder, "cmdline")).Contains("trainer", StringComparison.Ordinal)) continue;
                ranks[int.Parse(variables.Single(v => v.StartsWith("RANK=", StringComparison.Ordinal))[5..], System.Globalization.CultureInfo.InvariantCulture)] =
                    int.Parse(Path.GetFileName(folder), System.Globalization.CultureInfo.InvariantCulture);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has ended meanwhile.
            }
        }
        return ranks;
    }

    /// <summary>Runs the command line tool.</summary>
    internal static async Task<(int Exit, string Output)> CliAsync(this MeshProcess mesh, params string[] arguments)
    {
        // What follows "--" is the job's.
        var end = Array.IndexOf(arguments, "--") is >= 0 and var at ? at : arguments.Length;
        string[] command = [Repository.Assembly("Cli", "InferMesh.Cli"), .. arguments[..end], "--api", mesh.Api.BaseAddress!.ToString(), .. arguments[end..]];
        using var process = Process.Start(new ProcessStartInfo("dotnet", command)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, string.Concat(output));
    }
}
