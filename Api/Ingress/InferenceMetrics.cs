using System.Diagnostics;
using System.Diagnostics.Metrics;
using InferMesh.Api.Ingress.Forwarding;
using InferMesh.Api.Ingress.Tenancy;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.ServiceDefaults.Telemetry;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Ingress;

/// <summary>
/// Requests of the data plane as those see them who sent them: OpenTelemetry's metrics of generative AI (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/, buckets included),
/// and counts by tenant. Exemplars carry the trace.
/// </summary>
internal sealed class InferenceMetrics
{
    public const string Name = "InferMesh.Inference";

    /// <summary>What stands for the provider of an answer that no runtime gave.</summary>
    private const string Mesh = "infermesh";

    private static readonly double[] DurationBuckets = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68];
    private static readonly double[] FirstTokenBuckets = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0];
    private static readonly double[] TokenBuckets = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5];

    private readonly LabelLimit _models;
    private readonly LabelLimit _tenants;
    private readonly LabelLimit _classes;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _perToken;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _tokens;

    private readonly LimitedTenants _registered;
    private readonly SloClassNames _documented;

    public InferenceMetrics(IMeterFactory factory, IOptions<TelemetrySettings> settings, LimitedTenants registered, SloClassNames documented)
    {
        (_registered, _documented) = (registered, documented);
        var most = settings.Value.LabelValues;
        (_models, _tenants, _classes) = (new(most), new(most), new(most));
        var meter = factory.Create(Name);
        _duration = meter.CreateHistogram("gen_ai.server.request.duration", "s", "Time from a request's first byte in to its last byte out.", advice: Buckets(DurationBuckets));
        _firstToken = meter.CreateHistogram("gen_ai.server.time_to_first_token", "s", "Time from a request to the first byte of its successful answer as a stream, waits and further attempts included; an answer in one piece has none.", advice: Buckets(FirstTokenBuckets));
        _perToken = meter.CreateHistogram("gen_ai.server.time_per_output_token", "s", "Time per token after the first one of successful streams.", advice: Buckets(TokenBuckets));
        _requests = meter.CreateCounter<long>("infermesh.inference.requests", "{request}", "Requests for models by model, tenant, SLO class and outcome.");
        _tokens = meter.CreateCounter<long>("infermesh.inference.tokens", "{token}", "Tokens of answered requests, as the runtime counted them or else as estimated, by model, tenant and type.");
    }

    /// <summary>A request has ended.</summary>
    /// <param name="query">What was asked for. Names that only a caller knows are <see cref="LabelLimit.Other"/>: callers can make up names without end, and would take the places of those that count.</param>
    /// <param name="known">What of them the mesh knows already.</param>
    /// <param name="operation">See <see cref="GenAi.Operation"/>.</param>
    /// <param name="outcome">Name of the outcome.</param>
    /// <param name="runtime">Kind of the runtime that was asked last; null when none was.</param>
    /// <param name="last">How that went.</param>
    /// <param name="duration">Time from in to out.</param>
    public void Ended(RouteQuery query, KnownNames known, string operation, string outcome, string? runtime, in AttemptResult last, TimeSpan duration)
    {
        // What nobody serves is a name that a caller made up.
        var model = outcome is "model_unknown" ? "" : _models.Of(query.Model, known.Model || runtime is not null || outcome is "success" or "replayed");
        var tenant = _tenants.Of(query.Tenant, known.Tenant || _registered.Contains(query.Tenant));
        var sloClass = _classes.Of(query.SloClass, known.SloClass || _documented.Contains(query.SloClass));
        _requests.Add(1, new TagList { { "model", model }, { "tenant", tenant }, { "slo_class", sloClass }, { "outcome", outcome } });
        var tags = new TagList { { GenAi.OperationName, operation }, { GenAi.ProviderName, runtime ?? Mesh }, { GenAi.RequestModel, model } };
        if (outcome == "success")
        {
            // An answer in one piece comes when all of it is generated: that says nothing of its first token.
            if (last is { Streamed: true, FirstByte: { } first })
            {
                _firstToken.Record(first.TotalSeconds, tags);
                if (last.OutputTokens is > 1 and var count) _perToken.Record((duration - first).TotalSeconds / (count - 1), tags);
            }
            Count(model, tenant, "input", last.PromptTokens ?? query.PromptTokens);
            Count(model, tenant, "output", last.OutputTokens ?? 0);
        }
        else
        {
            tags.Add("error.type", outcome);
        }
        _duration.Record(duration.TotalSeconds, tags);
    }

    private void Count(string model, string tenant, string type, int tokens)
    {
        if (tokens > 0) _tokens.Add(tokens, new TagList { { "model", model }, { "tenant", tenant }, { "type", type } });
    }

    private static InstrumentAdvice<double> Buckets(double[] bounds) => new() { HistogramBucketBoundaries = bounds };
}

/// <summary>Which names of a request come from the mesh itself, so that no caller can have made them up.</summary>
/// <param name="Model">Routing knows the model, or an endpoint names it.</param>
/// <param name="Tenant">The caller's credential says the tenant.</param>
/// <param name="SloClass">An endpoint names the class.</param>
internal readonly record struct KnownNames(bool Model, bool Tenant, bool SloClass);
