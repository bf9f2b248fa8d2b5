extern alias cli;
using cli::InferMesh.Control.V1;
using Grpc.Core;
using InferMesh.Grains.Abstractions;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;

namespace InferMesh.Tests.Unit.Api.Grpc.Control;

[TestClass]
public sealed class ControlPlanePoliciesTests
{
    [TestMethod]
    public async Task SetPolicy_EveryKind_ComesBackAsWritten()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new ControlPlane.ControlPlaneClient(api.Channel);
        Policy[] policies =
        [
            new() { Name = "p1", Priority = 3, Models = { "m*" }, Placement = new() { Nodes = { "n" }, Labels = { { "k", "v" } } } },
            new() { Name = "p2", Tenants = { "t" }, Routing = new() { Strategy = "mesh", Parameters = { { "network_weight", 2 } } } },
            new() { Name = "p3", SloClasses = { "latency" }, Hedging = new() { Enabled = false, MinDelayMs = 7 } },
            new() { Name = "p4", Slo = new() { TtftMs = 100 } },
            new() { Name = "p5", Quota = new() { MaxConcurrentRequests = 5 } },
            new() { Name = "p6", Security = new() { RequireTenant = true } },
        ];

        foreach (var policy in policies)
        {
            var written = await client.SetPolicyAsync(new() { Policy = policy, ExpectedVersion = 0 });
            var read = await client.GetPolicyAsync(new() { Name = policy.Name });
            Assert.AreEqual(written, read);
            Assert.AreEqual((1L, policy.SpecCase), (read.Version, read.SpecCase));
        }

        var hedging = (await client.GetPolicyAsync(new() { Name = "p3" })).Hedging;
        Assert.AreEqual((false, 7.0, 5000.0), (hedging.Enabled, hedging.MinDelayMs, hedging.MaxDelayMs));
        Assert.IsFalse((await client.GetPolicyAsync(new() { Name = "p4" })).Slo.HasTpotMs);
        Assert.AreEqual("p5", (await client.ListPoliciesAsync(new() { Type = PolicyType.Quota })).Policies.Single().Name);
        Assert.AreEqual(6, (await client.ListPoliciesAsync(new())).Policies.Count);
    }

    [TestMethod]
    public async Task SetPolicy_WrongVersion_IsAbortedWithTheCurrentOne()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new ControlPlane.ControlPlaneClient(api.Channel);
        var policy = new Policy { Name = "p", Quota = new() { MaxConcurrentRequests = 5 } };
        await client.SetPolicyAsync(new() { Policy = policy });

        var status = await RpcAssert.FailsAsync(StatusCode.Aborted, client.SetPolicyAsync(new() { Policy = policy, ExpectedVersion = 0 }));

        Assert.AreEqual("1", RpcAssert.Detail<Google.Rpc.ErrorInfo>(status).Metadata["current_version"]);
    }

    [TestMethod]
    public async Task SetPolicy_GrainFindsErrors_AreNamedAsInTheMessage()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Policies.Errors = [new FieldError("slo.maxQueuePerTarget", "bad"), new FieldError("routing.parameters.network_weight", "bad"), new FieldError("kind", "bad")];
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        var status = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.SetPolicyAsync(new() { Policy = new() { Name = "p", Quota = new() } }));

        CollectionAssert.AreEqual(new[] { "policy.slo.max_queue_per_target", "policy.routing.parameters.network_weight", "policy.spec" }, RpcAssert.Fields(status));
    }

    [TestMethod]
    public async Task SetPolicy_EmptyOrBad_NamesAllFields()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        CollectionAssert.Contains(RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.SetPolicyAsync(new()))), "policy");
        CollectionAssert.AreEquivalent(new[] { "policy.name", "policy.spec", "expected_version" },
            RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.SetPolicyAsync(new() { Policy = new() { Name = "" }, ExpectedVersion = -1 }))));
    }

    [TestMethod]
    public async Task DeletePolicy_Existing_GivesTheVersionOfTheDeletion()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new ControlPlane.ControlPlaneClient(api.Channel);
        await client.SetPolicyAsync(new() { Policy = new() { Name = "p", Quota = new() { MaxConcurrentRequests = 5 } } });

        Assert.AreEqual(2, (await client.DeletePolicyAsync(new() { Name = "p", ExpectedVersion = 1 })).Version);
        await RpcAssert.FailsAsync(StatusCode.NotFound, client.DeletePolicyAsync(new() { Name = "p" }));
        await RpcAssert.FailsAsync(StatusCode.NotFound, client.GetPolicyAsync(new() { Name = "p" }));
    }
}
