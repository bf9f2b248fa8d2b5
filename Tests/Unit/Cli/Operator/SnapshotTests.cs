using System.CommandLine;
using InferMesh.Cli;
using InferMesh.Tests.Unit.Api;
using InferMesh.Tests.Unit.Api.Endpoints;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.Cli.Operator;

/// <summary>
/// What every command prints, in every form, against the API as it is over a fake mesh: Golden/*.txt, which people review. <c>INFERMESH_UPDATE_GOLDEN=1</c> writes them anew.
/// </summary>
[TestClass]
public sealed class SnapshotTests
{
    private static readonly string[] Forms = ["table", "wide", "json", "yaml", "name"];

    /// <summary>Command lines by the file of what they print; those of a file run one after another, on a mesh of their own.</summary>
    private static readonly Dictionary<string, string[]> Cases = new(StringComparer.Ordinal)
    {
        ["list-nodes"] = [.. All("list-nodes"), "list-nodes --limit 1", "list-nodes --limit 1 -o name", "list-nodes --all --health ready --label pool=z1 --cell c1 -o name", "list-nodes --model none", "list-nodes --limit 0", "list-nodes --health fine"],
        ["describe-node"] = [.. All("describe-node n1"), "describe-node n2", "describe-node n9", "describe-node"],
        ["node-commands"] =
        [
            "cordon n1 --reason fan", "uncordon n1", "quarantine n1 --reason answers", "quarantine n1 -o json", "maintain n1", "uncordon n1 -o name", "drain-node n1 --timeout 1m", "drain-node n1 --timeout soon", "cordon n9", "forget-node n1",
            "uncordon n1", "forget-node n3", "forget-node n3 --force",
        ],
        ["list-cells"] = [.. All("list-cells"), .. All("describe-cell c1"), "describe-cell c9"],
        ["list-models"] = [.. All("list-models"), .. All("describe-model qwen"), "describe-model org/llama", "describe-model none"],
        ["models-pinned"] =
        [
            .. All("list-pins"), "pin-model qwen n2", "list-pins", "unpin-model qwen n9", "unpin-model qwen n3", "unpin-model qwen -o json", "list-pins", "pin-model org/llama n1",
        ],
        ["models-loaded"] =
        [
            "load-model phi --replicas 2 --vram-gib 8 --runtime triton --label pool=z1 --dry-run", "load-model phi --replicas 2 --vram-gib 8 --runtime triton --label pool=z1 --node n1", "load-model phi --replicas 3", "describe-model phi",
            "unload-model phi --keep-registration", "unload-model phi", "unload-model phi", "load-model phi --label x", "load-model phi --replicas 100000", "load-model qwen --wait 0s",
        ],
        ["route"] = [.. All("route org/llama"), "route org/llama --tenant acme --prompt-tokens 800 --cell c1 --label pool=z1 --strategy mesh -o name", "route org/llama --targets 99", "route"],
        ["topology"] = ["topology", "topology -o json", "path n1 --from n2", "path n9"],
        ["policy"] =
        [
            .. All("policy list"), "policy list --kind slo", .. All("policy get chat"), .. All("policy history chat"), "policy diff chat", "policy diff chat --from 1 --to 1", "policy diff chat --from 1 --to 9", "policy diff", "policy rollback chat 1",
            "policy rollback chat 9", "policy diff -f policy.yaml", "policy apply -f policy.yaml", "policy apply -f policy.yaml -o name", "policy diff -f policy.yaml", "policy delete chat --version 1", "policy delete chat", "policy delete chat", "policy get chat",
            "policy apply -f tenant.yaml",
        ],
        ["strategy"] =
        [
            "strategy push v1.zip --dry-run", "strategy push v1.zip", "strategy push v2.zip --enable", "strategy push v2.zip --enable --dry-run", "strategy push none.zip", "strategy push policy.yaml", .. All("strategy list --source plugin"), "strategy list -o name", .. All("strategy shadows"),
            .. All("strategy show my_mesh"), "strategy show baseline_rr", "strategy show none", "strategy enable my_mesh@1.0.0", "strategy enable my_mesh@9.0.0", "strategy enable my_mesh@", "strategy rollback my_mesh", "strategy rollback none",
            .. All("strategy test my_mesh@1.0.0 --recent 10 --fallback mesh"), "strategy test none", "strategy disable my_mesh -o json", "strategy remove my_mesh@1.0.0", "strategy remove my_mesh --force", "strategy remove my_mesh",
        ],
        ["experiment"] =
        [
            "experiment create -f experiment.yaml", "experiment create -f experiment.yaml", "experiment create -f none.yaml", "experiment create", .. All("experiment list"), "experiment list --stage stopped", "experiment list --limit 1", "experiment list --stage x",
            .. All("experiment show chat"), "experiment show none", "experiment promote chat --reason good --version 3", "experiment promote chat", "experiment demote chat -o json", "experiment pause quiet --reason incident", "experiment pause quiet", "experiment list", "experiment show quiet", "experiment resume quiet", "experiment stop chat", "experiment stop quiet --reason enough", "experiment stop quiet --version 0",
            "experiment delete chat --version 1", "experiment delete chat", "experiment delete chat",
        ],
        ["endpoint"] = [.. All("endpoint list"), .. All("endpoint get talk"), "endpoint history talk", "endpoint diff talk", "endpoint rollback talk 1", "endpoint apply -f endpoint.yaml", "endpoint delete talk", "endpoint get none"],
        ["tenant"] =
        [
            .. All("tenant list"), .. All("tenant get acme"), "tenant apply -f tenant.yaml", .. All("quota get acme"), "quota set acme --tokens-per-day 2000 --requests-per-second -1", "quota set acme --project search --concurrent-requests 9", "tenant get acme", "quota set acme",
            "tenant delete globex", "quota get none",
        ],
        ["job"] =
        [
            .. All("job list"), "job list --state running --tenant acme", .. All("job get j-1"), .. All("job explain j-2"), "job events j-1", "job watch j-9", "job pause j-1 --reason enough", "job resume j-1", "job scale j-1 4", "job checkpoint j-1", "job cancel j-1",
            "job submit --name next --dry-run -- train", "job get j-9",
        ],
        ["capacity"] = All("capacity"),
        ["keys"] = ["keys create chat --role inference-user --tenant acme -o name", "keys get none", "keys rotate none", "keys revoke none", "keys list -o json --limit 1"],
        ["events"] = [.. All("events"), "events --after 1", "events --subject n1 -o name", "events --type NODE_SNEEZED"],
        ["top"] = ["top", "top --of cells --sort waiting", "top --of models --sort tokens --limit 1", "top -o json --limit 1", "top --sort colour", "top --limit 0"],
        ["health"] = All("health"),
        ["whoami"] = All("whoami"),
        ["manifests"] = ["export policy", "export policy chat -o json", "export tenant -o name", "apply -f policy.yaml --dry-run", "apply -f policy.yaml --diff -o json", "diff -f policy.yaml", "backup -o mesh.backup", "restore none.backup"],
        ["completion"] = ["completion bash", "completion zsh", "completion fish", "completion pwsh", "completion tcsh"],
        ["wrong"] =
        [
            "bogus", "list-nodes --bogus", "list-nodes -o xml", "list-nodes --api nowhere", "list-nodes --api http://127.0.0.1:1", "list-nodes --context none", "list-nodes --api http://api --context none", "list-nodes --watch --interval 1", "list-nodes --ca ca.pem",
            "list-nodes --key-file none.key", "stats --iterations 0", "top --interval 0s", "agent", "fleet --nodes 0", "trainer --steps 0", "replay --trace x", "replay-decisions --input none.imdr", "decisions export --input none.imdr --output x.parquet", "decisions workload --input none.imdr --output x.yaml", "sim run", "dev-certs --days 0", "job", "config",
        ],
    };

