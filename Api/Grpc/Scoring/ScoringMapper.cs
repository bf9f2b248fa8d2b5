using Google.Rpc;
using Grpc.Core;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Scoring.V1;

namespace InferMesh.Api.Grpc.Scoring;

/// <summary>Decisions on the wire.</summary>
internal static class ScoringMapper
{
    private const int DefaultTargets = 3;
    private const int MaxTargets = 16;
    private const int MaxListed = 100;
    private const double MsPerSecond = 1000;

    public static RouteQuery ToQuery(ScoreTargetsRequest request)
    {
        var violations = Check(request.Model, request.Revision, request.SloClass, request.EstimatedTokens, request.EstimatedOutputTokens, request.RequestId, request.Tenant, request.Session);
        violations.Require(request.MaxTargets is >= 0 and <= MaxTargets, "max_targets", $"must be 1 to {MaxTargets}, or 0 for {DefaultTargets}.");
        violations.Require(request.TimeoutSeconds >= 0, "timeout_seconds", "must be 0 or more.");
        violations.ThrowIfAny();
        var filters = request.Filters ?? new TargetFilters();
        return new RouteQuery
        {
            Model = request.Model,
            RequestId = request.RequestId,
            Tenant = request.Tenant,
            SloClass = Name(request.SloClass),
            PromptTokens = request.EstimatedTokens,
            OutputTokens = request.EstimatedOutputTokens,
            MaxTargets = request.MaxTargets == 0 ? DefaultTargets : request.MaxTargets,
            ExcludedNodes = [.. filters.ExcludeNodes],
            Cells = [.. filters.Cells],
            Zones = [.. filters.Zones],
            Labels = filters.Labels.ToDictionary(),
            Session = request.Session,
            Headers = Headers(request.Headers),
        };
    }

    public static RouteQuery ToQuery(AdmitRequest request)
    {
        Check(request.Model, request.Revision, request.SloClass, request.EstimatedTokens, request.EstimatedOutputTokens, request.RequestId, request.Tenant, request.Session).ThrowIfAny();
        return new RouteQuery
        {
            Model = request.Model,
            RequestId = request.RequestId,
            Tenant = request.Tenant,
            SloClass = Name(request.SloClass),
            PromptTokens = request.EstimatedTokens,
            OutputTokens = request.EstimatedOutputTokens,
            Session = request.Session,
            Headers = Headers(request.Headers),
        };
    }

    public static RouteOutcome ToOutcome(ReportOutcomeRequest request)
    {
        var violations = new Violations();
        violations.Text("admission_token", request.AdmissionToken);
        violations.Require(Enum.IsDefined(request.Outcome) && request.Outcome != Outcome.Unspecified, "outcome", "must be success, timeout, error, rejected or cancelled.");
        violations.OptionalText("node_id", request.NodeId);
        violations.Require(!request.HasLatencyMs || (double.IsFinite(request.LatencyMs) && request.LatencyMs >= 0), "latency_ms", "must be a finite number, 0 or more.");
        violations.Require(!request.HasTtftMs || (double.IsFinite(request.TtftMs) && request.TtftMs >= 0), "ttft_ms", "must be a finite number, 0 or more.");
        violations.Require(!request.HasPromptTokens || request.PromptTokens >= 0, "prompt_tokens", "must be 0 or more.");
        violations.Require(!request.HasOutputTokens || request.OutputTokens >= 0, "output_tokens", "must be 0 or more.");
        violations.ThrowIfAny();
        return new RouteOutcome
        {
            DecisionId = request.AdmissionToken,
            Status = request.Outcome switch
            {
                Outcome.Success => OutcomeStatus.Success,
                Outcome.Timeout => OutcomeStatus.Timeout,
                Outcome.Rejected => OutcomeStatus.Rejected,
                Outcome.Cancelled => OutcomeStatus.Cancelled,
                _ => OutcomeStatus.Error,
            },
            NodeId = request.NodeId,
            LatencyMs = request.HasLatencyMs ? request.LatencyMs : null,
            TtftMs = request.HasTtftMs ? request.TtftMs : null,
            PromptTokens = request.HasPromptTokens ? request.PromptTokens : null,
            OutputTokens = request.HasOutputTokens ? request.OutputTokens : null,
        };
    }

    public static ScoreTargetsResponse ToProto(RouteDecision decision, int timeoutSeconds)
    {
        var inTime = decision.Targets.Where(target => timeoutSeconds == 0 || target.Cost.Total <= timeoutSeconds);
        var response = new ScoreTargetsResponse { Strategy = decision.Strategy, TableVersion = decision.TableVersion, Reason = decision.HedgeSuppressed, Experiment = decision.Experiment, Arm = decision.Arm, Targets = { inTime.Select(ToProto) } };
        if (decision.Hedge is { } hedge) response.Hedge = new Hedge { NodeId = hedge.NodeId, DelayMs = hedge.Delay.TotalMilliseconds };
        return response;
    }

