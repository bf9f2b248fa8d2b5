using InferMesh.Cli;
using InferMesh.Tests.Unit.Api;

namespace InferMesh.Tests.Unit.Cli.Operator;

/// <summary>Which API a command asks, and with which key: option, variable, context, default.</summary>
[TestClass]
public sealed class ContextTests
{
    private const string Admin = "key-of-sixteen-characters";

    [TestMethod]
    public async Task File_WithKeys_IsItsOwnersAlone()
    {
        if (OperatingSystem.IsWindows()) return; // Modes of files are those of Unix.
        using var session = new Session();
        (await session.RunAsync("config", "set-context", "a", "--api", "http://127.0.0.1:1", "--api-key", Admin, "--use")).Expect(0);
        var path = Path.Combine(session.Home, ".config/infermesh/config.yaml");
        Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(path)!));
        Assert.DoesNotContain(Admin, (await session.RunAsync("config", "view")).Expect(0).Output);
        Assert.DoesNotContain(Admin, (await session.RunAsync("config", "get-contexts", "-o", "json")).Expect(0).Output);

        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var refused = (await session.RunAsync("list-nodes")).Expect(2);
        StringAssert.Contains(refused.Error, $"chmod 600 {path}");
        Assert.HasCount(1, refused.ErrorLines);
    }

    [TestMethod]
    [DataRow("INFERMESH_CONFIG", "own.yaml", "own.yaml")]
    [DataRow("XDG_CONFIG_HOME", "xdg", "xdg/infermesh/config.yaml")]
    public async Task File_NamedByAVariable_IsThere(string variable, string value, string expected)
    {
        using var session = new Session();
        session.Variables[variable] = Path.Combine(session.Home, value);
        (await session.RunAsync("config", "set-context", "a", "--api", "http://127.0.0.1:1")).Expect(0);
        Assert.IsTrue(File.Exists(Path.Combine(session.Home, expected)));
    }

    [TestMethod]
    public async Task Api_OptionThenVariableThenContext_Wins()
    {
        using var first = new ApiHost(("InferMesh:Api:AdminKeys:0", Admin));
        using var second = new ApiHost(("InferMesh:Api:AdminKeys:0", "other-key-of-16-characters"));
        using var session = new Session();
        await session.RunAsync("config", "set-context", "first", "--api", Address(first), "--api-key", Admin, "--use");
        await session.RunAsync("config", "set-context", "second", "--api", Address(second), "--key-file", session.File("key", "other-key-of-16-characters\n"));
        (await session.RunAsync("list-nodes")).Expect(0);
        (await session.RunAsync("list-nodes", "--context", "second")).Expect(0);
        session.Variables["INFERMESH_CONTEXT"] = "second";
        var before = second.Mesh.Calls;
        (await session.RunAsync("list-nodes")).Expect(0);
        Assert.IsGreaterThan(before, second.Mesh.Calls);

        // A context's key goes to its own address: another one gets none.
        StringAssert.Contains((await session.RunAsync("list-nodes", "--api", Address(first))).Expect(1).Error, "not signed in");
        session.Variables["INFERMESH_API"] = Address(first);
        StringAssert.Contains((await session.RunAsync("list-nodes")).Expect(1).Error, "not signed in");
        session.Variables[Credential.KeyVariable] = Admin;
        (await session.RunAsync("list-nodes")).Expect(0);
        // An option goes before both variables.
        (await session.RunAsync("list-nodes", "--context", "second")).Expect(0);
        StringAssert.Contains((await session.RunAsync("list-nodes", "--api-key", "wrong")).Expect(1).Error, "not signed in");
    }

    [TestMethod]
    [DataRow("- a list", "must hold one map")]
    [DataRow("contexts: {a: b}", "must be a map")]
    [DataRow("contexts: [", "config.yaml:2:")]
    public async Task File_Broken_IsOneLineAndExitsTwo(string text, string said)
    {
        using var session = new Session();
        session.Variables["INFERMESH_CONFIG"] = session.File("config.yaml", text);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(session.Variables["INFERMESH_CONFIG"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var run = (await session.RunAsync("list-nodes")).Expect(2);
        StringAssert.Contains(run.Error, said);
        Assert.HasCount(1, run.ErrorLines);
    }

    private static string Address(ApiHost api) => api.Http.BaseAddress!.ToString();
}
