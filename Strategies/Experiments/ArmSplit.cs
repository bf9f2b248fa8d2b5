using InferMesh.Strategies.PrefixCache;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Experiments;

/// <summary>
/// Which arm a unit gets. Weighted rendezvous hashing (Schindelhauer and Schomaker, "Weighted Distributed Hash Tables", SPAA 2005): the arm with the smallest -ln(u)/w, u being a number
/// in (0, 1) made of experiment, arm and unit. A unit keeps its arm while the weights stay; when one weight grows, units move to that arm and between no two others. Immutable; allocates
/// nothing per request.
/// </summary>
public sealed class ArmSplit
{
    /// <summary>The unit takes no part.</summary>
    public const int Outside = -1;

    private readonly ulong[] _salts;
    private readonly double[] _weights;
    private readonly ulong _shareSalt;
    private readonly double _share;

    /// <summary>A split with the weights that the experiment has in its state.</summary>
    public ArmSplit(ExperimentSpec spec, ExperimentState state)
        : this(spec, state.WeightsOf(spec), state.Phase is ExperimentPhase.Promoted or ExperimentPhase.Kept ? 1 : spec.Share)
    {
    }

    /// <summary>A split with given weights, one per arm; 0 takes an arm out. <paramref name="share"/> of the units take part, 0 to 1.</summary>
    public ArmSplit(ExperimentSpec spec, IReadOnlyList<double> weights, double share)
    {
        if (weights.Count != spec.Arms.Count) throw new ArgumentException($"{spec.Arms.Count} arms have {weights.Count} weights.", nameof(weights));
        if (!weights.Any(w => w > 0)) throw new ArgumentException("At least one arm needs a weight above 0.", nameof(weights));
        var experiment = BlockHash.Name(spec.Name);
        _salts = [.. spec.Arms.Select(a => BlockHash.Mix(experiment, BlockHash.Name(a.Name)))];
        _weights = [.. weights];
        (_shareSalt, _share) = (BlockHash.Mix(experiment, 0), share);
    }

    /// <summary>The unit of a request as text; "" when the request does not name it. Of single requests, <see cref="RoutingRequest.Unit"/> goes before it.</summary>
    /// <param name="spec">The experiment.</param>
    /// <param name="request">The request.</param>
    /// <param name="header">Value of the experiment's header; "" when it has none.</param>
    public static string UnitOf(ExperimentSpec spec, RoutingRequest request, string header = "") => spec.Unit switch
    {
        AssignmentUnit.Session => request.Session,
        AssignmentUnit.Tenant => request.Tenant,
        AssignmentUnit.Header => header,
        _ => request.RequestId,
    };

    /// <summary>Arm of a request, or <see cref="Outside"/> when the experiment is not for it or it does not name its unit.</summary>
    public int ArmOf(ExperimentSpec spec, RoutingRequest request, string header = "")
    {
        if (!spec.Match.Covers(request.Model, request.Tenant, request.SloClass)) return Outside;
        if (spec.Unit == AssignmentUnit.Request && request.Unit != 0) return ArmOf(request.Unit);
        return UnitOf(spec, request, header) is { Length: > 0 } unit ? ArmOf(BlockHash.Name(unit)) : Outside;
    }

    /// <summary>Arm of a unit by its hash, or <see cref="Outside"/>.</summary>
    public int ArmOf(ulong unit)
    {
        // Its own number: who takes part must not depend on the arm that it would get.
        if (_share < 1 && Uniform(_shareSalt, unit) >= _share) return Outside;
        var (best, least) = (Outside, double.PositiveInfinity);
        for (var i = 0; i < _salts.Length; i++)
        {
            if (!(_weights[i] > 0)) continue;
            var distance = -Math.Log(Uniform(_salts[i], unit)) / _weights[i];
            if (distance < least) (best, least) = (i, distance);
        }
        return best;
    }

    /// <summary>The middle of one of 2^53 equal parts of (0, 1).</summary>
    private static double Uniform(ulong salt, ulong unit) => ((TieBreak.Hash(BlockHash.Mix(salt, unit), 0) >> 11) + 0.5) * (1.0 / (1UL << 53));
}
