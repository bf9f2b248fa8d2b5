using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Monitoring;

/// <summary>A throw-away Prometheus on a free loopback port, with the rules of the repository.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private PrometheusServer(Process process, DirectoryInfo folder, Uri address) =>
        (_process, _folder, Client) = (process, folder, new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(20) });

    private static string Rules => Path.Combine(Repository.Root, "Aspire.AppHost/monitoring/prometheus");

    public HttpClient Client { get; }

    /// <summary>The program; the test is inconclusive when it is not installed.</summary>
    public static string Find(string program)
    {
        if (ExternalProcess.Find(program) is { } found) return found;
        Assert.Inconclusive($"{program} is not on PATH (Debian: apt-get install prometheus)");
        throw new UnreachableException();
    }

    /// <summary>Starts it; it scrapes once a second.</summary>
    /// <param name="jobs">Addresses by name of the job.</param>
    public static async Task<PrometheusServer> StartAsync(IReadOnlyDictionary<string, IReadOnlyList<Uri>> jobs)
    {
        var program = Find("prometheus");
        var folder = Directory.CreateTempSubdirectory("infermesh-prometheus-");
        var address = new Uri($"http://127.0.0.1:{ExternalProcess.FreePort()}");
        var config = $"""
            global: {"{"} scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s {"}"}
            rule_files: ["{Rules}/recording.yml", "{Rules}/alerts.yml"]
            scrape_configs:
            {string.Join("\n", jobs.Select(j => $"  - {{ job_name: {j.Key}, static_configs: [{{ targets: [{string.Join(", ", j.Value.Select(a => $"\"{a.Authority}\""))}] }}] }}"))}
            """;
        var file = Path.Combine(folder.FullName, "prometheus.yml");
        await File.WriteAllTextAsync(file, config);
        var process = ExternalProcess.Start(program, $"--config.file={file}", $"--storage.tsdb.path={folder.FullName}/data", $"--web.listen-address={address.Authority}", "--enable-feature=exemplar-storage");
        // Somebody must read what it says, or it stops when the pipe is full.
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var server = new PrometheusServer(process, folder, address);
        await ExternalProcess.UntilAsync(server.IsReadyAsync, TimeSpan.FromSeconds(60), "Prometheus is ready");
        return server;
    }

    /// <summary>Result of an instant query; fails the test when Prometheus refuses the query.</summary>
    public async Task<JsonElement[]> QueryAsync(string expression)
    {
        using var body = new FormUrlEncodedContent([new("query", expression)]);
        using var response = await Client.PostAsync("/api/v1/query", body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.IsTrue(response.IsSuccessStatusCode, $"{expression}: {text}");
        return [.. JsonDocument.Parse(text).RootElement.GetProperty("data").GetProperty("result").EnumerateArray()];
    }

    /// <summary>The one number that an expression gives; null when it gives none.</summary>
    public async Task<double?> NumberAsync(string expression) =>
        await QueryAsync(expression) is [var one] ? double.Parse(one.GetProperty("value")[1].GetString()!, System.Globalization.CultureInfo.InvariantCulture) : null;

    public async Task<JsonElement> GetAsync(string path) => await Client.GetFromJsonAsync<JsonElement>(path);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task<bool> IsReadyAsync()
    {
        Assert.IsFalse(_process.HasExited, "Prometheus ended");
        try
        {
            using var answer = await Client.GetAsync("/-/ready");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
