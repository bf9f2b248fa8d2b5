namespace InferMesh.AppHost.Local.Health;

/// <summary>A process is up while its health page answers with success.</summary>
internal sealed class HttpHealth(string url) : IHealthCheck
{
    // No proxy: a proxy from the environment would be asked for 127.0.0.1.
    private static readonly HttpClient Client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };

    public async Task<bool> IsHealthyAsync(ProcessLog log, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await Client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or System.Net.Sockets.SocketException)
        {
            return false;
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
