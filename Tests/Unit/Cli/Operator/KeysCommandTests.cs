using InferMesh.Cli;
using InferMesh.Tests.Unit.Api;

namespace InferMesh.Tests.Unit.Cli.Operator;

[TestClass]
public sealed class KeysCommandTests
{
    private const string Admin = "key-of-sixteen-characters";

    [TestMethod]
    public async Task Keys_FromTheirMakingToTheirEnd()
    {
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", Admin));
        var (code, key, error) = await RunAsync(api, Admin, "create", "chat", "--role", "inference-user", "--tenant", "acme", "--expires-in", "24h");
        Assert.AreEqual(0, code, error);
        Assert.StartsWith("im_", key);
        var prefix = key.Split('_')[1];
        (code, var list, _) = await RunAsync(api, Admin, "list");
        Assert.AreEqual(0, code);
        Assert.Contains(prefix, list);
        Assert.DoesNotContain(key.Split('_')[2], list);
        (code, var rotated, error) = await RunAsync(api, Admin, "rotate", prefix, "--overlap", "10m");
        Assert.AreEqual(0, code, error);
        Assert.AreNotEqual(key, rotated);
        (code, _, error) = await RunAsync(api, rotated, "list");
        Assert.AreEqual(1, code);
        Assert.StartsWith("infermesh: not allowed: chat may not do this: it needs the permission keys.read", error);
        Assert.AreEqual(0, (await RunAsync(api, Admin, "revoke", prefix)).Code);
        (code, _, error) = await RunAsync(api, rotated, "list");
        Assert.AreEqual(1, code);
        Assert.StartsWith("infermesh: not signed in: The key is not known", error);
        Assert.HasCount(1, error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [TestMethod]
    public async Task Credential_GivenTwice_IsAWrongCommandLine()
    {
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", Admin));
        var (code, _, error) = await RunAsync(api, Admin, "list", "--token", "x.y.z");
        Assert.AreEqual(2, code);
        Assert.Contains("--api-key, --token and --key-file", error);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(ApiHost api, string key, params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await InferMeshCommand.RunAsync(["keys", .. args, "--api", api.Http.BaseAddress!.ToString(), "--api-key", key], output, error).WaitAsync(TimeSpan.FromSeconds(60));
        return (code, output.ToString().Trim(), error.ToString());
    }
}
