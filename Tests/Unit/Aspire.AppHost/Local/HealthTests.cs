using System.Net;
using System.Net.Sockets;
using System.Text;
using InferMesh.AppHost.Local;
using InferMesh.AppHost.Local.Health;

namespace InferMesh.Tests.Unit.AppHost.Local;

[TestClass]
public sealed class HealthTests
{
    private static readonly ProcessLog Log = new("x", TextWriter.Null, TextWriter.Null, false, null);

    public TestContext TestContext { get; set; } = null!;

    /// <summary>Listens, answers each connection's first message with the given bytes, and asks the check.</summary>
    private async Task<(bool Healthy, byte[] Asked)> AskAsync(string answer, Func<int, IHealthCheck> check)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync(TestContext.CancellationToken);
            var question = new byte[1024];
            var length = await client.GetStream().ReadAsync(question, TestContext.CancellationToken);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(answer), TestContext.CancellationToken);
            return question[..length];
        });
        var healthy = await check(((IPEndPoint)listener.LocalEndpoint).Port).IsHealthyAsync(Log, TestContext.CancellationToken);
        return (healthy, await serving);
    }

    [TestMethod]
    [DataRow("+PONG\r\n", true)]
    [DataRow("-LOADING Redis is loading the dataset in memory\r\n", false)]
    public async Task Redis_Answer_Decides(string answer, bool expected)
    {
        var (healthy, asked) = await AskAsync(answer, p => new RedisHealth(p));

        Assert.AreEqual(expected, healthy);
        Assert.AreEqual("*1\r\n$4\r\nPING\r\n", Encoding.ASCII.GetString(asked));
    }

    [TestMethod]
    [DataRow("R\0\0\0\u000a", true)]
    [DataRow("E\0\0\0\u0040SFATAL\0C57P03\0Mthe database system is starting up\0\0", false)]
    public async Task Postgres_Answer_Decides(string answer, bool expected)
    {
        var (healthy, asked) = await AskAsync(answer, p => new PostgresHealth(p, "infermesh", "meshdb"));

        Assert.AreEqual(expected, healthy);
        Assert.AreEqual("\0\0\0\u0028\0\u0003\0\0user\0infermesh\0database\0meshdb\0\0", Encoding.ASCII.GetString(asked));
    }

    [TestMethod]
    [DataRow("200 OK", true)]
    [DataRow("503 Service Unavailable", false)]
    public async Task Http_Status_Decides(string status, bool expected)
    {
        var (healthy, asked) = await AskAsync($"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n", p => new HttpHealth($"http://127.0.0.1:{p}/health/ready"));

        Assert.AreEqual(expected, healthy);
        Assert.StartsWith("GET /health/ready ", Encoding.ASCII.GetString(asked));
    }

    [TestMethod]
    public async Task EveryCheck_NobodyListens_IsNo()
    {
        var port = new PortFinder().Next();

        foreach (var check in (IHealthCheck[])[new RedisHealth(port), new PostgresHealth(port, "u", "d"), new HttpHealth($"http://127.0.0.1:{port}/")])
            Assert.IsFalse(await check.IsHealthyAsync(Log, TestContext.CancellationToken));
    }
}
