using System.Globalization;
using InferMesh.Adapters.Runtimes.PrometheusText;

namespace InferMesh.Adapters.Gpu.Dcgm;

/// <summary>The samples of one GPU on a page: those of the board, and those of each of its MIG slices.</summary>
internal sealed class DcgmGpu(PrometheusLabels labels)
{
    public const string XidErrors = "DCGM_FI_DEV_XID_ERRORS";

    private readonly Dictionary<string, double> _board = new(StringComparer.Ordinal);
    private readonly SortedDictionary<int, DcgmSlice> _slices = [];
    private PrometheusLabels? _boardLabels;

    /// <summary>Labels that describe the GPU, of the board where it has samples of its own.</summary>
    public PrometheusLabels Labels => _boardLabels ?? labels;

    public IReadOnlyCollection<DcgmSlice> Slices => _slices.Values;

    public void Add(PrometheusSample sample)
    {
        var slice = SliceId(sample.Labels);
        if (slice is null)
            _boardLabels ??= sample.Labels;
        var values = slice is { } id ? Slice(id, sample.Labels).Values : _board;
        // One XID per err_code may stand beside a zero: the zero says nothing then.
        if (sample.Name == XidErrors && values.TryGetValue(XidErrors, out var before) && before > 0 && !(Xid(sample) > 0))
            return;
        values[sample.Name] = sample.Name == XidErrors ? Xid(sample) : sample.Value;
    }

    /// <summary>The value of the board. What only slices carry counts for the board as well, unless it is the slice's own share.</summary>
    public double? Value(string metric)
    {
        if (_board.TryGetValue(metric, out var value))
            return value;
        if (IsShare(metric))
            return null;
        foreach (var slice in _slices.Values)
        {
            if (slice.Values.TryGetValue(metric, out value))
                return value;
        }
        return null;
    }

    private static bool IsShare(string metric) =>
        metric.StartsWith("DCGM_FI_DEV_FB_", StringComparison.Ordinal) || metric.StartsWith("DCGM_FI_PROF_", StringComparison.Ordinal)
        || metric is "DCGM_FI_DEV_GPU_UTIL" or "DCGM_FI_DEV_MEM_COPY_UTIL";

    private static int? SliceId(PrometheusLabels labels) =>
        int.TryParse(labels["GPU_I_ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    private DcgmSlice Slice(int id, PrometheusLabels sliceLabels)
    {
        if (!_slices.TryGetValue(id, out var slice))
            _slices.Add(id, slice = new DcgmSlice(id, sliceLabels["GPU_I_PROFILE"]));
        return slice;
    }

    /// <summary>Exporters put the code into the label too; it stands when the value is blank.</summary>
    private static double Xid(PrometheusSample sample) =>
        DcgmBlank.Reason(sample.Value) is not null && int.TryParse(sample.Labels["err_code"], NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            ? code
            : sample.Value;
}

/// <summary>The samples of one MIG slice.</summary>
internal sealed record DcgmSlice(int Id, string? Profile)
{
    public Dictionary<string, double> Values { get; } = new(StringComparer.Ordinal);
}
