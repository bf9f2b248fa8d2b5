using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace InferMesh.Tests.Unit.Adapters.Storage;

/// <summary>A service of S3's kind on a free port, which checks signatures by itself, from what arrived.</summary>
internal sealed class FakeS3 : IAsyncDisposable
{
    public const string KeyId = "AKIDEXAMPLE", Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", Region = "eu-north-1", Token = "session-token";

    private readonly WebApplication _app;

    private FakeS3(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;

    /// <summary>Objects by path, encoded as it arrives.</summary>
    public ConcurrentDictionary<string, byte[]> Objects { get; } = new(StringComparer.Ordinal);

    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Whether anybody may read.</summary>
    public bool Public { get; set; }

    public bool KnowsRanges { get; set; } = true;

    public TimeSpan Delay { get; set; }

    public static async Task<FakeS3> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var server = new FakeS3(app);
        app.Run(server.AnswerAsync);
        await app.StartAsync();
        server.Address = new Uri(app.Urls.Single());
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        // As it was sent: a signature is of the encoded path.
        var path = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
        Requests.Enqueue($"{request.Method} {path} {request.Headers.Range}".TrimEnd());
        await Task.Delay(Delay, context.RequestAborted);
        if (!Public && !IsSigned(request, path))
            context.Response.StatusCode = 403;
        else if (!Objects.TryGetValue(path, out var bytes))
            context.Response.StatusCode = 404;
        else
            await SendAsync(context, bytes);
    }

    private async Task SendAsync(HttpContext context, byte[] bytes)
    {
        var length = bytes.Length;
        if (KnowsRanges && context.Request.GetTypedHeaders().Range?.Ranges.Single() is { } range)
        {
            if (range.From >= length)
            {
                context.Response.StatusCode = 416;
                return;
            }
            length = (int)Math.Min(range.To!.Value + 1, length);
            context.Response.StatusCode = 206;
        }
        context.Response.ContentLength = length;
        if (HttpMethods.IsGet(context.Request.Method))
            await context.Response.Body.WriteAsync(bytes.AsMemory(0, length), context.RequestAborted);
    }

    private static bool IsSigned(HttpRequest request, string path)
    {
        var parts = request.Headers.Authorization.ToString().Split("AWS4-HMAC-SHA256 ", 2);
        if (parts.Length != 2)
            return false;
        var fields = parts[1].Split(',').Select(field => field.Trim().Split('=', 2)).ToDictionary(field => field[0], field => field[1]);
        var scope = fields["Credential"].Split('/', 2);
        var time = request.Headers["x-amz-date"].ToString();
        if (scope[0] != KeyId || scope[1] != $"{time[..8]}/{Region}/s3/aws4_request" || request.Headers["x-amz-security-token"] != Token)
            return false;
        var names = fields["SignedHeaders"].Split(';');
        if (!new[] { "host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token" }.All(names.Contains))
            return false;
        var canonical = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{request.Method}\n{path}\n\n");
        foreach (var name in names)
            canonical.Append(CultureInfo.InvariantCulture, $"{name}:{request.Headers[name]}\n");
        canonical.Append(CultureInfo.InvariantCulture, $"\n{fields["SignedHeaders"]}\n{request.Headers["x-amz-content-sha256"]}");
        var text = $"AWS4-HMAC-SHA256\n{time}\n{scope[1]}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical.ToString())))}";
        var key = Encoding.UTF8.GetBytes("AWS4" + Secret);
        foreach (var step in scope[1].Split('/').Append(text))
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(step));
        return fields["Signature"] == Convert.ToHexStringLower(key);
    }
}
