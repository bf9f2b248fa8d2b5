using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using InferMesh.Adapters.Runtimes.PrometheusText;
using InferMesh.Adapters.Tls;

namespace InferMesh.Adapters.Gpu.Dcgm;

/// <summary>GPU readings from the page of a dcgm-exporter. Thread-safe.</summary>
public sealed class DcgmGpuSource : IGpuSource
{
    private const int ChunkBytes = 16 << 10;

    private readonly DcgmGpuOptions _options;
    private readonly AuthenticationHeaderValue? _authorization;
    private readonly HttpClient _client;
    private volatile IReadOnlyList<PrometheusFamily> _families = [];
    private bool _disposed;

    /// <summary>Creates the source; nothing is fetched before the first read.</summary>
    /// <param name="options">Where the exporter listens.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="FormatException">The token cannot stand in a header.</exception>
    public DcgmGpuSource(DcgmGpuOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!options.Endpoint.IsAbsoluteUri || options.Endpoint.Scheme is not ("http" or "https"))
            throw new ArgumentException($"{nameof(options.Endpoint)} is {options.Endpoint}; it must be an http or https address", nameof(options));
        if (options.Timeout <= TimeSpan.Zero)
            throw new ArgumentException($"{nameof(options.Timeout)} is {options.Timeout}; it must be above zero", nameof(options));
        if (options.MaxPageBytes <= 0)
            throw new ArgumentException($"{nameof(options.MaxPageBytes)} is {options.MaxPageBytes}; it must be above zero", nameof(options));
        _options = options;
        _authorization = string.IsNullOrEmpty(options.BearerToken) ? null : new AuthenticationHeaderValue("Bearer", options.BearerToken);
        // An exporter is a neighbour: no proxy. A redirect would carry the token to somebody who was not configured.
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(10) };
        if (options.Tls is { } tls)
            handler.SslOptions = tls.ToOptions();
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <inheritdoc/>
    public string Name => "dcgm";

    /// <summary>The exporter's own metrics (<c>DCGM_FI_*</c>) as they stood on the page of the last read that succeeded; none before it and after one that failed. Thread-safe.</summary>
    public IReadOnlyList<PrometheusFamily> Families => _families;

    /// <inheritdoc/>
    public GpuSourceResult Read()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var result = ReadAsync().GetAwaiter().GetResult();
        if (result is not GpuSourceResult.Available) _families = [];
        return result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _client.Dispose();
    }

    private async Task<GpuSourceResult> ReadAsync()
    {
        using var limit = new CancellationTokenSource(_options.Timeout);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, _options.Endpoint);
            request.Headers.Authorization = _authorization;
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                return Refused(response.StatusCode);
            await using var body = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            return await PageAsync(body, limit.Token).ConfigureAwait(false) is { } page ? Parse(page) : Failed($"the page is larger than {_options.MaxPageBytes} bytes");
        }
        catch (OperationCanceledException)
        {
            return Failed(string.Create(CultureInfo.InvariantCulture, $"no whole answer within {_options.Timeout.TotalSeconds:0.###} s"));
        }
        catch (Exception exception) when (exception is HttpRequestException or System.Net.Sockets.SocketException or IOException)
        {
            return Failed(ClientTls.Reason(exception));
        }
    }

    /// <summary>The whole page; null when it is larger than the limit.</summary>
    private async Task<byte[]?> PageAsync(Stream body, CancellationToken cancellationToken)
    {
        using var page = new MemoryStream();
        var chunk = new byte[ChunkBytes];
        int read;
        while ((read = await body.ReadAsync(chunk, cancellationToken).ConfigureAwait(false)) > 0)
        {
            if (page.Length + read > _options.MaxPageBytes)
                return null;
            page.Write(chunk, 0, read);
        }
        return page.ToArray();
    }

    private GpuSourceResult Parse(byte[] page)
    {
        var parsed = PrometheusPage.Parse(page);
        _families = [.. parsed.Families.Where(static f => f.Name.StartsWith(DcgmPage.Prefix, StringComparison.Ordinal))];
        return DcgmPage.Read(parsed, Name) is { } snapshot
            ? new GpuSourceResult.Available(snapshot)
            : new GpuSourceResult.Unavailable(GpuSourceFailure.Unreadable, $"{_options.Endpoint} answered without one DCGM metric of a GPU");
    }

    /// <summary>The snapshot of a page; null when it carries no DCGM metric of a GPU. Never throws.</summary>
    internal static GpuSnapshot? Parse(ReadOnlySpan<byte> page, string source) => DcgmPage.Read(PrometheusPage.Parse(page), source);

    private GpuSourceResult.Unavailable Refused(HttpStatusCode status) => new(
        status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? GpuSourceFailure.NoPermission : GpuSourceFailure.NoAnswer,
        string.Create(CultureInfo.InvariantCulture, $"{_options.Endpoint} answered {(int)status}"));

    private GpuSourceResult.Unavailable Failed(string reason) => new(GpuSourceFailure.NoAnswer, $"{_options.Endpoint}: {reason}");
}
