using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Loss;

/// <summary>SQLite on a disk that is full: reads and routing go on, writes are refused whole, and are taken again when there is room.</summary>
[TestClass]
public sealed class DiskFullTests
{
    [TestMethod]
    public async Task DiskIsFull_WritesAre503_AndAreTakenAgainWhenThereIsRoom()
    {
        var folder = Directory.CreateTempSubdirectory("infermesh-full-").FullName;
        try
        {
            await ExternalProcess.RunAsync("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            Directory.Delete(folder);
            Assert.Inconclusive($"no small file system can be mounted here: {e.Message}");
        }
        try
        {
            await FillAsync(folder);
        }
        finally
        {
            await ExternalProcess.RunAsync("umount", folder);
            Directory.Delete(folder);
        }
    }

    private static async Task FillAsync(string folder)
    {
        await using var mesh = await LossMesh.StartAsync(new() { Silos = 1, Apis = 1, Nodes = 2, SqlitePath = Path.Combine(folder, "infermesh.db") });
        Assert.AreEqual(1, (await mesh.PutAsync("kept", "first", create: true)).Version);
        var filler = Path.Combine(folder, "filler");
        var probe = await RouteProbe.StartAsync(mesh.Api);
        var last = 1L;
        await using (probe)
        {
            Fill(filler);
            // What SQLite has already allocated takes some more writes; each of them is acknowledged or refused.
            await ExternalProcess.UntilAsync(
                async () =>
                {
                    var (response, version) = await mesh.PutAsync("kept", new string('x', 900));
                    using (response)
                    {
                        last = Math.Max(last, version);
                        if (response.IsSuccessStatusCode) return false;
                        await LossMesh.AssertUnavailableAsync(response);
                        return true;
                    }
                },
                TimeSpan.FromMinutes(1), "a write is refused");
            Assert.AreEqual(last, (await mesh.GetAsync("kept")).Version, "nothing was half applied");
            File.Delete(filler);
        }
        Assert.IsEmpty(probe.Failures, probe.ToString());

        await mesh.UntilWrittenAsync("kept", "second");
        Assert.AreEqual((last + 1, "second"), await mesh.GetAsync("kept"));
        mesh.AssertNotRestarted();
    }

    private static void Fill(string path)
    {
        var block = new byte[4096];
        try
        {
            using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            while (true) file.Write(block);
        }
        catch (IOException)
        {
            // Full.
        }
    }
}
