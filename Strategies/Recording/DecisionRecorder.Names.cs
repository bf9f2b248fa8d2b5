using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.PrefixCache;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Topology;

namespace InferMesh.Strategies.Recording;

/// <content>Requests, policies and strategies by number.</content>
public sealed partial class DecisionRecorder
{
    private void Features(int shape, RoutingRequest request, bool withPrefix)
    {
        var session = request.SessionKey;
        var prefix = withPrefix ? request.Prefix.Span : [];
        // Two bits of the shape say what more there is.
        _buffer.Varint(((ulong)(uint)shape << 2) | (session != 0 ? 1UL : 0) | (prefix.Length > 0 ? 2UL : 0));
        _buffer.Signed(request.PromptTokens);
        _buffer.Signed(request.OutputTokens);
        _buffer.Signed(request.PayloadBytes);
        if (session != 0) _buffer.Fixed(session);
        if (prefix.Length == 0) return;
        _buffer.Count(prefix.Length);
        foreach (var block in prefix) _buffer.Fixed(block);
    }

    private void Result(in PickResult result, ReadOnlySpan<RankedTarget> picks)
    {
        if (result.Outcome != DecisionOutcome.Routed)
        {
            _buffer.Byte((byte)result.Outcome);
            _buffer.Varint((ulong)result.RetryAfter.Ticks);
            return;
        }
        _buffer.Count(result.Count);
        foreach (var pick in picks[..result.Count])
        {
            _buffer.Count(pick.Target);
            _buffer.Double(pick.Score);
        }
        _buffer.Byte((byte)result.Hedge.Verdict);
        if (result.Hedge.Verdict != Hedging.HedgeVerdict.Planned) return;
        _buffer.Count(result.Hedge.Pick);
        _buffer.Varint((ulong)result.Hedge.Delay.Ticks);
    }

    private int ShapeOf(RoutingRequest request)
    {
        if (_shapes.TryGetValue(request, out var known)) return known;
        _buffer.Byte((byte)RecordedEvent.Shape);
        _buffer.Text(request.Model);
        _buffer.Text(request.Endpoint);
        _buffer.Text(request.Tenant);
        _buffer.Text(request.SloClass);
        _buffer.Byte((byte)(request.MayQueue ? 1 : 0));
        _buffer.Count(request.MaxTargets);
        _buffer.Text(request.Origin.Zone ?? "");
        _buffer.Text(request.Origin.Region ?? "");
        _buffer.Text(request.Origin.Rack ?? "");
        _buffer.Text(request.Origin.Node ?? "");
        _buffer.Byte((byte)(request.Origin.Place is null ? 0 : 1));
        if (request.Origin.Place is { } place)
        {
            _buffer.Text(place.Name);
            _buffer.Signed(place.Version);
            Coordinate(place.Coordinate);
        }
        _buffer.Texts(request.ExcludedNodes);
        Placement(request.Demand);
        _events++;
        // Neither its prompt nor its session stays here.
        _shapes.Add(request with { Prefix = default, Session = "", RequestId = "" }, _shapes.Count);
        return _shapes.Count - 1;
    }

    private int PolicyOf(EffectivePolicy policy)
    {
        if (_policies.TryGetValue(policy, out var known)) return known;
        var strategy = StrategyOf(policy.Strategy);
        _buffer.Byte((byte)RecordedEvent.Policy);
        _buffer.Count(strategy);
        _buffer.Byte(policy.Hedging.Enabled switch { null => 2, true => 1, false => 0 });
        _buffer.Signed(policy.Hedging.MinDelay.Ticks);
        _buffer.Signed(policy.Hedging.MaxDelay.Ticks);
        _buffer.Double(policy.Hedging.DelayFactor);
        _buffer.Double(policy.Hedging.MaxSaturation);
        _buffer.Double(policy.Hedging.BudgetShare);
        _buffer.Double(policy.Admission.MaxQueuePerTarget);
        _buffer.Double(policy.Admission.MaxKvCacheUsage);
        _buffer.Double(policy.Admission.ReservedShare);
        _buffer.Double(policy.Admission.UnknownBatchQueue ?? double.NaN);
        _buffer.Count(policy.Placements.Count);
        foreach (var placement in policy.Placements) Placement(placement);
        _buffer.Byte((byte)(policy.Residency is null ? 0 : 1));
        if (policy.Residency is { } residency) Placement(residency);
        _buffer.Count(policy.Quotas.Count);
        foreach (var quota in policy.Quotas)
        {
            _buffer.Text(quota.Policy);
            _buffer.Count(quota.MaxConcurrentRequests);
        }
        _buffer.Count(policy.Access.Count);
        foreach (var access in policy.Access)
        {
            _buffer.Texts(access.AllowedTenants);
            _buffer.Byte((byte)(access.RequireTenant ? 1 : 0));
        }
        _buffer.Texts(policy.Sources);
        _events++;
        _policies.Add(policy, _policies.Count);
        return _policies.Count - 1;
    }

