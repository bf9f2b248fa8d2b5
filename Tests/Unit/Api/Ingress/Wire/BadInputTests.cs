using System.Globalization;
using System.Text;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;

namespace InferMesh.Tests.Unit.Api.Ingress.Wire;

/// <summary>
/// What is wrong on the wire, byte for byte, against the API as it runs: a 4xx or a closed connection, never a 5xx, no request that nobody sent, and the next request on the connection answered
/// once and rightly, or not at all.
/// </summary>
[TestClass, DoNotParallelize]
public sealed class BadInputTests
{
    private const string Post = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    private const string Good = """{"model":"m","messages":[]}""";
    private const string Smuggled = "POST /v1/smuggled HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(400);
    private static ApiHost s_api = null!;
    private static FakeRuntime s_runtime = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context)
    {
        s_runtime = await FakeRuntime.StartAsync();
        s_api = new ApiHost();
        s_api.Mesh.Router.Decision = FakeRouter.Routed("d1", FakeRouter.Target("n1", s_runtime.Url));
    }

    [ClassCleanup]
    public static async Task StopAsync()
    {
        await s_api.DisposeAsync();
        await s_runtime.DisposeAsync();
    }

    [TestMethod]
    [DataRow("", "invalid_json")]
    [DataRow("{", "invalid_json")]
    [DataRow("nonsense", "invalid_json")]
    [DataRow("[]", "invalid_json")]
    [DataRow("null", "invalid_json")]
    [DataRow("{}", "missing_required_parameter")]
    [DataRow("{\"model\":7}", "invalid_value")]
    [DataRow("{\"model\":\"\"}", "invalid_value")]
    [DataRow("{\"model\":\"m\",\"model\":\"n\"}", "duplicate_key")]
    [DataRow("{\"model\":\"m\",\"messages\":\"text\"}", "invalid_value")]
    [DataRow("{\"model\":\"m\",\"stream\":\"yes\"}", "invalid_value")]
    [DataRow("{\"model\":\"m\",\"max_tokens\":1.5}", "invalid_value")]
    [DataRow("{\"model\":\"m\",\"max_tokens\":-1}", "invalid_value")]
    [DataRow("{\"model\":\"m\"}{\"model\":\"n\"}", "invalid_json")]
    [DataRow("{\"model\":\"\\ud800\"}", "invalid_json")]
    [DataRow("{\"model\":\"\u00ff\"}", "invalid_json")] // Latin-1 on the wire: one byte that is no UTF-8.
    public async Task Body_Wrong_Is400WithItsCode_AndTheConnectionGoesOn(string body, string code)
    {
        using var connection = await RawConnection.OpenAsync(s_api.Http.BaseAddress!);
        await connection.SendAsync($"{Post}Content-Length: {body.Length}\r\n\r\n{body}");
        var answer = await connection.ReadAsync();
        Assert.AreEqual(400, answer?.Status, answer?.Body);
        StringAssert.Contains(answer!.Body, $"\"code\":\"{code}\"");
        await AnswersRightlyAsync(connection);
    }

    [TestMethod]
    public async Task Model_Unknown_Is404_AndTheConnectionGoesOn()
    {
        var decision = s_api.Mesh.Router.Decision;
        s_api.Mesh.Router.Decision = new() { Status = RouteStatus.ModelUnknown };
        try
        {
            using var connection = await RawConnection.OpenAsync(s_api.Http.BaseAddress!);
            await connection.SendAsync($"{Post}Content-Length: {Good.Length}\r\n\r\n{Good}");
            Assert.AreEqual(404, (await connection.ReadAsync())?.Status);
            s_api.Mesh.Router.Decision = decision;
            await AnswersRightlyAsync(connection);
        }
        finally
        {
            s_api.Mesh.Router.Decision = decision;
        }
    }

    [TestMethod]
    [DataRow("both lengths", Post + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX")]
    [DataRow("both lengths, the other way round", Post + "Transfer-Encoding: chunked\r\nContent-Length: 27\r\n\r\n0\r\n\r\n")]
    [DataRow("both lengths, a good body", Post + "Content-Length: 37\r\nTransfer-Encoding: chunked\r\n\r\n1b\r\n" + Good + "\r\n0\r\n\r\n")]
    [DataRow("two lengths", Post + "Content-Length: 27\r\nContent-Length: 0\r\n\r\n" + Good)]
    [DataRow("two equal lengths", Post + "Content-Length: 27\r\nContent-Length: 27\r\n\r\n" + Good)]
    [DataRow("a list of lengths", Post + "Content-Length: 27, 0\r\n\r\n" + Good)]
    [DataRow("a negative length", Post + "Content-Length: -1\r\n\r\n" + Good)]
    [DataRow("a hexadecimal length", Post + "Content-Length: 0x1b\r\n\r\n" + Good)]
    [DataRow("an endless length", Post + "Content-Length: 99999999999999999999\r\n\r\n" + Good)]
    [DataRow("an empty length", Post + "Content-Length: \r\n\r\n" + Good)]
    [DataRow("a space before the colon", Post + "Content-Length : 27\r\n\r\n" + Good)]
    [DataRow("a space before the colon of the encoding", Post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n")]
    [DataRow("a folded line", Post + "X-Long: a\r\n b\r\nContent-Length: 27\r\n\r\n" + Good)]
    [DataRow("a folded encoding", Post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n")]
    [DataRow("an encoding behind a control character", Post + "Transfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n")]
    [DataRow("an unknown encoding", Post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")]
    [DataRow("an encoding behind the chunks", Post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n")]
    [DataRow("chunks twice", Post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [DataRow("chunks under HTTP/1.0", "POST /v1/chat/completions HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n1b\r\n" + Good + "\r\n0\r\n\r\n")]
    [DataRow("a chunk size that is none", Post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + Good + "\r\n0\r\n\r\n")]
    [DataRow("a signed chunk size", Post + "Transfer-Encoding: chunked\r\n\r\n+1b\r\n" + Good + "\r\n0\r\n\r\n")]
    [DataRow("a prefixed chunk size", Post + "Transfer-Encoding: chunked\r\n\r\n0x1b\r\n" + Good + "\r\n0\r\n\r\n")]
    [DataRow("an endless chunk size", Post + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n" + Good + "\r\n0\r\n\r\n")]
    [DataRow("a chunk without its end", Post + "Transfer-Encoding: chunked\r\n\r\n1b\r\n" + Good + "0\r\n\r\n")]
    [DataRow("a chunk longer than its size", Post + "Transfer-Encoding: chunked\r\n\r\n1\r\n" + Good + "\r\n0\r\n\r\n")]
    [DataRow("a chunk size ended by a line feed", Post + "Transfer-Encoding: chunked\r\n\r\n1b\n" + Good + "\r\n0\r\n\r\n")]
    [DataRow("a chunk extension with a line feed", Post + "Transfer-Encoding: chunked\r\n\r\n1b;a\nb\r\n" + Good + "\r\n0\r\n\r\n")]
    [DataRow("lines ended by line feeds", "POST /v1/chat/completions HTTP/1.1\nHost: localhost\nContent-Length: 27\n\n" + Good)]
    [DataRow("one line ended by a line feed", Post + "X-A: b\nContent-Length: 27\r\n\r\n" + Good)]
    [DataRow("a carriage return within a line", Post + "X-A: b\rContent-Length: 0\r\nContent-Length: 27\r\n\r\n" + Good)]
    [DataRow("a NUL in a value", Post + "X-A: b\0c\r\nContent-Length: 27\r\n\r\n" + Good)]
    [DataRow("a NUL in the path", "POST /v1/chat\0/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 27\r\n\r\n" + Good)]
    [DataRow("an encoded NUL in the path", "POST /v1/chat%00/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 27\r\n\r\n" + Good)]
    [DataRow("a header without a name", Post + ": b\r\nContent-Length: 27\r\n\r\n" + Good)]
    [DataRow("a header without a colon", Post + "nonsense\r\nContent-Length: 27\r\n\r\n" + Good)]
    [DataRow("a value that is no UTF-8", Post + "X-A: \u00ff\u00fe\r\nContent-Length: 27\r\n\r\n" + Good)]
    [DataRow("no host", "POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 27\r\n\r\n" + Good)]
    [DataRow("two hosts", Post + "Host: other\r\nContent-Length: 27\r\n\r\n" + Good)]
    [DataRow("a host that is none", "POST /v1/chat/completions HTTP/1.1\r\nHost: a b/c\r\nContent-Length: 27\r\n\r\n" + Good)]
    [DataRow("an address of elsewhere", "POST http://elsewhere/v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 27\r\n\r\n" + Good)]
    [DataRow("a path without its slash", "POST v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 27\r\n\r\n" + Good)]
    [DataRow("a tunnel", "CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere:443\r\n\r\n")]
    [DataRow("a method that is none", "P@ST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 27\r\n\r\n" + Good)]
    [DataRow("a method in small letters", "post /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 27\r\n\r\n" + Good)]
    [DataRow("the wrong method", "DELETE /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [DataRow("a request line of one word", "POST\r\n\r\n")]
    [DataRow("no HTTP", "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003" + "hello, this is TLS\r\n\r\n")]
    [DataRow("a preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0")]
    public async Task Message_Wrong_Is4xxOrClosed_AndNobodySmuggles(string what, string message)
    {
        var marker = Guid.NewGuid().ToString("N");
        using var connection = await RawConnection.OpenAsync(s_api.Http.BaseAddress!);
        await connection.TrySendAsync(message.Replace("Host: localhost\r\n", $"Host: localhost\r\nx-case: {marker}\r\n", StringComparison.Ordinal) + Smuggled);
        var statuses = new List<int>();
        // The server may wait for more. To say that nothing more comes ends a request under way, so it is said last.
        while (await connection.ReadAsync(Silence) is { } answer) statuses.Add(answer.Status);
        connection.Finish();
        while (await connection.ReadAsync() is { } answer) statuses.Add(answer.Status);

        // What follows a wrong message is no request, unless the message had a good frame: then it is the request that it looks like, and its path is unknown.
        Assert.IsTrue(statuses is [] or [>= 400 and < 500] or [>= 400 and < 500, 404], $"{what}: {string.Join(", ", statuses)}");
        if (statuses is [_, 404]) Assert.IsTrue(IsFramed(what), $"{what}: what followed was taken for a request");
        Assert.IsFalse(s_runtime.Requests.Any(r => r.Path.Contains("smuggled", StringComparison.Ordinal) || r.Headers.GetValueOrDefault("x-case") == marker), $"{what}: a runtime was asked");
    }

    // Wrong in what they say, not in where they end.
    private static bool IsFramed(string what) =>
        what is "the wrong method" or "an encoded NUL in the path" or "a method in small letters" or "a tunnel";

    // The server takes the sign as part of the number, and so does nobody else harm: what goes on to a runtime has a length of its own.
    [TestMethod]
    public async Task Length_Signed_IsThatLength()
    {
        using var connection = await RawConnection.OpenAsync(s_api.Http.BaseAddress!);
        await connection.SendAsync($"{Post}Content-Length: +{Good.Length}\r\n\r\n{Good}");
        Assert.AreEqual(200, (await connection.ReadAsync())?.Status);
        await AnswersRightlyAsync(connection);
    }

    [TestMethod]
    public async Task Encoding_AfterASpace_IsChunked()
    {
        using var connection = await RawConnection.OpenAsync(s_api.Http.BaseAddress!);
        await connection.SendAsync($"{Post}Transfer-Encoding:  chunked\r\n\r\n1b;x=y\r\n{Good}\r\n0\r\n\r\n");
        Assert.AreEqual(200, (await connection.ReadAsync())?.Status);
        await AnswersRightlyAsync(connection);
    }

    [TestMethod]
    public async Task Address_OfThisHost_IsServed()
    {
        using var connection = await RawConnection.OpenAsync(s_api.Http.BaseAddress!);
        await connection.SendAsync($"POST http://localhost/v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Good.Length}\r\n\r\n{Good}");
        Assert.AreEqual(200, (await connection.ReadAsync())?.Status);
        await AnswersRightlyAsync(connection);
    }

    [TestMethod]
    [DataRow("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")]
    [DataRow("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n")]
    public async Task Upgrade_ThatIsNotOffered_IsAnsweredAsIfNotAsked(string headers)
    {
        using var connection = await RawConnection.OpenAsync(s_api.Http.BaseAddress!);
        await connection.SendAsync($"{Post}{headers}Content-Length: {Good.Length}\r\n\r\n{Good}");
        Assert.AreEqual(200, (await connection.ReadAsync())?.Status);
        Assert.IsFalse(s_runtime.Requests.Last().Headers.Keys.Any(k => k.Equals("Upgrade", StringComparison.OrdinalIgnoreCase) || k.Equals("HTTP2-Settings", StringComparison.OrdinalIgnoreCase)));
        await AnswersRightlyAsync(connection);
    }

    [TestMethod]
    [DataRow("a header of one megabyte", 431)]
    [DataRow("a thousand headers", 431)]
    [DataRow("a path of one megabyte", 414)]
    public async Task Head_TooLarge_IsRefusedAndClosed(string what, int status)
    {
        var head = what switch
        {
            "a header of one megabyte" => $"{Post}X-Large: {new string('x', 1 << 20)}\r\n\r\n",
            "a thousand headers" => $"{Post}{string.Concat(Enumerable.Range(0, 1000).Select(i => $"x-{i.ToString(CultureInfo.InvariantCulture)}: y\r\n"))}\r\n",
            _ => $"GET /{new string('x', 1 << 20)} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        };
        using var connection = await RawConnection.OpenAsync(s_api.Http.BaseAddress!);
        var sending = connection.TrySendAsync(head);
        var answer = await connection.ReadAsync();
        await sending;
        // A reset may overtake the answer while the head is still on its way.
        if (answer is not null) Assert.AreEqual(status, answer.Status);
        Assert.IsTrue(await connection.IsClosedAsync(RawConnection.Patience), "the connection stays open");
    }

    [TestMethod]
    [DataRow("Content-Length: 100\r\n\r\n{\"model\":\"m\"")]
    [DataRow("Transfer-Encoding: chunked\r\n\r\n40\r\n{\"model\":\"m\"")]
    [DataRow("Transfer-Encoding: chunked\r\n\r\n1b\r\n" + Good + "\r\n")]
    public async Task Body_EndsEarly_Is400OrClosed(string rest)
    {
        using var connection = await RawConnection.OpenAsync(s_api.Http.BaseAddress!);
        await connection.SendAsync(Post + "x-case: early\r\n" + rest);
        connection.Finish();
        Assert.IsTrue(await connection.ReadAsync() is null or { Status: 400 });
        Assert.IsTrue(await connection.IsClosedAsync(RawConnection.Patience), "the connection stays open");
        Assert.IsFalse(s_runtime.Requests.Any(static r => r.Headers.GetValueOrDefault("x-case") == "early"), "half a request was sent on");
    }

    [TestMethod]
    public async Task Body_OfHundredMegabytesAnnounced_Is413BeforeItIsSent()
    {
        using var connection = await RawConnection.OpenAsync(s_api.Http.BaseAddress!);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await connection.SendAsync($"{Post}Content-Length: {100 << 20}\r\n\r\n");
        var answer = await connection.ReadAsync();
        Assert.AreEqual(413, answer?.Status);
        StringAssert.Contains(answer!.Body, "body_too_large");
        Assert.IsTrue(await connection.IsClosedAsync(TimeSpan.FromSeconds(10)), "nobody waits for the rest");
        Assert.IsLessThan(8L << 20, GC.GetTotalAllocatedBytes(precise: true) - before);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Body_OfHundredMegabytesSent_Is413WithoutBufferingIt(bool announced)
    {
        using var content = new Endless(100 << 20, announced);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = content };
        using var client = new HttpClient { BaseAddress = s_api.Http.BaseAddress };
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var response = await client.SendAsync(request);
        Assert.AreEqual(413, (int)response.StatusCode);
        StringAssert.Contains(await response.Content.ReadAsStringAsync(), "body_too_large");
        Assert.IsLessThan(announced ? 16L << 20 : 64L << 20, GC.GetTotalMemory(forceFullCollection: false) - before);
    }

    /// <summary>The connection is closed, or the next request on it has its one right answer.</summary>
    private static async Task AnswersRightlyAsync(RawConnection connection)
    {
        var marker = $"marker-{Guid.NewGuid():N}";
        await connection.SendAsync($"{Post}x-request-id: {marker}\r\nContent-Length: {Good.Length}\r\n\r\n{Good}");
        var answer = await connection.ReadAsync();
        Assert.AreEqual(200, answer?.Status, answer?.Body);
        Assert.AreEqual(marker, answer!.Headers["x-request-id"]);
        connection.Finish();
        Assert.IsTrue(await connection.IsClosedAsync(RawConnection.Patience), "there is an answer that nobody asked for");
        Assert.AreEqual(Good, Encoding.UTF8.GetString(s_runtime.Requests.Single(r => r.Headers.GetValueOrDefault("x-request-id") == marker).Body));
    }

    private sealed class Endless(long length, bool announced) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            var block = new byte[64 << 10];
            for (var sent = 0L; sent < length; sent += block.Length) await stream.WriteAsync(block);
        }

        protected override bool TryComputeLength(out long computed)
        {
            computed = length;
            return announced;
        }
    }
}
