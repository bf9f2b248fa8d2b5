using System.Globalization;
using System.Net.Http.Headers;

namespace InferMesh.Adapters.Runtimes.Vllm;

/// <summary>What came back from one GET.</summary>
/// <param name="Ok">True for a 2xx status, even when the body broke off.</param>
/// <param name="Body">The body as far as it arrived, up to the limit.</param>
/// <param name="Whole">True when the body arrived to its end within the limit.</param>
/// <param name="OpenMetrics">True when the body says that it is OpenMetrics.</param>
/// <param name="Status">HTTP status; 0 when none arrived.</param>
/// <param name="Error">What went wrong; null when nothing did.</param>
internal sealed record VllmResponse(bool Ok, byte[] Body, bool Whole, bool OpenMetrics, int Status, string? Error);

/// <summary>Bounded GETs that turn every failure but the caller's cancellation into an answer.</summary>
internal sealed class VllmHttp(HttpClient client, string? bearerToken)
{
    private const int ChunkBytes = 16 << 10;

    /// <param name="address">What to get.</param>
    /// <param name="maxBytes">Where to stop reading the body.</param>
    /// <param name="timeout">The deadline of the whole read; not the caller's token.</param>
    /// <param name="caller">The caller's token.</param>
    public async Task<VllmResponse> GetAsync(Uri address, int maxBytes, CancellationToken timeout, CancellationToken caller)
    {
        var what = $"GET {address.AbsolutePath}";
        var body = new MemoryStream();
        var status = 0;
        var openMetrics = false;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            if (!string.IsNullOrEmpty(bearerToken))
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearerToken);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout);
            status = (int)response.StatusCode;
            openMetrics = response.Content.Headers.ContentType?.MediaType == "application/openmetrics-text";
            if (!response.IsSuccessStatusCode)
                return Failed(string.Create(CultureInfo.InvariantCulture, $"{what} answered {status}"));
            await using var stream = await response.Content.ReadAsStreamAsync(timeout);
            var whole = await CopyAsync(stream, body, maxBytes, timeout);
            return Arrived(whole, whole ? null : string.Create(CultureInfo.InvariantCulture, $"{what}: the body is larger than {maxBytes} bytes"));
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            return Broke($"{what}: timeout"); // our deadline or the client's own
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return Broke($"{what}: {e.Message}");
        }

        VllmResponse Arrived(bool whole, string? error) => new(true, body.ToArray(), whole, openMetrics, status, error);
        VllmResponse Failed(string error) => new(false, [], false, openMetrics, status, error);
        // A body that broke off after a good status is a part, and a part is worth reading.
        VllmResponse Broke(string error) => body.Length > 0 ? Arrived(whole: false, error + ", in the middle of the body") : Failed(error);
    }

    private static async Task<bool> CopyAsync(Stream from, MemoryStream to, int maxBytes, CancellationToken cancellationToken)
    {
        var chunk = new byte[ChunkBytes];
        int read;
        while ((read = await from.ReadAsync(chunk, cancellationToken)) > 0)
        {
            var room = maxBytes - (int)to.Length;
            to.Write(chunk, 0, Math.Min(read, room));
            if (read > room)
                return false;
        }
        return true;
    }
}