    private int StrategyOf(IRoutingStrategy strategy)
    {
        if (_strategies.TryGetValue(strategy, out var known)) return known;
        if (!_instances.TryGetValue(strategy, out var instance)) _instances.Add(strategy, instance = new(_instanceCount++, options.Complete));
        var hosted = strategy as IHostedStrategy;
        _buffer.Byte((byte)RecordedEvent.Strategy);
        _buffer.Count(instance.Number);
        Made(strategy, hosted, instance.Complete);
        _buffer.Byte((byte)(hosted is null ? 0 : 1));
        if (hosted is not null)
        {
            _buffer.Text(hosted.Plugin.Name);
            _buffer.Text(hosted.Plugin.Version);
            _buffer.Text(hosted.Plugin.Digest);
            Made(hosted.Fallback, null, instance.Complete);
        }
        _events++;
        _strategies.Add(strategy, _strategies.Count);
        return _strategies.Count - 1;
    }

    /// <summary>What a strategy is made of.</summary>
    private void Made(IRoutingStrategy strategy, IHostedStrategy? hosted, bool complete)
    {
        var parameters = hosted?.Parameters ?? StrategyCatalog.ParametersOf(strategy);
        var learns = hosted?.Learns ?? strategy is ILearningStrategy;
        _buffer.Byte((byte)(parameters is null ? Replayable.Plugin
            : strategy is IKvEventStrategy { WantsKvEvents: true } ? Replayable.KvEvents
            : learns && !complete ? Replayable.MemoryUnknown
            : hosted is null ? Replayable.Yes : Replayable.Plugin));
        _buffer.Text(strategy.Name);
        _buffer.Count(parameters?.Count ?? 0);
        foreach (var (name, value) in parameters ?? new Dictionary<string, double>())
        {
            _buffer.Text(name);
            _buffer.Double(value);
        }
    }

    private int ReasonOf(string why)
    {
        if (_reasons.TryGetValue(why, out var known)) return known;
        _buffer.Byte((byte)RecordedEvent.Reason);
        _buffer.Text(why);
        _events++;
        _reasons.Add(why, _reasons.Count);
        return _reasons.Count - 1;
    }

    private void Placement(PlacementRule rule)
    {
        var anywhere = ReferenceEquals(rule, PlacementRule.Anywhere);
        _buffer.Byte((byte)(anywhere ? 0 : 1));
        if (anywhere) return;
        _buffer.Texts(rule.Nodes);
        _buffer.Texts(rule.Cells);
        _buffer.Texts(rule.Zones);
        _buffer.Texts(rule.Regions);
        Labels(rule.Labels);
    }

    private void Labels(IReadOnlyDictionary<string, string> labels)
    {
        _buffer.Count(labels.Count);
        foreach (var (name, value) in labels)
        {
            _buffer.Text(name);
            _buffer.Text(value);
        }
    }

    private void Coordinate(VivaldiCoordinate? coordinate)
    {
        _buffer.Count(coordinate is null ? 0 : coordinate.Position.Count + 1);
        if (coordinate is null) return;
        for (var i = 0; i < coordinate.Position.Count; i++) _buffer.Double(coordinate.Position[i]);
        _buffer.Double(coordinate.HeightMs);
        _buffer.Double(coordinate.Error);
    }
}
