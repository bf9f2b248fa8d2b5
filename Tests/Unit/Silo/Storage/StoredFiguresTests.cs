using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Backup;
using InferMesh.Grains.Experiments;
using InferMesh.Silo.Options;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace InferMesh.Tests.Unit.Silo.Storage;

/// <summary>What silos store is written and read by the serializer that they use.</summary>
[TestClass]
public sealed class StoredFiguresTests
{
    [TestMethod]
    [DataRow(double.PositiveInfinity)]
    [DataRow(double.NegativeInfinity)]
    [DataRow(double.NaN)]
    [DataRow(0.25)]
    public async Task Experiment_WithAnyFigure_IsStoredAndReadAsItIs(double figure)
    {
        var directory = Directory.CreateTempSubdirectory("infermesh-figures-");
        try
        {
            await using var silo = await StorageHost.OpenAsync(new StorageSettings { SqlitePath = Path.Combine(directory.FullName, "mesh.db") });
            var (evidence, grain) = (new ArmComparison("b", "ttft_p95", figure, figure, figure, -1, figure, 500, 600), GrainId.Create("experiment", "any"));
            var written = new GrainState<ExperimentGrainState>(new() { Changes = [new(DateTimeOffset.UnixEpoch, ExperimentStage.Running, ExperimentStage.Running, "b", "losing", "mesh", "", evidence, 1_100)] });

            await silo.Storage.WriteStateAsync("experiment", grain, written);
            var read = new GrainState<ExperimentGrainState>(new());
            await silo.Storage.ReadStateAsync("experiment", grain, read);

            Assert.AreEqual(evidence, read.State!.Changes.Single().Evidence);
            var text = silo.Services.GetRequiredService<IGrainStorageSerializer>().Serialize(evidence).ToString();
            Assert.AreEqual(evidence, StateText.Read<ArmComparison>(text), "backups are of the same form");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
