using InferMesh.Strategies.Admission;
using InferMesh.Strategies.Hedging;
using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;
using InferMesh.Strategies.Topology;

namespace InferMesh.Strategies.Recording;

/// <content>What has a number: requests, strategies, policies.</content>
public sealed partial class RecordingReader
{
    private static RoutingRequest Shape(ref RecordingCursor cursor)
    {
        var (model, endpoint, tenant, sloClass) = (cursor.Text(), cursor.Text(), cursor.Text(), cursor.Text());
        var (mayQueue, most) = (cursor.Byte() == 1, cursor.Count(RoutingRequest.MaxTargetsLimit + 1));
        var (zone, region, rack, node) = (cursor.Text(), cursor.Text(), cursor.Text(), cursor.Text());
        var place = cursor.Byte() == 0 ? null : Origin(ref cursor);
        return new()
        {
            Model = model,
            Endpoint = endpoint,
            Tenant = tenant,
            SloClass = sloClass,
            MayQueue = mayQueue,
            MaxTargets = most,
            Origin = new(zone, region, rack, node, place),
            ExcludedNodes = cursor.Texts(),
            Demand = Placement(ref cursor),
        };
    }

    private static OriginPlace Origin(ref RecordingCursor cursor)
    {
        var (name, version) = (cursor.Text(), cursor.Signed());
        return new(name, Coordinate(ref cursor), version);
    }

    private void Strategy(ref RecordingCursor cursor)
    {
        var instance = cursor.Int();
        var made = Made(ref cursor);
        var plugin = _last!.Value.Version > 1 && cursor.Byte() == 1 ? new PluginIdentity(cursor.Text(), cursor.Text(), cursor.Text()) : null;
        var fallback = plugin is null ? null : Made(ref cursor);
        if (!_instances.TryGetValue(instance, out var known)) _instances[instance] = known = plugin is null ? OfCatalogue(made) : OfPlugin(made, plugin, fallback!);
        if (!_whole || made.Replayable == Replayable.MemoryUnknown || fallback?.Replayable == Replayable.MemoryUnknown) known.Forget();
        _strategies.Add(known);
    }

    private static Recipe Made(ref RecordingCursor cursor)
    {
        var (replayable, name) = ((Replayable)cursor.Byte(), cursor.Text());
        var parameters = new Dictionary<string, double>(StringComparer.Ordinal);
        for (var left = cursor.Length(); left > 0; left--) parameters[cursor.Text()] = cursor.Double();
        return new(replayable, name, parameters);
    }

    private static Known OfCatalogue(Recipe made)
    {
        // One of a later version counts as one of a plugin: its code is not here.
        if (made.Replayable == Replayable.Plugin || StrategyCatalog.Validate(made.Name, made.Parameters).Count > 0) return new(new AbsentStrategy(made.Name), Replayable.Plugin);
        return new(StrategyCatalog.Create(made.Name, made.Parameters), made.Replayable);
    }

    private Known OfPlugin(Recipe made, PluginIdentity plugin, Recipe fallback)
    {
        var instead = OfCatalogue(fallback);
        var hosted = plugins?.Invoke(plugin, made.Parameters, instead.Strategy);
        return new(new ReplayedPlugin(made.Name, plugin, instead.Strategy, hosted), hosted is null ? Replayable.Plugin : Replayable.Yes, instead.Of(null));
    }

    private (EffectivePolicy Policy, Known Strategy) Policy(ref RecordingCursor cursor)
    {
        var strategy = _strategies[cursor.Int()];
        bool? enabled = cursor.Byte() switch { 0 => false, 1 => true, _ => null };
        var (least, most) = (TimeSpan.FromTicks(cursor.Signed()), TimeSpan.FromTicks(cursor.Signed()));
        var hedging = new HedgeSettings(enabled, least, most, cursor.Double(), cursor.Double(), cursor.Double());
        var admission = new AdmissionLimits(cursor.Double(), cursor.Double()) { ReservedShare = cursor.Double(), UnknownBatchQueue = cursor.Double() is var unknown && double.IsNaN(unknown) ? null : unknown };
        var placements = new PlacementRule[cursor.Length()];
        for (var i = 0; i < placements.Length; i++) placements[i] = Placement(ref cursor);
        var residency = cursor.Byte() == 0 ? null : Placement(ref cursor);
        var quotas = new Quota[cursor.Length()];
        for (var i = 0; i < quotas.Length; i++) quotas[i] = new(cursor.Text(), cursor.Int(), new());
        var access = new AccessRule[cursor.Length()];
        for (var i = 0; i < access.Length; i++) access[i] = new(cursor.Texts(), cursor.Byte() == 1);
        return (new(strategy.Strategy, placements, hedging, admission, null, quotas, access, cursor.Texts()) { Residency = residency }, strategy);
    }

    private static PlacementRule Placement(ref RecordingCursor cursor)
    {
        if (cursor.Byte() == 0) return PlacementRule.Anywhere;
        var (nodes, cells, zones, regions) = (cursor.Texts(), cursor.Texts(), cursor.Texts(), cursor.Texts());
        return new(nodes, cells, zones, regions, Labels(ref cursor));
    }

    private static Dictionary<string, string> Labels(ref RecordingCursor cursor)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var left = cursor.Length(); left > 0; left--)
        {
            var name = cursor.Text();
            labels[name] = cursor.Text();
        }
        return labels;
    }

    private static VivaldiCoordinate? Coordinate(ref RecordingCursor cursor)
    {
        var dimensions = cursor.Length() - 1;
        if (dimensions < 0) return null;
        var position = new double[dimensions];
        for (var i = 0; i < position.Length; i++) position[i] = cursor.Double();
        return new(position, cursor.Double(), cursor.Double());
    }

    /// <summary>What a strategy is made of.</summary>
    private sealed record Recipe(Replayable Replayable, string Name, IReadOnlyDictionary<string, double> Parameters);

    /// <summary>Stands for a strategy whose code is not here.</summary>
    private sealed class AbsentStrategy(string name) : IRoutingStrategy
    {
        public string Name => name;

        public int Rank(in RankingInput input, Span<RankedTarget> best) => throw new InvalidOperationException($"The code of {name} is not here.");

        public CostTerms Explain(in RankingInput input, int target) => throw new InvalidOperationException($"The code of {name} is not here.");
    }
}
