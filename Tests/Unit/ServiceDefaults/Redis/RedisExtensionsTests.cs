using InferMesh.ServiceDefaults.Redis;
using InferMesh.Tests.Shared;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace InferMesh.Tests.Unit.ServiceDefaults.Redis;

[TestClass]
public sealed class RedisExtensionsTests
{
    [TestMethod]
    public void Options_ConnectionString_KeepsTryingWhenRedisIsLate()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["ConnectionStrings:redis"] = "127.0.0.1:6400,password=x" }).Build();

        var options = RedisExtensions.Options(configuration, "redis");

        Assert.IsFalse(options.AbortOnConnectFail);
        Assert.AreEqual("x", options.Password);
    }

    [TestMethod]
    public void Options_NoConnectionString_NamesTheMissingKey()
    {
        var e = Assert.ThrowsExactly<InvalidOperationException>(() => RedisExtensions.Options(new ConfigurationBuilder().Build(), "redis"));

        Assert.Contains("ConnectionStrings:redis", e.Message);
    }

    [TestMethod]
    public async Task AddRedisConnection_ServerRuns_SharesOneConnectionUnderItsName()
    {
        await using var redis = await RedisFixture.StartAsync();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["ConnectionStrings:redis"] = redis.ConnectionString });
        builder.AddRedisConnection("redis");
        using var host = builder.Build();

        var connection = host.Services.GetRequiredKeyedService<IConnectionMultiplexer>("redis");
        await connection.GetDatabase().StringSetAsync("key", "value");

        Assert.AreEqual("value", (string?)await connection.GetDatabase().StringGetAsync("key"));
        Assert.AreSame(connection, host.Services.GetRequiredKeyedService<IConnectionMultiplexer>("redis"));
    }
}
