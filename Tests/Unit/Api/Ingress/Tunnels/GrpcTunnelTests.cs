extern alias cli;
using cli::InferMesh.Inference;
using Google.Protobuf;
using Grpc.Core;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;

namespace InferMesh.Tests.Unit.Api.Ingress.Tunnels;

[TestClass]
public sealed class GrpcTunnelTests
{
    private static readonly byte[] Unknown = [0xA2, 0x06, 0x03, (byte)'n', (byte)'e', (byte)'w'];

    [TestMethod]
    public async Task ModelInfer_PassesMessageHeadersAndTrailers()
    {
        await using var triton = await FakeTriton.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", Target("n1", triton.Url));
        // A field that the mesh does not know, and a tensor as large as those of pictures.
        var request = ModelInferRequest.Parser.ParseFrom([.. new ModelInferRequest { ModelName = "m", Id = "7", RawInputContents = { ByteString.CopyFrom(new byte[3_000_000]) } }.ToByteArray(), .. Unknown]);

        using var call = Client(api).ModelInferAsync(
            request, new Metadata { { "x-custom", "kept" }, { "x-infermesh-tenant", "t1" }, { "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } }, DateTime.UtcNow.AddSeconds(20));
        var answer = await call;

        Assert.AreEqual(("m", "7", 3_000_000), (answer.ModelName, answer.Id, answer.RawOutputContents.Single().Length));
        Assert.AreEqual("trailer", call.GetTrailers().GetValue("x-triton"));
        var headers = await call.ResponseHeadersAsync;
        Assert.AreEqual(("n1", "1", "d1"), (headers.GetValue("x-infermesh-node"), headers.GetValue("x-infermesh-attempts"), headers.GetValue("x-infermesh-decision")));
        CollectionAssert.AreEqual(request.ToByteArray(), triton.Seen.Requests.Single().ToByteArray());
        var seen = triton.Seen.Headers.Single();
        Assert.AreEqual("kept", seen.GetValue("x-custom"));
        Assert.IsNull(seen.GetValue("x-infermesh-tenant"));
        StringAssert.Contains(seen.GetValue("traceparent"), "0af7651916cd43dd8448eb211c80319c");
        Assert.IsTrue(triton.Seen.Deadlines.Single() is { } left && left > TimeSpan.Zero && left <= TimeSpan.FromSeconds(20));
        var query = api.Router.Queries.Single();
        Assert.AreEqual(("m", "t1"), (query.Model, query.Tenant));
        Assert.AreEqual((OutcomeStatus.Success, "n1"), await ReportAsync(api));
    }

    [TestMethod]
    public async Task ModelInfer_NodesAreDownFullOrWithoutGrpc_AnotherOneAnswers()
    {
        await using var triton = await FakeTriton.StartAsync();
        await using var web = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync(("MaxAttempts", "4"));
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", Target("n1", FakeRuntime.DeadUrl()), FakeRouter.Target("n2", "http://127.0.0.1:1"), Target("n3", web.Url), Target("n4", triton.Url));

        using var call = Client(api).ModelInferAsync(new() { ModelName = "m" });
        await call;

        Assert.AreEqual(("n4", "4"), ((await call.ResponseHeadersAsync).GetValue("x-infermesh-node"), (await call.ResponseHeadersAsync).GetValue("x-infermesh-attempts")));
        CollectionAssert.AreEqual(new[] { "n2", "n3", "n4" }, api.Router.Moves.Select(m => m.NodeId).ToArray());
    }

    [TestMethod]
    [DataRow("InvalidArgument", 1)]
    [DataRow("NotFound", 1)]
    [DataRow("Internal", 1)]
    [DataRow("Unavailable", 2)]
    [DataRow("ResourceExhausted", 2)]
    public async Task ModelInfer_NodeRefuses_ItsStatusIsTheClientsUnlessAnotherMayDo(string code, int attempts)
    {
        await using var triton = await FakeTriton.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = query => query.ExcludedNodes.Count > 0 ? new() : FakeRouter.Routed("d1", Target("n1", triton.Url), Target("n2", triton.Url));

        var error = await Assert.ThrowsAsync<RpcException>(() => Client(api).ModelInferAsync(new() { ModelName = code }).ResponseAsync);

        Assert.AreEqual(Enum.Parse<StatusCode>(code), error.StatusCode, error.Status.Detail);
        Assert.HasCount(attempts, triton.Seen.Requests);
        if (attempts == 1) Assert.AreEqual(("as told: é", "trailer"), (error.Status.Detail, error.Trailers.GetValue("x-triton")));
    }

    [TestMethod]
    [DataRow(RouteStatus.ModelUnknown, StatusCode.NotFound)]
    [DataRow(RouteStatus.Overloaded, StatusCode.ResourceExhausted)]
    [DataRow(RouteStatus.QuotaExceeded, StatusCode.ResourceExhausted)]
    [DataRow(RouteStatus.Forbidden, StatusCode.PermissionDenied)]
    [DataRow(RouteStatus.NoEligibleTarget, StatusCode.Unavailable)]
    [DataRow(RouteStatus.Invalid, StatusCode.InvalidArgument)]
    public async Task ModelInfer_NoTarget_IsAStatusWithAMessage(RouteStatus status, StatusCode code)
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => new() { Status = status };
        var error = await Assert.ThrowsAsync<RpcException>(() => Client(api).ModelInferAsync(new() { ModelName = "m" }).ResponseAsync);
        Assert.AreEqual(code, error.StatusCode);
        Assert.IsGreaterThan(10, error.Status.Detail.Length);
    }

    [TestMethod]
    public async Task ModelInfer_NoModel_IsInvalid()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var error = await Assert.ThrowsAsync<RpcException>(() => Client(api).ModelInferAsync(new() { Id = "7" }).ResponseAsync);
        Assert.AreEqual(StatusCode.InvalidArgument, error.StatusCode);
        StringAssert.Contains(error.Status.Detail, "name");
        Assert.IsEmpty(api.Router.Queries);
    }

    [TestMethod]
    public async Task ModelInfer_Compressed_IsReadAndPassedAsItIs()
    {
        await using var triton = await FakeTriton.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", Target("n1", triton.Url));

        var answer = await Client(api).ModelInferAsync(new() { ModelName = "m", Id = "7" }, new Metadata { { "grpc-internal-encoding-request", "gzip" } });

        Assert.AreEqual("7", answer.Id);
        Assert.AreEqual(("m", AnswerForm.Whole), api.Router.Queries.Single() is var query ? (query.Model, query.Answer) : default);
        Assert.AreEqual("gzip", triton.Seen.Encodings.Single());
    }

    [TestMethod]
    public async Task ModelInfer_DeadlinePasses_EndsTheNodesCallToo()
    {
        await using var triton = await FakeTriton.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", Target("n1", triton.Url));

        var error = await Assert.ThrowsAsync<RpcException>(() => Client(api).ModelInferAsync(new() { ModelName = "hang" }, deadline: DateTime.UtcNow.AddMilliseconds(400)).ResponseAsync);

        Assert.AreEqual(StatusCode.DeadlineExceeded, error.StatusCode);
        Assert.IsTrue(SpinWait.SpinUntil(() => triton.Seen.Running == 0, TimeSpan.FromSeconds(10)), "The node still works.");
        await api.Router.WaitForReportsAsync(1);
    }

    [TestMethod]
    public async Task ModelInfer_ClientCancels_StopsTheNodeWithinOneSecond()
    {
        await using var triton = await FakeTriton.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", Target("n1", triton.Url), Target("n2", triton.Url));
        using var leave = new CancellationTokenSource();
        using var call = Client(api).ModelInferAsync(new() { ModelName = "hang" }, cancellationToken: leave.Token);
        Assert.IsTrue(SpinWait.SpinUntil(() => triton.Seen.Running == 1, TimeSpan.FromSeconds(10)));

        await leave.CancelAsync();

        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.IsTrue(SpinWait.SpinUntil(() => triton.Seen.Running == 0, TimeSpan.FromSeconds(10)), "The node still works.");
        Assert.IsTrue(clock.Elapsed < TimeSpan.FromSeconds(1), $"took {clock.Elapsed}");
        Assert.AreEqual(OutcomeStatus.Cancelled, (await ReportAsync(api)).Status);
        Assert.HasCount(1, triton.Seen.Headers);
    }

    [TestMethod]
    public async Task ModelStreamInfer_BothSidesSpeakInTurn_StaysOnOneNode()
    {
        await using var triton = await FakeTriton.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", Target("n0", FakeRuntime.DeadUrl()), Target("n1", triton.Url));
        using var call = Client(api).ModelStreamInfer();

        for (var i = 0; i < 5; i++)
        {
            // The next one is sent only after the answer to this one was read.
            await call.RequestStream.WriteAsync(new() { ModelName = "m", Id = $"{i}" });
            Assert.IsTrue(await call.ResponseStream.MoveNext(Soon()));
            Assert.AreEqual($"{i}", call.ResponseStream.Current.InferResponse.Id);
        }
        await call.RequestStream.CompleteAsync();

        Assert.IsFalse(await call.ResponseStream.MoveNext(Soon()));
        Assert.AreEqual(StatusCode.OK, call.GetStatus().StatusCode);
        Assert.AreEqual("n1", (await call.ResponseHeadersAsync).GetValue("x-infermesh-node"));
        Assert.HasCount(1, api.Router.Queries);
        Assert.AreEqual((OutcomeStatus.Success, "n1"), await ReportAsync(api));
    }

    [TestMethod]
    public async Task ModelStreamInfer_NodeBreaksOff_ItsStatusIsTheClients()
    {
        await using var triton = await FakeTriton.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", Target("n1", triton.Url));
        using var call = Client(api).ModelStreamInfer();
        await call.RequestStream.WriteAsync(new() { ModelName = "m", Id = "1" });
        Assert.IsTrue(await call.ResponseStream.MoveNext(Soon()));
        await call.RequestStream.WriteAsync(new() { ModelName = "m", Id = "break" });

        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Soon()));

