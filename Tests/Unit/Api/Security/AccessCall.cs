using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using InferMesh.Api.Security.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;

namespace InferMesh.Tests.Unit.Api.Security;

/// <summary>One endpoint of the API, or one method of its services, as a test calls it: about what belongs to tenant acme.</summary>
internal sealed class AccessCall
{
    private static readonly Dictionary<string, string> Bodies = new(StringComparer.Ordinal)
    {
        ["POST /api/v1/jobs"] = """{"name":"n","tenant":"acme","project":"chat","command":["train"]}""",
        ["POST /api/v1/jobs/{id}:scale"] = """{"workers":1}""",
        ["POST /api/v1/route"] = """{"model":"m","tenant":"acme"}""",
        ["POST /api/v1/route:dryRun"] = """{"model":"m","tenant":"acme"}""",
        ["POST /api/v1/keys"] = """{"name":"k","roles":["inference-user"],"tenant":"acme"}""",
    };

    private readonly IMethod? _grpc;
    private readonly string _method;
    private readonly string _pattern;

    private AccessCall(RouteEndpoint endpoint, string method)
    {
        _grpc = endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method;
        _method = method;
        _pattern = "/" + endpoint.RoutePattern.RawText!.TrimStart('/');
        Needs = endpoint.Metadata.GetMetadata<NeedsAttribute>()?.Permission;
        IsOpen = endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;
        Order = endpoint.Order;
    }

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public Permission? Needs { get; }

    public bool IsOpen { get; }

    public int Order { get; }

    public string Name => _grpc is null ? $"{_method} {_pattern}" : $"grpc {_grpc.FullName}";

    /// <summary>Whether it names something of a tenant: to others that does not exist.</summary>
    public bool IsOwned => (_pattern.Contains("/jobs/{", StringComparison.Ordinal) || _pattern.Contains("/tenants/{", StringComparison.Ordinal) || _pattern.Contains("/keys/{", StringComparison.Ordinal)
        || (_pattern.Contains("JobPlane/", StringComparison.Ordinal) && !_pattern.EndsWith("/GetCapacity", StringComparison.Ordinal) && !_pattern.EndsWith("/ListJobs", StringComparison.Ordinal)) || _pattern.EndsWith("Tenant", StringComparison.Ordinal) || _pattern.EndsWith("TenantUsage", StringComparison.Ordinal) || _pattern.EndsWith("Key", StringComparison.Ordinal));

    /// <summary>All of them, by name. Of two for one address the one that is taken first.</summary>
    public static IReadOnlyList<AccessCall> All(EndpointDataSource endpoints) =>
    [
        .. endpoints.Endpoints.OfType<RouteEndpoint>()
            .SelectMany(e => (e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Where(m => m != "CONNECT").Select(m => new AccessCall(e, m)))
            .OrderBy(c => c.Order).DistinctBy(c => c._method + c._pattern).OrderBy(c => c.Name, StringComparer.Ordinal),
    ];

    /// <summary>Calls it and says what came: <c>+</c> let in, <c>1</c> unauthenticated, <c>3</c> forbidden, <c>4</c> no such thing.</summary>
    public async Task<char> SendAsync(HttpClient rest, HttpClient grpc, string? key, string prefix)
    {
        using var request = _grpc is null ? Rest(prefix) : Grpc(prefix);
        request.Headers.Add("x-infermesh-tenant", "acme");
        if (key is not null) request.Headers.Authorization = new("Bearer", key);
        using var limit = new CancellationTokenSource(Limit);
        using var response = await SendAsync(_grpc is null ? rest : grpc, request, limit.Token);
        var status = _grpc is null ? (int)response.StatusCode : await StatusAsync(response);
        return status switch
        {
            401 => '1',
            403 => '3',
            404 when IsOwned => '4',
            _ => '+',
        };
    }

    private async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{Name} was not answered within {Limit}.");
        }
    }

    private HttpRequestMessage Rest(string prefix)
    {
        var path = _pattern.Replace("{**name}", "m", StringComparison.Ordinal).Replace("{**id}", "m", StringComparison.Ordinal).Replace("{prefix}", prefix, StringComparison.Ordinal)
            .Replace("{id}", _pattern.Contains("/jobs/", StringComparison.Ordinal) ? "j-acme" : "n-1", StringComparison.Ordinal)
            .Replace("{name}", _pattern.Contains("/tenants/", StringComparison.Ordinal) ? "acme" : "x", StringComparison.Ordinal)
            .Replace("{model}", "m", StringComparison.Ordinal).Replace("{version}", "1", StringComparison.Ordinal).Replace("{documentName}", "v1", StringComparison.Ordinal);
        var request = new HttpRequestMessage(new(_method), path);
        request.Headers.Accept.Add(new("application/json"));
        if (Name == "POST /api/v1/strategies") request.Content = new ByteArrayContent([1]) { Headers = { ContentType = new("application/zip") } };
        else if (_method != "GET" && (!_pattern.Contains(':', StringComparison.Ordinal) || Bodies.ContainsKey(Name))) request.Content = new StringContent(Bodies.GetValueOrDefault(Name, "{}"), Encoding.UTF8, "application/json");
        return request;
    }

    private HttpRequestMessage Grpc(string prefix)
    {
        var message = (IMessage)Activator.CreateInstance(_grpc!.GetType().GetGenericArguments()[0])!;
        Fill(message, prefix);
        var body = message.ToByteArray();
        var frame = new byte[5 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), body.Length);
        body.CopyTo(frame, 5);
        var request = new HttpRequestMessage(HttpMethod.Post, _grpc.FullName) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(frame) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new("trailers"));
        return request;
    }

    private void Fill(IMessage message, string prefix)
    {
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (field is { FieldType: FieldType.String, IsRepeated: false, IsMap: false } && Value(field.Name, prefix) is { } value) field.Accessor.SetValue(message, value);
            else if (field is { FieldType: FieldType.String, IsRepeated: true, Name: "command" or "roles" }) ((System.Collections.IList)field.Accessor.GetValue(message)).Add(field.Name == "roles" ? "inference-user" : "train");
            else if (field.Name == "after" && field.HasPresence) field.Accessor.SetValue(message, 0L);
            else if (field is { FieldType: FieldType.Message, IsRepeated: false, Name: "spec" or "tenant" })
            {
                var inner = (IMessage)Activator.CreateInstance(field.MessageType.ClrType)!;
                Fill(inner, prefix);
                field.Accessor.SetValue(message, inner);
            }
        }
    }

    private string? Value(string field, string prefix) => field switch
    {
        "job_id" => "j-acme",
        "node_id" => "n-1",
        // There it is a filter, and what it leaves to others never comes.
        "tenant" when !Name.EndsWith("SubscribeEvents", StringComparison.Ordinal) => "acme",
        "prefix" => prefix,
        "project" when !Name.EndsWith("CreateKey", StringComparison.Ordinal) && !Name.EndsWith("ListJobs", StringComparison.Ordinal) => "chat",
        "name" => _pattern.Contains("Tenant", StringComparison.Ordinal) ? "acme" : "x",
        "model" or "model_name" => "m",
        _ => null,
    };

    private static async Task<int> StatusAsync(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("grpc-status", out var values))
        {
            // What is streamed has no end; that it has begun says enough.
            await using var body = await response.Content.ReadAsStreamAsync();
            var some = await body.ReadAsync(new byte[1]);
            if (some > 0 || !response.TrailingHeaders.TryGetValues("grpc-status", out values)) return 200;
        }
        return values.Single() switch
        {
            "16" => 401,
            "7" => 403,
            "5" => 404,
            _ => 200,
        };
    }
}
