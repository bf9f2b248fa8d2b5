using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Metrics;

namespace InferMesh.Tests.Unit.Simulator.ReferenceCases;

/// <summary>What was measured of the customers after the warm-up.</summary>
internal sealed record StationStats(long Arrived, long Blocked, long Waited, Histogram Wait, Histogram Sojourn)
{
    public double MeanWait => Wait.SumNs / Wait.Count / 1e9;

    public double MeanSojourn => Sojourn.SumNs / Sojourn.Count / 1e9;
}

/// <summary>Textbook stations on the simulator's own event queue, histograms and streams: what the laws of queues say of them tests the core under the mesh.</summary>
internal static class Station
{
    private const double WarmUp = 0.05;

    /// <summary>First come, first served; <paramref name="room"/> customers may be there at a time.</summary>
    public static StationStats Fcfs(int servers, double rate, Func<RandomStream, double> service, int customers, int room = int.MaxValue, ulong seed = 1)
    {
        var (queue, gaps, services) = (new EventQueue(), new RandomStream(seed, 1), new RandomStream(seed, 2));
        var waiting = new Queue<long>();
        long blocked = 0, waited = 0, counted = 0;
        var (wait, sojourn) = (new Histogram(), new Histogram());
        var busy = 0;
        var warm = (int)(customers * WarmUp);
        queue.Add(Ns(gaps.NextExponential(1 / rate)), EventKind.NextArrival, 0);
        while (queue.TryTake(out var e))
        {
            if (e.Kind == EventKind.EngineWakes)
            {
                busy--;
                if (waiting.Count > 0) Serve(waiting.Dequeue(), e.AtNs, e.Tag);
                continue;
            }
            if (e.Index + 1 < customers) queue.Add(e.AtNs + Ns(gaps.NextExponential(1 / rate)), EventKind.NextArrival, e.Index + 1);
            if (e.Index >= warm) counted++;
            if (busy + waiting.Count >= room)
            {
                if (e.Index >= warm) blocked++;
            }
            else if (busy < servers)
            {
                Serve(e.AtNs, e.AtNs, e.Index);
            }
            else
            {
                if (e.Index >= warm) waited++;
                waiting.Enqueue(e.AtNs);
            }
        }
        return new(counted, blocked, waited, wait, sojourn);

        void Serve(long arrivedNs, long nowNs, int customer)
        {
            busy++;
            var takes = Ns(service(services));
            if (customer >= warm)
            {
                wait.Add(nowNs - arrivedNs);
                sojourn.Add(nowNs - arrivedNs + takes);
            }
            queue.Add(nowNs + takes, EventKind.EngineWakes, 0, customer);
        }
    }

    /// <summary>One server, two classes of equal rate, the first always before the second, without pre-emption; mean wait of each.</summary>
    public static (double High, double Low) Priority(double rateOfEach, int customers, ulong seed = 1)
    {
        var (queue, gaps, services) = (new EventQueue(), new RandomStream(seed, 1), new RandomStream(seed, 2));
        Queue<long>[] waiting = [new(), new()];
        var wait = new double[2];
        var served = new long[2];
        var busy = false;
        for (var c = 0; c < 2; c++) queue.Add(Ns(gaps.NextExponential(1 / rateOfEach)), EventKind.NextArrival, c);
        for (var left = customers; left > 0 && queue.TryTake(out var e);)
        {
            if (e.Kind == EventKind.NextArrival)
            {
                queue.Add(e.AtNs + Ns(gaps.NextExponential(1 / rateOfEach)), EventKind.NextArrival, e.Index);
                waiting[e.Index].Enqueue(e.AtNs);
            }
            else
            {
                busy = false;
            }
            if (busy) continue;
            var first = waiting[0].Count > 0 ? 0 : 1;
            if (waiting[first].Count == 0) continue;
            wait[first] += (e.AtNs - waiting[first].Dequeue()) / 1e9;
            served[first]++;
            left--;
            busy = true;
            queue.Add(e.AtNs + Ns(services.NextExponential(1)), EventKind.EngineWakes, 0);
        }
        return (wait[0] / served[0], wait[1] / served[1]);
    }

    /// <summary>One server that all who are there share equally; mean sojourn.</summary>
    public static double ProcessorSharing(double rate, Func<RandomStream, double> service, int customers, ulong seed = 1)
    {
        var (queue, gaps, services) = (new EventQueue(), new RandomStream(seed, 1), new RandomStream(seed, 2));
        var here = new PriorityQueue<long, double>();
        double done = 0, total = 0;
        long last = 0, left = 0;
        var version = 0;
        queue.Add(Ns(gaps.NextExponential(1 / rate)), EventKind.NextArrival, 0);
        while (queue.TryTake(out var e))
        {
            if (here.Count > 0) done += (e.AtNs - last) / 1e9 / here.Count;
            last = e.AtNs;
            if (e.Kind == EventKind.NextArrival)
            {
                if (e.Index + 1 < customers) queue.Add(e.AtNs + Ns(gaps.NextExponential(1 / rate)), EventKind.NextArrival, e.Index + 1);
                here.Enqueue(e.AtNs, done + service(services));
            }
            else if (e.Tag != version)
            {
                continue;
            }
            else
            {
                total += (e.AtNs - here.Dequeue()) / 1e9;
                left++;
            }
            if (here.TryPeek(out _, out var end)) queue.Add(e.AtNs + Ns(Math.Max(0, end - done) * here.Count), EventKind.EngineWakes, 0, ++version);
        }
        return total / left;
    }

    private static long Ns(double seconds) => (long)(seconds * 1e9);
}
