using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace InferMesh.Tests.Unit.Api.Ingress.Tunnels;

[TestClass]
public sealed class WebSocketTunnelTests
{
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task Realtime_BothSidesSpeak_FramesProtocolAndCloseCodePass(bool http2)
    {
        await using var runtime = await FakeRealtime.StartAsync(FakeRealtime.EchoAsync);
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n0", FakeRuntime.DeadUrl()), FakeRouter.Target("n1", runtime.Url + "/v1"));
        using var socket = Client();
        socket.Options.AddSubProtocol("other");
        socket.Options.AddSubProtocol("realtime");
        socket.Options.SetRequestHeader("OpenAI-Beta", "realtime=v1");

        await ConnectAsync(socket, api, "/v1/realtime?model=m&x=1", http2);
        Assert.AreEqual("realtime", socket.SubProtocol);
        Assert.AreEqual("n1", socket.HttpResponseHeaders!["x-infermesh-node"].Single());
        Assert.AreEqual("2", socket.HttpResponseHeaders!["x-infermesh-attempts"].Single());

        foreach (var (type, size) in new[] { (WebSocketMessageType.Text, 5), (WebSocketMessageType.Binary, 200_000) })
        {
            var sent = Encoding.ASCII.GetBytes(new string('x', size));
            await socket.SendAsync(sent, type, true, Soon());
            var (got, gotType) = await ReceiveAsync(socket);
            Assert.AreEqual(type, gotType);
            CollectionAssert.AreEqual(sent, got);
        }
        await socket.CloseAsync((WebSocketCloseStatus)4321, "bye", Soon());

        Assert.AreEqual((4321, "as you say: bye"), ((int)socket.CloseStatus!, socket.CloseStatusDescription));
        Assert.AreEqual(("/v1/realtime", "?model=m&x=1", "realtime=v1"), (runtime.Path, runtime.Query, runtime.Headers["OpenAI-Beta"].ToString()));
        Assert.AreEqual(("m", AnswerForm.Conversation), api.Router.Queries.Single() is var query ? (query.Model, query.Answer) : default);
        var report = (await api.Router.WaitForReportsAsync(1)).Single();
        Assert.AreEqual((OutcomeStatus.Success, "n1"), (report.Status, report.NodeId));
    }

    [TestMethod]
    public async Task Realtime_Traced_HasASpanForEachAttempt_AsLongAsTheTunnel()
    {
        var trace = ActivityTraceId.CreateRandom();
        var ended = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Microsoft.AspNetCore" or "InferMesh.Ingress",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.TraceId == trace ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                if (activity.Source.Name == "InferMesh.Ingress" && activity.TraceId == trace) ended.Enqueue(activity);
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var runtime = await FakeRealtime.StartAsync(FakeRealtime.EchoAsync);
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n0", FakeRuntime.DeadUrl()), FakeRouter.Target("n1", runtime.Url));
        using var socket = Client();
        socket.Options.SetRequestHeader("traceparent", $"00-{trace}-00f067aa0ba902b7-01");

        await ConnectAsync(socket, api, "/v1/realtime?model=m", http2: false);
        Assert.HasCount(1, ended.Where(a => a.OperationName == "attempt"), "The second attempt is the tunnel, which stands.");
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", Soon());
        await api.Router.WaitForReportsAsync(1);

        CollectionAssert.AreEqual(new[] { "admission", "decision", "attempt", "attempt" }, ended.Select(a => a.OperationName).ToArray());
        var (decision, failed, tunnel) = (ended.ElementAt(1), ended.ElementAt(2), ended.ElementAt(3));
        Assert.AreEqual(decision.ParentSpanId, tunnel.ParentSpanId, "Attempts are beside their decision.");
        Assert.AreEqual(("n0", 1, ActivityStatusCode.Error, "connect"), (failed.GetTagItem("infermesh.node"), failed.GetTagItem("infermesh.attempt"), failed.Status, failed.StatusDescription));
        Assert.AreEqual(("n1", 2, "m", 101, ActivityStatusCode.Unset),
            (tunnel.GetTagItem("infermesh.node"), tunnel.GetTagItem("infermesh.attempt"), tunnel.GetTagItem("gen_ai.request.model"), tunnel.GetTagItem("http.response.status_code"), tunnel.Status));
    }

