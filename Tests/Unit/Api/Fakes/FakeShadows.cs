using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Tests.Unit.Api.Fakes;

/// <summary>One pair of strategies that is known well, one that is not.</summary>
internal sealed class FakeShadows : IShadowGrain
{
    public Task Report(string silo, IReadOnlyList<ShadowReport> sums) => throw new NotSupportedException("The API only reads.");

    public Task<IReadOnlyList<ShadowComparison>> List() => Task.FromResult<IReadOnlyList<ShadowComparison>>(
    [
        new("baseline_rr", "mesh", 12_000, 0.25, new(0.31, 1.5, 0.465, 0.402, 0.528, 0.01)),
        new("my_mesh@1.0.0", "hybrid_mesh", 12, 1, null),
    ]);
}
