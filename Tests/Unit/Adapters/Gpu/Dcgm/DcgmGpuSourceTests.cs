using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Gpu.Dcgm;

namespace InferMesh.Tests.Unit.Adapters.Gpu.Dcgm;

[TestClass]
public sealed class DcgmGpuSourceTests
{
    private const string Page = "DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",UUID=\"GPU-a\"} 30\n";

    [TestMethod]
    public async Task Read_PageWithToken_IsASnapshot()
    {
        var request = "";
        await using var page = new LoopbackPage(text =>
        {
            request = text;
            return LoopbackPage.Ok(Page);
        });
        using var source = new DcgmGpuSource(new DcgmGpuOptions { Endpoint = page.Address, BearerToken = "secret" });
        var snapshot = Nvml.NvmlGpuSourceTests.Snapshot(source.Read());

        Assert.AreEqual("dcgm", snapshot.Source);
        Assert.AreEqual(30.0, snapshot.Readings.Single().TemperatureCelsius);
        StringAssert.StartsWith(request, "GET /metrics ");
        StringAssert.Contains(request, "Authorization: Bearer secret");
    }

    [TestMethod]
    [DataRow("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", GpuSourceFailure.NoPermission, "answered 403")]
    [DataRow("HTTP/1.1 500 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", GpuSourceFailure.NoAnswer, "answered 500")]
    [DataRow("HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", GpuSourceFailure.NoAnswer, "answered 302")]
    [DataRow("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nup 1", GpuSourceFailure.Unreadable, "without one DCGM metric")]
    [DataRow("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 900\r\n\r\nDCGM_FI_DEV_GPU_TEMP{gpu=\"0\"} 3", GpuSourceFailure.NoAnswer, "")]
    [DataRow("nonsense\r\n\r\n", GpuSourceFailure.NoAnswer, "")]
    public async Task Read_AnswerOfAnotherKind_IsItsFailure(string response, GpuSourceFailure kind, string reason)
    {
        await using var page = new LoopbackPage(_ => response);
        using var source = new DcgmGpuSource(new DcgmGpuOptions { Endpoint = page.Address });
        AssertFailure(source.Read(), kind, reason);
    }

    [TestMethod]
    public async Task Read_PageOverTheLimit_IsRefused()
    {
        await using var page = new LoopbackPage(_ => LoopbackPage.Ok(Page));
        using var source = new DcgmGpuSource(new DcgmGpuOptions { Endpoint = page.Address, MaxPageBytes = Page.Length - 1 });
        AssertFailure(source.Read(), GpuSourceFailure.NoAnswer, "larger than");
    }

    [TestMethod]
    public async Task Read_ExporterThatHangs_EndsAtTheLimit()
    {
        await using var page = new LoopbackPage(_ => null);
        using var source = new DcgmGpuSource(new DcgmGpuOptions { Endpoint = page.Address, Timeout = TimeSpan.FromMilliseconds(50) });
        AssertFailure(source.Read(), GpuSourceFailure.NoAnswer, "within 0.05 s");
    }

    [TestMethod]
    public async Task Read_NobodyListens_FailsAndRecovers()
    {
        var dead = new LoopbackPage(_ => null);
        var address = dead.Address;
        await dead.DisposeAsync();
        using var source = new DcgmGpuSource(new DcgmGpuOptions { Endpoint = address });
        AssertFailure(source.Read(), GpuSourceFailure.NoAnswer, address.ToString());
    }

    [TestMethod]
    public void Constructor_OptionOutOfRange_NamesIt()
    {
        var good = new DcgmGpuOptions { Endpoint = new Uri("http://127.0.0.1:9400/metrics") };
        foreach (var (options, name) in new[]
        {
            (good with { Endpoint = new Uri("ftp://a/") }, "Endpoint"), (good with { Endpoint = new Uri("/metrics", UriKind.Relative) }, "Endpoint"),
            (good with { Timeout = TimeSpan.Zero }, "Timeout"), (good with { MaxPageBytes = 0 }, "MaxPageBytes"),
        })
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new DcgmGpuSource(options)).Message, name);
    }

    private static void AssertFailure(GpuSourceResult result, GpuSourceFailure kind, string reason)
    {
        var failure = result as GpuSourceResult.Unavailable ?? throw new AssertFailedException(result.ToString());
        Assert.AreEqual(kind, failure.Kind, failure.Reason);
        StringAssert.Contains(failure.Reason, reason);
    }
}