        Assert.AreEqual((StatusCode.Aborted, "broken"), (error.StatusCode, error.Status.Detail));
    }

    [TestMethod]
    public async Task ModelStreamInfer_NothingMoves_EndsWithTheIdleLimit()
    {
        await using var triton = await FakeTriton.StartAsync();
        await using var api = await ApiUnderTest.StartAsync(("StreamIdleTimeout", "00:00:01"));
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", Target("n1", triton.Url));
        using var call = Client(api).ModelStreamInfer();
        await call.RequestStream.WriteAsync(new() { ModelName = "m", Id = "1" });
        Assert.IsTrue(await call.ResponseStream.MoveNext(Soon()));

        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Soon()));

        Assert.AreEqual(StatusCode.DeadlineExceeded, error.StatusCode);
        Assert.IsTrue(SpinWait.SpinUntil(() => triton.Seen.Running == 0, TimeSpan.FromSeconds(10)));
    }

    [TestMethod]
    public async Task Calls_AboutModelAndServer_AreAnswered()
    {
        await using var triton = await FakeTriton.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", Target("n1", triton.Url));
        api.Fleet.Put(FakeFleet.Node("n1", models: new ModelSample { Model = "m" }));
        var client = Client(api);

        Assert.IsTrue((await client.ModelReadyAsync(new() { Name = "m" })).Ready);
        Assert.AreEqual("m", api.Router.Queries.Single().Model);
        Assert.IsTrue((await client.ServerLiveAsync(new())).Live);
        Assert.IsTrue((await client.ServerReadyAsync(new())).Ready);
        Assert.AreEqual("infermesh", (await client.ServerMetadataAsync(new())).Name);
    }

    private static GRPCInferenceService.GRPCInferenceServiceClient Client(ApiUnderTest api) => new(api.Channel);

    private static RouteTarget Target(string nodeId, string grpc) => FakeRouter.Target(nodeId, "http://127.0.0.1:1") with { GrpcEndpoint = grpc };

    private static CancellationToken Soon() => new CancellationTokenSource(TimeSpan.FromSeconds(10)).Token;

    private static async Task<(OutcomeStatus Status, string NodeId)> ReportAsync(ApiUnderTest api)
    {
        var report = (await api.Router.WaitForReportsAsync(1)).Single();
        return (report.Status, report.NodeId);
    }
}
