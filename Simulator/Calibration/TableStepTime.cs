using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Calibration;

/// <summary>
/// Step time from kernel tables measured inside vLLM (LLMServingSim's format): dense layers by tokens, attention on a four-dimensional grid,
/// output matrix and sampler by sequences, and an analytical all-reduce.
/// </summary>
public sealed class TableStepTime : IStepTime
{
    private static readonly string[] Once = ["embedding", "final_layernorm"];

    private readonly Curve _layer, _once, _perSequence;
    private readonly AttentionGrid _attention;
    private readonly ModelShape _model;
    private readonly int _tensorParallel;
    private readonly double _linkBytesPerSecond, _linkMicroseconds;

    private TableStepTime(
        ModelShape model, int tensorParallel, double linkBytesPerSecond, double linkMicroseconds, Curve layer, Curve once, Curve perSequence, AttentionGrid attention)
    {
        (_model, _tensorParallel, _linkBytesPerSecond, _linkMicroseconds) = (model, tensorParallel, linkBytesPerSecond, linkMicroseconds);
        (_layer, _once, _perSequence, _attention) = (layer, once, perSequence, attention);
    }

    /// <summary>Reads the tables of one GPU, model and degree.</summary>
    /// <param name="folder">Folder of the tables.</param>
    /// <param name="prefix">File name up to the kind of table, such as <c>RTX4090--meta-llama--Llama-3.1-8B--bf16--tp1</c>.</param>
    /// <param name="model">The model.</param>
    /// <param name="tensorParallel">GPUs that share every layer.</param>
    /// <param name="linkBytesPerSecond">Bytes per second of an all-reduce.</param>
    /// <param name="linkMicroseconds">Microseconds of an all-reduce of nothing.</param>
    public static TableStepTime Read(
        string folder, string prefix, ModelShape model, int tensorParallel, double linkBytesPerSecond = 16e9, double linkMicroseconds = 20)
    {
        ArgumentNullException.ThrowIfNull(model);
        var path = Path.Combine(folder, prefix);
        var (layer, once) = (new SortedDictionary<int, double>(), new SortedDictionary<int, double>());
        foreach (var row in GzipCsv.Read(path + "--dense.csv.gz", "layer", "tokens", "time_us"))
        {
            var sum = Array.IndexOf(Once, row[0]) >= 0 ? once : layer;
            var tokens = GzipCsv.Whole(row[1]);
            sum[tokens] = sum.GetValueOrDefault(tokens) + GzipCsv.Number(row[2]) * (row[0] == "layernorm" ? 2 : 1);
        }

        var perSequence = new SortedDictionary<int, double>();
        foreach (var row in GzipCsv.Read(path + "--per_sequence.csv.gz", "sequences", "time_us"))
            perSequence[GzipCsv.Whole(row[0])] = perSequence.GetValueOrDefault(GzipCsv.Whole(row[0])) + GzipCsv.Number(row[1]);

        var attention = GzipCsv.Read(path + "--attention.csv.gz", "prefill_chunk", "kv_prefill", "n_decode", "kv_decode", "time_us")
            .Select(static row => (GzipCsv.Whole(row[0]), GzipCsv.Whole(row[1]), GzipCsv.Whole(row[2]), GzipCsv.Whole(row[3]), GzipCsv.Number(row[4])));
        return new TableStepTime(
            model, tensorParallel, linkBytesPerSecond, linkMicroseconds, new Curve(layer), new Curve(once), new Curve(perSequence), new AttentionGrid([.. attention]));
    }

    /// <inheritdoc/>
    public long Picoseconds(in StepLoad load)
    {
        // Several chunks attend separately: one of the same work stands for them.
        var chunk = Math.Sqrt(load.PrefillSquares);
        var history = chunk == 0 ? 0 : load.PrefillHistory / chunk;
        var context = load.Decodes == 0 ? 0 : (double)load.DecodeContext / load.Decodes;
        var microseconds = _model.Layers * (_layer.At(load.Tokens) + _attention.At(chunk, history, load.Decodes, context))
            + _once.At(load.Tokens) + _perSequence.At(load.Sequences) + AllReduce(load.Tokens);
        return (long)(microseconds * 1e6);
    }

    /// <inheritdoc/>
    public long ContextSlopePicoseconds(int decodes) => -1;

    private double AllReduce(int tokens)
    {
        if (_tensorParallel == 1)
            return 0;

        var bytes = (double)tokens * _model.Hidden * ModelShape.NumberBytes * 2 * (_tensorParallel - 1) / _tensorParallel;
        return 2 * _model.Layers * (bytes / _linkBytesPerSecond * 1e6 + _linkMicroseconds);
    }
}
