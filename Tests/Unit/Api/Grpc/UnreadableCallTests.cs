using System.Net;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;

namespace InferMesh.Tests.Unit.Api.Grpc;

/// <summary>Bytes that are no message, as a hostile client sends them: the caller's fault in every method, and never a failure of ours.</summary>
[TestClass]
public sealed class UnreadableCallTests
{
    private const string InvalidArgument = "3";
    private const string ResourceExhausted = "8";
    private static ApiUnderTest s_api = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context) => s_api = await ApiUnderTest.StartAsync();

    [ClassCleanup]
    public static async Task StopAsync() => await s_api.DisposeAsync();

    [TestMethod]
    [DataRow("/infermesh.control.v1.ControlPlane/GetNode")]
    [DataRow("/infermesh.jobs.v1.JobPlane/WatchJob")]
    [DataRow("/infermesh.state.v1.StatePlane/ReportNode")]
    [DataRow("/inference.GRPCInferenceService/ServerMetadata")]
    public async Task Call_WithBrokenBytes_IsInvalidArgument(string path)
    {
        byte[][] broken =
        [
            [0, 0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff], // No message.
            [0, 0, 0, 0, 9, 1], // Shorter than its length.
            [0, 0], // Shorter than its head.
            [0xc4, 0, 0, 0, 0], // A flag that there is not.
            [0, 0, 0, 0, 4, 10, 2, 0xc3, 0x28], // A text that is no UTF-8.
        ];
        foreach (var bytes in broken)
        {
            var status = await SendAsync(path, bytes);
            // A text that is no UTF-8 is read by a method that has no such field.
            if (bytes[4 % bytes.Length] != 4 || status != "0") Assert.AreEqual(InvalidArgument, status, $"{path} {Convert.ToHexString(bytes)}");
        }
    }

    [TestMethod]
    [DataRow("/infermesh.control.v1.ControlPlane/GetNode")]
    [DataRow("/infermesh.state.v1.StatePlane/ReportNode")]
    public async Task Call_AboveTheLargestMessage_IsRefusedByItsLength(string path)
    {
        var answer = await SendAsync(path, [0, 0, 0x50, 0, 0, 1]);
        Assert.IsTrue(answer is ResourceExhausted or InvalidArgument, answer);
        // A length that no message has.
        Assert.AreEqual(InvalidArgument, await SendAsync(path, [0, 0xba, 0x78, 0xaa, 0x57, 1]));
    }

    [TestMethod]
    public async Task Call_WithTwoMessagesWhereOneBelongs_IsInvalidArgument() =>
        Assert.AreEqual(InvalidArgument, await SendAsync("/infermesh.control.v1.ControlPlane/ListNodes", new byte[10]));

    private static async Task<string> SendAsync(string path, byte[] body)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, s_api.Http2Url + path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/grpc");
        request.Headers.TE.ParseAdd("trailers");
        using var response = await client.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        return (response.Headers.TryGetValues("grpc-status", out var head) ? head : response.TrailingHeaders.GetValues("grpc-status")).Single();
    }
}