    public static IEnumerable<object[]> Names => Cases.Keys.Select(static name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public async Task Command_InEveryForm_PrintsWhatItsGoldenSays(string name)
    {
        using var api = new ApiHost(await SnapshotMesh.CreateAsync(), ("InferMesh:Api:Name", "api-1"));
        using var session = new Session(api);
        var files = Files(session);
        foreach (var line in Cases[name])
            await session.RunAsync([.. line.Split(' ').Select(word => files.GetValueOrDefault(word, word))]);
        Compare(name, session.Record);
    }

    [TestMethod]
    public async Task Config_FromItsFirstContextToItsLast()
    {
        using var api = new ApiHost(await SnapshotMesh.CreateAsync());
        using var session = new Session(api);
        var address = session.Variables["INFERMESH_API"];
        session.Variables.Remove("INFERMESH_API");
        var key = session.File("key", "key-of-sixteen-characters");
        await session.RunAsync("config", "get-contexts");
        await session.RunAsync("config", "current-context");
        await session.RunAsync("config", "use-context", "prod");
        await session.RunAsync("config", "set-context", "dev", "--api", address, "--use");
        session.Input = "secret-of-the-input\n";
        await session.RunAsync("config", "set-context", "prod", "--api", "https://mesh.example:8443", "--api-key", "-");
        await session.RunAsync("config", "set-context", "other", "--api", "https://other.example", "--key-file", key);
        await session.RunAsync("config", "set-context", "none");
        await session.RunAsync("config", "set-context", "bad", "--api", "ftp://x");
        await session.RunAsync("config", "set-context", "dev", "--ca", key);
        foreach (var form in Forms) await session.RunAsync("config", "get-contexts", "-o", form);
        await session.RunAsync("config", "view");
        await session.RunAsync("list-nodes", "-o", "name");
        await session.RunAsync("config", "use-context", "prod");
        await session.RunAsync("config", "current-context");
        await session.RunAsync("list-nodes", "-o", "name", "--context", "dev");
        await session.RunAsync("config", "delete-context", "prod");
        await session.RunAsync("config", "delete-context", "prod");
        await session.RunAsync("config", "get-contexts");
        // How wide columns are depends on where folders for temporary files are.
        Compare("config", System.Text.RegularExpressions.Regex.Replace(session.Record, " {2,}", "  "));
    }

    [TestMethod]
    public async Task Refusals_OfAnApiThatAsksForKeys_SayWhatToDo()
    {
        using var api = new ApiHost(await SnapshotMesh.CreateAsync(), ("InferMesh:Api:AdminKeys:0", "key-of-sixteen-characters"));
        using var session = new Session(api);
        await session.RunAsync("list-nodes");
        await session.RunAsync("list-nodes", "--api-key", "wrong");
        session.Variables[Credential.KeyVariable] = "key-of-sixteen-characters";
        await session.RunAsync("whoami");
        var made = await session.RunAsync("keys", "create", "chat", "--role", "inference-user", "--tenant", "acme");
        session.Variables[Credential.KeyVariable] = made.Output.Trim();
        await session.RunAsync("whoami", "-o", "name");
        await session.RunAsync("list-nodes");
        await session.RunAsync("stats", "--iterations", "1", "--interval", "100ms");
        Compare("refusals", session.Record);
    }

    [TestMethod]
    public void EveryCommand_StandsInAGolden()
    {
        // What these do is no business of an API; their tests stand beside them.
        string[] others = ["sim", "__complete"];
        var run = string.Join('\n', Directory.GetFiles(Folder, "*.txt").SelectMany(File.ReadAllLines).Where(static line => line.StartsWith("$ ", StringComparison.Ordinal)).Select(static line => line + " "));
        var missing = Leaves(InferMeshCommand.Create(), "infermesh").Where(path => !others.Contains(path.Split(' ')[1])).Where(path => !run.Contains($"$ {path} ", StringComparison.Ordinal)).ToArray();
        Assert.IsEmpty(missing, string.Join(", ", missing));
    }

    private static IEnumerable<string> Leaves(Command command, string path) =>
        command.Subcommands.Count == 0 ? [path] : command.Subcommands.SelectMany(below => Leaves(below, $"{path} {below.Name}"));

    private static string[] All(string line) => [.. Forms.Select(form => form == "table" ? line : $"{line} -o {form}")];

    private static Dictionary<string, string> Files(Session session)
    {
        static string Manifest(string kind, string name, string spec) => $"apiVersion: infermesh/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n";
        return new()
        {
            ["policy.yaml"] = session.File("policy.yaml", Manifest("Policy", "chat", "{kind: routing, routing: {strategy: mesh}}")),
            ["endpoint.yaml"] = session.File("endpoint.yaml", Manifest("Endpoint", "talk", "{models: [{model: qwen}]}")),
            ["tenant.yaml"] = session.File("tenant.yaml", Manifest("Tenant", "globex", "{limits: {tokensPerMinute: 100}}")),
            ["experiment.yaml"] = session.File("experiment.yaml", "name: next\narms:\n- {name: control, strategy: least_queue}\n- {name: challenger, strategy: mesh, weight: 2}\nguardrails:\n- {metric: error_rate, margin: 0.01}\n"),
            ["none.yaml"] = Path.Combine(session.Home, "none.yaml"),
            ["v1.zip"] = session.File("v1.zip", StrategyTests.Archive("my_mesh", "1.0.0")),
            ["v2.zip"] = session.File("v2.zip", StrategyTests.Archive("my_mesh", "2.0.0")),
            ["none.zip"] = Path.Combine(session.Home, "none.zip"),
            ["mesh.backup"] = Path.Combine(session.Home, "mesh.backup"),
            ["none.backup"] = Path.Combine(session.Home, "none.backup"),
            ["none.key"] = Path.Combine(session.Home, "none.key"),
        };
    }

    internal static void Compare(string name, string text)
    {
        var path = Path.Combine(Folder, $"{name}.txt");
        if (Environment.GetEnvironmentVariable("INFERMESH_UPDATE_GOLDEN") == "1") File.WriteAllText(path, text);
        Assert.IsTrue(File.Exists(path), $"{path} is missing; run this test with INFERMESH_UPDATE_GOLDEN=1 and review what it writes.");
        Assert.AreEqual(File.ReadAllText(path), text, "What a command prints has changed. If it is meant, run this test with INFERMESH_UPDATE_GOLDEN=1 and review the file.");
    }

    private static string Folder { get; } = Path.Combine(Repository.Root, "Tests", "Unit", "Cli", "Operator", "Golden");
}
