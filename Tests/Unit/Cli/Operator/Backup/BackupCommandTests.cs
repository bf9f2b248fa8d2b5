using System.Globalization;
using System.Text;
using InferMesh.Cli.Operator.Backup;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Tests.Unit.Adapters;
using InferMesh.Tests.Unit.Api;
using InferMesh.Tests.Unit.Api.Fakes;

namespace InferMesh.Tests.Unit.Cli.Operator.Backup;

[TestClass]
public sealed class BackupCommandTests
{
    [TestMethod]
    public async Task Backup_OfMoreThanAPage_IsRestoredWhole()
    {
        using var api = new ApiHost();
        using var folder = new TempFolder();
        var file = await FillAsync(api, folder, 450);
        if (!OperatingSystem.IsWindows()) Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.HasCount(1, Directory.GetFiles(folder.Path));
        var saved = api.Mesh.Images.Where(i => i.Value.Stored is not null).ToDictionary(i => i.Key, i => i.Value.Stored);
        api.Mesh.Images.Clear();

        StringAssert.Matches((await RestoreAsync(api, file, "--dry-run")).Expect(0).Output, new("Policy +450 +450 +0"));
        Assert.IsTrue(api.Mesh.Images.Values.All(i => i.Stored is null));
        StringAssert.Matches((await RestoreAsync(api, file)).Expect(0).Output, new("Policy +450 +450 +0"));
        Assert.IsTrue(saved.All(s => api.Mesh.Images[s.Key].Stored is { } stored && stored.Version == s.Value!.Version && FakeImage.Same(stored.State, s.Value.State)));
        StringAssert.Matches((await RestoreAsync(api, file)).Expect(0).Output, new("Policy +450 +0 +450"));
        StringAssert.Matches((await RestoreAsync(api, file, "--only", "job", "-o", "json")).Expect(0).Output, new("^$"));
    }

    [TestMethod]
    public async Task Restore_WhereSomethingElseIs_RefusesAndNamesIt()
    {
        using var api = new ApiHost();
        using var folder = new TempFolder();
        var file = await FillAsync(api, folder, 2);
        Image(api, "p0").Stored = new(9, false, """{"other":1}""");
        await api.Mesh.Policy("stranger").Put(new() { Routing = new() { Strategy = "mesh" } }, PolicyVersions.Any, "x");
        var writes = Image(api, "p0").Writes;

        var refused = (await RestoreAsync(api, file)).Expect(1);
        Assert.Contains("Policy/p0: ", refused.Error);
        Assert.Contains("Policy/stranger: is there and not in the backup", refused.Error);
        Assert.Contains("nothing was restored", refused.Error);
        Assert.AreEqual(writes, Image(api, "p0").Writes);

        StringAssert.Matches((await RestoreAsync(api, file, "--overwrite")).Expect(0).Output, new("Policy +2 +0 +1 +1"));
        Assert.AreEqual(1, Image(api, "p0").Stored!.Version);
    }

    [TestMethod]
    [DataRow("cut", "damaged or cut short")]
    [DataRow("bit", "damaged or cut short")]
    [DataRow("more", "damaged or cut short")]
    [DataRow("header", "is no backup")]
    [DataRow("empty", "is no backup")]
    [DataRow("newer", "has format 2, and this infermesh reads up to 1")]
    [DataRow("missing", "cannot read")]
    public async Task Restore_OfABadFile_IsOneLineAndChangesNothing(string damage, string said)
    {
        using var api = new ApiHost();
        using var folder = new TempFolder();
        var file = await FillAsync(api, folder, 3);
        api.Mesh.Images.Clear();
        var bytes = await File.ReadAllBytesAsync(file);
        switch (damage)
        {
            case "cut": bytes = bytes[..^20]; break;
            case "bit": bytes[BackupHeader.LengthBytes + 10] ^= 1; break;
            case "more": bytes = [.. bytes, (byte)'\n']; break;
            case "header": bytes[0] = (byte)'x'; break;
            case "empty": bytes = []; break;
            case "newer": Encoding.ASCII.GetBytes("2").CopyTo(bytes, bytes.AsSpan().IndexOf("\"formatVersion\":1"u8) + 16); break;
        }
        await File.WriteAllBytesAsync(file, bytes);
        if (damage == "missing") File.Delete(file);

        var run = (await RestoreAsync(api, file)).Expect(2);
        Assert.HasCount(1, run.ErrorLines);
        Assert.Contains(said, run.Error);
        Assert.IsEmpty(api.Mesh.Images);
    }

    [TestMethod]
    public async Task Backup_ThatFails_LeavesTheOldFileAsItWas()
    {
        using var api = new ApiHost();
        using var folder = new TempFolder();
        var file = await FillAsync(api, folder, 1);
        var before = await File.ReadAllBytesAsync(file);
        for (var i = 0; i < 3; i++) api.Mesh.Failures.Enqueue(new TimeoutException("No answer."));
        (await BackupAsync(api, file)).Expect(1);
        CollectionAssert.AreEqual(before, await File.ReadAllBytesAsync(file));
        Assert.HasCount(1, Directory.GetFiles(folder.Path));
        (await BackupAsync(api, "/nowhere/mesh.backup")).Expect(2);
        (await CommandRun.Of("backup")).Expect(2);
        (await CommandRun.Of("restore", file, "--only", "Robot")).Expect(2);
    }

    private static async Task<string> FillAsync(ApiHost api, TempFolder folder, int policies)
    {
        for (var i = 0; i < policies; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"p{i}");
            await api.Mesh.Policy(name).Put(new() { Routing = new() { Strategy = "mesh" } }, PolicyVersions.Any, "x");
            Image(api, name).Stored = new(1, false, $$"""{"n":{{i}},"text":"grün"}""");
        }
        var file = Path.Combine(folder.Path, "mesh.backup");
        var run = (await BackupAsync(api, file)).Expect(0);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"Policy {policies}"), run.Output);
        return file;
    }

    private static FakeImage Image(ApiHost api, string policy) => api.Mesh.Images.GetOrAdd(GrainId.Create(BackedUpTypes.Policy, policy), id => new FakeImage(id));

    private static Task<CommandRun> BackupAsync(ApiHost api, string file) => CommandRun.Of("backup", "-o", file, "--api", api.Http.BaseAddress!.ToString());

    private static Task<CommandRun> RestoreAsync(ApiHost api, string file, params string[] more) => CommandRun.Of(["restore", file, "--api", api.Http.BaseAddress!.ToString(), .. more]);
}
