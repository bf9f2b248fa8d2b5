using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Ingress;
using InferMesh.Api.Ingress.Runtimes;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.State.V1;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Grpc.State;

/// <summary>Turns the three kinds of reports into telemetry.</summary>
internal sealed class ReportReader(IOptions<IngressSettings> settings)
{
    private readonly RuntimePolicy _policy = RuntimePolicy.Of(settings.Value);

    /// <summary>The batch, dated by the clock of this machine.</summary>
    /// <exception cref="global::Grpc.Core.RpcException">The batch is wrong.</exception>
    public NodeTelemetry Read(NodeReport report, DateTimeOffset arrival)
    {
        var v = new Violations();
        ReportValidator.Header(v, report.NodeId, report.Epoch, report.Sequence, report.AgeMs);
        ReportValidator.Rtt(v, report.HasRttMs, report.RttMs);
        if (report.Gpus is { } gpus) ReportValidator.Gpus(v, gpus, report.NodeId);
        if (report.Runtimes is { } runtimes) ReportValidator.Runtimes(v, runtimes, report.NodeId, _policy);
        if (report.Network is { } network) ReportValidator.Network(v, network);
        if (report.Storage is { } storage) ReportValidator.Storage(v, storage);
        v.ThrowIfAny();
        return Telemetry(report.NodeId, report.Epoch, report.Sequence, report.AgeMs, arrival, report.Gpus, report.Runtimes) with
        {
            RttMs = report.HasRttMs ? report.RttMs : null,
            Network = report.Network is null ? null : NetworkMapper.ToNetwork(report.Network),
            Storage = report.Storage is null ? null : NetworkMapper.ToStorage(report.Storage, arrival),
        };
    }

    /// <inheritdoc cref="Read(NodeReport, DateTimeOffset)"/>
    public NodeTelemetry Read(ModelStateReport report, DateTimeOffset arrival)
    {
        var v = new Violations();
        ReportValidator.Header(v, report.NodeId, report.Epoch, report.Sequence, report.AgeMs);
        if (report.Runtimes is { } runtimes) ReportValidator.Runtimes(v, runtimes, report.NodeId, _policy);
        else v.Add("runtimes", "is required.");
        v.ThrowIfAny();
        return Telemetry(report.NodeId, report.Epoch, report.Sequence, report.AgeMs, arrival, null, report.Runtimes);
    }

    /// <inheritdoc cref="Read(NodeReport, DateTimeOffset)"/>
    public static NodeTelemetry Read(GpuStateReport report, DateTimeOffset arrival)
    {
        var v = new Violations();
        ReportValidator.Header(v, report.NodeId, report.Epoch, report.Sequence, report.AgeMs);
        if (report.Gpus is { } gpus) ReportValidator.Gpus(v, gpus, report.NodeId);
        else v.Add("gpus", "is required.");
        v.ThrowIfAny();
        return Telemetry(report.NodeId, report.Epoch, report.Sequence, report.AgeMs, arrival, report.Gpus, null);
    }

    private static NodeTelemetry Telemetry(string nodeId, long epoch, long sequence, double ageMs, DateTimeOffset arrival, GpuBatch? gpus, RuntimeBatch? runtimes) => new()
    {
        NodeId = nodeId,
        Epoch = epoch,
        Sequence = sequence,
        SampledAt = arrival - TimeSpan.FromMilliseconds(ageMs),
        Gpus = gpus is null ? null : SampleMapper.ToSamples(gpus),
        Runtimes = runtimes is null ? null : SampleMapper.ToSamples(runtimes),
    };
}
