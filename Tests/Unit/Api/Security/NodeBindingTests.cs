extern alias cli;
using cli::InferMesh.State.V1;
using Grpc.Core;
using InferMesh.Api.Options;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.ServiceDefaults.Security;
using InferMesh.Tests.Unit.Api.Grpc;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Microsoft.Extensions.Options;

namespace InferMesh.Tests.Unit.Api.Security;

/// <summary>An agent whose key or certificate names a node speaks for that node only.</summary>
[TestClass]
public sealed class NodeBindingTests
{
    [TestMethod]
    public async Task Agent_OfOneNode_SpeaksForNoOther()
    {
        await using var api = await ApiUnderTest.StartAsync(("InferMesh:Security:Mode", "Enforced"));
        api.Fleet.Put(FakeFleet.Node("n-1"));
        api.Fleet.Put(FakeFleet.Node("n-2"));
        var key = AccessCallers.Add(api.Keys, "agent", Role.NodeAgent, Scope.Mesh, k => k with { NodeId = "n-1" });
        var headers = new Metadata { { "x-api-key", key } };
        var client = new StatePlane.StatePlaneClient(api.Channel);
        await client.PingAsync(new() { NodeId = "n-1" }, headers);
        await client.RegisterNodeAsync(new() { NodeId = "n-1", Cell = "c1" }, headers);

        await RpcAssert.FailsAsync(StatusCode.PermissionDenied, client.PingAsync(new() { NodeId = "n-2" }, headers));
        await RpcAssert.FailsAsync(StatusCode.PermissionDenied, client.RegisterNodeAsync(new() { NodeId = "n-2", Cell = "c1" }, headers));
        await RpcAssert.FailsAsync(StatusCode.PermissionDenied, client.PollJobsAsync(new() { NodeId = "n-2", Cell = "c1", Host = "h" }, headers));
        await RpcAssert.FailsAsync(StatusCode.PermissionDenied, client.ReportJobAsync(new() { NodeId = "n-2", JobId = "j-1", Fence = 1, Kind = JobReportKind.Started }, headers));
        await RpcAssert.FailsAsync(StatusCode.PermissionDenied, client.ReportAssignmentAsync(new() { NodeId = "n-2" }, headers));
        using var watch = client.WatchAssignments(new() { NodeId = "n-2" }, headers);
        await RpcAssert.FailsAsync(StatusCode.PermissionDenied, () => watch.ResponseStream.MoveNext(CancellationToken.None));

        // Each message of a stream says for whom it speaks.
        using var report = client.ReportGpuState(headers);
        await report.RequestStream.WriteAsync(new() { NodeId = "n-1", Epoch = 1, Sequence = 1, Gpus = new() });
        Assert.IsTrue(await report.ResponseStream.MoveNext(CancellationToken.None));
        await report.RequestStream.WriteAsync(new() { NodeId = "n-2", Epoch = 1, Sequence = 2, Gpus = new() });
        await RpcAssert.FailsAsync(StatusCode.PermissionDenied, () => report.ResponseStream.MoveNext(CancellationToken.None));
        Assert.AreEqual("n-1", api.Publisher.Published.Single().NodeId);

        // What is not about reporting is not the agent's at all.
        await RpcAssert.FailsAsync(StatusCode.PermissionDenied, client.ListGpuStatesAsync(new() { NodeId = "n-1" }, headers));
    }

    [TestMethod]
    [DataRow("spiffe://mesh.example/ns/prod/node/n-1", "n-1", "node-agent", "")]
    [DataRow("spiffe://mesh.example/ns/prod/sa/operator", "", "operator", "")]
    [DataRow("spiffe://mesh.example/tenant/acme/sa/app", "", "inference-user", "acme")]
    [DataRow("spiffe://mesh.example/tenant/_/sa/app", null, null, null)]
    [DataRow("spiffe://mesh.example/ns/prod/node/n-1/more", null, null, null)]
    [DataRow("spiffe://mesh.example/ns/prod/node", null, null, null)]
    [DataRow("spiffe://other.example/ns/prod/node/n-1", null, null, null)]
    public void Certificate_ByItsId_HasTheRolesOfTheFirstRuleThatMatches(string id, string? node, string? role, string? tenant)
    {
        var settings = new SecuritySettings
        {
            Certificates =
            [
                new() { Id = "spiffe://mesh.example/ns/*/node/{node}", Roles = ["node-agent"] },
                new() { Id = "spiffe://mesh.example/ns/prod/sa/operator", Roles = ["operator"] },
                new() { Id = "spiffe://mesh.example/tenant/{tenant}/sa/*", Roles = ["inference-user"] },
            ],
        };
        Assert.IsTrue(SpiffeId.TryParse(id, out var spiffe));
        var caller = new CertificateCallers(new Fixed(settings)).Find(spiffe);
        Assert.AreEqual((node, role, tenant), (caller?.NodeId, caller?.Roles.Single().Name(), caller?.Scope.Tenant));
    }

    private sealed class Fixed(SecuritySettings settings) : IOptionsMonitor<SecuritySettings>
    {
        public SecuritySettings CurrentValue => settings;

        public SecuritySettings Get(string? name) => settings;

        public IDisposable? OnChange(Action<SecuritySettings, string?> listener) => null;
    }
}
