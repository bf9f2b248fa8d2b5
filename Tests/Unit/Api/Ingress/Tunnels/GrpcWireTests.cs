using InferMesh.Api.Ingress.Tunnels;
using InferMesh.Grains.Abstractions.Routing;
using Microsoft.AspNetCore.Http;

namespace InferMesh.Tests.Unit.Api.Ingress.Tunnels;

[TestClass]
public sealed class GrpcWireTests
{
    [TestMethod]
    [DataRow("0A016D", "m")]
    [DataRow("", "")]
    [DataRow("1A0137", "")]
    [DataRow("1A01370A016D", "m")]
    [DataRow("0A016D0A016E", "n")]
    [DataRow("08070A016D", "m", DisplayName = "field 1 as a number is none of ours")]
    [DataRow("F90100000000000000000A016D", "m", DisplayName = "fixed64 before it")]
    [DataRow("FD01000000000A016D", "m", DisplayName = "fixed32 before it")]
    [DataRow("0A056D", null, DisplayName = "longer than the message")]
    [DataRow("0AFFFFFFFFFFFFFFFFFF01", null)]
    [DataRow("0A", null)]
    [DataRow("0B", null, DisplayName = "a group")]
    [DataRow("00", null)]
    [DataRow("FFFFFFFFFFFFFFFFFFFFFF", null)]
    [DataRow("0A01FF", null, DisplayName = "no text")]
    public void Model_OfAMessage_IsItsFirstField(string message, string? model) =>
        Assert.AreEqual(model, GrpcFrame.ModelOf(Frame(0, Convert.FromHexString(message)), ""));

    [TestMethod]
    [DataRow("gzip")]
    [DataRow("snappy")]
    [DataRow("")]
    public void Model_OfABrokenCompression_IsUnknown(string encoding) => Assert.IsNull(GrpcFrame.ModelOf(Frame(1, [1, 2, 3]), encoding));

    [TestMethod]
    public void Model_OfAMessageThatUnpacksToTooMuch_IsUnknown()
    {
        using var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Optimal, leaveOpen: true))
        {
            // One field of 300 MB.
            gzip.Write([0x3A, 0x80, 0x86, 0x8F, 0x8F, 0x01]);
            for (var i = 0; i < 300; i++) gzip.Write(new byte[1_000_000]);
        }
        Assert.IsNull(GrpcFrame.ModelOf(Frame(1, packed.ToArray()), "gzip"));
    }

    [TestMethod]
    [DataRow("100m", 100.0)]
    [DataRow("2S", 2000.0)]
    [DataRow("1M", 60000.0)]
    [DataRow("1H", 3600000.0)]
    [DataRow("1000u", 1.0)]
    [DataRow("1000000n", 1.0)]
    [DataRow("", null)]
    [DataRow("S", null)]
    [DataRow("1", null)]
    [DataRow("-1S", null)]
    [DataRow("123456789S", null)]
    [DataRow("1x", null)]
    public void Deadline_OfAHeader_IsItsTime(string header, double? milliseconds)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers[GrpcDeadline.Header] = header;
        Assert.AreEqual(milliseconds, GrpcDeadline.Read(context)?.TotalMilliseconds);
    }

    [TestMethod]
    public void Deadline_ForTheNextHop_IsWhatIsLeft()
    {
        Assert.AreEqual("1500m", GrpcDeadline.Write(TimeSpan.FromSeconds(1.5)));
        Assert.AreEqual("1m", GrpcDeadline.Write(TimeSpan.FromSeconds(-1)));
        Assert.AreEqual("864000S", GrpcDeadline.Write(TimeSpan.FromDays(10)));
    }

    [TestMethod]
    [DataRow("vllm", "http://h:8000", "", null)]
    [DataRow("triton", "http://h:8000", "", "http://h:8001")]
    [DataRow("triton", "https://h:8000/x", "", "https://h:8001")]
    [DataRow("triton", "http://h:8000", "http://g:9", "http://g:9")]
    [DataRow("ovms", "http://h:8000", "http://g:9", "http://g:9")]
    public void Address_OfATarget_IsReportedOrTritons(string runtime, string endpoint, string reported, string? address) =>
        Assert.AreEqual(address, GrpcAddress.Of(new RouteTarget { NodeId = "n", Runtime = runtime, Endpoint = endpoint, GrpcEndpoint = reported }));

    [TestMethod]
    public void Model_OfACompressedMessage_IsItsFirstField()
    {
        using var packed = new MemoryStream();
        using (var zlib = new System.IO.Compression.ZLibStream(packed, System.IO.Compression.CompressionLevel.Optimal, leaveOpen: true)) zlib.Write([0x1A, 1, (byte)'7', 0x0A, 1, (byte)'m']);
        Assert.AreEqual("m", GrpcFrame.ModelOf(Frame(1, packed.ToArray()), "deflate"));
        Assert.IsNull(GrpcFrame.ModelOf(Frame(1, packed.ToArray()[..^6]), "gzip"));
    }

    // Only the head of a frame says how long it is; that it agrees was checked before.
    private static byte[] Frame(byte flag, byte[] message) => [flag, 0, 0, 0, 0, .. message];
}
