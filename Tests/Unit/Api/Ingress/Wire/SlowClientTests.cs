using System.Diagnostics;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;

namespace InferMesh.Tests.Unit.Api.Ingress.Wire;

/// <summary>Clients that hold a connection and give little for it are cut off in time.</summary>
[TestClass, DoNotParallelize]
public sealed class SlowClientTests
{
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(15);

    [TestMethod]
    public async Task Head_AByteAtATime_IsCutOff()
    {
        await using var api = new ApiHost(("InferMesh:Http:RequestHeadersTimeout", "00:00:01"));
        using var connection = await RawConnection.OpenAsync(api.Http.BaseAddress!);
        var clock = Stopwatch.StartNew();
        foreach (var c in "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-Slow: and so on and so on and so on and so on and so on")
        {
            if (!await connection.TrySendAsync(c.ToString())) break;
            await Task.Delay(100);
            if (clock.Elapsed > Late) break;
        }
        Assert.IsTrue(await connection.ReadAsync() is null or { Status: 408 });
        Assert.IsTrue(await connection.IsClosedAsync(Late), "it may go on for ever");
        Assert.IsLessThan(Late, clock.Elapsed);
    }

    [TestMethod]
    public async Task Body_AByteAtATime_IsCutOff()
    {
        await using var api = new ApiHost(("InferMesh:Http:SlowBodyGrace", "00:00:01.5"), ("InferMesh:Http:MinBodyBytesPerSecond", "1000"));
        using var connection = await RawConnection.OpenAsync(api.Http.BaseAddress!);
        var clock = Stopwatch.StartNew();
        await connection.SendAsync("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n");
        while (clock.Elapsed < Late && await connection.TrySendAsync(" ")) await Task.Delay(100);
        Assert.IsTrue(await connection.ReadAsync() is null or { Status: 408 });
        Assert.IsTrue(await connection.IsClosedAsync(Late), "it may go on for ever");
        Assert.IsLessThan(Late, clock.Elapsed);
    }

    [TestMethod]
    public async Task Connection_WithoutARequest_IsClosed()
    {
        await using var api = new ApiHost(("InferMesh:Http:KeepAliveTimeout", "00:00:01"));
        using var connection = await RawConnection.OpenAsync(api.Http.BaseAddress!);
        await connection.SendAsync("GET /alive HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.AreEqual(200, (await connection.ReadAsync())?.Status);
        Assert.IsTrue(await connection.IsClosedAsync(Late));
    }

    [TestMethod]
    public async Task Connection_OneTooMany_IsRefused()
    {
        await using var api = new ApiHost(("InferMesh:Http:MaxConnections", "1"));
        using var first = await RawConnection.OpenAsync(api.Http.BaseAddress!);
        await first.SendAsync("GET /alive HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.AreEqual(200, (await first.ReadAsync())?.Status);
        using var second = await RawConnection.OpenAsync(api.Http.BaseAddress!);
        Assert.IsTrue(await second.IsClosedAsync(Late));
    }

    [TestMethod]
    public async Task Reader_ThatDoesNotRead_HoldsTheRuntimeUp_AndNoMemory()
    {
        const long Answer = 256L << 20;
        long written = 0;
        await using var runtime = await FakeRuntime.StartAsync(async context =>
        {
            var block = new byte[64 << 10];
            for (var sent = 0L; sent < Answer; sent += block.Length)
            {
                await context.Response.Body.WriteAsync(block, context.RequestAborted);
                Interlocked.Add(ref written, block.Length);
            }
        });
        await using var api = new ApiHost();
        api.Mesh.Router.Decision = FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using (var connection = await RawConnection.OpenAsync(api.Http.BaseAddress!))
        {
            const string Body = """{"model":"m","messages":[]}""";
            await connection.SendAsync($"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Body.Length}\r\n\r\n{Body}");
            var still = 0;
            for (var (last, i) = (0L, 0); still < 10 && i < 300; i++)
            {
                await Task.Delay(100);
                var now = Interlocked.Read(ref written);
                still = now > 0 && now == last ? still + 1 : 0;
                last = now;
            }
            Assert.AreEqual(10, still, "the runtime is held up");
            // What the sockets on the way hold is the system's.
            Assert.IsLessThan(32L << 20, Interlocked.Read(ref written));
            Assert.IsLessThan(8L << 20, GC.GetTotalMemory(forceFullCollection: true) - before);
        }
        for (var i = 0; runtime.Running > 0 && i < 100; i++) await Task.Delay(100);
        Assert.AreEqual(0, runtime.Running, "the runtime stops when the client is gone");
    }
}
