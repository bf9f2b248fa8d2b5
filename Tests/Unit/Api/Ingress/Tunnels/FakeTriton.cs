extern alias api;
using System.Collections.Concurrent;
using System.Net;
using System.Runtime.CompilerServices;
using api::InferMesh.Inference;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace InferMesh.Tests.Unit.Api.Ingress.Tunnels;

/// <summary>A server of inference.GRPCInferenceService on a real socket. The name of the model says what it does.</summary>
internal sealed class FakeTriton : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeTriton(WebApplication app) => _app = app;

    public string Url => _app.Urls.First();

    public Calls Seen => _app.Services.GetRequiredService<Calls>();

    public static async Task<FakeTriton> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddRouting();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<Calls>();
        var app = builder.Build();
        app.UseRouting();
        app.MapGrpcService<Service>();
        await app.StartAsync();
        return new(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>What came in.</summary>
    internal sealed class Calls
    {
        private int _running;

        public ConcurrentQueue<ModelInferRequest> Requests { get; } = [];

        public ConcurrentQueue<Metadata> Headers { get; } = [];

        public ConcurrentQueue<string> Encodings { get; } = [];

        public ConcurrentQueue<TimeSpan?> Deadlines { get; } = [];

        public int Running => Volatile.Read(ref _running);

        public void Enter(ServerCallContext context)
        {
            Interlocked.Increment(ref _running);
            Headers.Enqueue(context.RequestHeaders);
            Encodings.Enqueue(context.GetHttpContext().Request.Headers["grpc-encoding"].ToString());
            Deadlines.Enqueue(context.Deadline == DateTime.MaxValue ? null : context.Deadline - DateTime.UtcNow);
        }

        public void Leave() => Interlocked.Decrement(ref _running);
    }

    private sealed class Service(Calls calls) : GRPCInferenceService.GRPCInferenceServiceBase
    {
        public override Task<ModelReadyResponse> ModelReady(ModelReadyRequest request, ServerCallContext context) => Task.FromResult(new ModelReadyResponse { Ready = true });

        public override async Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context)
        {
            calls.Enter(context);
            try
            {
                calls.Requests.Enqueue(request);
                context.ResponseTrailers.Add("x-triton", "trailer");
                if (Enum.TryParse<StatusCode>(request.ModelName, out var code)) throw new RpcException(new Status(code, "as told: é"));
                if (request.ModelName == "hang") await Task.Delay(Timeout.Infinite, context.CancellationToken);
                return new() { ModelName = request.ModelName, Id = request.Id, RawOutputContents = { request.RawInputContents } };
            }
            finally
            {
                calls.Leave();
            }
        }

        public override async Task ModelStreamInfer(IAsyncStreamReader<ModelInferRequest> requests, IServerStreamWriter<ModelStreamInferResponse> responses, ServerCallContext context)
        {
            calls.Enter(context);
            try
            {
                await foreach (var request in Read(requests, context.CancellationToken))
                {
                    calls.Requests.Enqueue(request);
                    if (request.ModelName == "full") throw new RpcException(new Status(StatusCode.Unavailable, "full"));
                    if (request.Id == "break") throw new RpcException(new Status(StatusCode.Aborted, "broken"));
                    await responses.WriteAsync(new() { InferResponse = new() { ModelName = request.ModelName, Id = request.Id } });
                }
            }
            finally
            {
                calls.Leave();
            }
        }

        private static async IAsyncEnumerable<ModelInferRequest> Read(IAsyncStreamReader<ModelInferRequest> requests, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            while (await requests.MoveNext(cancellationToken)) yield return requests.Current;
        }
    }
}
