using System.Globalization;
using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Workload.Traces;

namespace InferMesh.Simulator.Workload.Arrivals;

/// <summary>A stretch of time in which a client has one rate and one law of gaps.</summary>
internal readonly record struct ClientWindow(double StartSeconds, double Rps, GapLaw Law);

/// <summary>
/// Many clients, each with a renewal process whose rate and law change from window to window (ServeGen, Xiang et al. 2025). A gap that crosses
/// into the next window goes on at that window's rate. All rates are multiplied by one factor to meet the rate that was asked for.
/// </summary>
internal sealed class ClientTimes : IArrivalTimes
{
    /// <summary>Length of a window.</summary>
    public const double WindowSeconds = 600;

    private readonly PriorityQueue<Client, (double, int)> _next = new();

    /// <param name="clients">Windows of each client, in order of time.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="startSeconds">When the run begins, in the clients' time.</param>
    /// <param name="lengthSeconds">Length of the run.</param>
    /// <param name="rps">Mean rate over the run.</param>
    public ClientTimes(IReadOnlyList<List<ClientWindow>> clients, ulong seed, double startSeconds, double lengthSeconds, double rps)
    {
        var mean = MeanRps(clients, startSeconds, lengthSeconds);
        for (var i = 0; i < clients.Count && mean > 0; i++)
        {
            var client = new Client(i, clients[i], WorkloadStreams.Open(seed, WorkloadStreams.PerClient + (ulong)i), startSeconds, rps / mean);
            if (client.Advance() is var at && double.IsFinite(at)) _next.Enqueue(client, (at, i));
        }
    }

    /// <summary>Mean rate of all clients over a stretch of time.</summary>
    public static double MeanRps(IReadOnlyList<List<ClientWindow>> clients, double startSeconds, double lengthSeconds) =>
        clients.Sum(c => c.Sum(w => w.Rps * Math.Max(0, Math.Min(w.StartSeconds + WindowSeconds, startSeconds + lengthSeconds) - Math.Max(w.StartSeconds, startSeconds)))) / lengthSeconds;

    /// <summary>Reads a file of clients: client, start_s, rate_rps, cv, dist, p1 (the shape), p2.</summary>
    /// <exception cref="FormatException">A line is malformed; the message names it.</exception>
    public static List<List<ClientWindow>> Load(string path)
    {
        using var reader = TraceFile.OpenText(path);
        var clients = new SortedDictionary<int, List<ClientWindow>>();
        if (reader.ReadLine()?.StartsWith("client,start_s,rate_rps,cv,dist,p1", StringComparison.Ordinal) != true) throw new FormatException("the first line must be client,start_s,rate_rps,cv,dist,p1,p2");
        for (var number = 2; reader.ReadLine() is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            var f = line.Split(',');
            if (f.Length < 6 || !int.TryParse(f[0], out var client) || !Number(f[1], out var start) || !Number(f[2], out var rps) || !Number(f[5], out var shape) || start < 0 || rps < 0 || !(shape is > 0 and < 1e6))
                throw new FormatException($"line {number} is no window of a client");
            if (!clients.TryGetValue(client, out var windows)) clients[client] = windows = [];
            windows.Add(new(start, rps, f[4] == "Weibull" ? GapLaw.WeibullOfShape(shape) : GapLaw.GammaOfShape(shape)));
        }

        if (clients.Count == 0) throw new FormatException("the file has no client");
        foreach (var windows in clients.Values) windows.Sort((a, b) => a.StartSeconds.CompareTo(b.StartSeconds));
        return [.. clients.Values];

        static bool Number(string text, out double value) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
    }

    public double NextSeconds()
    {
        if (!_next.TryDequeue(out var client, out var at)) return double.PositiveInfinity;
        if (client.Advance() is var next && double.IsFinite(next)) _next.Enqueue(client, (next, client.Index));
        return at.Item1;
    }

    private sealed class Client(int index, List<ClientWindow> windows, RandomStream random, double startSeconds, double factor)
    {
        private double _elapsed;
        private int _window;
        private bool _started;

        public int Index => index;

        /// <summary>Seconds of the next arrival, from the start of the run; infinite when there is none.</summary>
        public double Advance()
        {
            var gap = double.NaN;
            var at = startSeconds + _elapsed;
            for (; _window < windows.Count; _window++)
            {
                var window = windows[_window];
                var (end, rate) = (window.StartSeconds + WindowSeconds, window.Rps * factor);
                if (end <= at || rate <= 0) continue;
                at = Math.Max(at, window.StartSeconds);
                if (double.IsNaN(gap)) gap = _started ? window.Law.Draw(random) : window.Law.DrawRemainder(random);
                _started = true;
                if (at + gap / rate < end) return _elapsed = at + gap / rate - startSeconds;
                gap -= (end - at) * rate;
                at = end;
            }

            return double.PositiveInfinity;
        }
    }
}
