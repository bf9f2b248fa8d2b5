using Grpc.Core;
using InferMesh.State.V1;
using InferMesh.Strategies.Topology;

namespace InferMesh.Cli.Agent.Reporting;

/// <summary>
/// Where a node is in the space of network coordinates: it measures its way to every API that it knows, and moves by what it finds. Thread-safe.
/// </summary>
internal sealed class NodeLocation(string nodeId, IReadOnlyList<StatePlaneTarget> targets, TimeSpan interval, TimeProvider time, Random random)
{
    // As many as a report may name.
    private const int MaxTargets = 16;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private readonly Dictionary<StatePlaneTarget, (string Api, RttWindow Rtt)> _ways = [];
    private VivaldiCoordinate? _coordinate;

    /// <summary>Measures until cancelled; never throws.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(targets.Take(MaxTargets).Select(target => MeasureAsync(target, cancellationToken)));

    /// <summary>The least of the last round trips to an API, milliseconds; null before the first.</summary>
    public double? RttMs(StatePlaneTarget target)
    {
        lock (_gate)
            return _ways.TryGetValue(target, out var way) ? way.Rtt.MinMs : null;
    }

    /// <summary>Tells a report what is known.</summary>
    public void WriteTo(NodeReport report)
    {
        lock (_gate)
        {
            if (_coordinate is not { } here)
                return;
            report.Network ??= new NetworkState();
            report.Network.Coordinate = ToProto(here);
            foreach (var (api, rtt) in _ways.Values.DistinctBy(static way => way.Api))
            {
                if (rtt.MinMs is { } ms)
                    report.Network.Rtts.Add(new RttSample { Api = api, RttMs = ms });
            }
        }
    }

    private async Task MeasureAsync(StatePlaneTarget target, CancellationToken cancellationToken)
    {
        // Agents that start together do not go on in step.
        var wait = random.NextDouble() * interval;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(wait, time, cancellationToken);
                wait = interval;
                var sent = time.GetTimestamp();
                var answer = await target.Client.PingAsync(Request(target), deadline: DateTime.UtcNow + Limit, cancellationToken: cancellationToken);
                Answered(target, answer, time.GetElapsedTime(sent));
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.Unimplemented)
            {
                // An older API: its way is known from the reports alone.
                return;
            }
            catch (Exception exception) when (exception is RpcException or OperationCanceledException or ObjectDisposedException)
            {
                // That it is away is for the reports to tell. Another way may lead there when it is back.
                lock (_gate)
                    _ways.Remove(target);
            }
        }
    }

    private PingRequest Request(StatePlaneTarget target)
    {
        lock (_gate)
        {
            var request = new PingRequest { NodeId = nodeId };
            if (_coordinate is { } here)
                request.Coordinate = ToProto(here);
            if (_ways.TryGetValue(target, out var way) && way.Rtt.MinMs is { } ms)
                request.RttMs = ms;
            return request;
        }
    }

    private void Answered(StatePlaneTarget target, PingResponse answer, TimeSpan roundTrip)
    {
        if (roundTrip <= TimeSpan.Zero || answer.Api.Length == 0)
            return;
        lock (_gate)
        {
            if (!_ways.TryGetValue(target, out var way) || way.Api != answer.Api)
                _ways[target] = way = (answer.Api, new RttWindow());
            way.Rtt.Add(roundTrip);
            if (answer.Coordinate is not { Position.Count: > 0 } there || way.Rtt.MinMs is not { } ms)
                return;
            // The API says how many dimensions the space has.
            var here = _coordinate?.Position.Count == there.Position.Count ? _coordinate : VivaldiCoordinate.Origin(there.Position.Count);
            _coordinate = Vivaldi.Update(here, new VivaldiCoordinate([.. there.Position], there.HeightMs, there.Error), ms, random.NextDouble());
        }
    }

    private static Coordinate ToProto(VivaldiCoordinate coordinate) =>
        new() { Position = { coordinate.Position }, HeightMs = coordinate.HeightMs, Error = coordinate.Error };
}
