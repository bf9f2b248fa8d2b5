using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using InferMesh.Adapters.Tls;

namespace InferMesh.Adapters.Storage.S3;

/// <summary>Measures a service of S3's kind: the head of an object, then its first bytes. Writes nothing. Thread-safe; the client is shared and not disposed here.</summary>
public sealed class S3StorageProbe : IStorageProbe
{
    private const string Kind = "s3";
    private const int ChunkBytes = 64 << 10;

    private readonly HttpClient _client;
    private readonly S3StorageOptions _options;
    private readonly TimeProvider _time;
    private readonly string _path;
    private readonly Uri _address;

    /// <summary>Creates the probe; nothing is asked before the first read.</summary>
    /// <param name="client">Client for all requests. Its own timeout still applies.</param>
    /// <param name="options">What to measure.</param>
    /// <param name="time">Clock of the limit, the signatures and the readings.</param>
    /// <exception cref="ArgumentException">An option is not usable.</exception>
    public S3StorageProbe(HttpClient client, S3StorageOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        if (!options.Endpoint.IsAbsoluteUri || options.Endpoint.Scheme is not ("http" or "https") || options.Endpoint.AbsolutePath != "/" || options.Endpoint.Query.Length > 0 || options.Endpoint.UserInfo.Length > 0)
            throw new ArgumentException($"{nameof(options.Endpoint)} must be an http or https address without a path, a query or a user", nameof(options));
        if (options.Bytes is < 1 or > S3StorageOptions.MostBytes)
            throw new ArgumentException($"{nameof(options.Bytes)} is {options.Bytes}; it must be from 1 to {S3StorageOptions.MostBytes}", nameof(options));
        if (options.Timeout <= TimeSpan.Zero)
            throw new ArgumentException($"{nameof(options.Timeout)} is {options.Timeout}; it must be above zero", nameof(options));
        if (string.IsNullOrEmpty(options.Bucket) || options.Bucket.Contains('/', StringComparison.Ordinal) || IsDots(options.Bucket))
            throw new ArgumentException($"{nameof(options.Bucket)} '{options.Bucket}' is no bucket", nameof(options));
        // An address swallows such segments, and then another object would be asked for than was signed.
        if (string.IsNullOrEmpty(options.Key) || options.Key.Split('/').Any(IsDots))
            throw new ArgumentException($"{nameof(options.Key)} '{options.Key}' must name an object, without segments of dots", nameof(options));
        (_client, _options, _time) = (client, options, time);
        _path = SigV4.Path([options.Bucket, .. options.Key.Split('/')]);
        _address = new Uri(options.Endpoint.GetLeftPart(UriPartial.Authority) + _path);
    }

    /// <inheritdoc/>
    public string Name => _options.Name;

    /// <inheritdoc/>
    public async ValueTask<StorageReading> ReadAsync(CancellationToken cancellationToken)
    {
        var reading = new StorageReading { Name = Name, Kind = Kind, Healthy = false, SampledAt = _time.GetUtcNow() };
        var missing = new MissingFields();
        missing.Add(nameof(reading.WriteBytesPerSecond), "the probe writes nothing");
        missing.Add(nameof(reading.FreeBytes), "an object store names no limit");
        using var limit = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        string error;
        try
        {
            reading = await HeadAsync(reading, either.Token);
            if (reading.Error is null)
                reading = await GetAsync(reading, missing, either.Token);
            return reading.Complete(missing, reading.Error ?? "it was not measured");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            error = string.Create(CultureInfo.InvariantCulture, $"{_options.Endpoint}: not done within {_options.Timeout.TotalSeconds:0.###} s");
        }
        catch (Exception exception) when (exception is HttpRequestException or System.Net.Sockets.SocketException or IOException)
        {
            error = $"{_options.Endpoint}: {ClientTls.Reason(exception)}";
        }
        return (reading with { Healthy = false, Error = error }).Complete(missing, error);
    }

    private async Task<StorageReading> HeadAsync(StorageReading reading, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Head, null);
        var started = Stopwatch.GetTimestamp();
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        var latency = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return response.StatusCode == HttpStatusCode.OK
            ? reading with { LatencySeconds = latency, TotalBytes = response.Content.Headers.ContentLength }
            : reading with { Error = Refused("HEAD", response.StatusCode) };
    }

    private async Task<StorageReading> GetAsync(StorageReading reading, MissingFields missing, CancellationToken cancellationToken)
    {
        if (reading.TotalBytes == 0)
        {
            missing.Add(nameof(reading.ReadBytesPerSecond), "the object is empty");
            missing.Add(nameof(reading.FirstByteSeconds), "the object is empty");
            return reading with { Healthy = true };
        }
        using var request = Request(HttpMethod.Get, new RangeHeaderValue(0, _options.Bytes - 1));
        var started = Stopwatch.GetTimestamp();
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode is not (HttpStatusCode.PartialContent or HttpStatusCode.OK))
            return reading with { Error = Refused("GET", response.StatusCode) };
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var chunk = new byte[ChunkBytes];
        var (bytes, first) = (0L, 0.0);
        int read;
        // A service that does not know ranges sends all of it: the rest is left unread.
        while (bytes < _options.Bytes && (read = await body.ReadAsync(chunk, cancellationToken)) > 0)
        {
            if (bytes == 0)
                first = Stopwatch.GetElapsedTime(started).TotalSeconds;
            bytes += read;
        }
        if (bytes == 0)
            return reading with { Error = $"GET {_path} answered without a byte" };
        var seconds = Math.Max(Stopwatch.GetElapsedTime(started).TotalSeconds, 1e-9);
        return reading with { Healthy = true, FirstByteSeconds = first, ReadBytesPerSecond = bytes / seconds, ReadMayBeCached = false };
    }

    private HttpRequestMessage Request(HttpMethod method, RangeHeaderValue? range)
    {
        var request = new HttpRequestMessage(method, _address);
        request.Headers.Range = range;
        if (_options.Keys is not { } keys)
            return request;
        var now = _time.GetUtcNow();
        List<(string Name, string Value)> headers = [("x-amz-content-sha256", SigV4.EmptyBody), ("x-amz-date", SigV4.Timestamp(now))];
        if (keys.SessionToken is { } token)
            headers.Add(("x-amz-security-token", token));
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        // Said here, so that what is sent is what is signed.
        request.Headers.Host = _address.Authority;
        headers.Add(("host", _address.Authority));
        if (range is not null)
            headers.Add(("range", range.ToString()));
        var authorization = SigV4.Authorize(new SigV4Request(method.Method, _path, [], headers), new SigV4Scope(_options.Region, Kind, now), keys);
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        return request;
    }

    private string Refused(string method, HttpStatusCode status) => string.Create(CultureInfo.InvariantCulture, $"{method} {_path} answered {(int)status}") + status switch
    {
        HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized => _options.Keys is null ? ": it may not be read without keys" : ": check keys, region and the clock of this machine",
        HttpStatusCode.NotFound => ": there is no such bucket or object",
        HttpStatusCode.MovedPermanently or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect => ": the bucket is in another region",
        _ => "",
    };

    private static bool IsDots(string segment) => segment is "." or "..";
}
