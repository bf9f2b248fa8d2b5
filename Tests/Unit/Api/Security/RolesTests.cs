using InferMesh.Api.Security.Access;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.Api.Security;

[TestClass]
public sealed class RolesTests
{
    private const string Begin = "<!-- roles -->\n";
    private const string End = "<!-- /roles -->";

    [TestMethod]
    public void Page_ShowsTheTable()
    {
        var path = Path.Combine(Repository.Root, "docs", "security.md");
        var page = File.ReadAllText(path).ReplaceLineEndings("\n");
        var (from, to) = (page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, page.IndexOf(End, StringComparison.Ordinal));
        if (Environment.GetEnvironmentVariable("INFERMESH_UPDATE_GOLDEN") == "1") File.WriteAllText(path, page[..from] + Table() + page[to..]);
        else Assert.AreEqual(Table(), page[from..to], "Run this test with INFERMESH_UPDATE_GOLDEN=1 to write the table anew, and review it.");
    }

    [TestMethod]
    [DataRow("viewer", Role.Viewer)]
    [DataRow("tenant-admin", Role.TenantAdmin)]
    [DataRow("job-submitter", Role.JobSubmitter)]
    [DataRow("inference-user", Role.InferenceUser)]
    [DataRow("node-agent", Role.NodeAgent)]
    public void Name_OfARole_IsReadBack(string name, object role)
    {
        Assert.AreEqual(name, ((Role)role).Name());
        Assert.IsTrue(Roles.TryParse(name, out var read));
        Assert.AreEqual((Role)role, read);
        Assert.IsFalse(Roles.TryParse(name.ToUpperInvariant(), out _));
    }

    [TestMethod]
    public void Within_AProject_WhatReachesFurtherIsGone()
    {
        var permissions = Roles.Within([Role.Admin], new("acme", "chat"));
        Assert.IsTrue(permissions.All(p => p.Reach() == Reach.Project));
        Assert.Contains(Permission.Infer, permissions);
    }

    private static string Table()
    {
        Role[] roles = Enum.GetValues<Role>();
        var lines = new List<string> { $"| permission | reaches | {string.Join(" | ", roles.Select(r => r.Name()))} |", $"|---|---|{string.Concat(roles.Select(_ => "---|"))}" };
        lines.AddRange(Permissions.All.Select(p => $"| `{p.Name()}` | {p.Reach().ToString().ToLowerInvariant()} | {string.Join(" | ", roles.Select(r => r.Permissions().Contains(p) ? "yes" : ""))} |"));
        return string.Join('\n', lines) + "\n";
    }
}
