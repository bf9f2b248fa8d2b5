extern alias cli;
using cli::InferMesh.Control.V1;
using Grpc.Core;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;

namespace InferMesh.Tests.Unit.Api.Grpc.Control;

[TestClass]
public sealed class ControlPlaneEndpointsTests
{
    private static readonly string Hash = new('a', 64);

    [TestMethod]
    public async Task SetEndpoint_AllParts_ComeBackAsWritten()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new ControlPlane.ControlPlaneClient(api.Channel);
        var endpoint = new Endpoint
        {
            Name = "chat",
            Description = "d",
            Models = { new EndpointModel { Model = "a", Weight = 90 }, new EndpointModel { Model = "b" } },
            Aliases = { "gpt-4o" },
            SloClass = "interactive",
            Placement = new() { Regions = { "eu" }, Labels = { { "k", "v" } } },
            Routing = new() { Strategy = "mesh", Parameters = { { "network_weight", 2 } } },
            Hedging = new() { MinDelayMs = 7 },
            Auth = new() { Keys = { Hash }, AllowedTenants = { "blue" }, RequireTenant = true },
            Enabled = false,
        };

        var written = await client.SetEndpointAsync(new() { Endpoint = endpoint, ExpectedVersion = 0 });
        Assert.AreEqual(written, await client.GetEndpointAsync(new() { Name = "chat" }));
        Assert.AreEqual(written, (await client.ListEndpointsAsync(new())).Endpoints.Single());
        Assert.AreEqual((1L, 1, Hash[..12]), (written.Version, written.Models[1].Weight, written.Auth.Keys.Single()));

        var expected = endpoint.Clone();
        (expected.Version, expected.ChangedAt, expected.ChangedBy, expected.Models[1].Weight, expected.Hedging, expected.Auth.Keys[0]) =
            (written.Version, written.ChangedAt, written.ChangedBy, 1, written.Hedging, Hash[..12]);
        Assert.AreEqual(expected, written);
        Assert.AreEqual((7.0, 5000.0), (written.Hedging.MinDelayMs, written.Hedging.MaxDelayMs));

        // What was read is written back: the shown digits stand for the key.
        await client.SetEndpointAsync(new() { Endpoint = written, ExpectedVersion = 1 });
        Assert.AreEqual(Hash, api.Endpoints.Current.Single().Spec.Auth!.Keys.Single());
    }

    [TestMethod]
    public async Task SetEndpoint_LeastOfAll_IsEnabledAndLeavesTheRestToThePolicies()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        var written = await client.SetEndpointAsync(new() { Endpoint = new() { Name = "chat", Models = { new EndpointModel { Model = "a" } } } });

        Assert.IsTrue(written.Enabled);
        Assert.IsNull(written.Placement ?? written.Routing ?? written.Hedging ?? (object?)written.Auth);
    }

    [TestMethod]
    public async Task SetEndpoint_Refused_SaysWhyInTheWordsOfTheMessage()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new ControlPlane.ControlPlaneClient(api.Channel);
        await client.SetEndpointAsync(new() { Endpoint = new() { Name = "one", Models = { new EndpointModel { Model = "a" } }, Aliases = { "x" } } });

        var invalid = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.SetEndpointAsync(new()
        {
            Endpoint = new() { Name = "two", Models = { new EndpointModel { Model = "a", Weight = 0 } }, Hedging = new() { MaxSaturation = 9 }, Auth = new() { Keys = { "x" } }, SloClass = new('s', 300) },
        }));
        CollectionAssert.AreEquivalent(new[] { "endpoint.slo_class", "endpoint.models[0].weight", "endpoint.hedging.max_saturation", "endpoint.auth.keys[0]" }, RpcAssert.Fields(invalid));

        var taken = await RpcAssert.FailsAsync(StatusCode.AlreadyExists, client.SetEndpointAsync(new() { Endpoint = new() { Name = "two", Models = { new EndpointModel { Model = "a" } }, Aliases = { "x" } } }));
        CollectionAssert.AreEqual(new[] { "endpoint.aliases[0]" }, RpcAssert.Fields(taken));

        var stale = await RpcAssert.FailsAsync(StatusCode.Aborted, client.SetEndpointAsync(new() { Endpoint = new() { Name = "one", Models = { new EndpointModel { Model = "a" } } }, ExpectedVersion = 0 }));
        Assert.AreEqual("1", RpcAssert.Detail<Google.Rpc.ErrorInfo>(stale).Metadata["current_version"]);

        CollectionAssert.AreEquivalent(new[] { "endpoint", "expected_version" }, RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.SetEndpointAsync(new() { ExpectedVersion = -1 }))));
    }

    [TestMethod]
    public async Task DeleteEndpoint_Existing_GivesTheVersionOfTheDeletion()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new ControlPlane.ControlPlaneClient(api.Channel);
        await client.SetEndpointAsync(new() { Endpoint = new() { Name = "one", Models = { new EndpointModel { Model = "a" } } } });

        Assert.AreEqual(2, (await client.DeleteEndpointAsync(new() { Name = "one", ExpectedVersion = 1 })).Version);
        await RpcAssert.FailsAsync(StatusCode.NotFound, client.DeleteEndpointAsync(new() { Name = "one" }));
        await RpcAssert.FailsAsync(StatusCode.NotFound, client.GetEndpointAsync(new() { Name = "one" }));
    }
}
