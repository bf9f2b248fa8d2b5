using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd;

/// <summary>A mesh is filled from files, saved, lost with its database and restored, over the command line.</summary>
[TestClass]
public sealed class BackupTests
{
    private const int Nodes = 300;
    private static readonly string[] NoFleet = ["--Mesh:Fleet=false"];

    private const string Manifests = """
        {apiVersion: infermesh/v1, kind: Tenant, metadata: {name: acme}, spec: {description: "Acme", limits: {requestsPerSecond: 5.5}}}
        ---
        {apiVersion: infermesh/v1, kind: Node, metadata: {name: n1}, spec: {cell: c1, zone: z1, labels: {pool: chat}}}
        ---
        {apiVersion: infermesh/v1, kind: Node, metadata: {name: n2}, spec: {cell: c2}}
        ---
        {apiVersion: infermesh/v1, kind: Model, metadata: {name: org/llama}, spec: {replicas: 1, nodes: [n1], adapters: {sql: "s3://sql"}}}
        ---
        {apiVersion: infermesh/v1, kind: Policy, metadata: {name: chat}, spec: {kind: routing, models: ["llama-*"], routing: {strategy: mesh, parameters: {network_weight: 0.5}}}}
        ---
        {apiVersion: infermesh/v1, kind: Policy, metadata: {name: gone}, spec: {kind: quota, quota: {maxConcurrentRequests: 3}}}
        ---
        apiVersion: infermesh/v1
        kind: Endpoint
        metadata: {name: front}
        spec: {models: [{model: llama}], aliases: [gpt], auth: {keys: [KEY]}}
        ---
        {apiVersion: infermesh/v1, kind: Job, metadata: {name: nightly}, spec: {name: sft, tenant: acme, command: [train, "--n", 3], environment: {EPOCHS: 3}}}
        """;