    [TestMethod]
    public async Task Realtime_ClientVanishes_EndsTheRuntimesSide()
    {
        await using var runtime = await FakeRealtime.StartAsync(FakeRealtime.EchoAsync);
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        var socket = Client();
        await ConnectAsync(socket, api, "/v1/realtime?model=m", http2: false);
        Assert.AreEqual(1, runtime.Running);

        socket.Abort();
        socket.Dispose();

        Assert.IsTrue(SpinWait.SpinUntil(() => runtime.Running == 0, TimeSpan.FromSeconds(10)), "The runtime still listens.");
        await api.Router.WaitForReportsAsync(1);
    }

    [TestMethod]
    public async Task Realtime_RuntimeBreaks_ClientSeesIt()
    {
        await using var runtime = await FakeRealtime.StartAsync(async (context, socket) =>
        {
            await socket.ReceiveAsync(new byte[10], context.RequestAborted);
            context.Abort();
        });
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        using var socket = Client();
        await ConnectAsync(socket, api, "/v1/realtime?model=m", http2: false);

        await socket.SendAsync(new byte[1], WebSocketMessageType.Binary, true, Soon());
        await Assert.ThrowsAsync<WebSocketException>(() => ReceiveAsync(socket));
        Assert.AreEqual(OutcomeStatus.Error, (await api.Router.WaitForReportsAsync(1)).Single().Status);
    }

    [TestMethod]
    public async Task Realtime_NothingMoves_EndsWithTheIdleLimit()
    {
        await using var runtime = await FakeRealtime.StartAsync(FakeRealtime.EchoAsync);
        await using var api = await ApiUnderTest.StartAsync(("StreamIdleTimeout", "00:00:01"));
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        using var socket = Client();
        await ConnectAsync(socket, api, "/v1/realtime?model=m", http2: false);

        await Assert.ThrowsAsync<WebSocketException>(() => ReceiveAsync(socket));

        Assert.IsTrue(SpinWait.SpinUntil(() => runtime.Running == 0, TimeSpan.FromSeconds(10)));
        Assert.AreEqual(OutcomeStatus.Timeout, (await api.Router.WaitForReportsAsync(1)).Single().Status);
    }

    [TestMethod]
    public async Task Realtime_RuntimeRefusesTheHandshake_ItsAnswerIsTheClients()
    {
        await using var busy = await FakeRuntime.StartAsync(FakeRuntime.Status(503));
        await using var strict = await FakeRuntime.StartAsync(FakeRuntime.Status(401));
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", busy.Url), FakeRouter.Target("n2", strict.Url));
        using var socket = Client();

        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(socket, api, "/v1/realtime?model=m", http2: false));

