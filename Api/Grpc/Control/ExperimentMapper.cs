using Google.Protobuf.WellKnownTypes;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Policies;
using Domain = InferMesh.Grains.Abstractions.Experiments;
using Proto = InferMesh.Control.V1;

namespace InferMesh.Api.Grpc.Control;

/// <summary>Experiments on the wire.</summary>
internal static class ExperimentMapper
{
    private static readonly ExperimentPlan Defaults = new();

    public static ExperimentPlan ToDomain(Proto.ExperimentSpec spec) => new()
    {
        Description = spec.Description,
        Arms = [.. spec.Arms.Select(ToDomain)],
        Unit = spec.Unit == Proto.SplitUnit.Unspecified ? Defaults.Unit : (SplitUnit)((int)spec.Unit - 1),
        Header = spec.Header,
        Models = [.. spec.Models],
        Tenants = [.. spec.Tenants],
        SloClasses = [.. spec.SloClasses],
        Share = spec.HasShare ? spec.Share : Defaults.Share,
        Primary = spec.Primary.Length > 0 ? spec.Primary : Defaults.Primary,
        PrimaryCap = spec.HasPrimaryCap ? spec.PrimaryCap : null,
        Guardrails = [.. spec.Guardrails.Select(static g => new GuardrailPlan { Metric = g.Metric, Margin = g.Margin, Cap = g.HasCap ? g.Cap : null })],
        Alpha = spec.HasAlpha ? spec.Alpha : Defaults.Alpha,
        MinGain = spec.HasMinGain ? spec.MinGain : Defaults.MinGain,
        TrafficBudget = spec.HasTrafficBudget ? spec.TrafficBudget : Defaults.TrafficBudget,
        MaxDurationSeconds = spec.HasMaxDurationSeconds ? spec.MaxDurationSeconds : Defaults.MaxDurationSeconds,
        MinRequestsPerArm = spec.HasMinRequestsPerArm ? spec.MinRequestsPerArm : Defaults.MinRequestsPerArm,
        DesignEffect = spec.HasDesignEffect ? spec.DesignEffect : Defaults.DesignEffect,
        Promotion = spec.Promotion is { } promotion ? ToDomain(promotion) : Defaults.Promotion,
    };

    public static Proto.Experiment ToProto(MeshExperiment experiment)
    {
        var standing = experiment.Standing;
        return new()
        {
            Name = experiment.Name,
            Version = experiment.Version,
            Spec = ToProto(experiment.Plan),
            Stage = Stage(standing.Stage),
            Since = Timestamp.FromDateTimeOffset(standing.StageAt),
            StartedAt = Timestamp.FromDateTimeOffset(standing.StartedAt),
            Winner = standing.Winner,
            StoppedArms = { standing.StoppedArms },
            Warning = standing.Warning,
            PausedAt = standing.PausedAt is { } paused ? Timestamp.FromDateTimeOffset(paused) : null,
            PausedSeconds = standing.PausedFor.TotalSeconds,
            ChangedAt = Timestamp.FromDateTimeOffset(experiment.ChangedAt),
            ChangedBy = experiment.ChangedBy,
        };
    }

    public static Proto.Experiment ToProto(ExperimentReport report)
    {
        var proto = ToProto(report.Experiment);
        proto.Arms.AddRange(report.Arms.Select(static a => new Proto.ArmOutcomes { Name = a.Name, Share = a.Share, Requests = a.Requests, Errors = a.Errors, Stopped = a.Stopped, Fallbacks = a.Fallbacks }));
        proto.Comparisons.AddRange(report.Comparisons.Select(ToProto));
        proto.Changes.AddRange(report.Changes.Select(ToProto));
        return proto;
    }

    public static Proto.ExperimentStage Stage(Domain.ExperimentStage stage) => (Proto.ExperimentStage)((int)stage + 1);

    private static ArmPlan ToDomain(Proto.ExperimentArm arm)
    {
        var routing = arm.Routing is { } given ? PolicyMapper.ToDomain(given) : new RoutingSpec();
        return new() { Name = arm.Name, Weight = arm.HasWeight ? arm.Weight : 1, Strategy = routing.Strategy, Parameters = routing.Parameters, Fallback = routing.Fallback };
    }

    private static PromotionPlan ToDomain(Proto.ExperimentPromotion p) => new()
    {
        Auto = p.Auto,
        MinRequestsPerArm = p.HasMinRequestsPerArm ? p.MinRequestsPerArm : Defaults.Promotion.MinRequestsPerArm,
        MinDurationSeconds = p.HasMinDurationSeconds ? p.MinDurationSeconds : Defaults.Promotion.MinDurationSeconds,
        Holdback = p.HasHoldback ? p.Holdback : Defaults.Promotion.Holdback,
        WatchSeconds = p.HasWatchSeconds ? p.WatchSeconds : Defaults.Promotion.WatchSeconds,
    };

    private static Proto.ExperimentSpec ToProto(ExperimentPlan plan)
    {
        var spec = new Proto.ExperimentSpec
        {
            Description = plan.Description,
            Arms = { plan.Arms.Select(static a => new Proto.ExperimentArm { Name = a.Name, Weight = a.Weight, Routing = PolicyMapper.ToProto(a.ToRouting()) }) },
            Unit = (Proto.SplitUnit)((int)plan.Unit + 1),
            Header = plan.Header,
            Models = { plan.Models },
            Tenants = { plan.Tenants },
            SloClasses = { plan.SloClasses },
            Share = plan.Share,
            Primary = plan.Primary,
            Guardrails = { plan.Guardrails.Select(ToProto) },
            Alpha = plan.Alpha,
            MinGain = plan.MinGain,
            TrafficBudget = plan.TrafficBudget,
            MaxDurationSeconds = plan.MaxDurationSeconds,
            MinRequestsPerArm = plan.MinRequestsPerArm,
            DesignEffect = plan.DesignEffect,
            Promotion = new()
            {
                Auto = plan.Promotion.Auto,
                MinRequestsPerArm = plan.Promotion.MinRequestsPerArm,
                MinDurationSeconds = plan.Promotion.MinDurationSeconds,
                Holdback = plan.Promotion.Holdback,
                WatchSeconds = plan.Promotion.WatchSeconds,
            },
        };
        if (plan.PrimaryCap is { } cap) spec.PrimaryCap = cap;
        return spec;
    }

    private static Proto.ExperimentGuardrail ToProto(GuardrailPlan guard)
    {
        var proto = new Proto.ExperimentGuardrail { Metric = guard.Metric, Margin = guard.Margin };
        if (guard.Cap is { } cap) proto.Cap = cap;
        return proto;
    }

    private static Proto.ArmComparison ToProto(ArmComparison c) => new()
    {
        Arm = c.Arm,
        Metric = c.Metric,
        Control = c.Control,
        Value = c.Value,
        Effect = c.Effect,
        Low = c.Low,
        High = c.High,
        ControlRequests = c.ControlRequests,
        ArmRequests = c.ArmRequests,
    };

    private static Proto.ExperimentChange ToProto(ExperimentChange c) => new()
    {
        At = Timestamp.FromDateTimeOffset(c.At),
        From = Stage(c.From),
        To = Stage(c.To),
        Arm = c.Arm,
        Reason = c.Reason,
        Actor = c.Actor,
        Note = c.Note,
        Evidence = c.Evidence is { } e ? ToProto(e) : null,
        Requests = c.Requests,
    };
}
