using InferMesh.Api.Options;
using InferMesh.Grains.Abstractions.Topology;
using InferMesh.Strategies.Topology;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Topology;

/// <summary>Where this API is in the space of network coordinates: it moves by what nodes measure. Thread-safe.</summary>
internal sealed class ApiLocation(IOptionsMonitor<ApiSettings> settings, TimeProvider time)
{
    // Routers work the distances to all nodes out anew for each version.
    private static readonly TimeSpan PublishPeriod = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private VivaldiCoordinate? _coordinate;
    private NetworkCoordinate? _published;
    private ApiPlace? _current;
    private ApiSettings? _currentOf;
    private long _version;
    private long _publishedAt;

    /// <summary>This API as a place, at most a second old; the same object until something changes.</summary>
    public ApiPlace Current
    {
        get
        {
            lock (_gate)
            {
                var here = settings.CurrentValue;
                if (_current is null || _current.Version != _version || !ReferenceEquals(_currentOf, here)) (_current, _currentOf) = (Place(here), here);
                return _current;
            }
        }
    }

    /// <summary>A node that says where it is measured its round trip to here. One of another space teaches nothing.</summary>
    public void Measured(NetworkCoordinate node, double rttMs)
    {
        lock (_gate)
        {
            var self = _coordinate ??= VivaldiCoordinate.Origin(settings.CurrentValue.CoordinateDimensions);
            if (node.Position.Length != self.Position.Count) return;
            _coordinate = Vivaldi.Update(self, new(node.Position, node.HeightMs, node.Error), rttMs, Random.Shared.NextDouble());
            if (_version > 0 && time.GetElapsedTime(_publishedAt) < PublishPeriod) return;
            // Above those of a life before this one.
            (_published, _version, _publishedAt) = (Wire(_coordinate), Math.Max(_version + 1, time.GetUtcNow().UtcTicks), time.GetTimestamp());
        }
    }

    private ApiPlace Place(ApiSettings here) => new()
    {
        Name = NameOf(here),
        Zone = here.Zone,
        Region = here.Region,
        Rack = here.Rack,
        Node = here.Node,
        Coordinate = _published ??= Wire(VivaldiCoordinate.Origin(here.CoordinateDimensions)),
        Version = _version,
    };

    private static string NameOf(ApiSettings settings) => settings.Name.Length > 0 ? settings.Name : Environment.MachineName;

    private static NetworkCoordinate Wire(VivaldiCoordinate c) => new([.. c.Position], c.HeightMs, c.Error);
}