    public static AdmitResponse ToAdmission(RouteDecision decision) => decision is { Status: RouteStatus.Routed, Targets: [var first, ..] }
        ? new() { Admitted = true, AdmissionToken = decision.DecisionId, NodeId = first.NodeId, Endpoint = first.Endpoint, EstimatedWaitTimeMs = first.Cost.Queue * MsPerSecond, Experiment = decision.Experiment, Arm = decision.Arm }
        : new() { Reason = FieldNames.ToProto(decision.Status.ToString()), EstimatedWaitTimeMs = decision.RetryAfter.TotalMilliseconds };

    public static RpcException Invalid(RouteDecision decision)
    {
        var violations = decision.Errors.Select(error => new BadRequest.Types.FieldViolation { Field = Rename(error.Field), Description = error.Message });
        return RpcErrors.Invalid([.. violations]);
    }

    public static IReadOnlyCollection<PreconditionFailure.Types.Violation> Exclusions(RouteDecision decision, string model) =>
    [
        new() { Type = "NO_ELIGIBLE_TARGET", Subject = model, Description = $"No node that serves {model} takes requests now." },
        .. decision.Excluded.Take(MaxListed).Select(e => new PreconditionFailure.Types.Violation { Type = e.Reason, Subject = e.NodeId, Description = $"Node {e.NodeId}: {e.Reason}." }),
    ];

    private static Violations Check(string model, string revision, SloClass sloClass, int promptTokens, int outputTokens, string requestId, string tenant, string session)
    {
        var violations = new Violations();
        violations.Text("model", model);
        // Saying nothing would promise a revision that the decision does not look at.
        violations.Require(revision.Length == 0, "revision", "must be empty: decisions are made by model name.");
        violations.Require(Enum.IsDefined(sloClass), "slo_class", "is not a class.");
        violations.Require(promptTokens >= 0, "estimated_tokens", "must be 0 or more.");
        violations.Require(outputTokens >= 0, "estimated_output_tokens", "must be 0 or more.");
        violations.OptionalText("request_id", requestId);
        violations.OptionalText("tenant", tenant);
        violations.OptionalText("session", session);
        return violations;
    }

    /// <summary>Headers as decisions know them: in lower case, the first of a name.</summary>
    private static Dictionary<string, string>? Headers(IEnumerable<KeyValuePair<string, string>> given)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in given) headers.TryAdd(name.ToLowerInvariant(), value);
        return headers.Count > 0 ? headers : null;
    }

    private static string Name(SloClass sloClass) => sloClass switch
    {
        SloClass.Latency => "latency",
        SloClass.Throughput => "throughput",
        _ => "",
    };

    private static string Rename(string field) => field switch
    {
        "promptTokens" => "estimated_tokens",
        "outputTokens" => "estimated_output_tokens",
        _ => FieldNames.ToProto(field),
    };

    private static ScoredTarget ToProto(RouteTarget target) => new()
    {
        NodeId = target.NodeId,
        Score = target.Score,
        EstimatedLatencyMs = target.Cost.Total * MsPerSecond,
        EstimatedQueueTimeMs = target.Cost.Queue * MsPerSecond,
        LoadFactor = target.LoadFactor,
        Reason = Largest(target.Cost),
        Endpoint = target.Endpoint,
        Runtime = target.Runtime,
        Synthetic = target.Synthetic,
        Cost = new()
        {
            QueueSeconds = target.Cost.Queue,
            PrefillSeconds = target.Cost.Prefill,
            DecodeSeconds = target.Cost.Decode,
            NetworkSeconds = target.Cost.Network,
            ColdStartSeconds = target.Cost.ColdStart,
            MoneySeconds = target.Cost.Money,
            UncertaintySeconds = target.Cost.Uncertainty,
            TotalSeconds = target.Cost.Total,
            BalanceSeconds = target.Cost.Balance,
        },
    };

    private static string Largest(RouteCost cost) => new (string Name, double Seconds)[]
    {
        ("queue", cost.Queue), ("prefill", cost.Prefill), ("decode", cost.Decode), ("network", cost.Network),
        ("cold_start", cost.ColdStart), ("money", cost.Money), ("uncertainty", cost.Uncertainty), ("balance", cost.Balance),
    }.MaxBy(term => term.Seconds).Name;
}
