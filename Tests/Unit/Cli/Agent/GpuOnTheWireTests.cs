extern alias api;

using System.Reflection;
using Google.Protobuf;
using InferMesh.Adapters.Probing;
using InferMesh.Api.Grpc.State;
using InferMesh.Api.Ingress;
using InferMesh.Cli.Agent.Reporting;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Silo.Probes;
using InferMesh.Tests.Unit.Adapters.Probing;
using Microsoft.Extensions.Options;

namespace InferMesh.Tests.Unit.Cli.Agent;

/// <summary>What a probe reads of a GPU arrives in the mesh, over gRPC as well as within a silo: every field of it.</summary>
[TestClass]
public sealed class GpuOnTheWireTests
{
    private static readonly PropertyInfo[] Fields = typeof(GpuEntry).GetProperties(BindingFlags.Public | BindingFlags.Instance);

    private readonly SteppedTime _time = new();

    [TestMethod]
    public void Gpu_EveryField_ArrivesOverGrpc() => AssertSame(Full(), OverGrpc(Full()));

    [TestMethod]
    public void Gpu_EveryField_ArrivesWithinASilo() => AssertSame(Full(), WithinASilo(Full()));

    [TestMethod]
    public void Gpu_Unknown_StaysUnknown()
    {
        var bare = new GpuEntry { Uuid = "GPU-1" };
        AssertSame(bare, OverGrpc(bare));
        AssertSame(bare, WithinASilo(bare));
    }

    [TestMethod]
    public void Gpu_Zero_IsKnown()
    {
        var zero = Full() with { LastXid = 0, EccUncorrectedErrors = 0, NvLinkActiveLinks = 0, NvLinkErrors = 0, PcieReplays = 0, ThermalThrottled = false, MemoryRepairFailed = false };
        AssertSame(zero, OverGrpc(zero));
        AssertSame(zero, WithinASilo(zero));
    }

    /// <summary>Every field has a value of its own.</summary>
    private static GpuEntry Full()
    {
        var entry = new GpuEntry { Uuid = "GPU-1" };
        foreach (var (i, field) in Fields.Index())
        {
            var type = Nullable.GetUnderlyingType(field.PropertyType) ?? field.PropertyType;
            object value = type.Name switch
            {
                nameof(String) => $"text {i}",
                nameof(Boolean) => true,
                nameof(Int32) => 1000 + i,
                // Whole GiB: the wire counts in them.
                nameof(Int64) => field.Name.EndsWith("Bytes", StringComparison.Ordinal) ? (long)(i + 1) << 30 : 1000L + i,
                nameof(Double) => 1 / (i + 2.0),
                _ => throw new NotSupportedException($"{field.Name} is a {type.Name}"),
            };
            field.SetValue(entry, value);
        }
        return entry;
    }

    private static void AssertSame(GpuEntry entry, GpuSample sample)
    {
        foreach (var field in Fields)
        {
            var arrived = typeof(GpuSample).GetProperty(field.Name == nameof(GpuEntry.Uuid) ? nameof(GpuSample.GpuUuid) : field.Name);
            Assert.IsNotNull(arrived, $"{field.Name} is lost");
            Assert.AreEqual(field.GetValue(entry), arrived.GetValue(sample), field.Name);
        }
    }

    private NodeReading Reading(GpuEntry entry) => new() { Gpus = new GpuPart([entry], _time.GetTimestamp(), 1, false) };

    private GpuSample OverGrpc(GpuEntry entry)
    {
        var sent = ReportMapping.ToReport("n", 1, 1, Reading(entry), null, _time).ToByteArray();
        return new ReportReader(Options.Create(new IngressSettings())).Read(api::InferMesh.State.V1.NodeReport.Parser.ParseFrom(sent), DateTimeOffset.UnixEpoch).Gpus!.Single();
    }

    private GpuSample WithinASilo(GpuEntry entry) => TelemetryMapping.ToTelemetry("n", 1, 1, Reading(entry), _time).Gpus!.Single();
}
