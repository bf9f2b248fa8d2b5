using System.Globalization;
using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Tests.Unit.Architecture;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace InferMesh.Tests.Unit.Api.Security;

/// <summary>
/// Every role, in every scope, on every endpoint and every method. What is expected stands in Golden/access-matrix.txt, which people review;
/// <c>INFERMESH_UPDATE_GOLDEN=1</c> writes it anew.
/// </summary>
[TestClass]
public sealed class AccessMatrixTests
{
    private const string Legend = """
        # What every caller gets on every endpoint of the API and every method of its services, about what belongs to tenant acme and, where it has one, project chat.
        # + let in   1 unauthenticated   3 forbidden   4 answered as if it did not exist
        # Each word has five places, one for each scope of the key: the whole mesh, tenant acme, its project chat, its project search, tenant globex.
        """;

    private const string AdminKey = "key-of-sixteen-characters";

    [TestMethod]
    public void EveryEndpoint_DeclaresWhoMayUseIt()
    {
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", AdminKey));
        var calls = AccessCall.All(api.Services.GetRequiredService<EndpointDataSource>());
        Assert.IsGreaterThan(120, calls.Count);
        var undeclared = calls.Where(c => c.Needs is null && !c.IsOpen).Select(c => c.Name).ToArray();
        Assert.IsEmpty(undeclared, "Say .Needs(...) or .AllowAnonymous() of: " + string.Join(", ", undeclared));
        foreach (var name in new[] { "GET /health/ready", "GET /metrics", "GET /openapi/{documentName}.json", "grpc /grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "grpc /infermesh.state.v1.StatePlane/ReportNode" })
            Assert.IsTrue(calls.Any(c => c.Name == name), $"{name} is among the endpoints that were looked at.");
    }

    [TestMethod]
    public async Task EveryRoleAndScope_OnEveryEndpoint_GetsWhatTheTableSays()
    {
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", AdminKey));
        var callers = new AccessCallers(api.Mesh.Keys);
        await api.Mesh.Events.Append(new() { Type = EventTypes.JobSubmitted, Subject = "j-acme", Tenant = "acme" });
        await api.Mesh.Events.Append(new() { Type = EventTypes.JobSubmitted, Subject = "j-globex", Tenant = "globex" });
        api.Mesh.Jobs.Put("j-acme", spec => spec with { Tenant = "acme", Project = "chat" });
        var ports = api.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToArray();
        using var grpc = new HttpClient(new SocketsHttpHandler { MaxResponseDrainSize = 0 }) { BaseAddress = new(ports[1]) };

        var table = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        await table.WriteLineAsync(Legend);
        foreach (var call in AccessCall.All(api.Services.GetRequiredService<EndpointDataSource>()))
        {
            await table.WriteAsync($"{call.Name} | {(call.IsOpen ? "open" : call.Needs?.Name())} |");
            if (call.IsOpen)
            {
                // A reflection call waits for questions; that it is open is metadata, and GrpcPlanesTests asks it.
                await table.WriteLineAsync();
                continue;
            }
            await table.WriteAsync($" nobody {await SendAsync(null)}");
            foreach (var role in Enum.GetValues<Role>())
            {
                var cells = "";
                foreach (var (mark, scope) in AccessCallers.Scopes)
                {
                    var got = await SendAsync(callers[role, mark]);
                    cells += got;
                    // Beside the table, which somebody may read too quickly: what reaches over the whole mesh is nobody's who belongs to a tenant.
                    if (call.Needs?.Reach() == Reach.Mesh && !scope.IsMesh) Assert.AreEqual('3', got, $"{call.Name} by {role.Name()} in {scope}");
                    if (mark == 'f' && call.IsOwned) Assert.AreNotEqual('+', got, $"{call.Name} by {role.Name()} of another tenant");
                }
                if (role == Role.Admin) Assert.StartsWith("+", cells, call.Name);
                await table.WriteAsync($"  {role.Name()} {cells}");
            }
            await table.WriteLineAsync();

            async Task<char> SendAsync(string? key)
            {
                // Other calls delete it.
                await api.Mesh.Tenants.Tenant("acme").Put(new TenantSpec(), PolicyVersions.Any, "test");
                return await call.SendAsync(api.Http, grpc, key, KeyOfAcme(api));
            }
        }
        Compare(table.ToString());
    }

    /// <summary>A key of tenant acme; a new one each time, because calls revoke it.</summary>
    private static string KeyOfAcme(ApiHost api) => AccessCallers.Add(api.Mesh.Keys, "of-acme", Role.InferenceUser, new("acme", "")).Split('_')[1];

    private static void Compare(string table)
    {
        var path = Path.Combine(Repository.Root, "Tests", "Unit", "Api", "Security", "Golden", "access-matrix.txt");
        if (Environment.GetEnvironmentVariable("INFERMESH_UPDATE_GOLDEN") == "1") File.WriteAllText(path, table);
        var (ours, theirs) = (table.Split('\n'), File.ReadAllText(path).ReplaceLineEndings("\n").Split('\n'));
        var changed = ours.Except(theirs).Select(l => "now:      " + l).Concat(theirs.Except(ours).Select(l => "reviewed: " + l)).ToArray();
        Assert.IsEmpty(changed, "Who may do what has changed. If it is meant, run this test with INFERMESH_UPDATE_GOLDEN=1 and review the file.\n" + string.Join('\n', changed));
    }
}
