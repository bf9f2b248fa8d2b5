using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Mime;
using System.Text;
using InferMesh.Adapters.Tls;

namespace InferMesh.Adapters.Runtimes.Http;

/// <summary>One request.</summary>
/// <param name="Address">Where to.</param>
/// <param name="Method">GET where null.</param>
/// <param name="Json">Body; null sends none.</param>
/// <param name="MaxBytes">Where to stop reading the answer's body.</param>
/// <param name="KeepFailure">Reads the body of a failure too, for the runtime's own words.</param>
internal sealed record RuntimeRequest(Uri Address, HttpMethod? Method = null, string? Json = null, int MaxBytes = 64 << 10, bool KeepFailure = false);

/// <summary>What came back from one request.</summary>
/// <param name="Ok">True for a 2xx status, even when the body broke off.</param>
/// <param name="Body">The body as far as it arrived, up to the limit.</param>
/// <param name="Whole">True when the body arrived to its end within the limit.</param>
/// <param name="OpenMetrics">True when the body says that it is OpenMetrics.</param>
/// <param name="Status">HTTP status; 0 when none arrived.</param>
/// <param name="Error">What went wrong; null when nothing did.</param>
/// <param name="TimedOut">True when the deadline ended it.</param>
internal sealed record RuntimeResponse(bool Ok, byte[] Body, bool Whole, bool OpenMetrics, int Status, string? Error, bool TimedOut = false);

/// <summary>Bounded requests that turn every failure but the caller's cancellation into an answer.</summary>
internal sealed class RuntimeHttp(HttpClient client, string? bearerToken)
{
    private const int ChunkBytes = 16 << 10;

    /// <param name="what">The request.</param>
    /// <param name="timeout">The deadline of the whole read; not the caller's token.</param>
    /// <param name="caller">The caller's token.</param>
    public async Task<RuntimeResponse> SendAsync(RuntimeRequest what, CancellationToken timeout, CancellationToken caller)
    {
        var name = $"{what.Method ?? HttpMethod.Get} {what.Address.AbsolutePath}";
        var body = new MemoryStream();
        var status = 0;
        var openMetrics = false;
        try
        {
            using var request = Message(what);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout);
            status = (int)response.StatusCode;
            openMetrics = response.Content.Headers.ContentType?.MediaType == "application/openmetrics-text";
            var failure = response.IsSuccessStatusCode ? null : string.Create(CultureInfo.InvariantCulture, $"{name} answered {status}");
            if (failure is not null && !what.KeepFailure)
                return Failed(failure);
            await using var stream = await response.Content.ReadAsStreamAsync(timeout);
            var whole = await CopyAsync(stream, body, what.MaxBytes, timeout);
            if (failure is not null)
                return Failed(failure) with { Body = body.ToArray() };
            return Arrived(whole, whole ? null : string.Create(CultureInfo.InvariantCulture, $"{name}: the body is larger than {what.MaxBytes} bytes"));
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            return Broke($"{name}: timeout") with { TimedOut = true }; // our deadline or the client's own
        }
        catch (Exception e) when (e is HttpRequestException or System.Net.Sockets.SocketException or IOException)
        {
            return Broke($"{name}: {ClientTls.Reason(e)}");
        }

        RuntimeResponse Arrived(bool whole, string? error) => new(true, body.ToArray(), whole, openMetrics, status, error);
        RuntimeResponse Failed(string error) => new(false, [], false, openMetrics, status, error);
        // A body that broke off after a good status is a part, and a part is worth reading.
        RuntimeResponse Broke(string error) => body.Length > 0 && status is >= 200 and < 300 ? Arrived(whole: false, error + ", in the middle of the body") : Failed(error);
    }

    private HttpRequestMessage Message(RuntimeRequest what)
    {
        var request = new HttpRequestMessage(what.Method ?? HttpMethod.Get, what.Address);
        if (!string.IsNullOrEmpty(bearerToken))
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearerToken);
        if (what.Json is not null)
            request.Content = new StringContent(what.Json, Encoding.UTF8, MediaTypeNames.Application.Json);
        return request;
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
