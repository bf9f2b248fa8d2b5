using System.Diagnostics;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.WebConsole;

/// <summary>A second API of the shared mesh, in which people have to sign in.</summary>
internal sealed class EnforcedApi : IAsyncDisposable
{
    private readonly Process _process;

    private EnforcedApi(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    public static async Task<EnforcedApi> StartAsync(MeshProcess mesh, params (string Key, string Value)[] settings)
    {
        var port = ExternalProcess.FreePort();
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = mesh.Folder,
            ArgumentList = { Repository.Assembly("Api", "InferMesh.Api") },
        };
        // As the mesh's own API, which knows how to find the silos; but nobody counts it among the mesh's processes.
        foreach (var entry in (await File.ReadAllTextAsync($"/proc/{mesh.ApiPid()}/environ")).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var at = entry.IndexOf('=', StringComparison.Ordinal);
            start.Environment[entry[..at]] = entry[(at + 1)..];
        }
        foreach (var key in start.Environment.Keys.Where(k => k.Contains("PARENT_PID", StringComparison.Ordinal)).ToArray()) start.Environment.Remove(key);
        var arguments = (await File.ReadAllTextAsync($"/proc/{mesh.ApiPid()}/cmdline")).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        foreach (var argument in arguments.Where(a => a.StartsWith("--", StringComparison.Ordinal))) start.ArgumentList.Add(argument);
        foreach (var (key, value) in settings.Append(("InferMesh:Http:Port", $"{port}")).Append(("InferMesh:Http:GrpcPort", $"{ExternalProcess.FreePort()}")).Append(("InferMesh:Security:Mode", "Enforced")))
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
            start.ArgumentList.Add($"--{key}={value}");
        }
        var api = new EnforcedApi(Process.Start(start)!, new($"http://127.0.0.1:{port}"));
        using var http = new HttpClient { BaseAddress = api.Address };
        await ExternalProcess.UntilAsync(async () =>
        {
            try
            {
                using var ready = await http.GetAsync("/health/ready");
                return ready.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, TimeSpan.FromMinutes(1), "the second API");
        return api;
    }

    public async ValueTask DisposeAsync()
    {
        MeshProcess.Kill(_process.Id, 15);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
