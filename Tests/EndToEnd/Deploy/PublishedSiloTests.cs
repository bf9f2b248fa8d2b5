using System.Diagnostics;
using System.Globalization;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Deploy;

/// <summary>What an image does, without an image: published files that nobody may write, a user without rights, one folder for temporary files.</summary>
[TestClass]
public sealed class PublishedSiloTests
{
    private const string Nobody = "65534";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [TestMethod]
    public async Task PublishedSilo_ReadOnlyAndWithoutRights_Serves_AndWritesNothing()
    {
        if (!Environment.IsPrivilegedProcess || ExternalProcess.Find("setpriv") is not { } setpriv)
        {
            Assert.Inconclusive("needs root and setpriv to run as another user");
            return;
        }

        await using var postgres = await PostgresFixture.StartAsync();
        await using var redis = await RedisFixture.StartAsync();
        using var secrets = await DeploySecrets.MakeAsync(redis, postgres);
        var root = Directory.CreateTempSubdirectory("infermesh-published-").FullName;
        var (app, mounted, temporary) = (Path.Combine(root, "app"), Path.Combine(root, "secrets"), Directory.CreateDirectory(Path.Combine(root, "tmp")).FullName);
        var configuration = Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/'))!);
        await ExternalProcess.RunAsync("dotnet", "publish", Path.Combine(Repository.Root, "Silo"), "--no-build", "-c", configuration, "-o", app, "-v", "quiet");
        await ExternalProcess.RunAsync("cp", "-r", secrets.Of("silo"), mounted);
        await ExternalProcess.RunAsync("chown", "-R", Nobody, mounted, temporary);
        await ExternalProcess.RunAsync("chmod", "755", root);
        await ExternalProcess.RunAsync("chmod", "-R", "a-w", app);
        var before = Directory.GetFiles(app, "*", SearchOption.AllDirectories);

        var health = $"http://127.0.0.1:{ExternalProcess.FreePort()}";
        var start = new ProcessStartInfo(setpriv, ["--reuid", Nobody, "--regid", Nobody, "--clear-groups", "--no-new-privs", "--bounding-set", "-all", "dotnet", Path.Combine(app, "InferMesh.Silo.dll")])
        {
            WorkingDirectory = app,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["INFERMESH_SECRETS"] = mounted,
            ["TMPDIR"] = temporary,
            ["HOME"] = "/nonexistent",
            ["ASPNETCORE_HTTP_PORTS"] = "",
            ["InferMesh__Cluster__AdvertisedIPAddress"] = "127.0.0.1",
            ["InferMesh__Cluster__ListenOnAnyAddress"] = "false",
            ["InferMesh__Cluster__SiloPort"] = ExternalProcess.FreePort().ToString(CultureInfo.InvariantCulture),
            ["InferMesh__Cluster__GatewayPort"] = ExternalProcess.FreePort().ToString(CultureInfo.InvariantCulture),
            ["InferMesh__Http__Url"] = health,
        })
            start.Environment[name] = value;
        // Readable for that user wherever this repository lies.
        start.Environment["INFERMESH_CONFIG"] = await CopyAsync(DeploySecrets.SettingsFile, root);

        using var silo = Process.Start(start)!;
        var output = Task.WhenAll(silo.StandardOutput.ReadToEndAsync(), silo.StandardError.ReadToEndAsync());
        try
        {
            await ExternalProcess.UntilAsync(async () => silo.HasExited || await ProbeAsync(app, health) == 0, Patience, "the image's own health check succeeds");
            Assert.IsFalse(silo.HasExited, silo.HasExited ? string.Concat(await output) : "");
            StringAssert.Contains(await File.ReadAllTextAsync($"/proc/{silo.Id}/status"), $"Uid:\t{Nobody}\t{Nobody}");
            MeshProcess.Kill(silo.Id, 15);
            await silo.WaitForExitAsync(new CancellationTokenSource(Patience).Token);
            Assert.AreEqual(0, silo.ExitCode, string.Concat(await output));
            CollectionAssert.AreEquivalent(before, Directory.GetFiles(app, "*", SearchOption.AllDirectories), "files beside the program");
            Assert.AreEqual(1, await ProbeAsync(app, health), "the health check of a process that is gone");
        }
        finally
        {
            if (!silo.HasExited) silo.Kill();
            await silo.WaitForExitAsync();
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task<int> ProbeAsync(string app, string health)
    {
        using var probe = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(app, "InferMesh.Silo.dll"), "--probe", $"{health}/health/ready"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _ = await Task.WhenAll(probe.StandardOutput.ReadToEndAsync(), probe.StandardError.ReadToEndAsync());
        await probe.WaitForExitAsync();
        return probe.ExitCode;
    }

    private static async Task<string> CopyAsync(string file, string folder)
    {
        var copy = Path.Combine(folder, Path.GetFileName(file));
        await File.WriteAllBytesAsync(copy, await File.ReadAllBytesAsync(file));
        return copy;
    }
}
