using InferMesh.Simulator.Engine;

namespace InferMesh.Simulator.Workload.Arrivals;

/// <summary>
/// Markov-modulated Poisson: states are entered in turn, each with its rate. Exponential dwell times start in a state drawn by its share of
/// the time; fixed ones start at the first state, as the original's do.
/// </summary>
internal sealed class MmppTimes : IArrivalTimes
{
    private readonly RandomStream _gaps, _dwell;
    private readonly double[] _rates, _dwellSeconds;
    private readonly double _endSeconds;
    private readonly bool _fixedDwell;
    private double _at, _until;
    private int _state;

    public MmppTimes(RandomStream gaps, RandomStream dwell, IReadOnlyList<double> rates, IReadOnlyList<double> dwellSeconds, bool fixedDwell, double factor, double endSeconds)
    {
        (_gaps, _dwell, _fixedDwell, _endSeconds) = (gaps, dwell, fixedDwell, endSeconds);
        (_rates, _dwellSeconds) = ([.. rates.Select(r => r * factor)], [.. dwellSeconds]);
        _state = fixedDwell ? 0 : new Shares(dwellSeconds).Pick(dwell);
        _until = NextDwell();
    }

    public static double MeanRps(IReadOnlyList<double> rates, IReadOnlyList<double> dwellSeconds) =>
        rates.Zip(dwellSeconds, (r, d) => r * d).Sum() / dwellSeconds.Sum();

    public double NextSeconds()
    {
        // A gap that the state does not outlive is drawn anew in the next state: exponential gaps have no memory.
        // After the end nobody asks, and a state without requests may go on for long.
        while (_at < _endSeconds)
        {
            var at = _rates[_state] > 0 ? _at + _gaps.NextExponential(1 / _rates[_state]) : double.PositiveInfinity;
            if (at < _until) return _at = at;
            _at = _until;
            _state = (_state + 1) % _rates.Length;
            _until += NextDwell();
        }
        return double.PositiveInfinity;
    }

    private double NextDwell() => _fixedDwell ? _dwellSeconds[_state] : _dwell.NextExponential(_dwellSeconds[_state]);
}
