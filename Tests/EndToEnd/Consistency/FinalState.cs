using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using InferMesh.Tests.EndToEnd.Consistency.Checks;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Consistency;

/// <summary>What is stored when all is over, as each API tells it.</summary>
internal sealed class FinalState
{
    // The index of jobs hears of what was lost with a silo within seconds.
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(60);

    private FinalState()
    {
    }

    /// <summary>The histories of policies, by key.</summary>
    public Dictionary<string, IReadOnlyList<StoredVersion>> Histories { get; } = [];

    public IReadOnlyList<StoredJob> Jobs { get; private set; } = [];

    /// <summary>What one API tells in another way than the first.</summary>
    public List<string> Differences { get; } = [];

    public static async Task<FinalState> ReadAsync(IReadOnlyList<HttpClient> apis, ObjectWorkload objects, History history)
    {
        var state = new FinalState();
        foreach (var key in history.Operations.Select(static o => o.Key).Distinct().Order(StringComparer.Ordinal).ToArray())
        {
            await objects.ReadAllAsync(key);
            var texts = await Task.WhenAll(apis.Select(a => TextAsync(a, $"/api/v1/{key}")));
            if (texts.Distinct().Count() > 1) state.Differences.Add($"{key}: {string.Join(" / ", texts)}");
            if (!key.StartsWith(ObjectCalls.Policies, StringComparison.Ordinal)) continue;
            var versions = await Task.WhenAll(apis.Select(a => HistoryAsync(a, key)));
            if (versions.Any(v => !v.SequenceEqual(versions[0]))) state.Differences.Add($"history of {key}: {string.Join(" / ", versions.Select(static v => $"{v.Count} versions"))}");
            state.Histories[key] = versions[0];
        }
        await state.ReadJobsAsync(apis, history);
        return state;
    }

    public void Save(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "histories.json"), JsonSerializer.Serialize(Histories));
        File.WriteAllText(Path.Combine(folder, "jobs.json"), JsonSerializer.Serialize(Jobs));
    }

    private async Task ReadJobsAsync(IReadOnlyList<HttpClient> apis, History history)
    {
        var acknowledged = history.Submissions.Where(static s => s.Outcome == Outcome.Ok).Select(static s => s.Job!).Distinct().ToArray();
        foreach (var job in acknowledged)
        {
            var names = await Task.WhenAll(apis.Select(a => JobNameAsync(a, job)));
            if (names.Distinct().Count() > 1 || names[0] is null) Differences.Add($"job {job}: {string.Join(" / ", names.Select(static n => n ?? "not found"))}");
        }
        try
        {
            await ExternalProcess.UntilAsync(
                async () =>
                {
                    Jobs = await JobWorkload.ListAsync(apis[0]);
                    return acknowledged.Except(Jobs.Select(static j => j.Id)).FirstOrDefault() is null;
                },
                Settle, "all jobs are listed");
        }
        catch (TimeoutException)
        {
            // The check of jobs says which.
        }
    }

    private static async Task<string?> JobNameAsync(HttpClient api, string job)
    {
        using var response = await api.GetAsync($"/api/v1/jobs/{job}");
        return response.StatusCode == HttpStatusCode.OK ? (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("spec").GetProperty("name").GetString() : null;
    }

    private static async Task<IReadOnlyList<StoredVersion>> HistoryAsync(HttpClient api, string key)
    {
        using var response = await api.GetAsync($"/api/v1/{key}/history");
        if (response.StatusCode == HttpStatusCode.NotFound) return [];
        response.EnsureSuccessStatusCode();
        return
        [
            .. (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("items").EnumerateArray().Select(static v => new StoredVersion(
                v.GetProperty("version").GetInt64(), v.GetProperty("spec").GetProperty("description").GetString()!, v.GetProperty("deleted").GetBoolean(), TagOf(v.GetProperty("changedBy").GetString()!))),
        ];
    }

    /// <summary>What a caller said of itself: its identity is that of everybody here.</summary>
    private static string TagOf(string actor) => actor.Split("(says ") is [_, var said] ? said.TrimEnd(')') : actor;

    // Without what differs from answer to answer.
    private static async Task<string> TextAsync(HttpClient api, string path)
    {
        using var response = await api.GetAsync(path);
        return response.StatusCode == HttpStatusCode.OK ? await response.Content.ReadAsStringAsync() : $"{(int)response.StatusCode}";
    }
}
