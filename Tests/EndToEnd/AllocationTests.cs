using System.Net.Http.Json;

namespace InferMesh.Tests.EndToEnd;

/// <summary>What a request allocates in the API, from its first byte to its last: more of it is more work for the collector, and a later first byte for everyone.</summary>
[TestClass]
public sealed class AllocationTests
{
    private const int Requests = 3000;

    // 26,600 were measured; the telemetry of the nodes, which comes in meanwhile, weighs more on a slow machine.
    private const double MostBytesPerRequest = 36_000;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Completion_AllocatesNoMoreThanItsLimit()
    {
        var mesh = await SharedMesh.GetAsync();
        await SendAsync(mesh, Requests / 3);
        var before = await AllocatedAsync(mesh);
        await SendAsync(mesh, Requests);
        var each = (await AllocatedAsync(mesh) - before) / Requests;
        TestContext.WriteLine($"{each:0} bytes per request, what the API does beside them included");
        Assert.IsLessThan(MostBytesPerRequest, each);
    }

    private static Task SendAsync(MeshProcess mesh, int requests) => Parallel.ForAsync(0, requests, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, stop) =>
    {
        using var response = await mesh.Api.PostAsJsonAsync("/v1/completions", new { model = SharedMesh.Model, max_tokens = 1, prompt = "Hello" }, stop);
        response.EnsureSuccessStatusCode();
    });

    private static async Task<double> AllocatedAsync(MeshProcess mesh) =>
        await MetricsPage.SumAsync(mesh.Api, mesh.Api.BaseAddress!, "dotnet_gc_heap_total_allocated_bytes_total") ?? throw new InvalidOperationException("The API does not tell what it allocates.");
}
