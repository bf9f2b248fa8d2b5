using Microsoft.Extensions.Configuration;

namespace InferMesh.ServiceDefaults.Hosting;

/// <summary>
/// <c>--probe URL</c>: asks a health endpoint instead of running, and says what it answers by the exit code. Images without a shell and
/// without curl have nothing else to do it with.
/// </summary>
internal static class HealthProbe
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(5);

    /// <summary>What is to be asked; null when the process is to run.</summary>
    public static string? Asked(string[] args) => new ConfigurationBuilder().AddCommandLine(args).Build()["probe"];

    public static async Task<int> RunAsync(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            await Console.Error.WriteLineAsync($"--probe {address} must be an http(s) address, such as http://127.0.0.1:8081/health/ready").ConfigureAwait(false);
            return ExitCodes.BadConfiguration;
        }

        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = s_limit };
        try
        {
            using var response = await client.GetAsync(uri).ConfigureAwait(false);
            await Console.Out.WriteLineAsync($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync().ConfigureAwait(false)}").ConfigureAwait(false);
            return response.IsSuccessStatusCode ? ExitCodes.Stopped : ExitCodes.Failed;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            await Console.Error.WriteLineAsync($"{uri} does not answer: {e.Message}").ConfigureAwait(false);
            return ExitCodes.Failed;
        }
    }
}
