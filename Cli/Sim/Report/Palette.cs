namespace InferMesh.Cli.Sim.Report;

/// <summary>A colour and a dash pattern per strategy: the same in every chart, so that pages can be compared; told apart without colours too.</summary>
internal static class Palette
{
    private static readonly (string Strategy, int Colour, string Dash)[] Known =
    [
        ("baseline_rr", 0, "6 3"), ("power_of_two", 1, ""), ("least_queue", 2, ""), ("heuristic", 3, ""), ("mesh", 4, ""), ("mesh_hedge", 4, "5 2"),
        ("mesh_stale", 4, "2 2"), ("adaptive_mesh", 5, ""), ("predictive_mesh", 6, ""), ("hybrid_mesh", 7, ""), ("ml_enhanced_mesh", 8, ""),
        ("prefix_mesh", 9, ""), ("oracle", 0, "2 2"),
    ];

    /// <summary>Number of colours; <c>report.css</c> defines <c>--c0</c> and so on for light and dark.</summary>
    public const int Colours = 10;

    public static (int Colour, string Dash) Of(string strategy, int index)
    {
        var known = Array.Find(Known, k => k.Strategy == strategy);
        return known.Strategy is null ? ((index % (Colours - 1)) + 1, "") : (known.Colour, known.Dash);
    }
}
