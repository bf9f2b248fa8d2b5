namespace InferMesh.Tests.EndToEnd;

/// <summary>One mesh for all tests that leave it as they found it.</summary>
[TestClass]
public static class SharedMesh
{
    public const string Model = "llama-3.1-8b-instruct";

    private static readonly Lazy<Task<MeshProcess>> Started = new(() => MeshProcess.StartAsync());

    internal static Task<MeshProcess> GetAsync() => Started.Value;

    [AssemblyCleanup]
    public static async Task StopAsync()
    {
        await WebConsole.ConsoleBrowser.StopAsync();
        await TrainingMesh.StopAsync();
        if (Started is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }) await (await Started.Value).DisposeAsync();
    }
}
