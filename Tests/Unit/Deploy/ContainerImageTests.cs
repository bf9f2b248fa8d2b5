using System.Diagnostics;
using System.Text.Json;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.Deploy;

/// <summary>What MSBuild makes of the container properties: the images themselves need a base image from a registry.</summary>
[TestClass]
public sealed class ContainerImageTests
{
    [TestMethod]
    [DataRow("Silo", "11111 30000 8081")]
    [DataRow("Api", "8080 50051")]
    [DataRow("Cli", "")]
    public async Task Properties_OfAProcess_AreThoseOfAHardenedImage(string project, string ports)
    {
        using var msbuild = Process.Start(new ProcessStartInfo(
            "dotnet",
            ["msbuild", Path.Combine(Repository.Root, project, $"{project}.csproj"), "-nologo", "-getProperty:ContainerRepository,ContainerFamily,ContainerUser,ContainerImageTags,ContainerLicenseExpression,EnableSdkContainerSupport", "-getItem:ContainerPort,ContainerEnvironmentVariable"])
        { RedirectStandardOutput = true })!;
        using var evaluated = JsonDocument.Parse(await msbuild.StandardOutput.ReadToEndAsync());
        await msbuild.WaitForExitAsync();
        string Property(string name) => evaluated.RootElement.GetProperty("Properties").GetProperty(name).GetString()!;
        string[] Items(string kind) => [.. evaluated.RootElement.GetProperty("Items").GetProperty(kind).EnumerateArray().Select(item => item.GetProperty("Identity").GetString()!)];

        Assert.AreEqual(($"infermesh/{project.ToLowerInvariant()}", "noble-chiseled", "1654"), (Property("ContainerRepository"), Property("ContainerFamily"), Property("ContainerUser")));
        Assert.AreEqual(($"{DeployFiles.Version};latest", "Apache-2.0"), (Property("ContainerImageTags"), Property("ContainerLicenseExpression")));
        CollectionAssert.AreEqual(ports.Split(' ', StringSplitOptions.RemoveEmptyEntries), Items("ContainerPort"));
        CollectionAssert.AreEqual(new[] { "ASPNETCORE_HTTP_PORTS" }, Items("ContainerEnvironmentVariable"));
    }
}