    [TestMethod]
    public async Task EveryKind_SavedLostAndRestored_IsTheSame()
    {
        var work = Directory.CreateTempSubdirectory("infermesh-backup-").FullName;
        try
        {
            var (manifests, backup) = (Path.Combine(work, "mesh.yaml"), Path.Combine(work, "mesh.backup"));
            await File.WriteAllTextAsync(manifests, Manifests.Replace("KEY", new string('a', 64), StringComparison.Ordinal));
            string before;
            await using (var mesh = await MeshProcess.StartAsync(readyNodes: 0, settings: NoFleet))
            {
                await ExpectAsync(mesh, 0, "apply", "-f", manifests, "--dry-run");
                Assert.AreEqual("", await ExportAsync(mesh));
                await ExpectAsync(mesh, 0, "apply", "-f", manifests);
                var applied = await ExportAsync(mesh);
                StringAssert.DoesNotMatch(await ExpectAsync(mesh, 0, "apply", "-f", manifests), new(" (created|changed) "));
                await ExpectAsync(mesh, 0, "diff", "-f", manifests);
                Assert.AreEqual(applied, await ExportAsync(mesh));

                await File.WriteAllTextAsync(manifests, (await File.ReadAllTextAsync(manifests)).Replace("0.5}", "0.25}", StringComparison.Ordinal));
                StringAssert.Contains(await ExpectAsync(mesh, 1, "diff", "-f", manifests), "+    network_weight: 0.25");
                await ExpectAsync(mesh, 0, "apply", "-f", manifests);
                var stale = Path.Combine(work, "stale.yaml");
                await File.WriteAllTextAsync(stale, "{apiVersion: infermesh/v1, kind: Policy, metadata: {name: chat, version: 1}, spec: {kind: routing, routing: {strategy: heuristic}}}");
                StringAssert.Contains(await ExpectAsync(mesh, 1, "apply", "-f", stale), "Version 2 is current, not 1");
                using (var delete = new HttpRequestMessage(HttpMethod.Delete, "/api/v1/policies/gone") { Headers = { { "If-Match", "*" } } })
                    Assert.IsTrue((await mesh.Api.SendAsync(delete)).IsSuccessStatusCode);
                Assert.IsTrue((await mesh.Api.PostAsJsonAsync("/api/v1/nodes/n2:cordon", new { reason = "fan" })).IsSuccessStatusCode);
                before = await ExportAsync(mesh);
                StringAssert.Contains(await ExpectAsync(mesh, 0, "backup", "-o", backup), "Tenant 1, Node 2, Model 1, Policy 2, Endpoint 1, Job 1");
            }

            await using (var mesh = await MeshProcess.StartAsync(readyNodes: 0, settings: NoFleet))
            {
                await ExpectAsync(mesh, 0, "restore", backup, "--dry-run");
                Assert.AreEqual("", await ExportAsync(mesh));
                await ExpectAsync(mesh, 0, "restore", backup);
                Assert.AreEqual(before, await ExportAsync(mesh));
                await ExpectAsync(mesh, 0, "restore", backup);
                Assert.AreEqual(before, await ExportAsync(mesh));
                // Its health is that of a node without an agent; why it is kept out came back.
                Assert.AreEqual("fan", (await mesh.Api.GetFromJsonAsync<JsonElement>("/api/v1/nodes/n2")).GetProperty("reason").GetString());

                // Versions that clients hold are right, histories are there, tokens stand for their jobs.
                await RollbackAsync(mesh, "chat", 1, ("If-Match", "\"2\""));
                await RollbackAsync(mesh, "gone", 1, ("If-None-Match", "*"));
                StringAssert.Contains(await ExpectAsync(mesh, 1, "restore", backup), "Policy/chat: it is there with other content, at version 3");
                StringAssert.Matches(await ExpectAsync(mesh, 0, "restore", backup, "--overwrite"), new("Policy +2 +0 +0 +1 +1"));
                StringAssert.Matches(await ExpectAsync(mesh, 0, "apply", "-f", manifests), new("Job +nightly +unchanged"));
                await ASiloDiesInTheMiddleAsync(mesh, work);
            }
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static async Task ASiloDiesInTheMiddleAsync(MeshProcess mesh, string work)
    {
        var file = Path.Combine(work, "nodes.yaml");
        await File.WriteAllTextAsync(file, string.Join("\n---\n", Enumerable.Range(0, Nodes).Select(i => string.Create(CultureInfo.InvariantCulture, $"{{apiVersion: infermesh/v1, kind: Node, metadata: {{name: many-{i}}}, spec: {{cell: many}}}}"))));
        var applying = mesh.CliAsync("apply", "-f", file);
        await ExternalProcess.UntilAsync(async () => applying.IsCompleted || await CountAsync(mesh) > Nodes / 10, TimeSpan.FromMinutes(2), "some nodes are applied");
        MeshProcess.Kill(mesh.SiloPids()[^1], 9);
        var (exit, output) = await applying;
        Assert.IsTrue(exit is 0 or 1, output);

        var watch = Stopwatch.StartNew();
        while ((exit, output) is (not 0, _) or (0, "") || (await mesh.CliAsync("diff", "-f", file)).Exit != 0)
        {
            Assert.IsLessThan(TimeSpan.FromMinutes(3), watch.Elapsed, output);
            (exit, output) = await mesh.CliAsync("apply", "-f", file);
        }
        Assert.AreEqual(Nodes, await CountAsync(mesh));
    }

    private static async Task<int> CountAsync(MeshProcess mesh)
    {
        try
        {
            var page = await mesh.Api.GetFromJsonAsync<JsonElement>("/api/v1/objects?kind=Node&limit=1000");
            return page.GetProperty("items").EnumerateArray().Count(n => n.GetProperty("metadata").GetProperty("name").GetString()!.StartsWith("many-", StringComparison.Ordinal));
        }
        catch (HttpRequestException)
        {
            return 0;
        }
    }

    private static async Task RollbackAsync(MeshProcess mesh, string policy, long version, (string Name, string Value) precondition)
    {
        using var rollback = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/policies/{policy}:rollback") { Content = JsonContent.Create(new { version }) };
        rollback.Headers.TryAddWithoutValidation(precondition.Name, precondition.Value);
        using var answer = await mesh.Api.SendAsync(rollback);
        Assert.IsTrue(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task<string> ExportAsync(MeshProcess mesh) =>
        await ExpectAsync(mesh, 0, "export", "--versions") + await ExpectAsync(mesh, 0, "export", "job", "--versions");

    private static async Task<string> ExpectAsync(MeshProcess mesh, int exit, params string[] command)
    {
        var result = await mesh.CliAsync(command);
        Assert.AreEqual(exit, result.Exit, $"{string.Join(' ', command)}\n{result.Output}");
        return result.Output;
    }
}
