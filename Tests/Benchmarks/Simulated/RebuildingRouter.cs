namespace InferMesh.Tests.Benchmarks.Simulated;

/// <summary>
/// The decision of a simulator that builds its view of the fleet anew for each arrival, as the simulator that this project took its formats from does: a dictionary of node states, each
/// with its queues per model, a score for every node, the smallest wins. The hybrid form works out, for every node, the variance of the whole fleet's utilisation as it would be with one
/// more request there: it is quadratic. Only the decision: such a simulator has its events on top.
/// </summary>
internal sealed class RebuildingRouter
{
    private static readonly string[] Models = ["language", "vision", "speech"];

    private readonly string[] _ids;
    private readonly int[][] _queues;
    private readonly double[] _memory, _utilisation;
    private ulong _state = 0x9E3779B97F4A7C15;

    public RebuildingRouter(int nodes)
    {
        var random = new Random(1);
        _ids = [.. Enumerable.Range(0, nodes).Select(static i => $"node-{i:000000}")];
        _queues = [.. Enumerable.Range(0, nodes).Select(_ => Models.Select(_ => random.Next(8)).ToArray())];
        _memory = [.. Enumerable.Range(0, nodes).Select(_ => random.NextDouble())];
        _utilisation = [.. Enumerable.Range(0, nodes).Select(_ => random.NextDouble())];
    }

    /// <summary>The least weighted sum of queue, memory and utilisation.</summary>
    public string Mesh() => Best(View(), static (_, node) => 0.4 * node.QueueDepth() + 0.3 * node.Memory + 0.2 * node.Utilisation);

    /// <summary>The same with the variance of the fleet in it.</summary>
    public string Hybrid() => Best(View(), static (view, node) =>
    {
        double sum = 0, squares = 0;
        foreach (var other in view.Values)
        {
            var utilisation = ReferenceEquals(other, node) ? other.Utilisation + 0.1 : other.Utilisation;
            sum += utilisation;
            squares += utilisation * utilisation;
        }
        var mean = sum / view.Count;
        return 0.4 * node.QueueDepth() + 0.3 * (squares / view.Count - mean * mean) + 0.2 * node.Memory + 0.1 * node.Utilisation;
    });

    private static string Best(Dictionary<string, NodeState> view, Func<Dictionary<string, NodeState>, NodeState, double> score)
    {
        var (best, least) = ("", double.MaxValue);
        foreach (var (id, node) in view)
        {
            var value = score(view, node);
            if (value < least) (best, least) = (id, value);
        }
        return best;
    }

    private Dictionary<string, NodeState> View()
    {
        // One queue is another than before.
        _state = _state * 6364136223846793005 + 1442695040888963407;
        _queues[(int)((_state >> 33) % (ulong)_queues.Length)][0] = (int)(_state >> 61);
        var view = new Dictionary<string, NodeState>();
        for (var i = 0; i < _ids.Length; i++)
        {
            var depths = new Dictionary<string, int>();
            for (var model = 0; model < Models.Length; model++) depths[Models[model]] = _queues[i][model];
            view[_ids[i]] = new(_ids[i], depths, _memory[i], _utilisation[i]);
        }
        return view;
    }

    private sealed record NodeState(string Id, Dictionary<string, int> Queues, double Memory, double Utilisation)
    {
        public int QueueDepth() => Queues.Values.Sum();
    }
}