        Assert.AreEqual(HttpStatusCode.Unauthorized, socket.HttpStatusCode);
        Assert.AreEqual(OutcomeStatus.Rejected, (await api.Router.WaitForReportsAsync(1)).Single().Status);
    }

    [TestMethod]
    public async Task Realtime_OnlyNodeIsLeftAlone_IsAskedAllTheSame()
    {
        await using var broken = await FakeRuntime.StartAsync(FakeRuntime.Status(503));
        await using var runtime = await FakeRealtime.StartAsync(FakeRealtime.EchoAsync);
        await using var api = await ApiUnderTest.StartAsync(("EjectAfterFailures", "1"), ("EjectTime", "00:01:00"));
        var url = broken.Url;
        api.Router.OnRoute = query => query.ExcludedNodes.Count > 0 ? new() { Status = RouteStatus.NoEligibleTarget } : FakeRouter.Routed("d1", FakeRouter.Target("n1", url));
        using var refused = Client();
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(refused, api, "/v1/realtime?model=m", http2: false));

        url = runtime.Url;
        using var socket = Client();
        await ConnectAsync(socket, api, "/v1/realtime?model=m", http2: false);
        Assert.AreEqual("n1", socket.HttpResponseHeaders!["x-infermesh-node"].Single());
        CollectionAssert.AreEqual(new[] { "", "n1", "n1", "" }, api.Router.Queries.Select(static q => string.Join(',', q.ExcludedNodes)).ToArray());
        CollectionAssert.AreEqual(new[] { false, true, false, false }, api.Router.Queries.Select(static q => q.Again).ToArray());
    }

    [TestMethod]
    public async Task Realtime_MayNotWait_SaysWhyAsACompletionDoes()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => new() { Status = RouteStatus.Overloaded, Refusal = RouteRefusal.QueueDeadline, RetryAfter = TimeSpan.FromSeconds(7) };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/realtime?model=m");
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        using var response = await api.Http.SendAsync(request);
        Assert.AreEqual(HttpStatusCode.TooManyRequests, response.StatusCode);
        StringAssert.Contains(await response.Content.ReadAsStringAsync(), "queue_deadline");
    }

    [TestMethod]
    [DataRow("/v1/realtime", 400)]
    [DataRow("/v1/realtime?model=unknown", 404)]
    public async Task Realtime_NoModelToRouteTo_IsRefused(string path, int status)
    {
        await using var api = await ApiUnderTest.StartAsync();
        using var socket = Client();
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(socket, api, path, http2: false));
        Assert.AreEqual(status, (int)socket.HttpStatusCode);
    }

    [TestMethod]
    public async Task Realtime_NoWebSocket_IsToldToUpgrade()
    {
        await using var api = await ApiUnderTest.StartAsync();
        using var response = await api.Http.GetAsync("/v1/realtime?model=m");
        Assert.AreEqual(HttpStatusCode.UpgradeRequired, response.StatusCode);
        StringAssert.Contains(await response.Content.ReadAsStringAsync(), "upgrade_required");
    }

    private static ClientWebSocket Client()
    {
        var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        return socket;
    }

    private static async Task ConnectAsync(ClientWebSocket socket, ApiUnderTest api, string path, bool http2)
    {
        var url = new Uri((http2 ? api.Http2Url : api.Http.BaseAddress!.ToString().TrimEnd('/')).Replace("http", "ws", StringComparison.Ordinal) + path);
        if (!http2)
        {
            await socket.ConnectAsync(url, Soon());
            return;
        }
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        await socket.ConnectAsync(url, invoker, Soon());
    }

    private static async Task<(byte[] Bytes, WebSocketMessageType Type)> ReceiveAsync(WebSocket socket)
    {
        using var message = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer, Soon());
            message.Write(buffer, 0, part.Count);
            if (part.EndOfMessage) return (message.ToArray(), part.MessageType);
        }
    }

    private static CancellationToken Soon() => new CancellationTokenSource(TimeSpan.FromSeconds(10)).Token;

    /// <summary>A runtime that speaks WebSocket on a real socket.</summary>
    private sealed class FakeRealtime : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private int _running;

        private FakeRealtime(WebApplication app) => _app = app;

        public string Url => _app.Urls.First();

        public int Running => Volatile.Read(ref _running);

        public string Path { get; private set; } = "";

        public string Query { get; private set; } = "";

        public HeaderDictionary Headers { get; private set; } = new HeaderDictionary();

        public static async Task<FakeRealtime> StartAsync(Func<HttpContext, WebSocket, Task> speak)
        {
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            var runtime = new FakeRealtime(builder.Build());
            runtime._app.UseWebSockets();
            runtime._app.Run(async context =>
            {
                (runtime.Path, runtime.Query, runtime.Headers) = (context.Request.Path, context.Request.QueryString.Value ?? "", new HeaderDictionary(context.Request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase)));
                Interlocked.Increment(ref runtime._running);
                try
                {
                    var protocol = context.WebSockets.WebSocketRequestedProtocols.Contains("realtime") ? "realtime" : null;
                    using var socket = await context.WebSockets.AcceptWebSocketAsync(protocol);
                    await speak(context, socket);
                }
                finally
                {
                    Interlocked.Decrement(ref runtime._running);
                }
            });
            await runtime._app.StartAsync();
            return runtime;
        }

        public static async Task EchoAsync(HttpContext context, WebSocket socket)
        {
            try
            {
                while (true)
                {
                    var (message, type) = await ReceiveAsync(socket, context.RequestAborted);
                    if (type == WebSocketMessageType.Close)
                    {
                        await socket.CloseAsync(socket.CloseStatus!.Value, $"as you say: {socket.CloseStatusDescription}", context.RequestAborted);
                        return;
                    }
                    await socket.SendAsync(message, type, true, context.RequestAborted);
                }
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException)
            {
                // The other side is gone.
            }
        }

        public ValueTask DisposeAsync() => _app.DisposeAsync();

        private static async Task<(byte[] Bytes, WebSocketMessageType Type)> ReceiveAsync(WebSocket socket, CancellationToken cancellationToken)
        {
            using var message = new MemoryStream();
            var buffer = new byte[64 * 1024];
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer, cancellationToken);
                message.Write(buffer, 0, part.Count);
                if (part.EndOfMessage) return (message.ToArray(), part.MessageType);
            }
        }
    }
}
