using Google.Protobuf.WellKnownTypes;
using InferMesh.Api.Endpoints.Plugins;
using Proto = InferMesh.Control.V1;

namespace InferMesh.Api.Grpc.Control;

/// <summary>Strategies as messages. They come by way of the views of REST, so that both say the same.</summary>
internal static class StrategyMapper
{
    public static Proto.Strategy ToProto(StrategyView s) => new()
    {
        Name = s.Name,
        Source = s.Source == StrategySource.Plugin ? Proto.StrategySource.Plugin : Proto.StrategySource.Catalogue,
        Kind = s.Kind,
        Enabled = s.Enabled,
        Description = s.Description,
        Parameters = { s.Parameters.Select(static p => new Proto.StrategyParameter { Name = p.Name, Unit = p.Unit ?? "", DefaultValue = p.Default, Min = p.Min, Max = p.Max, Description = p.Description }) },
        Version = s.Version ?? "",
        PreviousVersion = s.PreviousVersion ?? "",
        Versions = { (s.Versions ?? []).Select(ToProto) },
        ChangedAt = s.ChangedAt is { } at ? Timestamp.FromDateTimeOffset(at) : null,
        ChangedBy = s.ChangedBy ?? "",
    };

    public static Proto.TestStrategyResponse ToProto(StrategyTrialView t)
    {
        var response = new Proto.TestStrategyResponse
        {
            Strategy = t.Strategy,
            Calls = t.Calls,
            Failures = { t.Failures.ToDictionary() },
            Requests = t.Outcome.Requests,
            Changed = t.Outcome.Changed,
            RefusedNow = t.Outcome.RefusedNow,
            RefusedThen = t.Outcome.RefusedThen,
        };
        if (t.Outcome.MeanSecondsNow is { } now) response.MeanSecondsNow = now;
        if (t.Outcome.MeanSecondsThen is { } then) response.MeanSecondsThen = then;
        if (t.DecisionMicrosecondsNow is { } fast) response.DecisionMicrosecondsNow = fast;
        if (t.DecisionMicrosecondsThen is { } slow) response.DecisionMicrosecondsThen = slow;
        return response;
    }

    private static Proto.StrategyVersion ToProto(StrategyVersionView v) => new()
    {
        Version = v.Version,
        Digest = v.Digest,
        Runtime = v.Runtime,
        Description = v.Description ?? "",
        ArchiveBytes = v.ArchiveBytes,
        PushedAt = Timestamp.FromDateTimeOffset(v.PushedAt),
        PushedBy = v.PushedBy,
    };
}
