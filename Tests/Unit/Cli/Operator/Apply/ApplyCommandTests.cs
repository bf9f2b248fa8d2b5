using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Tests.Unit.Adapters;
using InferMesh.Tests.Unit.Api;

namespace InferMesh.Tests.Unit.Cli.Operator.Apply;

[TestClass]
public sealed class ApplyCommandTests
{
    private const string Manifests = """
        apiVersion: infermesh/v1
        kind: Endpoint
        metadata: {name: front}
        spec:
          models: [{model: llama}]
        ---
        apiVersion: infermesh/v1
        kind: Policy
        metadata:
          name: chat
        spec:
          kind: routing
          models: ["llama-*"]
          routing: {strategy: mesh}
        ---
        # Labels are texts, whatever they look like.
        apiVersion: infermesh/v1
        kind: Node
        metadata: {name: 17}
        spec: {cell: c1, labels: {slot: 3}}
        """;

    [TestMethod]
    public async Task Apply_AFolder_CreatesAndThenChangesNothing()
    {
        using var api = new ApiHost();
        using var folder = new TempFolder();
        Write(folder, "a/mesh.yaml", Manifests);
        Write(folder, "tenant.json", """{"apiVersion":"infermesh/v1","kind":"Tenant","metadata":{"name":"acme"},"spec":{}}""");
        Write(folder, "notes.txt", "not a manifest");

        var dry = (await ApplyAsync(api, folder.Path, "--dry-run")).Expect(0);
        Assert.IsNull(api.Mesh.Policy("chat").Current);
        StringAssert.Matches(dry.Output, new("Policy +chat +created +-"));
        var done = (await ApplyAsync(api, folder.Path, "--diff")).Expect(0);
        Assert.Contains("+++ file/Policy/chat", done.Output);
        Assert.DoesNotContain('\u001b', done.Output);
        Assert.AreEqual("3", api.Mesh.Node("17").View!.Registration.Labels["slot"]);
        Assert.IsNotNull(api.Mesh.Tenants.Tenant("acme").Current);

        var again = (await ApplyAsync(api, folder.Path, "-o", "json")).Expect(0);
        Assert.HasCount(4, again.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l.Contains("\"unchanged\"", StringComparison.Ordinal)));
        Assert.AreEqual(1, api.Mesh.Policy("chat").Current!.Version);
    }

    [TestMethod]
    public async Task Apply_WrongManifests_NamesEachWithFileAndLine_AndChangesNothing()
    {
        using var api = new ApiHost();
        using var folder = new TempFolder();
        var file = Write(folder, "mesh.yaml", Manifests + """

            ---
            apiVersion: infermesh/v1
            kind: Policy
            metadata: {name: bad}
            spec: {kind: routing, priority: 5000, routing: {}}
            """);
        var run = (await ApplyAsync(api, file)).Expect(2);
        Assert.AreEqual("", run.Output);
        Assert.HasCount(3, run.ErrorLines);
        Assert.AreEqual($"infermesh: {file}:22: Policy bad: spec.routing.strategy is required.", run.ErrorLines[0].Trim());
        Assert.IsNull(api.Mesh.Policy("chat").Current);
    }

    [TestMethod]
    [DataRow("kind: [", "mesh.yaml:2:1")]
    [DataRow("- 1", "is no object")]
    [DataRow("{\"kind\":", "mesh.yaml:")]
    [DataRow("# nothing\n", "no manifests")]
    [DataRow("{kind: Node, metadata: {name: n}}\n---\n{kind: node, metadata: {name: n}}", "name each object once")]
    [DataRow("{kind: Robot, metadata: {name: r}}", "kind must be one of Tenant")]
    public async Task Apply_WhatIsNoManifest_IsALineThatNamesTheFile(string text, string named)
    {
        using var api = new ApiHost();
        using var folder = new TempFolder();
        var run = (await ApplyAsync(api, Write(folder, "mesh.yaml", text))).Expect(2);
        Assert.Contains(named, run.Error);
        Assert.Contains("mesh.yaml", run.Error);
    }

    [TestMethod]
    public async Task Apply_OfNothingThatCanBeRead_IsALine()
    {
        using var api = new ApiHost();
        Assert.HasCount(1, (await ApplyAsync(api, "/nowhere/mesh.yaml")).Expect(2).ErrorLines);
        (await CommandRun.Of("apply")).Expect(2);
        (await CommandRun.Of("apply", "-f", "x", "-o", "text")).Expect(2);
    }

    [TestMethod]
    public async Task Apply_Conflict_IsReportedAndNothingIsApplied()
    {
        using var api = new ApiHost();
        using var folder = new TempFolder();
        await api.Mesh.Policy("chat").Put(new() { Routing = new() { Strategy = "spread" } }, PolicyVersions.Any, "x");
        var file = Write(folder, "mesh.yaml", Manifests.Replace("  name: chat", "  name: chat\n  version: 7", StringComparison.Ordinal));
        var run = (await ApplyAsync(api, file)).Expect(1);
        Assert.Contains("Policy/chat: Version 1 is current, not 7", run.Error);
        Assert.Contains("nothing was applied", run.Error);
        Assert.IsNull(api.Mesh.Node("17").View);
    }

    [TestMethod]
    public async Task Apply_FailsInTheMiddle_SaysWhatIsAppliedAndWhatNot()
    {
        using var api = new ApiHost();
        using var folder = new TempFolder();
        var file = Write(folder, "mesh.yaml", Manifests);
        api.Mesh.Policy("chat").FailNextPut = new TimeoutException("No answer.");
        var run = (await ApplyAsync(api, file)).Expect(1);
        StringAssert.Matches(run.Output, new("Node +17 +created"));
        StringAssert.Matches(run.Output, new("Policy +chat +failed"));
        StringAssert.Matches(run.Output, new("Endpoint +front +not_applied"));
        Assert.Contains("1 created, 1 failed, 1 not applied; apply again to go on", run.Error);
        (await ApplyAsync(api, file)).Expect(0);
        Assert.IsNotNull(api.Mesh.Endpoints.Current.SingleOrDefault());
    }

    [TestMethod]
    public async Task Apply_MoreThanOneCallCarries_AppliesAll()
    {
        using var api = new ApiHost();
        using var folder = new TempFolder();
        var file = Write(folder, "nodes.yaml", string.Join("\n---\n", Enumerable.Range(0, 450).Select(i => $"{{apiVersion: infermesh/v1, kind: Node, metadata: {{name: n{i:000}}}, spec: {{cell: c1}}}}")));
        (await ApplyAsync(api, file)).Expect(0);
        Assert.IsTrue(Enumerable.Range(0, 450).All(i => api.Mesh.Node($"n{i:000}").View is not null));
    }

    [TestMethod]
    public async Task Diff_ExitCodes_AreThoseOfDiff()
    {
        using var api = new ApiHost();
        using var folder = new TempFolder();
        var file = Write(folder, "mesh.yaml", Manifests);
        (await ApplyAsync(api, file)).Expect(0);
        Assert.AreEqual("", (await DiffAsync(api, file)).Expect(0).Output);

        Write(folder, "mesh.yaml", Manifests.Replace("strategy: mesh", "strategy: least_queue", StringComparison.Ordinal));
        var different = (await DiffAsync(api, file)).Expect(1);
        Assert.Contains("--- mesh/Policy/chat\n+++ file/Policy/chat\n@@ ", different.Output);
        Assert.Contains("\n-  strategy: mesh\n+  strategy: least_queue\n", different.Output);
        Assert.AreEqual("mesh", api.Mesh.Policy("chat").Current!.Spec.Routing!.Strategy);

        Write(folder, "mesh.yaml", "kind: Robot");
        (await DiffAsync(api, file)).Expect(2);
        (await CommandRun.Of("diff", "-f", file, "--api", "http://127.0.0.1:1")).Expect(2);
    }

    [TestMethod]
    [DataRow("yaml")]
    [DataRow("json")]
    public async Task Export_Applied_ChangesNothing(string form)
    {
        using var api = new ApiHost();
        using var folder = new TempFolder();
        (await ApplyAsync(api, Write(folder, "mesh.yaml", Manifests))).Expect(0);
        api.Mesh.Cells["c1"] = Api.Fakes.Cells.Of("c1");
        var export = (await CommandRun.Of("export", "--api", Address(api), "-o", form)).Expect(0);
        Assert.DoesNotContain("version:", export.Output.Replace("apiVersion:", "", StringComparison.Ordinal));
        Assert.AreEqual(export.Output, (await CommandRun.Of("export", "--api", Address(api), "-o", form)).Output);
        var file = Write(folder, "export", export.Output);
        Assert.HasCount(3, (await ApplyAsync(api, file, "-o", "json")).Expect(0).Output.Split('\n').Where(l => l.Contains("\"unchanged\"", StringComparison.Ordinal)));

        var one = (await CommandRun.Of("export", "policy", "chat", "--versions", "--api", Address(api))).Expect(0);
        Assert.Contains("  name: chat\n  version: 1\n", one.Output);
        (await CommandRun.Of("export", "robot", "--api", Address(api))).Expect(2);
        (await CommandRun.Of("export", "policy", "nobody", "--api", Address(api))).Expect(1);
    }

    private static Task<CommandRun> ApplyAsync(ApiHost api, string path, params string[] more) => CommandRun.Of(["apply", "-f", path, "--api", Address(api), .. more]);

    private static Task<CommandRun> DiffAsync(ApiHost api, string path) => CommandRun.Of("diff", "-f", path, "--api", Address(api));

    private static string Address(ApiHost api) => api.Http.BaseAddress!.ToString();

    private static string Write(TempFolder folder, string name, string text)
    {
        var path = Path.Combine(folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }
}
